"""Generalised estimating equations with independent or exchangeable working correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.rates.families import Family, mean_slope
from outcomes.stats.rates.problem import Problem
from outcomes.stats.rates.scoring import PREDICTOR_TOLERANCE, fisher_scoring
from outcomes.stats.sandwich import ClusterSums, cross_products_by, sum_by

Correlation = Literal["independence", "exchangeable"]
# Coefficients and moment estimate answer each other; on a dozen subjects that can take long, and
# may swing for ever between two answers unless every swing back is halved.
_MOST_STEPS = 1000
_STEPS_BEFORE_HALVING = 10
_LONGEST_STEP = 2.0
"""On the scale of the predictor: a longer one would leave the region where a step is good."""
# Near the edge the estimate may step over it on the way; coming back means that it belongs there.
_MOST_IMPOSSIBLE = 2


@dataclass(frozen=True)
class Solution:
    """Solution of the estimating equations.

    Parameters
    ----------
    coefficients : ndarray of float, shape (p,)
        Coefficients of the orthonormal design.
    scale : float
        Mean squared Pearson residual.
    alpha : float
        Working correlation within a subject.
    sums : ClusterSums
        Information and scores per subject, in the coordinates of the orthonormal design.
    notes : tuple of str
        What was met on the way.
    """

    coefficients: NDArray[np.float64]
    scale: float
    alpha: float
    sums: ClusterSums
    notes: tuple[str, ...]


def solve_equations(
    family: Family,
    problem: Problem,
    codes: NDArray[np.intp],
    subjects: int,
    correlation: Correlation,
    *,
    by_subject: bool,
) -> Solution:
    """Solve Σ D'V⁻¹(y − μ) = 0.

    Parameters
    ----------
    family : Family
        Link and variance.
    problem : Problem
        Data, orthonormal design.
    codes : ndarray of int, shape (n,)
        Subject of each row.
    subjects : int
        Number of subjects.
    correlation : {"independence", "exchangeable"}
        Working correlation.
    by_subject : bool
        Whether to keep the information of each subject, which CR2 needs.

    Returns
    -------
    Solution
        Coefficients, moment estimates and what a sandwich needs.

    Raises
    ------
    EstimationError
        If it does not converge.

    Notes
    -----
    V = φ A^½ R(α) A^½ / w with A the variance function. φ is the mean squared Pearson residual and
    α the mean product of residuals over pairs of one subject divided by φ, neither corrected for
    the number of coefficients: the convention of geepack (statsmodels divides by n − p). An α that
    no correlation matrix can have (1 or more, or −1 / (rows of the largest subject − 1) or less)
    is replaced by independence, for good from the second time on, and a note says so.

    References
    ----------
    Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
    1986;73:13–22.
    Højsgaard S, Halekoh U, Yan J. The R package geepack for generalized estimating equations.
    J Stat Softw 2006;15(2).
    """
    coefficients = fisher_scoring(family, problem)
    sizes = np.bincount(codes, minlength=subjects)
    alpha, change, impossible = 0.0, 0.0, 0
    notes: tuple[str, ...] = ()
    for count in range(_MOST_STEPS):
        working, residual = _standardised(family, problem, coefficients)
        scale = float(residual @ residual / problem.weights.sum())
        if correlation == "exchangeable" and impossible < _MOST_IMPOSSIBLE:
            before, change_before = alpha, change
            alpha, notes = _pair_correlation(residual, problem.weights, codes, sizes, scale)
            impossible += bool(notes)
            if count > _STEPS_BEFORE_HALVING and (alpha - before) * change_before < 0:
                alpha = (alpha + before) / 2
            change = alpha - before
        system = _System(working, residual, codes, sizes, alpha)
        information, scores = system.information(), system.scores()
        step = np.linalg.solve(information, scores.sum(axis=0))
        length = float(np.max(np.abs(problem.matrix @ step)))
        if correlation == "independence" or length < PREDICTOR_TOLERANCE:
            root = np.linalg.inv(np.linalg.cholesky(information)).T
            each = root.T @ system.information_by_subject() @ root if by_subject else None
            sums = ClusterSums(root=root, scores=scores @ root, n=len(residual), information=each)
            return Solution(coefficients, scale, alpha, sums, notes)
        coefficients = coefficients + step * min(1.0, _LONGEST_STEP / length)
    raise EstimationError(
        f"The estimating equations did not converge in {_MOST_STEPS} steps.",
        "Use correlation='independence'.",
    )


def _standardised(
    family: Family, problem: Problem, coefficients: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Divide derivatives and residuals by the working standard deviation."""
    mean = problem.mean(family, coefficients)
    root = np.sqrt(problem.weights / family.variance(mean))
    working = problem.matrix * (root * mean_slope(family.link, mean))[:, None]
    return working, root * (problem.response - mean)


def _pair_correlation(
    residual: NDArray[np.float64],
    weights: NDArray[np.float64],
    codes: NDArray[np.intp],
    sizes: NDArray[np.intp],
    scale: float,
) -> tuple[float, tuple[str, ...]]:
    """Mean product of two residuals of one subject, over the scale."""
    largest = int(sizes.max())
    if largest < 2:
        return 0.0, ("No subject has two rows: the working correlation is 0.",)
    # Weights do not vary within a subject here; a pair counts by the product of its two, as in
    # geepack. The residuals carry one of them already.
    own = sum_by(weights, codes, len(sizes)) / sizes
    products = own @ (sum_by(residual, codes, len(sizes)) ** 2) - weights @ residual**2
    pairs = float(own**2 @ (sizes * (sizes - 1.0)))
    alpha = float(products / pairs / scale) if scale > 0 else 0.0
    if alpha <= -1 / (largest - 1) or alpha >= 1:
        return 0.0, (
            f"The working correlation {alpha:.3g} is impossible with up to {largest} rows a "
            "subject: independence was used.",
        )
    return alpha, ()


@dataclass(frozen=True)
class _System:
    """Estimating equations at one set of coefficients, with R⁻¹ = (I − c 11')/(1 − α)."""

    working: NDArray[np.float64]
    residual: NDArray[np.float64]
    codes: NDArray[np.intp]
    sizes: NDArray[np.intp]
    alpha: float

    def _shrink(self) -> NDArray[np.float64]:
        """Give the c of each subject."""
        return np.asarray(self.alpha / (1 + (self.sizes - 1) * self.alpha), dtype=float)

    def _column_sums(self) -> NDArray[np.float64]:
        """Add up the derivatives over the rows of each subject."""
        return sum_by(self.working, self.codes, len(self.sizes))

    def information(self) -> NDArray[np.float64]:
        """D'V⁻¹D, all subjects together."""
        total = self.working.T @ self.working
        if self.alpha == 0:
            return total
        columns = self._column_sums()
        return (total - (columns * self._shrink()[:, None]).T @ columns) / (1 - self.alpha)

    def scores(self) -> NDArray[np.float64]:
        """D'V⁻¹(y − μ) of each subject."""
        scores = sum_by(self.working * self.residual[:, None], self.codes, len(self.sizes))
        if self.alpha == 0:
            return scores
        sums = sum_by(self.residual, self.codes, len(self.sizes))
        scores -= (self._shrink() * sums)[:, None] * self._column_sums()
        return scores / (1 - self.alpha)

    def information_by_subject(self) -> NDArray[np.float64]:
        """D'V⁻¹D of each subject."""
        each = cross_products_by(self.working, self.working, self.codes, len(self.sizes))
        if self.alpha == 0:
            return each
        columns = self._column_sums()
        each -= self._shrink()[:, None, None] * columns[:, :, None] * columns[:, None, :]
        return each / (1 - self.alpha)
