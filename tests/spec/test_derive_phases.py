"""Initial, consolidation and maintenance phase, and time zero."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import derive_phases, derive_sessions, derive_time_zero
from outcomes.settings import CutPoints
from tests.small_tables import dates, sessions

CUTS = CutPoints()
FIRST = pd.Timestamp("2026-01-01")


def attended(*gaps: int, patient: str = "A") -> pd.DataFrame:
    """Sessions with these days between them."""
    days = pd.Series([0, *gaps]).cumsum()
    lines = [f"{patient} {FIRST + pd.Timedelta(days=int(day)):%Y-%m-%d}" for day in days]
    return derive_sessions(sessions("\n".join(["patient date", *lines])), CUTS)


def phases(*gaps: int) -> str:
    """First letters of the phases."""
    return "".join(derive_phases(attended(*gaps), CUTS)["phase"].str[0])


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([7] * 8, "iiicccmmm"),
        ([7, 7, 7, 14, 7, 7], "iiicmmm"),  # the gap after session 4
        ([7, 7, 7, 13, 7, 7], "iiicccm"),
        ([7, 7, 20, 7, 7, 7], "iiicccm"),  # the gap after session 3 does not count
        ([20, 20, 20, 7, 7, 7], "iiicccm"),
        ([7, 7, 7, 7, 30, 7, 7], "iiiccmmm"),  # maintenance lasts, whatever the later gaps
        ([], "i"),
        ([7, 7, 95, 7, 7, 7, 7], "iiiiiicc"),  # a new episode is a new course of care
        ([7, 7, 7, 20, 95, 7, 7, 7, 7, 7, 7], "iiicmiiicccm"),
    ],
)
def test_phases(gaps: list[int], expected: str) -> None:
    assert phases(*gaps) == expected


def zero(*gaps: int, as_of: str | None = None) -> str | None:
    end = None if as_of is None else pd.Timestamp(as_of)
    found = derive_time_zero(attended(*gaps), CUTS, end)
    assert found["patient_id"].tolist() == ["A"]
    return dates(found["time_zero"])[0]


def test_time_zero_is_the_last_session_of_the_active_phase() -> None:
    assert zero(7, 7, 7, 7, 7, 7, 7) == "2026-02-05"  # session 6
    assert zero(7, 7, 7, 30, 7) == "2026-01-22"  # session 4, before the gap
    assert zero(7, 7, 7, 7, 7, as_of="2026-02-05") == "2026-02-05"  # session 6 was today
    assert zero(7, 7, 7, 7, as_of="2026-02-05") is None


def test_those_who_never_came_back_have_one_too() -> None:
    assert zero(7, 7, 7) == "2026-01-22"
    assert zero(7, 7, 7, as_of="2026-02-05") == "2026-01-22"  # 14 days without a session
    assert zero(7, 7, 7, as_of="2026-02-04") is None  # the phase may still go on


def test_fewer_than_four_sessions_never_end_the_active_phase() -> None:
    assert zero() is None
    assert zero(7, 7) is None
    assert zero(7, 7, 95, 7, 7, 7, 7, 7, 7) is None  # the first episode had three


def test_time_zero_is_that_of_the_first_episode() -> None:
    assert zero(7, 7, 7, 95, 7, 7, 7, 7, 7, 7) == "2026-01-22"


def test_cut_points_can_be_changed() -> None:
    cuts = CutPoints(initial_sessions=1, active_sessions=2, maintenance_gap_after=2)
    assert "".join(derive_phases(attended(7, 7, 7), cuts)["phase"].str[0]) == "icmm"
