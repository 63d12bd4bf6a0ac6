"""Patients as positions, dates as day numbers, both packed into one number that sorts.

Every derivation asks the same things of large tables: the rows of a patient up to a day, between
two days, nearest to a day. With one sorted array of such numbers each is a binary search, for all
patients at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.coded import as_arrow, coded, holds

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_DAY = int(np.iinfo(np.int64).min)
"""Day number of a missing date."""

# Bits for the day in a packed number: more than any date can need, and room for 2**30 patients.
_BITS = 32
_OFFSET = 1 << (_BITS - 1)


def positions(ids: pd.Series, known: pd.Series) -> Ints:
    """Find the place of each id among those known.

    Parameters
    ----------
    ids : Series of str
        Ids, of any number and order; text or categories.
    known : Series of str
        Different ids.

    Returns
    -------
    ndarray of int64
        Place in `known` from 0, or -1 where the id is missing or not known.
    """
    return coded(ids).places(as_arrow(known))


def sorted_ids(ids: pd.Series) -> pd.Series:
    """List the different ids in order.

    Parameters
    ----------
    ids : Series of str
        Ids with repeats.

    Returns
    -------
    Series of str
        Each id once, sorted, without missing ones.
    """
    different = pd.Series(pd.array(coded(ids).present(), dtype="str"))
    if not different.is_monotonic_increasing:
        different = different.sort_values()
    return different.reset_index(drop=True)


def day_numbers(dates: pd.Series) -> Ints:
    """Turn dates into whole days since 1970-01-01, whatever their unit in memory.

    Parameters
    ----------
    dates : Series of datetime64
        Dates; a time of day is dropped.

    Returns
    -------
    ndarray of int64
        Day numbers, `NO_DAY` where missing.
    """
    whole = dates.to_numpy()
    ticks = np.datetime64(1, "D").astype(whole.dtype).astype(np.int64)
    days = whole.view(np.int64) // ticks
    missing = np.isnat(whole)
    if missing.any():
        days[missing] = NO_DAY
    return days


def day_number(date: pd.Timestamp) -> int:
    """Turn one date into its day number.

    Parameters
    ----------
    date : Timestamp
        The date.

    Returns
    -------
    int
        Whole days since 1970-01-01.
    """
    return int(np.datetime64(date, "D").astype(np.int64))


def to_dates(days: Ints) -> pd.Series:
    """Turn day numbers back into dates.

    Parameters
    ----------
    days : ndarray of int64
        Day numbers, `NO_DAY` where missing.

    Returns
    -------
    Series of datetime64[us]
        Dates.
    """
    return pd.Series(days.astype("datetime64[D]").astype("datetime64[us]"))


def pack(position: Ints, day: Ints | int) -> Ints:
    """Pack patient and day into one number; sorting it sorts by patient, then by day.

    Parameters
    ----------
    position : ndarray of int64
        Place of the patient, not negative.
    day : ndarray of int64 or int
        Day number, not missing.

    Returns
    -------
    ndarray of int64
        Packed numbers.
    """
    return (position << _BITS) + (day + _OFFSET)


def unpack(keys: Ints) -> tuple[Ints, Ints]:
    """Take patient and day out of packed numbers.

    Parameters
    ----------
    keys : ndarray of int64
        As made by `pack`.

    Returns
    -------
    position, day : ndarray of int64
        Place of the patient, day number.
    """
    return keys >> _BITS, (keys & ((1 << _BITS) - 1)) - _OFFSET


def sorted_keys(keys: Ints) -> Ints:
    """Sort packed numbers, which takes no time where they are in order already.

    Parameters
    ----------
    keys : ndarray of int64
        Packed numbers.

    Returns
    -------
    ndarray of int64
        The same, sorted.
    """
    return keys if (keys[1:] >= keys[:-1]).all() else np.sort(keys)


def order_of(keys: Ints, frame: pd.DataFrame, rows: Ints, ties: Sequence[str]) -> Ints:
    """Order that sorts rows by their keys, and rows of one key by columns.

    Parameters
    ----------
    keys : ndarray of int64
        One key for each of `rows`.
    frame : DataFrame
        The table that the rows are of; only rows that share a key are looked at.
    rows : ndarray of int64
        Places of the rows in it.
    ties : sequence of str
        Columns that decide between rows of one key, smallest first, missing last.

    Returns
    -------
    ndarray of int64
        Places in `keys`, in order. It depends on what the rows hold, not on how they came.
    """
    if len(keys) < 2:
        return np.arange(len(keys))
    order = np.arange(len(keys)) if (keys[1:] >= keys[:-1]).all() else np.argsort(keys)
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return order
    tied = np.zeros(len(keys), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    few = frame[list(ties)].iloc[rows[order[tied]]].reset_index(drop=True)
    few.insert(0, "_key", ordered[tied])
    order[tied] = order[tied][few.sort_values(list(few.columns)).index.to_numpy()]
    return order


def attended_rows(sessions: pd.DataFrame) -> Ints:
    """Find the appointments that took place.

    Parameters
    ----------
    sessions : DataFrame
        Appointments as in the contract, with status and date.

    Returns
    -------
    ndarray of int64
        Places of the rows that are attended and dated.
    """
    return np.flatnonzero(
        holds(sessions["status"], "attended") & sessions["date"].notna().to_numpy()
    )


def pick(values: pd.Series, rows: Ints) -> pd.Series:
    """Take values by position, missing where the position is -1.

    Parameters
    ----------
    values : Series
        Values to take from.
    rows : ndarray of int64
        Positions.

    Returns
    -------
    Series
        Values of the same type, in the order of `rows`, with a new index.
    """
    if not len(values):
        return values.reindex(range(len(rows)))
    return pd.Series(values.array.take(rows, allow_fill=True))


def words(names: Sequence[str], which: Ints) -> pd.Series:
    """Spell out numbered names.

    Parameters
    ----------
    names : sequence of str
        The names.
    which : ndarray of int64
        Place of each name, -1 for a missing one.

    Returns
    -------
    Series of str
        One name for each number.
    """
    return pick(pd.Series(names, dtype="str"), which)


def first_of_each(sorted_values: Ints) -> Flags:
    """Mark the first of each run of equal numbers.

    Parameters
    ----------
    sorted_values : ndarray of int64
        Numbers in which equal ones are neighbours.

    Returns
    -------
    ndarray of bool
        True where a run begins.
    """
    first = np.ones(len(sorted_values), dtype=bool)
    first[1:] = sorted_values[1:] != sorted_values[:-1]
    return first


def minutes_of_day(times: pd.Series) -> NDArray[np.float64]:
    """Turn times of day into minutes after midnight.

    Parameters
    ----------
    times : Series of str
        ``HH:MM``, or missing.

    Returns
    -------
    ndarray of float64
        Minutes, NaN where missing.
    """
    parts = times.astype("str").str.split(":", n=1, expand=True).reindex(columns=[0, 1])
    hours = pd.to_numeric(parts[0]).to_numpy(dtype="float64")
    return hours * 60 + pd.to_numeric(parts[1]).to_numpy(dtype="float64")
