"""Who responded: yes, no, or not known."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import derive_responder
from outcomes.instruments import Instrument, Threshold, default_registry

PAIN = default_registry().get("nrs_pain")
FUNCTION = default_registry().get("psfs")
NAN = float("nan")


def respond(
    pairs: list[tuple[float, float]], instrument: Instrument, threshold: Threshold
) -> list[str]:
    frame = pd.DataFrame(pairs, columns=["baseline", "value"], dtype="float64")
    found = derive_responder(frame["baseline"], frame["value"], instrument, threshold)
    assert found.dtype == "str"
    return found.tolist()


def test_points() -> None:
    two = PAIN.threshold("two_points")
    pairs = [(7, 5), (7, 5.1), (5, 7), (1, 0), (7, NAN), (NAN, 5)]
    assert respond(pairs, PAIN, two) == ["yes", "no", "no", "no", "missing", "missing"]
    assert respond([(3, 5), (5, 3)], FUNCTION, FUNCTION.threshold()) == ["yes", "no"]


def test_percent_of_the_baseline() -> None:
    third = PAIN.threshold("moderate")
    # 7 less 30 % is 4.9, which is not a number that a computer holds exactly
    pairs = [(7, 4.9), (7, 5), (10, 7), (0, 0), (0, 3), (2, 2)]
    assert respond(pairs, PAIN, third) == ["yes", "no", "yes", "missing", "missing", "no"]


@pytest.mark.parametrize("baseline", [value / 10 for value in range(1, 101)])
def test_percent_is_met_exactly_at_the_threshold(baseline: float) -> None:
    half = PAIN.threshold("substantial")
    assert respond([(baseline, baseline * 0.5)], PAIN, half) == ["yes"]
    assert respond([(baseline, baseline * 0.5 + 1e-3)], PAIN, half) == ["no"]


def test_percent_where_more_is_better() -> None:
    quarter = Threshold("quarter", "percent", 25, "a quarter better")
    assert respond([(4, 5), (4, 4.9), (0, 5)], FUNCTION, quarter) == ["yes", "no", "missing"]


def test_state_needs_no_baseline() -> None:
    low = PAIN.threshold("acceptable")
    pairs = [(7, 2), (7, 2.5), (2, 2), (NAN, 1), (7, NAN), (0, 0)]
    assert respond(pairs, PAIN, low) == ["yes", "no", "yes", "yes", "missing", "yes"]
    able = Threshold("able", "state", 8, "able")
    assert respond([(1, 8), (1, 7.9)], FUNCTION, able) == ["yes", "no"]


def test_global_ratings_are_judged_by_the_answer() -> None:
    pgic = default_registry().get("pgic")
    pairs = [(NAN, 1), (NAN, 2), (NAN, 3), (NAN, NAN)]
    assert respond(pairs, pgic, pgic.threshold()) == ["yes", "yes", "no", "missing"]
    groc = default_registry().get("groc")
    assert respond([(NAN, 3), (NAN, 2)], groc, groc.threshold()) == ["yes", "no"]


def test_the_index_of_the_value_is_kept() -> None:
    value = pd.Series([1.0], index=["P7"])
    found = derive_responder(pd.Series([5.0]), value, PAIN, PAIN.threshold())
    assert found.index.tolist() == ["P7"]
