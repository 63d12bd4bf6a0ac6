"""Whom a report is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from outcomes.analyses.selection import (
    clinics_of,
    clinics_too_small,
    compared_outcomes,
    select_patients,
)
from outcomes.errors import EstimationError
from outcomes.present import Policy
from outcomes.report.make import ReportOrder, _folder, _shown, _subjects
from outcomes.report.period import read_period
from outcomes.report.subjects import Subject, subjects
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


def test_patients_belong_to_their_clinic_and_their_last_therapist_with_all_their_visits() -> None:
    portland = select_patients(tables(), clinic="Portland")
    assert ids(portland) == ["b", "c"]
    assert portland.sessions is not None
    assert sorted(portland.sessions["session_id"]) == ["s2", "s3"]
    assert ids(select_patients(tables(), clinic="Salem")) == ["a"]
    # b began with T2 and came to T1 last; c never came
    assert ids(select_patients(tables(), therapist="T1")) == ["a", "b"]
    before = tables().at(pd.Timestamp("2026-01-31"))
    assert ids(select_patients(before, therapist="T2")) == ["b"]
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


def clinics(**sizes: int) -> Tables:
    """Patients of clinics by size; those of `none` belong to no clinic."""
    rows = [
        f"{code}{each} {code.replace('none', '.')}"
        for code, size in sizes.items()
        for each in range(size)
    ]
    persons = table("patients", "\n".join(["patient clinic", *rows]))
    return Tables(persons, as_of=pd.Timestamp("2026-06-30"), settings=Settings())


@pytest.mark.parametrize(
    ("sizes", "small"),
    [
        ({"Salem": 30, "Gresham": 5}, ("Gresham",)),
        ({"Salem": 30, "Gresham": 5, "none": 7}, ("", "Gresham")),
        ({"Salem": 30, "Gresham": 8}, ()),
        ({"Salem": 5, "Gresham": 5}, ()),  # neither is shown, so neither is all less the other
        ({"none": 30, "Gresham": 5}, ("Gresham",)),
    ],
)
def test_clinics_too_small_for_outside(sizes: dict[str, int], small: tuple[str, ...]) -> None:
    found = clinics_too_small(clinics(**sizes), Policy("outside").smallest_clinic)
    assert found == small
    assert clinics_too_small(clinics(**sizes), Policy().smallest_clinic) == ()
    kept = clinics_of(select_patients(clinics(**sizes), without=found))
    assert set(kept) == set(clinics_of(clinics(**sizes))) - set(small)


def test_no_outside_release_is_all_less_the_others() -> None:
    """What `all` publishes of 30, 20 and 5 patients adds up without the five."""
    data = clinics(Salem=30, Portland=20, Gresham=5)
    said: list[str] = []
    order = ReportOrder(Path("x"), Path("y"), clinic="all", audience="outside")
    whom = _subjects(order, data, said.append)
    assert [each.name for each in whom] == ["All clinics", "Portland", "Salem"]
    assert said == ["Patients of clinics too small to be shown are in no number of this release."]
    with pytest.raises(UsageError, match="too few patients"):
        _subjects(replace(order, clinic="Gresham"), data, said.append)
    inside = _subjects(replace(order, audience="inside"), data, said.append)
    assert [each.name for each in inside] == ["All clinics", "Gresham", "Portland", "Salem"]


def test_each_order_has_a_folder_of_its_own() -> None:
    order = ReportOrder(Path("data"), Path("out"))
    others = (
        replace(order, data=Path("other")),
        replace(order, compare="year"),
        replace(order, as_of="2026-09-30"),
        replace(order, paper="letter"),
    )
    salem, period = Subject("S", "", "Salem"), read_period("2026Q3")
    names = {_folder(each, "manager", salem, period) for each in (order, *others)}
    assert len(names) == 5
    again = replace(order, data=Path("data").resolve())
    assert _folder(again, "manager", salem, period) in names


def test_the_page_of_a_day_carries_the_day() -> None:
    quarter, day = read_period("2026Q3"), pd.Timestamp("2026-08-12")
    shown = _shown("therapist", quarter, day)
    order, salem = ReportOrder(Path("data"), Path("out")), Subject("S", "", "Salem")
    assert _folder(order, "therapist", salem, shown).startswith("the-day-salem-2026-08-12-")
    assert _shown("manager", quarter, day) is quarter
