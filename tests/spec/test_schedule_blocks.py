"""Who is eligible, when it is decided, and what a block holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.derive.blocks import derive_blocks
from outcomes.derive.decisions import derive_decisions
from outcomes.simulate import SCENARIOS, patient_ids, simulate
from outcomes.tables import Tables
from tests.small_tables import assessments, dates, patients, sessions, table, tables_of
from tests.validate._schedules import blocks_of, eligible

WEEKLY = ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"]


def held(patient: str, days: list[str]) -> str:
    return "\n".join(f"{patient} {day}" for day in days)


def a_data_set(plans: str, days: list[str], scores: str) -> Tables:
    return tables_of(
        patients("a"),
        sessions=sessions("patient date\n" + held("a", days)),
        plans=table("plans", "patient date plan interval_days\n" + plans),
        assessments=assessments("patient date timing value\n" + scores),
    )


def decided(tables: Tables, **choices: int) -> pd.Series:
    return derive_decisions(tables, "nrs_pain", blocks=6, **choices).iloc[0]


SCORE = "a 2026-02-09 pre 3"


def test_the_first_maintenance_plan_after_the_active_phase_decides() -> None:
    found = decided(a_data_set("a 2026-01-05 weekly .\na 2026-02-16 monthly 28", WEEKLY, SCORE))
    assert (found["status"], found["n_sessions"]) == ("eligible", 6)
    assert dates(found[["time_zero", "decision"]]) == ["2026-02-09", "2026-02-16"]


def test_a_plan_ends_the_active_phase_so_that_the_schedule_cannot_leave_patients_out() -> None:
    # Sessions alone would take the one after the plan for the sixth of the active phase.
    found = decided(a_data_set("a 2026-02-05 twice_monthly 14", WEEKLY, "a 2026-02-02 pre 3"))
    assert dates(found[["time_zero", "decision"]]) == ["2026-02-02", "2026-02-05"]
    assert found["status"] == "eligible"


@pytest.mark.parametrize(
    ("plans", "days", "scores", "status"),
    [
        ("a 2026-02-16 monthly 28", WEEKLY[:3], SCORE, "a maintenance plan was made before"),
        ("a 2026-04-16 monthly 28", WEEKLY, SCORE, "no plan recorded in time"),
        ("a 2026-02-16 weekly .", WEEKLY, SCORE, "no plan recorded in time"),
        ("a 2026-02-16 monthly 28", WEEKLY, "a 2026-01-05 pre 3", "pain not recorded recently"),
        ("a 2026-02-16 monthly 28", WEEKLY, "a 2026-02-09 post 3", "pain not recorded recently"),
    ],
)
def test_who_is_not_eligible(plans: str, days: list[str], scores: str, status: str) -> None:
    assert decided(a_data_set(plans, days, scores))["status"].startswith(status)


def test_the_calendar_must_cover_the_weeks_compared() -> None:
    tables = a_data_set("a 2026-02-16 monthly 28", WEEKLY, SCORE)
    early = replace(tables, as_of=pd.Timestamp("2026-08-02"))
    assert decided(early)["status"].startswith("the weeks compared")
    assert decided(replace(tables, as_of=pd.Timestamp("2026-08-03")))["status"] == "eligible"


def test_what_a_block_holds() -> None:
    tables = a_data_set(
        "a 2026-02-16 twice_monthly .\na 2026-03-18 on_demand .",
        [*WEEKLY, "2026-02-20", "2026-03-06"],
        "a 2026-02-02 pre 5\na 2026-02-09 pre 3\na 2026-02-20 pre 2\na 2026-02-21 remote 9\n"
        "a 2026-03-06 post 0\na 2026-03-14 remote 4\na 2026-03-16 remote 6\na 2026-04-20 remote 7",
    )
    found = derive_blocks(tables, derive_decisions(tables, "nrs_pain", blocks=3), "nrs_pain", 3)
    # The plan of 18 March moves the second decision, two days after the day of the grid.
    assert dates(found["decision"]) == ["2026-02-16", "2026-03-18", "2026-04-13"]
    assert found["plan"].tolist() == ["twice_monthly", "on_demand", "on_demand"]
    assert found["interval"].tolist()[0] == 14
    assert found["interval"].isna().tolist() == [False, True, True]
    assert found["sessions"].tolist() == [2, 0, 0]
    assert found["score"].tolist() == [3, 6, 6]
    assert found["trend"].tolist() == [-2, 2, 2]
    # The answer of 21 February is the day after a session and does not count, but marks the time.
    assert found["answer"].tolist()[0] == 5
    assert np.isnan(found["answer"].tolist()[1])
    assert found["answer"].tolist()[2] == 7
    assert found["before_answer"].tolist() == [2, 6, 6]
    assert found["seen_lately"].tolist() == [True, False, False]
    assert found["visit_score"].tolist()[0] == 2


def test_a_patient_has_left_when_nothing_more_is_recorded() -> None:
    tables = a_data_set("a 2026-02-16 monthly 28", WEEKLY, f"{SCORE}\na 2026-03-20 remote 4")
    found = derive_blocks(tables, derive_decisions(tables, "nrs_pain", blocks=4), "nrs_pain", 4)
    assert found["in_care"].tolist() == [True, True, False, False]
    assert found["at_risk"].tolist() == [True, True, True, False]


def test_without_plans_the_decision_falls_on_time_zero() -> None:
    tables = replace(a_data_set("a 2026-02-16 monthly 28", WEEKLY, SCORE), plans=None)
    found = decided(tables)
    assert dates(found[["time_zero", "decision"]]) == ["2026-02-09", "2026-02-09"]


def test_blocks_from_records_are_those_of_the_generator() -> None:
    """Long simulations lay out blocks from arrays; records must give the same."""
    cohort = simulate(replace(SCENARIOS["effect"], patients=300, seed=5), truth=False)
    tables, latent = cohort.tables(), cohort.latent[0]
    decisions = derive_decisions(tables, "nrs_pain", blocks=6)
    found = derive_blocks(tables, decisions, "nrs_pain", 6)
    made = blocks_of(latent)
    ids = np.asarray(patient_ids(latent))
    made["patient_id"] = ids[made["patient_id"].astype(int)]
    made = made[made["block"] <= 6]
    both = found.merge(made, on=["patient_id", "block"], suffixes=("", "_made"))
    assert len(both) == len(found) > 1000
    chosen = set(decisions.loc[decisions["status"] == "eligible", "patient_id"])
    assert chosen <= set(ids[eligible(latent)])
    assert (both["in_care"] == both["in_care_made"]).all()
    cared = both[both["in_care"]]
    for column in ("plan", "sessions", "score", "trend", "answer", "before_answer", "seen_lately"):
        one, other = cared[column], cared[f"{column}_made"]
        assert ((one == other) | (one.isna() & other.isna())).all(), column
