"""Does a period resemble the one before? A control chart of such a series cries wolf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
_FEWEST = 8
# Beyond this a series of a few dozen periods is a random walk.
_MOST = 0.95


@dataclass(frozen=True)
class Autocorrelation:
    """Correlation of a period with the one before.

    Parameters
    ----------
    r : float
        Lag-1 correlation as observed.
    phi : float
        The same corrected for its downward bias.
    p_value : float
        Two-sided test of independence.
    pairs : int
        Neighbouring periods that both have a value.
    """

    r: float
    phi: float
    p_value: float
    pairs: int


def find_autocorrelation(values: ArrayLike) -> Autocorrelation:
    """Test whether neighbouring periods are independent.

    Parameters
    ----------
    values : array_like, shape (T,)
        Series in order of time, NaN at gaps.

    Returns
    -------
    Autocorrelation
        Estimate and test.

    Raises
    ------
    EstimationError
        If there are fewer than eight pairs of neighbours, or all values are the same.

    Notes
    -----
    r = (Σ (y_t − ȳ)(y_{t−1} − ȳ)/k) / (Σ (y − ȳ)²/n) over k pairs; no pair reaches across a gap.
    Under independence the mean is −1/(n − 1) and the variance about (n − 2)²/((n − 1)² k); the
    reference is normal.

    References
    ----------
    Moran PAP. Some theorems on time series II: the significance of the serial correlation
    coefficient. Biometrika 1948;35:255–260.
    """
    y = np.asarray(values, float)
    n = int(np.isfinite(y).sum())
    pairs = int(np.isfinite(y[1:] * y[:-1]).sum())
    if pairs < _FEWEST:
        raise EstimationError(
            f"{pairs} pair(s) of neighbouring periods are too few to test.",
            f"Wait for {_FEWEST} or more.",
        )
    if np.nanmax(y) == np.nanmin(y):
        raise EstimationError("All periods have the same value.", "There is nothing to chart.")
    r = float(_lag_one(y)[..., 0])
    error = (n - 2) / ((n - 1) * np.sqrt(pairs))
    z = (r + 1 / (n - 1)) / error
    return Autocorrelation(
        r, float(phi_estimate(y)[..., 0]), float(2 * stats.norm.sf(abs(z))), pairs
    )


def phi_estimate(values: Floats) -> Floats:
    """Coefficient of a first-order autoregression, corrected for bias.

    Parameters
    ----------
    values : ndarray of float, shape (..., T)
        Series in order of time, NaN at gaps.

    Returns
    -------
    ndarray of float, shape (..., 1)
        (n r + 1)/(n − 4) from r with the usual divisor, within ±0.95; 0 with four values or fewer.

    Notes
    -----
    The lag-1 correlation r = Σ (y_t − ȳ)(y_{t−1} − ȳ)/Σ (y − ȳ)² has mean φ − (1 + 4φ)/n.
    Uncorrected, a residual chart from 24 points leaves much of the correlation in.

    References
    ----------
    Marriott FHC, Pope JA. Bias in the estimation of autocorrelations. Biometrika 1954;41:390–402.
    """
    n = np.isfinite(values).sum(axis=-1, keepdims=True)
    usual = _lag_one(values) * (n - 1) / np.maximum(n, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = np.where(n > 4, (n * usual + 1) / (n - 4), 0.0)
    return np.asarray(np.clip(np.nan_to_num(corrected), -_MOST, _MOST))


def _lag_one(values: Floats) -> Floats:
    """Mean product of neighbours over the mean square, about the mean."""
    n = np.isfinite(values).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = values - np.nansum(values, axis=-1, keepdims=True) / n
        products = away[..., 1:] * away[..., :-1]
        pairs = np.isfinite(products).sum(axis=-1, keepdims=True)
        square = np.nansum(away**2, axis=-1, keepdims=True) / n
        return np.asarray(np.nansum(products, axis=-1, keepdims=True) / pairs / square)
