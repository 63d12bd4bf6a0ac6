"""What is known of the rows besides their products: levels, counts and means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .design import Design
from .rows import Rows


@dataclass(frozen=True)
class Description:
    """Facts of a set of rows, each a sum over rows or the same for all sources.

    Parameters
    ----------
    design : Design
        Formula with the levels of its variables.
    groups : tuple
        Levels of the covariance group; empty where all subjects share one covariance.
    n_subjects, n_rows : int
        Subjects and outcomes used.
    log_weight : float
        Sum over rows of the log of the subject's weight.
    within : array of bool (p,)
        Columns of the design that change within a subject.
    sums : dict of str to float
        Sum over rows of each numeric variable.
    cells : pandas.DataFrame
        Rows per combination of factor levels: level codes, one column a factor, and `rows`.
    n_read, n_missing : int
        Rows read, and rows left out for a missing value.
    """

    design: Design
    groups: tuple[object, ...]
    n_subjects: int
    n_rows: int
    log_weight: float
    within: NDArray[np.bool_]
    sums: dict[str, float]
    cells: pd.DataFrame
    n_read: int
    n_missing: int


def describe(rows: Rows) -> Description:
    """Describe checked rows."""
    variables = rows.design.variables
    return Description(
        design=rows.design,
        groups=rows.groups,
        n_subjects=len(rows.starts),
        n_rows=len(rows.y),
        log_weight=0.0
        if rows.weight is None
        else float(np.log(rows.weight) @ np.diff(rows.starts, append=len(rows.y))),
        within=_within(rows),
        sums={
            name: float(rows.coded[name].sum())
            for name, variable in variables.items()
            if not variable.is_factor
        },
        cells=_cells(rows),
        n_read=rows.n_read,
        n_missing=rows.n_missing,
    )


def _within(rows: Rows) -> NDArray[np.bool_]:
    """Columns that change within a subject."""
    if rows.evaluated is None and rows.place is None:
        return np.array([c.visit is not None or c.varies for c in rows.design.columns])
    same = rows.subject[1:] == rows.subject[:-1]
    return (same[:, None] & (rows.matrix[1:] != rows.matrix[:-1])).any(axis=0)


def _cells(rows: Rows) -> pd.DataFrame:
    """Count rows per combination of factor levels."""
    factors = {name: v for name, v in rows.design.variables.items() if v.is_factor}
    code = np.zeros(len(rows.y), dtype=np.int64)
    for name, variable in factors.items():
        code *= len(variable.levels)
        code += variable.codes(rows.coded[name])
    n_cells = int(np.prod([len(variable.levels) for variable in factors.values()]))
    if n_cells <= 1_000_000:
        counts = np.bincount(code, minlength=n_cells)
        found = np.flatnonzero(counts)
        counts = counts[found]
    else:
        found, counts = np.unique(code, return_counts=True)
    columns: dict[str, NDArray[np.int64]] = {}
    for name, variable in reversed(factors.items()):
        found, columns[name] = np.divmod(found, len(variable.levels))
    return pd.DataFrame({**{name: columns[name] for name in factors}, "rows": counts})
