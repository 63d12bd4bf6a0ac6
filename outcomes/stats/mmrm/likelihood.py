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

from .moments import Moments, inverse
from .products import product

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2 * np.pi))
# Of the variance at a visit, the least share that the other visits may leave unexplained.
SMALLEST_SHARE = 1e-12
# Larger precisions overflow when multiplied.
LARGEST = 1e60


@dataclass(frozen=True)
class Point:
    """The likelihood at one value of the covariance parameters (coefficients profiled out)."""

    theta: Array
    A: Array
    beta: Array
    phi: Array
    deviance: float


@dataclass(frozen=True)
class Likelihood:
    """A model ready to be evaluated.

    Parameters
    ----------
    data : GridMoments or RowMoments
        Cross-products and covariance structure.
    n_groups : int
        Covariance groups, each with parameters of its own.
    n_rows : int
        Outcomes.
    log_weight : float
        Sum over rows of the log of the subject's weight.
    reml : bool
        Restricted likelihood or not.
    """

    data: Moments
    n_groups: int
    n_rows: int
    log_weight: float
    reml: bool

    @property
    def n_parameters(self) -> int:
        """Covariance parameters over all groups."""
        return self.n_groups * self.data.structure.n_parameters(self.data.n_visits)

    def split(self, theta: Array) -> Array:
        """Parameters as one row a group."""
        return theta.reshape(self.n_groups, -1)

    def move(self, theta: Array, change: Array) -> Array:
        """Parameters a step away, by the way of moving that suits the structure."""
        structure, n_visits = self.data.structure, self.data.n_visits
        steps = zip(self.split(theta), self.split(change), strict=True)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            moved = np.concatenate([structure.move(own, step, n_visits) for own, step in steps])
        _need_finite(moved)
        return moved

    def at(self, theta: Array) -> Point:
        """Deviance and coefficients at theta.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where the covariance is not positive definite or the design not of full rank.
        """
        data, p = self.data, self.data.n_coefficients
        # Trial steps may leave the range of numbers; the checks below turn that into an error.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            sigma = data.covariances(self.split(theta))
            _need_finite(sigma)
            A, log_det = inverse(data, sigma)
            own = np.einsum("rtt,rtt->rt", A, sigma)
            if not (own.max() < 1.0 / SMALLEST_SHARE and np.abs(A).max() < LARGEST):
                raise np.linalg.LinAlgError("covariance is singular to working precision")
            K = data.quadratic(A)
            _need_finite(K)
            factor = np.linalg.cholesky(K[:p, :p])
            inverse_factor = np.linalg.inv(factor)
            phi = inverse_factor.T @ inverse_factor
            beta = phi @ K[:p, p]
            beta += phi @ (K[:p, p] - K[:p, :p] @ beta)
            deviance = log_det + K[p, p] - beta @ K[:p, p] - self.log_weight
            if self.reml:
                deviance += 2.0 * np.log(np.diag(factor)).sum() + (self.n_rows - p) * LOG_2PI
            else:
                deviance += self.n_rows * LOG_2PI
        _need_finite(np.append(phi, deviance))
        return Point(theta, A, beta, (phi + phi.T) / 2, float(deviance))

    def slopes(self, point: Point) -> tuple[Array, Array]:
        """Gradient (k,) and expected Hessian (k, k) of the deviance."""
        data, A = self.data, point.A
        EH = self._expected_products(point)
        n = data.n_subjects[:, None, None]
        G = n * A - A @ EH @ A
        gradient, blocks = [], []
        for g, theta in enumerate(self.split(point.theta)):
            here = data.group == g
            D = data.derivatives(theta, g)
            gradient.append(contract(D, G[here]))
            blocks.append(trace_pairs(D, n[here] * A[here], A[here]))
        return np.concatenate(gradient), _block_diagonal(blocks)

    def derivative_products(self, point: Point) -> Array:
        """K_h = quadratic(A D_h A), (k, p + 1, p + 1)."""
        data, A = self.data, point.A
        out = []
        for g, theta in enumerate(self.split(point.theta)):
            here = data.group == g
            D = data.derivatives(theta, g)
            for start in range(0, len(D), data.batch):
                some = D[start : start + data.batch]
                ADA = np.zeros((len(some), *A.shape))
                ADA[:, here] = A[here] @ some @ A[here]
                out.append(data.quadratic(ADA))
        return np.concatenate(out)

    def hessian(self, point: Point, K: Array) -> Array:
        """Second derivatives (k, k) of the deviance; K as `derivative_products` gives it."""
        data, A, p = self.data, point.A, self.data.n_coefficients
        U = A @ self._expected_products(point) @ A
        n = data.n_subjects[:, None, None]
        blocks = []
        for g, theta in enumerate(self.split(point.theta)):
            here = data.group == g
            D, D2 = data.derivatives(theta, g), data.second_derivatives(theta, g)
            second = contract(D2, n[here] * A[here] - U[here])
            pairs = trace_pairs(D, A[here], 2.0 * U[here] - n[here] * A[here])
            blocks.append(second + (pairs + pairs.T) / 2)
        H = _block_diagonal(blocks)
        Kv = K[:, :p, :] @ np.append(-point.beta, 1.0)
        H -= 2.0 * Kv @ point.phi @ Kv.T
        if self.reml:
            phi_K = point.phi @ K[:, :p, :p]
            k = len(K)
            H -= product(phi_K.reshape(k, -1), np.swapaxes(phi_K, 1, 2).reshape(k, -1).T)
        return (H + H.T) / 2

    def _expected_products(self, point: Point) -> Array:
        """EH_r (R, T, T): residual cross-products, plus x'Phi x under REML."""
        p = self.data.n_coefficients
        v = np.append(-point.beta, 1.0)
        M = np.outer(v, v)
        if self.reml:
            M[:p, :p] += point.phi
        return self.data.moments(M)


def _need_finite(values: Array) -> None:
    if not np.isfinite(values).all():
        raise np.linalg.LinAlgError("overflow")


def contract(D: Array, G: Array) -> Array:
    """Sum over patterns of <D_h, G_r>; D is (..., 1 or R, T, T), G is (R, T, T)."""
    if D.shape[-3] == 1:
        G = G.sum(axis=0)
    return np.asarray(D.reshape(*D.shape[:-3], G.size) @ G.ravel())


def trace_pairs(D: Array, left: Array, right: Array) -> Array:
    """Sum over patterns of tr(D_h L_r D_j R_r), (k, k); D is (k, 1 or R, T, T)."""
    k, n_own, T, _ = D.shape
    if n_own > 1 or len(left) == 1:
        shape = (k, -1)
        # tr(D_h L D_j R) = <(D_h L)', D_j R>
        return (np.swapaxes(D @ left, 2, 3)).reshape(shape) @ (D @ right).reshape(shape).T
    # sum D_h[a,b] L[b,c] D_j[c,d] R[d,a]: sum L (x) R over the patterns first.
    n = len(left)
    tensor = product(left.reshape(n, T * T).T, right.reshape(n, T * T))
    tensor = tensor.reshape(T, T, T, T).transpose(3, 0, 1, 2).reshape(T * T, T * T)
    flat = D.reshape(k, T * T)
    return product(product(flat, tensor), flat.T)


def _block_diagonal(blocks: list[Array]) -> Array:
    size = sum(len(block) for block in blocks)
    out = np.zeros((size, size))
    start = 0
    for block in blocks:
        stop = start + len(block)
        out[start:stop, start:stop] = block
        start = stop
    return out
