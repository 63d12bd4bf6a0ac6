"""What must not change a result, and what must change it in a known way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import (
    HeadacheFrequencySpec,
    PainTrajectorySpec,
    RomChangeSpec,
    estimate_clinic_activity,
    estimate_headache_frequency,
    estimate_pain_trajectory,
    estimate_rom_change,
)
from outcomes.results import AnalysisResult
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.course_tables import renamed, shuffled

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "df", "n_patients", "n_eligible"]
ANALYSES: dict[str, Callable[[Tables], AnalysisResult]] = {
    "pain": estimate_pain_trajectory,
    "pain by cadence": lambda tables: estimate_pain_trajectory(
        tables, PainTrajectorySpec(group_by="cadence")
    ),
    "rotation": lambda tables: estimate_rom_change(
        tables, RomChangeSpec(movements=("rom_left_rotation", "rom_right_rotation"))
    ),
    "headaches by onset": lambda tables: estimate_headache_frequency(
        tables, HeadacheFrequencySpec(group_by="onset")
    ),
    "activity": estimate_clinic_activity,
}


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=220, seed=11, clinics=2, years=2.0, early_home_weeks=(1, 3, 5))
    return simulate(spec, truth=False).tables()


@pytest.fixture(scope="module")
def before(cohort: Tables) -> dict[str, AnalysisResult]:
    return {name: analyse(cohort) for name, analyse in ANALYSES.items()}


def same(one: AnalysisResult, other: AnalysisResult, tolerance: float = 1e-8) -> None:
    left, right = one.estimates, other.estimates
    labels = ["outcome", "group", "landmark", "term", "status"]
    pd.testing.assert_frame_equal(left[labels], right[labels])
    for column in NUMBERS:
        np.testing.assert_allclose(
            left[column], right[column], rtol=tolerance, atol=tolerance, err_msg=column
        )


@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_of_records_does_not_matter(
    cohort: Tables, before: dict[str, AnalysisResult], name: str
) -> None:
    same(before[name], ANALYSES[name](shuffled(cohort, seed=1)))


@pytest.mark.parametrize("name", ["pain by cadence", "headaches by onset", "activity"])
def test_the_names_of_patients_do_not_matter(
    cohort: Tables, before: dict[str, AnalysisResult], name: str
) -> None:
    ids = cohort.patients["patient_id"]
    turned = dict(zip(ids, reversed([f"x{number}" for number in range(len(ids))]), strict=True))
    same(before[name], ANALYSES[name](renamed(cohort, turned)))


def test_a_shift_of_all_scores_moves_means_and_no_change(
    cohort: Tables, before: dict[str, AnalysisResult]
) -> None:
    assessments = cohort.assessments
    assert assessments is not None
    pain = assessments["instrument"] == "nrs_pain"
    moved = assessments.assign(value=assessments["value"].where(~pain, assessments["value"] + 5))
    after = estimate_pain_trajectory(replace(cohort, assessments=moved)).estimates
    given = before["pain"].estimates
    shift = np.where(given["term"] == "mean", 5.0, 0.0)
    np.testing.assert_allclose(after["estimate"], given["estimate"] + shift, atol=1e-6)
    np.testing.assert_allclose(after["std_error"], given["std_error"], rtol=1e-5)


def test_a_change_of_scale_scales_everything_but_percentages(
    cohort: Tables, before: dict[str, AnalysisResult]
) -> None:
    assessments = cohort.assessments
    assert assessments is not None
    doubled = assessments.assign(value=2 * assessments["value"])
    after = ANALYSES["rotation"](replace(cohort, assessments=doubled)).estimates
    given = before["rotation"].estimates
    for term, factor in (("mean", 2), ("change", 2), ("percent_change", 1), ("asymmetry", 2)):
        rows = given["term"] == term
        np.testing.assert_allclose(
            after.loc[rows, "estimate"], factor * given.loc[rows, "estimate"], rtol=1e-6
        )


@pytest.mark.parametrize("name", ANALYSES)
def test_nothing_after_the_as_of_date_is_read(cohort: Tables, name: str) -> None:
    day = pd.Timestamp("2025-11-15")
    known = cohort.at(day)
    # The same date, with all that came after it left in the tables.
    later_left_in = replace(cohort, as_of=day, sessions=known.sessions)
    same(ANALYSES[name](known), ANALYSES[name](later_left_in))


def test_means_lie_within_the_scale_and_intervals_around_them(
    before: dict[str, AnalysisResult],
) -> None:
    for name, result in before.items():
        rows = result.estimates
        rows = rows[(rows["status"] == "ok") & rows["conf_low"].notna()]
        slack = 1e-9
        assert (rows["conf_low"] <= rows["estimate"] + slack).all(), name
        assert (rows["estimate"] <= rows["conf_high"] + slack).all(), name
        assert (rows["n_patients"] > 0).all(), name


def test_everyone_is_accounted_for(before: dict[str, AnalysisResult]) -> None:
    for name, result in before.items():
        steps = result.exclusions
        assert (steps["n_out"] <= steps["n_in"]).all(), name
        if name != "rotation":  # which accounts for each movement apart
            assert (steps["n_in"].iloc[1:].to_numpy() == steps["n_out"].iloc[:-1]).all(), name
