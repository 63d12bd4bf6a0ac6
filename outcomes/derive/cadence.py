"""How often patients came: attended sessions per 28 days, from the past only."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.coded import holds
from outcomes.derive.patient_days import (
    NO_DAY,
    Flags,
    Ints,
    attended_rows,
    day_number,
    day_numbers,
    first_of_each,
    order_of,
    pack,
    positions,
    sorted_keys,
    to_dates,
    unpack,
    words,
)
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints

Numbers = NDArray[np.float64]


def landmark_dates(start: pd.DataFrame, day: int, as_of: pd.Timestamp) -> pd.DataFrame:
    """Date of a follow-up time for each patient who has reached it.

    Parameters
    ----------
    start : DataFrame
        As made by `derive_start`.
    day : int
        Days from the start of care.
    as_of : Timestamp
        Last day that is read.

    Returns
    -------
    DataFrame
        ``patient_id``, ``date`` (datetime64[us]); patients whose start is missing, or whose date
        lies after `as_of`, are absent.
    """
    origin = day_numbers(start["start"])
    reached = (origin != NO_DAY) & (origin + day <= day_number(as_of))
    return pd.DataFrame(
        {
            "patient_id": start["patient_id"][reached].reset_index(drop=True),
            "date": to_dates(origin[reached] + day),
        }
    )


def cadence_at(
    dates: pd.DataFrame,
    sessions: pd.DataFrame | None,
    start: pd.DataFrame,
    cuts: CutPoints,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Cadence of patients at given dates, using nothing that came after them.

    Parameters
    ----------
    dates : DataFrame
        ``patient_id`` and ``date``, of any number a patient.
    sessions : DataFrame or None
        Appointments as in the contract, of every status.
    start : DataFrame
        As made by `derive_start`; patients who are not in it have no cadence.
    cuts : CutPoints
        `cadence_window`, `cadence_min`, `weekly`, `twice_monthly`, `monthly`, `lapse` and
        `diary_days` are used.
    as_of : Timestamp
        Last day that is read.

    Returns
    -------
    DataFrame
        One row a row of `dates`, in its order: ``patient_id``, ``date``, ``n_sessions`` (attended
        in the window), ``days`` (length of the window), ``per_28`` (sessions per 28 days),
        ``cadence`` (str), ``booked`` (1 an appointment lay ahead, 0 none, missing not known).
        Numbers are float64. All are missing before the first attended session and after `as_of`.

    Notes
    -----
    At day d, with first attended session at day s, the window is (d − 84, d] and its length
    min(84, d − s), at least 28. per_28 = n · 28 / days: weekly from 3, twice_monthly from 1.3,
    monthly from 0.6, else sparse. Before that: ``lapsed`` where none was attended in the last 60
    days and none is known to be booked.

    An appointment lay ahead at d if it was booked on or before d for a later day; whether it was
    kept or cancelled afterwards is not looked at. At `as_of` itself the status ``booked`` says it.
    Where no appointment has ``booked_on``, what was booked at an earlier date is not known:
    ``booked`` is missing, and attendance alone tells who lapsed.
    """
    if sessions is None:
        sessions = SCHEMAS["sessions"].empty()
    place = positions(dates["patient_id"], start["patient_id"])
    day = day_numbers(dates["date"])
    last_day = day_number(as_of)
    asked = (place >= 0) & (day != NO_DAY) & (day <= last_day)
    place, day = np.where(asked, place, 0), np.where(asked, day, 0)
    whose = positions(sessions["patient_id"], start["patient_id"])
    date = day_numbers(sessions["date"])
    held = holds(sessions["status"], "attended") & (whose >= 0) & (date != NO_DAY)
    attended = sorted_keys(pack(whose[held], date[held]))
    count, length, since_last = _measures(attended, place, day, cuts)
    booked = _booked(sessions, whose, place, day, last_day)
    known = asked & ~np.isnan(length)
    lapsed = (since_last >= cuts.lapse) & ~(booked == 1)
    rate = np.where(known, count * cuts.diary_days / length, np.nan)
    return pd.DataFrame(
        {
            "patient_id": dates["patient_id"].reset_index(drop=True),
            "date": dates["date"].reset_index(drop=True),
            "n_sessions": np.where(known, count, np.nan),
            "days": np.where(known, length, np.nan),
            "per_28": rate,
            "cadence": _named(rate, lapsed, cuts),
            "booked": np.where(known, booked, np.nan),
        }
    )


def rolling_cadence(
    sessions: pd.DataFrame | None, start: pd.DataFrame, cuts: CutPoints
) -> pd.DataFrame:
    """Cadence at each attended session, that session included.

    Parameters
    ----------
    sessions : DataFrame or None
        Appointments as in the contract.
    start : DataFrame
        As made by `derive_start`.
    cuts : CutPoints
        As for `cadence_at`.

    Returns
    -------
    DataFrame
        One row an attended session of a patient in `start`, in the order of `derive_sessions`:
        ``patient_id``, ``session_id``, ``date``, ``n_sessions``, ``days``, ``per_28`` (float64),
        ``cadence`` (str; never lapsed, as a session was just attended).
    """
    if sessions is None:
        sessions = SCHEMAS["sessions"].empty()
    place = positions(sessions["patient_id"], start["patient_id"])
    rows = attended_rows(sessions)
    rows = rows[place[rows] >= 0]
    place, day = place[rows], day_numbers(sessions["date"])[rows]
    order = order_of(pack(place, day), sessions, rows, ["time", "session_id"])
    rows, place, day = rows[order], place[order], day[order]
    count, length, _ = _measures(pack(place, day), place, day, cuts)
    rate = count * cuts.diary_days / length
    attended = sessions[["patient_id", "session_id", "date"]].take(rows).reset_index(drop=True)
    return attended.assign(
        n_sessions=count,
        days=length,
        per_28=rate,
        cadence=_named(rate, np.zeros(len(rate), dtype=bool), cuts),
    )


def _measures(
    attended: Ints, place: Ints, day: Ints, cuts: CutPoints
) -> tuple[Numbers, Numbers, Numbers]:
    """Sessions in the window, its length, days since the last one; missing before the first."""
    upto = np.searchsorted(attended, pack(place, day), side="right")
    before = np.searchsorted(attended, pack(place, day - cuts.cadence_window), side="right")
    owner, days = unpack(np.append(attended, pack(np.array([-1]), 0)))
    opening = np.flatnonzero(first_of_each(owner))
    first_day = np.zeros(int(max(place.max(initial=0), owner.max())) + 1, dtype=np.int64)
    first_day[owner[opening[:-1]]] = days[opening[:-1]]
    came = (upto > 0) & (owner[upto - 1] == place)
    since_first = np.where(came, day - first_day[place], np.nan)
    since_last = np.where(came, day - days[upto - 1], np.nan)
    length = np.clip(since_first, cuts.cadence_min, cuts.cadence_window)
    return np.where(came, upto - before, np.nan), length, since_last


def _named(per_28: Numbers, lapsed: Flags, cuts: CutPoints) -> pd.Series:
    """Name of each cadence; missing where the number is."""
    edges = (cuts.monthly, cuts.twice_monthly, cuts.weekly)
    level = np.searchsorted(edges, per_28, side="right")
    level = np.where(np.isnan(per_28), -1, np.where(lapsed, 4, level))
    return words(("sparse", "monthly", "twice_monthly", "weekly", "lapsed"), level)


def _booked(sessions: pd.DataFrame, whose: Ints, place: Ints, day: Ints, last_day: int) -> Numbers:
    """Whether an appointment lay ahead: 1, 0, or NaN where it is not known.

    An appointment lay ahead from the day it was booked to the day before it took place. So many of
    them cover a day as were opened up to it, less those that were over before it.
    """
    booked_on, date = day_numbers(sessions["booked_on"]), day_numbers(sessions["date"])
    recorded = booked_on != NO_DAY
    ahead = recorded & (booked_on < date) & (whose >= 0)
    here = pack(place, day)
    opened = sorted_keys(pack(whose[ahead], booked_on[ahead]))
    over = sorted_keys(pack(whose[ahead], date[ahead]))
    open_now = np.searchsorted(opened, here, "right") - np.searchsorted(over, here, "right")
    past = np.where(open_now > 0, 1.0, 0.0 if recorded.any() else np.nan)
    still = holds(sessions["status"], "booked") & (date >= last_day) & (whose >= 0)
    waiting = np.isin(place, whose[still]).astype("float64")
    return np.where(day < last_day, past, waiting)
