"""Kenward-Roger: covariance of the coefficients and F tests for small samples.

With P_h = -K_h, Q_hj = quadratic(A D_h A D_j A), R_hj = quadratic(A D_hj A) (their x parts) and W
the covariance of the covariance parameters,

    Phi_A = Phi + 2 Phi [sum_hj W_hj (Q_hj - P_h Phi P_j - R_hj / 4)] Phi.

The second derivatives D_hj depend on how the covariance is parameterised. "kenward-roger" uses each
structure's own parameters, as R's mmrm does; "kenward-roger-linear" takes R = 0, as SAS does for an
unstructured covariance, whose entries are the parameters there.

The sums over h and j are taken inside each pattern before the data are touched, so that one call of
`quadratic` gives all the Q and another all the R.

References
----------
Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum
likelihood. Biometrics 53:983-997.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import EstimationError
from .fitted import Fitted
from .products import product

Array = NDArray[np.float64]


def adjusted_covariance(fitted: Fitted, linear: bool) -> Array:
    """Phi_A (p, p) of the centred coefficients.

    Raises
    ------
    EstimationError
        For a fit by maximum likelihood.
    """
    likelihood = fitted.likelihood
    if not likelihood.reml:
        raise EstimationError(
            "Kenward-Roger is defined for restricted maximum likelihood.",
            "Fit with reml=True, or use df='satterthwaite'.",
        )
    data, point = likelihood.data, fitted.optimum.point
    p = data.n_coefficients
    K = fitted.optimum.derivative_products[:, :p, :p]
    W = fitted.theta_covariance
    middle = np.zeros_like(point.A)
    first_parameter = 0
    for g, theta in enumerate(likelihood.split(point.theta)):
        here = data.group == g
        A = point.A[here]
        D = data.derivatives(theta, g)
        k = len(D)
        own = slice(first_parameter, first_parameter + k)
        first_parameter += k
        mixed = product(W[own, own], D.reshape(k, -1)).reshape(D.shape)
        inside = np.zeros_like(A)
        for left, right in zip(mixed, D, strict=True):
            inside += left @ A @ right
        if not linear:
            bend = data.second_derivatives(theta, g)
            inside -= np.tensordot(W[own, own], bend, axes=2) / 4.0
        middle[here] = A @ inside @ A
    # Sums of W_hj K_h Phi K_j run over all pairs, those of different groups too.
    weighted = product(W, K.reshape(len(K), -1)).reshape(K.shape)
    pairs = (weighted @ (point.phi @ K)).sum(axis=0)
    total = data.quadratic(middle)[:p, :p] - pairs
    adjusted = point.phi + 2.0 * point.phi @ total @ point.phi
    return (adjusted + adjusted.T) / 2


def f_scale_and_df(fitted: Fitted, L: Array) -> tuple[float, float]:
    """Scale lambda and denominator degrees of freedom m of the F test of L b = 0, L (c, p).

    lambda F follows F(c, m), with F = (L b)'(L Phi_A L')^-1 (L b) / c.

    Raises
    ------
    EstimationError
        Where F has no mean, with very few subjects.
    """
    L = L @ fitted.transform
    point = fitted.optimum.point
    p = len(point.beta)
    c = len(L)
    half = np.linalg.cholesky(L @ point.phi @ L.T)
    Z = np.linalg.solve(half, L @ point.phi)
    # tr(M Phi P_h Phi) and tr(M Phi P_h Phi M Phi P_j Phi) in the space of the contrasts.
    F = Z @ fitted.optimum.derivative_products[:, :p, :p] @ Z.T
    W = fitted.theta_covariance
    trace = np.einsum("hcc->h", F)
    a1 = float(trace @ W @ trace)
    a2 = float(np.sum(np.tensordot(W, F, axes=1) * F))
    if c == 1:
        return 1.0, 2.0 / a2 if a2 > 0 else np.inf
    if a2 <= 0:
        return 1.0, np.inf
    b = (a1 + 6 * a2) / (2 * c)
    g = ((c + 1) * a1 - (c + 4) * a2) / ((c + 2) * a2)
    denominator = 3 * c + 2 * (1 - g)
    c1, c2, c3 = g / denominator, (c - g) / denominator, (c + 2 - g) / denominator
    # The scaled F must have the mean e, which an F has only with more than two degrees of freedom.
    # Where m is below four the variance v is negative; the formula goes on smoothly through that.
    if a2 < c:
        e = 1 / (1 - a2 / c)
        v = 2 / c * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        m = 4 + (c + 2) / (c * v / (2 * e**2) - 1)
        if m > 2:
            return m / (e * (m - 2)), m
    raise EstimationError(
        f"Too little is known of the covariance for a Kenward-Roger F test of {c} combinations.",
        "Test fewer at once, use a simpler covariance, or df='satterthwaite'.",
    )
