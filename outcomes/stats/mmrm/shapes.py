"""Shapes P(phi) of covariance structures, with first and second derivatives.

Each function takes the parameters and the number of visits T and returns P (T, T), dP (k, T, T) and
d2P (k, k, T, T). Correlations are rho = phi / sqrt(1 + phi^2), save for the exchangeable one, which
uses the whole range (-1/(T-1), 1) through a logit. Functions `start_*` go the other way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
Derivatives = tuple[Array, Array, Array]


def correlation(phi: Array) -> Derivatives:
    """Correlations of unbounded parameters, and their first two derivatives, elementwise."""
    base = 1.0 + phi**2
    return phi / np.sqrt(base), base**-1.5, -3.0 * phi * base**-2.5


def unbounded(rho: Array) -> Array:
    """Inverse of `correlation`."""
    rho = np.clip(rho, -0.95, 0.95)
    return rho / np.sqrt(1.0 - rho**2)


def _lags(n: int) -> NDArray[np.int64]:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n)))


def cholesky(phi: Array, n: int) -> Derivatives:
    """P = M M' with a unit lower triangle M, whose entries below the diagonal are free."""
    rows, cols = np.tril_indices(n, -1)
    M = np.eye(n)
    M[rows, cols] = phi
    k = len(phi)
    dM = np.zeros((k, n, n))
    dM[np.arange(k), rows, cols] = 1.0
    half = dM @ M.T
    cross = np.einsum("hab,jcb->hjac", dM, dM)
    return M @ M.T, half + np.swapaxes(half, 1, 2), cross + np.swapaxes(cross, 2, 3)


def exchangeable(phi: Array, n: int) -> Derivatives:
    """One correlation rho between any two visits, rho = expit(phi) (1 + a) - a, a = 1 / (T - 1)."""
    a = 1.0 / (n - 1)
    s = float(expit(phi[0]))
    off = 1.0 - np.eye(n)
    P = np.eye(n) + off * (s * (1 + a) - a)
    slope = s * (1 - s) * (1 + a)
    return P, (off * slope)[None], (off * slope * (1 - 2 * s))[None, None]


def start_exchangeable(R: Array) -> Array:
    """Take the mean correlation."""
    n = len(R)
    a = 1.0 / (n - 1)
    rho = np.clip(R[np.tril_indices(n, -1)].mean(), -0.9 * a, 0.95)
    return np.array([logit((rho + a) / (1 + a))])


def autoregressive(phi: Array, n: int) -> Derivatives:
    """Correlation rho ** |i - j|."""
    rho, d_rho, d2_rho = (float(x[0]) for x in correlation(phi))
    lag = _lags(n)
    P: Array = np.power(rho, lag)
    slope = lag * rho ** np.maximum(lag - 1, 0)
    bend = lag * (lag - 1) * rho ** np.maximum(lag - 2, 0)
    return P, (slope * d_rho)[None], (bend * d_rho**2 + slope * d2_rho)[None, None]


def start_autoregressive(R: Array) -> Array:
    """Take the mean correlation of neighbours."""
    return unbounded(np.array([np.diag(R, 1).mean()]))


def toeplitz(phi: Array, n: int) -> Derivatives:
    """One correlation a lag."""
    rho, d_rho, d2_rho = correlation(phi)
    lag = _lags(n)
    P = np.concatenate([[1.0], rho])[lag]
    member = (lag == np.arange(1, n)[:, None, None]).astype(float)
    second = np.zeros((n - 1, n - 1, n, n))
    k = np.arange(n - 1)
    second[k, k] = member * d2_rho[:, None, None]
    return P, member * d_rho[:, None, None], second


def start_toeplitz(R: Array) -> Array:
    """Take the mean correlation of each lag."""
    n = len(R)
    rho = np.array([np.diag(R, lag).mean() for lag in range(1, n)])
    # Averages by lag need not be positive definite together.
    while np.linalg.eigvalsh(np.concatenate([[1.0], rho])[_lags(n)])[0] < 0.05:
        rho *= 0.8
    return unbounded(rho)


def ante_dependent(phi: Array, n: int) -> Derivatives:
    """Product of the correlations of the neighbouring visits on the way from i to j."""
    rho, d_rho, d2_rho = correlation(phi)
    P = np.eye(n)
    for j in range(1, n):
        P[:j, j] = P[:j, j - 1] * rho[j - 1]
    # The way from i to j without step k is the way to k times the way on from k + 1.
    upper = np.triu(P)
    first = np.zeros((n - 1, n, n))
    second = np.zeros((n - 1, n - 1, n, n))
    for k in range(n - 1):
        first[k, : k + 1, k + 1 :] = np.outer(upper[: k + 1, k], upper[k + 1, k + 1 :])
        for m in range(k + 1, n - 1):
            way = np.outer(upper[: k + 1, k], upper[m + 1, m + 1 :]) * upper[k + 1, m]
            second[k, m, : k + 1, m + 1 :] = way * d_rho[k] * d_rho[m]
            second[m, k] = second[k, m]
        second[k, k] = first[k] * d2_rho[k]
    first *= d_rho[:, None, None]
    P = upper + upper.T - np.eye(n)
    return P, first + np.swapaxes(first, 1, 2), second + np.swapaxes(second, 2, 3)


def start_ante_dependent(R: Array) -> Array:
    """Take the correlations of neighbours."""
    return unbounded(np.diag(R, 1).copy())
