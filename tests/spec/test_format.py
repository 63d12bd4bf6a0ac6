"""How numbers read on the page."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.present import format as write

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.45, 1, "2.5"),  # half away from zero, although the nearest binary number is below
        (0.25, 1, "0.3"),
        (-0.25, 1, "−0.3"),
        (-0.04, 1, "0.0"),  # never minus zero
        (1234.5, 1, "1,234.5"),
        (7, 0, "7"),
        (NAN, 1, "–"),
        (float("inf"), 1, "–"),
    ],
)
def test_score(value: float, decimals: int, text: str) -> None:
    assert write.score(value, decimals) == text


def test_a_change_has_a_sign_unless_it_rounds_to_nothing() -> None:
    assert write.signed(1.26) == "+1.3"
    assert write.signed(-1.26) == "−1.3"
    assert write.signed(0.04) == "0.0"
    assert write.signed(NAN) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (12_345_678, "12.3M"),
        (float("nan"), write.NOT_KNOWN),
    ],
)
def test_counts_where_there_is_little_room(value: float, text: str) -> None:
    assert write.short_number(value) == text


def test_counts_take_the_right_number() -> None:
    assert write.count(1, "patient") == "1 patient"
    assert write.count(0, "patient") == "0 patients"
    assert write.count(1204, "diary", "diaries") == "1,204 diaries"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (34, 120, "34 of 120 (28%)"),
        (0, 120, "0 of 120 (0%)"),
        (120, 120, "120 of 120 (100%)"),
        (1, 1200, "1 of 1,200 (under 1%)"),
        (1199, 1200, "1,199 of 1,200 (over 99%)"),
        (0, 0, "0 of 0"),
        (NAN, 10, "–"),
    ],
)
def test_a_percentage_brings_its_counts(part: float, whole: float, text: str) -> None:
    assert write.share(part, whole) == text


def test_intervals_and_estimates() -> None:
    assert write.interval(2.06, 3.44) == "2.1 to 3.4"
    assert write.interval(-3.2, -1.0) == "−3.2 to −1.0"
    assert write.interval(NAN, 3) == "–"
    assert write.estimate(2.7, 2.1, 3.4) == "2.7 (95% CI 2.1 to 3.4)"
    assert write.estimate(2.7, NAN, NAN) == "2.7"
    assert write.estimate(2.7, 2.1, 3.4, level=0.9) == "2.7 (90% CI 2.1 to 3.4)"
    assert (write.confidence(0.975), write.confidence(NAN)) == ("97.5% CI", "CI")
    assert write.proportion_interval(0.213, 0.338) == "21% to 34%"


def test_p_values() -> None:
    assert write.p_value(0.00012) == "p < 0.001"
    assert write.p_value(0.0312) == "p = 0.031"
    assert write.p_value(0.314) == "p = 0.31"


def test_dates() -> None:
    assert write.date("2026-09-03") == "3 September 2026"
    assert write.date(pd.NaT) == "–"
    assert write.dates("2026-07-01", "2026-09-30") == "1 July to 30 September 2026"
    assert write.dates("2025-12-01", "2026-02-28") == "1 December 2025 to 28 February 2026"


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (0, "start", "start"),
        (14, "2 weeks", "2 wk"),
        (84, "12 weeks", "12 wk"),
        (182, "6 months", "6 mo"),
        (364, "1 year", "1 yr"),
        (546, "18 months", "18 mo"),
        (1092, "3 years", "3 yr"),
        (10, "10 days", "10 d"),
        (1, "1 day", "1 d"),
    ],
)
def test_follow_up_times_in_the_unit_people_use(day: int, long: str, short: str) -> None:
    assert write.follow_up(day) == long
    assert write.follow_up(day, short=True) == short


def test_lists_read_as_in_a_sentence() -> None:
    assert write.listing([]) == ""
    assert write.listing(["pain"]) == "pain"
    assert write.listing(["pain", "sleep"]) == "pain and sleep"
    assert write.listing(["a", "b", "c"], "or") == "a, b or c"
