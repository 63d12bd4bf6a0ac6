"""Standard errors and degrees of freedom of linear combinations of the coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ...errors import EstimationError
from .likelihood import Likelihood
from .optimise import Optimum

Array = NDArray[np.float64]
Df = Literal[
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "between-within",
    "residual",
    "none",
]
Vcov = Literal["model", "empirical", "bias-reduced", "jackknife"]


@dataclass(frozen=True)
class Fitted:
    """An optimum, and the way back from centred columns to the coefficients asked for.

    A combination L b of the coefficients is L T b~ + L shift in the centred ones.
    """

    likelihood: Likelihood
    optimum: Optimum
    transform: Array
    shift: Array

    @property
    def beta(self) -> Array:
        """Coefficients (p,)."""
        return self.transform @ self.optimum.point.beta + self.shift

    @property
    def phi(self) -> Array:
        """Model-based covariance of the coefficients (p, p)."""
        return self.transform @ self.optimum.point.phi @ self.transform.T

    @property
    def theta_covariance(self) -> Array:
        """Inverse observed information of the covariance parameters (k, k).

        Directions in which the likelihood is flat or falls are left out; the fit says so.
        """
        H = self.optimum.hessian / 2.0
        scale = np.sqrt(np.maximum(np.abs(np.diag(H)), 1e-300))
        values, vectors = np.linalg.eigh(H / np.outer(scale, scale))
        good = values > 1e-9
        rotated = vectors[:, good] / scale[:, None]
        return (rotated / values[good]) @ rotated.T


class HasFit(Protocol):
    """Anything that carries a fit."""

    @property
    def fitted(self) -> Fitted:
        """The fit."""


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
    slopes = np.einsum(
        "lp,hpq,lq->lh", side, fitted.optimum.derivative_products[:, :p, :p], side, optimize=True
    )
    spread = np.einsum("lh,hj,lj->l", slopes, fitted.theta_covariance, slopes)
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


def uncertainty(result: HasFit, L: Array, df: Df, vcov: Vcov) -> tuple[Array, Array]:
    """Covariance of the coefficients (p, p) and degrees of freedom of each row of L."""
    fitted = result.fitted
    if vcov != "model" or df not in ("satterthwaite", "none"):
        raise EstimationError(f"No inference named {df!r} with {vcov!r}.", "Use the defaults.")
    if df == "none":
        return fitted.phi, np.full(len(L), np.inf)
    return fitted.phi, satterthwaite(fitted, L)
