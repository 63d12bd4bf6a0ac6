"""Attended sessions in order, the episodes they form, and the day care started."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    Ints,
    attended_rows,
    day_numbers,
    first_of_each,
    order_of,
    pack,
    pick,
    positions,
    sorted_ids,
    to_dates,
    unpack,
)
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints


def derive_sessions(sessions: pd.DataFrame | None, cuts: CutPoints) -> pd.DataFrame:
    """Attended sessions with their place in the course of care.

    Parameters
    ----------
    sessions : DataFrame or None
        Appointments as in the contract. Columns beyond patient_id, session_id, date, time and
        status travel along, so give only those that are needed.
    cuts : CutPoints
        `episode_gap` is used.

    Returns
    -------
    DataFrame
        One row an attended session, sorted by patient_id, date, time (untimed last) and session_id,
        with the columns given and: ``episode`` (from 1), ``session_number`` (from 1, over all
        episodes), ``episode_session`` (from 1 in each episode), all int64, and ``gap_days``
        (float64, days since the attended session before, missing for a patient's first).

    Notes
    -----
    A session `episode_gap` (90) days or more after the last attended one opens an episode. The gap
    is that of de Vet 2002 (Spine 27:2409–2416), written for low back pain.
    """
    if sessions is None:
        sessions = SCHEMAS["sessions"].empty()
    rows = attended_rows(sessions)
    place = positions(sessions["patient_id"], sorted_ids(sessions["patient_id"]))[rows]
    keys = pack(place, day_numbers(sessions["date"])[rows])
    order = order_of(keys, sessions, rows, ["time", "session_id"])
    keys = keys[order]
    attended = sessions.take(rows[order]).reset_index(drop=True)
    position, day = unpack(keys)
    first = first_of_each(position)
    gap = np.full(len(day), np.nan)
    gap[1:] = np.diff(day)
    gap[first] = np.nan
    opens = first | (gap >= cuts.episode_gap)
    attended["episode"] = _count(opens, first)
    attended["session_number"] = _count(np.ones(len(day), dtype=bool), first)
    attended["episode_session"] = _count(np.ones(len(day), dtype=bool), opens)
    attended["gap_days"] = gap
    return attended


def _count(events: np.ndarray, restarts: np.ndarray) -> Ints:
    """Count events so far, the count beginning anew where `restarts` is true."""
    total = np.cumsum(events, dtype=np.int64)
    before = (total - events)[restarts]
    return total - before[np.cumsum(restarts) - 1] if len(total) else total


def derive_start(
    patients: pd.DataFrame, sessions: pd.DataFrame | None, cuts: CutPoints
) -> pd.DataFrame:
    """Day that clocks run from.

    Parameters
    ----------
    patients : DataFrame
        One row a person, with patient_id and index_date.
    sessions : DataFrame or None
        Appointments.
    cuts : CutPoints
        Cut points; the start needs none of them, as the first session always opens an episode.

    Returns
    -------
    DataFrame
        One row a patient, sorted by patient_id: ``patient_id``; ``start`` (datetime64[us]), the
        date of the first attended session of the first episode, else index_date, else missing;
        ``first_session``, the session_id of that session, missing where there is none.
    """
    patients = patients.sort_values("patient_id", ignore_index=True)
    ids = patients["patient_id"]
    start = day_numbers(patients["index_date"])
    first_row = np.full(len(ids), -1)
    if sessions is None:
        sessions = SCHEMAS["sessions"].empty()
    rows = attended_rows(sessions)
    place = positions(sessions["patient_id"], ids)[rows]
    rows, place = rows[place >= 0], place[place >= 0]
    day = day_numbers(sessions["date"])[rows]
    earliest = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(earliest, place, day)
    on_day = day == earliest[place]
    rows, place = rows[on_day], place[on_day]
    order = order_of(place, sessions, rows, ["time", "session_id"])
    chosen = order[first_of_each(place[order])]
    seen = place[chosen]
    start[seen] = earliest[seen]
    first_row[seen] = rows[chosen]
    first_session = pick(sessions["session_id"], first_row)
    return pd.DataFrame(
        {"patient_id": ids, "start": to_dates(start), "first_session": first_session}
    )
