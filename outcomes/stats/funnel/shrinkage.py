"""What a unit's true value probably is: estimates drawn towards the mean, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from outcomes.errors import EstimationError
from outcomes.stats.funnel.heterogeneity import paule_mandel, variance_interval, weighted_mean
from outcomes.stats.intervals import normal_interval

Floats = NDArray[np.float64]
# Points of the integral over τ: beyond a few hundred no digit that a reader sees changes.
_POINTS = 400
_HALVINGS = 45


@dataclass(frozen=True)
class Shrunken:
    """Estimates of true values of units.

    Parameters
    ----------
    estimate, std_error, low, high : ndarray of float, shape (C,)
        Estimate, its standard error and limits, unit of the value.
    """

    estimate: Floats
    std_error: Floats
    low: Floats
    high: Floats


def best_predictions(
    value: ArrayLike, std_error: ArrayLike, tau2: float | None = None, level: float = 0.95
) -> Shrunken:
    """Draw values towards their mean, taking the variance between units as known.

    Parameters
    ----------
    value : array_like, shape (C,)
        Values of C units.
    std_error : array_like, shape (C,)
        Their sampling standard errors, above 0.
    tau2 : float, optional
        Variance between units; Paule and Mandel's estimate unless given.
    level : float
        Level of the intervals.

    Returns
    -------
    Shrunken
        Best linear unbiased predictions.

    Notes
    -----
    B y + (1 − B) μ with B = τ²/(τ² + s²) and μ the weighted mean; variance
    B s² + (1 − B)² var μ. As metafor's `blup`. The intervals ignore that τ² is estimated: where it
    is estimated as 0 they are far too narrow. `posterior` mends that.

    References
    ----------
    Raudenbush SW, Bryk AS. Empirical Bayes meta-analysis. J Educ Stat 1985;10:75–98.
    """
    y, v = np.asarray(value, float), np.asarray(std_error, float) ** 2
    between = float(paule_mandel(y, v)) if tau2 is None else tau2
    share = between / (between + v)
    mean, error = weighted_mean(y, v + between)
    estimate = share * y + (1 - share) * mean
    spread = np.sqrt(share * v + (1 - share) ** 2 * error)
    return Shrunken(estimate, spread, *normal_interval(estimate, spread, level))


def posterior(value: ArrayLike, std_error: ArrayLike, level: float = 0.95) -> Shrunken:
    """Draw values towards their mean, averaging over what the variance between units may be.

    Parameters
    ----------
    value : array_like, shape (C,)
        Values of C units, three or more.
    std_error : array_like, shape (C,)
        Their sampling standard errors, above 0.
    level : float
        Level of the intervals.

    Returns
    -------
    Shrunken
        Posterior means, standard deviations and central intervals.

    Raises
    ------
    EstimationError
        If there are fewer than three units: the integral does not exist.

    Notes
    -----
    Units are normal about a mean with standard deviation τ; mean and τ have flat priors. Given τ
    everything is normal (`best_predictions`), so one integral over τ remains, summed at 400 points.
    With few units it is the difference between an interval that covers and one of no width where
    τ² happens to be estimated as 0.

    References
    ----------
    Gelman A. Prior distributions for variance parameters in hierarchical models. Bayesian Anal
    2006;1:515–534. Rubin DB. Estimation in parallel randomized experiments. J Educ Stat
    1981;6:377–401.
    """
    y, v = np.asarray(value, float), np.asarray(std_error, float) ** 2
    if len(y) < 3:
        raise EstimationError(
            f"{len(y)} unit(s) are too few to say how much units differ.",
            "Show the values with their own intervals.",
        )
    tau, weight = _tau_points(y, v)
    share = tau[:, None] ** 2 / (tau[:, None] ** 2 + v)
    mean, error = weighted_mean(y, v + tau[:, None] ** 2)
    centre = share * y + (1 - share) * mean[:, None]
    spread = np.sqrt(share * v + (1 - share) ** 2 * error[:, None])
    estimate = weight @ centre
    deviation = np.sqrt(weight @ (spread**2 + centre**2) - estimate**2)
    tail = (1 - level) / 2
    low, high = (_quantile(p, centre, spread, weight) for p in (tail, 1 - tail))
    return Shrunken(estimate, deviation, low, high)


def reliability(std_error: ArrayLike, tau2: float) -> Floats:
    """Share of the variance of a value that is difference between units.

    Parameters
    ----------
    std_error : array_like, shape (C,)
        Sampling standard errors of the values.
    tau2 : float
        Variance between units.

    Returns
    -------
    ndarray of float, shape (C,)
        τ²/(τ² + s²), 0 (all chance) to 1.

    References
    ----------
    Adams JL, Mehrotra A, Thomas JW, McGlynn EA. Physician cost profiling: reliability and risk of
    misclassification. N Engl J Med 2010;362:1014–1021.
    """
    return np.asarray(tau2 / (tau2 + np.asarray(std_error, float) ** 2))


def _tau_points(y: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Values of τ and their posterior weights."""
    # The upper limit of τ² at 99.99 % bounds the bulk; the tail of the flat prior goes further.
    top = 4 * np.sqrt(max(variance_interval(y, v, 0.9999)[1], float(np.min(v))))
    # Midpoints of equal steps in the square root: dense near 0, where the posterior is sharpest.
    root = (np.arange(_POINTS) + 0.5) / _POINTS
    tau, width = top * root**2, root
    mean, error = weighted_mean(y, v + tau[:, None] ** 2)
    total = v + tau[:, None] ** 2
    log_weight = (
        0.5 * np.log(error)
        - 0.5 * np.log(total).sum(axis=1)
        - 0.5 * ((y - mean[:, None]) ** 2 / total).sum(axis=1)
        + np.log(width)
    )
    weight = np.exp(log_weight - log_weight.max())
    return tau, weight / weight.sum()


def _quantile(p: float, centre: Floats, spread: Floats, weight: Floats) -> Floats:
    """Quantile of each unit's mixture of normals, by bisection."""
    reach = 10 * spread.max(axis=0)
    low, high = centre.min(axis=0) - reach, centre.max(axis=0) + reach
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = weight @ ndtr((middle - centre) / spread) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
