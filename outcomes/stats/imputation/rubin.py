"""Combine estimates from several imputations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import EstimationError
from outcomes.stats.inference import inference_table


def pool(
    estimates: ArrayLike,
    std_errors: ArrayLike,
    *,
    df: ArrayLike = np.inf,
    terms: Sequence[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rubin's rules with the degrees of freedom of Barnard and Rubin.

    Parameters
    ----------
    estimates, std_errors : array_like of float, shape (M, k)
        Estimates and standard errors from each of M imputed data sets.
    df : array_like of float
        Degrees of freedom with complete data, one or k; infinite unless given.
    terms : sequence of str, optional
        Names of the k estimates.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        term, estimate, std_error, df, t, p_value, conf_low, conf_high, within, between, riv
        (relative increase of the variance), lambda (share of the variance due to what is missing),
        fmi (fraction of information missing), monte_carlo_error (of the estimate, √(B/M)).

    Raises
    ------
    EstimationError
        For fewer than two imputations, shapes that differ, or values that are missing or negative.

    Notes
    -----
    With W the mean of the squared standard errors and B the variance of the estimates over
    imputations, T = W + (1 + 1/M) B, λ = (1 + 1/M) B/T, ν_old = (M − 1)/λ²,
    ν_obs = (ν + 1)/(ν + 3) ν (1 − λ), df = 1/(1/ν_old + 1/ν_obs), riv = (1 + 1/M) B/W and
    fmi = (riv + 2/(df + 3))/(1 + riv).

    References
    ----------
    Rubin DB. Multiple imputation for nonresponse in surveys. Wiley 1987. Barnard J, Rubin DB.
    Small-sample degrees of freedom with multiple imputation. Biometrika 1999;86:948–955.
    """
    found, errors = np.atleast_2d(estimates), np.atleast_2d(std_errors)
    found, errors = found.astype(float), errors.astype(float)
    if found.shape != errors.shape or len(found) < 2:
        raise EstimationError(
            f"Estimates have shape {found.shape} and standard errors {errors.shape}.",
            "Give one row an imputation, two or more, and one column an estimate.",
        )
    if not (np.isfinite(found).all() and np.isfinite(errors).all() and (errors >= 0).all()):
        raise EstimationError(
            "An estimate is missing, or a standard error missing or negative.",
            "Find out which imputed data set could not be analysed.",
        )
    M, k = found.shape
    complete = np.broadcast_to(np.asarray(df, dtype=float), (k,))
    if not (complete > 0).all():
        raise EstimationError("Degrees of freedom must be positive.", "Give n − p, or infinity.")
    within = (errors**2).mean(axis=0)
    between = found.var(axis=0, ddof=1)
    extra = (1 + 1 / M) * between
    total = within + extra
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, extra / total, 0.0)
        old = (M - 1) / share**2
        finite = np.isfinite(complete)
        some = np.where(finite, complete, 1.0)
        seen = np.where(finite, (some + 1) / (some + 3) * some * (1 - share), np.inf)
        joint = 1 / (1 / old + 1 / seen)
        riv = extra / within
        fmi = np.where(np.isinf(riv), 1.0, (riv + 2 / (joint + 3)) / (1 + riv))
    names = [f"estimate {i + 1}" for i in range(k)] if terms is None else list(terms)
    out = inference_table(names, found.mean(axis=0), np.sqrt(total), joint, level)
    return out.assign(
        **{
            "within": within,
            "between": between,
            "riv": riv,
            "lambda": share,
            "fmi": np.where(between > 0, fmi, 0.0),
            "monte_carlo_error": np.sqrt(between / M),
        }
    )
