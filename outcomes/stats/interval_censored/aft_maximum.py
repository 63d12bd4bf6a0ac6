"""Maximum likelihood of accelerated failure time models for bracketed times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcomes.errors import EstimationError

from .rows import CensoredTimes, Floats
from .shapes import Shape, row_terms


@dataclass(frozen=True)
class Solution:
    """Coefficients of log t = x'β + σε at the maximum, with scores and information.

    Parameters
    ----------
    coefficients : ndarray of float, shape (p + 1,)
        β and log σ.
    covariance : ndarray of float, shape (p + 1, p + 1)
        Inverse of the observed information.
    scores : ndarray of float, shape (n, p + 1)
        Derivative of each row's weighted log-likelihood.
    log_likelihood : float
        On the scale of t, as in R's ``survreg``.
    iterations : int
        Newton steps taken.
    """

    coefficients: Floats
    covariance: Floats
    scores: Floats
    log_likelihood: float
    iterations: int


def solve(shape: Shape, times: CensoredTimes, X: Floats, *, limit: int = 200) -> Solution:
    """Maximise the likelihood of an accelerated failure time model.

    Parameters
    ----------
    shape : Shape
        Standard distribution of the error.
    times : CensoredTimes
        Limits and weights of n rows.
    X : ndarray of float, shape (n, p)
        Design of full column rank.
    limit : int
        Most Newton steps.

    Returns
    -------
    Solution
        Estimate, inverse information, scores.

    Raises
    ------
    EstimationError
        If the likelihood has no maximum: no event seen, the same time possible for all rows, or a
        covariate that separates early from late.

    Notes
    -----
    Solved in γ = β/σ and τ = 1/σ, where the log-likelihood is concave for every mix of exact,
    left-, right- and interval-censored rows when log g is concave. Newton steps with halving then
    reach the maximum from any start, and no starting value can fail. The information is carried
    over to (β, log σ), which is exact at the maximum.

    References
    ----------
    Burridge J. A note on maximum likelihood estimation for regression models using grouped data.
    J R Stat Soc B 1981;43:41–45.
    """
    _require_a_maximum(times)
    problem = _Concave(shape, times, X)
    state = problem.start()
    steps, close = 0, False
    while True:
        value, gradient, information, scores = problem.evaluate(state)
        scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
        step = np.linalg.lstsq(information / np.outer(scale, scale), gradient / scale, rcond=1e-14)
        move = step[0] / scale
        decrement = float(gradient @ move)
        if close or steps >= limit:
            break
        steps += 1
        # So near the top the likelihood is flat to all its digits: one last step, unchecked.
        close = decrement <= 1e-11 * (1 + abs(value))
        size = 1.0
        while not close and size > 1e-10:
            tried = state + size * move
            if tried[-1] > 0 and problem.value(tried) >= value + 1e-4 * size * decrement:
                break
            size /= 2
        if size <= 1e-10:
            break
        state = state + size * move
    return problem.finish(state, value, information, scores, decrement, steps)


def _require_a_maximum(times: CensoredTimes) -> None:
    counted = times.weight > 0
    left, right = times.left[counted], times.right[counted]
    if np.isinf(right).all():
        raise EstimationError(
            "No row has an upper limit: the event was never seen.",
            "Lengthen follow-up, or report only that nobody had it.",
        )
    if (left <= 0).all():
        raise EstimationError(
            "No row has a lower limit above 0: the event always came before the first look.",
            "Look earlier, or report only the upper limits.",
        )
    exact = left == right
    if exact.any():
        time = right[exact].min()
        common = (right[exact] == time).all() and ((left < time) & (time <= right))[~exact].all()
    else:
        common = left.max() < right.min()
    if common:
        raise EstimationError(
            "One time lies within the limits of every row, so the spread cannot be estimated.",
            "Use the Turnbull estimate, or give exact or narrower times.",
        )


class _Concave:
    """The log-likelihood in φ = (γ, τ), with the columns of X scaled."""

    def __init__(self, shape: Shape, times: CensoredTimes, X: Floats) -> None:
        self.shape, self.weight, self.exact = shape, times.weight, times.exact
        with np.errstate(divide="ignore"):
            low, high = np.log(np.maximum(times.left, 0)), np.log(times.right)
        self.column_scale = np.sqrt((X**2).mean(axis=0))
        self.X = X / self.column_scale
        # Something to regress on for a start: the middle of what is known.
        middle = np.where(np.isinf(high), low + 0.5, high - 0.5)
        both = np.isfinite(low) & np.isfinite(high)
        middle[both] = (low[both] + high[both]) / 2
        self.middle = np.where(np.isfinite(middle), middle, np.median(middle[np.isfinite(middle)]))
        self.low, self.high = low, high
        self.log_t = np.where(self.exact, high, 0.0)

    def start(self) -> Floats:
        root = np.sqrt(self.weight)
        beta = np.linalg.lstsq(self.X * root[:, None], self.middle * root, rcond=None)[0]
        residual = self.middle - self.X @ beta
        spread = np.sqrt(np.average(residual**2, weights=self.weight))
        tau = 1.0 / max(spread, 1e-3)
        return np.append(beta * tau, tau)

    def _limits(self, state: Floats) -> tuple[Floats, Floats]:
        offset = self.X @ state[:-1]
        return state[-1] * self.low - offset, state[-1] * self.high - offset

    def value(self, state: Floats) -> float:
        a, b = self._limits(state)
        rows = row_terms(self.shape, a, b, self.exact).value
        return self._total(rows, state[-1])

    def _total(self, rows: Floats, tau: float) -> float:
        rows = rows + np.where(self.exact, np.log(tau) - self.log_t, 0.0)
        return float(self.weight @ np.where(self.weight > 0, rows, 0.0))

    def evaluate(self, state: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Value, gradient, information (minus second derivative) and scores of the rows."""
        a, b = self._limits(state)
        terms = row_terms(self.shape, a, b, self.exact)
        tau, w, exact = state[-1], self.weight, self.exact
        low = np.where(np.isfinite(self.low), self.low, 0.0)
        high = np.where(np.isfinite(self.high) & ~exact, self.high, 0.0)
        both = terms.by_left + terms.by_right
        by_tau = terms.by_left * low + terms.by_right * high + np.where(exact, 1 / tau, 0.0)
        scores = w[:, None] * np.column_stack([-both[:, None] * self.X, by_tau])
        left, cross, right = terms.left_left, terms.left_right, terms.right_right
        mixed = left * low + cross * (low + high) + right * high
        curve = left * low**2 + 2 * cross * low * high + right * high**2
        curve = curve - np.where(exact, 1 / tau**2, 0.0)
        p = self.X.shape[1]
        information = np.empty((p + 1, p + 1))
        information[:p, :p] = -(self.X * (w * (left + 2 * cross + right))[:, None]).T @ self.X
        information[:p, p] = information[p, :p] = self.X.T @ (w * mixed)
        information[p, p] = -(w @ curve)
        return self._total(terms.value, tau), scores.sum(axis=0), information, scores

    def finish(
        self,
        state: Floats,
        value: float,
        information: Floats,
        scores: Floats,
        decrement: float,
        steps: int,
    ) -> Solution:
        try:
            inverse = np.linalg.inv(information)
            wide = np.sqrt(np.diag(inverse))
        except np.linalg.LinAlgError:
            wide = np.full(len(state), np.inf)
        wide[-1] /= state[-1]
        if not (wide < 1e3).all():
            raise EstimationError(
                "The likelihood has no maximum: some rows can be fitted ever better by an ever "
                "larger coefficient or an ever smaller scale.",
                "Leave out a covariate one of whose levels has no event (or only events before the "
                "first look), or merge levels.",
            )
        if decrement > 1e-6:
            raise EstimationError(
                f"The fit did not converge in {steps} steps.",
                "Check the times for values far from all others, and their unit.",
            )
        gamma, tau = state[:-1], state[-1]
        p = len(gamma)
        # Derivative of (β, log σ) by (γ, τ), and of (γ, τ) by (β, log σ).
        forward = np.zeros((p + 1, p + 1))
        forward[:p, :p] = np.diag(1 / (tau * self.column_scale))
        forward[:p, p] = -gamma / (tau**2 * self.column_scale)
        forward[p, p] = -1 / tau
        return Solution(
            coefficients=np.append(gamma / (tau * self.column_scale), -np.log(tau)),
            covariance=forward @ inverse @ forward.T,
            scores=scores @ np.linalg.inv(forward),
            log_likelihood=value,
            iterations=steps,
        )
