"""From a formula to the numbers a likelihood or an estimating equation works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design, build_design, positive_column
from outcomes.stats.rates.families import Family, inverse_link
from outcomes.stats.rates.separation import refuse_empty_groups


@dataclass(frozen=True)
class Problem:
    """Data of a generalised linear model.

    Parameters
    ----------
    matrix : ndarray of float, shape (n, p)
        Orthonormal design.
    response : ndarray of float, shape (n,)
        Counts or proportions.
    offset : ndarray of float, shape (n,)
        Known part of the linear predictor, log exposure.
    weights : ndarray of float, shape (n,)
        Positive weights.
    """

    matrix: NDArray[np.float64]
    response: NDArray[np.float64]
    offset: NDArray[np.float64]
    weights: NDArray[np.float64]

    def mean(self, family: Family, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give fitted means.

        Parameters
        ----------
        family : Family
            Link and variance.
        coefficients : ndarray of float, shape (p,)
            Coefficients of the orthonormal design.

        Returns
        -------
        ndarray of float, shape (n,)
            Means.
        """
        return inverse_link(family.link, self.offset + self.matrix @ coefficients)


def orthonormalise(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give an orthonormal design and the way back to the coefficients of the formula.

    Parameters
    ----------
    matrix : ndarray of float, shape (n, p)
        Design X = QR.

    Returns
    -------
    orthonormal : ndarray of float, shape (n, p)
        Q.
    back : ndarray of float, shape (p, p)
        R⁻¹: coefficients of X are R⁻¹ times those of Q.
    """
    q, r = np.linalg.qr(matrix)
    return q, np.linalg.inv(r)


def row_weights(design: Design, column: str | None) -> NDArray[np.float64]:
    """Take the weights of the rows used, 1 without a column.

    Parameters
    ----------
    design : Design
        Design whose frame holds the column.
    column : str, optional
        Its name.

    Returns
    -------
    ndarray of float, shape (n,)
        Positive weights.

    Raises
    ------
    EstimationError
        If a weight is not positive and finite.
    """
    if column is None:
        return np.ones(len(design.response))
    return positive_column(design, column, "Weight", "Leave rows of weight zero out.")


def count_problem(
    formula: str,
    data: pd.DataFrame,
    exposure: str | None,
    weights: str | None,
    also: Sequence[str] = (),
) -> tuple[Design, Problem, NDArray[np.float64]]:
    """Read a model of counts and refuse what has no estimate.

    Parameters
    ----------
    formula : str
        Counts on the left.
    data : pandas.DataFrame
        One row per observation.
    exposure, weights : str, optional
        Columns above zero.
    also : sequence of str
        Further columns that must be complete.

    Returns
    -------
    design : Design
        Matrices and rows used.
    problem : Problem
        The same with orthonormal design and log exposure as offset.
    back : ndarray of float, shape (p, p)
        From coefficients of the problem to those of the design.

    Raises
    ------
    EstimationError
        For negative counts, exposure or weights that are not positive, or a group without events.
    """
    design = build_design(formula, data, [*also, *(c for c in (exposure, weights) if c)])
    offset = np.zeros(len(design.response))
    if exposure is not None:
        remedy = "Leave out periods in which nothing was observed."
        offset = np.log(positive_column(design, exposure, "Exposure", remedy))
    if np.any(design.response < 0):
        raise EstimationError(
            f"{int(np.sum(design.response < 0))} count(s) are negative.",
            "Give counts of 0 or more.",
        )
    refuse_empty_groups(design.matrix, design.response, design.names)
    matrix, back = orthonormalise(design.matrix)
    return design, Problem(matrix, design.response, offset, row_weights(design, weights)), back
