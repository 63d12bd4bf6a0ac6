"""Whom the reports of a run are about: everyone, one clinic each, or one therapist's patients."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.analyses.cohorts import therapists_of
from outcomes.analyses.selection import clinics_of
from outcomes.present.sections.cover import subject_name
from outcomes.report.usage import UsageError
from outcomes.tables import Tables

EVERYONE = "all"


@dataclass(frozen=True)
class Subject:
    """Whom a report is about.

    Parameters
    ----------
    clinic, therapist : str
        Code in the data; empty for no restriction.
    name : str
        Name for people.
    """

    clinic: str
    therapist: str
    name: str


def subjects(tables: Tables, clinic: str, therapist: str) -> tuple[Subject, ...]:
    """List whom reports are to be made about.

    Parameters
    ----------
    tables : Tables
        The data set.
    clinic : str
        Code or printed name of a clinic; ``all`` for everyone together and each clinic; empty for
        everyone together.
    therapist : str
        Id of a therapist; empty for no restriction.

    Returns
    -------
    tuple of Subject
        At least one.

    Raises
    ------
    UsageError
        If there is no such clinic or therapist in the data.
    """
    names = tables.settings.clinic_names
    clinics = clinics_of(tables)
    codes = [code for code in clinics if code]
    if therapist:
        _check_therapist(tables, therapist)
    suffix = f"patients of {therapist}" if therapist else ""
    everyone = Subject("", therapist, _joined(subject_name(clinics, tables.settings), suffix))
    if not clinic:
        return (everyone,)
    if clinic == EVERYONE:
        if len(clinics) < 2:
            return (everyone,)
        each = (Subject(code, therapist, _joined(names.get(code, code), suffix)) for code in codes)
        return (everyone, *each)
    found = [code for code in codes if clinic in (code, names.get(code))]
    if not found:
        known = ", ".join(names.get(code, code) for code in codes)
        raise UsageError(
            "No patient belongs to a clinic of that name.",
            f"The clinics in the data are: {known}." if codes else "The data name no clinic.",
        )
    return (Subject(found[0], therapist, _joined(names.get(found[0], found[0]), suffix)),)


def _check_therapist(tables: Tables, therapist: str) -> None:
    if therapist not in therapists_of(tables):
        raise UsageError(
            "There is no therapist of that id in the data.",
            "Give an id as it stands in sessions, column therapist_id.",
        )


def _joined(name: str, suffix: str) -> str:
    return f"{name}, {suffix}" if suffix else name
