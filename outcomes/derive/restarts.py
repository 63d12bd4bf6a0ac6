"""Week by week after scheduled sessions ended: who was still without them, and what was known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_number, day_numbers
from outcomes.tables import Tables


def derive_restarts(
    tables: Tables, stops: pd.DataFrame, instrument: str, right: np.ndarray, weeks: int
) -> pd.DataFrame:
    """Lay out the weeks in which scheduled care could have begun again.

    Parameters
    ----------
    tables : Tables
        The data set.
    stops : DataFrame
        As made by `derive_stops`; n rows.
    instrument : str
        Code of the pain instrument.
    right : ndarray of float, shape (n,)
        Weeks until the return of pain was seen, infinite without one: later weeks do not matter.
    weeks : int
        Weeks to lay out.

    Returns
    -------
    DataFrame
        One row a patient and week that began without scheduled care, before a return was seen and
        before the as-of date: ``subject`` (place in `stops`), ``week`` (from 1), ``last`` (last
        score at its beginning, missing without one), ``age`` (weeks since that score),
        ``restarted`` (0/1, scheduled care began again in the week).
    """
    ids = stops["patient_id"].reset_index(drop=True)
    n = len(ids)
    begin = day_numbers(stops["stopped"])
    # The day before scheduled care began again, else the as-of date.
    until = day_numbers(stops["until"])
    again = stops["resumed"].to_numpy(dtype=bool)
    place, week = np.repeat(np.arange(n), weeks), np.tile(np.arange(1, weeks + 1), n)
    first = begin[place] + 7 * (week - 1)
    end = day_number(tables.as_of)
    restarted = again[place] & (until[place] < first + 7)
    free = (until[place] >= first) & (week - 1 < right[place])
    # A week that the records do not cover whole says nothing, unless care began again in it.
    rows = np.flatnonzero(free & (restarted | (first + 7 <= end)))
    scores = score_events(tables.assessments, ids, instrument, ("pre", "remote"))
    found = scores.last(place[rows], first[rows])
    return pd.DataFrame(
        {
            "subject": place[rows],
            "week": week[rows],
            "last": scores.value(found),
            "age": (first[rows] - scores.day(found)) / 7,
            "restarted": restarted[rows].astype(int),
        }
    )
