"""Headache days per 28 days, from diaries or counted periods, with the days they rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import NO_DAY, Ints, day_numbers, pack, positions, words
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints


def derive_headache_days(
    diary: pd.DataFrame | None,
    periods: pd.DataFrame | None,
    spans: pd.DataFrame,
    cuts: CutPoints,
) -> pd.DataFrame:
    """Count headache days and filled-in days within spans of time.

    Parameters
    ----------
    diary : DataFrame or None
        Days filled in: patient_id, date, headache (0 or 1).
    periods : DataFrame or None
        Counted periods: patient_id, start, days_observed, headache_days.
    spans : DataFrame
        ``patient_id``, ``span`` (a name), ``first`` and ``last`` (dates, both within the span).
    cuts : CutPoints
        `diary_days` and `diary_min_days` are used.

    Returns
    -------
    DataFrame
        One row a row of `spans`, in its order: ``patient_id``, ``span``, ``days_observed`` and
        ``headache_days`` (float64, 0 where nothing was filled in), ``per_28`` (float64),
        ``sufficient`` (bool), ``recorded_in`` (str: diary, period, or missing).

    Notes
    -----
    per_28 = 28 · headache days ÷ days filled in, given where at least 14 days are filled in; fewer
    are counted, but no rate is made of them. A diary day counts if it says whether there was a
    headache. A counted period counts where all its observed days can lie within the span: it starts
    in it and ``days_observed`` later it has not left it. It is not split, since nobody knows on
    which of its days the headaches were. Where a span has diary days, counted periods are not
    added.
    """
    diary = SCHEMAS["headache_diary"].empty() if diary is None else diary
    periods = SCHEMAS["headache_periods"].empty() if periods is None else periods
    ids = pd.Series(spans["patient_id"].dropna().unique()).astype("str")
    place = positions(spans["patient_id"], ids)
    first, last = day_numbers(spans["first"]), day_numbers(spans["last"])
    asked = (place >= 0) & (first != NO_DAY) & (last != NO_DAY)
    place = np.where(asked, place, 0)
    # a span that is not asked for is one that ends before it begins
    first, last = np.where(asked, first, 0), np.where(asked, last, -1)
    filled, aching = _from_diary(diary, ids, place, first, last)
    observed, counted = _from_periods(periods, ids, place, first, last)
    use_diary = filled > 0
    days = np.where(use_diary, filled, observed)
    headaches = np.where(use_diary, aching, counted)
    sufficient = days >= cuts.diary_min_days
    rate = np.full(len(days), np.nan)
    np.divide(headaches * cuts.diary_days, days, out=rate, where=sufficient)
    source = np.where(days == 0, -1, np.where(use_diary, 0, 1))
    return pd.DataFrame(
        {
            "patient_id": spans["patient_id"].reset_index(drop=True),
            "span": spans["span"].reset_index(drop=True),
            "days_observed": days,
            "headache_days": headaches,
            "per_28": rate,
            "sufficient": sufficient,
            "recorded_in": words(("diary", "period"), source),
        }
    )


def _from_diary(
    diary: pd.DataFrame, ids: pd.Series, place: Ints, first: Ints, last: Ints
) -> tuple[np.ndarray, np.ndarray]:
    """Days filled in and headache days of each span, from daily records."""
    keys, (headache,) = _sorted_rows(diary, ids, "date", ["headache"])
    said = ~np.isnan(headache)
    if not said.all():
        keys, headache = keys[said], headache[said]
    total = np.append(0.0, np.cumsum(headache))
    begin = np.searchsorted(keys, pack(place, first), side="left")
    end = np.maximum(np.searchsorted(keys, pack(place, last), side="right"), begin)
    return (end - begin).astype("float64"), total[end] - total[begin]


def _from_periods(
    periods: pd.DataFrame, ids: pd.Series, place: Ints, first: Ints, last: Ints
) -> tuple[np.ndarray, np.ndarray]:
    """Days observed and headache days of each span, from periods that lie within it."""
    keys, (observed, counted) = _sorted_rows(
        periods, ids, "start", ["days_observed", "headache_days"]
    )
    said = ~np.isnan(observed) & ~np.isnan(counted)
    keys, observed, counted = keys[said], observed[said], counted[said]
    begin = np.searchsorted(keys, pack(place, first), side="left")
    number = np.maximum(np.searchsorted(keys, pack(place, last), side="right") - begin, 0)
    # one line for each pair of a span and a period that starts in it
    span = np.repeat(np.arange(len(place)), number)
    period = np.arange(len(span)) - np.repeat(np.cumsum(number) - number, number) + begin[span]
    ends = keys[period] + observed[period].astype(np.int64) - 1
    inside = ends <= pack(place, last)[span]
    span, period = span[inside], period[inside]
    return (
        np.bincount(span, weights=observed[period], minlength=len(place)),
        np.bincount(span, weights=counted[period], minlength=len(place)),
    )


def _sorted_rows(
    rows: pd.DataFrame, ids: pd.Series, dated_by: str, columns: list[str]
) -> tuple[Ints, list[np.ndarray]]:
    """Packed patient and date of the rows that have both, sorted, and columns in that order."""
    place, day = positions(rows["patient_id"], ids), day_numbers(rows[dated_by])
    values = [rows[name].to_numpy(dtype="float64") for name in columns]
    known = (place >= 0) & (day != NO_DAY)
    if not known.all():
        place, day, values = place[known], day[known], [each[known] for each in values]
    keys = pack(place, day)
    if not (keys[1:] >= keys[:-1]).all():
        order = np.argsort(keys)
        keys, values = keys[order], [each[order] for each in values]
    return keys, values
