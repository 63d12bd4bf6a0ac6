"""What a likelihood needs to know of the data: weighted cross-products and their duals.

With w_it = (x_it, y_it) the row of subject i at visit t and any matrices A_r, one per pattern r,

    quadratic(A)      = sum_r sum_ts A_r[t,s] sum_{i in r} w_it w_is'      (p + 1, p + 1)
    moments(M)_r[t,s] = sum_{i in r} w_it' M w_is                          (R, T, T)

are everything that likelihood, gradient, Hessian, Satterthwaite and Kenward-Roger use.
`GridMoments` answers from sums per pattern of visits seen, `RowMoments` from the rows, for visits
at dates of each subject's own, where every subject is a pattern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .covariances import SpatialExponential, Structure
from .products import product

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GridMoments:
    """Cross-products per pattern of visits on a common grid.

    The design of every visit is a fixed map of one vector u_i a subject: x_it = B_t' u_i.

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
    structure : Structure
        Covariance structure.
    """

    seen: Mask
    group: NDArray[np.int64]
    n_subjects: Array
    products: Array
    maps: Array
    structure: Structure

    @property
    def n_visits(self) -> int:
        """Number of visits on the grid."""
        return self.seen.shape[1]

    @property
    def n_coefficients(self) -> int:
        """Number of columns of the design."""
        return self.maps.shape[2]

    def covariances(self, thetas: Array) -> Array:
        """Covariance of each pattern as if all its visits were seen, (R, T, T)."""
        sigma = np.stack([self.structure.covariance(theta, self.n_visits) for theta in thetas])
        return sigma[self.group]

    def derivatives(self, theta: Array, group: int) -> Array:
        """Differentiate Sigma in one group, (k, 1, T, T)."""
        return self.structure.derivatives(theta, self.n_visits)[1][:, None]

    def second_derivatives(self, theta: Array, group: int) -> Array:
        """Differentiate Sigma in one group twice, (k, k, 1, T, T)."""
        return self.structure.second_derivatives(theta, self.n_visits)[:, :, None]

    def quadratic(self, A: Array) -> Array:
        """Sum over subjects of w_i' A_r w_i, for each of several A (..., R, T, T)."""
        R, T = self.seen.shape
        d, p = self.maps.shape[1:]
        lead = A.shape[:-3]
        A = A.reshape(-1, R, T, T)
        # Stacks of small products, see `products`.
        flat = A.reshape(-1, R, T * T).swapaxes(1, 2)
        uu = flat @ self.products[:, :d, :d].reshape(R, d * d)
        uu = uu.reshape(-1, T, T, d, d).swapaxes(2, 3).reshape(-1, T * d, T * d)
        uy = (A @ self.products[:, d:, :d]).sum(axis=1).reshape(-1, T * d)
        maps = self.maps.reshape(T * d, p)
        K = np.empty((len(A), p + 1, p + 1))
        K[:, :p, :p] = maps.T @ uu @ maps
        K[:, :p, p] = K[:, p, :p] = product(uy, maps)
        K[:, p, p] = np.einsum("hrts,rts->h", A, self.products[:, d:, d:])
        return K.reshape(*lead, p + 1, p + 1)

    @property
    def batch(self) -> int:
        """How many A to give `quadratic` at once, for memory's sake."""
        R, T = self.seen.shape
        return max(1, 1_000_000 // max(R * T * T, (T * self.maps.shape[1]) ** 2))

    def moments(self, M: Array) -> Array:
        """Sum over the subjects of each pattern of w_it' M w_is."""
        R, T = self.seen.shape
        d, p = self.maps.shape[1:]
        maps = self.maps.reshape(T * d, p)
        N = product(product(maps, M[:p, :p]), maps.T).reshape(T, d, T, d).swapaxes(1, 2)
        uu = self.products[:, :d, :d].reshape(R, d * d)
        out = product(uu, N.reshape(T * T, d * d).T).reshape(R, T, T)
        cross = (self.maps @ M[:p, p]) @ self.products[:, :d, d:]
        out += cross + np.swapaxes(cross, 1, 2)
        out += M[p, p] * self.products[:, d:, d:]
        return out

    def starts(self, residual: Array, n_groups: int) -> list[tuple[str, Array]]:
        """Start from sums of residual products (R, T, T) of ordinary least squares."""
        pooled = self._average(residual, np.ones(len(self.seen), dtype=bool))
        found = []
        for g in range(n_groups):
            own = self._average(residual, self.group == g)
            found.append(np.where(np.isfinite(own), own, pooled))
        return [
            (name, np.concatenate([self.structure.start(_positive(S, shrink)) for S in found]))
            for name, shrink in [
                ("scoring from the residual covariance", 0.1),
                ("scoring from uncorrelated visits", 1.0),
            ]
        ]

    def _average(self, residual: Array, here: Mask) -> Array:
        """Mean residual product of each pair of visits over the subjects with both."""
        both = _both(self.seen[here])
        count = np.einsum("r,rts->ts", self.n_subjects[here], both)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (both * residual[here]).sum(axis=0) / count


@dataclass(frozen=True)
class RowMoments:
    """Rows of each subject, padded to the longest, with distances in time between them.

    Parameters
    ----------
    seen : array of bool (n, T)
        Which of the T positions of a subject hold a row.
    group : array of int (n,)
        Covariance group of each subject.
    rows : array (n, T, p + 1)
        (x, y) times the root of the subject's weight, zero where not seen.
    distance : array (n, T, T)
        Time between rows.
    structure : SpatialExponential
        Covariance structure.
    """

    seen: Mask
    group: NDArray[np.int64]
    rows: Array
    distance: Array
    structure: SpatialExponential

    @property
    def n_subjects(self) -> Array:
        """One subject a pattern."""
        return np.ones(len(self.seen))

    @property
    def n_visits(self) -> int:
        """Rows of the subject with most."""
        return self.seen.shape[1]

    @property
    def n_coefficients(self) -> int:
        """Number of columns of the design."""
        return self.rows.shape[2] - 1

    def covariances(self, thetas: Array) -> Array:
        """Covariance of each subject's rows, (n, T, T)."""
        log_sd, logit_rho = np.asarray(thetas)[self.group].T[:, :, None, None]
        return self.structure.covariance(np.array([log_sd, logit_rho]), self.distance)

    def derivatives(self, theta: Array, group: int) -> Array:
        """Differentiate Sigma of the subjects of one group, (2, n, T, T)."""
        return self.structure.derivatives(theta, self.distance[self.group == group])[1]

    def second_derivatives(self, theta: Array, group: int) -> Array:
        """Differentiate Sigma of the subjects of one group twice, (2, 2, n, T, T)."""
        return self.structure.second_derivatives(theta, self.distance[self.group == group])

    def quadratic(self, A: Array) -> Array:
        """Sum over subjects of w_i' A_i w_i, for each of several A (..., n, T, T)."""
        q = self.rows.shape[2]
        lead = A.shape[:-3]
        product = (A @ self.rows).reshape(*lead, -1, q)
        return np.swapaxes(product, -1, -2) @ self.rows.reshape(-1, q)

    @property
    def batch(self) -> int:
        """How many A to give `quadratic` at once, for memory's sake."""
        return 1

    def moments(self, M: Array) -> Array:
        """w_it' M w_is of each subject."""
        return (self.rows @ M) @ np.swapaxes(self.rows, 1, 2)

    def starts(self, residual: Array, n_groups: int) -> list[tuple[str, Array]]:
        """Variance of the residuals, and a correlation of a half or a tenth at the typical gap."""
        squares = np.einsum("rtt->rt", residual)[self.seen]
        gaps = np.diagonal(self.distance, 1, 1, 2)[self.seen[:, 1:]]
        gap = max(float(np.median(gaps)) if gaps.size else 1.0, 1e-12)
        out = []
        for name, rho in [("a half", 0.5), ("a tenth", 0.1)]:
            # logit of rho ** (1 / gap), without forming the correlation at distance one.
            log_rho = np.log(rho) / gap
            theta = [np.log(squares.mean()) / 2, log_rho - np.log(-np.expm1(log_rho))]
            out.append((f"scoring from a correlation of {name}", np.tile(theta, n_groups)))
        return out


Moments = GridMoments | RowMoments


def whitening(sigma: Array, seen: Mask) -> Array:
    """Give lower triangles L_r with L_r'L_r = Sigma_r^-1 at the visits seen, zero elsewhere.

    `sigma` is (R, T, T) or broadcasts to it. Raises `numpy.linalg.LinAlgError` where a covariance
    is not positive definite.
    """
    missing = np.zeros((*seen.shape, seen.shape[1]))
    diagonal = np.arange(seen.shape[1])
    missing[:, diagonal, diagonal] = ~seen
    factor = np.linalg.cholesky(np.where(_both(seen) > 0, sigma, missing))
    return np.asarray(np.linalg.inv(factor) - missing, dtype=np.float64)


def inverse(data: Moments, sigma: Array) -> tuple[Array, float]:
    """Inverses A_r of the covariances, zero at visits not seen, and sum n_r log|Sigma_r|."""
    L = whitening(sigma, data.seen)
    diagonal = np.arange(data.n_visits)
    log_det = -2.0 * np.log(np.where(data.seen, L[:, diagonal, diagonal], 1.0))
    return np.swapaxes(L, 1, 2) @ L, float(data.n_subjects @ log_det.sum(axis=1))


def _both(seen: Mask) -> Array:
    return (seen[:, :, None] & seen[:, None, :]).astype(float)


def _positive(S: Array, shrink: float) -> Array:
    """Pull correlations towards zero, as far as it takes to be positive definite."""
    variance = np.diag(S).copy()
    usable = np.isfinite(variance) & (variance > 0)
    typical = variance[usable].mean() if usable.any() else 1.0
    variance[~usable] = typical
    variance = np.maximum(variance, 1e-6 * typical)
    scale = np.sqrt(np.outer(variance, variance))
    R = np.clip(np.nan_to_num(S / scale), -0.99, 0.99)
    np.fill_diagonal(R, 1.0)
    eye = np.eye(len(R))
    while shrink < 1.0 and np.linalg.eigvalsh((1 - shrink) * R + shrink * eye)[0] < 0.05:
        shrink = min(shrink + 0.1, 1.0)
    return ((1 - shrink) * R + shrink * eye) * scale
