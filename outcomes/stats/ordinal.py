"""Ordered outcomes: the whole predicted distribution, and where an outcome lies in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RIDGE = 1e-3
_MOST_STEPS = 50


@dataclass(frozen=True)
class OrdinalFit:
    """P(Y ≤ level k | x) = expit(threshold k − x'slopes k), made to rise in k.

    Parameters
    ----------
    levels : ndarray of float, shape (K,)
        Values that occurred, rising.
    thresholds : ndarray of float, shape (K − 1,)
        There is none above the last level.
    slopes : ndarray of float, shape (K − 1, p)
        In the units of the columns, positive where a column goes with higher outcomes; all rows the
        same under proportional odds.
    proportional : ndarray of float, shape (K − 1 + p,)
        Thresholds, then slopes, under proportional odds.
    covariance : ndarray of float, shape (K − 1 + p, K − 1 + p)
        Inverse information of thresholds and slopes under proportional odds.
    log_likelihood : float
        Weighted, of the fit under proportional odds.
    n : int
        Rows that counted.
    converged : bool
        Whether Newton's steps came to rest.
    """

    levels: Floats
    thresholds: Floats
    slopes: Floats
    proportional: Floats
    covariance: Floats
    log_likelihood: float
    n: int
    converged: bool

    def standardised(self, centre: Floats, scale: Floats) -> tuple[Floats, Floats, Floats]:
        """Give thresholds and slopes for columns less a centre, by a scale.

        Parameters
        ----------
        centre, scale : ndarray of float, shape (p,)
            What columns are made smaller by, and then divided by.

        Returns
        -------
        proportional : ndarray of float, shape (K − 1 + p,)
            Thresholds, then slopes, under proportional odds.
        thresholds : ndarray of float, shape (K − 1,)
            Those of the fit itself.
        slopes : ndarray of float, shape (K − 1, p)
            Those of the fit itself, at each threshold.
        """
        common, shared = np.split(self.proportional, [len(self.levels) - 1])
        return (
            np.append(common - shared @ centre, shared * scale),
            self.thresholds - self.slopes @ centre,
            self.slopes * scale,
        )

    def distribution(self, columns: Floats) -> Floats:
        """Predict the cumulative distribution of new rows.

        Parameters
        ----------
        columns : ndarray of float, shape (n, p)
            Columns as the model was fitted to.

        Returns
        -------
        ndarray of float, shape (n, K)
            P(Y ≤ level) for each level; rises along a row to 1.
        """
        below = expit(self.thresholds - columns @ self.slopes.T)
        rising = np.maximum.accumulate(below, axis=1)
        return np.column_stack([rising, np.ones(len(columns))])

    def tail(self, columns: Floats, values: Floats) -> Floats:
        """Chance of an outcome as high as this or higher.

        Parameters
        ----------
        columns : ndarray of float, shape (n, p)
            Columns as the model was fitted to.
        values : ndarray of float, shape (n,)
            Outcomes; need not be levels.

        Returns
        -------
        ndarray of float, shape (n,)
            P(Y ≥ value), missing where the value is.
        """
        return 1 - self._at_most(self.distribution(columns), values, "left")

    def mid_tail(self, columns: Floats, values: Floats) -> Floats:
        """Chance of a higher outcome, counting half of the chance of the same one.

        Parameters
        ----------
        columns : ndarray of float, shape (n, p)
            Columns as the model was fitted to.
        values : ndarray of float, shape (n,)
            Outcomes.

        Returns
        -------
        ndarray of float, shape (n,)
            P(Y > value) + P(Y = value)/2: its mean is one half where the model holds, ties or none,
            while P(Y ≥ value) is too large with ties.
        """
        return self.place(columns, values, ())[2]

    def quantile(self, columns: Floats, probability: float) -> Floats:
        """Smallest level that at least so much of the distribution does not exceed.

        Parameters
        ----------
        columns : ndarray of float, shape (n, p)
            Columns as the model was fitted to.
        probability : float
            Between 0 and 1.

        Returns
        -------
        ndarray of float, shape (n,)
            Levels.
        """
        return self._quantile(self.distribution(columns), probability)

    def place(
        self, columns: Floats, values: Floats, probabilities: Sequence[float]
    ) -> tuple[list[Floats], Floats, Floats]:
        """Find quantiles and both tails from one prediction of the distribution.

        Parameters
        ----------
        columns : ndarray of float, shape (n, p)
            Columns as the model was fitted to.
        values : ndarray of float, shape (n,)
            Outcomes, missing ones for the quantiles alone.
        probabilities : sequence of float
            Of the quantiles.

        Returns
        -------
        (list of ndarray, ndarray, ndarray), each of float, shape (n,)
            As `quantile` for each probability, as `tail` and as `mid_tail`.
        """
        expected = self.distribution(columns)
        below = self._at_most(expected, values, "left")
        upto = self._at_most(expected, values, "right")
        quantiles = [self._quantile(expected, each) for each in probabilities]
        return quantiles, 1 - below, 1 - (upto + below) / 2

    def _quantile(self, expected: Floats, probability: float) -> Floats:
        return np.asarray(self.levels[np.argmax(expected >= probability - 1e-12, axis=1)])

    def _at_most(self, expected: Floats, values: Floats, side: Literal["left", "right"]) -> Floats:
        """P(Y ≤ value) ("right"), or P(Y < value) ("left"), of a distribution for each row."""
        # a missing value sorts behind all levels and is blanked below
        place = np.searchsorted(self.levels, values, side=side) - 1
        found = expected[np.arange(len(values)), place]
        return np.where(np.isnan(values), np.nan, np.where(place < 0, 0.0, found))


def different_rows(table: Floats) -> tuple[Ints, Ints]:
    """Find the different rows of a table.

    Parameters
    ----------
    table : ndarray of float, shape (n, p)
        Without missing numbers.

    Returns
    -------
    (ndarray of int64, ndarray of int64)
        Place of the first of each different row, in the order of their numbers column by column;
        and for each row of the table, which of the different ones it is.

    Notes
    -----
    Each column is numbered on its own and the numbers are joined to one, so that no two rows are
    ever compared column by column: many times faster where values are few.
    """
    joined = np.zeros(len(table), dtype=np.int64)
    for column in table.T:
        values, place = np.unique(column, return_inverse=True)
        joined = joined * len(values) + place
        if joined.max(initial=0) > 2**31:  # far from what an int64 holds, however many values
            joined = np.unique(joined, return_inverse=True)[1].astype(np.int64)
    _, first, which = np.unique(joined, return_index=True, return_inverse=True)
    return first.astype(np.int64), which.astype(np.int64)


def fit_ordinal(
    outcome: Floats,
    columns: Floats,
    weights: Floats | None = None,
    *,
    shrink: Floats | None = None,
    departure: Floats | None = None,
    near: OrdinalFit | None = None,
) -> OrdinalFit:
    """Fit cumulative logits, with slopes that may depart from proportional odds by the threshold.

    Parameters
    ----------
    outcome : ndarray of float, shape (n,)
        Ordered outcomes; each different value is a level.
    columns : ndarray of float, shape (n, p)
        Columns without a constant.
    weights : ndarray of float, shape (n,), optional
        How often each row counts, 1 unless given.
    shrink : ndarray of float, shape (p,), optional
        Standard deviation of the normal prior on the common slope of each column, in its unit;
        infinite for no more than the small ridge. No more unless given.
    departure : ndarray of float, shape (p,), optional
        Standard deviation of the normal prior on how far the slope of each standardised column at
        one threshold may depart from the common slope; 0 for none. Proportional odds unless given.
    near : OrdinalFit, optional
        Fit of much the same rows with the same columns, to begin from. The result is the same.

    Returns
    -------
    OrdinalFit
        The fit.

    Raises
    ------
    EstimationError
        If the outcome takes fewer than two values, or a number is missing or infinite.

    Notes
    -----
    First proportional odds: maximises Σ w log P(y | x) less a ridge of 10⁻³/2 on slopes of
    standardised columns, which keeps finite a slope that the data do not determine. The
    log-likelihood is concave, so Newton's method finds its only maximum. Then, for each threshold
    k, a logistic regression of Y ≤ k on the columns with the common fit as offset, a free constant,
    and slopes shrunk to 0 by the prior: few rows keep proportional odds, many rows bend it where it
    does not hold, most of all in a tail made of subjects of another kind. Curves that cross are
    made monotone. With weights the covariance takes them as counts: read no standard errors off it.

    References
    ----------
    McCullagh P. Regression models for ordinal data. J R Stat Soc B 1980;42:109–142. Pratt JW.
    Concavity of the log likelihood. J Am Stat Assoc 1981;76:103–106. Foresi S, Peracchi F. The
    conditional distribution of excess returns. J Am Stat Assoc 1995;90:451–466 (a regression for
    each threshold).
    """
    given = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=float)
    X = np.asarray(columns, dtype=float).reshape(len(outcome), -1)
    if not all(np.isfinite(each).all() for each in (outcome, X, given)):
        raise EstimationError(
            "An outcome, a column or a weight is missing or infinite.", "Leave those rows out."
        )
    counts = given > 0
    if len(np.unique(outcome[counts])) < 2:
        raise EstimationError(
            "An ordered outcome needs at least two different values.", "Use more data."
        )
    # Scores are whole and groups few, so most rows repeat another: count them once.
    rows = np.column_stack([outcome, X])[counts]
    first, which = different_rows(rows)
    cells = rows[first]
    w = np.asarray(np.bincount(which, given[counts], len(cells)), dtype=float)
    levels = np.unique(cells[:, 0]) + 0.0  # no negative zero
    place = np.searchsorted(levels, cells[:, 0]).astype(np.int64)
    x = cells[:, 1:]
    centre = np.average(x, axis=0, weights=w)
    scale = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=w))
    scale = np.where(scale > 1e-12, scale, 1.0)
    k, p = len(levels) - 1, x.shape[1]
    ridge = np.full(p, _RIDGE)
    if shrink is not None:
        ridge = ridge + 1 / (np.asarray(shrink, dtype=float) * scale) ** 2
    problem = _Proportional(place, (x - centre) / scale, w, k, ridge)
    begin, bent = None, None
    if near is not None and np.array_equal(near.levels, levels):
        begin, *bent = near.standardised(centre, scale)
    flat, converged = problem.maximise(begin)
    # Thresholds move with the centre of the columns: θ = θ* + centre'slopes.
    back = np.eye(k + p)
    back[k:, k:] = np.diag(1 / scale)
    back[:k, k:] = centre / scale
    thresholds, slopes = flat[:k], np.tile(flat[k:], (k, 1))
    if departure is not None and np.any(departure > 0):
        thresholds, slopes = problem.departures(flat, np.asarray(departure, dtype=float), bent)
    slopes = slopes / scale
    return OrdinalFit(
        levels,
        thresholds + slopes @ centre,
        slopes,
        back @ flat,
        back @ np.linalg.inv(problem.information(flat)) @ back.T,
        problem.likelihood(flat),
        int(counts.sum()),
        converged,
    )


class _Proportional:
    """The likelihood of standardised columns; parameters are thresholds, then slopes."""

    def __init__(self, place: Ints, X: Floats, w: Floats, thresholds: int, ridge: Floats) -> None:
        self.place, self.X, self.w, self.k, self.ridge = place, X, w, thresholds, ridge
        self.first, self.last = place == 0, place == thresholds
        # Which threshold is the upper edge of each row's level, and which the lower one.
        self.below = (place[:, None] == np.arange(thresholds)).astype(float)
        self.above = (place[:, None] - 1 == np.arange(thresholds)).astype(float)

    def _start(self) -> Floats:
        """Thresholds of the distribution without columns."""
        share = np.cumsum(np.bincount(self.place, self.w, self.k + 1))[:-1] / self.w.sum()
        return np.append(np.log(share / (1 - share)), np.zeros(self.X.shape[1]))

    def _edges(self, flat: Floats) -> tuple[Floats, Floats, Floats]:
        """Distribution at the upper and lower edge of each row's level, and its probability."""
        thresholds = flat[: self.k]
        eta = self.X @ flat[self.k :]
        above = np.where(self.last, np.inf, np.append(thresholds, 0.0)[self.place] - eta)
        below = np.where(self.first, -np.inf, thresholds[self.place - 1] - eta)
        upper, lower = expit(above), expit(below)
        # Where both are near 1 their difference is that of the upper tails.
        share = np.where(below > 0, expit(-below) - expit(-above), upper - lower)
        return upper, lower, np.maximum(share, 1e-300)

    def likelihood(self, flat: Floats) -> float:
        """Log-likelihood; minus infinity where thresholds do not rise."""
        if np.any(np.diff(flat[: self.k]) <= 0):
            return -np.inf
        return float(self.w @ np.log(self._edges(flat)[2]))

    def value(self, flat: Floats) -> float:
        """Penalised log-likelihood."""
        return self.likelihood(flat) - float(self.ridge @ flat[self.k :] ** 2) / 2

    def _derivatives(self, flat: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """First and second derivatives of each row by its upper and its lower edge."""
        upper, lower, share = self._edges(flat)
        a, b = upper * (1 - upper) / share, lower * (1 - lower) / share
        aa = a * (1 - 2 * upper) - a**2
        bb = -b * (1 - 2 * lower) - b**2
        return self.w * a, -self.w * b, self.w * aa, self.w * bb, self.w * a * b

    def _by_level(self, values: Floats, place: Ints) -> Floats:
        inside = (place >= 0) & (place < self.k)
        return np.asarray(np.bincount(place[inside], values[inside], self.k), dtype=float)

    def gradient(self, flat: Floats) -> Floats:
        """Of the penalised log-likelihood."""
        a, b, *_ = self._derivatives(flat)
        thresholds = self._by_level(a, self.place) + self._by_level(b, self.place - 1)
        return np.append(thresholds, -self.X.T @ (a + b) - self.ridge * flat[self.k :])

    def information(self, flat: Floats) -> Floats:
        """Minus the second derivative of the penalised log-likelihood."""
        _, _, aa, bb, ab = self._derivatives(flat)
        k, p = self.k, self.X.shape[1]
        out = np.zeros((k + p, k + p))
        up, down = self.place, self.place - 1
        rows = np.arange(k)
        out[rows, rows] = -(self._by_level(aa, up) + self._by_level(bb, down))
        # A row of level j holds thresholds j and j − 1 together.
        beside = self._by_level(np.where(self.last, 0.0, ab), down)[: k - 1]
        out[rows[:-1], rows[1:]] = out[rows[1:], rows[:-1]] = -beside
        cross = self.below.T @ (self.X * (aa + ab)[:, None])
        cross += self.above.T @ (self.X * (bb + ab)[:, None])
        out[:k, k:], out[k:, :k] = cross, cross.T
        both = self.X.T @ (self.X * (aa + bb + 2 * ab)[:, None])
        out[k:, k:] = np.diag(self.ridge) - both
        return out

    def maximise(self, begin: Floats | None) -> tuple[Floats, bool]:
        """Newton's method, halving steps that do not rise."""
        flat = self._start() if begin is None else begin
        value = self.value(flat)
        for _ in range(_MOST_STEPS):
            gradient = self.gradient(flat)
            step = np.linalg.solve(self.information(flat), gradient)
            if float(gradient @ step) < 1e-9:
                return flat + step, True
            size = 1.0
            while (now := self.value(flat + size * step)) < value and size > 1e-8:
                size /= 2
            flat, value = flat + size * step, now
        return flat, False

    def departures(
        self, flat: Floats, spread: Floats, begin: Sequence[Floats] | None
    ) -> tuple[Floats, Floats]:
        """Thresholds and slopes of a shrunken logistic regression at each threshold."""
        k, free = self.k, np.flatnonzero(spread > 0)
        Z = np.column_stack([np.ones(len(self.X)), -self.X[:, free]])
        base = flat[:k] - (self.X @ flat[k:])[:, None]
        yes = (self.place[:, None] <= np.arange(k)).astype(float)
        prior = np.append(1e-9, 1 / spread[free] ** 2)
        moved = np.zeros((len(prior), k))
        if begin is not None:
            moved[0] = begin[0] - flat[:k]
            moved[1:] = (begin[1] - flat[k:])[:, free].T
        for _ in range(_MOST_STEPS):
            share = expit(base + Z @ moved)
            gradient = Z.T @ (self.w[:, None] * (yes - share)) - prior[:, None] * moved
            curve = self.w[:, None] * share * (1 - share)
            information = np.stack([(Z * curve[:, [each]]).T @ Z for each in range(k)])
            step = np.linalg.solve(information + np.diag(prior), gradient.T[..., None])
            # A threshold with a handful of rows beyond it could overshoot; its constant is free.
            step = np.clip(step[..., 0].T, -1.0, 1.0)
            moved = moved + step
            if np.abs(step).max() < 1e-7:
                break
        slopes = np.tile(flat[k:], (k, 1))
        slopes[:, free] += moved[1:].T
        return flat[:k] + moved[0], slopes
