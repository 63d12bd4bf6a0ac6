"""Cohorts of entry: patients by the quarter in which their care began, and who treats whom."""

from __future__ import annotations

from outcomes.derive.episode import derive_start
from outcomes.errors import EstimationError
from outcomes.tables import Tables


def cohorts_of(tables: Tables) -> tuple[str, ...]:
    """List the quarters in which somebody began care.

    Parameters
    ----------
    tables : Tables
        The data set.

    Returns
    -------
    tuple of str
        Such as ``2026Q3``, the last first.
    """
    start = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)["start"]
    begun = start[start.notna() & (start <= tables.as_of)]
    return tuple(sorted(set(begun.dt.to_period("Q").astype("str")), reverse=True))


def select_cohort(tables: Tables, cohort: str) -> Tables:
    """Keep the patients whose care began in a quarter.

    Parameters
    ----------
    tables : Tables
        The data set.
    cohort : str
        Such as ``2026Q3``; empty for all.

    Returns
    -------
    Tables
        The same data set with fewer patients.

    Raises
    ------
    EstimationError
        If nobody began care in that quarter.
    """
    if not cohort:
        return tables
    begun = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)
    kept = begun["start"].notna() & (begun["start"].dt.to_period("Q").astype("str") == cohort)
    if not kept.any():
        raise EstimationError(
            f"Nobody began care in {cohort}.", "Choose a quarter in which somebody did."
        )
    return tables.restrict(begun.loc[kept, "patient_id"])


def therapists_of(tables: Tables, clinic: str = "") -> tuple[str, ...]:
    """List the therapists who had or have an appointment.

    Parameters
    ----------
    tables : Tables
        The data set.
    clinic : str
        Only at this clinic; empty for all.

    Returns
    -------
    tuple of str
        Ids in order.
    """
    if tables.sessions is None:
        return ()
    held = tables.sessions
    if clinic:
        held = held[held["clinic"] == clinic]
    return tuple(sorted(held["therapist_id"].dropna().unique()))
