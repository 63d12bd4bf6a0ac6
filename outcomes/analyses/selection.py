"""Whom a report is about: everyone, the patients of one clinic, or those of one therapist."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.derive.caseload import derive_caseload
from outcomes.derive.patient import derive_patients
from outcomes.errors import EstimationError
from outcomes.tables import Tables


def clinics_of(tables: Tables) -> tuple[str, ...]:
    """List the clinics that patients belong to.

    Parameters
    ----------
    tables : Tables
        The data set.

    Returns
    -------
    tuple of str
        Codes in order; an empty one first where some patients belong to none.
    """
    return tuple(sorted(set(derive_patients(tables)["clinic"].fillna(""))))


def clinics_too_small(tables: Tables, minimum: int) -> tuple[str, ...]:
    """List the clinics with too few patients to be shown on their own.

    Parameters
    ----------
    tables : Tables
        The data set.
    minimum : int
        Smallest number of patients of a clinic that may be shown.

    Returns
    -------
    tuple of str
        Codes in order, an empty one for the patients that belong to none. Nothing where no clinic
        is large enough: then none is shown on its own that everyone could be compared with.
    """
    return small_clinics(derive_patients(tables)["clinic"].fillna("").value_counts(), minimum)


def small_clinics(sizes: pd.Series, minimum: int) -> tuple[str, ...]:
    """List the clinics with too few patients to be shown on their own, as `clinics_too_small` does.

    Parameters
    ----------
    sizes : Series of int
        Number of patients by clinic.
    minimum : int
        Smallest number of patients of a clinic that may be shown.

    Returns
    -------
    tuple of str
        Codes in order; nothing where no clinic is large enough.
    """
    small = sizes[sizes < minimum]
    return tuple(sorted(small.index)) if len(small) < len(sizes) else ()


def select_patients(
    tables: Tables, *, clinic: str = "", therapist: str = "", without: Collection[str] = ()
) -> Tables:
    """Keep the patients that belong to a clinic, a therapist, or both.

    Parameters
    ----------
    tables : Tables
        The data set.
    clinic : str
        Code of a clinic; empty for all.
    therapist : str
        Id of a therapist; empty for all.
    without : collection of str
        Codes of clinics whose patients are left out, an empty one for patients without a clinic.

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
    therapist of their last attended session: who took them over answers for them.
    """
    if not clinic and not therapist and not without:
        return tables
    people = derive_caseload(tables)
    kept = ~people["clinic"].fillna("").isin(list(without))
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
