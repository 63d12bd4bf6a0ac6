"""Centre and limits of control charts, for one series or a batch of simulated ones.

Time runs along the last axis. A missing period is NaN: it stays a gap, enters no average, and there
is no moving range across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from outcomes.stats.control_charts.autocorrelation import phi_estimate

Floats = NDArray[np.float64]
Kind = Literal["individuals", "moving_range", "residual", "run", "p", "p_prime", "u", "u_prime"]
PROPORTIONS, RATES = ("p", "p_prime"), ("u", "u_prime")
COUNTS = (*PROPORTIONS, *RATES)
# Mean range of two normal values, and the 3-sigma limit of that range, in units of the mean range.
_D2 = 1.128
_RANGE_LIMIT = 3.267


@dataclass(frozen=True)
class Process:
    """What a stable process would do.

    Parameters
    ----------
    plotted : ndarray of float, shape (..., T)
        Values on the chart.
    centre : ndarray of float, shape (..., 1)
        Centre line.
    sigma : ndarray of float, shape (..., T)
        Standard deviation of a plotted value; NaN for a run chart, which has no limits.
    phi : ndarray of float, shape (..., 1)
        Autocorrelation taken out (`residual`), else 0.
    spread : ndarray of float, shape (..., 1)
        Standard deviation in units of binomial or Poisson (`p_prime`, `u_prime`), else 1.
    """

    plotted: Floats
    centre: Floats
    sigma: Floats
    phi: Floats
    spread: Floats


def moving_ranges(values: Floats) -> Floats:
    """Take absolute differences of neighbours.

    Parameters
    ----------
    values : ndarray of float, shape (..., T)
        Series; NaN is a gap.

    Returns
    -------
    ndarray of float, shape (..., T)
        |y_t − y_{t−1}|; NaN at the first period and beside a gap.
    """
    ranges = np.full(values.shape, np.nan)
    ranges[..., 1:] = np.abs(np.diff(values, axis=-1))
    return ranges


def range_sigma(values: Floats, screened: bool = True) -> Floats:
    """Take the standard deviation from the mean moving range.

    Parameters
    ----------
    values : ndarray of float, shape (..., T)
        Series; NaN is a gap.
    screened : bool
        Leave ranges above their own upper limit (3.267 times the mean) out and average again.

    Returns
    -------
    ndarray of float, shape (..., 1)
        Mean range / 1.128.

    References
    ----------
    Nelson LS. Control charts for individual measurements. J Qual Technol 1982;14:172–173.
    """
    ranges = moving_ranges(values)
    mean = _mean(ranges)
    if screened:
        mean = _mean(np.where(ranges <= _RANGE_LIMIT * mean, ranges, np.nan))
    return mean / _D2


def process(
    kind: Kind, values: Floats, size: Floats, baseline: NDArray[np.bool_], screened: bool = True
) -> Process:
    """Estimate centre and standard deviation from the baseline.

    Parameters
    ----------
    kind : str
        Kind of chart.
    values : ndarray of float, shape (..., T)
        Measurements, or events per denominator.
    size : ndarray of float, shape (T,)
        Denominators (1 where the kind has none).
    baseline : ndarray of bool, shape (T,)
        Periods that centre and limits are taken from.
    screened : bool
        As for `range_sigma`.

    Returns
    -------
    Process
        For all periods, those outside the baseline included.

    Notes
    -----
    individuals: mean, mean moving range/1.128. run: median. moving_range: mean of the ranges.
    residual: y_t − φ(y_{t−1} − ȳ), an individuals chart of it. p: p̄ = Σ events/Σ n,
    √(p̄(1 − p̄)/n). u: ū, √(ū/n). p_prime, u_prime: the same times the standard deviation of the
    standardised values, from their moving ranges.

    References
    ----------
    Laney DB. Improved control charts for attributes. Qual Eng 2002;14:531–537. Alwan LC, Roberts
    HV. Time-series modeling for statistical process control. J Bus Econ Stat 1988;6:87–95.
    """
    phi = np.zeros((*values.shape[:-1], 1))
    spread = np.ones_like(phi)
    plotted = values
    known = np.where(baseline, values, np.nan)
    if kind == "residual":
        phi, mean = phi_estimate(known), _mean(known)
        plotted = np.full(values.shape, np.nan)
        plotted[..., 1:] = values[..., 1:] - phi * (values[..., :-1] - mean)
    elif kind == "moving_range":
        plotted = moving_ranges(values)
    known = np.where(baseline, plotted, np.nan)
    if kind in COUNTS:
        counted = np.where(np.isfinite(known), size, 0.0)
        centre = np.nansum(known * counted, axis=-1, keepdims=True) / counted.sum(
            axis=-1, keepdims=True
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            sigma = np.sqrt(centre * (1 - centre if kind in PROPORTIONS else 1) / size)
            if kind.endswith("prime"):
                spread = range_sigma((known - centre) / sigma, screened)
        return Process(plotted, centre, sigma * spread, phi, spread)
    if kind == "run":
        return Process(
            plotted,
            np.nanmedian(known, axis=-1, keepdims=True),
            np.full(values.shape, np.nan),
            phi,
            spread,
        )
    centre = _mean(known)
    sigma = centre / _D2 if kind == "moving_range" else range_sigma(known, screened)
    return Process(plotted, centre, np.broadcast_to(sigma, values.shape), phi, spread)


def limits_of(kind: Kind, found: Process, factor: float) -> tuple[Floats, Floats]:
    """Limits a number of standard deviations from the centre.

    Parameters
    ----------
    kind : str
        Kind of chart.
    found : Process
        Centre and standard deviation.
    factor : float
        Number of standard deviations, usually 3.

    Returns
    -------
    low, high : ndarray of float, shape (..., T)
        Limits, inside what the value can be: a proportion 0 to 1, a rate or a range not below 0.
        The limits of ranges are 0 and 3.267 · factor/3 times the mean.
    """
    if kind == "moving_range":
        high = found.centre * _RANGE_LIMIT * factor / 3
        return np.zeros(found.plotted.shape), np.broadcast_to(high, found.plotted.shape)
    low, high = found.centre - factor * found.sigma, found.centre + factor * found.sigma
    if kind in COUNTS:
        low = np.maximum(low, 0.0)
    if kind in PROPORTIONS:
        high = np.minimum(high, 1.0)
    return low, high


def prediction_factor(points: int, factor: float = 3.0) -> float:
    """Widen limits that are to judge points yet to come.

    Parameters
    ----------
    points : int
        Points of the baseline, two or more.
    factor : float
        Number of standard deviations if the baseline were endless.

    Returns
    -------
    float
        Student's quantile with 0.62 (points − 1) degrees of freedom, times √(1 + 1/points): the
        limits then allow for centre and sigma being estimated.

    References
    ----------
    Cryer JD, Ryan TP. The estimation of sigma for an X chart: MR/d2 or S/c4? J Qual Technol
    1990;22:187–192 (variance of the mean moving range; 0.62 follows as 1/2cv²).
    """
    tail = stats.norm.sf(factor)
    return float(stats.t.isf(tail, 0.62 * (points - 1)) * np.sqrt(1 + 1 / points))


def _mean(values: Floats) -> Floats:
    """Mean over time without gaps; NaN where there is nothing."""
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(values, axis=-1, keepdims=True) / count)
