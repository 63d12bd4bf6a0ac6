"""Staying, plans and lapses of a small clinic, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import RetentionSpec, estimate_retention
from outcomes.analyses.assemble import CADENCE_CAUTION
from outcomes.present import Policy, appointments_kept, cadence_over_time, disclose, plan_attendance
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, table

SPEC = RetentionSpec(months=4, min_patients=1, days=(0, 28, 84))


@cache
def clinic() -> Tables:
    """As of 30 June: once left at once, twice came on 2 and 30 January, others are in care."""
    visits = sessions(
        """
        patient date       status    booked_on
        once    2026-01-02 attended  2025-12-20
        twice   2026-01-02 attended  2025-12-20
        twice   2026-01-30 attended  2026-01-02
        weekly  2026-03-02 attended  2026-02-20
        weekly  2026-03-09 attended  2026-03-02
        weekly  2026-03-16 no_show   2026-03-09
        weekly  2026-05-04 attended  2026-05-01
        weekly  2026-06-01 cancelled 2026-05-04
        weekly  2026-06-22 attended  2026-06-01
        weekly  2026-07-06 booked    2026-06-22
        late    2026-06-15 attended  2026-06-01
        """
    )
    answers = assessments(
        """
        patient date       value timing
        once    2026-01-02 8     pre
        twice   2026-01-02 6     pre
        twice   2026-01-30 3     pre
        twice   2026-02-20 2     post
        weekly  2026-03-02 7     pre
        late    2026-06-15 5     pre
        """
    )
    plans = table(
        "plans",
        """
        patient_id date       plan          interval_days
        weekly     2026-03-02 weekly        7
        weekly     2026-03-16 monthly       .
        twice      2026-01-02 on_demand     .
        """,
    )
    people = patients("late", "once", "twice", "weekly")
    return Tables(
        people, pd.Timestamp("2026-06-30"), sessions=visits, assessments=answers, plans=plans
    )


def row(result: AnalysisResult, term: str, landmark: str = "", group: str = "") -> pd.Series:
    rows = result.estimates
    rows = rows[(rows["term"] == term) & (rows["landmark"] == landmark) & (rows["group"] == group)]
    assert len(rows) == 1, (term, landmark, group)
    return rows.iloc[0]


def test_leaving_is_dated_to_the_last_session_and_those_in_care_are_censored() -> None:
    result = estimate_retention(clinic(), SPEC)
    # late began in the last 90 days and is not judged; once left on day 0, twice on day 28, weekly
    # was in care on day 30, 90 days before the as-of date
    start = row(result, "still_in_care", "day 0")
    assert (start["estimate"], start["n_patients"], start["n_eligible"]) == (
        pytest.approx(2 / 3), 3, 3,
    )  # fmt: skip
    assert row(result, "still_in_care", "day 28")["estimate"] == pytest.approx(1 / 3)
    assert row(result, "still_in_care", "day 84")["status"] == "refused"


def test_appointments_by_month_and_over_all() -> None:
    result = estimate_retention(clinic(), SPEC)
    march, april = "2026-03-01 to 2026-03-31", "2026-04-01 to 2026-04-30"
    missed = row(result, "no_show", march)
    assert (missed["n_events"], missed["n_patients"]) == (1, 3)
    empty = row(result, "no_show", april)
    assert empty["status"] == "refused"
    assert "no session was recorded" in empty["note"]
    whole = row(result, "no_show")
    assert (whole["n_events"], whole["n_patients"]) == (1, 6)
    off = row(result, "cancelled")
    assert (off["n_events"], off["n_patients"]) == (1, 7)
    # booked at the end of the day: 2, 9 March, 4 May and 22 June; not after 15 June
    again = row(result, "rebooked")
    assert (again["n_events"], again["n_patients"]) == (4, 5)


def test_a_month_without_sessions_is_a_gap_and_not_zero() -> None:
    result = estimate_retention(clinic(), SPEC)
    mix = result.estimates[result.estimates["term"] == "cadence_share"]
    april = mix[mix["landmark"] == "2026-04-01 to 2026-04-30"]
    assert (april["status"] == "refused").all()
    assert april["estimate"].isna().all()
    june = mix[mix["landmark"] == "2026-06-01 to 2026-06-30"].set_index("group")
    assert june["n_events"].sum() == june["n_patients"].iloc[0] == 2
    assert CADENCE_CAUTION in result.notes
    shown = cadence_over_time(disclose({"r": result}, Policy()), "r")._repr_html_()
    assert "people who hurt come more often" in shown.lower()
    assert "is a gap" in shown


def test_plans_against_attendance() -> None:
    result = estimate_retention(clinic(), SPEC)
    # weekly stood for 14 days, one session of two; monthly for 84 days, one of three
    assert row(result, "attended_of_planned", group="weekly")["estimate"] == pytest.approx(0.5)
    assert row(result, "attended_of_planned", group="monthly")["estimate"] == pytest.approx(1 / 3)
    kept = row(result, "kept_plan", group="monthly")
    assert (kept["n_events"], kept["n_patients"]) == (0, 1)
    assert row(result, "attended_of_planned", group="on_demand")["status"] == "refused"
    assert row(result, "attended_sessions", group="on_demand")["estimate"] == pytest.approx(1 / 3)
    assert "Monthly" in plan_attendance(disclose({"r": result}, Policy()), "r")._repr_html_()


def test_who_is_lapsed_and_with_what_pain() -> None:
    result = estimate_retention(clinic(), SPEC)
    lapsed = row(result, "lapsed")
    assert (lapsed["n_events"], lapsed["n_patients"]) == (2, 4)
    # 8 of once; 3 of twice, whose later score followed a session
    pain = row(result, "lapsed_in_pain")
    assert (pain["n_events"], pain["n_patients"], pain["n_eligible"]) == (1, 2, 2)
    bands = result.estimates[result.estimates["term"] == "lapsed_by_last_pain"]
    assert dict(zip(bands["group"], bands["n_events"], strict=True)) == {
        "mild": 1, "moderate": 0, "severe": 1, "not known": 0,
    }  # fmt: skip


def test_who_has_no_appointment_ahead() -> None:
    ahead = row(estimate_retention(clinic(), SPEC), "no_future_booking")
    assert (ahead["n_events"], ahead["n_patients"]) == (1, 2)
    tables = clinic()
    visits = tables.sessions
    assert visits is not None
    none = replace(tables, sessions=visits[visits["status"] != "booked"].assign(booked_on=pd.NaT))
    result = estimate_retention(none, SPEC)
    for term in ("no_future_booking", "rebooked"):
        assert row(result, term)["status"] == "refused"
    shown = appointments_kept(disclose({"r": result}, Policy()), "r")._repr_html_()
    assert "is not known" in shown


def test_without_sessions_it_is_refused() -> None:
    result = estimate_retention(replace(clinic(), sessions=None), SPEC)
    assert (result.estimates["status"] == "refused").all()


def test_clinics_apart() -> None:
    tables = clinic()
    people = tables.patients.assign(clinic=["North", "North", "South", "South"])
    result = estimate_retention(replace(tables, patients=people), replace(SPEC, by_clinic=True))
    assert row(result, "no_show", group="South")["n_patients"] == 6 - 1
    assert "cadence_share" not in set(result.estimates["term"])
