"""A fitted model and what is known of the fit itself."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import EstimationError
from .diagnostics import diagnose, residual_frame
from .estimates import Estimates
from .inference import Df, Vcov
from .moments import RowMoments
from .rows import Rows


@dataclass(frozen=True)
class MmrmResult(Estimates):
    """A fitted mixed model for repeated measures, made by `fit_mmrm`.

    Frames of estimates have the columns estimate, std_error, df, t, p_value, conf_low and
    conf_high; p_value is two-sided for zero, from t and df.

    Parameters
    ----------
    description, fitted, rows
        As for `Estimates`.
    n_withheld : int
        Subjects that the sums left out because too few shared their pattern of visits.
    """

    n_withheld: int = 0

    @property
    def converged(self) -> bool:
        """Whether the end point is a proper optimum; see `problems` where it is not."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """Reasons not to trust the fit; empty when converged."""
        return self.fitted.optimum.problems

    @property
    def covariance(self) -> pd.DataFrame | dict[object, pd.DataFrame]:
        """Covariance matrix over the visits (T, T), or one a covariance group.

        Of a spatial covariance, that of two rows at distance one.
        """
        likelihood = self.fitted.likelihood
        data = likelihood.data
        frames = []
        for theta in likelihood.split(self.fitted.optimum.point.theta):
            if isinstance(data, RowMoments):
                labels: list[object] = [0, 1]
                sigma = data.structure.covariance(theta, np.array([[0.0, 1.0], [1.0, 0.0]]))
            else:
                labels = list(self.description.design.visits)
                sigma = data.structure.covariance(theta, data.n_visits)
            frames.append(pd.DataFrame(sigma, index=labels, columns=labels))
        if not self.description.groups:
            return frames[0]
        return dict(zip(self.description.groups, frames, strict=True))

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood, restricted where the fit is REML."""
        return -self.fitted.optimum.point.deviance / 2.0

    @property
    def aic(self) -> float:
        """-2 log L + 2 k, k the number of covariance parameters."""
        return -2.0 * self.log_likelihood + 2.0 * self.fitted.likelihood.n_parameters

    @property
    def bic(self) -> float:
        """-2 log L + k log n, n the number of subjects."""
        n = self.description.n_subjects
        return -2.0 * self.log_likelihood + self.fitted.likelihood.n_parameters * float(np.log(n))

    @property
    def residuals(self) -> pd.Series:
        """Outcome minus fitted value of each row used, under the row's label in the data.

        Raises
        ------
        EstimationError
            For a fit to sums, which hold no rows.
        """
        rows = self._need_rows("residuals")
        return pd.Series(rows.y - rows.matrix @ self.fitted.beta, index=rows.index, name="residual")

    @property
    def residual_frame(self) -> pd.DataFrame:
        """Fitted values and three kinds of residuals of each row used.

        Returns
        -------
        pandas.DataFrame
            Columns fitted, residual, standardised (divided by the model's standard deviation at the
            visit) and normalised (freed of the correlation with earlier visits too, so that
            under the model they are independent with variance one).

        Raises
        ------
        EstimationError
            For a fit to sums, which hold no rows.
        """
        rows = self._need_rows("residuals")
        return residual_frame(self.fitted, rows)

    def _need_rows(self, what: str) -> Rows:
        if self.rows is None:
            raise EstimationError(
                f"The {what} of a fit to sums do not exist: sums hold no rows.",
                "Fit the formula to the rows.",
            )
        return self.rows

    @property
    def diagnostics(self) -> dict[str, object]:
        """Counts, and what the search for the optimum did.

        Returns
        -------
        dict
            converged, problems, attempts, iterations, largest_gradient (of the deviance),
            smallest_curvature (eigenvalue of the Hessian scaled to unit diagonal; near zero where
            a covariance parameter is hardly determined), covariance_condition (of the correlation
            matrices), n_subjects, n_rows, n_read, n_missing, n_withheld, n_patterns,
            subjects_per_visit.
        """
        return diagnose(self.fitted, self.description, self.n_withheld)

    def summary(self, df: Df = "satterthwaite", vcov: Vcov = "model") -> str:
        """Text with the model, its fit, the coefficients and the covariance.

        Parameters
        ----------
        df, vcov
            As for `coefficients`.

        Returns
        -------
        str
            Several lines for a person to read; numbers to four digits.
        """
        return "\n\n".join(
            [
                "\n".join(self._headline()),
                self.coefficients(df, vcov).to_string(index=False, float_format="{:.4g}".format),
                *self._covariance_blocks(
                    lambda frame: frame.to_string(float_format="{:.4g}".format)
                ),
            ]
        )

    def _repr_html_(self) -> str:
        """Return the summary as HTML for a notebook."""
        head = "".join(f"<p>{html.escape(line)}</p>" for line in self._headline())
        table = self.coefficients().to_html(index=False, float_format="{:.4g}".format, border=0)
        return head + table

    def _headline(self) -> list[str]:
        likelihood, d = self.fitted.likelihood, self.description
        kind = "REML" if likelihood.reml else "maximum likelihood"
        lines = [
            f"Mixed model for repeated measures: {d.design.formula}",
            f"{likelihood.data.structure.name} covariance over {d.design.visit}, {kind}, "
            f"{d.n_subjects} subjects, {d.n_rows} outcomes, {d.n_missing} rows with missing values",
            f"-2 log L {-2 * self.log_likelihood:.3f}, AIC {self.aic:.3f}, BIC {self.bic:.3f}",
        ]
        if self.n_withheld:
            lines.append(f"{self.n_withheld} subjects with rare patterns of visits withheld")
        lines += [f"NOT CONVERGED: {problem}" for problem in self.problems]
        return lines

    def _covariance_blocks(self, write: Callable[[pd.DataFrame], str]) -> list[str]:
        found = self.covariance
        if isinstance(found, pd.DataFrame):
            return ["Covariance\n" + write(found)]
        return [f"Covariance of {level}\n" + write(frame) for level, frame in found.items()]
