"""Search for the covariance parameters: scoring first, Newton near the optimum, step halving.

The search stops on the Newton decrement g'H^-1 g, which is twice the fall of the deviance still
to be had. A rule on the change of the deviance itself would chase rounding noise: at a million
subjects the deviance is in the tens of millions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .likelihood import Likelihood, Point

Array = NDArray[np.float64]
DECREMENT = 1e-9
MAX_ITERATIONS = 100
SMALLEST_EIGENVALUE = 1e-8


@dataclass(frozen=True)
class Optimum:
    """Where the search ended.

    Parameters
    ----------
    point : Point
        Likelihood at the end.
    derivative_products : array (k, p + 1, p + 1)
        K_h of the end point.
    hessian : array (k, k)
        Second derivatives of the deviance there.
    gradient : array (k,)
        First derivatives there.
    iterations : int
        Steps taken over all attempts.
    attempts : tuple of str
        Starts and methods tried, in order.
    problems : tuple of str
        Why the end point should not be trusted; empty when converged.
    """

    point: Point
    derivative_products: Array
    hessian: Array
    gradient: Array
    iterations: int
    attempts: tuple[str, ...]
    problems: tuple[str, ...]


def optimise(likelihood: Likelihood) -> Optimum:
    """Minimise the deviance; try other starts and another method before giving up."""
    best: Optimum | None = None
    attempts: list[str] = []
    iterations = 0
    for name, theta in _starts(likelihood):
        attempts.append(name)
        point, steps = _scoring(likelihood, likelihood.at(theta))
        iterations += steps
        found = _judge(likelihood, point)
        if best is None or found.point.deviance < best.point.deviance - 1e-6:
            best = found
        if not best.problems:
            break
    assert best is not None
    if best.problems:
        attempts.append("quasi-Newton from the best point")
        point, steps = _quasi_newton(likelihood, best.point)
        point, more = _scoring(likelihood, point)
        iterations += steps + more
        found = _judge(likelihood, point)
        if not found.problems or found.point.deviance < best.point.deviance:
            best = found
    return Optimum(
        best.point,
        best.derivative_products,
        best.hessian,
        best.gradient,
        iterations,
        tuple(attempts),
        best.problems,
    )


def _starts(likelihood: Likelihood) -> Iterator[tuple[str, Array]]:
    """Parameters near the residuals' own covariance; then their variances without correlation."""
    data, T = likelihood.data, likelihood.data.n_visits
    A, _ = data.inverse(np.broadcast_to(np.eye(T), (likelihood.n_groups, T, T)))
    K = data.quadratic(A)
    v = np.append(-np.linalg.solve(K[:-1, :-1], K[:-1, -1]), 1.0)
    residual = data.moments(np.outer(v, v))
    pooled = _average(likelihood, residual, np.ones(len(data.seen), dtype=bool))
    covariances = []
    for g in range(likelihood.n_groups):
        own = _average(likelihood, residual, data.group == g)
        covariances.append(np.where(np.isfinite(own), own, pooled))
    start = likelihood.structure.start
    yield (
        "scoring from the residual covariance",
        np.concatenate([start(_positive(S, 0.1)) for S in covariances]),
    )
    yield (
        "scoring from uncorrelated visits",
        np.concatenate([start(_positive(S, 1.0)) for S in covariances]),
    )


def _average(likelihood: Likelihood, residual: Array, here: NDArray[np.bool_]) -> Array:
    """Mean residual product of each pair of visits over the subjects with both."""
    seen = likelihood.data.seen[here]
    both = (seen[:, :, None] & seen[:, None, :]).astype(float)
    count = np.einsum("r,rts->ts", likelihood.data.n_subjects[here], both)
    total = (both * residual[here]).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / count


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
    while shrink < 1.0 and np.linalg.eigvalsh((1 - shrink) * R + shrink * np.eye(len(R)))[0] < 0.05:
        shrink += 0.1
    shrink = min(shrink, 1.0)
    return ((1 - shrink) * R + shrink * np.eye(len(R))) * scale


def _scoring(likelihood: Likelihood, point: Point) -> tuple[Point, int]:
    """Scoring steps, Newton steps once the decrement is small, each halved until it helps."""
    small = False
    for step in range(1, MAX_ITERATIONS + 1):
        gradient, information = likelihood.slopes(point)
        curvature = information
        if small:
            hessian = likelihood.hessian(point, likelihood.derivative_products(point))
            if _is_positive(hessian):
                curvature = hessian
        direction, decrement = _direction(curvature, gradient)
        new = _halve(likelihood, point, direction, decrement)
        if new is None:
            return point, step
        point = new
        if decrement < DECREMENT:
            return point, step
        small = decrement < 1e-1
    return point, MAX_ITERATIONS


def _direction(curvature: Array, gradient: Array) -> tuple[Array, float]:
    scale = np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    values, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
    values = np.maximum(values, 1e-10)
    rotated = vectors.T @ (gradient / scale)
    return -(vectors @ (rotated / values)) / scale, float(rotated @ (rotated / values))


def _halve(
    likelihood: Likelihood, point: Point, direction: Array, decrement: float
) -> Point | None:
    """Longest of the steps 1, 1/2, 1/4 ... that lowers the deviance; None if none does."""
    noise = 1e-14 * abs(point.deviance)
    length = min(1.0, 5.0 / max(float(np.abs(direction).max()), 1e-300))
    for _ in range(40):
        try:
            new = likelihood.at(point.theta + length * direction)
        except np.linalg.LinAlgError:
            length /= 2
            continue
        if new.deviance <= point.deviance - 1e-4 * length * decrement + noise:
            return new
        length /= 2
    return None


def _quasi_newton(likelihood: Likelihood, point: Point) -> tuple[Point, int]:
    def objective(theta: Array) -> tuple[float, Array]:
        try:
            here = likelihood.at(theta)
        except np.linalg.LinAlgError:
            return 1e300, np.zeros_like(theta)
        return here.deviance, likelihood.slopes(here)[0]

    found = minimize(objective, point.theta, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    try:
        return likelihood.at(found.x), int(found.nit)
    except np.linalg.LinAlgError:
        return point, int(found.nit)


def _is_positive(matrix: Array) -> bool:
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if (scale == 0).any():
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > 1e-9)


def _judge(likelihood: Likelihood, point: Point) -> Optimum:
    """Look at an end point and say what is wrong with it, if anything."""
    gradient, _ = likelihood.slopes(point)
    K = likelihood.derivative_products(point)
    hessian = likelihood.hessian(point, K)
    problems = []
    for sigma in point.sigma:
        sd = np.sqrt(np.diag(sigma))
        if np.linalg.eigvalsh(sigma / np.outer(sd, sd))[0] < SMALLEST_EIGENVALUE:
            problems.append(
                "the covariance estimate is singular: too few subjects were seen at some visits "
                "for this structure; use a simpler covariance or fewer visits"
            )
            break
    if not _is_positive(hessian):
        problems.append(
            "the likelihood is flat or not at a minimum in some covariance parameter; use a "
            "simpler covariance"
        )
    else:
        decrement = _direction(hessian, gradient)[1]
        if decrement > 1e-6:
            problems.append(f"the search stopped short of the optimum (decrement {decrement:.1e})")
    return Optimum(point, K, hessian, gradient, 0, (), tuple(problems))
