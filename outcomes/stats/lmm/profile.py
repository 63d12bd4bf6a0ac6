"""Profile-likelihood intervals, for variances above all: theirs are not symmetric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from outcomes.errors import EstimationError
from outcomes.stats.lmm.components import INTERCEPT
from outcomes.stats.lmm.deviance import evaluate
from outcomes.stats.lmm.optimise import ACTIVE, Optimum, Search, minimise
from outcomes.stats.lmm.result import LmmFit
from outcomes.stats.lmm.statistics import SubjectSums

# A limit is found to this share of the half width of the interval.
_PRECISION = 1e-5
_MOST_DOUBLINGS = 30


def profile_intervals(fit: LmmFit, level: float = 0.95) -> pd.DataFrame:
    """Intervals from the profile of the full likelihood.

    Parameters
    ----------
    fit : LmmFit
        A fitted model; a REML fit is refitted by maximum likelihood, as lme4's ``confint`` does.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        term, kind (sd, correlation, sigma or fixed), estimate (maximum likelihood), conf_low,
        conf_high. Where the profile reaches the edge of the space (sd 0, correlation ±1) before
        the quantile, the limit is that edge.

    Raises
    ------
    EstimationError
        If the maximum lies on the boundary: the profile has no quadratic to speak of there.

    Notes
    -----
    The limits are where the deviance, minimised over all other parameters, is above its minimum by
    the `level` quantile of chi-square with one df. Where a standard deviation of zero is within its
    own interval the correlation is not bounded at all: its interval is (−1, 1), where lme4, which
    follows one branch of the profile, may stop before.

    References
    ----------
    Bates D, Mächler M, Bolker B, Walker S. Fitting linear mixed-effects models using lme4. J Stat
    Softw 2015;67(1), section 5.1.
    """
    sums = fit.sums.compressed()
    optimum = minimise(sums, fit.structure, reml=False)
    a, _, c = optimum.theta
    active = ACTIVE[fit.structure]
    if a == 0 or (2 in active and c == 0):
        raise EstimationError(
            "The maximum of the likelihood lies on the boundary: there is no profile to follow.",
            "Fit the simpler model that the note of the fit names.",
        )
    rise = float(stats.chi2.ppf(level, 1))
    rows = _variance_profiles(fit, sums, optimum, rise)
    search = Search(sums, active, reml=False)
    rows += [_fixed_profile(fit, search, optimum, j, rise) for j in range(sums.fixed)]
    return pd.DataFrame(rows, columns=["term", "kind", "estimate", "conf_low", "conf_high"])


@dataclass(frozen=True)
class _Deviance:
    """Deviance in (sd intercept, correlation, sd slope, log σ), fixed effects at their best."""

    fit: LmmFit
    sums: SubjectSums

    def __call__(self, natural: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Value and gradient."""
        s1, rho, s2, log_sigma = natural
        sigma2 = float(np.exp(2 * log_sigma))
        shift = self._to_coordinates() / sigma2
        psi = shift @ [s1 * s1, rho * s1 * s2, s2 * s2]
        at = evaluate(self.sums, psi)
        p = self.sums.fixed
        log_det, log_rss = (
            at.log_det_derivatives(),
            (at.outer_derivatives(p + 1) + (-1.0) * at.outer_derivatives(p)),
        )
        ratio = float(np.exp(log_rss.value)) * self.fit.coordinates.spread**2 / sigma2
        n = self.sums.rows
        value = log_det.value + n * (np.log(2 * np.pi) + 2 * log_sigma) + ratio
        by_psi = log_det.gradient + ratio * log_rss.gradient
        by_g = shift.T @ by_psi
        gradient = np.array(
            [
                2 * s1 * by_g[0] + rho * s2 * by_g[1],
                s1 * s2 * by_g[1],
                rho * s1 * by_g[1] + 2 * s2 * by_g[2],
                2 * n - 2 * ratio - 2 * psi @ by_psi,
            ]
        )
        return value, gradient

    def _to_coordinates(self) -> NDArray[np.float64]:
        """Matrix from the covariance in units of the data to that in the coordinates."""
        m, s = self.fit.coordinates.centre, self.fit.coordinates.unit
        return np.array([[1, 2 * m, m * m], [0, s, s * m], [0, 0, s * s]])


def _variance_profiles(
    fit: LmmFit, sums: SubjectSums, optimum: Optimum, rise: float
) -> list[tuple[str, str, float, float, float]]:
    """Limits of standard deviations, correlation and σ."""
    deviance = _Deviance(fit, sums)
    best = _natural(fit, sums, optimum)
    goal = deviance(best)[0] + rise
    free = [*ACTIVE[fit.structure], 3]
    edges = [(0.0, np.inf), (-1.0, 1.0), (0.0, np.inf), (-np.inf, np.inf)]
    # Steps in units in which the four are alike.
    unit = np.array([best[0], 0.3, max(best[2], 1e-300), 0.1])
    names = [
        (INTERCEPT, "sd"),
        (f"{INTERCEPT}, {fit.slope}", "correlation"),
        (str(fit.slope), "sd"),
        ("Residual", "sigma"),
    ]
    limits: dict[int, list[float]] = {}
    # Correlation last: where a standard deviation may be zero it may be anything.
    for k in sorted(free, key=lambda k: k == 1):
        if k == 1 and min(limits[0][0], limits[2][0]) == 0:
            limits[k] = [-1.0, 1.0]
            continue
        limits[k] = []
        for side in (-1.0, 1.0):
            path = _Path(deviance, best.copy(), k, [i for i in free if i != k], unit, edges, goal)
            edge = edges[k][0] if side < 0 else edges[k][1]
            limits[k].append(_crossing(path, best[k], side * unit[k], edge))
    rows: list[tuple[str, str, float, float, float]] = []
    for k in free:
        estimate, low, high = float(best[k]), *limits[k]
        if k == 3:
            estimate, low, high = (float(np.exp(value)) for value in (estimate, low, high))
        rows.append((*names[k], estimate, low, high))
    return rows


@dataclass
class _Path:
    """Minimum over the other parameters, started from where the last one was found."""

    deviance: _Deviance
    last: NDArray[np.float64]
    fixed: int
    others: list[int]
    unit: NDArray[np.float64]
    edges: list[tuple[float, float]]
    goal: float

    def __call__(self, value: float) -> float:
        """Minimum of the deviance with one parameter at this value, less the goal."""
        unit = self.unit[self.others]

        def scaled(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            natural = self.last.copy()
            natural[self.fixed], natural[self.others] = value, x * unit
            f, gradient = self.deviance(natural)
            return f, gradient[self.others] * unit

        answer = optimize.minimize(
            scaled,
            self.last[self.others] / unit,
            jac=True,
            method="L-BFGS-B",
            bounds=[
                (self.edges[i][0] / u, self.edges[i][1] / u)
                for i, u in zip(self.others, unit, strict=True)
            ],
            options={"ftol": 1e-12, "gtol": 1e-5, "maxiter": 200},
        )
        self.last[self.others] = answer.x * unit
        return float(answer.fun) - self.goal


def _natural(fit: LmmFit, sums: SubjectSums, optimum: Optimum) -> NDArray[np.float64]:
    """Give standard deviations, correlation and log σ at the maximum of the likelihood."""
    outer, p = optimum.evaluation.outer, sums.fixed
    rss = outer[p, p] - outer[p, :p] @ np.linalg.solve(outer[:p, :p], outer[:p, p])
    sigma2 = fit.coordinates.spread**2 * rss / sums.rows
    psi, T = optimum.evaluation.psi, fit.coordinates.effects
    G = sigma2 * T @ [[psi[0], psi[1]], [psi[1], psi[2]]] @ T.T
    s1, s2 = np.sqrt(G[0, 0]), np.sqrt(G[1, 1])
    rho = G[0, 1] / (s1 * s2) if s2 > 0 else 0.0
    return np.array([s1, rho, s2, np.log(sigma2) / 2])


def _fixed_profile(
    fit: LmmFit, search: Search, optimum: Optimum, j: int, rise: float
) -> tuple[str, str, float, float, float]:
    """Limits of one fixed effect."""
    at, p = fit.coordinates, search.sums.fixed
    columns = np.linalg.inv(at.back)
    others = [k for k in range(p) if k != j]
    basis = np.zeros((p + 1, p))
    basis[:p, : p - 1] = columns[:, others]
    basis[p, p - 1] = at.spread
    lowest = optimum.deviance.value + 2 * search.sums.rows * np.log(at.spread)
    outer = optimum.evaluation.outer
    phi = np.linalg.inv(outer[:p, :p])
    beta = at.back @ (at.least_squares + at.spread * phi @ outer[:p, p])
    sigma = np.exp(_natural(fit, search.sums, optimum)[3])
    step = sigma * np.sqrt((at.back @ phi @ at.back.T)[j, j])
    theta = optimum.theta

    def above(value: float) -> float:
        basis[:p, p - 1] = at.least_squares - columns[:, j] * value
        constrained = Search(search.sums, search.active, False, basis.copy())
        return constrained.descend(theta).deviance.value - lowest - rise

    limits = [_crossing(above, beta[j], side * step, side * np.inf) for side in (-1.0, 1.0)]
    return fit.design.names[j], "fixed", float(beta[j]), limits[0], limits[1]


def _crossing(above: Callable[[float], float], start: float, step: float, edge: float) -> float:
    """Where a function that is negative at the start turns positive, or the edge before that."""
    inside, reach = start, 1.5 * step
    for _ in range(_MOST_DOUBLINGS):
        outside = start + reach
        if (outside - edge) * np.sign(step) >= 0:
            if above(edge) <= 0:
                return float(edge)
            outside = edge
            break
        if above(outside) > 0:
            break
        inside, reach = outside, 2 * reach
    else:
        return float("inf") * np.sign(step)
    precision = _PRECISION * abs(outside - start)
    return float(optimize.brentq(above, inside, outside, xtol=precision))
