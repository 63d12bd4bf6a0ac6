"""Tempting comparisons, beside the one that holds, each with what it takes for granted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Outcome
from outcomes.analyses.maintenance_schedules.grid import Flags, Floats, ScheduleGrid
from outcomes.analyses.maintenance_schedules.weighting import Fitted
from outcomes.settings import CutPoints

FUTURE = "cadence they ended up with"
COMPLETERS = "first plan, those who answered"
CURRENT = "current plan, unweighted"
FOLLOWERS = "those who kept to it, unweighted"
ASSUMES = {
    FUTURE: "that how often people came in the end says nothing of how they were: but those who "
    "hurt come, and those who are well stay away",
    COMPLETERS: "that baseline is all that differs between first plans, that nobody changes plan, "
    "and that those who left or did not answer fare like the others",
    CURRENT: "that pain does not choose the plan",
    FOLLOWERS: "that those who kept to a plan were no different from those who changed it",
}


def naive_estimates(
    grid: ScheduleGrid, outcome: Outcome, fitted: Fitted, cuts: CutPoints
) -> pd.DataFrame:
    """Compute each tempting mean of every strategy.

    Parameters
    ----------
    grid : ScheduleGrid
        Patients by blocks.
    outcome : Outcome
        The primary outcome.
    fitted : Fitted
        For who kept to a strategy; no weight is used.
    cuts : CutPoints
        Cadence cut points.

    Returns
    -------
    DataFrame
        estimator, strategy, mean, n (patients), assumes. Missing where nobody is left.

    Notes
    -----
    The first classes patients by attended sessions per block over the whole time in care and takes
    the last recorded score; the second is an analysis of covariance on the baseline; the others are
    plain means of answers. None of them is to be believed.
    """
    means = {
        FUTURE: _future(grid, outcome, cuts),
        COMPLETERS: _completers(grid, outcome),
        CURRENT: {s: _plain(outcome, _current(grid, outcome, s)) for s in grid.followed},
        FOLLOWERS: {
            s: _plain(outcome, fitted.clones[s].kept[:, list(outcome.periods)])
            for s in grid.followed
        },
    }
    rows = [
        {"estimator": name, "strategy": s, "mean": mean, "n": n, "assumes": ASSUMES[name]}
        for name, found in means.items()
        for s, (mean, n) in found.items()
    ]
    return pd.DataFrame(rows)


def _plain(outcome: Outcome, who: Flags) -> tuple[float, int]:
    """Mean of the block means of some."""
    counts = who & ~np.isnan(outcome.y)
    n = counts.sum(axis=0)
    if not n.all():
        return float("nan"), 0
    total = np.where(counts, outcome.y, 0.0).sum(axis=0)
    return float((total / n).mean()), int(counts.any(axis=1).sum())


def _current(grid: ScheduleGrid, outcome: Outcome, strategy: str) -> Flags:
    return np.isin(grid.codes[:, list(outcome.periods)], grid.followed[strategy])


def _future(grid: ScheduleGrid, outcome: Outcome, cuts: CutPoints) -> dict[str, tuple[float, int]]:
    """Strategies by the cadence over all time in care; only those with a cadence of their own."""
    last = outcome.periods[-1] + 1
    cared = grid.in_care[:, :last]
    sessions = np.where(cared, grid.square("sessions")[:, :last], 0.0).sum(axis=1)
    rate = sessions / cared.sum(axis=1)
    bounds = {
        "twice_monthly": (rate >= cuts.twice_monthly) & (rate < cuts.weekly),
        "monthly": (rate >= cuts.monthly) & (rate < cuts.twice_monthly),
        "on_demand": rate < cuts.monthly,
    }
    end = cared.sum(axis=1) - 1
    here = np.arange(grid.n), end
    answer, before = grid.square("answer")[here], grid.square("before_answer")[here]
    final: Floats = np.where(np.isnan(answer), before, answer)
    known = ~np.isnan(final)
    return {
        s: (float(final[bounds[s] & known].mean()), int((bounds[s] & known).sum()))
        if s in bounds and (bounds[s] & known).any()
        else (float("nan"), 0)
        for s in grid.followed
    }


def _completers(grid: ScheduleGrid, outcome: Outcome) -> dict[str, tuple[float, int]]:
    """Adjust means by first plan for baseline, of those who answered in the last block."""
    y = outcome.y[:, -1]
    first = [np.isin(grid.codes[:, 0], codes) & ~np.isnan(y) for codes in grid.followed.values()]
    columns = [group.astype(float) for group in first]
    if "baseline_" in grid.frame:
        baseline = grid.square("baseline_")[:, 0]
        columns.append(baseline - baseline.mean())
    rows = np.any(first, axis=0)
    beta = np.linalg.lstsq(np.column_stack(columns)[rows], y[rows], rcond=None)[0]
    return {
        s: (float(beta[j]), int(first[j].sum())) if first[j].any() else (float("nan"), 0)
        for j, s in enumerate(grid.followed)
    }
