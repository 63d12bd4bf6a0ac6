"""Accelerated failure time models for bracketed times: coefficients and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from outcomes.errors import EstimationError
from outcomes.stats.design import Design
from outcomes.stats.inference import inference_table

from .aft_maximum import Solution
from .rows import CensoredTimes, Floats
from .shapes import SHAPES

_SCALE = "Log(scale)"


@dataclass(frozen=True)
class AftFit:
    """log T = x'β + σε with ε of a known shape.

    Parameters
    ----------
    shape : str
        ``lognormal``, ``weibull`` or ``loglogistic``.
    design : Design
        Right-hand side and the rows used.
    times : CensoredTimes
        Limits and weights of those rows.
    solution : Solution
        Estimate, inverse information and scores.
    null_log_likelihood : float
        Log-likelihood with the intercept alone.
    robust_covariance : ndarray of float, shape (p + 1, p + 1)
        Sandwich covariance of β and log σ, over clusters if the fit had any.
    n_clusters : int
        Independent units of the sandwich.
    """

    shape: str
    design: Design
    times: CensoredTimes
    solution: Solution
    null_log_likelihood: float
    robust_covariance: Floats
    n_clusters: int

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of β and of log σ, as R writes them."""
        return (*self.design.names, _SCALE)

    @property
    def scale(self) -> float:
        """σ, the standard deviation of log T in units of the shape's own."""
        return float(np.exp(self.solution.coefficients[-1]))

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood at the maximum, on the scale of T."""
        return self.solution.log_likelihood

    @property
    def aic(self) -> float:
        """−2 log-likelihood + 2 (number of coefficients, log σ included)."""
        return -2 * self.log_likelihood + 2 * len(self.terms)

    def covariance(self, vcov: str = "model") -> Floats:
        """Covariance of β and log σ.

        Parameters
        ----------
        vcov : {"model", "robust"}
            Inverse of the observed information, or the sandwich.

        Returns
        -------
        ndarray of float, shape (p + 1, p + 1)
            In the order of `terms`.
        """
        if vcov not in ("model", "robust"):
            raise EstimationError(f"Unknown covariance {vcov!r}.", "Use 'model' or 'robust'.")
        return self.solution.covariance if vcov == "model" else self.robust_covariance

    def coefficients(self, vcov: str = "model", level: float = 0.95) -> pd.DataFrame:
        """Estimates of β and log σ with normal intervals.

        Parameters
        ----------
        vcov : {"model", "robust"}
            Which covariance.
        level : float
            Confidence level.

        Returns
        -------
        DataFrame
            term, estimate, std_error, df, t, p_value, conf_low, conf_high. A coefficient is a log
            ratio of times: exp(β) times as long.
        """
        estimate = self.solution.coefficients
        errors = np.sqrt(np.diag(self.covariance(vcov)))
        return inference_table(self.terms, estimate, errors, np.full(len(errors), np.inf), level)

    def cdf(
        self,
        times: ArrayLike,
        data: pd.DataFrame | None = None,
        vcov: str = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Probability F(t | x) that the event has happened by each time, row by row.

        Parameters
        ----------
        times : array_like of float, shape (k,)
            Positive times.
        data : DataFrame, optional
            Rows to predict for, with the covariates; the rows of the fit unless given.
        vcov : {"model", "robust"}
            Which covariance.
        level : float
            Confidence level.

        Returns
        -------
        DataFrame
            row (position in `data`), time, estimate, std_error, conf_low, conf_high; k rows for
            each row of `data`. Limits are those of (log t − x'β)/σ, carried through the shape.
        """
        t, X = self._times(times), self._rows(data)
        z, slope = self._standardised(t, X)
        error = np.sqrt(np.einsum("nkp,pq,nkq->nk", slope, self.covariance(vcov), slope))
        half = stats.norm.isf((1 - level) / 2) * error
        kind = SHAPES[self.shape]
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(len(X)), len(t)),
                "time": np.tile(t, len(X)),
                "estimate": np.exp(kind.log_below(z)).ravel(),
                "std_error": (np.exp(kind.log_density(z)) * error).ravel(),
                "conf_low": np.exp(kind.log_below(z - half)).ravel(),
                "conf_high": np.exp(kind.log_below(z + half)).ravel(),
            }
        )

    def mean_cdf(
        self,
        times: ArrayLike,
        data: pd.DataFrame | None = None,
        weight: ArrayLike | None = None,
        vcov: str = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Average of F(t | x) over rows: the distribution in a population with those covariates.

        Parameters
        ----------
        times : array_like of float, shape (k,)
            Positive times.
        data : DataFrame, optional
            Rows to average over; those of the fit unless given.
        weight : array_like of float, optional
            Weights of the rows; those of the fit, or 1 for new data, unless given.
        vcov : {"model", "robust"}
            Which covariance.
        level : float
            Confidence level.

        Returns
        -------
        DataFrame
            time, estimate, std_error, conf_low, conf_high. The covariates are taken as fixed;
            limits are normal on the logit scale.
        """
        t, X = self._times(times), self._rows(data)
        share = self._shares(X, data, weight)
        z, slope = self._standardised(t, X)
        kind = SHAPES[self.shape]
        estimate = share @ np.exp(kind.log_below(z))
        gradient = np.einsum("n,nk,nkp->kp", share, np.exp(kind.log_density(z)), slope)
        error = _std_error(gradient, self.covariance(vcov))
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.log(estimate / (1 - estimate))
            half = stats.norm.isf((1 - level) / 2) * error / (estimate * (1 - estimate))
        return pd.DataFrame(
            {
                "time": t,
                "estimate": estimate,
                "std_error": error,
                "conf_low": 1 / (1 + np.exp(half - middle)),
                "conf_high": 1 / (1 + np.exp(-half - middle)),
            }
        )

    def mean_rmst(
        self,
        horizon: float,
        data: pd.DataFrame | None = None,
        weight: ArrayLike | None = None,
        vcov: str = "model",
        level: float = 0.95,
    ) -> pd.Series:
        """Mean time free of the event up to a horizon, averaged over rows.

        Parameters
        ----------
        horizon : float
            Positive time up to which is counted.
        data, weight, vcov, level
            As for `mean_cdf`.

        Returns
        -------
        Series
            estimate, std_error, conf_low, conf_high in the unit of time: the integral of 1 − F from
            0 to `horizon` by Gauss–Legendre quadrature in √t, and normal limits.
        """
        end = float(self._times([horizon])[0])
        node, part = np.polynomial.legendre.leggauss(64)
        u = (node + 1) / 2
        t, step = end * u**2, end * u * part
        X = self._rows(data)
        share = self._shares(X, data, weight)
        z, slope = self._standardised(t, X)
        kind = SHAPES[self.shape]
        estimate = float(share @ np.exp(kind.log_above(z)) @ step)
        gradient = -np.einsum("n,nk,nkp,k->p", share, np.exp(kind.log_density(z)), slope, step)
        error = float(_std_error(gradient[None, :], self.covariance(vcov))[0])
        half = stats.norm.isf((1 - level) / 2) * error
        return pd.Series(
            {
                "estimate": estimate,
                "std_error": error,
                "conf_low": estimate - half,
                "conf_high": estimate + half,
            }
        )

    def quantile(self, probabilities: ArrayLike, data: pd.DataFrame | None = None) -> pd.DataFrame:
        """Give the times by which given shares have had the event, row by row.

        Parameters
        ----------
        probabilities : array_like of float, shape (k,)
            Shares between 0 and 1, both excluded.
        data : DataFrame, optional
            Rows to predict for; those of the fit unless given.

        Returns
        -------
        DataFrame
            row, probability, estimate; k rows for each row of `data`.
        """
        share = np.atleast_1d(np.asarray(probabilities, dtype=float))
        if not ((share > 0) & (share < 1)).all():
            raise EstimationError("Shares must lie between 0 and 1.", "Use 0.5 for the median.")
        X = self._rows(data)
        middle = X @ self.solution.coefficients[:-1]
        log_t = middle[:, None] + self.scale * SHAPES[self.shape].quantile(share)
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(len(X)), len(share)),
                "probability": np.tile(share, len(X)),
                "estimate": np.exp(log_t).ravel(),
            }
        )

    def cox_snell(self) -> pd.DataFrame:
        """Cumulative hazards of the rows at their limits, exponential if the model holds.

        Returns
        -------
        DataFrame
            left, right: −log(1 − F) at the limits of each row used, to be given to `fit_turnbull`
            and compared with 1 − exp(−t).
        """
        with np.errstate(divide="ignore"):
            limits = np.log(np.stack([np.maximum(self.times.left, 0), self.times.right]))
        z = (limits - self.design.matrix @ self.solution.coefficients[:-1]) / self.scale
        hazard = -SHAPES[self.shape].log_above(z)
        return pd.DataFrame({"left": hazard[0], "right": hazard[1]})

    def summary(self) -> str:
        """Describe the fit as plain text.

        Returns
        -------
        str
            Shape, rows by kind, coefficients, scale, log-likelihood.
        """
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.times.counts().items())
        notes = "".join(f"\n{note}" for note in self.design.notes)
        return (
            f"{SHAPES[self.shape].name} accelerated failure time model. Rows: {kinds}.\n"
            + self.coefficients().to_string(index=False, float_format="{:.5g}".format)
            + f"\nScale {self.scale:.5g}; log-likelihood {self.log_likelihood:.4f} "
            f"({self.null_log_likelihood:.4f} with the intercept alone).{notes}"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"

    def _times(self, times: ArrayLike) -> Floats:
        t = np.atleast_1d(np.asarray(times, dtype=float))
        if not ((t > 0) & np.isfinite(t)).all():
            raise EstimationError("Times must be positive and finite.", "Correct the times.")
        return t

    def _rows(self, data: pd.DataFrame | None) -> Floats:
        return self.design.matrix if data is None else self.design.rows(data)

    def _shares(self, X: Floats, data: pd.DataFrame | None, weight: ArrayLike | None) -> Floats:
        if weight is not None:
            mass = np.asarray(weight, dtype=float)
        else:
            mass = self.times.weight if data is None else np.ones(len(X))
        if (
            mass.shape != (len(X),)
            or not (np.isfinite(mass) & (mass >= 0)).all()
            or mass.sum() <= 0
        ):
            raise EstimationError(
                f"Weights of {len(X)} rows must be that many finite numbers, none negative.",
                "Give one weight a row.",
            )
        return mass / mass.sum()

    def _standardised(self, t: Floats, X: Floats) -> tuple[Floats, Floats]:
        """(log t − x'β)/σ, shape (n, k), and its derivative by β and log σ, shape (n, k, p + 1)."""
        z = (np.log(t) - (X @ self.solution.coefficients[:-1])[:, None]) / self.scale
        by_beta = np.broadcast_to(-X[:, None, :] / self.scale, (*z.shape, X.shape[1]))
        return z, np.concatenate([by_beta, -z[..., None]], axis=2)


def _std_error(gradient: Floats, covariance: Floats) -> Floats:
    return np.sqrt(np.einsum("kp,pq,kq->k", gradient, covariance, gradient))
