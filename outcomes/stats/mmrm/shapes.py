"""Shapes P(phi) of covariance structures, with first and second derivatives.

Each shape is a function of the parameters and the number of visits T that gives P (T, T) and dP
(k, T, T), and a second one `*_bend` that gives d2P (k, k, T, T). Correlations are
rho = phi / sqrt(1 + phi^2), save for the exchangeable one, which uses the whole range
(-1/(T-1), 1) through a logit. Functions `start_*` go the other way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]


def correlation(phi: Array) -> Array:
    """Correlations of unbounded parameters, elementwise."""
    return phi / np.sqrt(1.0 + phi**2)


def slope(phi: Array) -> Array:
    """First derivative of `correlation`."""
    return np.asarray((1.0 + phi**2) ** -1.5)


def bend(phi: Array) -> Array:
    """Second derivative of `correlation`."""
    return np.asarray(-3.0 * phi * (1.0 + phi**2) ** -2.5)


def unbounded(rho: Array) -> Array:
    """Inverse of `correlation`, short of the limits."""
    rho = np.clip(rho, -0.95, 0.95)
    return rho / np.sqrt(1.0 - rho**2)


def _lags(n: int) -> NDArray[np.int64]:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n)))


def cholesky(phi: Array, n: int) -> tuple[Array, Array]:
    """P = M M' with a unit lower triangle M, whose entries below the diagonal are free."""
    rows, cols = np.tril_indices(n, -1)
    M = np.eye(n)
    M[rows, cols] = phi
    k = np.arange(len(phi))
    dP = np.zeros((len(phi), n, n))
    dP[k, rows] = M[:, cols].T
    return M @ M.T, dP + np.swapaxes(dP, 1, 2)


def cholesky_bend(phi: Array, n: int) -> Array:
    """Two entries of M bend P where they share a column."""
    rows, cols = np.tril_indices(n, -1)
    h, j = np.nonzero(cols[:, None] == cols)
    second = np.zeros((len(phi), len(phi), n, n))
    second[h, j, rows[h], rows[j]] += 1.0
    second[h, j, rows[j], rows[h]] += 1.0
    return second


def exchangeable(phi: Array, n: int) -> tuple[Array, Array]:
    """One correlation rho between any two visits, rho = expit(phi) (1 + a) - a, a = 1 / (T - 1)."""
    a, s, off = 1.0 / (n - 1), float(expit(phi[0])), 1.0 - np.eye(n)
    return np.eye(n) + off * (s * (1 + a) - a), (off * s * (1 - s) * (1 + a))[None]


def exchangeable_bend(phi: Array, n: int) -> Array:
    """Second derivative of `exchangeable`."""
    return (exchangeable(phi, n)[1] * (1.0 - 2.0 * float(expit(phi[0]))))[None]


def start_exchangeable(R: Array) -> Array:
    """Take the mean correlation."""
    n = len(R)
    a = 1.0 / (n - 1)
    rho = np.clip(R[np.tril_indices(n, -1)].mean(), -0.9 * a, 0.95)
    return np.array([logit((rho + a) / (1 + a))])


def autoregressive(phi: Array, n: int) -> tuple[Array, Array]:
    """Correlation rho ** |i - j|."""
    rho, lag = float(correlation(phi)[0]), _lags(n)
    first = lag * np.power(rho, np.maximum(lag - 1, 0)) * slope(phi)
    return np.asarray(np.power(rho, lag), dtype=np.float64), first[None]


def autoregressive_bend(phi: Array, n: int) -> Array:
    """Second derivative of `autoregressive`."""
    rho, lag = float(correlation(phi)[0]), _lags(n)
    outer = lag * (lag - 1) * np.power(rho, np.maximum(lag - 2, 0)) * slope(phi) ** 2
    inner = lag * np.power(rho, np.maximum(lag - 1, 0)) * bend(phi)
    return np.asarray(outer + inner, dtype=np.float64)[None, None]


def start_autoregressive(R: Array) -> Array:
    """Take the mean correlation of neighbours."""
    return unbounded(np.array([np.diag(R, 1).mean()]))


def toeplitz(phi: Array, n: int) -> tuple[Array, Array]:
    """One correlation a lag."""
    P = np.concatenate([[1.0], correlation(phi)])[_lags(n)]
    return P, _members(n) * slope(phi)[:, None, None]


def toeplitz_bend(phi: Array, n: int) -> Array:
    """Second derivative of `toeplitz`."""
    second = np.zeros((n - 1, n - 1, n, n))
    k = np.arange(n - 1)
    second[k, k] = _members(n) * bend(phi)[:, None, None]
    return second


def _members(n: int) -> Array:
    return (_lags(n) == np.arange(1, n)[:, None, None]).astype(float)


def start_toeplitz(R: Array) -> Array:
    """Take the mean correlation of each lag."""
    n = len(R)
    rho = np.array([np.diag(R, lag).mean() for lag in range(1, n)])
    # Averages by lag need not be positive definite together.
    while np.linalg.eigvalsh(np.concatenate([[1.0], rho])[_lags(n)])[0] < 0.05:
        rho *= 0.8
    return unbounded(rho)


def ante_dependent(phi: Array, n: int) -> tuple[Array, Array]:
    """Product of the correlations of the neighbouring visits on the way from i to j."""
    upper = _ways(phi, n)
    first = np.zeros((n - 1, n, n))
    # The way from i to j without step k is the way to k times the way on from k + 1.
    for k, d_rho in enumerate(slope(phi)):
        first[k, : k + 1, k + 1 :] = np.outer(upper[: k + 1, k], upper[k + 1, k + 1 :]) * d_rho
    return upper + upper.T - np.eye(n), first + np.swapaxes(first, 1, 2)


def ante_dependent_bend(phi: Array, n: int) -> Array:
    """Second derivative of `ante_dependent`."""
    upper, d_rho, d2_rho = _ways(phi, n), slope(phi), bend(phi)
    second = np.zeros((n - 1, n - 1, n, n))
    for k in range(n - 1):
        to = upper[: k + 1, k]
        second[k, k, : k + 1, k + 1 :] = np.outer(to, upper[k + 1, k + 1 :]) * d2_rho[k]
        for m in range(k + 1, n - 1):
            way = np.outer(to, upper[m + 1, m + 1 :]) * upper[k + 1, m] * d_rho[k] * d_rho[m]
            second[k, m, : k + 1, m + 1 :] = second[m, k, : k + 1, m + 1 :] = way
    return second + np.swapaxes(second, 2, 3)


def _ways(phi: Array, n: int) -> Array:
    """Correlations above the diagonal, and ones on it."""
    upper = np.eye(n)
    for j, rho in enumerate(correlation(phi), start=1):
        upper[:j, j] = upper[:j, j - 1] * rho
    return upper


def start_ante_dependent(R: Array) -> Array:
    """Take the correlations of neighbours."""
    return unbounded(np.diag(R, 1).copy())
