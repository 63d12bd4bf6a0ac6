"""Estimates from a fitted model: coefficients, contrasts, least-squares means, tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from . import inference, lsmeans
from .description import Description
from .fitted import Fitted
from .inference import Df, Vcov
from .lsmeans import Weights
from .rows import Rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Frames of estimates from a fitted model.

    They have the columns estimate, std_error, df, t, p_value, conf_low and conf_high; p_value is
    two-sided for zero, from t and df.

    Parameters
    ----------
    description : Description
        Formula, levels, counts and means of the rows.
    fitted : Fitted
        Optimum of the likelihood.
    rows : Rows or None
        The rows, where the model was fitted to rows and not to sums.
    """

    description: Description
    fitted: Fitted
    rows: Rows | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients, as R gives them."""
        return self.description.design.names

    def coefficients(
        self, df: Df = "satterthwaite", vcov: Vcov = "model", level: float = 0.95
    ) -> pd.DataFrame:
        """Coefficients with standard errors and tests.

        Parameters
        ----------
        df : str
            "satterthwaite"; "kenward-roger" with each covariance's own parameters and second
            derivatives, R mmrm's default; "kenward-roger-linear" without second derivatives, as SAS
            does for an unstructured covariance; "between-within"; "residual"; "none" (normal).
            Both Kenward-Roger methods also enlarge the standard errors and need REML.
        vcov : str
            "model"; "observed", from the information of coefficients and covariance together,
            which is larger where subjects leave because of what was seen of them; or from the
            residuals of each subject "empirical" (CR0), "bias-reduced" (CR2) or "jackknife" (CR3),
            with Satterthwaite degrees of freedom of their own.
        level : float
            Confidence level.

        Returns
        -------
        pandas.DataFrame
            One row a coefficient: term, estimate, std_error, df, t, p_value, conf_low, conf_high.

        Raises
        ------
        EstimationError
            Where df and vcov do not go together, or need what the fit has not.
        """
        lead = pd.DataFrame({"term": self.names})
        return self._estimates(np.eye(len(self.names)), lead, df, vcov, level)

    def contrast(
        self,
        contrasts: Array | Sequence[Sequence[float]] | Mapping[str, Mapping[str, float]],
        df: Df = "satterthwaite",
        vcov: Vcov = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Linear combinations of the coefficients.

        Parameters
        ----------
        contrasts : array (rows, p), or mapping of label to {coefficient name: weight}
            One combination a row.
        df, vcov, level
            As for `coefficients`.

        Returns
        -------
        pandas.DataFrame
            One row a combination: contrast, estimate, std_error, df, t, p_value, conf_low,
            conf_high.

        Raises
        ------
        EstimationError
            Where a name is no coefficient or the width is not p.
        """
        labels, L = self._matrix(contrasts)
        return self._estimates(L, pd.DataFrame({"contrast": labels}), df, vcov, level)

    def lsmeans(
        self,
        by: str | Sequence[str],
        at: Mapping[str, float | str] | None = None,
        df: Df = "satterthwaite",
        weights: Weights = "equal",
        vcov: Vcov = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Least-squares (adjusted) means.

        Parameters
        ----------
        by : str or sequence of str
            Factors of the model to give a mean for each combination of; a numeric variable may be
            named when `at` has its value.
        at : mapping, optional
            Levels or values at which other variables are held. Numeric variables not named stand at
            their mean over the rows used.
        df, vcov, level
            As for `coefficients`.
        weights : {"equal", "proportional"}
            How factors that are not named are averaged over: each combination of their levels
            alike, or as often as it occurs in the rows used.

        Returns
        -------
        pandas.DataFrame
            The `by` columns, then estimate, std_error, df, t, p_value, conf_low, conf_high. The
            first of `by` varies fastest.
        """
        by = [by] if isinstance(by, str) else by
        lead, L = lsmeans.reference_rows(self.description, by, at, weights)
        return self._estimates(L, lead, df, vcov, level)

    def differences(
        self,
        of: str,
        by: str | Sequence[str] = (),
        reference: float | str = "first",
        at: Mapping[str, float | str] | None = None,
        df: Df = "satterthwaite",
        weights: Weights = "equal",
        vcov: Vcov = "model",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Differences of least-squares means between the levels of one factor.

        `differences("arm", by=["visit"])` compares arms within each visit, and
        `differences("visit", by=["arm"])` each visit with the first within each arm.

        Parameters
        ----------
        of : str
            Factor whose levels are compared.
        by : str or sequence of str
            Factors within whose combinations they are compared.
        reference : level, "first", "previous" or "pairwise"
            What is subtracted: one level, the first one, the one before, or each of the lower ones.
        at, df, weights, vcov, level
            As for `lsmeans`.

        Returns
        -------
        pandas.DataFrame
            Columns `of` (the level), reference (the level subtracted), the `by` columns, then
            estimate, std_error, df, t, p_value, conf_low, conf_high.
        """
        by = [by] if isinstance(by, str) else by
        if of in by:
            raise EstimationError(f"{of} is both compared and held fixed.", "Take it out of `by`.")
        lead, L = lsmeans.reference_rows(self.description, [of, *by], at, weights)
        variable = self.description.design.variables[of]
        if reference not in ("first", "previous", "pairwise"):
            reference = variable.levels[variable.position(reference)]  # type: ignore[assignment]
        lead, L = lsmeans.differences(lead, L, of, variable.levels, reference)
        return self._estimates(L, lead, df, vcov, level)

    def test(
        self,
        hypothesis: str | Sequence[str] | Array | Sequence[Sequence[float]],
        df: Df = "satterthwaite",
        vcov: Vcov = "model",
    ) -> pd.DataFrame:
        """F test that several combinations of the coefficients are zero together.

        Parameters
        ----------
        hypothesis : str, sequence of str, or array (rows, p)
            A term of the formula such as "arm:visit", names of coefficients that are zero, or one
            combination a row.
        df, vcov
            As for `coefficients`.

        Returns
        -------
        pandas.DataFrame
            One row: hypothesis, num_df, den_df, f, p_value.

        Raises
        ------
        EstimationError
            Where a name is neither a term nor a coefficient.
        """
        label, L = self._hypothesis(hypothesis)
        covariance, df_of = inference.uncertainty(
            self.fitted, self.description, self.rows, df, vcov
        )
        found = inference.f_test(self.fitted, L, df, covariance, df_of)
        return pd.DataFrame([{"hypothesis": label, **found}])

    def _hypothesis(
        self, hypothesis: str | Sequence[str] | Array | Sequence[Sequence[float]]
    ) -> tuple[str, Array]:
        eye = np.eye(len(self.names))
        if isinstance(hypothesis, str):
            terms = self.description.design.terms
            wanted = set(hypothesis.replace(" ", "").split(":"))
            for term, positions in terms.items():
                if term == hypothesis or set(term.split(":")) == wanted:
                    return term, eye[list(positions)]
            hypothesis = [hypothesis]
        if all(isinstance(name, str) for name in hypothesis):
            names = [str(name) for name in hypothesis]
            _, L = self._matrix({name: {name: 1.0} for name in names})
            return ", ".join(names), L
        _, L = self._matrix(np.asarray(hypothesis, dtype=float))
        return f"{len(L)} combinations", L

    def _matrix(
        self, contrasts: Array | Sequence[Sequence[float]] | Mapping[str, Mapping[str, float]]
    ) -> tuple[list[str], Array]:
        if isinstance(contrasts, Mapping):
            L = np.zeros((len(contrasts), len(self.names)))
            for row, weights in zip(L, contrasts.values(), strict=True):
                for name, weight in weights.items():
                    if name not in self.names:
                        raise EstimationError(
                            f"The model has no coefficient {name!r}.",
                            f"Choose from {list(self.names)}.",
                        )
                    row[self.names.index(name)] = weight
            return list(contrasts), L
        L = np.atleast_2d(np.asarray(contrasts, dtype=float))
        if L.shape[1] != len(self.names):
            raise EstimationError(
                f"A contrast has {L.shape[1]} weights for {len(self.names)} coefficients.",
                "Give one weight a coefficient, in the order of `names`.",
            )
        return [f"contrast {i + 1}" for i in range(len(L))], L

    def _estimates(
        self, L: Array, lead: pd.DataFrame, df: Df, vcov: Vcov, level: float
    ) -> pd.DataFrame:
        covariance, df_of = inference.uncertainty(
            self.fitted, self.description, self.rows, df, vcov
        )
        std_error = inference.standard_errors(self.fitted, L, covariance, vcov)
        return inference.frame(self.fitted.combine(L), std_error, df_of(L), level, lead)
