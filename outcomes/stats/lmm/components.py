"""Variance components in the units of the data, and the edges they may lie on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.stats.lmm.optimise import Structure

INTERCEPT = "(Intercept)"


def boundary_name(
    theta: NDArray[np.float64], structure: Structure, covariance: NDArray[np.float64]
) -> str:
    """Name the edge of the parameter space that an estimate lies on.

    Parameters
    ----------
    theta : ndarray of float, shape (3,)
        Cholesky factor in the coordinates of the sums.
    structure : {"intercept", "uncorrelated", "correlated"}
        Free entries.
    covariance : ndarray of float, shape (1, 1) or (2, 2)
        Covariance of the random effects in the units of the data.

    Returns
    -------
    str
        In words; empty inside the space.
    """
    a, b, c = theta
    if a == b == c == 0:
        return "the variance between subjects is zero"
    if structure == "intercept" or (a > 0 and c > 0):
        return ""
    if structure == "uncorrelated":
        return f"the variance of the {'intercept' if a == 0 else 'slope'} is zero"
    if b == c == 0:
        return "the variance of the slope is zero"
    sign = "+1" if covariance[0, 1] > 0 else "-1"
    return f"the correlation of intercept and slope is {sign}"


def component_table(
    covariance: NDArray[np.float64],
    structure: Structure,
    subject: str,
    slope: str | None,
    sigma2: float,
) -> pd.DataFrame:
    """Tabulate variances, covariance and residual variance.

    Parameters
    ----------
    covariance : ndarray of float, shape (1, 1) or (2, 2)
        Covariance of the random effects.
    structure : {"intercept", "uncorrelated", "correlated"}
        Whether a covariance is estimated.
    subject : str
        Column naming the subject.
    slope : str, optional
        Column with the random slope.
    sigma2 : float
        Residual variance.

    Returns
    -------
    pandas.DataFrame
        group, term, other_term (for a covariance), variance (or covariance), sd_or_correlation.
    """
    names = [INTERCEPT] if slope is None else [INTERCEPT, slope]
    rows: list[tuple[str, str, str, float, float]] = [
        (subject, name, "", float(covariance[k, k]), float(np.sqrt(covariance[k, k])))
        for k, name in enumerate(names)
    ]
    if structure == "correlated":
        scale = np.sqrt(covariance[0, 0] * covariance[1, 1])
        both = float(covariance[0, 1])
        correlation = float(both / scale) if scale > 0 else float("nan")
        rows.append((subject, names[0], names[1], both, correlation))
    rows.append(("Residual", "", "", sigma2, float(np.sqrt(sigma2))))
    columns = ["group", "term", "other_term", "variance", "sd_or_correlation"]
    return pd.DataFrame(rows, columns=columns)
