"""Least squares: analysis of covariance, robust and clustered standard errors, adjusted means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design, build_design, positive_column, subject_codes
from outcomes.stats.inference import (
    Contrast,
    Uncertainty,
    combination_table,
    constant_df,
    read_contrast,
)
from outcomes.stats.marginal import Average, differences_table, means_table
from outcomes.stats.sandwich import (
    ClusterSums,
    ClusterVariance,
    clustered,
    clustered_weighted,
    cross_products_by,
    sum_by,
)

LinearVariance = Literal["model", "hc2", "hc3", "cr0", "cr1", "cr2"]


@dataclass(frozen=True)
class LinearFit:
    """A linear model fitted by (weighted) least squares.

    Parameters
    ----------
    design : Design
        Matrices and rows used.
    beta : ndarray of float, shape (p,)
        Coefficients, unit of the outcome per unit of the term.
    residuals : ndarray of float, shape (n,)
        Outcome minus fit.
    weights : ndarray of float, shape (n,)
        Weights of the rows, 1 without weights.
    root : ndarray of float, shape (p, p)
        A square root R of the inverse information, RR' = (X'WX)⁻¹.
    cluster : str, optional
        Column that names the cluster of a row.
    weighted : bool
        Whether weights were given.
    """

    design: Design
    beta: NDArray[np.float64]
    residuals: NDArray[np.float64]
    weights: NDArray[np.float64]
    root: NDArray[np.float64]
    cluster: str | None
    weighted: bool

    @property
    def n(self) -> int:
        """Number of observations used."""
        return len(self.residuals)

    @property
    def df_residual(self) -> int:
        """Observations minus coefficients."""
        return self.n - len(self.beta)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, unit of the outcome; missing without residual df."""
        if self.df_residual == 0:
            return float("nan")
        return float(np.sqrt(self.weights @ self.residuals**2 / self.df_residual))

    @property
    def r_squared(self) -> float:
        """Share of the (weighted) variance about the mean that the model explains."""
        y = self.design.response
        centred = y - np.average(y, weights=self.weights)
        return float(1 - (self.weights @ self.residuals**2) / (self.weights @ centred**2))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know: rows left out, rows that fit themselves."""
        alone = int(np.sum(self._leverage() > 1 - 1e-9))
        if not alone:
            return self.design.notes
        return (
            *self.design.notes,
            f"{alone} row(s) fix a coefficient alone (leverage 1): HC2 and HC3 are undefined.",
        )

    def uncertainty(self, variance: LinearVariance = "model") -> Uncertainty:
        """Covariance of the coefficients, with its degrees of freedom.

        Parameters
        ----------
        variance : {"model", "hc2", "hc3", "cr0", "cr1", "cr2"}
            model: equal variances (or inverse to the weights); hc2, hc3: any variances; cr0, cr1,
            cr2: any dependence within the cluster given to `fit_linear`.

        Returns
        -------
        Uncertainty
            n − p degrees of freedom for model, hc2 and hc3, clusters − 1 for cr0 and cr1,
            Satterthwaite's for cr2.

        Raises
        ------
        EstimationError
            If clusters are needed and were not given, or there is only one.

        Notes
        -----
        HC2 and HC3 divide the squared residual by (1−h) and (1−h)², h the leverage; both are NaN
        where a row has leverage 1. The clustered ones are described at `sandwich.clustered`. With
        weights CR2 takes an identity working model, as clubSandwich does for lm.

        References
        ----------
        MacKinnon JG, White H. Some heteroskedasticity-consistent covariance matrix estimators with
        improved finite sample properties. J Econometrics 1985;29:305–325.
        """
        if variance not in get_args(LinearVariance):
            raise EstimationError(
                f"Unknown variance {variance!r}.", f"Use one of {get_args(LinearVariance)}."
            )
        residual_df = constant_df(self.df_residual)
        if variance == "model":
            return Uncertainty(self.sigma**2 * self.root @ self.root.T, residual_df)
        orthonormal = self.design.matrix @ self.root
        if variance in ("hc2", "hc3"):
            free = 1 - self._leverage()
            power = np.where(free > 1e-9, free, np.nan) ** (-0.5 if variance == "hc2" else -1.0)
            scores = orthonormal * (self.weights * self.residuals * power)[:, None]
            return Uncertainty(self.root @ (scores.T @ scores) @ self.root.T, residual_df)
        if self.cluster is None:
            raise EstimationError(
                f"Variance {variance!r} needs clusters.", "Give cluster= to fit_linear."
            )
        codes, labels = subject_codes(self.design.frame[self.cluster])
        w = self.weights
        if variance == "cr2" and self.weighted:
            return clustered_weighted(
                self.design.matrix, self.root, self.residuals, w, codes, len(labels)
            )
        half = orthonormal * np.sqrt(w)[:, None]
        sums = ClusterSums(
            root=self.root,
            scores=sum_by(orthonormal * (w * self.residuals)[:, None], codes, len(labels)),
            n=self.n,
            information=cross_products_by(half, half, codes, len(labels)),
        )
        return clustered(sums, cast(ClusterVariance, variance))

    def coefficients(self, variance: LinearVariance = "model", level: float = 0.95) -> pd.DataFrame:
        """Tabulate coefficients with standard errors, tests and intervals.

        Parameters
        ----------
        variance : {"model", "hc2", "hc3", "cr0", "cr1", "cr2"}
            Which covariance, see `uncertainty`.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            term, estimate, std_error, df, t, p_value, conf_low, conf_high.
        """
        names = self.design.names
        return combination_table(
            names,
            np.eye(len(names)),
            self.beta,
            self.uncertainty(variance),
            level,
        )

    def contrast(
        self,
        weights: Contrast,
        *,
        variance: LinearVariance = "model",
        level: float = 0.95,
        null: float = 0.0,
    ) -> pd.DataFrame:
        """Estimate linear combinations of the coefficients.

        Parameters
        ----------
        weights : mapping or array_like
            ``{term: weight}``, ``{label: {term: weight}}``, or numbers of shape (p,) or (k, p).
        variance : {"model", "hc2", "hc3", "cr0", "cr1", "cr2"}
            Which covariance, see `uncertainty`.
        level : float
            Confidence level.
        null : float
            Value tested.

        Returns
        -------
        pandas.DataFrame
            As `coefficients`, one row per contrast.
        """
        labels, rows = read_contrast(weights, self.design.names)
        return combination_table(labels, rows, self.beta, self.uncertainty(variance), level, null)

    def means(
        self,
        by: Sequence[str],
        *,
        at: Mapping[str, Any] | None = None,
        average: Average = "grid",
        variance: LinearVariance = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Tabulate adjusted means.

        Parameters
        ----------
        by : sequence of str
            Covariates whose values get a mean each.
        at : mapping, optional
            Values to tabulate or hold covariates at.
        average : {"grid", "observed"}
            grid: as R's emmeans; observed: standardised to the rows used.
        variance : {"model", "hc2", "hc3", "cr0", "cr1", "cr2"}
            Which covariance, see `uncertainty`.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            The columns of `by`, then those of `coefficients`.
        """
        return means_table(
            self.design,
            self.beta,
            self.uncertainty(variance),
            by,
            at=at,
            average=average,
            weights=self.weights,
            level=level,
        )

    def differences(
        self,
        of: str,
        *,
        by: Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        average: Average = "grid",
        variance: LinearVariance = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Compare adjusted means, each level of a variable minus its first.

        Parameters
        ----------
        of : str
            Variable whose levels are compared.
        by : sequence of str
            Variables within whose values to compare.
        at, average, variance, level
            As for `means`.

        Returns
        -------
        pandas.DataFrame
            The columns of `by` and `of`, the reference level, then those of `coefficients`.
        """
        return differences_table(
            self.design,
            self.beta,
            self.uncertainty(variance),
            of,
            by,
            at=at,
            average=average,
            weights=self.weights,
            level=level,
        )

    def _leverage(self) -> NDArray[np.float64]:
        """Diagonal of the hat matrix."""
        orthonormal = self.design.matrix @ self.root
        return self.weights * np.einsum("ij,ij->i", orthonormal, orthonormal)


def fit_linear(
    formula: str,
    data: pd.DataFrame,
    *,
    cluster: str | None = None,
    weights: str | None = None,
) -> LinearFit:
    """Fit a linear model by least squares.

    Parameters
    ----------
    formula : str
        Such as ``"outcome ~ group + baseline"``.
    data : pandas.DataFrame
        One row per observation.
    cluster : str, optional
        Column naming the cluster of a row, for the clustered variances.
    weights : str, optional
        Column of positive weights.

    Returns
    -------
    LinearFit
        The fit; standard errors are chosen when a table is asked for.

    Raises
    ------
    EstimationError
        If the design is rank-deficient, values are infinite, the outcome is missing throughout, a
        weight is not positive, or there are no more rows than coefficients.

    Notes
    -----
    b = (X'WX)⁻¹X'Wy by QR of √W X. Rows with a missing value in the model are left out and
    counted in `LinearFit.notes`; that is unbiased when missingness depends on the covariates only.

    References
    ----------
    Vickers AJ. The use of percentage change from baseline as an outcome in a controlled trial is
    statistically inefficient. BMC Med Res Methodol 2001;1:6 (why covariance adjustment).
    """
    design = build_design(formula, data, [name for name in (cluster, weights) if name])
    n, p = design.matrix.shape
    if n <= p:
        raise EstimationError(
            f"The model has {p} coefficients and {n} complete row(s): nothing is left to judge by.",
            "Use a simpler formula or more data.",
        )
    w = (
        positive_column(design, weights, "Weight", "Leave rows of weight zero out.")
        if weights
        else np.ones(len(design.response))
    )
    root = np.sqrt(w)
    q, r = np.linalg.qr(design.matrix * root[:, None])
    coefficients = np.linalg.solve(r, q.T @ (root * design.response))
    return LinearFit(
        design=design,
        beta=coefficients,
        residuals=design.response - design.matrix @ coefficients,
        weights=w,
        root=np.linalg.inv(r),
        cluster=cluster,
        weighted=weights is not None,
    )
