"""Who is in care now, who has left, and whether anything is booked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.due.spec import DueSpec
from outcomes.derive.known import score_events
from outcomes.derive.patient import derive_patients
from outcomes.derive.patient_days import day_number, positions, to_dates
from outcomes.derive.session_scores import derive_session_scores
from outcomes.tables import Tables

FLAGS = ("anticoagulants", "osteoporosis", "recent_surgery", "skin_infection")
"""Columns of patients that ask for clearance before treatment."""


def due_people(tables: Tables, spec: DueSpec) -> tuple[pd.DataFrame, bool]:
    """Gather what is known of each patient today.

    Parameters
    ----------
    tables : Tables
        The data set, at the day that is looked from.
    spec : DueSpec
        Days that count as current.

    Returns
    -------
    (DataFrame, bool)
        One row a patient: those of `derive_patients`, the columns `FLAGS` and cleared, ``booked``
        (whether an appointment lies ahead), ``current``, ``left`` (attended, but not within
        `current_days`, and not booked), ``score``, ``previous``, ``scored_on`` (the last score
        before a session and the one before it), ``last_score`` and ``last_score_on`` (also answered
        at home). And whether anything is known of bookings: without any appointment ahead it is
        not.
    """
    people = derive_patients(tables)
    ids = people["patient_id"]
    own = tables.patients.set_index("patient_id").loc[ids, [*FLAGS, "cleared"]]
    for name in own:
        people[name] = own[name].to_numpy()
    booked = np.zeros(len(ids), dtype=bool)
    if tables.sessions is not None:
        ahead = (tables.sessions["status"] == "booked") & (tables.sessions["date"] >= tables.as_of)
        place = positions(tables.sessions.loc[ahead, "patient_id"], ids)
        booked[place[place >= 0]] = True
    recent = people["last_session"] > tables.as_of - pd.Timedelta(days=spec.current_days)
    people["booked"] = booked
    people["current"] = recent | booked
    people["left"] = people["last_session"].notna() & ~people["current"]
    visits = derive_session_scores(tables, spec.instrument)
    visits = visits[visits["score"].notna()].groupby("patient_id").tail(1)
    at = positions(ids, visits["patient_id"])
    for name, source in (("score", "score"), ("previous", "previous"), ("scored_on", "date")):
        people[name] = visits[source].reset_index(drop=True).reindex(at).to_numpy()
    everything = score_events(tables.assessments, ids, spec.instrument, ("pre", "remote"))
    place = np.arange(len(ids))
    found = everything.last(place, np.full(len(ids), day_number(tables.as_of)))
    people["last_score"] = everything.value(found)
    day = everything.day(found)
    dates = to_dates(np.where(np.isnan(day), 0, day).astype(np.int64))
    people["last_score_on"] = dates.where(pd.Series(~np.isnan(day)))
    return people, bool(booked.any())
