"""Standard errors and degrees of freedom of linear combinations of the coefficients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ...errors import EstimationError
from .description import Description
from .fitted import Fitted
from .kenward_roger import adjusted_covariance, f_scale_and_df
from .observed import observed_covariance
from .rows import Rows
from .sandwich import sandwich

Array = NDArray[np.float64]
Df = Literal[
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "between-within",
    "residual",
    "none",
]
Vcov = Literal["model", "observed", "empirical", "bias-reduced", "jackknife"]
DfOf = Callable[[Array], Array]


def satterthwaite(fitted: Fitted, L: Array) -> Array:
    """Degrees of freedom 2 v^2 / (g'Wg) of each row of L, v its variance and g the slope of v.

    References
    ----------
    Fai AHT, Cornelius PL (1996). Journal of Statistical Computation and Simulation 54:363-378.
    """
    L = L @ fitted.transform
    point = fitted.optimum.point
    p = len(point.beta)
    side = L @ point.phi
    variance = np.einsum("lp,lp->l", side, L)
    K = fitted.optimum.derivative_products[:, :p, :p]
    slopes = np.einsum("hlq,lq->lh", side @ K, side)
    spread = np.einsum("lh,lh->l", slopes @ fitted.theta_covariance, slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, 2.0 * variance**2 / spread, np.inf)


def pooled_df(df: Array) -> float:
    """Denominator degrees of freedom of an F from those of its independent t statistics."""
    if len(df) == 1 or np.ptp(df) < 1.5e-8:
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    E = float(np.sum(df / (df - 2.0)))
    return 2.0 * E / (E - len(df))


def frame(
    estimate: Array, std_error: Array, df: Array, level: float, lead: pd.DataFrame
) -> pd.DataFrame:
    """Estimates with t, p and confidence limits, beside the columns of `lead`."""
    if not 0 < level < 1:
        raise EstimationError(f"A confidence level of {level} is not between 0 and 1.", "Use 0.95.")
    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimate / std_error
    half = stats.t.ppf((1 + level) / 2, df) * std_error
    numbers = pd.DataFrame(
        {
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "t": t,
            "p_value": 2 * stats.t.sf(np.abs(t), df),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )
    return pd.concat([lead.reset_index(drop=True), numbers], axis=1)


def uncertainty(
    fitted: Fitted, description: Description, rows: Rows | None, df: Df, vcov: Vcov
) -> tuple[Array, DfOf]:
    """Covariance of the centred coefficients (p, p), and the degrees of freedom of rows of L.

    Raises
    ------
    EstimationError
        For names unknown, for Kenward-Roger with an empirical covariance or without REML, and for
        empirical covariances of a fit to sums.
    """
    if df not in get_args(Df):
        raise EstimationError(f"No degrees of freedom named {df!r}.", f"Use one of {get_args(Df)}.")
    if vcov not in get_args(Vcov):
        raise EstimationError(f"No covariance named {vcov!r}.", f"Use one of {get_args(Vcov)}.")
    if df in ("kenward-roger", "kenward-roger-linear"):
        if vcov != "model":
            raise EstimationError(
                "Kenward-Roger brings its own covariance of the coefficients.",
                f"Use vcov='model', or df='satterthwaite' with vcov={vcov!r}.",
            )
        covariance = adjusted_covariance(fitted, linear=df == "kenward-roger-linear")
        return covariance, lambda L: satterthwaite(fitted, L)
    robust = None
    if vcov not in ("model", "observed"):
        if rows is None:
            raise EstimationError(
                f"The covariance {vcov!r} needs each subject's residuals, which sums do not hold.",
                "Fit the formula to the rows, or use vcov='model'.",
            )
        robust = sandwich(fitted, rows, vcov)
    covariance = fitted.optimum.point.phi if robust is None else robust.covariance
    if vcov == "observed":
        covariance = observed_covariance(fitted)
    if df == "satterthwaite" and robust is not None:
        return covariance, lambda L: robust.df(L @ fitted.transform)
    if df == "satterthwaite":
        return covariance, lambda L: satterthwaite(fitted, L)
    if df == "between-within":
        return covariance, lambda L: between_within(description, L)
    fixed = (
        float(description.n_rows - len(description.design.names)) if df == "residual" else np.inf
    )
    return covariance, lambda L: np.full(len(L), fixed)


def standard_errors(fitted: Fitted, L: Array, covariance: Array, vcov: Vcov) -> Array:
    """Roots of the variances of L b.

    Raises
    ------
    EstimationError
        Where a variance is negative or next to nothing, as can come out with few subjects.
    """
    variance = np.diag(fitted.variance(L, covariance))
    usual = np.diag(fitted.variance(L, fitted.optimum.point.phi))
    if (variance <= 1e-10 * usual).any():
        if vcov in ("empirical", "bias-reduced", "jackknife"):
            raise EstimationError(
                f"The covariance {vcov!r} leaves no variance: single subjects decide a mean.",
                "Use vcov='model', or a shorter formula.",
            )
        raise EstimationError(
            "The Kenward-Roger adjustment is larger than the variance it adjusts: too little is "
            "known of the covariance.",
            "Use df='satterthwaite', or a simpler covariance.",
        )
    return np.sqrt(variance)


def between_within(description: Description, L: Array) -> Array:
    """Least degrees of freedom of the coefficients in each row of L.

    A coefficient whose column changes within subjects has N - n - (columns that do), any other
    one n - (columns that do not), intercept included; the intercept counts as changing for its
    own test.

    References
    ----------
    Schluchter MD, Elashoff JT (1990). Journal of Statistical Computation and Simulation 37:69-87.
    """
    names = np.array(description.design.names)
    intercept = names == "(Intercept)"
    within = description.within & ~intercept
    between = ~description.within & ~intercept
    n_between = description.n_subjects - int(intercept.any()) - int(between.sum())
    n_within = description.n_rows - description.n_subjects - int(within.sum())
    own = np.where(between, n_between, n_within)
    involved = np.abs(L) > np.sqrt(np.finfo(float).eps)
    return np.where(involved, own, np.iinfo(np.int64).max).min(axis=1).astype(float)


def f_test(fitted: Fitted, L: Array, df: Df, covariance: Array, df_of: DfOf) -> dict[str, float]:
    """F test of L b = 0: num_df, den_df, f and p_value."""
    estimate, V = fitted.combine(L), fitted.variance(L, covariance)
    if df in ("kenward-roger", "kenward-roger-linear"):
        scale, den_df = f_scale_and_df(fitted, L)
        num_df = len(L)
        f = scale * float(estimate @ np.linalg.solve(V, estimate)) / num_df
    else:
        values, vectors = np.linalg.eigh(V)
        good = values > np.sqrt(np.finfo(float).eps) * values[-1]
        num_df = int(good.sum())
        f = float(np.sum((vectors[:, good].T @ estimate) ** 2 / values[good])) / num_df
        rotated = vectors[:, good].T @ L
        den_df = pooled_df(df_of(rotated)) if df == "satterthwaite" else float(df_of(L).min())
    return {
        "num_df": num_df,
        "den_df": den_df,
        "f": f,
        "p_value": float(stats.f.sf(f, num_df, den_df))
        if np.isfinite(den_df)
        else float(stats.chi2.sf(f * num_df, num_df)),
    }
