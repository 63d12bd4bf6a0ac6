"""Runs about the centre: too long, or too few crossings, say that the process has moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """Runs of a series about its centre, for one series or a batch.

    Parameters
    ----------
    useful : ndarray of int, shape (...,)
        Points that are neither missing nor on the centre line.
    longest, crossings : ndarray of int, shape (...,)
        Longest run on one side; crossings of the centre line.
    longest_limit, crossings_limit : ndarray of int, shape (...,)
        The longest run and the fewest crossings that chance explains.
    """

    useful: NDArray[np.int64]
    longest: NDArray[np.int64]
    crossings: NDArray[np.int64]
    longest_limit: NDArray[np.int64]
    crossings_limit: NDArray[np.int64]

    @property
    def shift(self) -> NDArray[np.bool_]:
        """Whether a run is too long."""
        return np.asarray(self.longest > self.longest_limit)

    @property
    def few_crossings(self) -> NDArray[np.bool_]:
        """Whether there are too few crossings."""
        return np.asarray(self.crossings < self.crossings_limit)


def find_runs(values: Floats, centre: Floats) -> Runs:
    """Count runs about the centre line.

    Parameters
    ----------
    values : ndarray of float, shape (..., T)
        Series in order of time.
    centre : ndarray of float, shape (..., 1)
        Centre line.

    Returns
    -------
    Runs
        Counts and their limits.

    Notes
    -----
    Points on the line and missing ones neither make nor break a run. A run is too long above
    round(log₂ n) + 3, crossings are too few below the 5 % quantile of a binomial of n − 1 and ½,
    with n useful points. Together they give about 5 % false signals whatever n. No rule about
    trends: it finds nothing that these do not.

    References
    ----------
    Anhøj J, Olesen AV. Run charts revisited: a simulation study of run chart rules for detection of
    non-random variation in health care processes. PLoS ONE 2014;9:e113825.
    """
    side = np.nan_to_num(np.sign(values - centre)).astype(np.int64)
    batch = side.shape[:-1]
    useful, crossings, run, longest, last = np.zeros((5, *batch), dtype=np.int64)
    for now in np.moveaxis(side, -1, 0):
        counts = now != 0
        same = counts & (now == last)
        crossings += counts & (last != 0) & ~same
        run = np.where(same, run + 1, np.where(counts, 1, run))
        longest = np.maximum(longest, run)
        last = np.where(counts, now, last)
        useful += counts
    return Runs(useful, longest, crossings, *run_limits(useful))


def run_line(values: Floats, centre: Floats, baseline: NDArray[np.bool_]) -> Floats:
    """Line about which runs are counted: the centre, or the value that most points share.

    Parameters
    ----------
    values : ndarray of float, shape (..., T)
        Series in order of time.
    centre : ndarray of float, shape (..., 1)
        Centre line of the chart.
    baseline : ndarray of bool, shape (T,)
        Periods that the centre is taken from.

    Returns
    -------
    ndarray of float, shape (..., 1)
        The centre; where at least half of the baseline equals its median, the median; missing, so
        that there are no runs, where moreover all other points lie on one side of it.

    Notes
    -----
    Where most shares are 0 or 1 the mean lies beside them all, and points that never moved would
    be one long run. About the value they share they are on the line, which makes no run. Of shares
    that are mostly 1 every other one is below: their order says nothing, only limits do.
    """
    known = np.where(baseline, values, np.nan)
    counted = np.isfinite(known)
    some = counted.any(axis=-1, keepdims=True)
    middle = np.nanmedian(np.where(some, known, 0.0), axis=-1, keepdims=True)
    tied = ((known == middle) & counted).sum(axis=-1, keepdims=True)
    most = some & (2 * tied >= counted.sum(axis=-1, keepdims=True))
    above = (values > middle).any(axis=-1, keepdims=True)
    below = (values < middle).any(axis=-1, keepdims=True)
    line = np.where(above & below, middle, np.nan)
    return np.asarray(np.where(most, line, centre), dtype=np.float64)


def run_limits(useful: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Longest run and fewest crossings that chance explains.

    Parameters
    ----------
    useful : ndarray of int
        Useful points.

    Returns
    -------
    longest, crossings : ndarray of int
        Limits; 0 crossings with fewer than two points.
    """
    n = np.asarray(useful)
    longest = np.where(n > 0, np.round(np.log2(np.maximum(n, 1))) + 3, 3)
    crossings = stats.binom.ppf(0.05, np.maximum(n - 1, 0), 0.5)
    return longest.astype(np.int64), np.maximum(np.nan_to_num(crossings), 0).astype(np.int64)


def shifted_points(values: Floats, centre: float) -> NDArray[np.bool_]:
    """Say which points belong to a run that is too long.

    Parameters
    ----------
    values : ndarray of float, shape (T,)
        One series.
    centre : float
        Centre line.

    Returns
    -------
    ndarray of bool, shape (T,)
        True on the useful points of such runs.
    """
    side = np.nan_to_num(np.sign(values - centre))
    used = np.flatnonzero(side)
    answer = np.zeros(len(values), dtype=bool)
    if not used.size:
        return answer
    number = np.cumsum(np.append(True, np.diff(side[used]) != 0)) - 1
    length = np.bincount(number)
    limit, _ = run_limits(np.array(len(used)))
    answer[used] = length[number] > limit
    return answer
