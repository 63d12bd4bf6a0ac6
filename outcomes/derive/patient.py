"""One row a person: what is known at the start of care, and how long they are followed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions, derive_start
from outcomes.derive.patient_days import (
    NO_DAY,
    Ints,
    day_numbers,
    first_of_each,
    pick,
    positions,
    to_dates,
    words,
)
from outcomes.derive.phases import derive_time_zero
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

# Weeks of complaint up to which it is called acute, and subacute (design of the tables).
_ACUTE_BELOW = 42
_SUBACUTE_TO = 84


def derive_patients(tables: Tables) -> pd.DataFrame:
    """Gather what analyses ask about a person.

    Parameters
    ----------
    tables : Tables
        The data set; cut points are those of its settings.

    Returns
    -------
    DataFrame
        One row a patient, sorted by patient_id: ``patient_id``; ``clinic`` (own, else that of the
        first attended session, else empty); ``therapist_id`` (of the first attended session);
        ``sex``; ``age`` (float64, years at the start); ``onset`` (given, else from onset_date at
        the start: acute under 6 weeks, subacute to 12, chronic beyond); ``start``, ``time_zero``
        (datetime64[us]); ``n_sessions`` (int64, attended); ``last_session`` and ``last_contact``
        (datetime64[us], last attended session, and last record of any kind).

    Notes
    -----
    Age is the difference of calendar years, as only the year of birth is kept; it can be a year too
    high. An onset date after the start says nothing about the duration at the start.
    """
    return tables.derived("patients", lambda: _patients(tables))


def _patients(tables: Tables) -> pd.DataFrame:
    cuts = tables.settings.cut_points
    patients = tables.patients.sort_values("patient_id", ignore_index=True)
    ids = patients["patient_id"]
    needed = ["patient_id", "session_id", "clinic", "therapist_id", "date", "time", "status"]
    sessions = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    attended = derive_sessions(sessions[needed], cuts)
    start = derive_start(patients, sessions, cuts)["start"]
    place = positions(attended["patient_id"], ids)
    first = np.full(len(ids), -1)
    opening = np.flatnonzero(first_of_each(place) & (place >= 0))
    first[place[opening]] = opening
    clinic = patients["clinic"].fillna(pick(attended["clinic"], first)).fillna("")
    last_session = _latest(len(ids), [(place, day_numbers(attended["date"]))])
    time_zero = derive_time_zero(attended, cuts, tables.as_of)
    found = positions(ids, time_zero["patient_id"])
    return pd.DataFrame(
        {
            "patient_id": ids,
            "clinic": clinic,
            "therapist_id": pick(attended["therapist_id"], first),
            "sex": patients["sex"],
            "age": start.dt.year.astype("float64") - patients["birth_year"],
            "onset": _onset(patients, start),
            "start": start,
            "time_zero": pick(time_zero["time_zero"], found),
            "n_sessions": np.bincount(place[place >= 0], minlength=len(ids)).astype(np.int64),
            "last_session": to_dates(last_session),
            "last_contact": to_dates(_last_contact(tables, ids, last_session)),
        }
    )


def _onset(patients: pd.DataFrame, start: pd.Series) -> pd.Series:
    """Duration of the complaint at the start, in words, where it is known."""
    known = (patients["onset_date"].notna() & start.notna()).to_numpy()
    days = day_numbers(start) - np.where(known, day_numbers(patients["onset_date"]), 0)
    which = np.select(
        [~known | (days < 0), days < _ACUTE_BELOW, days <= _SUBACUTE_TO], [-1, 0, 1], 2
    )
    return patients["onset"].fillna(words(("acute", "subacute", "chronic"), which))


def _last_contact(tables: Tables, ids: pd.Series, last_session: Ints) -> Ints:
    """Day of the last attended session, score, diary day or counted period of each patient."""
    dated = [(np.arange(len(ids)), last_session)]
    for table, column in (
        (tables.assessments, "date"),
        (tables.headache_diary, "date"),
        (tables.headache_periods, "start"),
    ):
        if table is not None:
            dated.append((positions(table["patient_id"], ids), day_numbers(table[column])))
    return _latest(len(ids), dated)


def _latest(number: int, dated: list[tuple[Ints, Ints]]) -> Ints:
    """Latest day of each patient; `NO_DAY`, the smallest number there is, where there is none."""
    latest = np.full(number, NO_DAY)
    for place, day in dated:
        np.maximum.at(latest, place[place >= 0], day[place >= 0])
    return latest
