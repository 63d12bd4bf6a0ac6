"""Weeks at risk of a visit, with what was known at the start of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.errors import EstimationError


def visit_grid(
    visits: pd.DataFrame,
    follow_up: pd.DataFrame,
    *,
    subject: str,
    time: str,
    end: str,
    values: Sequence[str] = (),
    step: float = 1.0,
) -> pd.DataFrame:
    """One row per subject and week of follow-up, saying whether there was a visit.

    Parameters
    ----------
    visits : DataFrame
        One row a visit. Visits at time 0 or before are the baseline: they are not events, but what
        was measured at them is known from then on.
    follow_up : DataFrame
        One row a subject, with the time at which follow-up ended; everyone enters at 0. Columns
        other than `subject` and `end` are passed on to every week.
    subject, time, end : str
        Columns.
    values : sequence of str
        Columns of `visits` that were measured, some possibly missing.
    step : float
        Length of a week in the unit of `time`. Week w covers ((w − 1)·step, w·step].

    Returns
    -------
    DataFrame
        subject, week (1, 2, …, last whole week), visit (bool), since (weeks since the last visit or
        the start, at least 1), n_before (visits since the start, before this week), for each value
        its own column (at the first visit of the week; missing without one) and ``last_<value>``
        (the last one measured before the week), and the columns passed on.

    Raises
    ------
    EstimationError
        For absent columns, subjects listed twice or visiting without follow-up, visits after the
        end, or times that are missing.

    Notes
    -----
    Weeks that follow-up does not cover whole are left out. ``last_<value>`` is missing until the
    first measurement: give everybody a baseline, or drop those weeks.
    """
    _require(visits, follow_up, subject, time, end, values, step)
    people = follow_up.reset_index(drop=True)
    weeks = np.floor(people[end].to_numpy(dtype=float) / step + 1e-9).astype(int)
    weeks = np.maximum(weeks, 0)
    start = np.concatenate([[0], np.cumsum(weeks)])
    row = np.repeat(np.arange(len(people)), weeks)
    grid = people.drop(columns=end).loc[row].reset_index(drop=True)
    grid["week"] = np.arange(len(row)) - start[row] + 1
    came = visits.sort_values([subject, time], kind="stable")
    who = pd.Index(people[subject]).get_indexer(came[subject])
    week = np.maximum(np.ceil(came[time].to_numpy(dtype=float) / step - 1e-9), 0).astype(int)
    inside = week <= weeks[who]
    who, week, came = who[inside], week[inside], came[inside]
    event = week >= 1
    place = start[who] + week - 1
    count = np.bincount(place[event], minlength=len(row))
    grid["visit"] = count > 0
    grid["n_before"] = _before(count, start, row)
    # Weeks in which something was known anew, the start among them, carried on within a subject.
    seen = np.where(grid["visit"], grid["week"], 0)
    grid["since"] = grid["week"].to_numpy() - _carry(seen, start, row)
    for value in values:
        measured = came[value].notna().to_numpy()
        at = measured & event
        own = pd.Series(came[value].to_numpy()[at], index=place[at])
        first = own.groupby(level=0).first().reindex(np.arange(len(row)))
        grid[value] = first.to_numpy()
        # Slot 0 of a subject is the baseline, slot w what was known after week w.
        slot = start[who] + np.arange(len(people))[who] + week
        known = pd.Series(came[value].to_numpy()[measured], index=slot[measured])
        after = known.groupby(level=0).last().reindex(np.arange(len(row) + len(people)))
        unit = np.repeat(np.arange(len(people)), weeks + 1)
        after = after.groupby(unit).ffill()
        grid[f"last_{value}"] = after.to_numpy()[np.arange(len(row)) + row]
    return grid


def _before(count: np.ndarray, start: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Visits of the subject in earlier weeks."""
    total = np.concatenate([[0], np.cumsum(count)])
    return total[:-1] - total[start[row]]


def _carry(seen: np.ndarray, start: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Last week with a visit before each week, 0 if there was none."""
    # Later subjects get an offset, so that one running maximum serves all of them.
    lift = row * (int(seen.max(initial=0)) + 1)
    running = np.maximum.accumulate(seen + lift) - lift
    shifted = np.concatenate([[0], running[:-1]])
    shifted[start[:-1][start[:-1] < len(row)]] = 0
    return np.maximum(shifted, 0)


def _require(
    visits: pd.DataFrame,
    follow_up: pd.DataFrame,
    subject: str,
    time: str,
    end: str,
    values: Sequence[str],
    step: float,
) -> None:
    for name, frame, wanted in (
        ("visits", visits, [subject, time, *values]),
        ("follow_up", follow_up, [subject, end]),
    ):
        absent = [column for column in wanted if column not in frame.columns]
        if absent:
            raise EstimationError(f"{name} has no column {', '.join(absent)}.", "Check the names.")
    if step <= 0:
        raise EstimationError(f"The step {step} is not a length of time.", "Use 7 for days.")
    repeated = int(follow_up[subject].duplicated().sum())
    if repeated:
        raise EstimationError(
            f"{repeated} subjects are listed twice in follow_up.", "Keep one row a subject."
        )
    missing = int(visits[time].isna().sum()) + int(follow_up[end].isna().sum())
    if missing:
        raise EstimationError(f"{missing} times are missing.", "Leave those rows out.")
    limit = visits[subject].map(follow_up.set_index(subject)[end])
    if limit.isna().any():
        raise EstimationError(
            f"{int(limit.isna().sum())} visits are of subjects without follow-up.",
            "Add the subjects to follow_up, or leave their visits out.",
        )
    late = int((visits[time] > limit).sum())
    if late:
        raise EstimationError(
            f"{late} visits are later than the end of follow-up.",
            "Cut the visits at the end, or correct the end.",
        )
