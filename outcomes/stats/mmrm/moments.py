"""What a likelihood needs to know of the data: weighted cross-products and their duals.

Row t of subject i is w_it = (x_it, y_it) with x_it = B_t' u_i: the design of every visit is a fixed
map of one vector u_i a subject. Kept are, per pattern r of visits seen, the sums over its subjects
of (u, y)(u, y)'. From them follow, for any matrices A_r,

    quadratic(A) = sum_r sum_ts A_r[t,s] sum_i w_it w_is'          (q, q)
    moments(M)_r[t,s] = sum_i w_it' M w_is                         (R, T, T)

which is everything that likelihood, gradient, Hessian, Satterthwaite and Kenward-Roger use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GridMoments:
    """Cross-products per pattern of visits on a common grid.

    Parameters
    ----------
    seen : array of bool (R, T)
        Visits of each pattern.
    group : array of int (R,)
        Covariance group of each pattern.
    n_subjects : array (R,)
        Subjects of each pattern.
    products : array (R, d + T, d + T)
        Sums of w_i (u, y)(u, y)', with y zero at visits not seen and w_i the subject's weight.
    maps : array (T, d, p)
        B_t, from the features of a subject to the design row of visit t.
    log_weight : float
        Sum over rows of the log of the subject's weight.
    """

    seen: NDArray[np.bool_]
    group: NDArray[np.int64]
    n_subjects: Array
    products: Array
    maps: Array
    log_weight: float

    @property
    def n_visits(self) -> int:
        """Number of visits on the grid."""
        return self.seen.shape[1]

    @property
    def n_coefficients(self) -> int:
        """Number of columns of the design."""
        return self.maps.shape[2]

    @property
    def n_rows(self) -> int:
        """Number of outcomes."""
        return round(float(self.n_subjects @ self.seen.sum(axis=1)))

    def inverse(self, sigma: Array) -> tuple[Array, float]:
        """Inverses A_r of the covariances, zero at visits not seen, and sum n_r log|Sigma_r|.

        `sigma` is (groups, T, T). Raises `numpy.linalg.LinAlgError` where it is not positive
        definite.
        """
        both = self.seen[:, :, None] & self.seen[:, None, :]
        missing = np.zeros_like(both, dtype=float)
        diagonal = np.arange(self.n_visits)
        missing[:, diagonal, diagonal] = ~self.seen
        factor = np.linalg.cholesky(np.where(both, sigma[self.group], missing))
        inverse_factor = np.linalg.inv(factor)
        A = np.swapaxes(inverse_factor, 1, 2) @ inverse_factor - missing
        log_det = 2.0 * np.log(factor[:, diagonal, diagonal]).sum(axis=1)
        return A, float(self.n_subjects @ log_det)

    def quadratic(self, A: Array) -> Array:
        """Sum over subjects of w_i' A_r w_i, a (p + 1, p + 1) matrix; A is (R, T, T)."""
        R, T = self.seen.shape
        d = self.maps.shape[1]
        p = self.n_coefficients
        flat = A.reshape(R, T * T).T
        uu = (flat @ self.products[:, :d, :d].reshape(R, d * d)).reshape(T, T, d, d)
        K = np.empty((p + 1, p + 1))
        left = np.einsum("tdp,tsde->spe", self.maps, uu, optimize=True)
        K[:p, :p] = np.einsum("spe,seq->pq", left, self.maps, optimize=True)
        uy = np.einsum("rts,rds->td", A, self.products[:, :d, d:], optimize=True)
        K[:p, p] = K[p, :p] = np.einsum("tdp,td->p", self.maps, uy)
        K[p, p] = np.einsum("rts,rts->", A, self.products[:, d:, d:])
        return K

    def moments(self, M: Array) -> Array:
        """Sum over the subjects of each pattern of w_it' M w_is, (R, T, T); M is (p + 1, p + 1)."""
        R, T = self.seen.shape
        d = self.maps.shape[1]
        p = self.n_coefficients
        N = np.einsum("tdp,pq,seq->tsde", self.maps, M[:p, :p], self.maps, optimize=True)
        uu = self.products[:, :d, :d].reshape(R, d * d)
        out = (uu @ N.reshape(T * T, d * d).T).reshape(R, T, T)
        cross = np.einsum("tdp,p->td", self.maps, M[:p, p]) @ self.products[:, :d, d:]
        out += cross + np.swapaxes(cross, 1, 2)
        out += M[p, p] * self.products[:, d:, d:]
        return out
