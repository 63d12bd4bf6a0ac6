"""Fit rates with exposure and proportions, for subjects seen more than once."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design, build_design, subject_codes
from outcomes.stats.inference import Uncertainty, constant_df
from outcomes.stats.rates.equations import Correlation, Solution, solve_equations
from outcomes.stats.rates.families import Family
from outcomes.stats.rates.negative_binomial_likelihood import maximise
from outcomes.stats.rates.problem import Problem, count_problem, orthonormalise, row_weights
from outcomes.stats.rates.result import RateFit
from outcomes.stats.sandwich import ClusterSums, clustered

RateFamily = Literal["poisson", "negative_binomial"]
RateVariance = Literal["robust", "cr2", "model"]
# Below this number of subjects the plain sandwich is too small to be left without a word.
_FEW_SUBJECTS = 40


def fit_rate_gee(
    formula: str,
    data: pd.DataFrame,
    *,
    subject: str,
    exposure: str | None = None,
    weights: str | None = None,
    family: RateFamily = "poisson",
    correlation: Correlation = "independence",
    variance: RateVariance = "robust",
) -> RateFit:
    """Fit a log-linear model of rates by generalised estimating equations.

    Parameters
    ----------
    formula : str
        Counts on the left, such as ``"days ~ group * visit + baseline"``. With the Poisson family
        the counts may be fractional.
    data : pandas.DataFrame
        One row per subject and period.
    subject : str
        Column naming the subject (or cluster): rows of one are dependent.
    exposure : str, optional
        Column of exposures above zero (days observed); its logarithm is an offset.
    weights : str, optional
        Column of positive weights of rows.
    family : {"poisson", "negative_binomial"}
        Working variance μ, or μ + μ²/θ with θ by maximum likelihood under independence.
    correlation : {"independence", "exchangeable"}
        Working correlation. Weights that vary within a subject need independence.
    variance : {"robust", "cr2", "model"}
        robust: sandwich, normal reference; cr2: bias-reduced sandwich with t and Satterthwaite df,
        for few subjects or clusters; model: trusts the working model.

    Returns
    -------
    RateFit
        Coefficients are log rate ratios.

    Raises
    ------
    EstimationError
        For zero or negative exposure, negative counts, a group without events, a rank-deficient
        design, fewer than two subjects, or no convergence.

    Notes
    -----
    log E(count) = log(exposure) + Xb. Rows with a missing value are left out and counted; that is
    unbiased where missingness depends on covariates only, or with weights 1/P(observed), which in
    turn need independence.

    References
    ----------
    Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
    1986;73:13–22.
    """
    if family not in ("poisson", "negative_binomial"):
        raise EstimationError(
            f"Unknown family {family!r}.", "Use 'poisson' or 'negative_binomial'."
        )
    design, problem, back = count_problem(formula, data, exposure, weights, [subject])
    if family == "poisson":
        working = Family("Poisson", "log")
        return _estimate(design, problem, back, working, subject, correlation, variance)
    maximum = maximise(problem)
    working = Family("negative binomial", "log", maximum.excess)
    fit = _estimate(design, problem, back, working, subject, correlation, variance)
    return replace(fit, dispersion=maximum.theta, notes=(*fit.notes, *maximum.notes))


def fit_proportion_gee(
    formula: str,
    data: pd.DataFrame,
    *,
    subject: str,
    weights: str | None = None,
    correlation: Correlation = "independence",
    variance: RateVariance = "robust",
) -> RateFit:
    """Fit a logistic model of yes or no by generalised estimating equations.

    Parameters
    ----------
    formula : str
        A 0/1 outcome (or a proportion) on the left.
    data : pandas.DataFrame
        One row per subject and occasion.
    subject, weights, correlation, variance
        As for `fit_rate_gee`.

    Returns
    -------
    RateFit
        Coefficients are log odds ratios; `RateFit.means` gives proportions and
        `RateFit.compare` risk ratios or differences.

    Raises
    ------
    EstimationError
        If the outcome is not within 0 and 1, never or always occurs, or the fit does not converge
        (a group in which it never or always occurs).

    Notes
    -----
    logit E(outcome) = Xb. Rows with a missing value are left out and counted.

    References
    ----------
    Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
    1986;73:13–22.
    """
    design = build_design(formula, data, [c for c in (subject, weights) if c])
    y = design.response
    if y.min() < 0 or y.max() > 1:
        raise EstimationError(
            "The outcome is not within 0 and 1.", "Code it as 0 and 1, or as a proportion."
        )
    if y.max() == 0 or y.min() == 1:
        raise EstimationError(
            "The outcome is the same in every row.",
            "Report the count with an interval (intervals.wilson) instead of a model.",
        )
    matrix, back = orthonormalise(design.matrix)
    problem = Problem(matrix, y, np.zeros(len(y)), row_weights(design, weights))
    working = Family("binomial", "logit")
    fit = _estimate(design, problem, back, working, subject, correlation, variance)
    fitted = design.matrix @ fit.beta
    # Nobody is sure to one in a million: such a fit is on its way to infinity.
    sure = np.abs(fitted) > 14
    if sure.any():
        raise EstimationError(
            f"The outcome never or always occurs in a group of {int(sure.sum())} row(s).",
            "Pool that level with another or leave it out, and report its count beside the model.",
        )
    return fit


def _estimate(
    design: Design,
    problem: Problem,
    back: NDArray[np.float64],
    working: Family,
    subject: str,
    correlation: Correlation,
    variance: RateVariance,
) -> RateFit:
    """Solve the equations and put the result into the terms of the formula."""
    if correlation not in ("independence", "exchangeable"):
        raise EstimationError(
            f"Unknown correlation {correlation!r}.", "Use 'independence' or 'exchangeable'."
        )
    codes, labels = subject_codes(design.frame[subject])
    if correlation == "exchangeable" and _vary_within(problem.weights, codes):
        raise EstimationError(
            "Weights vary within a subject and the working correlation is exchangeable.",
            "Use correlation='independence'; the other is not consistent with such weights.",
        )
    solution = solve_equations(
        working, problem, codes, len(labels), correlation, by_subject=variance == "cr2"
    )
    few: tuple[str, ...] = ()
    if variance == "robust" and len(labels) < _FEW_SUBJECTS:
        few = (
            f"{len(labels)} subjects: a robust variance with a normal reference is too small; "
            "variance='cr2' is made for this.",
        )
    return RateFit(
        design=design,
        beta=back @ solution.coefficients,
        uncertainty=_uncertainty(solution, back, variance),
        link=working.link,
        method=f"GEE, {working.name} variance, {correlation} correlation, {variance} std. errors",
        n_subjects=len(labels),
        weights=problem.weights,
        scale=solution.scale,
        working_correlation=solution.alpha,
        dispersion=float("nan"),
        dispersion_std_error=float("nan"),
        log_likelihood=float("nan"),
        notes=(*design.notes, *solution.notes, *few),
    )


def _uncertainty(
    solution: Solution, back: NDArray[np.float64], variance: RateVariance
) -> Uncertainty:
    """Choose the covariance, in the coordinates of the formula."""
    sums = ClusterSums(
        root=back @ solution.sums.root,
        information=solution.sums.information,
        scores=solution.sums.scores,
        n=solution.sums.n,
    )
    if variance == "cr2":
        return clustered(sums, "cr2")
    if variance == "robust":
        return Uncertainty(clustered(sums, "cr0").covariance, constant_df(np.inf))
    if variance == "model":
        return Uncertainty(solution.scale * sums.root @ sums.root.T, constant_df(np.inf))
    raise EstimationError(f"Unknown variance {variance!r}.", "Use 'robust', 'cr2' or 'model'.")


def _vary_within(weights: NDArray[np.float64], codes: NDArray[np.intp]) -> bool:
    """Whether a subject has rows of different weight."""
    first = np.zeros(codes.max() + 1)
    first[codes[::-1]] = weights[::-1]
    return bool(np.any(np.abs(weights - first[codes]) > 1e-12 * weights))
