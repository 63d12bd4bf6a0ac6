"""P values adjusted for the number of questions asked at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values so that the chance of any false finding in the family stays below the level.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        P values of one family, between 0 and 1; NaN where a test could not be done.

    Returns
    -------
    ndarray of float, shape (m,)
        Adjusted p values in the same order, at most 1; NaN stays NaN and does not count to m.

    Raises
    ------
    EstimationError
        If a p value is not between 0 and 1.

    Notes
    -----
    The i-th smallest of m p values is multiplied by m − i + 1, and no adjusted value is below that
    of a smaller one. Valid however the tests depend on each other, never weaker than Bonferroni.

    References
    ----------
    Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65–70.
    """
    p = np.asarray(p_values, dtype=float)
    known = ~np.isnan(p)
    given = p[known]
    if np.any((given < 0) | (given > 1)):
        raise EstimationError("A p value is not between 0 and 1.", "Give probabilities.")
    order = np.argsort(given, kind="stable")
    factors = np.arange(len(given), 0, -1)
    rising = np.maximum.accumulate(given[order] * factors)
    adjusted = np.full(p.shape, np.nan)
    inside = np.empty(len(given))
    inside[order] = np.minimum(rising, 1.0)
    adjusted[known] = inside
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values so that the expected share of false findings stays below the level.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        P values of one family, between 0 and 1; NaN where a test could not be done.

    Returns
    -------
    ndarray of float, shape (m,)
        Adjusted p values in the same order, at most 1; NaN stays NaN and does not count to m.

    Raises
    ------
    EstimationError
        If a p value is not between 0 and 1.

    Notes
    -----
    The i-th smallest of m p values is multiplied by m/i, and no adjusted value is above that of a
    larger one. For independent or positively dependent tests. Where `holm` asks that nothing be
    found falsely, this lets a share of what is found be false: for many units compared at once.

    References
    ----------
    Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach
    to multiple testing. J R Stat Soc B 1995;57:289–300.
    """
    p = np.asarray(p_values, dtype=float)
    known = ~np.isnan(p)
    given = p[known]
    if np.any((given < 0) | (given > 1)):
        raise EstimationError("A p value is not between 0 and 1.", "Give probabilities.")
    order = np.argsort(-given, kind="stable")
    factors = len(given) / np.arange(len(given), 0, -1)
    adjusted = np.full(p.shape, np.nan)
    inside = np.empty(len(given))
    inside[order] = np.minimum(np.minimum.accumulate(given[order] * factors), 1.0)
    adjusted[known] = inside
    return adjusted
