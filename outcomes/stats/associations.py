"""Many predictors against one outcome, each on its own, within groups and given covariates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.inference import inference_table
from outcomes.stats.sandwich import sum_by

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Share of a predictor's variation that must be its own, not the covariates'.
_OWN = 1e-8


def associations(
    outcome: Floats,
    predictors: Floats,
    covariates: Floats,
    *,
    group: Ints,
    cluster: Ints,
    level: float = 0.95,
) -> pd.DataFrame:
    """Regress each outcome on each predictor in turn, given covariates and the level of each group.

    Parameters
    ----------
    outcome : ndarray of float, shape (n,) or (n, m)
        Outcomes.
    predictors : ndarray of float, shape (n, k)
        Predictors, one model each.
    covariates : ndarray of float, shape (n, q)
        What every model holds too, without a constant.
    group : ndarray of int, shape (n,)
        Codes of groups, from 0; each has a level of its own.
    cluster : ndarray of int, shape (n,)
        Codes of clusters, from 0, whose rows may depend on each other.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        One row a pair, predictors of the first outcome first: estimate (change of the outcome by
        unit of the predictor), std_error, df (clusters − 1), p_value, conf_low, conf_high. Missing
        where the predictor does not vary beyond what groups and covariates explain.

    Raises
    ------
    EstimationError
        If a number is missing or infinite, or there are fewer than two clusters.

    Notes
    -----
    Groups and covariates are partialled out of outcome and predictors first (Frisch, Waugh,
    Lovell), so that the slopes are those of the models with a dummy for each group. Standard errors
    are CR1 as in `sandwich.clustered`, with n − p counting the dummies.

    References
    ----------
    Lovell MC. Seasonal adjustment of economic time series and multiple regression analysis. J Am
    Stat Assoc 1963;58:993–1010.
    """
    both = np.column_stack([outcome, predictors])
    m = both.shape[1] - predictors.shape[1]
    if not (np.isfinite(both).all() and np.isfinite(covariates).all()):
        raise EstimationError(
            "An outcome, a predictor or a covariate is missing or infinite.",
            "Leave those rows out.",
        )
    clusters = int(cluster.max(initial=-1)) + 1
    if clusters < 2:
        raise EstimationError(
            "All rows belong to one cluster: no standard error can be had.", "Use more clusters."
        )
    groups = int(group.max(initial=-1)) + 1
    size = np.maximum(np.bincount(group, minlength=groups), 1)[:, None]

    def within(values: Floats) -> Floats:
        return np.asarray(values - (sum_by(values, group, groups) / size)[group])

    own = within(both)
    given = within(np.asarray(covariates, dtype=float))
    # Scaled, so that the generalised inverse drops what groups explain and nothing else.
    spread = np.sqrt(np.einsum("ij,ij->j", given, given))
    given = given / np.where(spread > 0, spread, 1.0)
    free = own - given @ (np.linalg.pinv(given.T @ given, hermitian=True) @ (given.T @ own))
    y, x = free[:, :m], free[:, m:]
    n, p = len(y), groups + given.shape[1] + 1
    variation = np.einsum("ij,ij->j", x, x)
    total = np.sum((predictors - predictors.mean(axis=0)) ** 2, axis=0)
    usable = (variation > _OWN * total) & (n > p)
    variation = np.where(usable, variation, np.nan)
    slopes = (y.T @ x) / variation
    errors = np.full_like(slopes, np.nan)
    factor = clusters / (clusters - 1) * (n - 1) / max(n - p, 1)
    for row in range(m):
        rest = y[:, [row]] - x * slopes[row]
        scores = sum_by(x * rest, cluster, clusters)
        errors[row] = np.sqrt(factor * np.einsum("ij,ij->j", scores, scores)) / variation
    estimate, error = slopes.ravel(), errors.ravel()
    df = np.full(len(estimate), float(clusters - 1))
    table = inference_table([""] * len(estimate), estimate, error, df, level)
    return table[["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]]
