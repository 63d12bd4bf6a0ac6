"""Newton's method for Ψ = ΛΛ', free of bounds.

The deviance is a smooth even function of each column of the Cholesky factor Λ, so a zero variance
or a perfect correlation is an ordinary stationary point at which Newton's method converges as
fast as elsewhere. What is left to do is to tell a minimum there from a saddle: at a minimum the
derivative by Ψ is positive semidefinite on the null space of Ψ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from outcomes.stats.lmm.deviance import Derivatives, Evaluation, evaluate, profiled
from outcomes.stats.lmm.statistics import SubjectSums

Structure = Literal["intercept", "uncorrelated", "correlated"]
ACTIVE: dict[Structure, list[int]] = {
    "intercept": [0],
    "uncorrelated": [0, 2],
    "correlated": [0, 1, 2],
}
_MOST_STEPS = 100
# Expected fall of the deviance at which the fit counts as converged. Convergence is quadratic: the
# likelihood is settled to all digits long before, the variances only here.
_DECREMENT = 1e-18
# Share of the deviance that is rounding.
_ROUNDING = 1e-14
# Fall of the deviance worth leaving a boundary for, or the rise that puts a variance to zero.
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Optimum:
    """Where the deviance is lowest.

    Parameters
    ----------
    theta : ndarray of float, shape (3,)
        Cholesky factor (λ11, λ21, λ22) of Ψ, with λ11, λ22 ≥ 0.
    evaluation : Evaluation
        Sums at the optimum.
    deviance : Derivatives
        Profiled deviance by the entries of Ψ.
    converged : bool
        Whether the last step was expected to change nothing.
    steps : int
        Newton steps taken.
    decrement : float
        Fall of the deviance expected from one more step.
    """

    theta: NDArray[np.float64]
    evaluation: Evaluation
    deviance: Derivatives
    converged: bool
    steps: int
    decrement: float


def to_psi(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entries of ΛΛ'.

    Parameters
    ----------
    theta : ndarray of float, shape (3,)
        λ11, λ21, λ22.

    Returns
    -------
    ndarray of float, shape (3,)
        ψ11, ψ12, ψ22.
    """
    a, b, c = theta
    return np.array([a * a, a * b, b * b + c * c])


def by_theta(
    theta: NDArray[np.float64], by_psi: Derivatives
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn derivatives by Ψ into derivatives by Λ.

    Parameters
    ----------
    theta : ndarray of float, shape (3,)
        λ11, λ21, λ22.
    by_psi : Derivatives
        By ψ11, ψ12, ψ22.

    Returns
    -------
    gradient : ndarray of float, shape (3,)
        By λ11, λ21, λ22.
    hessian : ndarray of float, shape (3, 3)
        Second derivatives.
    """
    jacobian = psi_jacobian(theta)
    g = by_psi.gradient
    bend = np.array([[2 * g[0], g[1], 0], [g[1], 2 * g[2], 0], [0, 0, 2 * g[2]]])
    return jacobian.T @ g, jacobian.T @ by_psi.hessian @ jacobian + bend


def psi_jacobian(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """First derivatives of Ψ by Λ.

    Parameters
    ----------
    theta : ndarray of float, shape (3,)
        λ11, λ21, λ22.

    Returns
    -------
    ndarray of float, shape (3, 3)
        Rows ψ11, ψ12, ψ22; columns λ11, λ21, λ22.
    """
    a, b, c = theta
    return np.array([[2 * a, 0, 0], [b, a, 0], [0, 2 * b, 2 * c]])


def minimise(sums: SubjectSums, structure: Structure, *, reml: bool) -> Optimum:
    """Minimise the profiled deviance.

    Parameters
    ----------
    sums : SubjectSums
        Cross-products.
    structure : {"intercept", "uncorrelated", "correlated"}
        Which entries of Λ are free.
    reml : bool
        Restricted or full likelihood.

    Returns
    -------
    Optimum
        The minimum reached, with its state of convergence.

    Notes
    -----
    Newton steps with |eigenvalues| in place of eigenvalues, within a trust region. At convergence
    the search leaves a saddle along the null vector of Ψ that lowers the deviance, and sets to
    exactly zero what makes no difference.
    """
    search = Search(sums, ACTIVE[structure], reml)
    optimum = search.descend(np.array([1.0, 0.0, 0.0 if structure == "intercept" else 1.0]))
    for _ in range(5):
        away = _downhill(optimum, structure)
        if away is None:
            break
        optimum = search.descend(away)
    return search.settle(optimum)


@dataclass(frozen=True)
class Search:
    """A minimisation of the deviance.

    Parameters
    ----------
    sums : SubjectSums
        Cross-products.
    active : list of int
        Entries of Λ that are free.
    reml : bool
        Restricted or full likelihood.
    basis : ndarray of float, shape (q, k), optional
        Combinations of [X y] to use in its place.
    """

    sums: SubjectSums
    active: list[int]
    reml: bool
    basis: NDArray[np.float64] | None = None

    def at(self, theta: NDArray[np.float64]) -> tuple[Evaluation, Derivatives]:
        """Evaluate the deviance.

        Parameters
        ----------
        theta : ndarray of float, shape (3,)
            Λ.

        Returns
        -------
        evaluation : Evaluation
            Sums.
        deviance : Derivatives
            Value and derivatives by Ψ.
        """
        evaluation = evaluate(self.sums, to_psi(theta))
        if self.basis is not None:
            evaluation = evaluation.restricted(self.basis)
        return evaluation, profiled(self.sums.rows, evaluation, reml=self.reml)

    def descend(self, theta: NDArray[np.float64]) -> Optimum:
        """Take Newton steps until nothing is expected of another.

        Parameters
        ----------
        theta : ndarray of float, shape (3,)
            Start.

        Returns
        -------
        Optimum
            A stationary point.
        """
        evaluation, deviance = self.at(theta)
        radius = 2.0 * max(float(np.linalg.norm(theta)), 0.1)
        decrement = np.inf
        for step_number in range(_MOST_STEPS):
            gradient, hessian = by_theta(theta, deviance)
            g, h = gradient[self.active], hessian[np.ix_(self.active, self.active)]
            values, vectors = np.linalg.eigh(h)
            stiff = np.maximum(np.abs(values), 1e-10 * max(float(np.max(np.abs(values))), 1e-300))
            along = vectors.T @ g
            decrement = float(np.sum(along**2 / stiff))
            if decrement < _DECREMENT:
                return Optimum(theta, evaluation, deviance, True, step_number, decrement)
            while True:
                step = -vectors @ (along / stiff)
                length = float(np.linalg.norm(step))
                if length > radius:
                    step *= radius / length
                trial = theta.copy()
                trial[self.active] += step
                new_evaluation, new = self.at(trial)
                allowed = deviance.value + _ROUNDING * abs(deviance.value)
                if new.value <= allowed or radius < 1e-9 * (1 + np.linalg.norm(theta)):
                    break
                radius = min(radius, length) / 4
            if new.value > allowed:
                # No step finds a lower value. Done if little was expected.
                done = decrement < 1e-6
                return Optimum(theta, evaluation, deviance, done, step_number, decrement)
            radius = max(radius, 3 * min(length, radius))
            theta, evaluation, deviance = trial, new_evaluation, new
        return Optimum(theta, evaluation, deviance, False, _MOST_STEPS, decrement)

    def settle(self, optimum: Optimum) -> Optimum:
        """Zero what makes no difference and choose the signs of Λ.

        Parameters
        ----------
        optimum : Optimum
            A stationary point.

        Returns
        -------
        Optimum
            The same point on the boundary where it is as good there.
        """
        a, b, c = optimum.theta
        a, b, c = abs(a), b * (1.0 if a >= 0 else -1.0), abs(c)
        candidates = [
            (a, b, 0.0),
            (0.0, 0.0, float(np.hypot(b, c))),
            (a, 0.0, 0.0),
            (0.0, 0.0, 0.0),
        ]
        best = (np.array([a, b, c]), optimum.evaluation, optimum.deviance)
        for candidate in candidates:
            theta = np.array(candidate)
            if np.max(np.abs(theta - best[0])) > 1e-3 * max(1.0, float(np.max(np.abs(best[0])))):
                continue
            evaluation, deviance = self.at(theta)
            if deviance.value <= optimum.deviance.value + _NEGLIGIBLE:
                best = (theta, evaluation, deviance)
        return Optimum(*best, optimum.converged, optimum.steps, optimum.decrement)


def _downhill(optimum: Optimum, structure: Structure) -> NDArray[np.float64] | None:
    """Find a start beside a saddle from which the deviance falls; None at a minimum."""
    a, b, c = optimum.theta
    g = optimum.deviance.gradient
    slope = np.array([[g[0], g[1] / 2], [g[1] / 2, g[2]]])
    if structure == "intercept":
        slope = np.diag([g[0], 0.0])
    elif structure == "uncorrelated":
        slope = np.diag([g[0], g[2]])
    psi = np.array([[a * a, a * b], [a * b, b * b + c * c]])
    values, vectors = np.linalg.eigh(psi)
    flat = vectors[:, values <= 1e-10 * max(1.0, float(values[-1]))]
    if not flat.size:
        return None
    tilt, directions = np.linalg.eigh(flat.T @ slope @ flat)
    # What a small variance in that direction would gain; curvature of log|V| is about n².
    if tilt[0] >= -1e-6:
        return None
    direction = flat @ directions[:, 0]
    grown = psi + 0.01 * max(1.0, float(values[-1])) * np.outer(direction, direction)
    if structure != "correlated":
        grown = np.diag(np.diag(grown))
    root = np.sqrt(grown[0, 0])
    lower = grown[0, 1] / root if root > 0 else 0.0
    return np.array([root, lower, np.sqrt(max(grown[1, 1] - lower**2, 0.0))])
