"""How often patients came: attended sessions per 28 days, from the past only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions
from outcomes.derive.patient_days import (
    NO_DAY,
    Flags,
    Ints,
    day_number,
    day_numbers,
    pack,
    positions,
    to_dates,
    unpack,
)
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints

_LONG_AGO = -(10**6)


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
    attended = _sorted_days(sessions, (sessions["status"] == "attended").to_numpy(), "date", start)
    asked = (place >= 0) & (day != NO_DAY) & (day <= last_day)
    frame = _measures(attended, np.where(asked, place, 0), day, cuts)
    booked = _booked(sessions, start, np.where(asked, place, 0), day, last_day)
    lapsed = (frame.pop("since_last") >= cuts.lapse).to_numpy() & ~(booked == 1)
    frame["cadence"] = _named(frame["per_28"].to_numpy(), lapsed, cuts)
    frame["booked"] = booked
    unknown = ~asked | frame["days"].isna().to_numpy()
    frame.loc[unknown, ["n_sessions", "days", "per_28", "booked"]] = np.nan
    frame["cadence"] = frame["cadence"].mask(unknown)
    frame.insert(0, "patient_id", dates["patient_id"].reset_index(drop=True))
    frame.insert(1, "date", dates["date"].reset_index(drop=True))
    return frame


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
    needed = ["patient_id", "session_id", "date", "time", "status"]
    attended = derive_sessions(sessions[needed], cuts)[needed[:3]]
    place = positions(attended["patient_id"], start["patient_id"])
    attended = attended[place >= 0].reset_index(drop=True)
    place, day = place[place >= 0], day_numbers(attended["date"])
    frame = _measures(np.sort(pack(place, day)), place, day, cuts).drop(columns="since_last")
    never = np.zeros(len(frame), dtype=bool)
    frame["cadence"] = _named(frame["per_28"].to_numpy(), never, cuts)
    return pd.concat([attended, frame], axis=1)


def _sorted_days(sessions: pd.DataFrame, chosen: Flags, column: str, start: pd.DataFrame) -> Ints:
    """Packed patient and date of the sessions chosen, sorted."""
    rows = np.flatnonzero(chosen & sessions[column].notna().to_numpy())
    place = positions(sessions["patient_id"].iloc[rows], start["patient_id"])
    day = day_numbers(sessions[column].iloc[rows])
    keys = pack(place[place >= 0], day[place >= 0])
    return keys if (keys[1:] >= keys[:-1]).all() else np.sort(keys)


def _measures(attended: Ints, place: Ints, day: Ints, cuts: CutPoints) -> pd.DataFrame:
    """Sessions in the window, its length, and days since the last one; missing without any."""
    upto = np.searchsorted(attended, pack(place, day), side="right")
    first = np.searchsorted(attended, pack(place, _LONG_AGO * np.ones_like(day)))
    before = np.searchsorted(attended, pack(place, day - cuts.cadence_window), side="right")
    came = upto > first
    days = np.append(unpack(attended)[1], 0)
    since_first = np.where(came, day - days[first], np.nan)
    since_last = np.where(came, day - days[upto - 1], np.nan)
    length = np.clip(since_first, cuts.cadence_min, cuts.cadence_window)
    count = np.where(came, upto - before, np.nan)
    return pd.DataFrame(
        {
            "n_sessions": count,
            "days": length,
            "per_28": count * cuts.diary_days / length,
            "since_last": since_last,
        }
    )


def _named(per_28: np.ndarray, lapsed: Flags, cuts: CutPoints) -> pd.Series:
    """Name of each cadence; missing where the number is."""
    edges = (cuts.monthly, cuts.twice_monthly, cuts.weekly)
    level = np.searchsorted(edges, per_28, side="right")
    names = np.array(["sparse", "monthly", "twice_monthly", "weekly", "lapsed"], dtype=object)
    chosen = names[np.where(lapsed, 4, np.where(np.isnan(per_28), 0, level))]
    return pd.Series(chosen, dtype="str").mask(np.isnan(per_28))


def _booked(
    sessions: pd.DataFrame, start: pd.DataFrame, place: Ints, day: Ints, last_day: int
) -> np.ndarray:
    """Whether an appointment lay ahead: 1, 0, or NaN where it is not known.

    An appointment lay ahead from the day it was booked to the day before it took place. So many of
    them cover a day as were opened up to it, less those that were over before it.
    """
    recorded = sessions["booked_on"].notna().to_numpy()
    booked_on, date = day_numbers(sessions["booked_on"]), day_numbers(sessions["date"])
    ahead = recorded & (date != NO_DAY) & (booked_on < date)
    opened = _sorted_days(sessions, ahead, "booked_on", start)
    over = _sorted_days(sessions, ahead, "date", start)
    here = pack(place, day)
    open_now = np.searchsorted(opened, here, side="right") - np.searchsorted(over, here, "right")
    past = np.where(open_now > 0, 1.0, 0.0 if recorded.any() else np.nan)
    still = (sessions["status"] == "booked").to_numpy() & (date >= last_day)
    waiting = _sorted_days(sessions, still, "date", start)
    first = np.searchsorted(waiting, pack(place, _LONG_AGO * np.ones_like(day)))
    patient = np.append(unpack(waiting)[0], -1)[first]
    return np.where(day < last_day, past, (patient == place).astype("float64"))
