"""When enough people will have come and answered, at the pace of the last year."""

from __future__ import annotations

from math import isfinite

import pandas as pd

LONGEST = 240
"""Months looked ahead; what takes longer has no month."""
ASSUMED = 0.5
"""Share that is taken to answer where nobody could have answered yet."""


def month_reached(
    needed: float, have: float, starters: pd.DataFrame, pace: float, lag: int, as_of: pd.Timestamp
) -> str:
    """Name the month in which a number of people will be reached.

    Parameters
    ----------
    needed, have : float
        People needed, and those there are.
    starters : DataFrame
        People who began care by month: month, n_patients.
    pace : float
        People who begin care in a month from now on.
    lag : int
        Days from the start of care after which somebody can count.
    as_of : Timestamp
        Today.

    Returns
    -------
    str
        Such as ``2027-03``; empty where it is not reached within twenty years or at no pace.

    Notes
    -----
    Of those whose time had come by today the share have / due counts, and the same share of those
    to come (`ASSUMED` where nobody's time has come). Those who began care already come due on their
    own day, those after them at `pace`.
    """
    if not isfinite(needed):
        return ""
    wait = pd.Timedelta(days=lag)
    begun = starters["n_patients"].to_numpy(dtype=float)
    # in the middle of the month they began
    due_on = pd.to_datetime(starters["month"]) + pd.Timedelta(days=15) + wait
    due_now = float(begun[(due_on <= as_of).to_numpy()].sum())
    # half a person where nobody counts yet, so that "never" is not read into an empty start
    share = (have or 0.5) / (due_now if have else due_now + 1) if due_now > 0 else ASSUMED
    ahead = [as_of + pd.DateOffset(months=month) for month in range(1, LONGEST + 1)]
    for month, day in enumerate(ahead, start=1):
        known = float(begun[(due_on <= day).to_numpy()].sum())
        to_come = pace * max(month - lag / 30.4375, 0.0)
        if share * (known + to_come) >= needed - 1e-9:
            return f"{day.year:04d}-{day.month:02d}"
    return ""
