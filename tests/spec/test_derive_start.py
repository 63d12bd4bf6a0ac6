"""Episodes, the start of care and the baseline."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import derive_baseline, derive_change, derive_sessions, derive_start
from outcomes.instruments import default_registry
from outcomes.settings import CutPoints
from tests.small_tables import assessments, cells, dates, patients, sessions, start, table

CUTS = CutPoints()


def test_a_gap_of_ninety_days_opens_an_episode() -> None:
    held = sessions("""
        patient date
        A       2026-01-01
        A       2026-01-08
        A       2026-04-07
        A       2026-07-06
        B       2026-01-01
    """)
    found = derive_sessions(held, CUTS)  # gaps of 7, 89 and 90 days
    assert found["gap_days"].isna().tolist() == [True, False, False, False, True]
    assert cells(found["gap_days"]) == [None, 7, 89, 90, None]
    assert found["episode"].tolist() == [1, 1, 1, 2, 1]
    assert found["session_number"].tolist() == [1, 2, 3, 4, 1]
    assert found["episode_session"].tolist() == [1, 2, 3, 1, 1]


def test_only_attended_sessions_count() -> None:
    held = sessions("""
        patient date       status
        A       2026-01-01 no_show
        A       2026-01-08 attended
        A       2026-03-01 cancelled
        A       2026-04-10 attended
        A       2026-09-01 booked
    """)
    found = derive_sessions(held, CUTS)
    assert dates(found["date"]) == ["2026-01-08", "2026-04-10"]
    assert found["episode"].tolist() == [1, 2]  # the cancelled one does not bridge 92 days


def test_sessions_come_in_order_whatever_the_order_given() -> None:
    held = sessions("""
        patient session date       time
        B       x       2026-01-05 .
        A       q       2026-01-05 .
        A       p       2026-01-05 14:00
        A       r       2026-01-05 09:30
        A       o       2026-01-05 14:00
        A       n       2025-12-31 .
    """)
    found = derive_sessions(held, CUTS)
    assert found["session_id"].tolist() == ["n", "r", "o", "p", "q", "x"]
    shuffled = held.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(derive_sessions(shuffled, CUTS), found)


def test_start_is_the_first_attended_session_or_the_index_date() -> None:
    persons = table(
        "patients",
        """
        patient index_date
        C       2026-02-02
        A       2026-02-02
        B       .
        D       .
        """,
    )
    held = sessions("""
        patient session date       status
        A       a0      2026-01-01 no_show
        A       a2      2026-01-15 attended
        A       a1      2026-01-08 attended
        B       b1      2026-03-01 booked
        X       x1      2026-01-01 attended
    """)
    found = derive_start(persons, held, CUTS)
    assert found["patient_id"].tolist() == ["A", "B", "C", "D"]
    assert dates(found["start"]) == ["2026-01-08", None, "2026-02-02", None]
    assert cells(found["first_session"]) == ["a1", None, None, None]


def test_start_without_sessions() -> None:
    persons = table("patients", "patient index_date\nA 2026-02-02")
    found = derive_start(persons, None, CUTS)
    assert dates(found["start"]) == ["2026-02-02"]
    assert found["first_session"].isna().all()


def test_start_stays_with_the_first_episode() -> None:
    held = sessions("patient date\nA 2026-01-01\nA 2026-06-01")
    assert dates(derive_start(patients("A"), held, CUTS)["start"]) == ["2026-01-01"]


def baseline(text: str, begin: str = "A 2026-03-01 s1") -> tuple[object, object, object]:
    begun = start("patient start first_session\n" + begin)
    found = derive_baseline(assessments(text), begun, "nrs_pain", CUTS)
    assert len(found) == 1
    return (
        cells(found["baseline"])[0],
        dates(found["baseline_date"])[0],
        cells(found["baseline_timing"])[0],
    )


def test_baseline_is_the_last_score_up_to_the_start() -> None:
    assert baseline("""
        patient date       value
        A       2026-02-20 7
        A       2026-02-25 6
        A       2026-03-02 3
    """) == (6, "2026-02-25", "remote")


def test_the_score_before_session_one_counts_and_one_after_it_never() -> None:
    assert baseline("""
        patient date       value timing session
        A       2026-02-25 6     remote .
        A       2026-03-01 7     pre    s1
        A       2026-03-01 2     post   s1
    """) == (7, "2026-03-01", "pre")
    assert baseline("patient date value timing\nA 2026-03-01 2 post") == (None, None, None)


def test_on_the_day_of_the_start_a_score_before_the_session_wins() -> None:
    assert baseline("""
        patient date       value timing session
        A       2026-03-01 3     remote .
        A       2026-03-01 7     pre    s1
    """) == (7, "2026-03-01", "pre")
    assert baseline("patient date value timing\nA 2026-03-01 3 remote")[0] == 3


def test_a_score_before_the_second_session_of_the_first_day_followed_the_first() -> None:
    assert baseline("""
        patient date       value timing session
        A       2026-02-25 6     remote .
        A       2026-03-01 2     pre    s2
    """) == (6, "2026-02-25", "remote")
    assert baseline("patient date value timing\nA 2026-03-01 8 pre")[0] == 8


@pytest.mark.parametrize(("day", "value"), [("2026-02-01", 5), ("2026-01-31", None)])
def test_baseline_is_at_most_twenty_eight_days_old(day: str, value: float | None) -> None:
    assert baseline(f"patient date value\nA {day} 5")[0] == value


def test_missing_scores_and_other_instruments_are_no_baseline() -> None:
    text = "patient date value\nA 2026-02-20 7\nA 2026-02-25 ."
    assert baseline(text) == (7, "2026-02-20", "remote")
    begun = start("patient start\nA 2026-03-01")
    assert (
        derive_baseline(assessments(text, "ndi"), begun, "nrs_pain", CUTS)["baseline"].isna().all()
    )


def test_no_start_no_baseline() -> None:
    assert baseline("patient date value\nA 2026-02-20 7", "A . .") == (None, None, None)


def test_baseline_without_assessments() -> None:
    found = derive_baseline(None, start("patient start\nA 2026-03-01"), "nrs_pain", CUTS)
    assert found["patient_id"].tolist() == ["A"] and found["baseline"].isna().all()


@pytest.mark.parametrize(
    ("code", "change", "improvement"), [("nrs_pain", -3.0, 3.0), ("psfs", -3.0, -3.0)]
)
def test_improvement_is_positive_when_better(code: str, change: float, improvement: float) -> None:
    frame = pd.DataFrame({"baseline": [7.0, None, 7.0], "value": [4.0, 4.0, None]})
    found = derive_change(frame, default_registry().get(code))
    assert found["change"].tolist()[0] == change
    assert found["improvement"].tolist()[0] == improvement
    assert found[["change", "improvement"]].isna().to_numpy()[1:].all()
