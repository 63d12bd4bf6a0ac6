"""What is estimated from a completed data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import build_design

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Analysed:
    """Estimates from one completed data set.

    Parameters
    ----------
    terms : tuple of str
        Names of the k estimates.
    estimate, std_error : ndarray of float, shape (k,)
        Estimates and their standard errors as if nothing had been missing.
    df : float
        Degrees of freedom with complete data.
    """

    terms: tuple[str, ...]
    estimate: Floats
    std_error: Floats
    df: float


@dataclass(frozen=True)
class Ancova:
    """Differences between groups at one visit, adjusted for what was known at the start.

    Parameters
    ----------
    outcome, visit, group : str
        Columns.
    at : object
        Visit at which the groups are compared.
    reference : object
        Group that the others are compared with.
    covariates : sequence of str
        Terms beside the group, such as the baseline.

    Notes
    -----
    Least squares of the outcome at that visit on group and covariates, with the classical standard
    error and n − p degrees of freedom. Called with a completed frame it returns `Analysed`, with
    one term for each group but the reference, named column and level together as R does.
    """

    outcome: str
    visit: str
    at: object
    group: str
    reference: object
    covariates: Sequence[str] = ()

    def __call__(self, frame: pd.DataFrame) -> Analysed:
        """Compare the groups in a completed frame.

        Parameters
        ----------
        frame : DataFrame
            One row per subject and visit.

        Returns
        -------
        Analysed
            Differences from the reference.
        """
        rows = frame[(frame[self.visit] == self.at).to_numpy(dtype=bool)]
        names = [name for name in pd.unique(rows[self.group]) if name != self.reference]
        if not len(rows) or len(names) == rows[self.group].nunique():
            raise EstimationError(
                f"Visit {self.at} has no subject of group {self.reference}.",
                "Name a visit and a reference group that occur.",
            )
        order = [self.reference, *sorted(names, key=str)]
        part = rows.assign(**{self.group: pd.Categorical(rows[self.group], categories=order)})
        design = build_design(
            " + ".join([f"{self.outcome} ~ {self.group}", *self.covariates]), part
        )
        X, y = design.matrix, design.response
        inverse = np.linalg.inv(X.T @ X)
        beta = inverse @ (X.T @ y)
        df = len(y) - X.shape[1]
        if df < 1:
            raise EstimationError(
                f"{len(y)} subjects for {X.shape[1]} coefficients.", "Leave covariates out."
            )
        error = np.sqrt(np.diag(inverse) * float((y - X @ beta) @ (y - X @ beta)) / df)
        wanted = [j for j, name in enumerate(design.names) if name in self._terms(order)]
        return Analysed(
            tuple(design.names[j] for j in wanted), beta[wanted], error[wanted], float(df)
        )

    def _terms(self, order: list[object]) -> set[str]:
        return {f"{self.group}{name}" for name in order[1:]}
