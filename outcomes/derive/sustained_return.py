"""When pain came back for good after scheduled sessions had ended, as far as records bracket it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.known import Events, events, score_events
from outcomes.derive.patient_days import (
    day_number,
    day_numbers,
    pick,
    to_dates,
    unpack,
)
from outcomes.tables import Tables

SCHEDULED = ("weekly", "twice_monthly", "monthly")
STOPPED = ("on_demand", "discharged")


def derive_stops(
    tables: Tables, instrument: str, *, at_most: float = 3.0, recent: int = 28
) -> pd.DataFrame:
    """Find patients whose scheduled sessions ended while they were well.

    Parameters
    ----------
    tables : Tables
        The data set, with plans.
    instrument : str
        Code of the pain instrument.
    at_most : float
        Highest last score at which a patient counts as well.
    recent : int
        Days before the plan in which that score and the last session must lie.

    Returns
    -------
    DataFrame
        One row a patient who stopped: ``patient_id``, ``stopped`` (datetime64[us], the last session
        before the first plan without scheduled sessions), ``until`` (the day before scheduled care
        began again, else the as-of date), ``resumed`` (bool, whether it began again), ``score``
        (last recorded at the plan).

    Notes
    -----
    The clock runs from the last session that was scheduled, known on the day of the plan. The last
    session a patient ever had is known only afterwards, and counting from it would class people by
    what came later.
    """
    plans = tables.plans
    empty = {
        "patient_id": pd.Series(dtype="str"),
        "stopped": pd.Series(dtype="datetime64[us]"),
        "until": pd.Series(dtype="datetime64[us]"),
        "resumed": pd.Series(dtype="bool"),
        "score": pd.Series(dtype="float64"),
    }
    if plans is None or tables.sessions is None:
        return pd.DataFrame(empty)
    ids = tables.patients["patient_id"].sort_values().reset_index(drop=True)
    place = np.arange(len(ids))
    ever = np.full(len(ids), 10**6)
    stops = events(plans[plans["plan"].isin(STOPPED)], ids)
    first = stops.first_within(place, -ever, ever)
    day = np.where(first >= 0, np.nan_to_num(stops.day(first)), 0).astype(np.int64)
    held = events(tables.sessions[tables.sessions["status"] == "attended"], ids)
    last = held.day(held.last(place, day))
    scores = score_events(tables.assessments, ids, instrument, ("pre", "remote"))
    found = scores.last(place, day)
    score, age = scores.value(found), day - scores.day(found)
    well = (first >= 0) & (day - last <= recent) & (age <= recent) & (score <= at_most)
    again = events(plans[plans["plan"].isin(SCHEDULED)], ids)
    resumed = again.first_within(place, day, ever)
    end = day_number(tables.as_of)
    until = np.where(resumed >= 0, np.nan_to_num(again.day(resumed)) - 1, end).astype(np.int64)
    chosen = np.flatnonzero(well & (np.minimum(until, end) > np.nan_to_num(last)))
    return pd.DataFrame(
        {
            "patient_id": pick(ids, chosen).astype("str"),
            "stopped": to_dates(np.nan_to_num(last).astype(np.int64)[chosen]),
            "until": to_dates(np.minimum(until, end)[chosen]),
            "resumed": ((resumed >= 0) & (until < end))[chosen],
            "score": score[chosen],
        }
    )


def derive_sustained_return(
    tables: Tables,
    stops: pd.DataFrame,
    instrument: str,
    timing: str,
    *,
    threshold: float = 5.0,
    apart: int = 14,
) -> pd.DataFrame:
    """Bracket the sustained return of pain between two records.

    Parameters
    ----------
    tables : Tables
        The data set.
    stops : DataFrame
        As made by `derive_stops`.
    instrument : str
        Code of the pain instrument.
    timing : {"remote", "pre"}
        Scores to look at: answered at home, or before sessions.
    threshold : float
        Score from which pain has returned.
    apart : int
        Days for which it must stay there: all records from the first to one at least so much later.

    Returns
    -------
    DataFrame
        One row a row of `stops`: ``patient_id``; ``left`` and ``right`` in weeks after the last
        session, the last record before the return and the first of it (infinite without one);
        ``records`` (number looked at).

    Notes
    -----
    A single high score is no return. High scores at the end that no later record confirms leave the
    patient free of return up to the last low one.
    """
    ids = stops["patient_id"].reset_index(drop=True)
    begin, end = day_numbers(stops["stopped"]), day_numbers(stops["until"])
    scores = score_events(tables.assessments, ids, instrument, (timing,))
    whose, day = unpack(scores.keys)
    inside = (day > begin[whose]) & (day <= end[whose])
    scores = Events(scores.keys[inside], scores.readings[inside])
    whose, day = whose[inside], day[inside]
    high = scores.readings >= threshold
    # Runs of high records of one patient; a run that spans the days is a return at its first.
    opens = np.ones(len(day), dtype=bool)
    opens[1:] = (whose[1:] != whose[:-1]) | (high[1:] != high[:-1])
    start = np.flatnonzero(opens)
    stop = np.append(start[1:], len(day))[: len(start)] - 1
    lasting = high[start] & (day[stop] - day[start] >= apart) if len(start) else start > 0
    n = len(ids)
    right = np.full(n, np.inf)
    first = start[lasting]
    # From the last to the first, so that the earliest return of a patient stays.
    right[whose[first][::-1]] = day[first][::-1]
    left = begin.astype("float64")
    before = ~high & (day < right[whose]) if len(day) else np.zeros(0, dtype=bool)
    np.maximum.at(left, whose[before], day[before].astype("float64"))
    return pd.DataFrame(
        {
            "patient_id": ids,
            "left": (left - begin) / 7,
            "right": (right - begin) / 7,
            "records": np.bincount(whose, minlength=n),
        }
    )
