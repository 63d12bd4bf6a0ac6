"""Whom the reports of a run are about: everyone, one clinic each, or one therapist's patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from outcomes.derive.patient import derive_patients
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
    people = derive_patients(tables)
    names = tables.settings.clinic_names
    codes = sorted(set(people["clinic"].dropna()) - {""})
    if therapist:
        _check_therapist(people, therapist)
    suffix = f"patients of {therapist}" if therapist else ""
    everyone = Subject("", therapist, _together(codes, names, suffix))
    if not clinic:
        return (everyone,)
    if clinic == EVERYONE:
        if len(codes) < 2:
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


def _check_therapist(people: pd.DataFrame, therapist: str) -> None:
    if not (people["therapist_id"] == therapist).any():
        raise UsageError(
            "No patient began care with a therapist of that id.",
            "Give an id as it stands in sessions, column therapist_id.",
        )


def _together(codes: list[str], names: Mapping[str, str], suffix: str) -> str:
    if len(codes) == 1:
        return _joined(names.get(codes[0], codes[0]), suffix)
    return _joined("All clinics" if codes else "All patients", suffix)


def _joined(name: str, suffix: str) -> str:
    return f"{name}, {suffix}" if suffix else name
