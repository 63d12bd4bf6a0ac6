"""Weighted sequential regression: a second estimator that models the outcome too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_RIDGE = 1e-6


@dataclass(frozen=True)
class Sequential:
    """Means under one strategy by sequential regression.

    Parameters
    ----------
    estimate : float
        Mean over the outcome periods.
    predicted : ndarray of float, shape (n, K, B)
        Expected outcome of each outcome period given the history at the start of period t; missing
        where the outcome period is over or the history not known.
    """

    estimate: float
    predicted: Floats


def sequential_regression(
    values: Floats,
    periods: list[int],
    kept: Flags,
    at_risk: Flags,
    weights: Floats,
    answering: Floats,
    history: Floats,
    *,
    counts: Floats | None = None,
    staying: Floats | None = None,
    reference: Floats | None = None,
    shift: float = 0.0,
) -> Sequential:
    """Regress backwards through the periods, each time on the history.

    Parameters
    ----------
    values : ndarray of float, shape (n, B)
        Outcome in each of the outcome periods, missing where not answered.
    periods : list of int
        The B outcome periods, rising, from 0.
    kept : ndarray of bool, shape (n, K)
        The clone kept to the strategy through the period and is observed.
    at_risk : ndarray of bool, shape (n, K)
        The history at the start of the period is known: observed through the period before.
    weights : ndarray of float, shape (n, K)
        Cumulated weights of kept clones, as `clone_weights` makes them.
    answering : ndarray of float, shape (n, B)
        1/P(answered) in the outcome periods, 0 where there is no answer.
    history : ndarray of float, shape (n, K, p)
        What the regressions are on, a constant among them; not read where not at risk.
    counts : ndarray of float, shape (n,), optional
        How often each subject counts, 1 unless given.
    staying : ndarray of float, shape (n, K), optional
        Probability of staying in the period given the history. Without it those who leave are
        taken to fare like those who stay.
    reference : ndarray of float, shape (n, K, B), optional
        Expected outcome of those who leave, given the history when they leave: `predicted` of
        another strategy makes them jump to it.
    shift : float
        Added to the outcome of those who leave.

    Returns
    -------
    Sequential
        The estimate, and the predictions from every history.

    Raises
    ------
    EstimationError
        If nobody is left to regress in a period.

    Notes
    -----
    From the last period back, the outcome (then the prediction of the period after) of clones kept
    through the period is regressed linearly on the history at its start, weighted, and predicted
    for all that were at risk. The mean of the first predictions is consistent if either the weights
    or all regressions are right, since weighted regressions with a constant balance their
    residuals.

    References
    ----------
    Bang H, Robins JM. Doubly robust estimation in missing data and causal inference models.
    Biometrics 2005;61:962–973. Robins J, Sued M, Lei-Gomez Q, Rotnitzky A. Comment: performance of
    double-robust estimators when inverse probability weights are highly variable. Stat Sci
    2007;22:544–559.
    """
    n, k = kept.shape
    each = np.ones(n) if counts is None else np.asarray(counts, dtype=float)
    position = {period: j for j, period in enumerate(periods)}
    ahead = np.full((n, len(periods)), np.nan)
    predicted = np.full((n, k, len(periods)), np.nan)
    for t in range(periods[-1], -1, -1):
        rows = at_risk[:, t]
        X = history[rows, t]
        later = [j for j, period in enumerate(periods) if period > t]
        found = np.full((n, len(periods)), np.nan)
        if later:
            w = np.where(kept[:, t], weights[:, t] * each, 0.0)
            found[np.flatnonzero(rows)[:, None], np.array(later)] = X @ _regress(
                history[:, t], ahead[:, later], w, t
            )
        if t in position:
            j = position[t]
            w = np.where(kept[:, t], weights[:, t] * answering[:, j] * each, 0.0)
            found[rows, j] = (X @ _regress(history[:, t], values[:, [j]], w, t))[:, 0]
        if staying is not None:
            gone = found if reference is None else reference[:, t]
            stay = staying[:, [t]]
            found = stay * found + (1 - stay) * (gone + shift)
        ahead = found
        predicted[:, t] = ahead
    return Sequential(float(each @ predicted[:, 0].mean(axis=1) / each.sum()), predicted)


def sequential_mean(
    values: Floats,
    periods: list[int],
    kept: Flags,
    at_risk: Flags,
    weights: Floats,
    answering: Floats,
    history: Floats,
    counts: Floats | None = None,
) -> float:
    """Estimate of `sequential_regression` alone, without what a resample does not need.

    Parameters
    ----------
    values, periods, kept, at_risk, weights, answering, counts
        As for `sequential_regression`.
    history : ndarray of float, shape (K, n, p)
        As for `sequential_regression`, period by period so that each lies in one piece.

    Returns
    -------
    float
        Mean over the outcome periods, those who leave taken to fare like those who stay.

    Raises
    ------
    EstimationError
        If nobody is left to regress in a period.

    Notes
    -----
    A prediction is read again only in the regression of the period before, by the clones kept
    through it, so it is made for these alone.
    """
    each = np.ones(len(kept)) if counts is None else np.asarray(counts, dtype=float)
    position = {period: j for j, period in enumerate(periods)}
    ahead, of = np.empty((0, 0)), np.empty(0, dtype=np.int64)
    for t in range(periods[-1], -1, -1):
        # In the first period everybody's prediction is averaged, also of who left at once.
        needed = kept[:, t - 1] & (each > 0) if t else each > 0
        rows = np.flatnonzero(at_risk[:, t] & needed)
        w = np.where(kept[:, t], weights[:, t] * each, 0.0)
        found = []
        if t in position:
            j = position[t]
            some = np.flatnonzero((w > 0) & (answering[:, j] > 0))
            found.append(
                _solve(history[t][some], values[some, j][:, None], (w * answering[:, j])[some], t)
            )
        if t < periods[-1]:
            found.append(_solve(history[t][of], ahead, w[of], t))
        ahead, of = history[t][rows] @ np.concatenate(found, axis=1), rows
    return float(each[of] @ ahead.mean(axis=1) / each[of].sum())


def _regress(X: Floats, y: Floats, w: Floats, t: int) -> Floats:
    """Weighted least squares; columns without variation share in nothing."""
    rows = w > 0
    return _solve(X[rows], y[rows], w[rows], t)


def _solve(design: Floats, y: Floats, w: Floats, t: int) -> Floats:
    """Coefficients from the rows that count."""
    if not len(w):
        raise EstimationError(
            f"Nobody is left to learn from in period {t + 1}.", "Shorten the horizon."
        )
    weighted = design * (w / w.sum())[:, None]
    gram = weighted.T @ design
    # The ridge is far below what the data determine and keeps a level that nobody has at 0.
    gram[np.diag_indices(len(gram))] += _RIDGE * np.maximum(np.diag(gram), _RIDGE)
    return np.linalg.solve(gram, weighted.T @ y)
