"""Maximum likelihood of the negative binomial, variance μ + μ²/θ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from outcomes.errors import EstimationError
from outcomes.stats.rates.families import Family
from outcomes.stats.rates.problem import Problem
from outcomes.stats.rates.scoring import PREDICTOR_TOLERANCE, fisher_scoring

_MOST_STEPS = 100
# Excess variance below which the Poisson model is the answer.
_NO_EXCESS = 1e-7


@dataclass(frozen=True)
class NegativeBinomialMaximum:
    """Where the likelihood is highest.

    Parameters
    ----------
    coefficients : ndarray of float, shape (p,)
        Coefficients of the orthonormal design.
    excess : float
        1/θ; 0 where the counts vary no more than Poisson counts.
    log_likelihood : float
        At the maximum, with all constants.
    hessian : ndarray of float, shape (p + 1, p + 1)
        Second derivatives of the log-likelihood by the coefficients and log(1/θ); without the last
        row and column where the excess is 0.
    excess_curvature : float
        Second derivative by 1/θ at the maximum; 0 where the excess is 0.
    """

    coefficients: NDArray[np.float64]
    excess: float
    log_likelihood: float
    hessian: NDArray[np.float64]
    excess_curvature: float

    @property
    def notes(self) -> tuple[str, ...]:
        """Say when there was nothing for the negative binomial to do."""
        if self.excess > 0:
            return ()
        return ("The counts vary no more than Poisson counts: θ is infinite, the fit is Poisson.",)

    @property
    def theta(self) -> float:
        """The size parameter 1/excess."""
        return 1 / self.excess if self.excess else float("inf")


@dataclass(frozen=True)
class _Point:
    """Log-likelihood and derivatives at one set of parameters."""

    value: float
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64]
    curvature: float


def maximise(problem: Problem) -> NegativeBinomialMaximum:
    """Fit coefficients and over-dispersion together.

    Parameters
    ----------
    problem : Problem
        Data; the response are whole numbers.

    Returns
    -------
    NegativeBinomialMaximum
        The maximum, with the observed information.

    Raises
    ------
    EstimationError
        If the counts are not whole numbers or the fit does not converge.

    Notes
    -----
    log L = Σ w [Σ_{j<y} log(1 + αj) − (y + 1/α) log(1 + αμ) + y log μ − log y!] with α = 1/θ; this
    form keeps its digits as α tends to 0. Newton steps in the coefficients and log α, halved while
    the likelihood falls. Where Σ w [(y − μ)² − y] ≤ 0 at the Poisson fit the likelihood falls from
    α = 0 on, and the Poisson fit is returned.

    References
    ----------
    Lawless JF. Negative binomial and mixed Poisson regression. Can J Stat 1987;15:209–225.
    """
    y, w = problem.response, problem.weights
    if np.any(y != np.round(y)) or np.any(y < 0):
        raise EstimationError(
            "The negative binomial needs whole counts of 0 or more.",
            "Give counts with exposure=, or use family='poisson' with a robust variance.",
        )
    poisson = Family("Poisson", "log")
    coefficients = fisher_scoring(poisson, problem)
    mean = problem.mean(poisson, coefficients)
    # Row j holds the weight of the observations above j: what log(1 + αj) is multiplied by.
    above = w.sum() - np.cumsum(np.bincount(y.astype(int), weights=w))[:-1]
    excess = float(w @ ((y - mean) ** 2 - y) / (w @ mean**2))
    if excess <= _NO_EXCESS:
        return _poisson_limit(problem, coefficients, mean)
    position = np.append(coefficients, np.log(excess))
    point = _point(problem, above, position)
    for _ in range(_MOST_STEPS):
        step = _ascent(point)
        size = 1.0
        while True:
            trial = position + size * step
            new = _point(problem, above, trial)
            if new.value >= point.value - 1e-13 * abs(point.value) or size < 1e-6:
                break
            size /= 2
        moved = max(float(np.max(np.abs(problem.matrix @ step[:-1]))), abs(float(step[-1])))
        position, point = trial, new
        if np.exp(position[-1]) < _NO_EXCESS:
            return _poisson_limit(problem, coefficients, mean)
        if moved < PREDICTOR_TOLERANCE:
            return NegativeBinomialMaximum(
                coefficients=position[:-1],
                excess=float(np.exp(position[-1])),
                log_likelihood=point.value,
                hessian=point.hessian,
                excess_curvature=point.curvature,
            )
    raise EstimationError(
        f"The negative binomial did not converge in {_MOST_STEPS} steps.",
        "Use fewer terms, or family='poisson' with a robust variance.",
    )


def _point(problem: Problem, above: NDArray[np.float64], position: NDArray[np.float64]) -> _Point:
    """Evaluate the log-likelihood in (coefficients, log α)."""
    y, w, X = problem.response, problem.weights, problem.matrix
    a = float(np.exp(np.clip(position[-1], -30, 30)))
    mean = problem.mean(Family("negative binomial", "log", a), position[:-1])
    grown, j = 1 + a * mean, np.arange(len(above))
    logs = np.log1p(a * mean)
    value = (
        above @ np.log1p(a * j) - w @ ((y + 1 / a) * logs) + w @ (y * np.log(mean) - gammaln(y + 1))
    )
    by_a = above @ (j / (1 + a * j)) + w @ logs / a**2 - w @ ((y + 1 / a) * mean / grown)
    by_aa = (
        -above @ (j / (1 + a * j)) ** 2
        - 2 * w @ logs / a**3
        + 2 * w @ (mean / grown) / a**2
        + w @ ((y + 1 / a) * (mean / grown) ** 2)
    )
    p = X.shape[1]
    gradient = np.append(X.T @ (w * (y - mean) / grown), a * by_a)
    hessian = np.empty((p + 1, p + 1))
    hessian[:p, :p] = -(X * (w * mean * (1 + a * y) / grown**2)[:, None]).T @ X
    hessian[:p, p] = hessian[p, :p] = -a * X.T @ (w * (y - mean) * mean / grown**2)
    hessian[p, p] = a**2 * by_aa + a * by_a
    return _Point(float(value), gradient, hessian, float(by_aa))


def _ascent(point: _Point) -> NDArray[np.float64]:
    """Newton step, made uphill where the surface is not concave, and not too long in log α."""
    values, vectors = np.linalg.eigh(-point.hessian)
    floor = 1e-8 * values[-1]
    step = vectors @ ((vectors.T @ point.gradient) / np.maximum(np.abs(values), floor))
    return step * min(1.0, 2.0 / max(abs(float(step[-1])), 1e-300))


def _poisson_limit(
    problem: Problem, coefficients: NDArray[np.float64], mean: NDArray[np.float64]
) -> NegativeBinomialMaximum:
    """Give the Poisson fit as the limit of no excess variance."""
    y, w, X = problem.response, problem.weights, problem.matrix
    value = w @ (y * np.log(mean) - mean - gammaln(y + 1))
    hessian = -(X * (w * mean)[:, None]).T @ X
    return NegativeBinomialMaximum(coefficients, 0.0, float(value), hessian, 0.0)
