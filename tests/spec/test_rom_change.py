"""Degrees first, percent from means only, shares with their denominators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import RomChangeSpec, estimate_rom_change
from outcomes.results import AnalysisResult
from outcomes.stats.intervals import wilson
from outcomes.tables import Tables
from tests.course_tables import data_set, people, scores

DAYS = [0, 84]
LEFT, RIGHT = "rom_left_rotation", "rom_right_rotation"
MDC95 = 11.4


def measured(n: int = 40, start: float = 50.0, gain: float = 12.0, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    before = start + rng.normal(0, 6, n)
    return np.column_stack([before, before + gain + rng.normal(0, 5, n)])


def tables(**movements: np.ndarray) -> Tables:
    n = len(next(iter(movements.values())))
    parts = [scores(given, DAYS, code, "pre") for code, given in movements.items()]
    return data_set(people(n), assessments=pd.concat(parts, ignore_index=True))


def row(result: AnalysisResult, outcome: str, term: str, landmark: str = "day 84") -> pd.Series:
    rows = result.estimates
    chosen = rows[
        (rows["outcome"] == outcome) & (rows["term"] == term) & (rows["landmark"] == landmark)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_degrees_and_percent_of_the_mean() -> None:
    given = measured()
    result = estimate_rom_change(tables(**{LEFT: given}))
    change = row(result, LEFT, "change")
    assert change["estimate"] == pytest.approx((given[:, 1] - given[:, 0]).mean(), abs=1e-6)
    assert change["unit"] == "degrees"
    percent = row(result, LEFT, "percent_change")
    of_means = 100 * (given[:, 1].mean() / given[:, 0].mean() - 1)
    of_people = (100 * (given[:, 1] / given[:, 0] - 1)).mean()
    assert percent["estimate"] == pytest.approx(of_means, abs=1e-6)
    assert abs(of_means - of_people) > 0.1
    assert percent["unit"] == "%"


def test_the_interval_of_a_percentage_is_that_of_the_delta_method() -> None:
    given = measured()
    percent = row(estimate_rom_change(tables(**{LEFT: given})), LEFT, "percent_change")
    first, later = given.mean(axis=0)
    gradient = 100 * np.array([-later / first**2, 1 / first])
    variance = gradient @ (np.cov(given.T) / len(given)) @ gradient
    assert percent["std_error"] == pytest.approx(variance**0.5, rel=1e-4)


def test_a_percentage_of_a_small_start_is_refused() -> None:
    # Twice the MDC95 is 22.8 degrees.
    below = estimate_rom_change(tables(**{LEFT: measured(start=20.0)}))
    refused = row(below, LEFT, "percent_change")
    assert refused["status"] == "refused" and np.isnan(refused["estimate"])
    assert "11.4" in refused["note"]
    assert row(below, LEFT, "change")["status"] == "ok"
    above = estimate_rom_change(tables(**{LEFT: measured(start=26.0)}))
    assert row(above, LEFT, "percent_change")["status"] == "ok"


def test_share_beyond_measurement_error_counts_those_measured_twice() -> None:
    given = measured()
    given[:5, 1] = np.nan
    given[5:8, 0] = np.nan
    share = row(estimate_rom_change(tables(**{LEFT: given})), LEFT, "beyond_mdc95")
    gain = (given[:, 1] - given[:, 0])[~np.isnan(given).any(axis=1)]
    events = int((gain > MDC95).sum())
    assert (share["n_patients"], share["n_events"], share["n_eligible"]) == (32, events, 40)
    low, high = wilson(events, 32)
    assert share["estimate"] == pytest.approx(events / 32)
    assert (share["conf_low"], share["conf_high"]) == pytest.approx((float(low), float(high)))


def test_exactly_the_measurement_error_is_not_beyond_it() -> None:
    given = np.column_stack([np.linspace(40, 60, 20), np.linspace(40, 60, 20) + MDC95])
    given[:10, 1] += np.linspace(0.5, 3, 10)
    share = row(estimate_rom_change(tables(**{LEFT: given})), LEFT, "beyond_mdc95")
    assert share["n_events"] == 10


def test_sides_are_compared_in_those_measured_on_both() -> None:
    left, right = measured(seed=1), measured(seed=2)
    right[0, 0] = np.nan
    result = estimate_rom_change(tables(**{LEFT: left, RIGHT: right}))
    gap = np.abs(right - left)
    mean = row(result, "rom_rotation", "asymmetry", "day 0")
    assert mean["n_patients"] == 39
    assert mean["estimate"] == pytest.approx(np.nanmean(gap[:, 0]))
    share = row(result, "rom_rotation", "asymmetric")
    assert share["n_events"] == (gap[:, 1] > MDC95).sum()


def test_p_values_are_adjusted_over_the_movements_tested() -> None:
    alone = row(estimate_rom_change(tables(**{LEFT: measured(gain=1.0)})), LEFT, "change")
    both = tables(**{LEFT: measured(gain=1.0), RIGHT: measured(gain=30.0, seed=2)})
    result = estimate_rom_change(both)
    weak, strong = row(result, LEFT, "change"), row(result, RIGHT, "change")
    # Holm doubles the smaller of two and leaves the larger as it is.
    assert weak["p_value"] == pytest.approx(alone["p_value"], rel=1e-6)
    assert strong["p_value"] < 1e-10
    assert "2 movements (Holm)" in weak["method"]
    same = tables(**{LEFT: measured(gain=1.0), RIGHT: measured(gain=1.0)})
    doubled = row(estimate_rom_change(same), LEFT, "change")
    assert doubled["p_value"] == pytest.approx(min(1.0, 2 * alone["p_value"]), rel=1e-6)


def test_a_movement_that_was_not_measured_is_named() -> None:
    result = estimate_rom_change(tables(**{LEFT: measured()}))
    rows = result.estimates[result.estimates["outcome"] == "rom_flexion"]
    assert list(rows["status"]) == ["refused"]
    assert rows["note"].iloc[0] == "this movement was not measured"


def test_several_devices_are_pointed_out_and_one_can_be_chosen() -> None:
    given = tables(**{LEFT: measured()})
    first = given.assessments["patient_id"] < "p020"
    mixed = given.assessments.assign(device=np.where(first, "CROM", "goniometer"))
    given = data_set(given.patients, assessments=mixed)
    result = estimate_rom_change(given)
    assert "2 devices (CROM, goniometer)" in result.notes[0]
    one = estimate_rom_change(given, RomChangeSpec(device="CROM"))
    assert row(one, LEFT, "change")["n_patients"] == 20
    assert not any("devices" in note for note in one.notes)


def test_notes_name_movements_as_people_do() -> None:
    few, many = measured(25), measured(40)
    few = np.vstack([few, np.full((15, 2), np.nan)])
    result = estimate_rom_change(tables(rom_flexion=few, rom_extension=many))
    assert any(note.startswith("Bending forward: A simpler") for note in result.notes)


def test_nothing_measured_is_said() -> None:
    result = estimate_rom_change(data_set(people(5)))
    assert list(result.estimates["status"]) == ["refused"]
    assert "range of motion" in result.notes[0]
