"""Adverse events and contraindications, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import SafetySpec, estimate_safety
from outcomes.derive.event_grade import derive_event_grade
from outcomes.present import Policy, disclose, safety
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import sessions, table


@cache
def clinic() -> Tables:
    people = table(
        "patients",
        """
        patient onset_date anticoagulants osteoporosis recent_surgery skin_infection cleared
        a       2026-01-01 1              0            0              0              1
        b       2026-01-02 1              0            0              0              0
        c       2025-01-01 0              1            .              .              .
        d       .          0              0            0              0              .
        e       .          .              .            .              .              .
        unseen  .          1              .            .              .              0
        """,
    )
    visits = sessions(
        "patient date session\n"
        + "\n".join(f"{name} 2026-01-0{5 + n} {name}{n}" for name in "abcde" for n in range(2))
        + "\n"
    )
    events = table(
        "adverse_events",
        """
        event_id session symptom  onset_hours duration_hours severity serious
        1        a0      soreness 1           10             3        0
        2        a0      headache 1           24             4        0
        3        b0      soreness 1           24             2        0
        4        c0      soreness 1           .              5        0
        5        d0      soreness 1           60             4        0
        """,
    )
    return Tables(people, pd.Timestamp("2026-03-01"), sessions=visits, adverse_events=events)


def row(result: AnalysisResult, term: str, group: str = "") -> pd.Series:
    rows = result.estimates
    rows = rows[(rows["term"] == term) & (rows["group"] == group)]
    assert len(rows) == 1, (term, group)
    return rows.iloc[0]


def counted(result: AnalysisResult, term: str, group: str = "") -> tuple[float, float]:
    found = row(result, term, group)
    return found["n_events"], found["n_patients"]


@pytest.mark.parametrize(
    ("severity", "hours", "serious", "grade"),
    [
        (3, 23, 0, "short_minor"),
        (3, 24, 0, "long_minor"),
        (3.5, 1, 0, "short_moderate"),
        (10, 24, 0, "long_moderate"),
        (1, 1, 1, "serious"),
        (None, None, 1, "serious"),
        (None, 5, 0, "ungraded"),
        (5, None, 0, "ungraded"),
    ],
)
def test_grades(severity: float | None, hours: float | None, serious: int, grade: str) -> None:
    events = pd.DataFrame(
        {"severity": [severity], "duration_hours": [hours], "serious": [serious]}
    ).astype("float64")
    assert list(derive_event_grade(events)) == [grade]


@pytest.mark.parametrize(
    ("term", "group", "events", "of"),
    [
        ("sessions_with_event", "", 4, 10),
        # the session with two events counts once, by the worse
        ("sessions_by_worst", "short_minor", 0, 10),
        ("sessions_by_worst", "long_minor", 1, 10),
        ("sessions_by_worst", "long_moderate", 2, 10),
        ("sessions_by_worst", "ungraded", 1, 10),
        ("sessions_by_symptom", "soreness", 4, 10),
        ("sessions_by_symptom", "headache", 1, 10),
        ("patients_with_event", "", 4, 5),
        ("duration", "under_24_hours", 1, 5),
        ("duration", "24_to_48_hours", 2, 5),
        ("duration", "over_48_hours", 1, 5),
        ("duration", "not_known", 1, 5),
        # e was asked nothing and is not screened; unseen was never treated
        ("screened", "", 4, 5),
        ("flagged", "", 3, 4),
        ("treated_without_clearance", "", 1, 3),
        ("clearance_not_recorded", "", 1, 3),
        ("flagged_by", "anticoagulants", 2, 4),
        # a was seen 4 days after the onset, b 3 days
        ("soon_after_onset", "", 1, 3),
    ],
)
def test_counts(term: str, group: str, events: int, of: int) -> None:
    assert counted(estimate_safety(clinic()), term, group) == (events, of)


def test_no_serious_event_gives_the_rule_of_three() -> None:
    found = row(estimate_safety(clinic()), "serious")
    assert found["estimate"] == 0
    assert found["conf_high"] == pytest.approx(1 - 0.05 ** (1 / 10))
    assert "rule of three" in found["method"]
    shown = safety(disclose({"s": estimate_safety(clinic())}, Policy()), "s")._repr_html_()
    assert "No serious event is recorded in 10 sessions" in shown
    assert "Treated although not cleared: 1 of 3 (33%)" in shown


def test_a_serious_event_is_counted_and_has_no_rule_of_three() -> None:
    tables = clinic()
    events = tables.adverse_events
    assert events is not None
    bad = replace(tables, adverse_events=events.assign(serious=[0.0, 0, 0, 0, 1]))
    found = row(estimate_safety(bad), "serious")
    assert (found["n_events"], found["method"]) == (1, "Wilson")


def test_what_is_not_recorded_is_said_and_not_counted_as_none() -> None:
    result = estimate_safety(replace(clinic(), adverse_events=None))
    assert row(result, "sessions_with_event")["status"] == "refused"
    assert counted(result, "treated_without_clearance") == (1, 3)
    shown = safety(disclose({"s": result}, Policy()), "s")._repr_html_()
    assert "Adverse events are not recorded" in shown
    assert "No serious event" not in shown


def test_only_the_sessions_of_a_period() -> None:
    result = estimate_safety(clinic(), SafetySpec(first="2026-01-06"))
    assert counted(result, "sessions_with_event") == (0, 5)
