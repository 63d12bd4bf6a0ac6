"""Answers by follow-up time, month and group, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import CompletenessSpec, estimate_completeness
from outcomes.errors import EstimationError
from outcomes.present import Policy, answer_rates, disclose, who_answered
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, sessions, table

SPEC = CompletenessSpec(months=6, timing="remote", min_answers=1)


@cache
def clinic() -> Tables:
    """Four patients from 5 January, seen once or until March; two answer at 12 weeks."""
    people = table(
        "patients",
        """
        patient birth_year clinic sex
        a       1960       North  female
        b       1970       North  male
        c       1980       South  female
        d       1990       South  female
        """,
    )
    visits = sessions(
        """
        patient date
        a       2026-01-05
        a       2026-03-02
        b       2026-01-05
        b       2026-03-02
        c       2026-01-05
        d       2026-01-05
        """
    )
    answers = assessments(
        """
        patient date       value timing
        a       2026-01-05 8     pre
        b       2026-01-05 6     pre
        c       2026-01-05 4     pre
        d       2026-01-05 6     pre
        a       2026-03-30 2     remote
        c       2026-03-30 2     remote
        """
    )
    return Tables(people, pd.Timestamp("2026-06-30"), sessions=visits, assessments=answers)


def row(
    result: AnalysisResult, term: str, landmark: str, group: str = "", outcome: str = "nrs_pain"
) -> pd.Series:
    rows = result.estimates
    rows = rows[
        (rows["term"] == term)
        & (rows["landmark"] == landmark)
        & (rows["group"] == group)
        & (rows["outcome"] == outcome)
    ]
    assert len(rows) == 1, (term, landmark, group)
    return rows.iloc[0]


def test_fixed_and_variable_denominators() -> None:
    result = estimate_completeness(clinic(), SPEC)
    fixed = row(result, "answered", "day 84")
    assert (fixed["n_events"], fixed["n_patients"]) == (2, 4)
    # on day 70 c and d had not been seen for 70 days: they had lapsed
    coming = row(result, "answered_in_care", "day 84")
    assert (coming["n_events"], coming["n_patients"]) == (1, 2)


def test_a_score_falls_due_when_its_window_closes_and_empty_months_are_gaps() -> None:
    result = estimate_completeness(clinic(), SPEC)
    # day 98 is 13 April; days 56 and 84 + 14 close in March and April, none in June
    april = row(result, "answered", "2026-04-01 to 2026-04-30")
    assert (april["n_events"], april["n_patients"]) == (2, 4)
    june = row(result, "answered", "2026-06-01 to 2026-06-30")
    assert june["status"] == "refused"
    assert june["note"] == "no score fell due in this month"


def test_those_who_did_not_answer_at_the_start() -> None:
    result = estimate_completeness(clinic(), SPEC)
    assert row(result, "start_value", "day 84", "answered")["estimate"] == 6
    assert row(result, "start_value", "day 84", "answered", "age")["estimate"] == 56
    assert row(result, "start_value", "day 84", "not_answered", "age")["estimate"] == 46
    gap = row(result, "start_difference", "day 84", "", "age")
    assert gap["estimate"] == pytest.approx((46 - 56) / 200**0.5)
    women = row(result, "share_of", "day 84", "not_answered", "sex_female")
    assert (women["n_events"], women["n_patients"]) == (1, 2)
    release = disclose({"c": result}, Policy())
    assert "differed at the start in" in who_answered(release, "c")._repr_html_()
    assert "Of those then still coming" in answer_rates(release, "c")._repr_html_()


def test_by_clinic() -> None:
    result = estimate_completeness(clinic(), replace(SPEC, group_by="clinic"))
    assert row(result, "answered", "day 84", "North")["n_patients"] == 2
    assert "North" in answer_rates(disclose({"c": result}, Policy()), "c")._repr_html_()


def test_without_sessions_only_the_fixed_denominator() -> None:
    tables = clinic()
    people = tables.patients.assign(index_date=pd.Timestamp("2026-01-05"))
    result = estimate_completeness(replace(tables, patients=people, sessions=None), SPEC)
    assert row(result, "answered", "day 84")["n_patients"] == 4
    assert row(result, "answered_in_care", "day 84")["status"] == "refused"


def test_a_day_without_a_window_is_refused() -> None:
    with pytest.raises(EstimationError):
        estimate_completeness(clinic(), CompletenessSpec(window=83))
