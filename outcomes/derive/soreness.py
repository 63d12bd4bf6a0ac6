"""Scores so soon after a session that they carry its soreness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    Flags,
    Ints,
    attended_rows,
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
    rows: Ints,
    place: Ints,
    timing: str,
    sessions: pd.DataFrame | None,
    known: pd.Series,
    cuts: CutPoints,
) -> Flags:
    """Mark scores dated within 48 hours after an attended session.

    Parameters
    ----------
    assessments : DataFrame
        Scores as in the contract.
    rows : ndarray of int64
        Places of the scores to judge, all of one timing.
    place : ndarray of int64
        Place of each one's patient in `known`.
    timing : {"remote", "pre"}
        Their timing.
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
    if sessions is None or not len(sessions) or not len(rows):
        return np.zeros(len(rows), dtype=bool)
    held = attended_rows(sessions)
    whose = positions(sessions["patient_id"], known)[held]
    held, whose = held[whose >= 0], whose[whose >= 0]
    if not len(held):
        return np.zeros(len(rows), dtype=bool)
    keys = pack(whose, day_numbers(sessions["date"])[held])
    order = order_of(keys, sessions, held, ["time", "session_id"])
    keys, held = keys[order], held[order]
    here = pack(place, day_numbers(assessments["date"])[rows])
    after_home = max(cuts.soreness_hours // 24 - 1, 1)
    if timing != "pre":
        return _days_since(keys, np.searchsorted(keys, here, side="right") - 1, here) <= after_home
    before = np.searchsorted(keys, here, side="left") - 1
    days = _days_since(keys, before, here)
    near = days <= after_home
    own = np.minimum(before + 1, len(keys) - 1)
    at_session = keys[own] == here
    # Hours decide where both sessions have one.
    close = np.flatnonzero(at_session & (days <= cuts.soreness_hours / 24 + 1))
    if len(close):
        to, since = (
            minutes_of_day(sessions["time"].iloc[held[each[close]]]) for each in (own, before)
        )
        hours = days[close] * 24 + (to - since) / 60
        near[close] = np.where(np.isnan(hours), near[close], hours <= cuts.soreness_hours)
    # Two sessions on one day: a score linked to any but the first of them followed the first.
    several = np.flatnonzero(at_session & (keys[np.minimum(own + 1, len(keys) - 1)] == here))
    several = several[own[several] + 1 < len(keys)]
    if len(several):
        first = sessions["session_id"].iloc[held[own[several]]].to_numpy(dtype=object)
        linked = assessments["session_id"].iloc[rows[several]]
        near[several] |= linked.notna().to_numpy() & (linked.to_numpy(dtype=object) != first)
    return near


def _days_since(keys: Ints, found: Ints, here: Ints) -> np.ndarray:
    """Days from the session found to the score; infinite where it is not the patient's own."""
    patient, day = unpack(keys[np.maximum(found, 0)])
    own, on = unpack(here)
    return np.where((found >= 0) & (patient == own), on - day, np.inf)
