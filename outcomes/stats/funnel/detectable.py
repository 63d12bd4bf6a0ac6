"""The smallest true difference that a unit would show, by formula and by simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from outcomes.errors import EstimationError
from outcomes.stats.funnel.dispersion import reference

Floats = NDArray[np.float64]


def detectable_difference(
    spread: ArrayLike, df: float, *, level: float = 0.998, power: float = 0.8
) -> Floats:
    """Give the smallest true difference that a unit would show with the given power, by formula.

    Parameters
    ----------
    spread : array_like, shape (C,)
        Standard deviation of a unit's value about its centre (`dispersion.Reference`).
    df : float
        Degrees of freedom of its deviate.
    level : float
        Limits that it has to cross.
    power : float
        Wanted probability of crossing.

    Returns
    -------
    ndarray of float, shape (C,)
        Difference in the unit of the value.

    Raises
    ------
    EstimationError
        If the power is not between 1 − level and 1.

    Notes
    -----
    Solves P(|T| > t) = power, T noncentral t with `df` degrees of freedom and noncentrality
    δ/spread. Holds where the unit does not widen its own limits: with leave-one-out, or without
    over-dispersion.

    References
    ----------
    Johnson NL, Kotz S, Balakrishnan N. Continuous univariate distributions 2. 2nd ed. Wiley 1995,
    chapter 31.
    """
    if not 1 - level < power < 1:
        raise EstimationError(
            f"A power of {power} cannot be planned for.", "Ask for a power such as 0.8."
        )
    crossing = stats.t.isf((1 - level) / 2, df)

    def short(noncentrality: float) -> float:
        if np.isinf(df):
            upper, lower = (
                stats.norm.sf(crossing - noncentrality),
                stats.norm.cdf(-crossing - noncentrality),
            )
        else:
            upper = stats.nct.sf(crossing, df, noncentrality)
            lower = stats.nct.cdf(-crossing, df, noncentrality)
        return float(upper + np.nan_to_num(lower) - power)

    top = crossing
    while short(top) < 0:
        top *= 2
    return float(optimize.brentq(short, 0, top)) * np.asarray(spread, float)


def simulated_detectable_difference(
    std_error: ArrayLike,
    tau: float,
    *,
    level: float = 0.998,
    power: float = 0.8,
    replicates: int = 2000,
    seed: int = 20260101,
) -> Floats:
    """Give the smallest true difference that leave-one-out limits would show, by simulation.

    Parameters
    ----------
    std_error : array_like, shape (C,)
        Sampling standard errors of the units.
    tau : float
        True standard deviation between units.
    level, power : float
        As for `detectable_difference`.
    replicates, seed
        As for `alarms.simulate_alarms`.

    Returns
    -------
    ndarray of float, shape (C,)
        Difference in the unit of the value.

    Notes
    -----
    The limits of a unit do not depend on its own value, so one simulation serves every difference
    of every unit: the difference needed in a replicate is t·spread − (y − centre), and its quantile
    at `power` is the answer. Crossing on the wrong side is not counted as finding.

    References
    ----------
    Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical methods. Stat
    Med 2019;38:2074–2102.
    """
    s = np.asarray(std_error, float)
    values = np.random.default_rng(seed).normal(size=(replicates, len(s))) * np.sqrt(tau**2 + s**2)
    found = reference(values, s)
    crossing = stats.t.isf((1 - level) / 2, found.df)
    needed = crossing * found.spread - (values - found.centre)
    return np.asarray(np.quantile(needed, power, axis=0))
