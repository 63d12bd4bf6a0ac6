"""Whom a report is about."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.analyses.selection import compared_outcomes, select_patients
from outcomes.errors import EstimationError
from outcomes.report.subjects import subjects
from outcomes.report.usage import UsageError
from outcomes.settings import Settings
from outcomes.tables import Tables
from tests.small_tables import sessions, table


def tables(settings: Settings | None = None) -> Tables:
    held = sessions(
        """
        patient session date clinic therapist_id
        a s1 2026-01-05 Salem T1
        b s2 2026-01-06 Portland T2
        b s3 2026-02-06 Salem T1
        """
    )
    return Tables(
        patients=table("patients", "patient clinic\na .\nb .\nc Portland"),
        sessions=held,
        as_of=pd.Timestamp("2026-06-30"),
        settings=settings or Settings(clinic_names={"Portland": "Portland <East>"}),
    )


def ids(found: Tables) -> list[str]:
    return sorted(found.patients["patient_id"])


def test_patients_belong_where_they_began_and_bring_all_their_visits() -> None:
    portland = select_patients(tables(), clinic="Portland")
    assert ids(portland) == ["b", "c"]
    assert portland.sessions is not None
    assert sorted(portland.sessions["session_id"]) == ["s2", "s3"]
    assert ids(select_patients(tables(), clinic="Salem")) == ["a"]
    assert ids(select_patients(tables(), therapist="T1")) == ["a"]
    assert ids(select_patients(tables())) == ["a", "b", "c"]


def test_nobody_left_is_an_error() -> None:
    with pytest.raises(EstimationError, match="No patient belongs"):
        select_patients(tables(), clinic="Salem", therapist="T2")


def test_subjects_of_a_run() -> None:
    assert [each.name for each in subjects(tables(), "", "")] == ["All clinics"]
    assert [each.name for each in subjects(tables(), "all", "")] == [
        "All clinics",
        "Portland <East>",
        "Salem",
    ]
    by_printed_name = subjects(tables(), "Portland <East>", "")
    assert [each.clinic for each in by_printed_name] == ["Portland"]
    assert [each.name for each in subjects(tables(), "Salem", "T1")] == ["Salem, patients of T1"]
    for clinic, therapist in (("Nowhere", ""), ("", "T9")):
        with pytest.raises(UsageError):
            subjects(tables(), clinic, therapist)


def test_what_can_be_compared_needs_arms_and_an_outcome() -> None:
    assert compared_outcomes(tables()) == ()
    arms = table("covariates", "patient name value\na arm one\nb arm two")
    scores = table(
        "assessments", "patient instrument date timing value\na nrs_pain 2026-01-05 pre 5"
    )
    periods = table(
        "headache_periods", "patient start days_observed headache_days\na 2026-01-05 28 4"
    )
    with_arms = Tables(tables().patients, pd.Timestamp("2026-06-30"), covariates=arms)
    assert compared_outcomes(with_arms) == ()
    both = Tables(
        tables().patients,
        pd.Timestamp("2026-06-30"),
        covariates=arms,
        assessments=scores,
        headache_periods=periods,
    )
    assert compared_outcomes(both) == ("nrs_pain", "headache_days")
