"""Headache days per 28 days and the days they rest on."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import derive_headache_days
from outcomes.settings import CutPoints
from tests.small_tables import cells, read, table

CUTS = CutPoints()


def spans(text: str) -> pd.DataFrame:
    frame = read(text).rename(columns={"patient": "patient_id"})
    return frame.astype({"first": "datetime64[us]", "last": "datetime64[us]"})


MONTH = spans("patient span first last\nA baseline 2026-01-01 2026-01-28")


def diary(filled: int, aching: int, patient: str = "A", first: str = "2026-01-01") -> pd.DataFrame:
    lines = ["patient date headache"]
    for number in range(filled):
        day = pd.Timestamp(first) + pd.Timedelta(days=number)
        lines.append(f"{patient} {day:%Y-%m-%d} {int(number < aching)}")
    return table("headache_diary", "\n".join(lines))


def test_days_per_28_have_the_days_filled_in_below_the_line() -> None:
    found = derive_headache_days(diary(20, 5), None, MONTH, CUTS).iloc[0]
    assert (found["days_observed"], found["headache_days"]) == (20, 5)
    assert found["per_28"] == pytest.approx(7.0)
    assert found["sufficient"] and found["recorded_in"] == "diary"


@pytest.mark.parametrize(("filled", "sufficient"), [(13, False), (14, True), (28, True)])
def test_fourteen_days_are_needed(filled: int, sufficient: bool) -> None:
    found = derive_headache_days(diary(filled, 7), None, MONTH, CUTS).iloc[0]
    assert found["sufficient"] == sufficient
    assert pd.isna(found["per_28"]) != sufficient
    assert found["headache_days"] == 7  # counted all the same


def test_days_not_filled_in_are_not_days_without_headache() -> None:
    found = derive_headache_days(diary(14, 14), None, MONTH, CUTS).iloc[0]
    assert found["per_28"] == 28


def test_both_ends_of_a_span_belong_to_it() -> None:
    found = derive_headache_days(diary(40, 40, first="2025-12-25"), None, MONTH, CUTS).iloc[0]
    assert found["days_observed"] == 28


def test_a_diary_day_without_the_answer_is_not_filled_in() -> None:
    days = diary(20, 5)
    days.loc[[0, 19], "headache"] = float("nan")
    found = derive_headache_days(days, None, MONTH, CUTS).iloc[0]
    assert (found["days_observed"], found["headache_days"]) == (18, 4)


def periods(text: str) -> pd.DataFrame:
    return table("headache_periods", "patient start days_observed headache_days\n" + text)


@pytest.mark.parametrize(
    ("line", "observed"),
    [
        ("A 2026-01-01 28 12", 28),
        ("A 2026-01-05 20 9", 20),
        ("A 2026-01-05 24 9", 24),
        ("A 2026-01-05 25 9", 0),  # does not end within the span
        ("A 2025-12-31 28 9", 0),
        ("B 2026-01-01 28 9", 0),
    ],
)
def test_counted_periods_lie_within_the_span(line: str, observed: int) -> None:
    found = derive_headache_days(None, periods(line), MONTH, CUTS).iloc[0]
    assert found["days_observed"] == observed
    assert pd.isna(found["recorded_in"]) == (observed == 0)


def test_counted_periods_are_added_up() -> None:
    counted = periods("A 2026-01-01 14 3\nA 2026-01-15 14 4.5")
    found = derive_headache_days(None, counted, MONTH, CUTS).iloc[0]
    assert (found["days_observed"], found["headache_days"], found["per_28"]) == (28, 7.5, 7.5)
    assert found["recorded_in"] == "period"


def test_counted_periods_are_not_added_to_a_diary_of_the_same_days() -> None:
    counted = periods("A 2026-01-01 28 20")
    found = derive_headache_days(diary(14, 7), counted, MONTH, CUTS).iloc[0]
    assert (found["days_observed"], found["headache_days"]) == (14, 7)


def test_one_row_a_span_in_the_order_asked() -> None:
    asked = spans("""
        patient span     first      last
        B       baseline 2026-01-01 2026-01-28
        A       after    2026-02-01 2026-02-28
        A       baseline 2026-01-01 2026-01-28
        A       none     .          2026-01-28
        A       turned   2026-01-28 2026-01-01
    """)
    days = pd.concat([diary(28, 4), diary(28, 2, "B"), diary(28, 1, "A", "2026-02-01")])
    found = derive_headache_days(days, None, asked, CUTS)
    assert found["span"].tolist() == ["baseline", "after", "baseline", "none", "turned"]
    assert cells(found["per_28"]) == [2, 1, 4, None, None]


def test_nothing_recorded() -> None:
    found = derive_headache_days(None, None, MONTH, CUTS).iloc[0]
    assert found["days_observed"] == 0 and not found["sufficient"] and pd.isna(found["per_28"])
