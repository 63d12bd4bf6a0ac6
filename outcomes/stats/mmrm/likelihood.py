"""-2 log-likelihood of the model, restricted or not, with gradient, information and Hessian.

With A_r = Sigma_r^-1, K = quadratic(A) = [[X'V^-1X, X'V^-1y], [., y'V^-1y]], b = Kxx^-1 Kxy,
Phi = Kxx^-1, v = (-b, 1), N rows and p coefficients,

    -2 l_ML   = sum n_r log|Sigma_r| + v'Kv + N log 2 pi
    -2 l_REML = -2 l_ML + log|Kxx| - p log 2 pi.

Let D_h, D_hj be derivatives of Sigma, M = vv' + Phi (REML) or vv' (ML), and EH = moments(M). Then
K_h = quadratic(A D_h A) = -dK/dtheta_h and

    gradient_h  = sum_r n_r tr(A D_h) - <A D_h A, EH_r>
    Hessian_hj  = sum_r n_r [tr(A D_hj) - tr(A D_h A D_j)] + 2 <A D_h A D_j A, EH_r>
                  - <A D_hj A, EH_r> - 2 (K_h v)'Phi (K_j v) - tr(Phi K_h Phi K_j)

the last term for REML only. The Hessian's expectation, taken as in maximum likelihood, is
sum_r n_r tr(A D_h A D_j).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from .covariances import Structure
from .moments import GridMoments

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Point:
    """The likelihood at one value of the covariance parameters (coefficients profiled out)."""

    theta: Array
    sigma: Array
    A: Array
    beta: Array
    phi: Array
    deviance: float


@dataclass(frozen=True)
class Likelihood:
    """A model ready to be evaluated.

    Parameters
    ----------
    data : GridMoments
        Cross-products.
    structure : Structure
        Covariance structure, the same for every group.
    n_groups : int
        Covariance groups, each with parameters of its own.
    reml : bool
        Restricted likelihood or not.
    """

    data: GridMoments
    structure: Structure
    n_groups: int
    reml: bool

    @property
    def n_parameters(self) -> int:
        """Covariance parameters over all groups."""
        return self.n_groups * self.structure.n_parameters(self.data.n_visits)

    def split(self, theta: Array) -> Array:
        """Parameters as one row a group."""
        return theta.reshape(self.n_groups, -1)

    def at(self, theta: Array) -> Point:
        """Deviance and coefficients at theta.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where the covariance is not positive definite or the design not of full rank.
        """
        data = self.data
        sigma = np.stack([self.structure.covariance(t, data.n_visits) for t in self.split(theta)])
        if not np.isfinite(sigma).all():
            raise np.linalg.LinAlgError("covariance overflows")
        A, log_det = data.inverse(sigma)
        K = data.quadratic(A)
        p = data.n_coefficients
        factor = cho_factor(K[:p, :p], lower=True)
        beta = cho_solve(factor, K[:p, p])
        phi = cho_solve(factor, np.eye(p))
        deviance = log_det + K[p, p] - beta @ K[:p, p] - data.log_weight
        n = data.n_rows
        if self.reml:
            deviance += 2.0 * np.log(np.diag(factor[0])).sum() + (n - p) * LOG_2PI
        else:
            deviance += n * LOG_2PI
        if not np.isfinite(deviance):
            raise np.linalg.LinAlgError("deviance is not finite")
        return Point(theta, sigma, A, beta, (phi + phi.T) / 2, float(deviance))

    def expected_products(self, point: Point) -> Array:
        """EH_r (R, T, T): residual cross-products, plus x'Phi x under REML."""
        p = self.data.n_coefficients
        v = np.append(-point.beta, 1.0)
        M = np.outer(v, v)
        if self.reml:
            M[:p, :p] += point.phi
        return self.data.moments(M)

    def slopes(self, point: Point) -> tuple[Array, Array]:
        """Gradient (k,) and expected Hessian (k, k) of the deviance."""
        data, A = self.data, point.A
        T = data.n_visits
        EH = self.expected_products(point)
        n = data.n_subjects[:, None, None]
        G = n * A - A @ EH @ A
        gradient, blocks = [], []
        for g, theta in enumerate(self.split(point.theta)):
            here = data.group == g
            D = self.structure.derivatives(theta, T)[1].reshape(-1, T * T)
            gradient.append(D @ G[here].sum(axis=0).ravel())
            blocks.append(_trace_pairs(D, n[here] * A[here], A[here]))
        return np.concatenate(gradient), _block_diagonal(blocks)

    def derivative_products(self, point: Point) -> Array:
        """K_h = quadratic(A D_h A), (k, p + 1, p + 1)."""
        data, A = self.data, point.A
        out = []
        for g, theta in enumerate(self.split(point.theta)):
            here = np.where(data.group == g, 1.0, 0.0)[:, None, None]
            for D in self.structure.derivatives(theta, data.n_visits)[1]:
                out.append(data.quadratic(here * (A @ D @ A)))
        return np.stack(out)

    def hessian(self, point: Point, K: Array) -> Array:
        """Second derivatives (k, k) of the deviance; K as `derivative_products` gives it."""
        data, A = self.data, point.A
        T, p = data.n_visits, data.n_coefficients
        EH = self.expected_products(point)
        U = A @ EH @ A
        n = data.n_subjects[:, None, None]
        G = n * A - U
        blocks = []
        for g, theta in enumerate(self.split(point.theta)):
            here = data.group == g
            _, D, D2 = self.structure.derivatives(theta, T)
            k = len(D)
            flat = D.reshape(k, T * T)
            second = D2.reshape(k, k, T * T) @ G[here].sum(axis=0).ravel()
            pairs = _trace_pairs(flat, A[here], 2.0 * U[here] - n[here] * A[here])
            blocks.append(second + (pairs + pairs.T) / 2)
        H = _block_diagonal(blocks)
        Kv = K[:, :p, :] @ np.append(-point.beta, 1.0)
        H -= 2.0 * Kv @ point.phi @ Kv.T
        if self.reml:
            phi_K = point.phi @ K[:, :p, :p]
            k = len(K)
            H -= phi_K.reshape(k, -1) @ np.swapaxes(phi_K, 1, 2).reshape(k, -1).T
        return H


def _trace_pairs(D: Array, left: Array, right: Array) -> Array:
    """Sum over patterns of tr(D_h L D_j R), (k, k); D is (k, T * T), L and R are (R, T, T)."""
    n, T, _ = left.shape
    # tr(D_h L D_j R) = sum D_h[a,b] L[b,c] D_j[c,d] R[d,a]
    tensor = left.reshape(n, T * T).T @ right.reshape(n, T * T)
    tensor = tensor.reshape(T, T, T, T).transpose(3, 0, 1, 2).reshape(T * T, T * T)
    return D @ tensor @ D.T


def _block_diagonal(blocks: list[Array]) -> Array:
    size = sum(len(block) for block in blocks)
    out = np.zeros((size, size))
    start = 0
    for block in blocks:
        stop = start + len(block)
        out[start:stop, start:stop] = block
        start = stop
    return out
