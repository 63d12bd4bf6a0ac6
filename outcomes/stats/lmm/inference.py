"""Degrees of freedom for fixed effects of a random-slope model: Satterthwaite, Kenward–Roger.

Both work in the coordinates of `statistics.SubjectSums`, in which a combination of coefficients c
of the formula is back'c.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from outcomes.stats.inference import Uncertainty
from outcomes.stats.lmm.deviance import Evaluation
from outcomes.stats.lmm.optimise import ACTIVE, Optimum, Structure, by_theta, psi_jacobian
from outcomes.stats.lmm.statistics import SubjectSums

# Directions of the variance parameters flatter than this share of the steepest say nothing.
_FLAT = 1e-8


def satterthwaite(
    sums: SubjectSums,
    optimum: Optimum,
    structure: Structure,
    sigma2: float,
    back: NDArray[np.float64],
    *,
    reml: bool,
) -> Uncertainty:
    """Model-based covariance with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    sums : SubjectSums
        Cross-products.
    optimum : Optimum
        The fit.
    structure : {"intercept", "uncorrelated", "correlated"}
        Free entries of Λ.
    sigma2 : float
        Residual variance, unit of the outcome squared.
    back : ndarray of float, shape (p, p)
        From coordinates to coefficients.
    reml : bool
        Restricted or full likelihood.

    Returns
    -------
    Uncertainty
        Covariance of the coefficients; df 2v²/(g'Ag) for a combination with variance v, g its
        gradient by (Λ, log σ²) and A twice the inverse of the second derivatives of the deviance.

    Notes
    -----
    In the parameters Λ a variance on its boundary drops out by itself: v is an even function of
    it. That is lmerTest's convention, and the df are then those of the model without it.

    References
    ----------
    Giesbrecht FG, Burns JC. Two-stage analysis based on a mixed model: large-sample asymptotic
    theory and small-sample simulation results. Biometrics 1985;41:477–486.
    Kuznetsova A, Brockhoff PB, Christensen RHB. lmerTest package. J Stat Softw 2017;82(13).
    """
    at, p, active = optimum.evaluation, sums.fixed, ACTIVE[structure]
    free = sums.rows - p if reml else sums.rows
    log_det, information = at.log_det_derivatives(), at.outer_derivatives(p)
    log_rss = at.outer_derivatives(p + 1) + (-1.0) * information
    plain = log_det + information if reml else log_det
    # rss/σ² = free at the optimum; its derivatives follow from those of its logarithm.
    gradient = plain.gradient + free * log_rss.gradient
    curvature = (
        plain.hessian + free * log_rss.hessian + free * np.outer(log_rss.gradient, log_rss.gradient)
    )
    jacobian = psi_jacobian(optimum.theta)[:, active]
    bend = by_theta(optimum.theta, type(plain)(0.0, gradient, np.zeros((3, 3))))[1]
    k = len(active)
    hessian = np.empty((k + 1, k + 1))
    hessian[:k, :k] = jacobian.T @ curvature @ jacobian + bend[np.ix_(active, active)]
    hessian[:k, k] = hessian[k, :k] = -free * jacobian.T @ log_rss.gradient
    hessian[k, k] = free
    values, vectors = np.linalg.eigh(hessian)
    known = values > _FLAT * values[-1]
    spread = 2 * (vectors[:, known] / values[known]) @ vectors[:, known].T
    phi = np.linalg.inv(at.outer[:p, :p])
    slopes = np.einsum("ki,kab->iab", jacobian, at.outer_slopes()[:, :p, :p])
    changes = -phi @ slopes @ phi

    def degrees(combinations: NDArray[np.float64]) -> NDArray[np.float64]:
        c = combinations @ back
        variance = np.einsum("ka,ab,kb->k", c, phi, c)
        by_parameter = np.column_stack([np.einsum("ka,iab,kb->ki", c, changes, c), variance])
        noise = np.einsum("ki,ij,kj->k", by_parameter, spread, by_parameter)
        return np.divide(2 * variance**2, noise, out=np.full(len(c), np.nan), where=noise > 0)

    return Uncertainty(sigma2 * back @ phi @ back.T, degrees)


def kenward_roger(
    sums: SubjectSums,
    optimum: Optimum,
    structure: Structure,
    sigma2: float,
    back: NDArray[np.float64],
) -> Uncertainty:
    """Covariance and degrees of freedom after Kenward and Roger.

    Parameters
    ----------
    sums, optimum, structure, sigma2, back
        As for `satterthwaite`; the fit is by REML.

    Returns
    -------
    Uncertainty
        Φ + 2Φ[Σ W_rs(Q_rs − P_rΦP_s)]Φ, and for one combination the df 2/A with
        A = Σ W_rs (c'ΦP_rΦc)(c'ΦP_sΦc)/(c'Φc)².

    Notes
    -----
    The covariance is linear in its parameters (entries of the random-effects covariance, σ²), so
    the term with second derivatives is zero: the convention of SAS and pbkrtest. W is the inverse
    expected information. P_r and Q_rs come from the sums of one pass over the subjects.

    References
    ----------
    Kenward MG, Roger JH. Small sample inference for fixed effects from restricted maximum
    likelihood. Biometrics 1997;53:983–997.
    Halekoh U, Højsgaard S. A Kenward–Roger approximation and parametric bootstrap methods for
    tests in linear mixed models: the R package pbkrtest. J Stat Softw 2014;59(9).
    """
    at, p = optimum.evaluation, sums.fixed
    parts = [*ACTIVE[structure], 3]
    phi = np.linalg.inv(at.outer[:p, :p])
    P, Q = _first_order(at, p), _second_order(at, p)
    traces = _traces(at, sums.rows)
    # All in units of σ²: the covariance of a parameter over σ⁴, P over 1, Q over 1, Φ over σ².
    size = len(parts)
    expected = np.empty((size, size))
    for i, r in enumerate(parts):
        for j, s in enumerate(parts):
            expected[i, j] = (
                traces[r, s] - 2 * np.trace(phi @ Q[r, s]) + np.trace(phi @ P[r] @ phi @ P[s])
            ) / 2
    W = np.linalg.inv(expected)
    middle = sum(
        W[i, j] * (Q[r, s] - P[r] @ phi @ P[s])
        for i, r in enumerate(parts)
        for j, s in enumerate(parts)
    )
    adjusted = phi + 2 * phi @ middle @ phi
    changes = np.stack([phi @ P[r] @ phi for r in parts])

    def degrees(combinations: NDArray[np.float64]) -> NDArray[np.float64]:
        c = combinations @ back
        variance = np.einsum("ka,ab,kb->k", c, phi, c)
        by_parameter = np.einsum("ka,iab,kb->ki", c, changes, c) / variance[:, None]
        noise = np.einsum("ki,ij,kj->k", by_parameter, W, by_parameter)
        return np.divide(2.0, noise, out=np.full(len(c), np.nan), where=noise > 0)

    return Uncertainty(sigma2 * back @ (adjusted + adjusted.T) @ back.T / 2, degrees)


def _symmetric(psi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ψ as a matrix."""
    return np.array([[psi[0], psi[1]], [psi[1], psi[2]]])


# Derivatives of Ψ by ψ11, ψ12, ψ22.
_DIRECTIONS = np.array([[[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]], dtype=float)


def _weighted_e(at: Evaluation, p: int) -> NDArray[np.float64]:
    """Σ E_ab R_c'R_d as an array (a, b, c, d, p, p)."""
    h11, h12, h22 = at.weighted[..., :p, :p]
    return np.array([[h11, h12], [h12, h22]])


def _first_order(at: Evaluation, p: int) -> NDArray[np.float64]:
    """P_r = −X'V⁻¹V_rV⁻¹X for ψ11, ψ12, ψ22 and σ²."""
    gram, psi = at.gram[..., :p, :p], _symmetric(at.psi)
    random = -np.einsum("rab,abij->rij", _DIRECTIONS, gram)
    residual = -(at.outer[:p, :p] - np.einsum("ab,abij->ij", psi, gram))
    return np.concatenate([random, residual[None]])


def _second_order(at: Evaluation, p: int) -> NDArray[np.float64]:
    """Q_rs = X'V⁻¹V_rV⁻¹V_sV⁻¹X for ψ11, ψ12, ψ22 and σ²."""
    gram, psi, xx = at.gram[..., :p, :p], _symmetric(at.psi), at.outer[:p, :p]
    e = _weighted_e(at, p)
    out = np.empty((4, 4, p, p))
    # R' dΨ_r E dΨ_s R
    out[:3, :3] = np.einsum("rab,scd,bcadij->rsij", _DIRECTIONS, _DIRECTIONS, e)
    # R' dΨ_r (I − EΨ) R
    out[:3, 3] = np.einsum("rab,abij->rij", _DIRECTIONS, gram) - np.einsum(
        "rab,cd,bcadij->rij", _DIRECTIONS, psi, e
    )
    out[3, :3] = np.swapaxes(out[:3, 3], 1, 2)
    # X'V⁻¹X − 2 R'ΨR + R'ΨEΨR
    out[3, 3] = (
        xx - 2 * np.einsum("ab,abij->ij", psi, gram) + np.einsum("ab,cd,bcadij->ij", psi, psi, e)
    )
    return out


def _traces(at: Evaluation, rows: int) -> NDArray[np.float64]:
    """Traces of V⁻¹V_rV⁻¹V_s for ψ11, ψ12, ψ22 and σ²."""
    s = at.e_squares
    out = np.empty((4, 4))
    out[:3, :3] = at.e_products()
    # tr dΨ_r (E − EΨE); s holds the sums of products of E11, E12, E22.
    p11, p12, p22 = at.psi
    epe = np.array(
        [
            p11 * s[0, 0] + 2 * p12 * s[0, 1] + p22 * s[1, 1],
            p11 * s[0, 1] + p12 * (s[0, 2] + s[1, 1]) + p22 * s[1, 2],
            p11 * s[1, 1] + 2 * p12 * s[1, 2] + p22 * s[2, 2],
        ]
    )
    out[:3, 3] = out[3, :3] = (at.e_sum - epe) * [1, 2, 1]
    # tr (V⁻²): ones on the complement of Z, (I + ΨD)⁻² on its span.
    out[3, 3] = rows - 2 * at.subjects + at.shrinkage_squares
    return out
