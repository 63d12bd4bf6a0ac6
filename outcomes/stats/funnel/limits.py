"""Limits of a funnel without over-dispersion: normal and exact binomial ones, and winsorising."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]


def normal_limits(
    target: ArrayLike, std_error: ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Limits target ± z · standard error.

    Parameters
    ----------
    target : array_like
        What a unit is expected to have.
    std_error : array_like
        Standard error of a unit under that expectation, same unit.
    level : float
        Share of units between the limits when all is as expected, such as 0.95 or 0.998.

    Returns
    -------
    low, high : ndarray of float
        Limits. For proportions they may lie outside 0 to 1, where nothing can cross them.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202.
    """
    centre, error = np.asarray(target, float), np.asarray(std_error, float)
    half = stats.norm.isf((1 - level) / 2) * error
    return centre - half, centre + half


def binomial_limits(target: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact limits of a proportion, interpolated between the steps of the binomial distribution.

    Parameters
    ----------
    target : array_like
        Expected proportion, above 0 and below 1.
    n : array_like
        Number of subjects in a unit, 1 or more.
    level : float
        Share of units between the limits when all is as expected.

    Returns
    -------
    low, high : ndarray of float
        Limits as proportions. The lower one is negative where even no event at all is likely
        enough: nothing can fall below it.

    Raises
    ------
    EstimationError
        If the target is not between 0 and 1 or a unit has no subject.

    Notes
    -----
    For the tail probability α, r is the smallest count with F(r) ≥ α; the limit is (r − a)/n with
    a = (F(r) − α)/(F(r) − F(r − 1)), F the binomial distribution function.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202, appendix A.1.1.
    """
    p, m = np.broadcast_arrays(np.asarray(target, float), np.asarray(n, float))
    if np.any((p <= 0) | (p >= 1)):
        raise EstimationError(
            "The expected proportion is 0 or 1: no unit can differ by chance.",
            "Choose a threshold that some subjects reach and some do not.",
        )
    if np.any(m < 1):
        raise EstimationError("A unit has no subject.", "Leave units without subjects out.")

    def limit(tail: float) -> Floats:
        steps = stats.binom.ppf(tail, m, p)
        upto, before = stats.binom.cdf(steps, m, p), stats.binom.cdf(steps - 1, m, p)
        return np.asarray((steps - (upto - tail) / (upto - before)) / m)

    return limit((1 - level) / 2), limit((1 + level) / 2)


def winsorise(values: ArrayLike, share: float = 0.1) -> Floats:
    """Pull values beyond the outer quantiles back to these.

    Parameters
    ----------
    values : array_like, shape (..., C)
        Deviates of C units.
    share : float
        Share at each end, at least 0 and below 0.5.

    Returns
    -------
    ndarray of float, shape (..., C)
        Values between the quantiles at `share` and 1 − `share` (linear interpolation, R's type 7).

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202, section 4.2.
    """
    z = np.asarray(values, float)
    low, high = np.quantile(z, [share, 1 - share], axis=-1, keepdims=True)
    return np.clip(z, low, high)
