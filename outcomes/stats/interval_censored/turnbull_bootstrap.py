"""Bootstrap intervals for the Turnbull estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import EstimationError
from outcomes.stats.bootstrap import Bootstrap, Counts, bootstrap

from .rows import CensoredTimes, Floats, censored_times
from .turnbull import TurnbullFit, turnbull_of


@dataclass(frozen=True)
class TurnbullBootstrap:
    """Intervals for F(t) and the restricted mean from resampled units.

    Parameters
    ----------
    fit : TurnbullFit
        The estimate from the data as they are.
    estimates : DataFrame
        Columns term (``F(t)`` or ``rmst``), time, estimate, low, high (as `TurnbullFit.cdf` and
        `rmst`), std_error, conf_low, conf_high (percentile limits of the estimate), outer_low,
        outer_high (percentile limits of `low` and of `high`: they also cover where inside an
        interval the event lies).
    draws : Bootstrap
        Everything resampled, in blocks of estimate, low, high.
    """

    fit: TurnbullFit
    estimates: pd.DataFrame
    draws: Bootstrap


def bootstrap_turnbull(
    left: ArrayLike,
    right: ArrayLike,
    *,
    times: Sequence[float],
    horizon: float | None = None,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    replicates: int = 500,
    seed: int = 20260101,
    level: float = 0.95,
    workers: int | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> TurnbullBootstrap:
    """Turnbull estimate with bootstrap intervals.

    Parameters
    ----------
    left, right, weight : array_like of float, shape (n,)
        As for `fit_turnbull`.
    times : sequence of float
        Times at which F is wanted.
    horizon : float, optional
        Horizon of the restricted mean; left out unless given.
    cluster : array_like, shape (n,), optional
        Rows of one cluster are drawn together; each row is its own cluster unless given.
    replicates, seed, workers, on_step
        As for `bootstrap`.
    level : float
        Confidence level.

    Returns
    -------
    TurnbullBootstrap
        One row a time, and one for the restricted mean.

    Raises
    ------
    EstimationError
        As `fit_turnbull`, or for a cluster that is missing.

    Notes
    -----
    With inspections on a fixed grid of times F converges at the usual rate and the bootstrap is
    valid at grid times. With inspections at continuous times F converges at the cube root of n and
    the ordinary bootstrap is not consistent; take the intervals as rough then.

    References
    ----------
    Sen B, Xu G. Model based bootstrap methods for interval censored data. Comput Stat Data Anal
    2015;81:121–129.
    """
    rows = censored_times(left, right, weight)
    if cluster is None:
        unit, n_units = np.arange(len(rows.left)), len(rows.left)
    else:
        codes, names = pd.factorize(np.asarray(cluster))
        if (codes < 0).any():
            raise EstimationError(
                f"{int((codes < 0).sum())} rows have no cluster.", "Fill in the cluster."
            )
        unit, n_units = codes, len(names)
    at = np.asarray(times, dtype=float)

    def statistic(counts: Counts) -> Floats:
        drawn = CensoredTimes(rows.left, rows.right, rows.weight * counts[unit])
        if not (drawn.weight > 0).any():
            raise EstimationError("A resample has no row of positive weight.")
        fit = turnbull_of(drawn)
        parts = [fit.cdf(at)[["estimate", "low", "high"]].to_numpy()]
        if horizon is not None:
            parts.append(fit.rmst(horizon).to_numpy()[None, :])
        return np.concatenate(parts).T.ravel()

    draws = bootstrap(
        statistic, n_units, replicates=replicates, seed=seed, workers=workers, on_step=on_step
    )
    low, high = draws.interval(level)
    estimate, lower, upper = draws.point.reshape(3, -1)
    terms = [f"F({t:g})" for t in at]
    table = pd.DataFrame(
        {
            "term": terms + ([] if horizon is None else ["rmst"]),
            "time": np.append(at, [] if horizon is None else [horizon]),
            "estimate": estimate,
            "low": lower,
            "high": upper,
            "std_error": draws.std_error.reshape(3, -1)[0],
            "conf_low": low.reshape(3, -1)[0],
            "conf_high": high.reshape(3, -1)[0],
            "outer_low": low.reshape(3, -1)[1],
            "outer_high": high.reshape(3, -1)[2],
        }
    )
    return TurnbullBootstrap(turnbull_of(rows), table, draws)
