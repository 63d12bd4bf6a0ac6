"""Slopes of a case-mix model: all subjects alike, or from differences within units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import expit, logit

from outcomes.errors import EstimationError
from outcomes.stats.rates.families import Family
from outcomes.stats.rates.problem import Problem, orthonormalise
from outcomes.stats.rates.scoring import fisher_scoring
from outcomes.stats.sandwich import sum_by

Floats = NDArray[np.float64]
_SURE = 14.0


def require_variation(x: Floats, codes: NDArray[np.intp], size: int, names: list[str]) -> None:
    """Refuse covariates that are a property of the unit.

    Parameters
    ----------
    x : ndarray of float, shape (n, p)
        Covariates.
    codes : ndarray of int, shape (n,)
        Unit of each subject, from 0.
    size : int
        Number of units.
    names : list of str
        Names of the covariates.

    Raises
    ------
    EstimationError
        Naming the covariates that do not vary within units.
    """
    count = np.bincount(codes, minlength=size)
    away = x - (sum_by(x, codes, size) / count[:, None])[codes]
    flat = [
        name
        for name, column, own in zip(names, away.T, x.T, strict=True)
        if np.sqrt((column**2).sum()) <= 1e-9 * np.sqrt((own**2).sum())
    ]
    if flat:
        raise EstimationError(
            f"{', '.join(flat)} does not vary within units: it cannot be told from the units.",
            "Leave it out, or use within_units=False.",
        )


def linear_slope(x: Floats, y: Floats, w: Floats, groups: NDArray[np.intp]) -> Floats:
    """Fit by weighted least squares with an intercept for each group.

    Parameters
    ----------
    x : ndarray of float, shape (n, p)
        Covariates, without an intercept.
    y : ndarray of float, shape (n,)
        Outcomes.
    w : ndarray of float, shape (n,)
        Weights.
    groups : ndarray of int, shape (n,)
        Group of each subject, from 0; all 0 for one intercept.

    Returns
    -------
    ndarray of float, shape (p,)
        Slopes.
    """
    size = int(groups.max()) + 1
    total = sum_by(w, groups, size)
    x = x - (sum_by(x * w[:, None], groups, size) / total[:, None])[groups]
    y = y - (sum_by(w * y, groups, size) / total)[groups]
    root = np.sqrt(w)
    return np.asarray(np.linalg.lstsq(x * root[:, None], root * y)[0])


def logistic_slope(x: Floats, y: Floats, w: Floats, groups: NDArray[np.intp]) -> tuple[Floats, int]:
    """Fit by logistic regression with an intercept for each group.

    Parameters
    ----------
    x : ndarray of float, shape (n, p)
        Covariates, without an intercept.
    y : ndarray of float, shape (n,)
        Outcomes.
    w : ndarray of float, shape (n,)
        Weights.
    groups : ndarray of int, shape (n,)
        Group of each subject, from 0; all 0 for one intercept.

    Returns
    -------
    slopes : ndarray of float, shape (p,)
        Log odds ratios.
    silent : int
        Groups left out because all or none have the outcome.

    Raises
    ------
    EstimationError
        If the outcome is not 0 and 1, or some group of subjects never or always has it.
    """
    if not np.isin(y, (0.0, 1.0)).all() or y.min() == y.max():
        raise EstimationError(
            "The outcome is not 0 in some rows and 1 in others.",
            "Code it as 0 and 1; where all are alike, report the count instead.",
        )
    size = int(groups.max()) + 1
    mean = sum_by(y, groups, size) / np.bincount(groups, minlength=size)
    speaks = (mean > 0) & (mean < 1)
    used = speaks[groups]
    if not speaks.any() or not x.shape[1]:
        return np.zeros(x.shape[1]), int((~speaks).sum())
    place = np.cumsum(speaks) - 1
    dummies = np.eye(int(speaks.sum()))[place[groups[used]]]
    matrix, back = orthonormalise(np.hstack([x[used], dummies]))
    problem = Problem(matrix, y[used], np.zeros(int(used.sum())), w[used])
    fitted = fisher_scoring(Family("binomial", "logit"), problem)
    # Nobody is sure to one in a million: such a fit is on its way to infinity.
    if np.abs(matrix @ fitted).max() > _SURE:
        raise EstimationError(
            "Some group of subjects never or always has the outcome.",
            "Pool that level with another, or use fewer terms.",
        )
    return (back @ fitted)[: x.shape[1]], int((~speaks).sum())


def level_intercept(predictor: Floats, y: Floats, w: Floats) -> float:
    """Find the intercept at which expected and observed agree over all subjects.

    Parameters
    ----------
    predictor : ndarray of float, shape (n,)
        Linear predictor without intercept, on the logit scale.
    y, w : ndarray of float, shape (n,)
        Outcomes (0/1) and weights.

    Returns
    -------
    float
        Intercept.
    """
    target = float(np.average(y, weights=w))
    middle = float(logit(target)) - np.array([predictor.max(), predictor.min()])

    def excess(intercept: float) -> float:
        return float(np.average(expit(predictor + intercept), weights=w) - target)

    if middle[0] == middle[1]:
        return float(middle[0])
    return float(optimize.brentq(excess, *middle, xtol=1e-12))
