"""Times to an event that are exact or censored on the right: the product-limit estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from outcomes.errors import EstimationError
from outcomes.stats.intervals import Bounds


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, at: ArrayLike, level: float = 0.95
) -> pd.DataFrame:
    """Share of subjects without the event after given times.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time to the event or to the end of observation, 0 or more, in any unit.
    event : array_like of bool, shape (n,)
        Whether the event came at that time; else the subject was last seen without it.
    at : array_like, shape (k,)
        Times asked for, in the same unit.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    DataFrame
        A row a time asked for: time, estimate (share, 0 to 1), std_error, conf_low, conf_high,
        n_at_risk (observed up to just before the time), n_events (up to and at the time). Missing
        after the last time observed, unless nobody is left without the event.

    Raises
    ------
    EstimationError
        For negative or missing times, arrays of different length, or a level that is none.

    Notes
    -----
    S(t) = Π (1 − d/n) over event times up to t, with d events among n at risk; who is censored at
    an event time was at risk then. Variance S² Σ d / (n (n − d)) (Greenwood). The interval is
    symmetric for log(−log S), which keeps it within 0 and 1; it is missing where S is 0 or 1.
    Right only if being censored says nothing about the event to come.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457–481. Greenwood M. Reports on Public Health and
    Medical Subjects 33, HMSO 1926. Kalbfleisch JD, Prentice RL. The statistical analysis of
    failure time data. Wiley 1980, section 1.3.
    """
    times = np.asarray(time, dtype=float)
    happened = np.asarray(event, dtype=bool)
    asked = np.atleast_1d(np.asarray(at, dtype=float))
    if times.shape != happened.shape or times.ndim != 1:
        raise EstimationError(
            "Times and events are not of one length.", "Give one of each a subject."
        )
    if np.isnan(times).any() or (times < 0).any():
        raise EstimationError("A time is missing or negative.", "Leave such subjects out.")
    if not 0 < level < 1:
        raise EstimationError(f"The level {level} is not between 0 and 1.", "Use 0.95.")
    different, place = np.unique(times, return_inverse=True)
    deaths = np.bincount(place, weights=happened, minlength=len(different))
    leaving = np.bincount(place, minlength=len(different))
    at_risk = len(times) - np.concatenate([[0], np.cumsum(leaving)[:-1]]) if len(times) else leaving
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - deaths / at_risk)
        terms = np.cumsum(deaths / (at_risk * (at_risk - deaths)))
        error = survival * np.sqrt(terms)
    upto = np.searchsorted(different, asked, side="right")
    estimate = np.append(1.0, survival)[upto]
    std_error = np.append(0.0, error)[upto]
    spread = np.append(0.0, np.sqrt(terms))[upto]
    beyond = (asked > different[-1]) & (survival[-1] > 0) if len(times) else np.full(asked.shape, 1)
    estimate = np.where(beyond, np.nan, estimate)
    inside = (estimate > 0) & (estimate < 1)
    std_error = np.where(inside | (estimate == 1), std_error, np.nan)
    low, high = log_log_interval(np.where(inside, estimate, np.nan), spread, level)
    return pd.DataFrame(
        {
            "time": asked,
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
            "n_at_risk": (times[None, :] >= asked[:, None]).sum(axis=1),
            "n_events": np.append(0, np.cumsum(deaths))[upto].astype(np.int64),
        }
    )


def log_log_interval(survival: ArrayLike, spread: ArrayLike, level: float = 0.95) -> Bounds:
    """Interval of a survival that is symmetric for log(−log S).

    Parameters
    ----------
    survival : array_like
        Estimates between 0 and 1; the interval is missing at both ends.
    spread : array_like
        Standard error divided by the estimate.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        S^exp(±z · spread / |log S|).

    References
    ----------
    Kalbfleisch JD, Prentice RL. The statistical analysis of failure time data. Wiley 1980.
    """
    share, width = np.asarray(survival, dtype=float), np.asarray(spread, dtype=float)
    z = stats.norm.isf((1 - level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = z * width / np.abs(np.log(share))
        return share ** np.exp(reach), share ** np.exp(-reach)
