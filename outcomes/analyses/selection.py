"""Whom a report is about: everyone, the patients of one clinic, or those of one therapist."""

from __future__ import annotations

import pandas as pd

from outcomes.derive.patient import derive_patients
from outcomes.errors import EstimationError
from outcomes.tables import Tables


def select_patients(tables: Tables, *, clinic: str = "", therapist: str = "") -> Tables:
    """Keep the patients that belong to a clinic, a therapist, or both.

    Parameters
    ----------
    tables : Tables
        The data set.
    clinic : str
        Code of a clinic; empty for all.
    therapist : str
        Id of a therapist; empty for all.

    Returns
    -------
    Tables
        The same data set with fewer patients, and all that belongs to them, visits to other
        clinics and therapists among it.

    Raises
    ------
    EstimationError
        If no patient is left.

    Notes
    -----
    Patients belong to their own clinic, else to that of their first attended session, and to the
    therapist of that session, whoever they see later.
    """
    if not clinic and not therapist:
        return tables
    people = derive_patients(tables)
    kept = pd.Series(True, index=people.index)
    if clinic:
        kept &= people["clinic"] == clinic
    if therapist:
        kept &= people["therapist_id"] == therapist
    if not kept.any():
        raise EstimationError(
            "No patient belongs to that clinic and therapist.",
            "Give a clinic and a therapist as they stand in the data.",
        )
    return tables.restrict(people.loc[kept, "patient_id"])


def compared_outcomes(tables: Tables, *, group: str = "arm") -> tuple[str, ...]:
    """List what groups formed at the start can be compared on.

    Parameters
    ----------
    tables : Tables
        The data set.
    group : str
        Name of the covariate that holds the group.

    Returns
    -------
    tuple of str
        The pain instrument and ``headache_days``, as far as they are recorded; empty where no
        patient has such a covariate.
    """
    if tables.covariates is None or not (tables.covariates["name"] == group).any():
        return ()
    pain = tables.settings.pain_instrument
    scored = tables.assessments is not None and (tables.assessments["instrument"] == pain).any()
    counted = tables.headache_diary is not None or tables.headache_periods is not None
    return (*((pain,) if scored else ()), *(("headache_days",) if counted else ()))
