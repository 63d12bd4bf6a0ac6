"""Patients by first plan: the numbers of tableone are those of pandas; small data are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec, describe_first_plans
from outcomes.analyses.resamples import with_resamples
from outcomes.derive.decisions import derive_decisions
from outcomes.results import AnalysisResult
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables


@pytest.fixture(scope="module")
def cohort() -> Tables:
    return simulate(
        SimulationSpec(patients=250, seed=8, clinics=2, years=1.5), truth=False
    ).tables()


@pytest.fixture(scope="module")
def result(cohort: Tables) -> AnalysisResult:
    return describe_first_plans(cohort)


@pytest.fixture(scope="module")
def eligible(cohort: Tables) -> pd.DataFrame:
    """Age is not kept with the tables, distress is; the first plan is read off the plans."""
    decisions = derive_decisions(cohort, "nrs_pain", blocks=6)
    chosen = decisions[decisions["status"] == "eligible"]
    plans = cohort.plans.merge(chosen[["patient_id", "decision"]], on="patient_id")
    first = plans[plans["date"] == plans["decision"]].set_index("patient_id")["plan"]
    people = cohort.patients.set_index("patient_id").loc[chosen["patient_id"]]
    return people.assign(first=first.reindex(people.index))


def test_means_and_shares_are_plain_ones(result: AnalysisResult, eligible: pd.DataFrame) -> None:
    rows = result.estimates
    found = rows[(rows["term"] == "baseline_characteristic") & (rows["outcome"] == "distress")]
    wanted = eligible.groupby("first")["distress"].mean()
    assert len(found) >= 2
    for plan, value in found[["landmark", "estimate"]].to_numpy():
        assert value == pytest.approx(wanted[plan], abs=1e-9)
    shares = rows[(rows["term"] == "baseline_share") & (rows["outcome"] == "sex")]
    counts = eligible.groupby(["first", "sex"]).size()
    for plan, level, events in shares[["landmark", "group", "n_events"]].to_numpy():
        assert events == counts[plan, level]


def test_levels_of_a_plan_add_up_and_plans_to_everyone(
    result: AnalysisResult, eligible: pd.DataFrame
) -> None:
    rows = result.estimates
    shares = rows[(rows["term"] == "baseline_share") & (rows["outcome"] == "sex")]
    for _, part in shares.groupby("landmark"):
        assert part["n_events"].sum() == part["n_patients"].iloc[0]
    sizes = rows[rows["term"] == "baseline_characteristic"].groupby("landmark")["n_eligible"].max()
    assert sizes.sum() <= len(eligible)


def test_a_difference_is_the_first_less_the_second(
    result: AnalysisResult, eligible: pd.DataFrame
) -> None:
    rows = result.estimates
    found = rows[(rows["term"] == "smd") & (rows["outcome"] == "distress")]
    groups = eligible.groupby("first")["distress"]
    mean, var = groups.mean(), groups.var()
    for contrast, value in found[["landmark", "estimate"]].to_numpy():
        a, b = contrast.split(" vs ")
        wanted = (mean[a] - mean[b]) / np.sqrt((var[a] + var[b]) / 2)
        assert value == pytest.approx(wanted, abs=2e-3)


def test_little_is_refused_and_never_an_error(cohort: Tables) -> None:
    few = cohort.restrict(cohort.patients["patient_id"].iloc[:1])
    for tables in (few, replace(cohort, sessions=None, assessments=None, plans=None)):
        rows = describe_first_plans(tables).estimates
        assert (rows["status"] == "refused").all()
        assert rows["note"].str.contains("eligible").all()


def test_without_plans_the_first_sessions_tell(cohort: Tables) -> None:
    result = describe_first_plans(replace(cohort, plans=None))
    assert result.diagnostics["planned"] is False
    assert (result.estimates["status"] == "ok").any()


def test_other_numbers_of_resamples() -> None:
    spec = MaintenanceSchedulesSpec()
    assert with_resamples(spec, None) is spec
    assert with_resamples(spec, 20) == replace(spec, bootstraps=20)
