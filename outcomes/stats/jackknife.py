"""Leave units out in turn, refit everything: a standard error without chance in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], ArrayLike]


@dataclass(frozen=True)
class Jackknife:
    """Estimates from the data as they are, and with each group of units left out.

    Parameters
    ----------
    point : ndarray of float, shape (k,)
        Estimates from the data as they are.
    left_out : ndarray of float, shape (g, k)
        Estimates without each group.
    """

    point: Floats
    left_out: Floats

    @property
    def df(self) -> int:
        """Degrees of freedom of the standard error: groups − 1."""
        return len(self.left_out) - 1

    @property
    def covariance(self) -> Floats:
        """(g − 1)/g Σ (θ₋ᵢ − mean)(θ₋ᵢ − mean)'."""
        apart = self.left_out - self.left_out.mean(axis=0)
        return apart.T @ apart * (self.df / len(apart))

    @property
    def std_error(self) -> Floats:
        """Square roots of the diagonal of `covariance`."""
        return np.sqrt(np.diag(self.covariance))


def jackknife(
    statistic: Statistic,
    n_units: int,
    *,
    groups: int | None = None,
    seed: int = 20260101,
    workers: int | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Jackknife:
    """Refit a statistic with units left out in turn.

    Parameters
    ----------
    statistic : callable
        Takes how often each unit counts (0 or 1, ndarray of int, shape (n_units,)) and returns k
        estimates.
    n_units : int
        Number of independent units.
    groups : int, optional
        Number of random groups of nearly equal size to leave out; each unit is its own unless
        given.
    seed : int
        Seed that deals units out to groups; no part when each unit is its own.
    workers : int, optional
        Threads; as many as there are cores unless given.
    on_step : callable, optional
        Called with (done, total) after each refit.

    Returns
    -------
    Jackknife
        Estimates, and their covariance.

    Raises
    ------
    EstimationError
        For fewer than two units or groups, or a fit that fails: unlike a resample, none of these
        can be left out.

    Notes
    -----
    The variance is biased upwards rather than downwards (Efron and Stein), which suits estimates
    that rest on few effective observations.

    References
    ----------
    Efron B, Stein C. The jackknife estimate of variance. Ann Stat 1981;9:586–596.
    """
    g = n_units if groups is None else groups
    if not 2 <= g <= n_units:
        raise EstimationError(
            f"{g} groups cannot be made of {n_units} units.",
            "Ask for 2 groups or more, of 1 or more.",
        )
    dealt = np.arange(n_units)
    if groups is not None:
        dealt = np.random.default_rng(seed).permutation(n_units) % g
    point = np.atleast_1d(np.asarray(statistic(np.ones(n_units, dtype=np.int64)), dtype=float))

    def one(group: int) -> Floats:
        counts = (dealt != group).astype(np.int64)
        return np.atleast_1d(np.asarray(statistic(counts), dtype=float))

    left_out = np.empty((g, len(point)))
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for i, found in enumerate(pool.map(one, range(g))):
            left_out[i] = found
            if on_step is not None:
                on_step(i + 1, g)
    return Jackknife(point, left_out)
