"""Patients as positions, dates as day numbers, both packed into one number that sorts.

Every derivation asks the same things of large tables: the rows of a patient up to a day, between
two days, nearest to a day. With one sorted array of such numbers each is a binary search, for all
patients at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_DAY = int(np.iinfo(np.int64).min)
"""Day number of a missing date."""

# Days of a patient take up to 2**23 numbers, which covers the years that a date can hold.
_SPAN = 23
_OFFSET = 1 << (_SPAN - 1)


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
    if isinstance(ids.dtype, pd.CategoricalDtype):
        places = positions(pd.Series(ids.cat.categories).astype("str"), known)
        codes = ids.cat.codes.to_numpy()
        return np.where(codes >= 0, np.append(places, -1)[codes], -1)
    values = pa.array(known.astype("str"), type=pa.large_string())
    found = pc.index_in(
        pa.array(ids.astype("str"), type=pa.large_string()),
        options=pc.SetLookupOptions(value_set=values, skip_nulls=True),
    )
    return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)


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
    different = pd.Series(ids.dropna().unique()).astype("str")
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
    return dates.to_numpy(dtype="datetime64[D]").astype(np.int64)


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
        Day number; days further away than dates can be are taken as the furthest.

    Returns
    -------
    ndarray of int64
        Packed numbers.
    """
    within = np.clip(day, -_OFFSET, _OFFSET - 1) + _OFFSET
    return (position << _SPAN) + within


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
    return keys >> _SPAN, (keys & ((1 << _SPAN) - 1)) - _OFFSET


def order_of(keys: Ints, rows: pd.DataFrame, ties: Sequence[str]) -> Ints:
    """Order that sorts rows by their keys, and rows of one key by columns.

    Parameters
    ----------
    keys : ndarray of int64
        One key a row.
    rows : DataFrame
        The rows.
    ties : sequence of str
        Columns that decide between rows of one key, smallest first, missing last.

    Returns
    -------
    ndarray of int64
        Positions of the rows in order. It depends on what the rows hold, not on how they came.
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
    few = rows.iloc[order[tied]][list(ties)].reset_index(drop=True)
    few.insert(0, "_key", ordered[tied])
    order[tied] = order[tied][few.sort_values(list(few.columns)).index.to_numpy()]
    return order


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
