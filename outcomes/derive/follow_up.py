"""Scores after the start of care, sorted by patient and day, and how to find them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    NO_DAY,
    Flags,
    Ints,
    day_numbers,
    order_of,
    pack,
    positions,
)
from outcomes.derive.soreness import flag_near_session
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints, Window


def scores_after_start(
    assessments: pd.DataFrame | None,
    start: pd.DataFrame,
    instrument_code: str,
    timing: str,
    sessions: pd.DataFrame | None,
    cuts: CutPoints,
    last_day: int,
) -> tuple[Ints, pd.DataFrame, Flags]:
    """Select the scores that can be follow-up.

    Parameters
    ----------
    assessments : DataFrame or None
        Scores as in the contract.
    start : DataFrame
        As made by `derive_start`.
    instrument_code, timing : str
        Instrument and timing to take.
    sessions : DataFrame or None
        Appointments, to tell scores near a session; none is marked without them.
    cuts : CutPoints
        `windows` (the last one ends the follow-up) and `soreness_hours` are used.
    last_day : int
        Last day number that is read.

    Returns
    -------
    keys : ndarray of int64
        Packed place in `start` and days since the start, sorted.
    scores : DataFrame
        The scores in that order: date, timing, session_id, value. On one day, those that are not
        near a session come first, then those of the lower session_id.
    near : ndarray of bool
        Whether each is near a session.
    """
    if assessments is None:
        assessments = SCHEMAS["assessments"].empty()
    valid = (assessments["instrument"] == instrument_code) & assessments["value"].notna()
    rows = np.flatnonzero(valid & (assessments["timing"] == timing))
    place = positions(assessments["patient_id"].iloc[rows], start["patient_id"])
    date = day_numbers(assessments["date"].iloc[rows])
    origin = np.append(day_numbers(start["start"]), NO_DAY)[place]
    use = (place >= 0) & (origin != NO_DAY) & (date != NO_DAY) & (date <= last_day)
    use &= (date > origin) & (date - origin <= cuts.windows[-1].last)
    rows, keys = rows[use], pack(place[use], (date - origin)[use])
    scores = assessments[["date", "timing", "session_id", "value"]].iloc[rows]
    order = order_of(keys, scores, ["session_id"])
    scores, keys, place = scores.iloc[order], keys[order], place[use][order]
    near = flag_near_session(scores, place, sessions, start["patient_id"], cuts)
    order = np.argsort(keys * 2 + near, kind="stable")
    return keys[order], scores.iloc[order], near[order]


def nearest(keys: Ints, patients: Ints, window: Window) -> Ints:
    """Find each patient's score nearest to the target of a window.

    Parameters
    ----------
    keys : ndarray of int64
        As from `scores_after_start`.
    patients : ndarray of int64
        Places of the patients.
    window : Window
        Target and margin.

    Returns
    -------
    ndarray of int64
        Place in `keys`, the earlier where two are equally near; -1 where none is in the window.
    """
    if not len(keys):
        return np.full(len(patients), -1)
    target = pack(patients, window.day)
    after = np.searchsorted(keys, target)
    # keys of other patients are far away, so the distance also tells whose score it is
    far = np.iinfo(np.int64).max
    later = np.where(after < len(keys), keys[np.minimum(after, len(keys) - 1)] - target, far)
    sooner = np.where(after > 0, target - keys[np.maximum(after - 1, 0)], far)
    nearest = np.where(sooner <= later, after - 1, after)
    return np.where(np.minimum(sooner, later) <= window.margin, nearest, -1)


def any_between(keys: Ints, patients: Ints, window: Window) -> Flags:
    """Say which patients have a score within a window.

    Parameters
    ----------
    keys : ndarray of int64
        As from `scores_after_start`.
    patients : ndarray of int64
        Places of the patients.
    window : Window
        First and last day.

    Returns
    -------
    ndarray of bool
        One for each patient.
    """
    first = np.searchsorted(keys, pack(patients, window.first), side="left")
    return np.searchsorted(keys, pack(patients, window.last), side="right") > first
