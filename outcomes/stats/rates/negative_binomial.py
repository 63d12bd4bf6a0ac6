"""Negative binomial regression of independent counts."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from outcomes.errors import EstimationError
from outcomes.stats.inference import Uncertainty, constant_df
from outcomes.stats.rates.families import Family
from outcomes.stats.rates.negative_binomial_likelihood import maximise
from outcomes.stats.rates.problem import count_problem
from outcomes.stats.rates.result import RateFit

Information = Literal["expected", "observed"]


def fit_negative_binomial(
    formula: str,
    data: pd.DataFrame,
    *,
    exposure: str | None = None,
    weights: str | None = None,
    information: Information = "expected",
) -> RateFit:
    """Fit a negative binomial model of independent counts by maximum likelihood.

    Parameters
    ----------
    formula : str
        Whole counts on the left.
    data : pandas.DataFrame
        One row per subject. For several rows a subject use `fit_rate_gee`.
    exposure : str, optional
        Column of exposures above zero; its logarithm is an offset.
    weights : str, optional
        Column of positive frequency weights.
    information : {"expected", "observed"}
        Where standard errors come from. expected: as MASS::glm.nb, coefficients apart from θ;
        observed: second derivatives of the likelihood in all parameters, as glmmTMB.

    Returns
    -------
    RateFit
        With θ as `dispersion`, its standard error (observed information, θ alone, as glm.nb) and
        the log-likelihood; normal reference.

    Raises
    ------
    EstimationError
        For counts that are not whole, zero exposure, a group without events, a rank-deficient
        design or no convergence.

    Notes
    -----
    Variance μ + μ²/θ. Where the counts vary no more than Poisson counts θ is infinite, the Poisson
    fit is returned, and a note says so.

    References
    ----------
    Lawless JF. Negative binomial and mixed Poisson regression. Can J Stat 1987;15:209–225.
    Venables WN, Ripley BD. Modern applied statistics with S. 4th ed. Springer 2002, section 7.4.
    """
    design, problem, back = count_problem(formula, data, exposure, weights)
    maximum = maximise(problem)
    p = problem.matrix.shape[1]
    if information == "observed":
        covariance = np.linalg.inv(-maximum.hessian)[:p, :p]
    elif information == "expected":
        working = Family("negative binomial", "log", maximum.excess)
        mean = problem.mean(working, maximum.coefficients)
        worth = problem.weights * mean**2 / working.variance(mean)
        covariance = np.linalg.inv((problem.matrix * worth[:, None]).T @ problem.matrix)
    else:
        raise EstimationError(
            f"Unknown information {information!r}.", "Use 'expected' or 'observed'."
        )
    theta = maximum.theta
    curvature = maximum.excess_curvature
    return RateFit(
        design=design,
        beta=back @ maximum.coefficients,
        uncertainty=Uncertainty(back @ covariance @ back.T, constant_df(np.inf)),
        link="log",
        method=f"Negative binomial, maximum likelihood, {information} information",
        n_subjects=len(design.response),
        weights=problem.weights,
        scale=1.0,
        working_correlation=0.0,
        dispersion=theta,
        dispersion_std_error=theta**2 / np.sqrt(-curvature) if curvature < 0 else float("nan"),
        log_likelihood=maximum.log_likelihood,
        notes=(*design.notes, *maximum.notes),
    )
