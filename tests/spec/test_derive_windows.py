"""Analysis windows, soreness, and the choice of one timing."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import choose_timing, derive_windows
from outcomes.settings import CutPoints, Window
from tests.small_tables import AS_OF, assessments, cells, dates, sessions, start

CUTS = CutPoints()
BEGUN = start("patient start first_session\nA 2026-01-01 s1")
DAYS = [0, 14, 28, 42, 56, 84, 182, 364, 546, 728, 910, 1092]


def windows(
    scores: str,
    *,
    timing: str = "remote",
    held: str | None = None,
    as_of: str = "2027-12-31",
    keep: bool = False,
) -> pd.DataFrame:
    found = derive_windows(
        assessments(scores),
        BEGUN,
        "nrs_pain",
        timing=timing,
        sessions=None if held is None else sessions(held),
        cuts=CUTS,
        as_of=pd.Timestamp(as_of),
        keep_near_session=keep,
    )
    assert found["window"].tolist() == DAYS
    return found.set_index("window")


def test_the_score_nearest_to_the_target_counts() -> None:
    found = windows("""
        patient date       value
        A       2025-12-30 8
        A       2026-01-10 5
        A       2026-01-16 4
        A       2026-01-20 3
    """)
    assert found.loc[0, "value"] == 8 and found.loc[14, "value"] == 4
    assert dates(found["date"])[:3] == ["2025-12-30", "2026-01-16", None]
    assert found["answered"].tolist()[:3] == [True, True, False]


def test_of_two_equally_near_the_earlier_counts() -> None:
    found = windows("patient date value\nA 2026-01-17 4\nA 2026-01-13 5")  # days 16 and 12
    assert found.loc[14, "value"] == 5


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (6, []),
        (7, [14]),
        (21, [14, 28]),  # the margins of two windows meet
        (69, []),
        (70, [84]),
        (98, [84]),
        (99, []),
        (153, []),
        (154, [182]),
        (211, []),
        (322, [364]),
        (406, [364]),
        (407, []),
        (1134, [1092]),
        (1135, []),
    ],
)
def test_margins_are_included(day: int, expected: list[int]) -> None:
    when = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
    found = windows(f"patient date value\nA {when:%Y-%m-%d} 4", as_of="2031-01-01")
    assert found.index[found["answered"]].tolist() == expected


def test_at_risk_once_elapsed_whether_answered_or_not() -> None:
    # 2026-01-20 is day 19: the window of day 14 ends on day 21
    found = windows("patient date value\nA 2025-12-30 8", as_of="2026-01-20")
    assert found.index[found["at_risk"]].tolist() == [0]
    found = windows("patient date value\nA 2026-01-19 8", as_of="2026-01-20")
    assert found.index[found["at_risk"]].tolist() == [0]
    assert found.loc[14, "answered"]
    found = windows("patient date value\nA 2025-12-30 8", as_of="2026-01-22")
    assert found.index[found["at_risk"]].tolist() == [0, 14]


def test_nothing_after_the_as_of_date_is_read() -> None:
    found = windows("patient date value\nA 2026-01-15 8", as_of="2026-01-14")
    assert not found["answered"].any()


def test_one_timing_never_mixed_never_after_a_session() -> None:
    scores = """
        patient date       value timing
        A       2026-01-14 3     post
        A       2026-01-15 4     pre
        A       2026-01-16 5     remote
    """
    assert windows(scores, timing="remote").loc[14, "value"] == 5
    assert windows(scores, timing="pre").loc[14, "value"] == 4
    with pytest.raises(ValueError, match="timing"):
        windows(scores, timing="post")


def test_scores_of_the_start_and_before_are_no_follow_up() -> None:
    cuts = CutPoints(windows=(Window(0, 7), Window(14, 14)))
    scores = assessments("patient date value\nA 2026-01-01 8\nA 2025-12-31 9")
    found = derive_windows(
        scores, BEGUN, "nrs_pain", timing="remote", sessions=None, cuts=cuts, as_of=AS_OF
    )
    assert found["answered"].tolist() == [True, False]


def test_a_score_after_the_start_is_no_baseline() -> None:
    assert not windows("patient date value\nA 2026-01-03 4").loc[0, "answered"]


def test_patients_without_a_start_are_not_at_risk() -> None:
    begun = start("patient start\nA .\nB 2026-01-01")
    found = derive_windows(
        assessments("patient date value\nA 2026-01-15 4\nB 2026-01-15 5"),
        begun,
        "nrs_pain",
        timing="remote",
        sessions=None,
        cuts=CUTS,
        as_of=AS_OF,
    )
    assert len(found) == 2 * len(DAYS)
    assert not found.loc[found["patient_id"] == "A", ["at_risk", "answered"]].to_numpy().any()
    assert cells(found.loc[found["answered"], "value"]) == [5]


# soreness


@pytest.mark.parametrize(
    ("day", "near"), [("13", False), ("14", True), ("15", True), ("16", False), ("17", False)]
)
def test_home_scores_have_no_hour_and_count_as_sore_that_day_and_the_next(
    day: str, near: bool
) -> None:
    for clock in (".", "10:00"):
        found = windows(
            f"patient date value\nA 2026-01-{day} 5",
            held=f"patient date time\nA 2026-01-14 {clock}",
        )
        assert found.loc[14, "near_session"] == near
        assert cells(found["value"])[1] == (None if near else 5)
        assert found.loc[14, "answered"] == (not near)
        assert found.loc[14, "at_risk"]


@pytest.mark.parametrize(
    ("first", "second", "near"),
    [
        ("12 10:00", "13 18:00", True),  # the day after, 32 hours
        ("12 10:00", "14 09:00", True),  # 47 hours
        ("12 10:00", "14 10:00", True),  # 48 hours
        ("12 10:00", "14 10:01", False),
        ("12 .", "13 18:00", True),  # the day after, untimed
        ("12 .", "14 09:00", False),
        ("12 10:00", "14 .", False),
        ("12 23:30", "15 00:00", False),
    ],
)
def test_scores_before_a_session_are_judged_by_the_hours_since_the_last_one(
    first: str, second: str, near: bool
) -> None:
    held = f"patient session date time\nA s1 2026-01-{first}\nA s2 2026-01-{second}"
    day = second.split()[0]
    scores = f"patient date value timing session\nA 2026-01-{day} 5 pre s2"
    found = windows(scores, timing="pre", held=held)
    assert found.loc[14, "near_session"] == near


def test_a_score_before_a_session_is_not_near_that_session() -> None:
    held = "patient session date time\nA s2 2026-01-15 10:00"
    scores = "patient date value timing session\nA 2026-01-15 5 pre s2"
    assert not windows(scores, timing="pre", held=held).loc[14, "near_session"]


def test_a_score_before_the_second_session_of_a_day_is_near_the_first() -> None:
    held = "patient session date time\nA z 2026-01-15 09:00\nA b 2026-01-15 15:00"
    scores = """
        patient date       value timing session
        A       2026-01-15 5     pre    b
        A       2026-01-15 6     pre    z
    """
    found = windows(scores, timing="pre", held=held)
    assert found.loc[14, "value"] == 6
    assert found.loc[14, "near_session"]


def test_a_score_linked_to_an_appointment_not_kept_follows_no_session_of_that_day() -> None:
    held = "patient session date status\nA s1 2026-01-15 no_show\nA s2 2026-01-15 attended"
    scores = "patient date value timing session\nA 2026-01-15 5 pre s1"
    assert windows(scores, timing="pre", held=held).loc[14, "value"] == 5


def test_appointments_not_kept_make_nobody_sore() -> None:
    held = "patient date status\nA 2026-01-14 no_show\nB 2026-01-15 attended"
    assert windows("patient date value\nA 2026-01-15 5", held=held).loc[14, "value"] == 5


def test_another_score_of_the_window_stands_in() -> None:
    scores = "patient date value\nA 2026-01-15 9\nA 2026-01-18 5"
    found = windows(scores, held="patient date\nA 2026-01-14")
    assert found.loc[14, "value"] == 5 and found.loc[14, "near_session"]


def test_the_sensitivity_analysis_keeps_them() -> None:
    scores = "patient date value\nA 2026-01-15 9\nA 2026-01-18 5\nA 2026-01-29 4"
    found = windows(scores, held="patient date\nA 2026-01-14", keep=True)
    assert found.loc[14, "value"] == 9 and found.loc[14, "near_session"]
    assert found.loc[28, "value"] == 4 and not found.loc[28, "near_session"]


# timing


def many(timing: str, answering: int) -> str:
    lines = [f"P{number} 2026-01-15 5 {timing}" for number in range(answering)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("remote", "pre", "expected"),
    [(4, 10, "remote"), (3, 10, "pre"), (3, 0, "remote"), (0, 0, "pre"), (0, 1, "pre")],
)
def test_home_answers_are_analysed_where_there_are_enough(
    remote: int, pre: int, expected: str
) -> None:
    begun = start("patient start\n" + "\n".join(f"P{number} 2026-01-01" for number in range(10)))
    text = "\n".join(["patient date value timing", many("remote", remote), many("pre", pre)])
    choice = choose_timing(assessments(text), begun, "nrs_pain", CUTS, pd.Timestamp("2026-01-25"))
    assert choice.timing == expected
    assert choice.at_risk == 10  # one window has elapsed
    assert choice.remote_share == remote / 10 and choice.pre_share == pre / 10


def test_timing_without_assessments() -> None:
    choice = choose_timing(None, BEGUN, "nrs_pain", CUTS, AS_OF)
    assert choice.timing == "pre" and choice.remote_share == 0
