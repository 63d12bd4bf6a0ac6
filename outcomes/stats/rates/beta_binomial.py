"""Beta-binomial regression: days out of a number of days, with more spread than coin tosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln, polygamma

from outcomes.errors import EstimationError
from outcomes.stats.design import build_design, positive_column, subject_codes
from outcomes.stats.inference import Uncertainty, constant_df
from outcomes.stats.rates.families import Family
from outcomes.stats.rates.problem import Problem, orthonormalise, row_weights
from outcomes.stats.rates.result import RateFit
from outcomes.stats.rates.scoring import PREDICTOR_TOLERANCE, fisher_scoring
from outcomes.stats.sandwich import sum_by

BetaBinomialVariance = Literal["model", "robust"]
_MOST_STEPS = 200
# Beyond this precision the beta-binomial is the binomial to eight digits.
_BINOMIAL = 1e8


def fit_beta_binomial(
    formula: str,
    data: pd.DataFrame,
    *,
    trials: int | str,
    subject: str | None = None,
    weights: str | None = None,
    variance: BetaBinomialVariance = "model",
) -> RateFit:
    """Fit a beta-binomial model of bounded counts by maximum likelihood.

    Parameters
    ----------
    formula : str
        Number of days (successes) on the left, 0 to `trials`.
    data : pandas.DataFrame
        One row per subject and period.
    trials : int or str
        Number of days (trials), the same for all rows or a column above zero.
    subject : str, optional
        Column naming the subject, for the robust variance; without it rows are independent.
    weights : str, optional
        Column of positive weights of rows.
    variance : {"model", "robust"}
        model: inverse observed information, as glmmTMB; robust: sandwich of the scores per subject.

    Returns
    -------
    RateFit
        Coefficients are log odds ratios of a day; φ is the `dispersion`, larger is closer to
        binomial, with its standard error from the joint information. ``means(per=28)`` gives days
        in 28. Normal reference.

    Raises
    ------
    EstimationError
        If a count is outside 0 to trials, a group has none or all of its days, the design is
        rank-deficient, or the fit does not converge.

    Notes
    -----
    p = expit(Xb), days ~ Binomial(n, π) with π ~ Beta(pφ, (1 − p)φ), so the variance is
    n p (1 − p) (1 + (n − 1)/(φ + 1)). Rows with a missing value are left out and counted; valid
    where missingness depends on covariates only.

    References
    ----------
    Di Tanna GL, Porter JK, Lipton RB, et al. Migraine day frequency in migraine prevention:
    longitudinal modelling approaches. BMC Med Res Methodol 2019;19:20.
    """
    columns = [c for c in (subject, weights) if c] + ([trials] if isinstance(trials, str) else [])
    design = build_design(formula, data, columns)
    rows = len(design.response)
    if isinstance(trials, str):
        remedy = "Leave out periods in which nothing was observed."
        n = positive_column(design, trials, "Number of trials", remedy)
    else:
        n = np.full(rows, float(trials))
    y = design.response
    if np.any(y < 0) or np.any(y > n):
        raise EstimationError(
            f"{int(np.sum((y < 0) | (y > n)))} count(s) are outside 0 to the number of trials.",
            "Correct the counts or the number of trials.",
        )
    if y.max() == 0 or np.all(y == n):
        raise EstimationError(
            "The outcome never or always occurs.",
            "Report the count with an interval (intervals.wilson) instead of a model.",
        )
    w = row_weights(design, weights)
    q, back = orthonormalise(design.matrix)
    position, point, notes = _maximise(q, y, n, w)
    if np.any(np.abs(q @ position[: q.shape[1]]) > 14):
        raise EstimationError(
            "The outcome never or always occurs in some group.",
            "Pool that level with another or leave it out, and report its count beside the model.",
        )
    covariance = np.linalg.inv(-point.hessian)
    n_subjects = rows
    if variance == "robust":
        scores = point.scores
        if subject is not None:
            codes, labels = subject_codes(design.frame[subject])
            n_subjects = len(labels)
            scores = sum_by(scores, codes, n_subjects)
        covariance = covariance @ (scores.T @ scores) @ covariance
    elif variance != "model":
        raise EstimationError(f"Unknown variance {variance!r}.", "Use 'model' or 'robust'.")
    p = q.shape[1]
    free = len(position) > p
    return RateFit(
        design=design,
        beta=back @ position[:p],
        uncertainty=Uncertainty(back @ covariance[:p, :p] @ back.T, constant_df(np.inf)),
        link="logit",
        method=f"Beta-binomial, maximum likelihood, {variance} std. errors",
        n_subjects=n_subjects,
        weights=w,
        scale=1.0,
        working_correlation=0.0,
        dispersion=float(np.exp(position[p])) if free else float("inf"),
        dispersion_std_error=(
            float(np.exp(position[p]) * np.sqrt(covariance[p, p])) if free else float("nan")
        ),
        log_likelihood=point.value,
        notes=(*design.notes, *notes),
    )


@dataclass(frozen=True)
class _Point:
    """Log-likelihood, scores per row and second derivatives at one set of parameters."""

    value: float
    scores: NDArray[np.float64]
    hessian: NDArray[np.float64]


def _maximise(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    n: NDArray[np.float64],
    w: NDArray[np.float64],
) -> tuple[NDArray[np.float64], _Point, tuple[str, ...]]:
    """Climb by Newton steps in (coefficients, log φ) from the binomial fit."""
    binomial = Family("binomial", "logit")
    problem = Problem(X, y / n, np.zeros(len(y)), w * n)
    coefficients = fisher_scoring(binomial, problem)
    mean = problem.mean(binomial, coefficients)
    pearson = w @ ((y - n * mean) ** 2 / (n * mean * (1 - mean))) / w.sum()
    alike = np.clip((pearson - 1) / max(np.average(n, weights=w) - 1, 1e-6), 1e-3, 0.95)
    position = np.append(coefficients, np.log(1 / alike - 1))
    point = _point(X, y, n, w, position)
    for _ in range(_MOST_STEPS):
        values, vectors = np.linalg.eigh(-point.hessian)
        gradient = point.scores.sum(axis=0)
        uphill = np.maximum(np.abs(values), 1e-8 * values[-1])
        step = vectors @ ((vectors.T @ gradient) / uphill)
        step *= min(1.0, 2.0 / max(abs(float(step[-1])), 1e-300))
        size = 1.0
        while True:
            trial = position + size * step
            new = _point(X, y, n, w, trial)
            if new.value >= point.value - 1e-13 * abs(point.value) or size < 1e-6:
                break
            size /= 2
        position, point = trial, new
        if position[-1] > np.log(_BINOMIAL):
            note = "The counts vary no more than binomial counts: φ is infinite."
            return coefficients, _binomial_point(X, y, n, w, coefficients), (note,)
        moved = max(float(np.max(np.abs(X @ step[:-1]))), abs(float(step[-1])))
        if moved < PREDICTOR_TOLERANCE:
            return position, point, ()
    raise EstimationError(
        f"The beta-binomial did not converge in {_MOST_STEPS} steps.",
        "Look for a group in which the outcome never or always occurs, or use fewer terms.",
    )


def _point(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    n: NDArray[np.float64],
    w: NDArray[np.float64],
    position: NDArray[np.float64],
) -> _Point:
    """Evaluate the likelihood; digamma differences keep it smooth in fractional counts too."""
    f = float(np.exp(np.clip(position[-1], -20, 20)))
    # Held off 0 and 1, where a group without (or full of) events would take it.
    p = np.clip(expit(X @ position[:-1]), 1e-12, 1 - 1e-12)
    v, a, b = p * (1 - p), p * f, (1 - p) * f
    value = w @ (
        gammaln(n + 1)
        - gammaln(y + 1)
        - gammaln(n - y + 1)
        + (gammaln(y + a) - gammaln(a))
        + (gammaln(n - y + b) - gammaln(b))
        + (gammaln(f) - gammaln(n + f))
    )
    up, down = digamma(y + a) - digamma(a), digamma(n - y + b) - digamma(b)
    up2 = polygamma(1, y + a) - polygamma(1, a)
    down2 = polygamma(1, n - y + b) - polygamma(1, b)
    by_f = p * up + (1 - p) * down + digamma(f) - digamma(n + f)
    by_ff = p**2 * up2 + (1 - p) ** 2 * down2 + polygamma(1, f) - polygamma(1, n + f)
    by_eta = f * v * (up - down)
    by_eta_eta = f * v * (1 - 2 * p) * (up - down) + (f * v) ** 2 * (up2 + down2)
    by_eta_f = v * (up - down) + f * v * (p * up2 - (1 - p) * down2)
    k = X.shape[1]
    hessian = np.empty((k + 1, k + 1))
    hessian[:k, :k] = (X * (w * by_eta_eta)[:, None]).T @ X
    hessian[:k, k] = hessian[k, :k] = f * X.T @ (w * by_eta_f)
    hessian[k, k] = w @ (f**2 * by_ff + f * by_f)
    scores = np.column_stack([X * (w * by_eta)[:, None], w * f * by_f])
    return _Point(float(value), scores, hessian)


def _binomial_point(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    n: NDArray[np.float64],
    w: NDArray[np.float64],
    coefficients: NDArray[np.float64],
) -> _Point:
    """Evaluate the binomial limit."""
    p = expit(X @ coefficients)
    constant = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    value = w @ (constant + y * np.log(p) + (n - y) * np.log1p(-p))
    hessian = -(X * (w * n * p * (1 - p))[:, None]).T @ X
    return _Point(float(value), X * (w * (y - n * p))[:, None], hessian)
