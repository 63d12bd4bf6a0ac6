"""The profiled deviance of a random-slope model with exact first and second derivatives.

Notation, for each subject: D = Z'Z, B = Z'[X y], Ψ the covariance of the random effects over σ²,
  E = D(I + ΨD)⁻¹ = Z'V⁻¹Z,  R = (I + DΨ)⁻¹B = Z'V⁻¹[X y]   (V over σ²),
  K = [X y]'V⁻¹[X y] = Σ (what is left about own lines) + Σ (D⁻¹B)'R,
so K is a sum of positive parts: no digits are lost however large Ψ is. All of it holds for a
singular Ψ. Derivatives by a symmetric change dΨ:
  d log|V| = tr(E dΨ),  dK = −Σ R'dΨR,
  d² log|V| = −tr(E dΨ E dΨ'),  d²K = Σ R'(dΨ E dΨ' + dΨ' E dΨ)R.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from outcomes.stats.lmm.statistics import SubjectSums

# Multiplications in one matrix product: subjects are taken in parts that stay in the cache and
# below the size at which BLAS starts threads, which would cost more than they save.
_PRODUCT = 2**18


@dataclass(frozen=True)
class Derivatives:
    """A function of Ψ = (ψ11, ψ12, ψ22): value, gradient and second derivatives.

    Parameters
    ----------
    value : float
        Value.
    gradient : ndarray of float, shape (3,)
        First derivatives.
    hessian : ndarray of float, shape (3, 3)
        Second derivatives.
    """

    value: float
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64]

    def __add__(self, other: Derivatives) -> Derivatives:
        return Derivatives(
            self.value + other.value,
            self.gradient + other.gradient,
            self.hessian + other.hessian,
        )

    def __rmul__(self, factor: float) -> Derivatives:
        return Derivatives(factor * self.value, factor * self.gradient, factor * self.hessian)


@dataclass(frozen=True)
class Evaluation:
    """Everything that inference needs at one Ψ.

    Parameters
    ----------
    psi : ndarray of float, shape (3,)
        ψ11, ψ12, ψ22.
    log_det : float
        Σ log|V|, V over σ².
    outer : ndarray of float, shape (q, q)
        K.
    e_sum : ndarray of float, shape (3,)
        Σ (E11, E12, E22).
    e_squares : ndarray of float, shape (3, 3)
        Σ of products of those three.
    shrinkage_squares : float
        Σ tr (I + ΨD)⁻².
    subjects : int
        Number of subjects.
    gram : ndarray of float, shape (2, 2, q, q)
        Σ R_a'R_b.
    weighted : ndarray of float, shape (3, 2, 2, q, q)
        Σ E_k R_a'R_b for E11, E12, E22.
    """

    psi: NDArray[np.float64]
    log_det: float
    outer: NDArray[np.float64]
    e_sum: NDArray[np.float64]
    e_squares: NDArray[np.float64]
    shrinkage_squares: float
    subjects: int
    gram: NDArray[np.float64]
    weighted: NDArray[np.float64]

    def restricted(self, basis: NDArray[np.float64]) -> Evaluation:
        """Replace [X y] by combinations of its columns.

        Parameters
        ----------
        basis : ndarray of float, shape (q, k)
            Combinations, the response last.

        Returns
        -------
        Evaluation
            As if the data had been these combinations.
        """
        return replace(
            self,
            outer=basis.T @ self.outer @ basis,
            gram=basis.T @ self.gram @ basis,
            weighted=basis.T @ self.weighted @ basis,
        )

    def outer_slopes(self) -> NDArray[np.float64]:
        """Differentiate K.

        Returns
        -------
        ndarray of float, shape (3, q, q)
            By ψ11, ψ12, ψ22.
        """
        g = self.gram
        return -np.stack([g[0, 0], g[0, 1] + g[1, 0], g[1, 1]])

    def outer_curvature(self) -> NDArray[np.float64]:
        """Differentiate K twice.

        Returns
        -------
        ndarray of float, shape (3, 3, q, q)
            Second derivatives.
        """
        h11, h12, h22 = self.weighted
        out = np.empty((3, 3, *self.outer.shape))
        out[0, 0] = 2 * h11[0, 0]
        out[0, 1] = out[1, 0] = h11[0, 1] + h11[1, 0] + 2 * h12[0, 0]
        out[0, 2] = out[2, 0] = h12[0, 1] + h12[1, 0]
        out[1, 1] = 2 * (h12[0, 1] + h12[1, 0] + h22[0, 0] + h11[1, 1])
        out[1, 2] = out[2, 1] = h22[0, 1] + h22[1, 0] + 2 * h12[1, 1]
        out[2, 2] = 2 * h22[1, 1]
        return out

    def e_products(self) -> NDArray[np.float64]:
        """Σ tr(E dΨ E dΨ') for each pair of entries.

        Returns
        -------
        ndarray of float, shape (3, 3)
            Symmetric.
        """
        s = self.e_squares
        out = np.empty((3, 3))
        out[0, 0], out[2, 2] = s[0, 0], s[2, 2]
        out[0, 1] = out[1, 0] = 2 * s[0, 1]
        out[0, 2] = out[2, 0] = s[1, 1]
        out[1, 1] = 2 * (s[1, 1] + s[0, 2])
        out[1, 2] = out[2, 1] = 2 * s[1, 2]
        return out

    def log_det_derivatives(self) -> Derivatives:
        """Give Σ log|V| with its derivatives.

        Returns
        -------
        Derivatives
            By ψ11, ψ12, ψ22.
        """
        return Derivatives(self.log_det, self.e_sum * [1, 2, 1], -self.e_products())

    def outer_derivatives(self, size: int) -> Derivatives:
        """Give the log determinant of the leading block of K with its derivatives.

        Parameters
        ----------
        size : int
            p for log|X'V⁻¹X|, p + 1 for that plus log of the residual sum of squares.

        Returns
        -------
        Derivatives
            By ψ11, ψ12, ψ22.
        """
        block = np.s_[..., :size, :size]
        inverse = np.linalg.inv(self.outer[block])
        steps = inverse @ self.outer_slopes()[block]
        curvature = np.einsum("ij,klji->kl", inverse, self.outer_curvature()[block])
        return Derivatives(
            float(np.linalg.slogdet(self.outer[block])[1]),
            np.trace(steps, axis1=1, axis2=2),
            curvature - np.einsum("kij,lji->kl", steps, steps),
        )


def evaluate(sums: SubjectSums, psi: NDArray[np.float64]) -> Evaluation:
    """Go through the subjects once.

    Parameters
    ----------
    sums : SubjectSums
        Cross-products.
    psi : ndarray of float, shape (3,)
        ψ11, ψ12, ψ22, positive semidefinite.

    Returns
    -------
    Evaluation
        Sums from which value and derivatives follow.
    """
    columns = sums.products.shape[1]
    q = columns // 2
    log_det = shrinkage = 0.0
    outer, gram = sums.within.copy(), np.zeros((columns, columns))
    weighted = np.zeros((3, columns, columns))
    e_sum, e_squares = np.zeros(3), np.zeros((3, 3))
    p11, p12, p22 = psi
    det_psi = max(p11 * p22 - p12**2, 0.0)
    length = max(_PRODUCT // columns**2, 64)
    for start in range(0, len(sums.n), length):
        part = slice(start, start + length)
        n, at, width = sums.n[part], sums.centre[part], sums.width[part]
        copies, B = sums.copies[part], sums.products[part]
        # Ψ for an intercept at the subject's mean time, where D is diagonal: (n, width).
        c12, c11 = p12 + at * p22, p11 + at * (2 * p12 + at * p22)
        m11, m22 = 1 + n * c11, 1 + width * p22
        size = m11 + width * p22 + n * width * det_psi
        R = np.empty_like(B)
        level, lean = R[:, :q], R[:, q:]
        level[:] = (m22 / size)[:, None] * B[:, :q] - (n * c12 / size)[:, None] * B[:, q:]
        lean[:] = (m11 / size)[:, None] * B[:, q:] - (width * c12 / size)[:, None] * B[:, :q]
        slope = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
        outer += (B[:, :q] / n[:, None]).T @ level + (B[:, q:] * slope[:, None]).T @ lean
        # Back to an intercept at time zero.
        lean += at[:, None] * level
        e11, e12 = n * m22 / size, -n * width * c12 / size
        e22 = width * m11 / size + at * (2 * e12 + at * e11)
        E = np.stack([e11, e12 + at * e11, e22])
        log_det += float(copies @ np.log(size))
        shrinkage += float(copies @ (((m11 + m22) / size) ** 2 - 2 / size))
        e_sum += E @ copies
        e_squares += (E * copies) @ E.T
        gram += R.T @ R
        for k in range(3):
            weighted[k] += R.T @ (E[k][:, None] * R)
    return Evaluation(
        psi=np.asarray(psi, dtype=float),
        log_det=log_det,
        outer=(outer + outer.T) / 2,
        e_sum=e_sum,
        e_squares=e_squares,
        shrinkage_squares=shrinkage,
        subjects=int(sums.copies.sum()),
        gram=_blocks(gram, q),
        weighted=np.stack([_blocks(matrix, q) for matrix in weighted]),
    )


def profiled(rows: int, at: Evaluation, *, reml: bool) -> Derivatives:
    """Deviance with fixed effects and σ² at their best, up to a constant.

    Parameters
    ----------
    rows : int
        Observations.
    at : Evaluation
        Evaluation at Ψ.
    reml : bool
        Restricted or full likelihood.

    Returns
    -------
    Derivatives
        −2 log-likelihood less terms without Ψ, by ψ11, ψ12, ψ22.

    Notes
    -----
    With |K| = |X'V⁻¹X| · rss: REML Σ log|V| + log|X'V⁻¹X| + (n−p) log rss, ML Σ log|V| + n log rss.
    """
    p = len(at.outer) - 1
    whole, information = at.outer_derivatives(p + 1), at.outer_derivatives(p)
    free = rows - p if reml else rows
    kept = 1 - free if reml else -free
    return at.log_det_derivatives() + free * whole + kept * information


def _blocks(matrix: NDArray[np.float64], q: int) -> NDArray[np.float64]:
    """View a (2q, 2q) matrix as (2, 2, q, q)."""
    return matrix.reshape(2, q, 2, q).swapaxes(1, 2)
