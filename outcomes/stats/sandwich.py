"""Covariances that stay valid when observations of one cluster are alike: CR0, CR1, CR2.

All three need only sums per cluster: the share of the information S_g = D'V⁻¹D and the score
u_g = D'V⁻¹e of cluster g, both in coordinates in which the total information is the identity. So
one piece of code serves least squares, generalised linear models and generalised estimating
equations, and its cost hardly grows with the size of a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from outcomes.errors import EstimationError
from outcomes.stats.inference import Uncertainty, constant_df

ClusterVariance = Literal["cr0", "cr1", "cr2"]

# Share of a direction that its own cluster leaves free; below it the direction counts as fixed
# by the cluster, as with a dummy for each cluster.
_FREE = 1e-9
# Smallest part of a spectrum that is kept as a direction of its own.
_SPAN = 1e-13


@dataclass(frozen=True)
class ClusterSums:
    """What the sandwich needs from the data, cluster by cluster.

    Parameters
    ----------
    root : ndarray of float, shape (p, p)
        A square root R of the inverse total information, RR' = (D'V⁻¹D)⁻¹, without the scale.
    scores : ndarray of float, shape (g, p)
        R'D'V⁻¹e of each cluster.
    n : int
        Observations.
    information : ndarray of float, shape (g, p, p), optional
        R'D'V⁻¹DR of each cluster, adding to the identity; only CR2 needs it.
    """

    root: NDArray[np.float64]
    scores: NDArray[np.float64]
    n: int
    information: NDArray[np.float64] | None = None


def sum_by(values: NDArray[np.float64], codes: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Add up rows with the same code.

    Parameters
    ----------
    values : ndarray of float, shape (n,) or (n, k)
        What to add up.
    codes : ndarray of int, shape (n,)
        Codes 0 to size−1.
    size : int
        Number of codes.

    Returns
    -------
    ndarray of float, shape (size,) or (size, k)
        The sums.
    """
    # A sparse indicator times the values: ten times as fast as one bincount a column.
    n = len(codes)
    member = csr_matrix((np.ones(n), codes, np.arange(n + 1)), shape=(n, size))
    return np.asarray(member.T @ values, dtype=float)


def cross_products_by(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    codes: NDArray[np.intp],
    size: int,
) -> NDArray[np.float64]:
    """Form left'right within each code.

    Parameters
    ----------
    left, right : ndarray of float, shapes (n, a) and (n, b)
        The same object twice gives a symmetric result at half the cost.
    codes : ndarray of int, shape (n,)
        Codes 0 to size−1.
    size : int
        Number of codes.

    Returns
    -------
    ndarray of float, shape (size, a, b)
        Cross-products.
    """
    same = left is right
    out = np.empty((size, left.shape[1], right.shape[1]))
    for a in range(left.shape[1]):
        first = a if same else 0
        out[:, a, first:] = sum_by(left[:, a : a + 1] * right[:, first:], codes, size)
        if same:
            out[:, first:, a] = out[:, a, first:]
    return out


def clustered(sums: ClusterSums, kind: ClusterVariance) -> Uncertainty:
    """Cluster-robust covariance with its degrees of freedom.

    Parameters
    ----------
    sums : ClusterSums
        Information and scores per cluster.
    kind : {"cr0", "cr1", "cr2"}
        Which correction for the number of clusters.

    Returns
    -------
    Uncertainty
        Covariance, with g − 1 degrees of freedom for CR0 and CR1 and Satterthwaite's for CR2.

    Raises
    ------
    EstimationError
        If there are fewer than two clusters.

    Notes
    -----
    CR0 is M (Σ u_g u_g') M with M = (D'V⁻¹D)⁻¹. CR1 multiplies it by g/(g−1) · (n−1)/(n−p), as
    Stata does. CR2 replaces the residual e_g by (I − H_gg)^(−1/2) e_g in the metric of the working
    variance, so that the estimate is unbiased where the working variance holds. Its degrees of
    freedom for a combination c match the first two moments of c'Vc to a chi-square under the
    working variance.
    A direction that a cluster fixes by itself (a dummy per cluster) has no residual and is passed
    over (generalised inverse).

    References
    ----------
    Bell RM, McCaffrey DF. Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology 2002;28:169–181.
    Kauermann G, Carroll RJ. A note on the efficiency of sandwich covariance matrix estimation.
    J Am Stat Assoc 2001;96:1387–1396.
    Pustejovsky JE, Tipton E. Small-sample methods for cluster-robust variance estimation and
    hypothesis testing in fixed effects models. J Bus Econ Stat 2018;36:672–683.
    """
    clusters, p = sums.scores.shape
    _require_two(clusters)
    if kind in ("cr0", "cr1"):
        covariance = sums.root @ (sums.scores.T @ sums.scores) @ sums.root.T
        if kind == "cr1":
            covariance *= clusters / (clusters - 1) * (sums.n - 1) / (sums.n - p)
        return Uncertainty(covariance, constant_df(clusters - 1))
    if sums.information is None:
        raise ValueError("CR2 needs the information of each cluster")
    root, shares = sums.root, sums.information
    correction = _inverse_root(np.eye(p) - shares)
    corrected = np.einsum("gij,gj->gi", correction, sums.scores)
    covariance = root @ (corrected.T @ corrected) @ root.T

    def satterthwaite(combinations: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = np.einsum("gij,jk->gik", correction, root.T @ combinations.T)
        projected = shares @ weights
        own = np.einsum("gik,gik->gk", weights, projected)
        return _moment_df(own, projected, -np.eye(p))

    return Uncertainty(covariance, satterthwaite)


def clustered_weighted(
    matrix: NDArray[np.float64],
    root: NDArray[np.float64],
    residual: NDArray[np.float64],
    weights: NDArray[np.float64],
    codes: NDArray[np.intp],
    clusters: int,
) -> Uncertainty:
    """CR2 for weighted least squares whose weights are not inverse variances.

    Parameters
    ----------
    matrix : ndarray of float, shape (n, p)
        Design.
    root : ndarray of float, shape (p, p)
        A square root of (X'WX)⁻¹.
    residual : ndarray of float, shape (n,)
        Outcome minus fit, unweighted.
    weights : ndarray of float, shape (n,)
        Sampling or inverse-probability weights, positive.
    codes : ndarray of int, shape (n,)
        Cluster of each row.
    clusters : int
        Number of clusters.

    Returns
    -------
    Uncertainty
        CR2 covariance and Satterthwaite degrees of freedom under equal working variances.

    Raises
    ------
    EstimationError
        If there are fewer than two clusters.

    Notes
    -----
    With H = X M X'W the adjustment is the inverse root of block g of (I−H)(I−H)'. That block is the
    identity plus a matrix of rank 2p in the span of [X_g, W_g X_g], so the root is taken there.

    References
    ----------
    Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672–683, with an identity working model.
    """
    _require_two(clusters)
    p = matrix.shape[1]
    plain = matrix @ root
    weighted = plain * weights[:, None]
    both = np.hstack([plain, weighted])
    gram = cross_products_by(both, both, codes, clusters)
    spread = weighted.T @ weighted
    core = np.block([[spread, -np.eye(p)], [-np.eye(p), np.zeros((p, p))]])
    values, vectors = np.linalg.eigh(gram)
    kept = values > _SPAN * values[:, -1:]
    basis = vectors * np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)[:, None, :]
    coordinates = np.swapaxes(basis, 1, 2) @ gram
    block = np.eye(2 * p) + coordinates @ core @ np.swapaxes(coordinates, 1, 2)
    correction = _inverse_root(block)
    towards = correction @ coordinates[:, :, p:]
    residuals = np.einsum("gji,gj->gi", basis, sum_by(both * residual[:, None], codes, clusters))
    corrected = np.einsum("gij,gi->gj", towards, residuals)
    covariance = root @ (corrected.T @ corrected) @ root.T

    def satterthwaite(combinations: NDArray[np.float64]) -> NDArray[np.float64]:
        direction = np.einsum("gij,jk->gik", towards, root.T @ combinations.T)
        own = np.einsum("gik,gik->gk", direction, direction)
        projected = np.einsum("gji,gjk->gik", coordinates, direction)
        return _moment_df(own, projected, core)

    return Uncertainty(covariance, satterthwaite)


def _moment_df(
    own: NDArray[np.float64], projected: NDArray[np.float64], core: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Satterthwaite df 2E²/Var of a variance estimate, one for each combination.

    The estimate is a quadratic form with matrix diag(own) + projected' core projected (g × g) in
    independent standard normals; df = (trace)² / trace of the square.
    """
    inner = np.einsum("gik,ij,gjk->gk", projected, core, projected)
    gram = np.einsum("gik,gjk->kij", projected, projected)
    mixed = core @ gram
    trace = np.sum(own + inner, axis=0)
    square = np.sum(own**2 + 2 * own * inner, axis=0) + np.einsum("kij,kji->k", mixed, mixed)
    # A combination that no cluster informs has no variance and no degrees of freedom.
    return np.divide(trace**2, square, out=np.zeros_like(trace), where=square > 0)


def _inverse_root(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Symmetric inverse square roots; directions without freedom get zero."""
    values, vectors = np.linalg.eigh(matrices)
    free = values > _FREE * np.maximum(values[:, -1:], 1.0)
    powers = np.where(free, 1 / np.sqrt(np.where(free, values, 1.0)), 0.0)
    return (vectors * powers[:, None, :]) @ np.swapaxes(vectors, 1, 2)


def _require_two(clusters: int) -> None:
    """Refuse a sandwich from a single cluster."""
    if clusters < 2:
        raise EstimationError(
            f"There is {clusters} cluster: between-cluster variation cannot be seen.",
            "Use a variance without clusters and say so, or add clusters.",
        )
