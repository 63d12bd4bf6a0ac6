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


def _regress(X: Floats, y: Floats, w: Floats, t: int) -> Floats:
    """Weighted least squares; columns without variation share in nothing."""
    rows = w > 0
    if not rows.any():
        raise EstimationError(
            f"Nobody is left to learn from in period {t + 1}.", "Shorten the horizon."
        )
    design = X[rows]
    weighted = design * (w[rows] / w[rows].sum())[:, None]
    gram = weighted.T @ design
    # The ridge is far below what the data determine and keeps a level that nobody has at 0.
    gram[np.diag_indices(len(gram))] += _RIDGE * np.maximum(np.diag(gram), _RIDGE)
    return np.linalg.solve(gram, weighted.T @ y[rows])
