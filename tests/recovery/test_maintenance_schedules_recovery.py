"""The comparison of schedules finds what was put in, where the tempting answers do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.maintenance_schedules import (
    WEEKS_13_24,
    MaintenanceSchedulesSpec,
    Strategy,
    estimate_maintenance_schedules,
    plan_maintenance_schedules,
)
from outcomes.analyses.maintenance_schedules.estimate import INTENTION, NOT_PASSED
from outcomes.analyses.maintenance_schedules.naive import FUTURE
from outcomes.results import AnalysisResult
from outcomes.simulate import SCENARIOS, find_truth, simulate
from outcomes.tables import Tables
from tests.validate.maintenance_schedules import bias, coverage, short_run

QUICK = MaintenanceSchedulesSpec(horizons=(WEEKS_13_24,), bootstraps=0)


@pytest.fixture(scope="module")
def cohort() -> Tables:
    return simulate(
        replace(SCENARIOS["effect"], patients=3_000, seed=11, years=2), truth=False
    ).tables()


@pytest.fixture(scope="module")
def result(cohort: Tables) -> AnalysisResult:
    return estimate_maintenance_schedules(cohort, replace(QUICK, bootstraps=10))


def row(result: AnalysisResult, term: str, group: str, outcome: str = "nrs_pain") -> pd.Series:
    found = result.estimates
    chosen = found[(found["term"] == term) & (found["group"] == group)]
    return chosen[chosen["outcome"] == outcome].iloc[0]


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str, str], float]:
    found = find_truth(replace(SCENARIOS["effect"], seed=11, truth_patients=10_000))
    return {
        (f"{each['strategy']} vs {each['reference']}", each["horizon"], each["outcome"]): each[
            "mean"
        ]
        for each in found["contrasts"]
    }


@pytest.mark.parametrize("term", ["difference", "second_estimator"])
@pytest.mark.parametrize("group", ["twice_monthly vs on_demand", "twice_monthly vs monthly"])
def test_pain_from_records(
    result: AnalysisResult, truth: dict[tuple[str, str, str], float], term: str, group: str
) -> None:
    found = row(result, term, group)
    target = truth[group, "weeks_13_24", "pain_home_score"]
    assert abs(found["estimate"] - target) < 3 * found["std_error"]
    assert found["std_error"] < 0.2


def test_shares_and_headache_days_from_records(
    result: AnalysisResult, truth: dict[tuple[str, str, str], float]
) -> None:
    group = "twice_monthly vs monthly"
    for outcome, name in (
        ("nrs_pain:acceptable", "pain_2_or_less"),
        ("nrs_pain:two_points", "fall_2_points"),
        ("headache_days", "headache_days"),
        ("rom_extension", "rom_extension"),
    ):
        found = row(result, "difference", group, outcome)
        target = truth[group, "weeks_13_24", name]
        assert abs(found["estimate"] - target) < 3.5 * found["std_error"], outcome


def test_the_naive_answer_stands_beside_it_and_is_wrong(result: AnalysisResult) -> None:
    naive = result.diagnostics["naive"].set_index(["estimator", "strategy"])["mean"]
    future = naive[FUTURE, "twice_monthly"] - naive[FUTURE, "on_demand"]
    assert future - row(result, "difference", "twice_monthly vs on_demand")["estimate"] > 0.25


def test_diagnostics_are_there_and_passed(result: AnalysisResult) -> None:
    found = result.diagnostics
    assert found["failures"] == ()
    assert found["causal_wording"]
    balance = found["balance"]
    last = balance[(balance["covariate"] == "last pain") & (balance["strategy"] == "twice_monthly")]
    assert last["smd"].abs().max() < 0.1 < last["smd_unweighted"].abs().max()
    assert found["support"]["sum_over_n"].between(0.85, 1.15).all()
    panel = found["sensitivity"]
    assert set(panel["analysis"]) >= {
        "truncated weights",
        "grace",
        "older confounder",
        "leaving care: delta",
        "leaving care: jump to reference",
        "visits weighted for their intensity",
        "negative control",
        "E-value",
    }
    flow = found["flow"]
    assert (flow["on_strategy"] == flow["left_care"] + flow["left_strategy"] + flow["kept"]).all()


def test_negative_control_finds_nothing(result: AnalysisResult) -> None:
    panel = result.diagnostics["sensitivity"]
    control = panel[panel["analysis"] == "negative control"]
    assert (control["estimate"].abs() < 3 * control["std_error"]).all()


def test_without_plans_it_says_that_intention_is_unmeasured(cohort: Tables) -> None:
    found = estimate_maintenance_schedules(
        replace(cohort, plans=None), replace(QUICK, sensitivity=False)
    )
    assert INTENTION in found.notes
    assert NOT_PASSED in found.notes
    assert not found.diagnostics["causal_wording"]
    estimate = row(found, "difference", "twice_monthly vs monthly")
    assert estimate["status"] == "ok"
    assert -2 < estimate["estimate"] < 0


def test_scores_at_sessions_alone_are_refused(cohort: Tables) -> None:
    assert cohort.assessments is not None
    visits = cohort.assessments[cohort.assessments["timing"] != "remote"]
    found = estimate_maintenance_schedules(replace(cohort, assessments=visits), QUICK)
    assert set(found.estimates["status"]) == {"refused"}
    assert "answered at home" in found.estimates["note"].iloc[0]
    # Who was eligible is said all the same.
    eligible = int(found.estimates["n_eligible"].iloc[0])
    assert found.exclusions["n_in"].iloc[0] == len(cohort.patients)
    assert found.exclusions["n_out"].iloc[-1] == eligible < len(cohort.patients)


def test_missing_columns_are_named_and_not_needed(cohort: Tables) -> None:
    poor = cohort.patients.assign(distress=np.nan, sex=None, birth_year=np.nan)
    poor["sex"] = poor["sex"].astype("str")
    found = estimate_maintenance_schedules(
        replace(cohort, patients=poor), replace(QUICK, sensitivity=False, movements=False)
    )
    assert set(found.diagnostics["confounders_left_out"]) == {"distress", "sex", "age"}
    assert row(found, "difference", "twice_monthly vs monthly")["status"] == "ok"


def test_fewer_confounders_can_be_asked_for(cohort: Tables) -> None:
    spec = replace(QUICK, confounders=("onset",), sensitivity=False, movements=False)
    found = estimate_maintenance_schedules(cohort, spec)
    assert found.diagnostics["confounders"] == ("baseline_", "C(onset_)")
    assert row(found, "difference", "twice_monthly vs monthly")["status"] == "ok"


def test_a_schedule_of_ones_own_and_one_that_nobody_keeps(cohort: Tables) -> None:
    spec = replace(
        QUICK,
        strategies=(
            Strategy("two_to_six_weeks", (14, 42)),
            Strategy("on_demand"),
            Strategy("yearly", (300, 400)),
        ),
        contrasts=(("two_to_six_weeks", "on_demand"), ("yearly", "on_demand")),
        sensitivity=False,
    )
    found = estimate_maintenance_schedules(cohort, spec)
    wide = row(found, "difference", "two_to_six_weeks vs on_demand")
    assert wide["estimate"] < -1
    assert any("yearly" in note for note in found.notes)


def test_few_patients_are_refused_with_what_is_needed(cohort: Tables) -> None:
    few = cohort.restrict(cohort.patients["patient_id"].iloc[:400])
    found = estimate_maintenance_schedules(few, replace(QUICK, sensitivity=False))
    refused = row(found, "difference", "twice_monthly vs on_demand")
    assert refused["status"] == "refused"
    assert np.isnan(refused["estimate"])
    assert "eligible patients" in refused["note"]


def test_no_chance_of_a_schedule_is_refused() -> None:
    stress = replace(SCENARIOS["positivity_stress"], patients=3_000, seed=3, years=1.5)
    tables = simulate(stress, truth=False).tables()
    found = estimate_maintenance_schedules(tables, QUICK)
    primary = row(found, "difference", "twice_monthly vs on_demand")
    assert primary["status"] == "refused"
    assert "chance" in primary["note"]
    panel = found.diagnostics["sensitivity"]
    assert (panel.loc[panel["group"] == "twice_monthly vs on_demand", "status"] == "refused").all()


def test_what_is_still_needed_is_said_without_looking_at_outcomes(
    cohort: Tables, result: AnalysisResult
) -> None:
    found = plan_maintenance_schedules(cohort, QUICK).set_index("strategy")
    assert found.loc["on_demand", "ess"] == pytest.approx(row(result, "mean", "on_demand")["ess"])
    assert (found["patients_needed"] >= 0).all()
    rarest = found["ess"].idxmin()
    assert found.loc[rarest, "months_needed"] == found["months_needed"].max() > 0
    assert found["smallest_difference"].between(0.1, 1.5).all()
    # Other answers, the same plan.
    assert cohort.assessments is not None
    home = cohort.assessments["timing"] == "remote"
    late = cohort.assessments["date"] > cohort.as_of - pd.Timedelta(days=28)
    other = cohort.assessments.copy()
    other.loc[home & late, "value"] = 0.0
    again = plan_maintenance_schedules(replace(cohort, assessments=other), QUICK)
    assert again.set_index("strategy")["ess"].to_numpy() == pytest.approx(
        found["ess"].to_numpy(), rel=0.05
    )


def test_quick_validation() -> None:
    """Two runs of what `make validate` does at length."""
    runs = short_run("null", 3_000, 2)
    assert len(bias(runs.estimates)) == 6
    assert len(coverage(runs.estimates, runs.target)) == 3
