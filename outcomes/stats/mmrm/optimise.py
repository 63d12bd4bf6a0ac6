"""Search for the covariance parameters: scoring first, Newton near the optimum, step halving.

The search stops on the Newton decrement g'H^-1 g, which is twice the fall of the deviance still
to be had. A rule on the change of the deviance itself would chase rounding noise: at a million
subjects the deviance is in the tens of millions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .covariances import LONGEST
from .likelihood import Likelihood, Point
from .moments import GridMoments, inverse

Array = NDArray[np.float64]
DECREMENT = 1e-9
MAX_ITERATIONS = 60
PATIENCE = 12
SMALLEST_SHARE = 1e-8


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
        if best is None or _better(found, best):
            best = found
        if not best.problems:
            break
    assert best is not None
    if best.problems and not _is_singular(likelihood, best.point):
        attempts.append("quasi-Newton from the best point")
        point, steps = _quasi_newton(likelihood, best.point)
        point, more = _scoring(likelihood, point)
        iterations += steps + more
        found = _judge(likelihood, point)
        if _better(found, best):
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


def _better(new: Optimum, old: Optimum) -> bool:
    """Lower, or as low and without the problems of the other."""
    gain = old.point.deviance - new.point.deviance
    return gain > 1e-6 or (gain > -1e-6 and bool(old.problems) and not new.problems)


def _starts(likelihood: Likelihood) -> list[tuple[str, Array]]:
    """Start from the residuals of ordinary least squares."""
    data = likelihood.data
    A, _ = inverse(data, np.eye(data.n_visits))
    K = data.quadratic(A)
    v = np.append(-np.linalg.solve(K[:-1, :-1], K[:-1, -1]), 1.0)
    return data.starts(data.moments(np.outer(v, v)), likelihood.n_groups)


def _scoring(likelihood: Likelihood, point: Point) -> tuple[Point, int]:
    """Scoring steps, Newton steps once the decrement is small, each halved until it helps."""
    small, drifting, history = False, 0, [point.deviance]
    for step in range(1, MAX_ITERATIONS + 1):
        gradient, information = likelihood.slopes(point)
        curvature = information
        if small or step > PATIENCE:
            hessian = likelihood.hessian(point, likelihood.derivative_products(point))
            if step > PATIENCE or _is_positive(hessian):
                curvature = hessian
        direction, decrement = _direction(curvature, gradient)
        new = _halve(likelihood, point, direction, decrement)
        if new is None:
            return point, step
        point = new
        # Long steps that gain little: a parameter is on its way to infinity.
        drifting = drifting + 1 if decrement < 0.1 and np.abs(direction).max() > LONGEST else 0
        history.append(point.deviance)
        stalled = step > 3 * PATIENCE and history[-PATIENCE] - point.deviance < 0.1
        if (
            decrement < DECREMENT
            or drifting > 5
            or (stalled and not small)
            or _is_singular(likelihood, point)
        ):
            return point, step
        small = decrement < 1e-1
    return point, MAX_ITERATIONS


def _direction(curvature: Array, gradient: Array) -> tuple[Array, float]:
    """Newton direction and decrement, made downhill where the curvature is not positive."""
    size = np.abs(np.diag(curvature))
    scale = np.sqrt(np.maximum(size, max(1e-12 * float(size.max()), 1e-100)))
    scaled, slope = curvature / np.outer(scale, scale), gradient / scale
    try:
        np.linalg.cholesky(scaled - 1e-8 * np.eye(len(scaled)))
        step = np.linalg.solve(scaled, slope)
    except np.linalg.LinAlgError:
        # Where the curvature is negative, its size still says how far to go downhill.
        values, vectors = np.linalg.eigh(scaled)
        step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-8))
    return -step / scale, float(slope @ step)


def _halve(
    likelihood: Likelihood, point: Point, direction: Array, decrement: float
) -> Point | None:
    """Longest of the steps 1, 1/2, 1/4 ... that lowers the deviance; None if none does."""
    noise = 1e-14 * abs(point.deviance)
    length = 1.0
    if likelihood.data.structure.name != "unstructured":
        length = min(length, LONGEST / max(float(np.abs(direction).max()), 1e-300))
    for _ in range(25):
        try:
            new = likelihood.at(likelihood.move(point.theta, length * direction))
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

    found = minimize(objective, point.theta, jac=True, method="L-BFGS-B", options={"maxiter": 150})
    try:
        return likelihood.at(found.x), int(found.nit)
    except np.linalg.LinAlgError:
        return point, int(found.nit)


def _is_positive(matrix: Array) -> bool:
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if (scale == 0).any():
        return False
    try:
        np.linalg.cholesky(matrix / np.outer(scale, scale) - 1e-9 * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        return False
    return True


def _is_flat(hessian: Array, theta: Array) -> bool:
    """Whether some parameter is hardly determined: a standard error of many times its size."""
    return bool((np.diag(hessian) * (1.0 + theta**2) < 1e-3).any())


def _judge(likelihood: Likelihood, point: Point) -> Optimum:
    """Look at an end point and say what is wrong with it, if anything."""
    gradient, _ = likelihood.slopes(point)
    K = likelihood.derivative_products(point)
    hessian = likelihood.hessian(point, K)
    problems = []
    if _is_singular(likelihood, point):
        problems.append(
            "the covariance estimate is singular: too few subjects were seen at some visits "
            "for this structure; use a simpler covariance or fewer visits"
        )
    direction, decrement = _direction(hessian, gradient)
    if decrement > 1e-6 and np.abs(direction).max() > LONGEST:
        problems.append(
            "a covariance parameter runs to infinity, such as a correlation to its limit; use a "
            "simpler covariance"
        )
    elif not _is_positive(hessian) or _is_flat(hessian, point.theta):
        problems.append(
            "the likelihood is flat or not at a minimum in some covariance parameter; use a "
            "simpler covariance"
        )
    elif decrement > 1e-6:
        problems.append(f"the search stopped short of the optimum (decrement {decrement:.1e})")
    return Optimum(point, K, hessian, gradient, 0, (), tuple(problems))


def _is_singular(likelihood: Likelihood, point: Point) -> bool:
    """Whether a visit has next to no variance, or none that the others do not explain."""
    data, thetas = likelihood.data, likelihood.split(point.theta)
    if isinstance(data, GridMoments):
        sigma = np.stack([data.structure.covariance(theta, data.n_visits) for theta in thetas])
        variance = np.einsum("gtt->gt", sigma)
        scale = np.sqrt(variance)
        smallest = np.linalg.eigvalsh(sigma / (scale[:, :, None] * scale[:, None, :])).min()
    else:
        sigma = data.covariances(thetas)
        variance = np.einsum("rtt->rt", sigma)[data.seen]
        smallest = 1.0 / np.einsum("rtt,rtt->rt", point.A, sigma).max()
    return bool(smallest < SMALLEST_SHARE or variance.min() < SMALLEST_SHARE**2 * variance.max())
