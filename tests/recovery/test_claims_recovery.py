"""Regression to the mean and natural course as planted, and verdicts against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import (
    CombinedCareSpec,
    NaturalCourseSpec,
    RegressionToMeanSpec,
    estimate_combined_care,
    estimate_first_visits,
    estimate_intake,
    estimate_natural_course,
    estimate_regression_to_mean,
    estimate_rom_change,
    judge_claims,
)
from outcomes.schema import SCHEMAS
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables

START = pd.Timestamp("2025-01-06")
AS_OF = pd.Timestamp("2026-12-31")


def frame(name: str, columns: dict[str, object]) -> pd.DataFrame:
    """A table of the contract with all of its columns."""
    rows = pd.DataFrame(columns)
    for column in SCHEMAS[name].columns:
        if column.name not in rows:
            rows[column.name] = None
        rows[column.name] = rows[column.name].astype(column.dtype)
    return rows[list(SCHEMAS[name].names)]


def planted(
    days: tuple[int, ...],
    seed: int,
    *,
    n: int = 1_500,
    drift: float = 0.0,
    within: float = 1.0,
    between: float = 1.2,
) -> tuple[Tables, np.ndarray]:
    """Scores of people who stay as they are but for a drift per day, each read with an error."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"p{number:05d}" for number in range(n)])
    level = rng.normal(50, 10 * between, n)
    read = level[:, None] + drift * np.array(days) + rng.normal(0, 10 * within, (n, len(days)))
    dates = START + pd.to_timedelta(np.tile(days, n), "D")
    scores = frame(
        "assessments",
        {
            "patient_id": np.repeat(ids, len(days)),
            "instrument": "vas_pain",
            "date": dates,
            "timing": np.where(np.tile(days, n) == 0, "pre", "remote"),
            "value": read.ravel(),
        },
    )
    visits = frame(
        "sessions",
        {
            "session_id": [f"s{each}" for each in ids],
            "patient_id": ids,
            "date": START,
            "status": "attended",
        },
    )
    people = frame("patients", {"patient_id": ids})
    return Tables(people, AS_OF, sessions=visits, assessments=scores), read


def rows_of(tables: Tables, spec: RegressionToMeanSpec) -> pd.DataFrame:
    return estimate_regression_to_mean(tables, spec).estimates.set_index(["term", "group"])


@pytest.mark.parametrize("days", [(-21, 0), (0, 200, 228)])
def test_regression_to_the_mean_is_what_a_second_reading_shows(days: tuple[int, ...]) -> None:
    """Chosen by the reading at the start; the truth is −s²w / s² times the distance to the mean."""
    spec = RegressionToMeanSpec(instrument="vas_pain", at_least=(6.0, 7.0), bootstraps=60)
    misses = []
    for seed in range(6):
        tables, read = planted(days, seed)
        first = read[:, days.index(0)]
        found = rows_of(tables, spec)
        for cut in ("60", "70"):
            high = first >= float(cut)
            truth = -(1.0 / (1.0 + 1.2**2)) * (first[high].mean() - 50)
            row = found.loc[("regression_to_mean", cut)]
            error = (row["conf_high"] - row["conf_low"]) / (2 * 1.96)
            misses.append((row["estimate"] - truth) / error)
            # and what another reading of the same people does show
            again = read[:, 1 - days.index(0)] if len(days) == 2 else read[:, 1]
            shown = again[high].mean() - first[high].mean()
            assert abs(row["estimate"] - shown) < 4 * 10 / np.sqrt(high.sum()) + 4 * error
    assert abs(np.mean(misses)) < 1.0
    assert np.mean(np.abs(misses) < 1.96) > 0.7


def test_reliability() -> None:
    tables, _ = planted((-21, 0), 3, n=4_000)
    found = rows_of(tables, RegressionToMeanSpec(instrument="vas_pain", bootstraps=40))
    assert found.loc[("within_person_sd", ""), "estimate"] == pytest.approx(10, abs=0.5)
    assert found.loc[("reliability", ""), "estimate"] == pytest.approx(1.44 / 2.44, abs=0.03)


def test_natural_course_is_what_was_planted() -> None:
    tables, _ = planted((-28, 0), 5, drift=-0.1)
    found = estimate_natural_course(tables, NaturalCourseSpec(instrument="vas_pain"))
    row = found.estimates.set_index("term").loc["waiting_change"]
    assert abs(row["estimate"] + 2.8) < 3 * row["std_error"]
    assert row["conf_low"] < -2.8 < row["conf_high"]


def test_combined_care_that_is_given_to_the_worse_looks_no_worse() -> None:
    """Nobody gains by another discipline; those who hurt more, and stay so, are sent to it."""
    shifts, plain = [], []
    for seed in range(5):
        tables, read = planted((0, 84), seed, n=1_200)
        rng = np.random.default_rng(seed + 100)
        sent = rng.uniform(size=1_200) < 1 / (1 + np.exp(-(read[:, 0] - 55) / 10))
        assert tables.sessions is not None
        first = tables.sessions.assign(discipline="massage")
        other = first[sent].assign(discipline="acupuncture", date=START + pd.Timedelta(days=14))
        other["session_id"] = "o" + other["session_id"]
        both = pd.concat([first, other], ignore_index=True)
        found = estimate_combined_care(
            replace(tables, sessions=both), CombinedCareSpec(instrument="vas_pain")
        )
        row = found.estimates.set_index("term").loc["difference"]
        shifts.append(row["estimate"] / row["std_error"])
        plain.append(read[sent, 1].mean() - read[~sent, 1].mean())
    assert abs(np.mean(shifts)) < 1.5
    assert np.mean(plain) > 3, "the tempting comparison must mislead, or this shows nothing"


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=500, seed=11, clinics=3, years=1.5, early_home_weeks=(1, 3, 5))
    return simulate(spec, truth=False).tables()


def test_verdicts_on_a_cohort_whose_truth_is_known(cohort: Tables) -> None:
    """Planted: flexion and extension gain far over 21 %, lateral flexion to the right does not."""
    results = {
        "movement": estimate_rom_change(cohort),
        "visits": estimate_first_visits(cohort),
        "intake": estimate_intake(cohort),
    }
    curve = judge_claims(results, as_of=cohort.as_of).curve
    judged = curve[curve["verdict"] != ""].set_index(["claim", "label"])["verdict"]
    assert judged["C03", "Flexion"] == judged["C03", "Extension"] == "consistent"
    assert judged["C03", "Lateral flexion, right"] == "not_consistent"
    assert judged["C03", ""] == "not_consistent"
    # first visits take 30 to 60 minutes in the simulation
    assert judged["C20", ""] == "not_consistent"
    assert judged["C07", ""] == "consistent"


def test_a_month_that_comes_true(cohort: Tables) -> None:
    """What is said to be answerable a year on is answerable then, a quarter early or late."""
    before = cohort.at(cohort.as_of - pd.Timedelta(days=300))
    kept = before.patients["patient_id"].sort_values().iloc[:120]
    before, after = before.restrict(kept), cohort.restrict(kept)
    results = {"movement": estimate_rom_change(before), "intake": estimate_intake(before)}
    curve = judge_claims(results, as_of=before.as_of).curve
    head = curve[(curve["claim"] == "C03") & (curve["label"] == "")].iloc[0]
    answered = {"movement": estimate_rom_change(after)}
    n = judge_claims(answered, as_of=after.as_of).estimates["n_patients"].iloc[0]
    if head["verdict"] == "cannot_tell":
        said = pd.Timestamp(f"{head['month']}-01")
        assert (n >= 30) == (said <= after.as_of + pd.Timedelta(days=90))
    else:
        assert n >= 30
