"""Pain session by session in the first course of care, and where patients left it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions, derive_start
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_number, day_numbers, pick, positions
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables


def derive_course_sessions(
    tables: Tables, instrument: str, *, sessions: int = 12, gap: int = 21
) -> pd.DataFrame:
    """Lay out the sessions of the first course, up to the first longer gap.

    Parameters
    ----------
    tables : Tables
        The data set.
    instrument : str
        Code of the pain instrument.
    sessions : int
        Number of the last session looked at.
    gap : int
        A next session later than this many days after the one before is no longer the course.

    Returns
    -------
    DataFrame
        One row a patient and session, sorted: ``patient_id``, ``session`` (from 1), ``score``
        (before the session, missing where not recorded), ``last`` (score of this session or else
        the last one before it), ``goes_on`` (float64: 1 if the next session came in time, 0 if not,
        missing where the as-of date comes too soon to tell, or at the last session looked at).

    Notes
    -----
    Only what lies up to a session tells whether the course goes on after it: a gap ends it, and a
    session after the gap belongs to something else. Scores after a session are not used.
    """
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    columns = ["patient_id", "session_id", "date", "time", "status"]
    attended = derive_sessions(held[columns], tables.settings.cut_points)
    start = derive_start(tables.patients, held, tables.settings.cut_points)
    ids = start["patient_id"]
    place = positions(attended["patient_id"], ids)
    number = attended["session_number"].to_numpy()
    late = (number > 1) & (attended["gap_days"].to_numpy() > gap)
    # Late sessions so far, counted anew for each patient.
    so_far = np.cumsum(late)
    opens = number == 1
    base = np.maximum.accumulate(np.where(opens, so_far, 0)) if len(late) else so_far
    inside = (so_far == base) & (number <= sessions) & (place >= 0)
    follows = np.zeros(len(attended), dtype=bool)
    follows[:-1] = (place[1:] == place[:-1]) & ~late[1:]
    day = day_numbers(attended["date"])
    known = follows | (day + gap < day_number(tables.as_of))
    goes_on = np.where(known & (number < sessions), follows.astype(float), np.nan)
    rows = np.flatnonzero(inside)
    scores = score_events(tables.assessments, ids, instrument, ("pre",))
    found = scores.last(place[rows], day[rows])
    here = scores.day(found) == day[rows]
    return pd.DataFrame(
        {
            "patient_id": pick(attended["patient_id"], rows).astype("str"),
            "session": number[rows],
            "score": np.where(here, scores.value(found), np.nan),
            "last": scores.value(found),
            "goes_on": goes_on[rows],
        }
    )
