"""Cohorts of other programs: columns that are missing, other scales, odd calendars, few visits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.maintenance_schedules import (
    WEEKS_13_24,
    MaintenanceSchedulesSpec,
    Strategy,
    estimate_maintenance_schedules,
    settled_spec,
)
from outcomes.analyses.pain_return import PainReturnSpec, estimate_pain_return
from outcomes.analyses.sessions_to_improvement import (
    SessionsToImprovementSpec,
    estimate_sessions_to_improvement,
)
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.settings import settings_from
from outcomes.simulate import SCENARIOS, simulate
from outcomes.tables import Tables

CONTRAST = "twice_monthly vs monthly"


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = replace(SCENARIOS["effect"], patients=1_900, seed=31, years=1.5)
    return simulate(spec, truth=False).tables()


def compared(tables: Tables, **choices: object) -> AnalysisResult:
    spec = replace(settled_spec(tables.settings), horizons=(WEEKS_13_24,), bootstraps=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return estimate_maintenance_schedules(tables, replace(spec, **choices))


def difference(result: AnalysisResult, group: str = CONTRAST) -> pd.Series:
    rows = result.estimates
    return rows[(rows["term"] == "difference") & (rows["group"] == group)].iloc[0]


def without(tables: Tables, *columns: str) -> Tables:
    blank = {name: pd.Series([None] * len(tables.patients), dtype="str") for name in columns}
    return replace(tables, patients=tables.patients.assign(**blank))


def no_clinic(tables: Tables) -> Tables:
    assert tables.sessions is not None
    held = tables.sessions.assign(clinic=pd.Series([None] * len(tables.sessions), dtype="str"))
    return replace(without(tables, "clinic"), sessions=held)


def forty_clinics(tables: Tables) -> Tables:
    rng = np.random.default_rng(4)
    names = [f"c{number}" if number else None for number in rng.integers(0, 41, 1_900)]
    return replace(no_clinic(tables), patients=tables.patients.assign(clinic=names))


def written_late(tables: Tables) -> Tables:
    """Plans written down up to four days late, some after the first session that follows them."""
    assert tables.plans is not None
    days = np.random.default_rng(5).integers(0, 5, len(tables.plans))
    moved = tables.plans.assign(date=tables.plans["date"] + pd.to_timedelta(days, unit="D"))
    return replace(tables, plans=moved)


def numbered(tables: Tables) -> Tables:
    """Ids that look like numbers, some with zeros before them."""
    ids = dict(zip(tables.patients["patient_id"], (f"{n:05d}" for n in range(1_900)), strict=True))
    frames = {
        name: getattr(tables, name).assign(patient_id=getattr(tables, name)["patient_id"].map(ids))
        for name in ("patients", "sessions", "assessments", "plans", "headache_diary")
    }
    return replace(tables, **frames, covariates=None)


SAME_ANSWER: dict[str, Callable[[Tables], Tables]] = {
    "no clinic": no_clinic,
    "one clinic": lambda t: replace(t, patients=t.patients.assign(clinic="only")),
    "forty clinics, some not known": forty_clinics,
    "no sex": lambda t: without(t, "sex"),
    "no onset": lambda t: replace(
        without(t, "onset"), patients=without(t, "onset").patients.assign(onset_date=pd.NaT)
    ),
    "ids like numbers": numbered,
    "other gaps": lambda t: replace(
        t, settings=settings_from({"cut_points": {"maintenance_gap": 10, "active_sessions": 5}})
    ),
    "no diary": lambda t: replace(t, headache_diary=None, headache_periods=None),
}


@pytest.mark.parametrize("change", SAME_ANSWER)
def test_the_answer_stays_where_something_is_missing(cohort: Tables, change: str) -> None:
    found = difference(compared(SAME_ANSWER[change](cohort), sensitivity=False, movements=False))
    # The truth is about −0.8 points.
    assert found["status"] == "ok"
    assert abs(found["estimate"] + 0.8) < 3 * found["std_error"]


def test_plans_written_late_are_refused_rather_than_wrong(cohort: Tables) -> None:
    """A session that the plan brought then lies before it and tells what it is."""
    found = difference(compared(written_late(cohort), sensitivity=False, movements=False))
    assert found["status"] == "refused"
    assert "chance" in found["note"]


def test_clinics_are_resampled_whole_where_there_are_many(cohort: Tables) -> None:
    few = compared(cohort, sensitivity=False, movements=False)
    many = compared(forty_clinics(cohort), sensitivity=False, movements=False, bootstraps=3)
    assert few.diagnostics["resampled"] == "patients"
    assert many.diagnostics["resampled"] == "clinics"
    assert difference(many)["std_error"] > 0


def test_another_scale_gives_the_same_in_its_own_points(cohort: Tables) -> None:
    assert cohort.assessments is not None
    scores = cohort.assessments
    pain = scores["instrument"] == "nrs_pain"
    other = scores.assign(
        instrument=scores["instrument"].mask(pain, "vas_pain"),
        value=scores["value"].where(~pain, 10 * scores["value"]),
    )
    vas = replace(
        cohort, assessments=other, settings=settings_from({"pain_instrument": "vas_pain"})
    )
    ours, theirs = (compared(t, sensitivity=False, movements=False) for t in (cohort, vas))
    assert difference(theirs)["estimate"] == pytest.approx(10 * difference(ours)["estimate"])
    assert any("no such threshold" in note for note in theirs.notes)
    returned = [
        estimate_pain_return(t, PainReturnSpec(bootstraps=20)).estimates for t in (cohort, vas)
    ]
    shares = [rows[rows["term"] == "F(17)"]["estimate"].to_numpy() for rows in returned]
    np.testing.assert_allclose(shares[0], shares[1], rtol=1e-6)
    courses = [
        estimate_sessions_to_improvement(t, SessionsToImprovementSpec(bootstraps=20)).estimates
        for t in (cohort, vas)
    ]
    for term, factor in (("mean", 10), ("plateau", 1), ("improved_by", 1), ("mean_by_onset", 10)):
        a, b = (rows[rows["term"] == term]["estimate"].to_numpy() for rows in courses)
        np.testing.assert_allclose(factor * a, b, rtol=1e-6)


def test_a_score_that_never_varies_breaks_nothing(cohort: Tables) -> None:
    assert cohort.assessments is not None
    flat = cohort.assessments["value"].where(cohort.assessments["instrument"] != "nrs_pain", 2.0)
    tables = replace(cohort, assessments=cohort.assessments.assign(value=flat))
    found = difference(compared(tables, movements=False))
    assert found["estimate"] == pytest.approx(0, abs=1e-12)


def test_schedules_of_ones_own_from_the_settings(cohort: Tables) -> None:
    chosen = {
        "strategies": [
            {"name": "two to six weeks", "every": [14, 42]},
            {"name": "yearly", "every": [300, 400]},
            {"name": "come <b>back</b> when needed"},
        ]
    }
    tables = replace(cohort, settings=settings_from(chosen))
    found = compared(tables, movements=False)
    assert found.spec.contrasts[0] == ("two to six weeks", "come <b>back</b> when needed")
    assert found.spec.contrasts[-1] == ("two to six weeks", "yearly")
    assert any("Nobody follows yearly" in note for note in found.notes)
    assert "two to six weeks (a session every 14 to 42 days)" in found.estimand
    naive = found.diagnostics["naive"].set_index(["estimator", "strategy"])["n"]
    assert naive["cadence they ended up with", "two to six weeks"] > 100
    assert "<b>" not in found._repr_html_()


def test_weekly_plans_are_compared_where_a_strategy_asks_for_them(cohort: Tables) -> None:
    assert cohort.plans is not None
    weekly = cohort.plans["plan"].mask(cohort.plans["plan"] == "twice_monthly", "weekly")
    often = cohort.plans.assign(plan=weekly, interval_days=np.nan)
    strategies = (Strategy("weekly", (5, 9)), Strategy("monthly", (22, 42)))
    found = compared(
        replace(cohort, plans=often), strategies=strategies, contrasts=(), sensitivity=False
    )
    assert difference(found, "weekly vs monthly")["n_patients"] > 100


def test_a_strategy_that_empties_is_refused_alone(cohort: Tables) -> None:
    """Nobody with a headache diary on one schedule does not silence the others."""
    assert cohort.plans is not None and cohort.headache_diary is not None
    demand = set(cohort.plans.loc[cohort.plans["plan"] == "on_demand", "patient_id"])
    kept = cohort.headache_diary[~cohort.headache_diary["patient_id"].isin(demand)]
    found = compared(replace(cohort, headache_diary=kept), sensitivity=False, movements=False)
    rows = found.estimates
    diary = rows[(rows["outcome"] == "headache_days") & (rows["term"] == "mean")]
    if len(diary):
        refused = diary.set_index("group")["status"]
        assert refused["on_demand"] == "refused"
    assert difference(found)["status"] == "ok"


def test_contrasts_must_be_of_two_strategies() -> None:
    with pytest.raises(EstimationError, match="against itself"):
        MaintenanceSchedulesSpec(contrasts=(("monthly", "monthly"),))
    assert MaintenanceSchedulesSpec().contrasts[0] == ("twice_monthly", "on_demand")


def test_few_visits_end_the_course_politely(cohort: Tables) -> None:
    assert cohort.sessions is not None
    few = replace(cohort, sessions=cohort.sessions.groupby("patient_id").head(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = estimate_sessions_to_improvement(few, SessionsToImprovementSpec(bootstraps=20))
    plateau = found.estimates[found.estimates["term"] == "plateau"].iloc[0]
    assert plateau["status"] == "refused"
