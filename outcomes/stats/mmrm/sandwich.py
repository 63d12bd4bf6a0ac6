"""Empirical covariances of the coefficients, from the residuals of each subject.

With L_i'L_i = Sigma_i^-1 (upper factor applied to rows), X~ = L X, e~ = L (y - X b), H_i = X~_i
Phi X~_i' and B_i = (I - H_i)^-power,

    V = Phi [ sum_i z_i z_i' ] Phi,   z_i = X~_i' B_i e~_i,

with power 0 (empirical, CR0), 1/2 (bias-reduced, CR2) or 1 (jackknife, CR3), and no further
factor. Degrees of freedom of c'b are tr(G)^2 / tr(G^2), where G has the entries g_i'g_j of the
quadratic form that estimates its variance; for u_i = B_i X~_i Phi c and v_i = X~_i'u_i these are
[i = j] u_i'u_i - v_i'Phi v_j, so that no n by n matrix is needed.

References
----------
Bell RM, McCaffrey DF (2002). Bias reduction in standard errors for linear regression with
multi-stage samples. Survey Methodology 28:169-181.
Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and
hypothesis testing in fixed effects models. Journal of Business and Economic Statistics 36:672-683.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import EstimationError
from .fitted import Fitted
from .moments import RowMoments, whitening
from .rows import Rows

Array = NDArray[np.float64]
POWERS = {"empirical": 0.0, "bias-reduced": 0.5, "jackknife": 1.0}


@dataclass(frozen=True)
class Sandwich:
    """Covariance of the centred coefficients (p, p), and what degrees of freedom need.

    `whitened` is X~ (n, T, p), `leading` is B_i X~_i Phi (n, T, p).
    """

    covariance: Array
    phi: Array
    whitened: Array
    leading: Array

    def df(self, L: Array) -> Array:
        """Degrees of freedom of each row of L, combinations of the centred coefficients."""
        out = np.empty(len(L))
        for row, c in enumerate(L):
            u = self.leading @ c
            v = np.einsum("ntp,nt->np", self.whitened, u)
            size = np.einsum("nt,nt->n", u, u)
            own = np.einsum("np,pq,nq->n", v, self.phi, v, optimize=True)
            spread = self.phi @ (v.T @ v)
            total = float(np.sum(size - own))
            squares = float(np.sum(size**2 - 2.0 * size * own)) + float(np.sum(spread * spread.T))
            if not squares > 1e-12 * float(np.sum(size**2)):
                raise EstimationError(
                    "The residuals leave nothing to tell an empirical variance from: single "
                    "subjects decide a coefficient.",
                    "Use vcov='model', or a shorter formula.",
                )
            out[row] = total**2 / squares
        return out


def subject_whitening(fitted: Fitted, rows: Rows) -> Array:
    """Factors L_i (n, T, T) of each subject, zero at visits not seen, without the weight."""
    likelihood, starts = fitted.likelihood, rows.starts
    data = likelihood.data
    thetas = likelihood.split(fitted.optimum.point.theta)
    if isinstance(data, RowMoments):
        return whitening(data.covariances(thetas), data.seen)
    seen = np.zeros((len(starts), data.n_visits), dtype=bool)
    seen[rows.subject, rows.visit] = True
    patterns, member = np.unique(
        np.column_stack([rows.group, seen]).astype(np.int64), axis=0, return_inverse=True
    )
    sigma = np.stack([data.structure.covariance(theta, data.n_visits) for theta in thetas])
    return whitening(sigma[patterns[:, 0]], patterns[:, 1:].astype(bool))[member]


def pad(rows: Rows, values: Array, n_visits: int) -> Array:
    """Rows as (n, T, ...), zero where a subject has none."""
    out = np.zeros((len(rows.starts), n_visits, *values.shape[1:]))
    out[rows.subject, rows.visit] = values
    return out


def sandwich(fitted: Fitted, rows: Rows, kind: str) -> Sandwich:
    """Empirical covariance of one kind, a key of `POWERS`."""
    phi = fitted.optimum.point.phi
    L = subject_whitening(fitted, rows)
    if rows.weight is not None:
        L = L * np.sqrt(rows.weight)[:, None, None]
    T = L.shape[1]
    X = L @ pad(rows, rows.matrix @ fitted.transform, T)
    residual = rows.y - rows.matrix @ fitted.beta
    e = np.einsum("nts,ns->nt", L, pad(rows, residual, T))
    BX = X
    if POWERS[kind] > 0:
        left = np.eye(T) - X @ phi @ np.swapaxes(X, 1, 2)
        values, vectors = np.linalg.eigh(left)
        # A subject that alone carries a coefficient has no leverage left: pseudo-inverse.
        good = values > 1e-10
        root = np.where(good, np.where(good, values, 1.0) ** -POWERS[kind], 0.0)
        BX = vectors @ (root[:, :, None] * (np.swapaxes(vectors, 1, 2) @ X))
    z = np.einsum("ntp,nt->np", BX, e)
    return Sandwich(phi @ (z.T @ z) @ phi, phi, X, BX @ phi)
