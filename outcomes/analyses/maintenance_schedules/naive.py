"""Tempting comparisons, beside the one that holds, each with what it takes for granted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Outcome
from outcomes.analyses.maintenance_schedules.grid import Flags, Floats, ScheduleGrid
from outcomes.analyses.maintenance_schedules.spec import STRATEGIES, Strategy
from outcomes.analyses.maintenance_schedules.weighting import Fitted
from outcomes.derive.decisions import BLOCK_DAYS
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
    grid: ScheduleGrid,
    outcome: Outcome,
    fitted: Fitted,
    cuts: CutPoints,
    strategies: tuple[Strategy, ...] = STRATEGIES,
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
    strategies : tuple of Strategy
        What the schedules ask for.

    Returns
    -------
    DataFrame
        estimator, strategy, mean, n (patients), assumes. Missing where nobody is left.

    Notes
    -----
    The first classes patients by attended sessions per block over the whole time in care, by the
    cut points of cadence, or for schedules of one's own by their mean gap, and takes the last
    recorded score; the second is an analysis of covariance on the baseline; the others are
    plain means of answers. None of them is to be believed.
    """
    means = {
        FUTURE: _future(grid, outcome, cuts, strategies),
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


def _future(
    grid: ScheduleGrid, outcome: Outcome, cuts: CutPoints, strategies: tuple[Strategy, ...]
) -> dict[str, tuple[float, int]]:
    """Strategies by the cadence over all time in care."""
    last = outcome.periods[-1] + 1
    cared = grid.in_care[:, :last]
    sessions = np.where(cared, grid.square("sessions")[:, :last], 0.0).sum(axis=1)
    rate = sessions / cared.sum(axis=1)
    bounds = {
        "twice_monthly": (rate >= cuts.twice_monthly) & (rate < cuts.weekly),
        "monthly": (rate >= cuts.monthly) & (rate < cuts.twice_monthly),
        "on_demand": rate < cuts.monthly,
    }
    for strategy in strategies:
        if strategy in STRATEGIES:
            continue
        if strategy.every is None:
            bounds[strategy.name] = rate < cuts.monthly
        else:
            fewest, most = BLOCK_DAYS / (strategy.every[1] + 1), BLOCK_DAYS / strategy.every[0]
            bounds[strategy.name] = (rate > fewest) & (rate <= most)
    end = cared.sum(axis=1) - 1
    here = np.arange(grid.n), end
    answer, before = grid.square("answer")[here], grid.square("before_answer")[here]
    final: Floats = np.where(np.isnan(answer), before, answer)
    known = ~np.isnan(final)
    return {
        s: (float(final[bounds[s] & known].mean()), int((bounds[s] & known).sum()))
        if (bounds[s] & known).any()
        else (float("nan"), 0)
        for s in grid.followed
    }


def _completers(grid: ScheduleGrid, outcome: Outcome) -> dict[str, tuple[float, int]]:
    """Adjust means by first plan for baseline, of those who answered in the last block."""
    y = outcome.y[:, -1]
    known = ~np.isnan(y)
    # By code, as strategies may overlap; the slope is that within codes.
    codes = np.unique(grid.codes[known, 0])
    columns = [(grid.codes[:, 0] == code).astype(float) for code in codes]
    adjusted = y
    if "baseline_" in grid.frame:
        baseline = grid.square("baseline_")[:, 0]
        among = known & np.isin(
            grid.codes[:, 0], sorted({c for own in grid.followed.values() for c in own})
        )
        baseline = baseline - baseline.mean()
        design = np.column_stack([*columns, baseline])
        if among.any():
            adjusted = y - np.linalg.lstsq(design[among], y[among], rcond=None)[0][-1] * baseline
    found = {}
    for s, allowed in grid.followed.items():
        rows = known & np.isin(grid.codes[:, 0], allowed)
        found[s] = (float(adjusted[rows].mean()) if rows.any() else float("nan"), int(rows.sum()))
    return found
