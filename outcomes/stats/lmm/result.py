"""What a fitted random-slope model can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design
from outcomes.stats.inference import (
    Contrast,
    Uncertainty,
    combination_table,
    constant_df,
    read_contrast,
)
from outcomes.stats.intervals import normal_interval
from outcomes.stats.lmm.components import INTERCEPT, boundary_name, component_table
from outcomes.stats.lmm.effects import SubjectEffects, subject_effects
from outcomes.stats.lmm.inference import kenward_roger, satterthwaite
from outcomes.stats.lmm.optimise import ACTIVE, Optimum, Structure
from outcomes.stats.lmm.statistics import Coordinates, SubjectSums
from outcomes.stats.marginal import Average, differences_table, means_table

DegreesOfFreedom = Literal["satterthwaite", "kenward-roger", "residual", "none"]


@dataclass(frozen=True)
class LmmFit:
    """A fitted model with a random intercept, or a random intercept and slope.

    Parameters
    ----------
    design : Design
        Fixed effects and rows used.
    subject : str
        Column naming the subject.
    slope : str, optional
        Column with the random slope.
    structure : {"intercept", "uncorrelated", "correlated"}
        Covariance of the random effects.
    reml : bool
        Restricted or full likelihood.
    sums : SubjectSums
        Cross-products, one row per subject.
    coordinates : Coordinates
        Units of the sums.
    optimum : Optimum
        Where the likelihood is highest.
    codes : ndarray of int, shape (n,)
        Subject of each row used.
    labels : ndarray of object, shape (m,)
        Names of the subjects.
    sigma2 : float
        Residual variance, unit of the outcome squared.
    """

    design: Design
    subject: str
    slope: str | None
    structure: Structure
    reml: bool
    sums: SubjectSums
    coordinates: Coordinates
    optimum: Optimum
    codes: NDArray[np.intp]
    labels: NDArray[np.object_]
    sigma2: float

    @property
    def n(self) -> int:
        """Number of observations used."""
        return len(self.codes)

    @property
    def n_subjects(self) -> int:
        """Number of subjects."""
        return len(self.labels)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, unit of the outcome."""
        return float(np.sqrt(self.sigma2))

    @cached_property
    def beta(self) -> NDArray[np.float64]:
        """Fixed effects, shape (p,)."""
        p, outer, at = self.sums.fixed, self.optimum.evaluation.outer, self.coordinates
        remainder = np.linalg.solve(outer[:p, :p], outer[:p, p])
        return np.asarray(at.back @ (at.least_squares + at.spread * remainder), dtype=float)

    @property
    def random_covariance(self) -> NDArray[np.float64]:
        """Covariance G of the random effects, shape (1, 1) or (2, 2), order intercept, slope."""
        psi = self.optimum.evaluation.psi
        effects = self.coordinates.effects
        whole = self.sigma2 * effects @ [[psi[0], psi[1]], [psi[1], psi[2]]] @ effects.T
        return whole[:1, :1] if self.slope is None else whole

    @property
    def converged(self) -> bool:
        """Whether the optimiser was done; if not, nothing here is to be trusted."""
        return self.optimum.converged

    @property
    def boundary(self) -> str:
        """Name the edge of the parameter space the estimate lies on; empty inside."""
        return boundary_name(self.optimum.theta, self.structure, self.random_covariance)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should see beside the numbers."""
        notes = list(self.design.notes)
        if not self.converged:
            notes.append(
                f"NOT CONVERGED after {self.optimum.steps} steps; another would still lower the "
                f"deviance by about {self.optimum.decrement:.2g}."
            )
        if self.boundary:
            notes.append(
                f"Estimate on the boundary: {self.boundary}. A simpler model of the random effects "
                "fits as well; variances and their intervals are not reliable here."
            )
        return tuple(notes)

    @property
    def deviance(self) -> float:
        """−2 log-likelihood (restricted if REML), with all constants."""
        p, at = self.sums.fixed, self.optimum.evaluation
        free = self.n - p if self.reml else self.n
        value = at.log_det + free * (1 + np.log(2 * np.pi * self.sigma2))
        if self.reml:
            value += np.linalg.slogdet(at.outer[:p, :p])[1] + self.coordinates.log_det_information
        return float(value)

    @property
    def log_likelihood(self) -> float:
        """Maximised log-likelihood (restricted if REML)."""
        return -self.deviance / 2

    @property
    def n_parameters(self) -> int:
        """Fixed effects, variances and covariances."""
        return len(self.beta) + len(ACTIVE[self.structure]) + 1

    @property
    def aic(self) -> float:
        """Akaike's criterion, all parameters counted, as lme4."""
        return self.deviance + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with log of the number of observations, as lme4."""
        return self.deviance + float(np.log(self.n)) * self.n_parameters

    def variance_components(self) -> pd.DataFrame:
        """Tabulate variances, covariance and residual variance.

        Returns
        -------
        pandas.DataFrame
            group (the subject column, or Residual), term, other_term (for a covariance),
            variance (or covariance), sd_or_correlation.
        """
        return component_table(
            self.random_covariance, self.structure, self.subject, self.slope, self.sigma2
        )

    def uncertainty(self, df: DegreesOfFreedom = "satterthwaite") -> Uncertainty:
        """Covariance of the fixed effects and degrees of freedom of their combinations.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger", "residual", "none"}
            residual: n − p; none: normal reference. Kenward–Roger also widens the covariance.

        Returns
        -------
        Uncertainty
            For `inference.combination_table`.

        Raises
        ------
        EstimationError
            If Kenward–Roger is asked of a maximum-likelihood fit.
        """
        return self._uncertainties[self._known(df)]

    @cached_property
    def _uncertainties(self) -> dict[str, Uncertainty]:
        """Every kind, each from the sums at the optimum."""
        back, at = self.coordinates.back, self.optimum
        model = satterthwaite(self.sums, at, self.structure, self.sigma2, back, reml=self.reml)
        kinds = {
            "satterthwaite": model,
            "residual": Uncertainty(model.covariance, constant_df(self.n - len(back))),
            "none": Uncertainty(model.covariance, constant_df(np.inf)),
        }
        if self.reml:
            kinds["kenward-roger"] = kenward_roger(self.sums, at, self.structure, self.sigma2, back)
        return kinds

    def _known(self, df: str) -> str:
        """Refuse an unknown or impossible choice."""
        if df not in get_args(DegreesOfFreedom):
            raise EstimationError(
                f"Unknown df {df!r}.", f"Use one of {get_args(DegreesOfFreedom)}."
            )
        if df == "kenward-roger" and not self.reml:
            raise EstimationError(
                "Kenward–Roger inference is defined for REML fits.", "Fit with reml=True."
            )
        return df

    def coefficients(
        self, df: DegreesOfFreedom = "satterthwaite", level: float = 0.95
    ) -> pd.DataFrame:
        """Tabulate fixed effects with standard errors, tests and intervals.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger", "residual", "none"}
            See `uncertainty`.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            term, estimate, std_error, df, t, p_value, conf_low, conf_high.
        """
        names = self.design.names
        return combination_table(names, np.eye(len(names)), self.beta, self.uncertainty(df), level)

    def contrast(
        self,
        weights: Contrast,
        *,
        df: DegreesOfFreedom = "satterthwaite",
        level: float = 0.95,
        null: float = 0.0,
    ) -> pd.DataFrame:
        """Estimate linear combinations of the fixed effects.

        Parameters
        ----------
        weights : mapping or array_like
            ``{term: weight}``, ``{label: {term: weight}}``, or numbers of shape (p,) or (k, p).
        df, level
            As for `coefficients`.
        null : float
            Value tested.

        Returns
        -------
        pandas.DataFrame
            As `coefficients`, one row per contrast.
        """
        labels, rows = read_contrast(weights, self.design.names)
        return combination_table(labels, rows, self.beta, self.uncertainty(df), level, null)

    def means(
        self,
        by: Sequence[str],
        *,
        at: Mapping[str, Any] | None = None,
        average: Average = "grid",
        df: DegreesOfFreedom = "satterthwaite",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Tabulate adjusted means of the population.

        Parameters
        ----------
        by : sequence of str
            Covariates whose values get a mean each; time needs its values in `at`.
        at : mapping, optional
            Values to tabulate or hold covariates at.
        average : {"grid", "observed"}
            How other covariates are averaged, see `marginal`.
        df, level
            As for `coefficients`.

        Returns
        -------
        pandas.DataFrame
            The columns of `by`, then those of `coefficients`.
        """
        return means_table(
            self.design, self.beta, self.uncertainty(df), by, at=at, average=average, level=level
        )

    def differences(
        self,
        of: str,
        *,
        by: Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        average: Average = "grid",
        df: DegreesOfFreedom = "satterthwaite",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Compare adjusted means, each level of a variable minus its first.

        Parameters
        ----------
        of : str
            Variable whose levels are compared.
        by : sequence of str
            Variables within whose values to compare.
        at, average, df, level
            As for `means`.

        Returns
        -------
        pandas.DataFrame
            The columns of `by` and `of`, the reference level, then those of `coefficients`.
        """
        return differences_table(
            self.design,
            self.beta,
            self.uncertainty(df),
            of,
            by,
            at=at,
            average=average,
            level=level,
        )

    @cached_property
    def _effects(self) -> SubjectEffects:
        """Random effects in the coordinates of the sums."""
        return subject_effects(self.sums, self.coordinates, self.optimum, self.sigma2)

    def random_effects(self) -> pd.DataFrame:
        """Tabulate the predicted deviation of each subject from the fixed effects.

        Returns
        -------
        pandas.DataFrame
            The subject column, ``(Intercept)`` and its standard error of prediction, and the same
            for the slope. Standard errors include the error of the fixed effects (lme4's
            conditional variances do not).
        """
        effects, T = self._effects, self.coordinates.effects
        values = effects.deviations @ T.T
        errors = np.sqrt(np.einsum("ka,mab,kb->mk", T, effects.error_covariance(), T))
        frame = pd.DataFrame({self.subject: self.labels}).infer_objects()
        names = [INTERCEPT] if self.slope is None else [INTERCEPT, self.slope]
        for k, name in enumerate(names):
            frame[name] = values[:, k]
            frame[f"std_error {name}"] = errors[:, k]
        return frame

    def predict(
        self,
        data: pd.DataFrame,
        *,
        for_subjects: bool = True,
        new_observation: bool = False,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Predict outcomes at new rows.

        Parameters
        ----------
        data : pandas.DataFrame
            Covariates, the slope column, and for subjects their column; nothing missing.
        for_subjects : bool
            Whether to use what is known of each subject. A subject not in the fit gets the mean of
            the population and the full variance between subjects. If False, the mean of the
            population and its own error.
        new_observation : bool
            Whether the interval is for a new outcome rather than for its expectation.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            estimate, std_error, conf_low, conf_high, known (subject was in the fit); index of
            `data`.

        Raises
        ------
        EstimationError
            If columns are absent, values missing, or levels were not in the fit.

        Notes
        -----
        The variance of the error is σ²(z'Cz + a'Φa), a = x − X'ZCz, plus σ² for a new observation;
        limits are normal and take the variance components as known.

        References
        ----------
        Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963–974.
        """
        matrix = self.design.rows(data)
        x = matrix @ self.coordinates.back
        estimate = matrix @ self.beta
        known = np.zeros(len(data), dtype=bool)
        if for_subjects:
            needed = [name for name in (self.subject, self.slope) if name]
            absent = [name for name in needed if name not in data.columns]
            if absent:
                raise EstimationError(
                    f"The new data have no column {', '.join(absent)}.",
                    "Add it, or predict with for_subjects=False.",
                )
            codes = pd.Index(self.labels).get_indexer(pd.Index(data[self.subject]))
            known = codes >= 0
            z = self._z(data)
            estimate[known] += np.sum(z[known] * self._effects.deviations[codes[known]], axis=1)
            variance = self._effects.variance_of_mean(x, z, codes)
        else:
            variance = self.sigma2 * np.einsum("np,pq,nq->n", x, self._effects.phi, x)
        error = np.sqrt(variance + self.sigma2 * new_observation)
        low, high = normal_interval(estimate, error, level)
        return pd.DataFrame(
            {
                "estimate": estimate,
                "std_error": error,
                "conf_low": low,
                "conf_high": high,
                "known": known,
            },
            index=data.index,
        )

    def residuals(self) -> NDArray[np.float64]:
        """Outcome minus the prediction for the subject.

        Returns
        -------
        ndarray of float, shape (n,)
            In the order of the rows used, ``design.frame``.
        """
        own = np.sum(self._z(self.design.frame) * self._effects.deviations[self.codes], axis=1)
        return self.design.response - self.design.matrix @ self.beta - own

    def _z(self, data: pd.DataFrame) -> NDArray[np.float64]:
        """Random-effects design of rows of data, in the coordinates of the sums."""
        if self.slope is None:
            return self.coordinates.z(np.zeros(len(data)))
        return self.coordinates.z(data[self.slope].to_numpy(float))

    def summary(self) -> str:
        """Describe the fit for a person.

        Returns
        -------
        str
            Method, size, likelihood, variance components, coefficients and notes.
        """
        kind = "REML" if self.reml else "maximum likelihood"
        return "\n".join(
            [
                f"Linear mixed model by {kind}, random effects {self.structure}",
                f"{self.n} rows, {self.n_subjects} subjects, log-likelihood "
                f"{self.log_likelihood:.4f}, {self.optimum.steps} steps",
                self.variance_components().to_string(index=False),
                self.coefficients().to_string(index=False),
                *self.notes,
            ]
        )

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        tables = [self.variance_components(), self.coefficients()]
        return "".join(table.to_html(index=False) for table in tables) + notes
