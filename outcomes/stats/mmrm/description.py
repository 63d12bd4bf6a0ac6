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
    variables = rows.design.variables.items()
    factors = {name: variable for name, variable in variables if variable.is_factor}
    codes = pd.DataFrame({name: v.codes(rows.frame[name]) for name, v in factors.items()})
    cells = codes.value_counts(sort=False).rename("rows").reset_index() if factors else None
    changed = (rows.subject[1:] == rows.subject[:-1])[:, None] & (rows.X[1:] != rows.X[:-1])
    return Description(
        design=rows.design,
        groups=rows.groups,
        n_subjects=len(rows.starts),
        n_rows=len(rows.y),
        log_weight=float(np.log(rows.weight).sum()),
        within=changed.any(axis=0),
        sums={name: float(rows.frame[name].sum()) for name, v in variables if not v.is_factor},
        cells=cells if cells is not None else pd.DataFrame({"rows": [len(rows.y)]}),
        n_read=rows.n_read,
        n_missing=rows.n_missing,
    )
