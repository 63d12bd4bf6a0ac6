"""Fisher scoring for one generalised linear model, in coordinates that keep the digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.rates.families import Family, link_function, mean_slope
from outcomes.stats.rates.problem import Problem

_MOST_STEPS = 100
# Change of the linear predictor at which a fit counts as converged.
PREDICTOR_TOLERANCE = 1e-10


def quasi_loss(family: Family, problem: Problem, mean: NDArray[np.float64]) -> float:
    """Give minus the quasi-likelihood, up to a constant.

    Parameters
    ----------
    family : Family
        Link and variance.
    problem : Problem
        Data.
    mean : ndarray of float, shape (n,)
        Fitted means.

    Returns
    -------
    float
        Loss; smaller is better.
    """
    y, w = problem.response, problem.weights
    if family.link == "logit":
        inside = np.clip(mean, 1e-300, 1 - 1e-16)
        return float(-w @ (y * np.log(inside) + (1 - y) * np.log1p(-inside)))
    if family.excess:
        grown = np.log1p(family.excess * mean)
        return float(w @ ((y + 1 / family.excess) * grown - y * np.log(mean)))
    return float(w @ (mean - y * np.log(mean)))


def fisher_scoring(family: Family, problem: Problem) -> NDArray[np.float64]:
    """Fit a generalised linear model under independence.

    Parameters
    ----------
    family : Family
        Link and variance.
    problem : Problem
        Data.

    Returns
    -------
    ndarray of float, shape (p,)
        Coefficients of the orthonormal design.

    Raises
    ------
    EstimationError
        If it does not converge.

    Notes
    -----
    Steps are halved while the quasi-likelihood falls.

    References
    ----------
    McCullagh P, Nelder JA. Generalized linear models. 2nd ed. Chapman and Hall 1989.
    """
    y, X = problem.response, problem.matrix
    rate = np.average(y, weights=problem.weights)
    start = (y + 0.5) / 2 if family.link == "logit" else (y + rate) / 2
    predictor = link_function(family.link, start) - problem.offset
    root = np.sqrt(problem.weights)
    weighted = X * root[:, None]
    coefficients: NDArray[np.float64] = np.linalg.solve(
        weighted.T @ weighted, weighted.T @ (root * predictor)
    ).astype(float)
    loss = quasi_loss(family, problem, problem.mean(family, coefficients))
    for _ in range(_MOST_STEPS):
        mean = problem.mean(family, coefficients)
        slope = mean_slope(family.link, mean)
        worth = problem.weights * slope / family.variance(mean)
        information = (X * (worth * slope)[:, None]).T @ X
        step = np.linalg.solve(information, X.T @ (worth * (y - mean)))
        size = 1.0
        while True:
            trial = coefficients + size * step
            new = quasi_loss(family, problem, problem.mean(family, trial))
            if new <= loss + 1e-12 * abs(loss) or size < 1e-6:
                break
            size /= 2
        change = float(np.max(np.abs(X @ (trial - coefficients))))
        coefficients, loss = trial, new
        if change < PREDICTOR_TOLERANCE:
            return coefficients
    raise EstimationError(
        f"The {family.name} model did not converge in {_MOST_STEPS} steps.",
        "Look for a group in which the outcome never or always occurs, or use fewer terms.",
    )
