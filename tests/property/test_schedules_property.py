"""What must not change the comparison of schedules: order, names, units; and what must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomes.analyses.maintenance_schedules import (
    WEEKS_13_24,
    MaintenanceSchedulesSpec,
    estimate_maintenance_schedules,
)
from outcomes.analyses.maintenance_schedules.prepare import Prepared, known_at_start, prepare
from outcomes.results import AnalysisResult
from outcomes.simulate import SCENARIOS, simulate
from outcomes.tables import Tables

SPEC = MaintenanceSchedulesSpec(
    horizons=(WEEKS_13_24,),
    bootstraps=0,
    sensitivity=False,
    movements=False,
    min_ess=20,
)
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "ess"]
NAMES = ("patients", "sessions", "assessments", "plans", "headache_diary")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulate(
        replace(SCENARIOS["sample"], patients=900, seed=6, years=2), truth=False
    ).tables()


@pytest.fixture(scope="module")
def result(tables: Tables) -> AnalysisResult:
    return estimate_maintenance_schedules(tables, SPEC)


def numbers(result: AnalysisResult) -> np.ndarray:
    found = result.estimates.sort_values(["outcome", "term", "group"])
    return found[NUMBERS].to_numpy()


def test_the_order_of_rows_does_not_matter(tables: Tables, result: AnalysisResult) -> None:
    mixed = {name: getattr(tables, name).sample(frac=1, random_state=1) for name in NAMES}
    again = estimate_maintenance_schedules(replace(tables, **mixed), SPEC)
    np.testing.assert_allclose(numbers(again), numbers(result), rtol=1e-6)


def test_names_of_patients_do_not_matter(tables: Tables, result: AnalysisResult) -> None:
    renamed = {
        name: getattr(tables, name).assign(
            patient_id=lambda frame: "q" + frame["patient_id"].str[::-1]
        )
        for name in NAMES
    }
    again = estimate_maintenance_schedules(replace(tables, **renamed), SPEC)
    # Fits start from other rows and stop within 1e-5 standard errors of the same maximum.
    np.testing.assert_allclose(numbers(again), numbers(result), rtol=1e-4)


def test_worse_answers_move_every_schedule(tables: Tables, result: AnalysisResult) -> None:
    assert tables.assessments is not None
    frame = tables.assessments.copy()
    home = (frame["instrument"] == "nrs_pain") & (frame["timing"] == "remote")
    # Everybody's home scores of the whole range, turned over: what was better is worse.
    frame.loc[home, "value"] = 10 - frame.loc[home, "value"]
    again = estimate_maintenance_schedules(replace(tables, assessments=frame), SPEC)

    def primary(found: AnalysisResult) -> float:
        rows = found.estimates
        chosen = (rows["term"] == "difference") & (rows["outcome"] == "nrs_pain")
        return float(rows.loc[chosen, "estimate"].iloc[0])

    assert primary(result) < 0 < primary(again)


def test_resamples_do_not_depend_on_threads(tables: Tables) -> None:
    spec = replace(SPEC, instrument="nrs_pain", grace=0)
    known = known_at_start(tables, spec)
    instrument = tables.registry.get("nrs_pain")
    found = prepare(tables, known, spec, WEEKS_13_24, instrument, True, all_outcomes=False)
    assert isinstance(found, Prepared)
    one = found.comparison.resample(6, 3, workers=1).replicates
    two = found.comparison.resample(6, 3, workers=2).replicates
    np.testing.assert_allclose(one, two, rtol=1e-9)
