"""Patients who leave when well make a plateau that is not there; weights take it away."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.analyses.confirmed_improvement import incidence
from outcomes.analyses.course_weights import CourseWeights, plateau
from outcomes.analyses.sessions_to_improvement import (
    SessionsToImprovementSpec,
    estimate_sessions_to_improvement,
)
from outcomes.derive.course_sessions import derive_course_sessions
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, tables_of
from tests.validate.sessions_to_improvement import SESSIONS, course_of, forced, records_of


def test_a_forced_course_is_found_and_attendees_show_a_false_plateau() -> None:
    rng = np.random.default_rng(10)
    truth = forced(np.random.default_rng(11), 200_000)
    course = course_of(rng, 30_000)
    fitted = CourseWeights(course, SESSIONS)
    weighted = fitted.means(fitted.whole)
    attending = course.groupby("session")["score"].mean().to_numpy()
    assert np.abs(weighted - truth).max() < 0.12
    assert attending[11] - truth[11] > 0.5
    assert plateau(attending, 0.5) < plateau(weighted, 0.5)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return records_of(np.random.default_rng(12), 3_000)


@pytest.fixture(scope="module")
def result(tables: Tables) -> AnalysisResult:
    return estimate_sessions_to_improvement(tables, SessionsToImprovementSpec(bootstraps=30))


def test_from_records(result: AnalysisResult) -> None:
    truth = forced(np.random.default_rng(11), 200_000)
    curve = result.curve
    everyone = curve[curve["group"] == "everyone"].set_index("session")["mean"]
    assert np.abs(everyone.loc[:6].to_numpy() - truth[:6]).max() < 0.15
    shares = result.estimates[result.estimates["term"] == "improved_by"]
    assert shares["estimate"].is_monotonic_increasing
    assert shares["estimate"].iloc[-1] > 0.5


def test_shares_that_improved_and_left_by_hand() -> None:
    hit = np.array([2.0, np.nan, np.nan, 3.0])
    end = np.array([4, 1, 3, 4])
    left = np.array([False, True, False, True])
    improved, gone = incidence(hit, end, left)
    assert improved[:3].tolist() == pytest.approx([0.0, 0.25, 0.5])
    assert gone[:3].tolist() == pytest.approx([0.25, 0.25, 0.25])


def test_a_gap_ends_the_course() -> None:
    days = ["2026-01-05", "2026-01-12", "2026-02-20", "2026-02-27"]
    tables = tables_of(
        patients("a"),
        sessions=sessions("patient date\n" + "\n".join(f"a {day}" for day in days)),
        assessments=assessments(
            "patient date timing value\na 2026-01-05 pre 7\na 2026-01-12 pre 4\na 2026-02-20 pre 6"
        ),
    )
    found = derive_course_sessions(tables, "nrs_pain")
    assert found["session"].tolist() == [1, 2]
    assert found["goes_on"].tolist() == [1.0, 0.0]
    assert found["score"].tolist() == [7.0, 4.0]
