"""Pooled logistic and multinomial models, made to be refitted many times."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.inference import inference_table

from .columns import Columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_THIN = 8
_BLOCK = 4096
# Rows are left out only where that saves more than copying the others costs.
_MOST = 0.8


@dataclass(frozen=True)
class ChoiceFit:
    """log P(level)/P(first level) = x'β for each further level.

    Parameters
    ----------
    names : tuple of str
        Names of the p columns.
    levels : tuple of str
        The K levels; the first is the reference.
    coefficients : ndarray of float, shape (p, K − 1)
        Coefficients of each further level.
    inverse : ndarray of float
        Approximate inverse information in standardised columns, from which a refit starts.
    log_likelihood : float
        Without the penalty.
    iterations : int
        Passes over the rows.
    converged : bool
        Whether a further step would move less than 1e-5 standard errors.
    """

    names: tuple[str, ...]
    levels: tuple[str, ...]
    coefficients: Floats
    inverse: Floats
    log_likelihood: float
    iterations: int
    converged: bool


class ChoiceModel:
    """A multinomial model of one decision, holding its rows ready for refits.

    Parameters
    ----------
    columns : Columns
        Design of the n rows at risk.
    outcome : ndarray of int, shape (n,)
        Level of each row, 0 to K − 1.
    levels : tuple of str
        Names of the levels.
    penalty : float
        Weight of a ridge on the coefficients of standardised columns, intercept excepted.

    Notes
    -----
    Maximises Σ w_i log P(outcome_i | x_i) − penalty/2 Σ β². The penalty is that of a normal prior
    with standard deviation 1/√penalty, 100 at 1e-4. It moves an estimate that the data determine
    by some 1e-5 standard errors and keeps finite those they do not: where a level was always or
    never chosen its probability comes within some 1e-6 of 1 or 0, and columns that depend on each
    other share their effect.
    """

    def __init__(
        self,
        columns: Columns,
        outcome: Ints,
        levels: tuple[str, ...],
        penalty: float = 1e-4,
    ) -> None:
        self.columns, self.outcome, self.levels = columns, outcome, levels
        self.at = _chosen(outcome, len(levels))
        ones = np.ones((1, columns.n))
        mean = columns.sums(ones)[:, 0] / columns.n
        square = columns.squares() / columns.n
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        self.constant = spread <= 1e-8 * np.sqrt(square)
        self.scale = np.where(self.constant, np.sqrt(square), spread)
        # A column of zeros has no scale; the ridge keeps its coefficient at 0.
        self.scale = np.where(self.scale > 0, self.scale, 1.0)
        self.mean = np.where(self.constant, 0.0, mean)
        self.intercept = int(np.flatnonzero(self.constant)[0]) if self.constant.any() else None
        if self.intercept is None:
            # Without a constant to take it up, centring would change the model.
            self.mean = np.zeros_like(mean)
        # A second constant column shares its effect with the intercept and needs the ridge.
        self.ridge = np.full((len(mean), 1), penalty)
        if self.intercept is not None and square[self.intercept] > 0:
            self.ridge[self.intercept] = 0.0

    def fit(self, weight: Floats | None = None, start: ChoiceFit | None = None) -> ChoiceFit:
        """Maximise the likelihood.

        Parameters
        ----------
        weight : ndarray of float, shape (n,), optional
            How often each row counts, 1 unless given.
        start : ChoiceFit, optional
            A fit of the same model to similar weights, such as the fit before resampling.

        Returns
        -------
        ChoiceFit
            The maximum, found by quasi-Newton steps from `start` or from a Newton fit to every
            eighth row.

        Raises
        ------
        EstimationError
            If all rows that count have one level.
        """
        w = np.ones(self.columns.n) if weight is None else weight
        seen = np.bincount(self.outcome, w, len(self.levels))
        if (seen > 0).sum() < 2:
            raise EstimationError(
                f"Only one of the levels {', '.join(self.levels)} occurs.",
                "Leave this decision out: nothing varied that a weight could correct.",
            )
        if start is None:
            found = self._quasi_newton(w, *self._newton(w))
        else:
            few, some = self._drawn(w)
            found = few._quasi_newton(some, self._standardised(start.coefficients), start.inverse)
        if not found.converged:
            # A part of the rows misleads where outcomes come in a rhythm that it falls in with.
            found = self._quasi_newton(w, *self._newton(w, whole=True))
        return found

    def probabilities(self, fit: ChoiceFit) -> Floats:
        """Fitted probabilities.

        Parameters
        ----------
        fit : ChoiceFit
            A fit of this model.

        Returns
        -------
        ndarray of float, shape (n, K)
            Probability of each level in each row.
        """
        return _softmax(self.columns.times(fit.coefficients))[0].T

    def table(self, fit: ChoiceFit, weight: Floats | None = None) -> pd.DataFrame:
        """Coefficients with standard errors of the model.

        Parameters
        ----------
        fit : ChoiceFit
            A fit of this model.
        weight : ndarray of float, shape (n,), optional
            The weights it was fitted with.

        Returns
        -------
        DataFrame
            level, term, estimate, std_error, df, t, p_value, conf_low, conf_high, determined. A
            coefficient is not `determined` if its standard error exceeds a tenth of the penalty's
            prior: its level was always or never chosen there.
        """
        w = np.ones(self.columns.n) if weight is None else weight
        beta = self._standardised(fit.coefficients)
        information = self._information(beta, w)
        inverse = np.linalg.inv(information)
        # Back to the columns as given: β = T β_standardised for each level.
        back = np.diag(1 / self.scale)
        if self.intercept is not None:
            back[self.intercept] -= self.mean / self.scale / self.scale[self.intercept]
        k = len(self.levels) - 1
        p = len(fit.names)
        whole = np.kron(np.eye(k), back)
        error = np.sqrt(np.diag(whole @ inverse @ whole.T))
        frame = inference_table(
            list(fit.names) * k, fit.coefficients.T.ravel(), error, np.full(p * k, np.inf)
        )
        frame.insert(0, "level", np.repeat(self.levels[1:], p))
        penalty = np.tile(self.ridge[:, 0], k)
        frame["determined"] = np.diag(inverse) * np.maximum(penalty, 1e-12) < 0.01
        return frame

    def _drawn(self, w: Floats) -> tuple[ChoiceModel, Floats]:
        """Leave out rows that count 0 times, as a third does in a resample."""
        rows = np.flatnonzero(w)
        if len(rows) > _MOST * len(w):
            return self, w
        few = copy(self)
        few.columns, few.outcome = self.columns.take(rows), self.outcome[rows]
        few.at = _chosen(few.outcome, len(self.levels))
        return few, w[rows]

    def _standardised(self, coefficients: Floats) -> Floats:
        beta = coefficients * self.scale[:, None]
        if self.intercept is not None:
            beta[self.intercept] += self.mean @ coefficients * self.scale[self.intercept]
        return beta

    def _as_given(self, beta: Floats) -> Floats:
        coefficients = beta / self.scale[:, None]
        if self.intercept is not None:
            shift = (self.mean / self.scale) @ beta
            coefficients[self.intercept] -= shift / self.scale[self.intercept]
        return coefficients

    def _pass(self, beta: Floats, w: Floats) -> tuple[float, float, Floats]:
        """Penalised log-likelihood, log-likelihood, and gradient of the former."""
        eta = self.columns.times(self._as_given(beta))
        share, log_total = _softmax(eta)
        value = -float(w @ log_total)
        rest = np.empty_like(eta)
        for k, chosen in enumerate(self.at):
            value += float((w * eta[k]) @ chosen)
            np.subtract(chosen, share[k + 1], out=rest[k])
        rest *= w
        total = rest.sum(axis=1)
        gradient = (self.columns.sums(rest) - self.mean[:, None] * total) / self.scale[:, None]
        penalised = value - 0.5 * float((self.ridge * beta**2).sum())
        return penalised, value, gradient - self.ridge * beta

    def _information(self, beta: Floats, w: Floats) -> Floats:
        """Minus the second derivative, in blocks of rows that fit the cache."""
        size = beta.size
        out = np.zeros((size, size))
        for begin in range(0, self.columns.n, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            X = (self.columns.matrix(part) - self.mean) / self.scale
            out += _curvature(X, _softmax((X @ beta).T)[0][1:], w[part])
        out[np.diag_indices(size)] += np.tile(self.ridge[:, 0], beta.shape[1])
        return out

    def _newton(self, w: Floats, *, whole: bool = False) -> tuple[Floats, Floats]:
        """Coefficients and inverse information from a part of the rows, to start from."""
        p, k = len(self.scale), len(self.levels) - 1
        few = whole or self.columns.n <= 20 * _THIN * p * k
        thin = slice(0, None, 1 if few else _THIN)
        X = (self.columns.matrix(thin) - self.mean) / self.scale
        kept = w[thin] * (w.sum() / max(float(w[thin].sum()), 1e-300))
        chosen = np.stack([at[thin] for at in self.at])
        ridge = np.tile(self.ridge[:, 0], k)
        flat, step, value = np.zeros(p * k), np.zeros(p * k), -np.inf
        for _ in range(30):
            size = 1.0
            while True:
                tried = flat + size * step
                eta = tried.reshape(k, p) @ X.T
                share, log_total = _softmax(eta)
                now = float(kept @ ((eta * chosen).sum(axis=0) - log_total))
                now -= 0.5 * float(ridge @ tried**2)
                if now >= value or size < 1e-4:
                    break
                size /= 2
            close = now - value < 1e-3
            flat, value = tried, now
            information = _curvature(X, share[1:], kept) + np.diag(ridge)
            if close:
                break
            gradient = (((chosen - share[1:]) * kept) @ X).ravel() - ridge * flat
            step = np.linalg.solve(information, gradient)
        return flat.reshape(k, p).T, np.asarray(np.linalg.inv(information))

    def _quasi_newton(self, w: Floats, beta: Floats, inverse: Floats) -> ChoiceFit:
        shape = beta.shape
        passes = 1
        penalised, value, gradient = self._pass(beta, w)
        H = inverse.copy()
        converged = renewed = False
        while passes < 100:
            g = gradient.T.ravel()
            step = H @ g
            decrement = float(g @ step)
            if 0 <= decrement < 1e-10:
                converged = True
                break
            size = 1.0
            while decrement > 0:
                tried = beta + size * step.reshape(shape[1], shape[0]).T
                after, value_after, gradient_after = self._pass(tried, w)
                passes += 1
                if after >= penalised + 1e-4 * size * decrement - 1e-12 * abs(penalised):
                    break
                size /= 2
                if size < 1e-6:
                    break
            if decrement < 0 or size < 1e-6:
                # Rounding has spoilt the inverse, as happens where columns depend on each other.
                if renewed:
                    break
                H, renewed = np.asarray(np.linalg.inv(self._information(beta, w))), True
                continue
            renewed = False
            s, y = size * step, g - gradient_after.T.ravel()
            H = _update(H, s, y)
            beta, penalised, value, gradient = tried, after, value_after, gradient_after
        return ChoiceFit(
            names=self.columns.names,
            levels=self.levels,
            coefficients=self._as_given(beta),
            inverse=H,
            log_likelihood=value,
            iterations=passes,
            converged=converged,
        )


def _chosen(outcome: Ints, levels: int) -> list[Floats]:
    """1 in the rows that have a level, else 0, for each level but the first."""
    return [(outcome == k).astype(float) for k in range(1, levels)]


def _update(H: Floats, s: Floats, y: Floats) -> Floats:
    """BFGS update of an inverse information from a step s and the fall y of the gradient."""
    along = float(s @ y)
    if along <= 1e-14 * float(np.linalg.norm(s) * np.linalg.norm(y)):
        return H
    Hy = H @ y
    return (
        H
        + np.outer(s, s) * (along + float(y @ Hy)) / along**2
        - (np.outer(Hy, s) + np.outer(s, Hy)) / along
    )


def _softmax(eta: Floats) -> tuple[Floats, Floats]:
    """Probabilities of all levels, shape (K, n), and the log of their common divisor."""
    top = np.maximum(eta.max(axis=0), 0.0)
    share = np.empty((len(eta) + 1, eta.shape[1]))
    np.exp(-top, out=share[0])
    np.exp(eta - top, out=share[1:])
    total = share.sum(axis=0)
    share /= total
    return share, top + np.log(total)


def _curvature(X: Floats, share: Floats, w: Floats) -> Floats:
    """Minus the second derivative of rows X (n, p), levels outermost; share is (K − 1, n)."""
    k, p = len(share), X.shape[1]
    out = np.empty((k, p, k, p))
    for a in range(k):
        for b in range(a, k):
            q = w * share[a] * (float(a == b) - share[b])
            out[a, :, b, :] = (X * q[:, None]).T @ X
            out[b, :, a, :] = out[a, :, b, :].T
    return out.reshape(k * p, k * p)
