"""Resample whole units, refit everything, and say what did not work.

A unit is whatever is independent: a subject, or a cluster of subjects. The statistic receives how
often each unit was drawn, so a fit that accepts weights never copies its data. Replicate r draws
from its own stream, made from the seed and r alone: the numbers do not depend on how many workers
there are, and a run that was cut short can be taken up where it ended.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError

from .one_thread import one_thread_each

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Statistic = Callable[[Counts], ArrayLike]
KINDS = ("percentile", "basic", "normal", "studentised")


@dataclass(frozen=True)
class Bootstrap:
    """Estimates from the data as they are, and from resamples of their units.

    Parameters
    ----------
    point : ndarray of float, shape (k,)
        Estimates from the data as they are.
    replicates : ndarray of float, shape (R, k)
        Estimates of each resample; a row of NaN where the fit failed.
    failures : dict of str to int
        Reasons of failed resamples and how often each was met.
    seed : int
        Seed of the streams.
    point_error, replicate_errors : ndarray of float, optional
        Standard errors that the statistic gave beside its estimates.
    """

    point: Floats
    replicates: Floats
    failures: dict[str, int]
    seed: int
    point_error: Floats | None = None
    replicate_errors: Floats | None = None

    @property
    def n_failed(self) -> int:
        """Resamples without an estimate."""
        return int(np.isnan(self.replicates).all(axis=1).sum())

    @property
    def std_error(self) -> Floats:
        """Standard deviation over the resamples that gave an estimate."""
        draws = self._enough()
        many = (~np.isnan(draws)).sum(axis=0) > 1
        out = np.full(draws.shape[1], np.nan)
        out[many] = np.nanstd(draws[:, many], axis=0, ddof=1)
        return out

    def interval(self, level: float = 0.95, kind: str = "percentile") -> tuple[Floats, Floats]:
        """Confidence limits of each estimate.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        kind : {"percentile", "basic", "normal", "studentised"}
            `percentile` takes quantiles of the resampled estimates, `basic` mirrors them at the
            estimate, `normal` adds the normal quantile times `std_error`, `studentised` mirrors
            quantiles of (resampled − estimate) / resampled standard error.

        Returns
        -------
        low, high : ndarray of float, shape (k,)
            Limits.

        Raises
        ------
        EstimationError
            For an unknown kind or level, fewer than 20 successful resamples, or `studentised`
            without standard errors.

        Notes
        -----
        Failed resamples are left out; `n_failed` and `failures` say how many and why. More than a
        few mean that the interval describes only the resamples in which the fit was possible.

        References
        ----------
        Davison AC, Hinkley DV. Bootstrap methods and their application. Cambridge 1997, chapter 5.
        """
        if not 0 < level < 1:
            raise EstimationError(f"The level {level} is not between 0 and 1.", "Use 0.95.")
        if kind not in KINDS:
            raise EstimationError(f"Unknown kind {kind!r}.", f"Use one of {', '.join(KINDS)}.")
        draws = self._enough()
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if kind == "normal":
            half = stats.norm.isf(tails[0]) * self.std_error
            return self.point - half, self.point + half
        if kind == "studentised":
            if self.point_error is None or self.replicate_errors is None:
                raise EstimationError(
                    "The statistic gave no standard errors.",
                    "Return a pair (estimates, standard errors), or use kind='percentile'.",
                )
            pivots = (self.replicates - self.point) / self.replicate_errors
            low, high = _quantiles(pivots, tails)
            return self.point - high * self.point_error, self.point - low * self.point_error
        low, high = _quantiles(draws, tails)
        if kind == "basic":
            return 2 * self.point - high, 2 * self.point - low
        return low, high

    def _enough(self) -> Floats:
        succeeded = len(self.replicates) - self.n_failed
        if succeeded < 20:
            raise EstimationError(
                f"Only {succeeded} of {len(self.replicates)} resamples gave an estimate.",
                "Ask for more replicates, or simplify the model that fails: "
                + ("; ".join(self.failures) or "none failed."),
            )
        return self.replicates


def draw(n_units: int, seed: int, replicate: int, strata: Counts | None = None) -> Counts:
    """Count how often each unit is drawn in one resample.

    Parameters
    ----------
    n_units : int
        Number of units.
    seed : int
        Seed of the whole bootstrap.
    replicate : int
        Number of the resample, from 0.
    strata : ndarray of int, shape (n_units,), optional
        Units are drawn within strata, whose sizes then stay as they are.

    Returns
    -------
    ndarray of int, shape (n_units,)
        Counts that sum to `n_units`; the same for the same seed and replicate, always.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replicate,)))
    if strata is None:
        return np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)
    order = np.argsort(strata, kind="stable")
    sizes = np.bincount(np.unique(strata, return_inverse=True)[1])
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    drawn = start + rng.integers(0, np.repeat(sizes, sizes))
    return np.bincount(order[drawn], minlength=n_units)


def bootstrap(
    statistic: Statistic,
    n_units: int,
    *,
    replicates: int = 500,
    seed: int = 20260101,
    strata: ArrayLike | None = None,
    workers: int | None = None,
    done: Bootstrap | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Refit a statistic on resamples of independent units.

    Parameters
    ----------
    statistic : callable
        Takes the number of times each unit was drawn (ndarray of int, shape (n_units,)) and returns
        k estimates, or a pair (k estimates, k standard errors). It must refit every model that the
        estimate rests on, and may raise `EstimationError` for a resample it cannot fit.
    n_units : int
        Number of independent units. For clusters, let the statistic spread the count of a cluster
        over its members.
    replicates : int
        Number of resamples.
    seed : int
        Seed; the same seed gives the same numbers with any number of workers.
    strata : array_like of int, shape (n_units,), optional
        Draw within strata.
    workers : int, optional
        Threads; as many as there are cores unless given. NumPy frees the interpreter while it
        computes on large arrays, so threads share the data and still use every core.
    done : Bootstrap, optional
        An earlier run with the same seed; its resamples are kept and only the rest is computed.
    on_step : callable, optional
        Called with (done, total) after each resample.

    Returns
    -------
    Bootstrap
        Estimates, resamples and failures.

    Raises
    ------
    EstimationError
        If there are fewer than two units, the statistic fails on the data as they are, or `done`
        has another seed.
    """
    if n_units < 2:
        raise EstimationError(
            f"{n_units} independent unit cannot be resampled.", "Resample a smaller unit."
        )
    if done is not None and done.seed != seed:
        raise EstimationError(
            f"The earlier run has seed {done.seed}, this one {seed}.", "Use the earlier seed."
        )
    layers = None if strata is None else np.asarray(strata, dtype=np.int64)
    whole = _split(statistic(np.ones(n_units, dtype=np.int64)))
    kept = 0 if done is None else min(len(done.replicates), replicates)
    values = np.full((replicates, whole.shape[1]), np.nan)
    errors = np.full_like(values, np.nan)
    if done is not None:
        values[:kept] = done.replicates[:kept]
        if done.replicate_errors is not None:
            errors[:kept] = done.replicate_errors[:kept]
    reasons: Counter[str] = Counter({} if done is None else done.failures)

    def one(replicate: int) -> tuple[int, Floats | None, str]:
        try:
            return replicate, _split(statistic(draw(n_units, seed, replicate, layers))), ""
        except EstimationError as error:
            return replicate, None, error.problem

    with one_thread_each(), ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for count, (replicate, found, reason) in enumerate(
            pool.map(one, range(kept, replicates)), start=kept + 1
        ):
            if found is None:
                reasons[reason] += 1
            else:
                values[replicate] = found[0]
                errors[replicate] = found[1]
            if on_step is not None:
                on_step(count, replicates)
    studentised = bool(np.isfinite(whole[1]).any())
    return Bootstrap(
        point=whole[0],
        replicates=values,
        failures=dict(reasons),
        seed=seed,
        point_error=whole[1] if studentised else None,
        replicate_errors=errors if studentised else None,
    )


def _quantiles(draws: Floats, tails: Floats) -> Floats:
    """Quantiles of each column over the resamples that have it; NaN where none has."""
    seen = ~np.isnan(draws).all(axis=0)
    out = np.full((len(tails), draws.shape[1]), np.nan)
    out[:, seen] = np.nanquantile(draws[:, seen], tails, axis=0)
    return out


def _split(found: ArrayLike) -> Floats:
    """Estimates and standard errors as two rows; NaN where no standard errors were given."""
    if isinstance(found, tuple):
        estimates, errors = (np.atleast_1d(np.asarray(part, dtype=float)) for part in found)
    else:
        estimates = np.atleast_1d(np.asarray(found, dtype=float))
        errors = np.full_like(estimates, np.nan)
    if estimates.ndim != 1 or estimates.shape != errors.shape:
        raise EstimationError(
            f"The statistic returned shapes {estimates.shape} and {errors.shape}.",
            "Return one-dimensional estimates, and standard errors of the same length if any.",
        )
    return np.stack([estimates, errors])
