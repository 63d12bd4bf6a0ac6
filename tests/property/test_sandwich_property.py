"""CR2 from sums per cluster against the n × n matrices of its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from outcomes.stats.linear import fit_linear
from outcomes.stats.rates import fit_rate_gee

seeds = st.integers(0, 2**31)
Matrix = NDArray[np.float64]


def _data(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(7), rng.integers(1, 6, 7))
    n = len(cluster)
    return pd.DataFrame(
        {
            "cluster": cluster,
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
            "count": rng.poisson(4, n) + 1,
            "days": rng.uniform(10, 28, n),
            "w": rng.uniform(0.3, 3, n),
        }
    )


def _root(matrix: Matrix, power: float) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-9
    powers = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return (vectors * powers) @ vectors.T


def _by_definition(
    D: Matrix, weight: Matrix, phi: Matrix, e: Matrix, cluster: NDArray[np.intp]
) -> tuple[Matrix, Matrix, Matrix]:
    """CR2 covariance, df and expected covariance for the estimating function D'We.

    The expectation is under the working covariance phi.
    """
    n, M = len(e), np.linalg.inv(D.T @ weight @ D)
    H = D @ M @ D.T @ weight
    whiten, colour = _root(phi, -0.5), _root(phi, 0.5)
    meat = np.zeros((D.shape[1], D.shape[1]))
    P = []
    for g in np.unique(cluster):
        i = cluster == g
        left = (np.eye(n) - H)[i]
        variance = left @ phi @ left.T
        S = whiten[np.ix_(i, i)] @ variance @ whiten[np.ix_(i, i)]
        A = colour[np.ix_(i, i)] @ _root(S, -0.5) @ whiten[np.ix_(i, i)]
        score = D[i].T @ weight[np.ix_(i, i)] @ A
        meat += np.outer(score @ e[i], score @ e[i])
        P.append(M @ score @ left @ colour)  # coefficients from white noise, cluster by cluster
    noise = np.array(P)
    gram = np.einsum("gki,hki->kgh", noise, noise)
    df = np.trace(gram, axis1=1, axis2=2) ** 2 / np.sum(gram**2, axis=(1, 2))
    return M @ meat @ M, df, np.einsum("gki,gli->kl", noise, noise)


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([None, "w"]))
def test_least_squares(seed: int, weights: str | None) -> None:
    data = _data(seed)
    fit = fit_linear("y ~ x", data, cluster="cluster", weights=weights)
    w = np.diag(data["w"] if weights else np.ones(len(data)))
    covariance, df, expected = _by_definition(
        fit.design.matrix, w, np.eye(len(data)), fit.residuals, data["cluster"].to_numpy()
    )
    np.testing.assert_allclose(fit.uncertainty("cr2").covariance, covariance, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(fit.coefficients("cr2")["df"], df, rtol=1e-7)
    truth = fit.root @ fit.root.T
    truth = truth @ fit.design.matrix.T @ w @ w @ fit.design.matrix @ truth
    np.testing.assert_allclose(expected, truth, rtol=1e-7, atol=1e-10)  # unbiased


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from(["independence", "exchangeable"]))
@example(12701595, "exchangeable")  # steps over the edge of what is possible, again and again
@example(1063050848, "exchangeable")  # swings between two correlations
def test_estimating_equations(seed: int, correlation: str) -> None:
    data = _data(seed)
    fit = fit_rate_gee(
        "count ~ x",
        data,
        subject="cluster",
        exposure="days",
        variance="cr2",
        correlation=correlation,  # type: ignore[arg-type]
    )
    X = fit.design.matrix
    mean = data["days"].to_numpy() * np.exp(X @ fit.beta)
    cluster = data["cluster"].to_numpy()
    same = cluster[:, None] == cluster[None, :]
    R = np.where(same, fit.working_correlation, 0.0)
    np.fill_diagonal(R, 1.0)
    V = np.sqrt(mean)[:, None] * R * np.sqrt(mean)[None, :]
    covariance, df, expected = _by_definition(
        X * mean[:, None], np.linalg.inv(V), V, data["count"].to_numpy() - mean, cluster
    )
    # A root in the metric of V does not depend on which square root of V whitens.
    np.testing.assert_allclose(fit.uncertainty.covariance, covariance, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(fit.coefficients()["df"], df, rtol=1e-6)
    information = (X * mean[:, None]).T @ np.linalg.inv(V) @ (X * mean[:, None])
    np.testing.assert_allclose(expected, np.linalg.inv(information), rtol=1e-7, atol=1e-12)
