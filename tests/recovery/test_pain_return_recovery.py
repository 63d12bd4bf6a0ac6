"""Sustained return: what counts, how it is bracketed, and what visits cannot say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomes.analyses.pain_return import PainReturnSpec, estimate_pain_return
from outcomes.derive.sustained_return import derive_stops, derive_sustained_return
from outcomes.simulate import SCENARIOS, simulate
from outcomes.tables import Tables
from tests.small_tables import assessments, dates, patients, sessions, table, tables_of
from tests.validate.pain_return import errors


def a_data_set(scores: str, plans: str = "a 2026-02-02 on_demand") -> Tables:
    return tables_of(
        patients("a"),
        sessions=sessions("patient date\na 2026-01-05\na 2026-01-26"),
        plans=table("plans", "patient date plan\n" + plans),
        assessments=assessments("patient date timing value\na 2026-01-26 pre 2\n" + scores),
    )


def bracket(scores: str, plans: str = "a 2026-02-02 on_demand") -> list[float]:
    tables = a_data_set(scores, plans)
    stops = derive_stops(tables, "nrs_pain")
    found = derive_sustained_return(tables, stops, "nrs_pain", "remote")
    return found[["left", "right"]].to_numpy().ravel().tolist()


def test_the_clock_runs_from_the_last_session_that_was_scheduled() -> None:
    stops = derive_stops(a_data_set(""), "nrs_pain")
    assert dates(stops["stopped"]) == ["2026-01-26"]
    again = derive_stops(a_data_set("", "a 2026-02-02 on_demand\na 2026-05-01 monthly"), "nrs_pain")
    assert dates(again["until"]) == ["2026-04-30"]


def test_two_high_records_two_weeks_apart_are_a_return() -> None:
    found = bracket("a 2026-02-09 remote 3\na 2026-02-23 remote 6\na 2026-03-09 remote 5")
    assert found == [2.0, 4.0]


@pytest.mark.parametrize(
    ("scores", "left"),
    [
        ("a 2026-02-09 remote 7\na 2026-02-23 remote 3", 4.0),
        ("a 2026-02-09 remote 3\na 2026-02-23 remote 7", 2.0),
        ("a 2026-02-09 remote 6\na 2026-02-16 remote 6\na 2026-02-18 remote 2", 23 / 7),
        ("", 0.0),
    ],
)
def test_what_is_no_return(scores: str, left: float) -> None:
    assert bracket(scores) == [pytest.approx(left), np.inf]


def test_records_after_scheduled_care_began_again_do_not_count() -> None:
    plans = "a 2026-02-02 on_demand\na 2026-02-16 monthly"
    scores = "a 2026-02-09 remote 3\na 2026-02-23 remote 6\na 2026-03-09 remote 6"
    assert bracket(scores, plans) == [2.0, np.inf]


def test_home_scores_find_the_share_and_visits_hold_it_between_them() -> None:
    found = errors(4, 2_000).set_index("estimator")
    assert abs(found.loc["home scores, Turnbull", "F(17)"]) < 0.03
    assert abs(found.loc["home scores, log-normal", "F(17)"]) < 0.03
    assert found.loc["visits, when found", "F(17)"] < -0.05
    assert found.loc["visits, Turnbull", "F(17)"] > 0.1


@pytest.fixture(scope="module")
def cohort() -> Tables:
    return simulate(
        replace(SCENARIOS["sample"], patients=1_200, seed=4, years=2), truth=False
    ).tables()


def test_from_records_at_home(cohort: Tables) -> None:
    found = estimate_pain_return(cohort, PainReturnSpec(bootstraps=25)).estimates
    turnbull = found[found["method"] == "Turnbull, bootstrap"].set_index("term")
    assert (turnbull["status"] == "ok").all()
    shares = turnbull.loc[["F(4)", "F(8)", "F(17)"], "estimate"]
    assert shares.is_monotonic_increasing
    assert 0.05 < shares.iloc[-1] < 0.6
    assert turnbull.loc["F(17)", "conf_low"] < shares.iloc[-1] < turnbull.loc["F(17)", "conf_high"]


def test_from_visits_there_are_bounds_and_never_a_number(cohort: Tables) -> None:
    assert cohort.assessments is not None
    visits = cohort.assessments[cohort.assessments["timing"] != "remote"]
    result = estimate_pain_return(replace(cohort, assessments=visits))
    found = result.estimates
    assert set(found["status"]) == {"not_identified"}
    assert found["estimate"].isna().all()
    assert (found["conf_low"] <= found["conf_high"]).all()
    assert any("ot point-identified" in note for note in result.notes)
    assert result.curve["estimate"].isna().all()


def test_without_plans_it_is_refused(cohort: Tables) -> None:
    found = estimate_pain_return(replace(cohort, plans=None)).estimates
    assert found["status"].tolist() == ["refused"]
