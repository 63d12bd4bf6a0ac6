"""How much units differ beyond chance: the variance between them, with its interval.

Estimates, their sampling variances and weights run along the last axis; anything before it is a
batch, so that thousands of simulated funnels, or every funnel with one unit left out, are one call.
A sampling variance of infinity takes a unit out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
_MOST_STEPS = 200
_TOLERANCE = 1e-12


def weighted_mean(estimate: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
    """Mean weighted by precision, and its variance.

    Parameters
    ----------
    estimate : array_like, shape (..., C)
        Estimates of C units.
    variance : array_like, shape (..., C)
        Their variances, above 0; infinity leaves a unit out.

    Returns
    -------
    mean, variance : ndarray of float, shape (...,)
        Σwy/Σw and 1/Σw with w = 1/variance.

    References
    ----------
    DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177–188.
    """
    y, w = np.broadcast_arrays(np.asarray(estimate, float), 1 / np.asarray(variance, float))
    total = w.sum(axis=-1)
    return (w * y).sum(axis=-1) / total, 1 / total


def paule_mandel(estimate: ArrayLike, variance: ArrayLike) -> Floats:
    """Variance between units by the equation of Paule and Mandel.

    Parameters
    ----------
    estimate : array_like, shape (..., C)
        Estimates of C units.
    variance : array_like, shape (..., C)
        Their sampling variances, above 0; infinity leaves a unit out.

    Returns
    -------
    ndarray of float, shape (...,)
        τ², in the unit of the estimate squared; 0 where units differ no more than by chance. NaN
        where fewer than two units are left.

    Raises
    ------
    EstimationError
        If the iteration does not settle.

    Notes
    -----
    Solves Q(τ²) = Σ w (y − ȳ)² = k − 1 with w = 1/(v + τ²), ȳ the w-weighted mean and k the units
    with a finite variance. Q falls and is convex, so Newton's steps from 0 never overshoot. Also
    known as the empirical Bayes estimator.

    References
    ----------
    Paule RC, Mandel J. Consensus values and weighting factors. J Res Natl Bur Stand
    1982;87:377–385.
    """
    y, v = np.broadcast_arrays(np.asarray(estimate, float), np.asarray(variance, float))
    free = np.isfinite(v).sum(axis=-1) - 1
    tau2 = np.zeros(y.shape[:-1])
    for _ in range(_MOST_STEPS):
        w = 1 / (v + tau2[..., None])
        total = w.sum(axis=-1, keepdims=True)
        away = y - (w * y).sum(axis=-1, keepdims=True) / total
        excess = (w * away**2).sum(axis=-1) - free
        with np.errstate(divide="ignore", invalid="ignore"):
            step = excess / (w**2 * away**2).sum(axis=-1)
        step = np.where((excess > 0) & np.isfinite(step), step, 0.0)
        tau2 = tau2 + step
        if np.all(step <= _TOLERANCE * tau2):
            return np.where(free > 0, tau2, np.nan)
    raise EstimationError(
        "The variance between units did not settle.",
        "Look for a unit whose standard error is far smaller than the others'.",
    )


def moment_variance(
    excess: ArrayLike, variance: ArrayLike, units: ArrayLike | None = None
) -> Floats:
    """Variance between units by the moment estimator of DerSimonian and Laird.

    Parameters
    ----------
    excess : array_like, shape (...,)
        Q, the sum of squared deviates z of the units about their weighted mean or a target.
    variance : array_like, shape (..., C)
        Sampling variances of the units.
    units : array_like, optional
        Number of units; C unless given.

    Returns
    -------
    ndarray of float, shape (...,)
        max(0, (Q − (C − 1)) / (Σw − Σw²/Σw)), w = 1/variance.

    References
    ----------
    DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177–188.
    Spiegelhalter DJ. Handling over-dispersion of performance indicators. Qual Saf Health Care
    2005;14:347–351.
    """
    w = 1 / np.asarray(variance, float)
    count = np.asarray(w.shape[-1] if units is None else units)
    total = w.sum(axis=-1)
    spare = total - (w**2).sum(axis=-1) / total
    return np.maximum(0.0, (np.asarray(excess, float) - (count - 1)) / spare)


def variance_interval(
    estimate: ArrayLike, variance: ArrayLike, level: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of the variance between units by inverting Q.

    Parameters
    ----------
    estimate : array_like, shape (C,)
        Estimates of C units.
    variance : array_like, shape (C,)
        Their sampling variances.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        Limits of τ²; 0 where the equation has no positive root.

    Raises
    ------
    EstimationError
        If there are fewer than two units.

    Notes
    -----
    Q(τ²) of `paule_mandel` has a χ² distribution with C − 1 degrees of freedom at the true τ², if
    the sampling variances are known and the units are normal. The limits are the τ² at which Q
    equals the upper and the lower quantile.

    References
    ----------
    Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. Stat Med
    2007;26:37–52.
    """
    y, v = np.asarray(estimate, float), np.asarray(variance, float)
    if len(y) < 2:
        raise EstimationError(
            f"{len(y)} unit(s) show no variance between units.", "Compare two or more units."
        )
    tails = stats.chi2.isf([(1 - level) / 2, (1 + level) / 2], len(y) - 1)

    def beyond(tau2: float, quantile: float) -> float:
        centre, _ = weighted_mean(y, v + tau2)
        return float(((y - centre) ** 2 / (v + tau2)).sum() - quantile)

    limits = []
    # At this variance Q is certainly below the quantile: every weight is below 1/τ².
    spread = float(((y - y.mean()) ** 2).sum())
    for quantile in tails:
        if beyond(0.0, quantile) <= 0:
            limits.append(0.0)
        else:
            limits.append(
                float(optimize.brentq(beyond, 0, spread / quantile + 1e-12 * spread, (quantile,)))
            )
    return limits[0], limits[1]
