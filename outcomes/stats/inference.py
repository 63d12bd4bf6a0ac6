"""Tables of estimates: coefficients and contrasts with their uncertainty.

One form for every model: a covariance matrix, and a rule that gives degrees of freedom to a linear
combination of coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError
from outcomes.stats.intervals import t_interval

Contrast = Mapping[str, float] | Mapping[str, Mapping[str, float]] | ArrayLike


@dataclass(frozen=True)
class Uncertainty:
    """Covariance of the coefficients and degrees of freedom of their combinations.

    Parameters
    ----------
    covariance : ndarray of float, shape (p, p)
        Estimated covariance of the coefficients.
    degrees_of_freedom : callable
        Takes combinations, shape (k, p), and gives k degrees of freedom (infinity for a normal
        reference).
    """

    covariance: NDArray[np.float64]
    degrees_of_freedom: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def std_error(self, combinations: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give standard errors of combinations of the coefficients.

        Parameters
        ----------
        combinations : ndarray of float, shape (k, p)
            One combination a row.

        Returns
        -------
        ndarray of float, shape (k,)
            Square roots of the variances.
        """
        variance = np.einsum("kp,pq,kq->k", combinations, self.covariance, combinations)
        return np.sqrt(np.maximum(variance, 0.0))


def constant_df(df: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Make the rule that gives every combination the same degrees of freedom.

    Parameters
    ----------
    df : float
        Degrees of freedom; infinity for a normal reference.

    Returns
    -------
    callable
        Rule for `Uncertainty`.
    """
    return lambda combinations: np.full(len(combinations), float(df))


def inference_table(
    terms: Sequence[str],
    estimate: NDArray[np.float64],
    std_error: NDArray[np.float64],
    df: NDArray[np.float64],
    level: float = 0.95,
    null: float = 0.0,
) -> pd.DataFrame:
    """Frame of estimates with t, p and interval.

    Parameters
    ----------
    terms : sequence of str
        Names of the k rows.
    estimate, std_error, df : ndarray of float, shape (k,)
        Estimates, standard errors, degrees of freedom (infinity: normal).
    level : float
        Confidence level.
    null : float
        Value tested.

    Returns
    -------
    pandas.DataFrame
        term, estimate, std_error, df, t, p_value (two-sided), conf_low, conf_high. With infinite df
        the column ``t`` is the normal deviate z.
    """
    low, high = t_interval(estimate, std_error, df, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (estimate - null) / std_error
        p = 2 * stats.t.sf(np.abs(t), np.where(df > 0, df, np.nan))
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "t": t,
            "p_value": p,
            "conf_low": low,
            "conf_high": high,
        }
    )


def combination_table(
    terms: Sequence[str],
    combinations: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    uncertainty: Uncertainty,
    level: float = 0.95,
    null: float = 0.0,
) -> pd.DataFrame:
    """Frame of linear combinations of coefficients, as `inference_table`.

    Parameters
    ----------
    terms : sequence of str
        Names of the k combinations.
    combinations : ndarray of float, shape (k, p)
        One combination a row.
    coefficients : ndarray of float, shape (p,)
        Coefficients of the fit.
    uncertainty : Uncertainty
        Their covariance and rule for degrees of freedom.
    level : float
        Confidence level.
    null : float
        Value tested.

    Returns
    -------
    pandas.DataFrame
        Columns of `inference_table`.
    """
    return inference_table(
        terms,
        combinations @ coefficients,
        uncertainty.std_error(combinations),
        uncertainty.degrees_of_freedom(combinations),
        level,
        null,
    )


def read_contrast(weights: Contrast, names: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Read combinations as rows of numbers, from the ways a person may write them.

    Parameters
    ----------
    weights : mapping or array_like
        ``{term: weight}`` for one contrast, ``{label: {term: weight}}`` for several, or numbers of
        shape (p,) or (k, p).
    names : sequence of str
        Names of the p coefficients.

    Returns
    -------
    labels : list of str
        Names of the k contrasts.
    combinations : ndarray of float, shape (k, p)
        One contrast a row.

    Raises
    ------
    EstimationError
        If a term is not in the model or the shape does not fit.
    """
    if isinstance(weights, Mapping):
        several = all(isinstance(value, Mapping) for value in weights.values())
        rows: dict[str, Any] = dict(weights) if several else {_label(weights): weights}
        position = {name: j for j, name in enumerate(names)}
        combinations = np.zeros((len(rows), len(names)))
        for i, row in enumerate(rows.values()):
            for term, weight in row.items():
                if term not in position:
                    raise EstimationError(
                        f"The model has no coefficient {term!r}.",
                        f"Use one of: {', '.join(names)}.",
                    )
                combinations[i, position[term]] = weight
        return [str(label) for label in rows], combinations
    combinations = np.atleast_2d(np.asarray(weights, dtype=float))
    if combinations.ndim != 2 or combinations.shape[1] != len(names):
        raise EstimationError(
            f"A contrast needs {len(names)} numbers, one for each coefficient.",
            f"The order is: {', '.join(names)}.",
        )
    return [f"contrast {i + 1}" for i in range(len(combinations))], combinations


def _label(weights: Mapping[str, object]) -> str:
    """Write a contrast out: ``1*groupb - 1*groupc``."""
    parts = [f"{weight:+g}*{term}" for term, weight in weights.items()]
    return " ".join(parts).removeprefix("+")
