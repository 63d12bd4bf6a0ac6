"""Covariance structures over visits, each in the parameters of R's mmrm.

A structure is a scale times a shape, Sigma = D P D. The scale is one log standard deviation, or
one a visit. The shape P(phi) is a correlation matrix, or for the unstructured case M M' with a unit
lower triangle M. First and second derivatives are written out, because Kenward-Roger inference on
a structure's own parameters needs both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shape = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Structure:
    """A covariance structure.

    Parameters
    ----------
    name : str
        Name used by `fit_mmrm`.
    heterogeneous : bool
        One standard deviation a visit (True) or one for all.
    n_shape : callable
        Number of visits to number of shape parameters.
    shape : callable
        (phi, number of visits) to P, its first derivatives (k, T, T) and second ones (k, k, T, T).
    start : callable
        Positive definite covariance (T, T) to parameters whose covariance is near it.
    ordered : bool
        Whether the order of the visits matters to the structure.
    spatial : bool
        Whether correlation depends on distances in time, which differ from subject to subject.
    """

    name: str
    heterogeneous: bool
    n_shape: Callable[[int], int]
    shape: Callable[[Array, int], Shape]
    start: Callable[[Array], Array]
    ordered: bool
    spatial: bool = False

    def n_parameters(self, n_visits: int) -> int:
        """Count the parameters for a number of visits."""
        return (n_visits if self.heterogeneous else 1) + self.n_shape(n_visits)

    def covariance(self, theta: Array, n_visits: int) -> Array:
        """Covariance matrix Sigma (T, T)."""
        n_scale = n_visits if self.heterogeneous else 1
        sd = np.broadcast_to(np.exp(theta[:n_scale]), n_visits)
        return np.outer(sd, sd) * self.shape(theta[n_scale:], n_visits)[0]

    def derivatives(self, theta: Array, n_visits: int) -> Shape:
        """Sigma (T, T), its first derivatives (k, T, T) and second ones (k, k, T, T)."""
        n_scale = n_visits if self.heterogeneous else 1
        sd = np.broadcast_to(np.exp(theta[:n_scale]), n_visits)
        scale = np.outer(sd, sd)
        P, dP, d2P = self.shape(theta[n_scale:], n_visits)
        # A log standard deviation multiplies entry (a, b) once for a and once for b.
        if self.heterogeneous:
            unit = np.eye(n_visits)
            power = unit[:, :, None] + unit[:, None, :]
        else:
            power = np.full((1, n_visits, n_visits), 2.0)
        sigma = scale * P
        d_shape = scale * dP
        k = len(theta)
        first = np.concatenate([power * sigma, d_shape])
        second = np.empty((k, k, n_visits, n_visits))
        second[:n_scale, :n_scale] = power[:, None] * power[None, :] * sigma
        second[:n_scale, n_scale:] = power[:, None] * d_shape[None, :]
        second[n_scale:, :n_scale] = np.swapaxes(second[:n_scale, n_scale:], 0, 1)
        second[n_scale:, n_scale:] = scale * d2P
        return sigma, first, second


def _cholesky_shape(phi: Array, n: int) -> Shape:
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


def _cholesky_start(covariance: Array) -> Array:
    factor = np.linalg.cholesky(covariance)
    sd = np.diag(factor)
    return np.concatenate([np.log(sd), (factor / sd[:, None])[np.tril_indices(len(sd), -1)]])


STRUCTURES: dict[str, Structure] = {
    "unstructured": Structure(
        "unstructured", True, lambda n: n * (n - 1) // 2, _cholesky_shape, _cholesky_start, False
    ),
}
