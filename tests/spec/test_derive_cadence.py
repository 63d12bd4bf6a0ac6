"""How often patients came, known from the past only."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import cadence_at, derive_start, landmark_dates, rolling_cadence
from outcomes.settings import CutPoints
from tests.small_tables import cells, dates, patients, sessions, start

CUTS = CutPoints()
LATE = pd.Timestamp("2030-01-01")


def at(day: str, held: pd.DataFrame, as_of: pd.Timestamp = LATE, **changes: float) -> pd.Series:
    cuts = CutPoints(**changes)
    begun = derive_start(patients("A"), held, cuts)
    asked = pd.DataFrame({"patient_id": ["A"], "date": [pd.Timestamp(day)]})
    return cadence_at(asked, held, begun, cuts, as_of).iloc[0]


def over_84_days(number: int) -> pd.DataFrame:
    """A first session long ago, and `number` in the 84 days up to 2026-06-30."""
    last = pd.Timestamp("2026-06-30")
    days = [last - pd.Timedelta(days=step) for step in range(number)]
    lines = [f"A {day:%Y-%m-%d}" for day in [pd.Timestamp("2025-06-01"), *days]]
    return sessions("\n".join(["patient date", *lines]))


@pytest.mark.parametrize(
    ("number", "cadence"),
    [
        (12, "weekly"),
        (9, "weekly"),
        (8, "twice_monthly"),
        (4, "twice_monthly"),
        (3, "monthly"),
        (2, "monthly"),
        (1, "sparse"),
    ],
)
def test_sessions_over_a_full_window(number: int, cadence: str) -> None:
    found = at("2026-06-30", over_84_days(number))
    assert (found["n_sessions"], found["days"]) == (number, 84)
    assert found["per_28"] == pytest.approx(number / 3)
    assert found["cadence"] == cadence


def test_no_session_in_the_window_but_one_booked_is_sparse() -> None:
    held = sessions("""
        patient date       booked_on  status
        A       2026-01-01 2025-12-20 attended
        A       2026-07-20 2026-06-01 cancelled
    """)
    found = at("2026-06-30", held)
    assert found["cadence"] == "sparse" and found["n_sessions"] == 0 and found["booked"] == 1


def test_the_window_leaves_out_its_first_day_and_holds_its_last() -> None:
    # 2026-06-30 less 84 days is 2026-04-07
    held = "patient date\nA 2025-01-01\nA 2026-04-07\nA 2026-04-08\nA 2026-06-30\nA 2026-07-01"
    assert at("2026-06-30", sessions(held))["n_sessions"] == 2


@pytest.mark.parametrize(
    ("day", "days"),
    [("2026-01-01", 28), ("2026-01-20", 28), ("2026-01-30", 29), ("2026-04-01", 84)],
)
def test_since_the_first_session_where_that_is_shorter(day: str, days: int) -> None:
    found = at(day, sessions("patient date\nA 2026-01-01"))
    assert found["days"] == days


@pytest.mark.parametrize(("day", "cadence"), [("2026-03-01", "sparse"), ("2026-03-02", "lapsed")])
def test_lapsed_after_sixty_days(day: str, cadence: str) -> None:
    held = sessions("patient date booked_on\nA 2026-01-01 2025-12-20")  # 59 and 60 days before
    found = at(day, held)
    assert found["cadence"] == cadence and found["booked"] == 0


def test_lapsed_goes_first() -> None:
    busy = "\n".join(f"A 2026-01-{day:02d}" for day in range(1, 13))
    held = sessions("patient date\n" + busy)
    assert at("2026-03-13", held)["n_sessions"] == 12
    assert at("2026-03-13", held)["cadence"] == "lapsed"


BOOKED = """
    patient date       booked_on  status
    A       2026-01-01 2025-12-20 attended
    A       2026-06-01 2026-03-10 {status}
"""


@pytest.mark.parametrize("status", ["attended", "no_show", "cancelled", "booked"])
@pytest.mark.parametrize(
    ("day", "cadence"),
    [("2026-03-09", "lapsed"), ("2026-03-10", "sparse"), ("2026-05-31", "sparse")],
)
def test_booked_is_what_had_been_booked_by_then(status: str, day: str, cadence: str) -> None:
    assert at(day, sessions(BOOKED.format(status=status)))["cadence"] == cadence


def test_on_its_day_an_appointment_lies_no_longer_ahead() -> None:
    found = at("2026-06-01", sessions(BOOKED.format(status="no_show")))
    assert found["booked"] == 0 and found["cadence"] == "lapsed"


def test_without_booking_dates_it_is_not_known_what_was_booked() -> None:
    held = sessions("""
        patient date       status
        A       2026-01-01 attended
        A       2026-06-01 booked
    """)
    found = at("2026-03-10", held)
    assert pd.isna(found["booked"]) and found["cadence"] == "lapsed"


@pytest.mark.parametrize(
    ("status", "day", "cadence"),
    [
        ("booked", "2026-04-02", "sparse"),
        ("booked", "2026-04-01", "sparse"),
        ("booked", "2026-03-31", "lapsed"),  # its day has passed and nobody said what became of it
        ("cancelled", "2026-04-02", "lapsed"),
    ],
)
def test_at_the_end_of_the_data_the_status_says_what_is_booked(
    status: str, day: str, cadence: str
) -> None:
    held = sessions(f"patient date status\nA 2026-01-01 attended\nA {day} {status}")
    end = pd.Timestamp("2026-04-01")
    found = at("2026-04-01", held, as_of=end)
    assert found["cadence"] == cadence


def test_nothing_is_known_before_the_first_session_or_after_the_as_of_date() -> None:
    held = sessions("patient date\nA 2026-01-10")
    for found in (
        at("2026-01-09", held),
        at("2026-02-02", held, as_of=pd.Timestamp("2026-02-01")),
    ):
        assert found.drop(["patient_id", "date"]).isna().all()


def test_rows_come_back_as_they_were_asked() -> None:
    held = sessions("patient date\nA 2026-01-01\nB 2026-01-01")
    begun = derive_start(patients("A", "B"), held, CUTS)
    asked = pd.DataFrame(
        {
            "patient_id": ["B", "X", "A", "B"],
            "date": pd.to_datetime(["2026-03-01", "2026-03-01", "2026-01-02", "2026-01-02"]),
        }
    )
    found = cadence_at(asked, held, begun, CUTS, LATE)
    assert found["patient_id"].tolist() == ["B", "X", "A", "B"]
    assert cells(found["days"]) == [59, None, 28, 28]


def test_cut_points_can_be_changed() -> None:
    assert at("2026-06-30", over_84_days(9), weekly=3.5)["cadence"] == "twice_monthly"
    found = at("2026-06-30", over_84_days(9), cadence_window=28)
    assert found["days"] == 28 and found["per_28"] == 9


def test_rolling_cadence_counts_the_session_itself() -> None:
    held = sessions("""
        patient session date       status
        B       x       2026-01-01 attended
        A       c       2026-01-15 attended
        A       a       2026-01-01 attended
        A       b       2026-01-08 attended
        A       d       2026-01-16 no_show
        A       e       2026-08-01 attended
    """)
    begun = derive_start(patients("A", "B"), held, CUTS)
    found = rolling_cadence(held, begun, CUTS)
    assert found["session_id"].tolist() == ["a", "b", "c", "e", "x"]
    assert found["n_sessions"].tolist() == [1, 2, 3, 1, 1]
    assert found["days"].tolist() == [28, 28, 28, 84, 28]
    assert found["cadence"].tolist() == [
        "monthly",
        "twice_monthly",
        "weekly",
        "sparse",
        "monthly",
    ]


def test_landmarks_are_reached_by_the_as_of_date() -> None:
    begun = start("patient start\nA 2026-01-01\nB 2026-01-02\nC .")
    found = landmark_dates(begun, 30, pd.Timestamp("2026-01-31"))
    assert found["patient_id"].tolist() == ["A"] and dates(found["date"]) == ["2026-01-31"]


def test_no_sessions_no_cadence() -> None:
    begun = start("patient start\nA 2026-01-01")
    asked = pd.DataFrame({"patient_id": ["A"], "date": [pd.Timestamp("2026-03-01")]})
    found = cadence_at(asked, None, begun, CUTS, LATE)
    assert found["cadence"].isna().all() and found["n_sessions"].isna().all()
    assert rolling_cadence(None, begun, CUTS).empty
