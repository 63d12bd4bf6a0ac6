"""Whose patient somebody is on the day that is looked from."""

from __future__ import annotations

import pandas as pd

from outcomes.derive.episode import derive_sessions
from outcomes.derive.patient import derive_patients
from outcomes.tables import Tables


def derive_caseload(tables: Tables) -> pd.DataFrame:
    """Say whose each patient is.

    Parameters
    ----------
    tables : Tables
        The data set at a day.

    Returns
    -------
    DataFrame
        One row a patient, sorted by patient_id: ``patient_id``, ``clinic`` (as `derive_patients`
        has it) and ``therapist_id`` (of the last attended session; missing where none was attended
        or the therapist is not recorded).

    Notes
    -----
    Who took patients over answers for them now. Therapists are compared by who began the care
    instead (`derive_patients`): with whom a patient ends up is a result.
    """
    return tables.derived("caseload", lambda: _caseload(tables))


def _caseload(tables: Tables) -> pd.DataFrame:
    people = derive_patients(tables)[["patient_id", "clinic"]]
    if tables.sessions is None:
        return people.assign(therapist_id=pd.Series(pd.NA, index=people.index, dtype="str"))
    attended = derive_sessions(tables.sessions, tables.settings.cut_points)
    last = attended.drop_duplicates("patient_id", keep="last").set_index("patient_id")
    return people.assign(therapist_id=people["patient_id"].map(last["therapist_id"]).astype("str"))
