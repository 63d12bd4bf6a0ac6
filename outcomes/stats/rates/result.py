"""What a fitted model of counts or proportions can tell: coefficients, ratios, adjusted means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design
from outcomes.stats.inference import (
    Contrast,
    Uncertainty,
    combination_table,
    inference_table,
    read_contrast,
)
from outcomes.stats.marginal import Average, ReferenceRows, pairs_within, reference_rows
from outcomes.stats.rates.families import Link, inverse_link, link_function, mean_slope

Scale = Literal["ratio", "difference"]
_RATIO_COLUMNS = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True)
class RateFit:
    """A fitted model with a log or logit link.

    Parameters
    ----------
    design : Design
        Matrices and rows used.
    beta : ndarray of float, shape (p,)
        Coefficients on the scale of the link.
    uncertainty : Uncertainty
        Covariance of the coefficients and degrees of freedom of their combinations.
    link : {"log", "logit"}
        log: coefficients are log rate ratios; logit: log odds ratios.
    method : str
        Family, working correlation and variance, in words.
    n_subjects : int
        Subjects in the rows used.
    weights : ndarray of float, shape (n,)
        Row weights.
    scale : float
        Mean squared Pearson residual (GEE), else 1.
    working_correlation : float
        Exchangeable correlation of the working model (GEE), else 0.
    dispersion : float
        θ of the negative binomial (infinity: Poisson) or φ of the beta-binomial; NaN where the
        family has none.
    dispersion_std_error : float
        Its standard error, NaN where it is not estimated by maximum likelihood.
    log_likelihood : float
        Maximised log-likelihood, NaN for estimating equations.
    notes : tuple of str
        What the reader should see beside the numbers.
    """

    design: Design
    beta: NDArray[np.float64]
    uncertainty: Uncertainty
    link: Link
    method: str
    n_subjects: int
    weights: NDArray[np.float64]
    scale: float
    working_correlation: float
    dispersion: float
    dispersion_std_error: float
    log_likelihood: float
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of observations used."""
        return len(self.design.response)

    def coefficients(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate coefficients on the scale of the link.

        Parameters
        ----------
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            term, estimate, std_error, df (infinity: normal), t (z then), p_value, conf_low,
            conf_high.
        """
        names = self.design.names
        return combination_table(names, np.eye(len(names)), self.beta, self.uncertainty, level)

    def ratios(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate rate ratios (log link) or odds ratios (logit link), without the intercept.

        Parameters
        ----------
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            As `coefficients`, with estimate and limits exponentiated and std_error by the delta
            method; t and p_value test a ratio of 1.
        """
        table = self.coefficients(level)
        return _exponentiated(table[table["term"] != "(Intercept)"].reset_index(drop=True))

    def contrast(
        self, weights: Contrast, *, exponentiate: bool = False, level: float = 0.95
    ) -> pd.DataFrame:
        """Estimate linear combinations of the coefficients.

        Parameters
        ----------
        weights : mapping or array_like
            ``{term: weight}``, ``{label: {term: weight}}``, or numbers of shape (p,) or (k, p).
        exponentiate : bool
            Whether to give ratios.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            As `coefficients` or `ratios`, one row per contrast.
        """
        labels, rows = read_contrast(weights, self.design.names)
        table = combination_table(labels, rows, self.beta, self.uncertainty, level)
        return _exponentiated(table) if exponentiate else table

    def means(
        self,
        by: Sequence[str],
        *,
        at: Mapping[str, Any] | None = None,
        average: Average = "observed",
        per: float = 1.0,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Tabulate predicted rates or proportions.

        Parameters
        ----------
        by : sequence of str
            Covariates whose values get a mean each.
        at : mapping, optional
            Values to tabulate or hold covariates at.
        average : {"observed", "grid"}
            observed: predictions averaged over the rows used, set to each group in turn; grid: the
            linear predictor averaged over a balanced grid, then transformed, as R's emmeans.
        per : float
            Units of exposure (or trials) the mean is for, 28 for days per 28 days.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            The columns of `by`, then term, estimate, std_error, df, conf_low, conf_high.

        Notes
        -----
        Standard errors by the delta method; limits are symmetric on the scale of the link, so a
        rate stays above 0 and a proportion within 0 and 1.
        """
        rows, mean, slopes = self._predict(by, at, average)
        by_link = slopes / mean_slope(self.link, mean)[:, None]
        labels = [rows.label(i) for i in range(len(mean))]
        table = inference_table(
            labels,
            link_function(self.link, mean),
            self.uncertainty.std_error(by_link),
            self.uncertainty.degrees_of_freedom(by_link),
            level,
        )
        for column in _RATIO_COLUMNS:
            table[column] = per * inverse_link(self.link, table[column].to_numpy())
        table["std_error"] = per * self.uncertainty.std_error(slopes)
        return pd.concat([rows.cells, table.drop(columns=["t", "p_value"])], axis=1)

    def compare(
        self,
        of: str,
        *,
        by: Sequence[str] = (),
        scale: Scale = "ratio",
        at: Mapping[str, Any] | None = None,
        average: Average = "observed",
        per: float = 1.0,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Compare predicted rates or proportions, each level of a variable with its first.

        Parameters
        ----------
        of : str
            Variable whose levels are compared.
        by : sequence of str
            Variables within whose values to compare.
        scale : {"ratio", "difference"}
            Ratio (tested against 1 on the log scale) or difference (against 0).
        at, average, level
            As for `means`.
        per : float
            Units of exposure a difference is for.

        Returns
        -------
        pandas.DataFrame
            The columns of `by` and `of`, the level compared with (``reference``), then term,
            estimate, std_error, df, t, p_value, conf_low, conf_high.
        """
        if scale not in ("ratio", "difference"):
            raise EstimationError(f"Unknown scale {scale!r}.", "Use 'ratio' or 'difference'.")
        rows, mean, slopes = self._predict([*by, of], at, average)
        compared, first = pairs_within(rows.cells, of)
        reference = rows.cells[of].iloc[first].reset_index(drop=True).rename("reference")
        if scale == "ratio":
            logs, gradients = np.log(mean), slopes / mean[:, None]
        else:
            logs, gradients = per * mean, per * slopes
        combinations = gradients[compared] - gradients[first]
        word = "over" if scale == "ratio" else "minus"
        table = inference_table(
            [
                f"{rows.label(i)} {word} {other}"
                for i, other in zip(compared, reference, strict=True)
            ],
            logs[compared] - logs[first],
            self.uncertainty.std_error(combinations),
            self.uncertainty.degrees_of_freedom(combinations),
            level,
        )
        table = _exponentiated(table) if scale == "ratio" else table
        return pd.concat(
            [rows.cells.iloc[compared].reset_index(drop=True), reference, table], axis=1
        )

    def summary(self) -> str:
        """Describe the fit for a person: method, size, coefficients and notes.

        Returns
        -------
        str
            Several lines.
        """
        lines = [f"{self.method}; {self.n} rows, {self.n_subjects} subjects"]
        if np.isfinite(self.log_likelihood):
            lines.append(
                f"log-likelihood {self.log_likelihood:.4f}, dispersion {self.dispersion:.4g}"
            )
        else:
            lines.append(
                f"scale {self.scale:.4g}, working correlation {self.working_correlation:.4g}"
            )
        lines += [self.coefficients().to_string(index=False), *self.notes]
        return "\n".join(lines)

    def _predict(
        self, by: Sequence[str], at: Mapping[str, Any] | None, average: Average
    ) -> tuple[ReferenceRows, NDArray[np.float64], NDArray[np.float64]]:
        """Give cells, mean of each at one unit of exposure, and its derivatives by beta."""
        rows = reference_rows(self.design, by, at=at, average=average, weights=self.weights)
        if average == "grid":
            mean = inverse_link(self.link, rows.combinations @ self.beta)
            return rows, mean, mean_slope(self.link, mean)[:, None] * rows.combinations
        means, slopes = [], []
        for matrix, share in zip(rows.matrices, rows.weights, strict=True):
            each = inverse_link(self.link, matrix @ self.beta)
            means.append(share @ each)
            slopes.append((share * mean_slope(self.link, each)) @ matrix)
        return rows, np.array(means), np.array(slopes)


def _exponentiated(table: pd.DataFrame) -> pd.DataFrame:
    """Turn logs into ratios; the test stays that of the log."""
    out = table.copy()
    out[_RATIO_COLUMNS] = np.exp(table[_RATIO_COLUMNS])
    out["std_error"] = out["estimate"] * table["std_error"]
    return out
