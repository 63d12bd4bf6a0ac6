"""Nothing from after the as-of date appears anywhere, and order and names do not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.analyses import (
    OffTrackSpec,
    PracticePatternsSpec,
    estimate_cohort_trend,
    estimate_due,
    estimate_off_track,
    estimate_off_track_accuracy,
    estimate_practice_patterns,
    fit_off_track_reference,
)
from outcomes.results import AnalysisResult
from outcomes.schema import SCHEMAS
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.course_tables import shuffled

OFF_TRACK = OffTrackSpec(min_effective=40)


def flags_and_their_record(tables: Tables) -> list[AnalysisResult]:
    """Both results that one reference gives."""
    reference = fit_off_track_reference(tables, OFF_TRACK)
    return [
        estimate_off_track(tables, reference=reference),
        estimate_off_track_accuracy(tables, reference=reference),
    ]


PRACTICE = PracticePatternsSpec(min_sessions=50, min_uses=10)
ANALYSES: dict[str, Callable[[Tables], list[AnalysisResult]]] = {
    "off_track": flags_and_their_record,
    "due": lambda tables: [estimate_due(tables)],
    "cohort_trend": lambda tables: [estimate_cohort_trend(tables)],
    "practice": lambda tables: [estimate_practice_patterns(tables, PRACTICE)],
}


@cache
def cohort() -> Tables:
    spec = SimulationSpec(patients=110, seed=12, clinics=2, years=1.0, early_home_weeks=(1, 3, 5))
    return simulate(spec, truth=False).tables()


def changed_after(tables: Tables, day: pd.Timestamp, seed: int) -> Tables:
    """Other records after a day: some gone, scores and what was done at sessions not the same."""
    rng = np.random.default_rng(seed)
    changes = {}
    for name, schema in SCHEMAS.items():
        frame = getattr(tables, name)
        if frame is None or not schema.dated_by:
            continue
        later = (frame[schema.dated_by] > day).to_numpy()
        if name == "sessions":
            # What was booked by then is known; what became of it is not.
            known = (frame["booked_on"] <= day).to_numpy()
            frame = frame[~later | known | (rng.random(len(frame)) < 0.5)].copy()
            after = (frame["date"] > day).to_numpy()
            came = rng.random(int(after.sum())) < 0.5
            frame.loc[after, "status"] = np.where(came, "attended", "cancelled")
            frame.loc[after, "pressure"] = 10.0
        else:
            frame = frame[~later | (rng.random(len(frame)) < 0.5)].copy()
            after = (frame[schema.dated_by] > day).to_numpy()
            if name == "assessments":
                frame.loc[after & (frame["instrument"] == "nrs_pain"), "value"] = 10.0
            if name == "plans":
                frame.loc[after, "plan"] = "weekly"
        changes[name] = frame.reset_index(drop=True)
    return replace(tables, **changes)


def all_same(left: list[AnalysisResult], right: list[AnalysisResult]) -> None:
    for one, other in zip(left, right, strict=True):
        same(one, other)


def same(left: AnalysisResult, right: AnalysisResult) -> None:
    pd.testing.assert_frame_equal(left.estimates, right.estimates, rtol=1e-6, atol=1e-8)
    pd.testing.assert_frame_equal(left.curve, right.curve, rtol=1e-6, atol=1e-8)
    assert left.notes == right.notes
    if "patients" in left.diagnostics:
        pd.testing.assert_frame_equal(
            left.diagnostics["patients"], right.diagnostics["patients"], rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize("name", ANALYSES)
@settings(max_examples=2)
@given(back=st.integers(20, 300), seed=st.integers(0, 10_000))
def test_what_lies_after_the_day_changes_nothing(name: str, back: int, seed: int) -> None:
    tables = cohort()
    day = tables.as_of - pd.Timedelta(days=back)
    results = ANALYSES[name](tables.at(day))
    all_same(results, ANALYSES[name](changed_after(tables, day, seed).at(day)))
    for result in results:
        dates = [result.curve[column] for column in ("date", "month") if column in result.curve]
        if "patients" in result.diagnostics:
            dates.append(result.diagnostics["patients"]["date"])
        landmarks = result.estimates["landmark"]
        written = landmarks[landmarks.str.fullmatch(r"\d{4}-\d\d-\d\d")]
        dates.append(pd.to_datetime(written))
        for each in dates:
            assert not (each > day).any()


@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    tables = cohort()
    all_same(ANALYSES[name](tables), ANALYSES[name](shuffled(tables, 3)))
