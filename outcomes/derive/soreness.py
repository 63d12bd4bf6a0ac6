"""Scores so soon after a session that they carry its soreness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    Flags,
    Ints,
    day_numbers,
    minutes_of_day,
    order_of,
    pack,
    positions,
    unpack,
)
from outcomes.settings import CutPoints


def flag_near_session(
    assessments: pd.DataFrame,
    position: Ints,
    sessions: pd.DataFrame | None,
    known: pd.Series,
    cuts: CutPoints,
) -> Flags:
    """Mark scores dated within 48 hours after an attended session.

    Parameters
    ----------
    assessments : DataFrame
        Scores of one timing: date, timing, session_id.
    position : ndarray of int64
        Place of each score's patient in `known`.
    sessions : DataFrame or None
        Appointments.
    known : Series of str
        Patient ids.
    cuts : CutPoints
        `soreness_hours` is used.

    Returns
    -------
    ndarray of bool
        True for a score near a session.

    Notes
    -----
    The session that counts is the patient's last one on an earlier day. A score before a session is
    taken at the hour of that session. Where both sessions have an hour, the hours between them
    decide (`soreness_hours`, 48, included). Where one has none, a score on the day after the
    earlier session is marked, and no other; with other `soreness_hours`, up to a day less than they
    cover. A score answered at home has no hour: it is marked on the day of a session, which it may
    have followed, and on the day after. A score before the second of two sessions on one day is
    marked.
    """
    near = np.zeros(len(assessments), dtype=bool)
    if sessions is None or not len(sessions) or not len(assessments):
        return near
    held = ((sessions["status"] == "attended") & sessions["date"].notna()).to_numpy()
    attended = sessions[["patient_id", "session_id", "date", "time"]][held]
    place = positions(attended["patient_id"], known)
    attended, place = attended[place >= 0], place[place >= 0]
    keys = pack(place, day_numbers(attended["date"]))
    order = order_of(keys, attended, ["time", "session_id"])
    keys = keys[order]
    if not len(keys):
        return near
    here = pack(position, day_numbers(assessments["date"]))
    upto = np.searchsorted(keys, here, side="right") - 1
    before = np.searchsorted(keys, here, side="left") - 1
    at_home = (assessments["timing"] != "pre").to_numpy()
    days = _days_since(keys, np.where(at_home, upto, before), here)
    near = days <= max(cuts.soreness_hours // 24 - 1, 1)
    # Hours decide where they are known, which only a score before a session has.
    close = np.flatnonzero(~at_home & (upto > before) & (days <= cuts.soreness_hours / 24 + 1))
    if len(close):
        to, since = (
            minutes_of_day(attended["time"].iloc[order[each]])
            for each in (before[close] + 1, before[close])
        )
        hours = days[close] * 24 + (to - since) / 60
        near[close] = np.where(np.isnan(hours), near[close], hours <= cuts.soreness_hours)
    # Two sessions on one day: a score linked to any but the first of them followed the first.
    several = np.flatnonzero(~at_home & (upto > before + 1))
    if len(several):
        first = attended["session_id"].iloc[order[before[several] + 1]].to_numpy(dtype=object)
        linked = assessments["session_id"].iloc[several]
        near[several] |= linked.notna().to_numpy() & (linked.to_numpy(dtype=object) != first)
    return near


def _days_since(keys: Ints, place: Ints, here: Ints) -> np.ndarray:
    """Days from the session at each place to the score; infinite where it is not the patient's."""
    patient, day = unpack(keys[np.maximum(place, 0)])
    own, on = unpack(here)
    return np.where((place >= 0) & (patient == own), on - day, np.inf)
