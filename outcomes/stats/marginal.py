"""Adjusted means: what a model predicts for groups, other things being equal.

Two ways to hold other things equal. ``grid``: numeric covariates at their mean, levels of the
other factors in equal parts; a covariate with two values counts as a factor. These are the
estimated marginal means (least-squares means) of R's emmeans. ``observed``: every row used is set
to the group in turn and the predictions are averaged (direct standardisation, g-computation).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design
from outcomes.stats.inference import Uncertainty, combination_table

Average = Literal["grid", "observed"]


@dataclass(frozen=True)
class ReferenceRows:
    """Design rows to average over, for each cell of the table of means.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row per mean, one column per variable of `by`.
    matrices : list of ndarray of float
        For each cell, the design rows to average, shape (r, p).
    weights : list of ndarray of float
        For each cell, their shares, shape (r,), adding to 1.
    """

    cells: pd.DataFrame
    matrices: list[NDArray[np.float64]]
    weights: list[NDArray[np.float64]]

    @property
    def combinations(self) -> NDArray[np.float64]:
        """Averaged design rows, shape (cells, p): the means of a linear model as combinations."""
        pairs = zip(self.weights, self.matrices, strict=True)
        return np.array([share @ matrix for share, matrix in pairs])

    def label(self, row: int) -> str:
        """Name a cell, such as ``group=b, visit=2``.

        Parameters
        ----------
        row : int
            Position in `cells`.

        Returns
        -------
        str
            Variable=value pairs, or ``overall``.
        """
        values = self.cells.iloc[row].items()
        return ", ".join(f"{name}={value}" for name, value in values) or "overall"


def reference_rows(
    design: Design,
    by: Sequence[str],
    *,
    at: Mapping[str, Any] | None = None,
    average: Average = "grid",
    weights: NDArray[np.float64] | None = None,
) -> ReferenceRows:
    """Make the rows to predict for a table of adjusted means.

    Parameters
    ----------
    design : Design
        Design of the fit.
    by : sequence of str
        Covariates whose values get a mean each. A numeric one with more than two values needs
        `at`.
    at : mapping of str to value or sequence, optional
        Values for covariates: of `by` those to tabulate, of others the one to hold them at.
    average : {"grid", "observed"}
        How the other covariates are averaged, see the module.
    weights : ndarray of float, shape (n,), optional
        Row weights for ``observed``.

    Returns
    -------
    ReferenceRows
        Cells in the order of their values, the first variable of `by` slowest.

    Raises
    ------
    EstimationError
        If a variable is not in the model or a level not in the data.

    Notes
    -----
    A covariate used through a function, log(x) say, is averaged before the function is applied.

    References
    ----------
    Searle SR, Speed FM, Milliken GA. Population marginal means in the linear model. Am Stat
    1980;34:216–221.
    """
    fixed = dict(at or {})
    for name in [*by, *fixed]:
        if name not in design.covariates:
            raise EstimationError(
                f"The model has no covariate {name!r}.",
                f"Use one of: {', '.join(design.covariates) or 'none'}.",
            )
    choices = {name: _values(design, name, fixed, tabulate=True) for name in by}
    cells = pd.DataFrame(
        list(itertools.product(*choices.values())), columns=list(by), dtype=object
    ).infer_objects()
    if not by:
        cells = pd.DataFrame(index=range(1))
    others = [name for name in design.covariates if name not in by]
    if average == "grid":
        levels = {name: _values(design, name, fixed, tabulate=False) for name in others}
        background = pd.DataFrame(list(itertools.product(*levels.values())), columns=others)
        background = background if others else pd.DataFrame(index=range(1))
        shares = np.full(len(background), 1 / len(background))
    elif average == "observed":
        background = design.frame[others].reset_index(drop=True)
        for name in others:
            if name in fixed:
                background[name] = fixed[name]
        shares = np.ones(len(design.frame)) if weights is None else weights
        shares = shares / shares.sum()
    else:
        raise EstimationError(f"Unknown average {average!r}.", "Use 'grid' or 'observed'.")
    matrices = [
        design.rows(background.assign(**dict(zip(by, cell, strict=True))))
        for cell in cells.itertuples(index=False, name=None)
    ]
    return ReferenceRows(cells, matrices, [shares] * len(cells))


def means_table(
    design: Design,
    beta: NDArray[np.float64],
    uncertainty: Uncertainty,
    by: Sequence[str],
    *,
    at: Mapping[str, Any] | None = None,
    average: Average = "grid",
    weights: NDArray[np.float64] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tabulate adjusted means of a linear predictor.

    Parameters
    ----------
    design : Design
        Design of the fit.
    beta : ndarray of float, shape (p,)
        Coefficients.
    uncertainty : Uncertainty
        Covariance of the coefficients and degrees of freedom.
    by, at, average, weights
        As for `reference_rows`.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        The columns of `by`, then those of `inference.inference_table`.
    """
    rows = reference_rows(design, by, at=at, average=average, weights=weights)
    labels = [rows.label(i) for i in range(len(rows.cells))]
    table = combination_table(labels, rows.combinations, beta, uncertainty, level)
    return pd.concat([rows.cells, table], axis=1)


def differences_table(
    design: Design,
    beta: NDArray[np.float64],
    uncertainty: Uncertainty,
    of: str,
    by: Sequence[str] = (),
    *,
    at: Mapping[str, Any] | None = None,
    average: Average = "grid",
    weights: NDArray[np.float64] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tabulate differences of adjusted means, each level of a variable minus its first.

    Parameters
    ----------
    design, beta, uncertainty
        As for `means_table`.
    of : str
        Variable whose levels are compared.
    by : sequence of str
        Variables within whose values to compare.
    at, average, weights
        As for `reference_rows`.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        The columns of `by` and `of`, the level compared with (``reference``), then those of
        `inference.inference_table`.
    """
    rows = reference_rows(design, [*by, of], at=at, average=average, weights=weights)
    compared, first = pairs_within(rows.cells, of)
    reference = rows.cells[of].iloc[first].reset_index(drop=True).rename("reference")
    labels = [
        f"{rows.label(i)} minus {other}" for i, other in zip(compared, reference, strict=True)
    ]
    means = rows.combinations
    table = combination_table(labels, means[compared] - means[first], beta, uncertainty, level)
    return pd.concat([rows.cells.iloc[compared].reset_index(drop=True), reference, table], axis=1)


def pairs_within(cells: pd.DataFrame, of: str) -> tuple[list[int], list[int]]:
    """Pair cells that differ in one variable only, each later level with the first.

    Parameters
    ----------
    cells : pandas.DataFrame
        Cells of a table of means.
    of : str
        Variable to compare.

    Returns
    -------
    compared, reference : list of int
        Positions in `cells`.

    Raises
    ------
    EstimationError
        If `of` is not a variable of the table.
    """
    if of not in cells.columns:
        raise EstimationError(f"{of!r} is not among the variables of the table.", "Add it to `by`.")
    rest = [name for name in cells.columns if name != of]
    blocks = (
        list(cells.groupby(rest, sort=False, observed=True).indices.values())
        if rest
        else [np.arange(len(cells))]
    )
    compared = [int(row) for block in blocks for row in block[1:]]
    return compared, [int(block[0]) for block in blocks for _ in block[1:]]


def _values(design: Design, name: str, fixed: Mapping[str, Any], *, tabulate: bool) -> list[Any]:
    """Values of a covariate in the grid."""
    if name in fixed:
        value = fixed[name]
        several = isinstance(value, Sequence | np.ndarray | pd.Index) and not isinstance(value, str)
        return list(value) if several else [value]
    column = design.frame[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    distinct = np.unique(column.to_numpy())
    # emmeans does the same: a numeric covariate with two values is an indicator.
    if name in design.coded or len(distinct) <= 2:
        return list(distinct)
    if tabulate:
        raise EstimationError(
            f"{name} is numeric with {len(distinct)} values.",
            f"Give the values wanted: at={{{name!r}: [...]}}.",
        )
    return [float(column.mean())]
