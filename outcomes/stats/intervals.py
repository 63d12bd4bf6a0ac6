"""Confidence intervals that need no model: proportions, counts of none, and means.

Every function takes scalars or arrays, broadcasts them, and returns two float arrays of the
broadcast shape, so a table of groups is one call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def wilson(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson score interval of a proportion, without continuity correction.

    Parameters
    ----------
    events : array_like
        Number with the event, 0 to `n`. May be fractional (weighted counts).
    n : array_like
        Number observed. Where it is 0 both limits are NaN: nothing was observed.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Limits as proportions in [0, 1].

    Raises
    ------
    EstimationError
        If a count is negative or infinite, or more events than observations are given.

    Notes
    -----
    With p = events / n and z the normal quantile, the limits are
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). A missing count gives missing limits.

    References
    ----------
    Wilson EB. Probable inference, the law of succession, and statistical inference.
    J Am Stat Assoc 1927;22:209–212.
    """
    k, m = _counts(events, n)
    z = stats.norm.isf((1 - _level(level)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / m
        centre = p + z**2 / (2 * m)
        half = z * np.sqrt(p * (1 - p) / m + z**2 / (4 * m**2))
        low = (centre - half) / (1 + z**2 / m)
        high = (centre + half) / (1 + z**2 / m)
    # Rounding leaves 1e-17 where the limit is 0 or 1 by definition.
    low = np.where(k == 0, 0.0, np.clip(low, 0, 1))
    high = np.where(k == m, 1.0, np.clip(high, 0, 1))
    return _blank(low, high, m > 0)


def clopper_pearson(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Clopper–Pearson ("exact") interval of a proportion, which never covers less than `level`.

    Parameters
    ----------
    events : array_like
        Number with the event, 0 to `n`.
    n : array_like
        Number observed. Where it is 0 both limits are NaN.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Limits as proportions in [0, 1].

    Raises
    ------
    EstimationError
        If a count is negative or infinite, or more events than observations are given.

    Notes
    -----
    The limits are the quantiles of Beta(k, n−k+1) and Beta(k+1, n−k). The interval is wide: use it
    where the guarantee matters (harms), and `wilson` where the average coverage does.

    References
    ----------
    Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the
    binomial. Biometrika 1934;26:404–413.
    """
    k, m = _counts(events, n)
    tail = (1 - _level(level)) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k == 0, 0.0, stats.beta.ppf(tail, k, m - k + 1))
        high = np.where(k == m, 1.0, stats.beta.isf(tail, k + 1, m - k))
    return _blank(low, high, m > 0)


def rule_of_three(n: ArrayLike, level: float = 0.95) -> NDArray[np.float64]:
    """Upper limit of a proportion when none of `n` had the event.

    Parameters
    ----------
    n : array_like
        Number observed without a single event. Where it is 0 the limit is NaN.
    level : float
        One-sided confidence level, between 0 and 1.

    Returns
    -------
    ndarray of float
        Upper limit as a proportion.

    Raises
    ------
    EstimationError
        If a count is negative or infinite.

    Notes
    -----
    The exact one-sided limit 1 − (1 − level)^(1/n), of which 3/n is the usual approximation at 95 %
    (0.0295 against 0.03 at n = 100). One-sided: `clopper_pearson(0, n)` puts half as much in the
    tail and is higher.

    References
    ----------
    Hanley JA, Lippman-Hand A. If nothing goes wrong, is everything all right? JAMA
    1983;249:1743–1745.
    """
    _, m = _counts(0, n)
    with np.errstate(divide="ignore"):
        limit = -np.expm1(np.log1p(-_level(level)) / m)
    return np.where(m > 0, limit, np.nan)


def normal_interval(estimate: ArrayLike, std_error: ArrayLike, level: float = 0.95) -> Bounds:
    """Interval estimate ± z · standard error.

    Parameters
    ----------
    estimate : array_like
        Estimates, in any unit.
    std_error : array_like
        Their standard errors, same unit, not negative.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Limits in the unit of the estimate; missing where either input is.

    Raises
    ------
    EstimationError
        If a standard error is negative.

    Notes
    -----
    z is the normal quantile; for small samples use `t_interval`.

    References
    ----------
    Altman DG, Machin D, Bryant TN, Gardner MJ. Statistics with confidence. 2nd ed. BMJ Books 2000.
    """
    return t_interval(estimate, std_error, np.inf, level)


def t_interval(
    estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, level: float = 0.95
) -> Bounds:
    """Interval estimate ± t(df) · standard error.

    Parameters
    ----------
    estimate : array_like
        Estimates, in any unit.
    std_error : array_like
        Their standard errors, same unit, not negative.
    df : array_like
        Degrees of freedom, above 0; infinity gives the normal interval. Limits are missing where
        they are 0 or less.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Limits in the unit of the estimate; missing where any input is.

    Raises
    ------
    EstimationError
        If a standard error is negative.

    Notes
    -----
    t(df) is the upper (1 − level)/2 quantile of Student's distribution.

    References
    ----------
    Student. The probable error of a mean. Biometrika 1908;6:1–25.
    """
    middle, error, freedom = np.broadcast_arrays(
        np.asarray(estimate, float), np.asarray(std_error, float), np.asarray(df, float)
    )
    if np.any(error < 0):
        raise EstimationError(
            "A standard error is negative.", "Give the square root of the variance."
        )
    with np.errstate(invalid="ignore"):
        half = stats.t.isf((1 - _level(level)) / 2, np.where(freedom > 0, freedom, np.nan)) * error
    return middle - half, middle + half


def mean_interval(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Interval of a mean from its standard deviation and size.

    Parameters
    ----------
    mean : array_like
        Means, in any unit.
    sd : array_like
        Standard deviations (n − 1 in the denominator), same unit.
    n : array_like
        Numbers observed. With fewer than two the limits are NaN: there is no spread to go by.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        Limits in the unit of the mean.

    Raises
    ------
    EstimationError
        If a standard deviation or a count is negative.

    Notes
    -----
    mean ± t(n−1) · sd/√n.

    References
    ----------
    Altman DG, Machin D, Bryant TN, Gardner MJ. Statistics with confidence. 2nd ed. BMJ Books 2000.
    """
    _, m = _counts(0, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.asarray(sd, float) / np.sqrt(m)
    return t_interval(mean, error, m - 1, level)


def _counts(events: ArrayLike, n: ArrayLike) -> Bounds:
    """Both counts as float arrays of one shape, checked."""
    k, m = np.broadcast_arrays(np.asarray(events, float), np.asarray(n, float))
    if np.any(np.isinf(k)) or np.any(np.isinf(m)):
        raise EstimationError("A count is infinite.", "Give finite counts.")
    if np.any(k < 0) or np.any(m < 0):
        raise EstimationError("A count is negative.", "Give counts of 0 or more.")
    if np.any(k > m):
        raise EstimationError(
            f"{int(np.sum(k > m))} group(s) have more events than observations.",
            "Count subjects, not occurrences, or give the right denominator.",
        )
    return k, m


def _level(level: float) -> float:
    """Check the confidence level and hand it back."""
    if not 0 < level < 1:
        raise EstimationError(
            f"The confidence level is {level}.", "Give a number between 0 and 1, such as 0.95."
        )
    return level


def _blank(low: NDArray[np.float64], high: NDArray[np.float64], known: NDArray[np.bool_]) -> Bounds:
    """Missing limits where nothing was observed."""
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
