"""Checked rows of a frame, sorted by subject and visit, with their design matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from . import checks
from .design import Design, Variable, build, describe_columns, parse, read_variable

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows that enter a model.

    Parameters
    ----------
    design : Design
        Formula with its levels.
    X : array (N, p)
        Design matrix.
    y : array (N,)
        Outcome.
    subject, visit : array of int (N,)
        Codes; rows are sorted by both. Without a grid, `visit` counts the rows of a subject.
    place : array (N, c) or None
        Time, or other coordinates, of each row, where visits are at dates of each subject's own.
    group : array of int (N,)
        Covariance group, all zero without one.
    weight : array (N,)
        Weight of the subject.
    groups : tuple
        Levels of the covariance group; empty without one.
    index : pandas.Index
        Labels of the rows in the frame they came from.
    frame : pandas.DataFrame
        Variables of the formula, factors coded, sorted as the rest.
    subjects : array (n,)
        Identifier of each subject code.
    n_read, n_missing : int
        Rows read, and rows left out for a missing value.
    """

    design: Design
    X: Array
    y: Array
    subject: Codes
    visit: Codes
    place: Array | None
    group: Codes
    weight: Array
    groups: tuple[object, ...]
    index: pd.Index
    frame: pd.DataFrame
    subjects: NDArray[np.object_]
    n_read: int
    n_missing: int

    @property
    def starts(self) -> Codes:
        """Position of the first row of each subject."""
        return np.flatnonzero(np.append(True, self.subject[1:] != self.subject[:-1]))


def read_rows(
    formula: str,
    data: pd.DataFrame,
    *,
    subject: str,
    visit: str | Sequence[str],
    group: str | None,
    weights: str | None,
    keep_unused: bool = False,
    on_grid: bool = True,
) -> Rows:
    """Check a frame and turn it into rows of numbers.

    A row is used when outcome, subject, visit, group, weight and every variable of the formula
    are there; the others are counted. `keep_unused` keeps levels of a categorical column that no
    row has, so that the sums of several sources fit together. Off the grid, the visit is a time,
    and a factor nowhere.
    """
    left, right, left_names, right_names = parse(formula)
    places = [visit] if isinstance(visit, str) else list(visit)
    if on_grid and len(places) > 1:
        raise EstimationError(
            "Several visit columns are coordinates, and this covariance is on a grid of visits.",
            "Name one visit column, or choose the spatial covariance.",
        )
    visit = places[0]
    extra = [name for name in (subject, *places, group, weights) if name is not None]
    checks.check_columns(data, [*left_names, *right_names, *extra])
    if data.empty:
        raise EstimationError("The data have no rows.", "Check the selection before the model.")

    numbers = data[left_names].apply(pd.to_numeric, errors="raise").astype(float)
    kept = ~data[extra].isna().any(axis=1).to_numpy() & ~numbers.isna().any(axis=1).to_numpy()
    wanted = list(dict.fromkeys([*right_names, visit] if on_grid else right_names))
    for name in wanted:
        kept &= ~data[name].isna().to_numpy()
    checks.check_outcome(" and ".join(left_names), numbers.to_numpy(), kept)
    used = data.loc[kept]

    variables: dict[str, Variable] = {}
    columns: dict[str, Any] = {}
    codes: dict[str, NDArray[Any]] = {}
    for name in wanted:
        variables[name], codes[name] = read_variable(
            name, used[name], is_visit=on_grid and name == visit, keep_unused=keep_unused
        )
    subject_codes, subjects = pd.factorize(used[subject], sort=False)
    if on_grid:
        checks.check_visits(visit, variables[visit].levels)
        when = codes[visit][:, None]
    else:
        when = np.column_stack([_times(name, used[name]) for name in places])
    order = np.lexsort((*when.T[::-1], subject_codes))
    subject_codes, when = subject_codes[order].astype(np.int64), when[order]
    checks.check_duplicates(subject_codes, when, (subject, " and ".join(places)))
    firsts = np.flatnonzero(np.append(True, subject_codes[1:] != subject_codes[:-1]))
    visit_codes = when[:, 0] if on_grid else np.arange(len(when)) - firsts[subject_codes]
    if not on_grid:
        checks.check_repeats(visit, visit_codes)
    for name, variable in variables.items():
        sorted_codes = codes[name][order]
        codes[name] = sorted_codes
        columns[name] = variable.column(sorted_codes) if variable.is_factor else sorted_codes
    frame = pd.DataFrame(columns)

    y = np.asarray(left.get_model_matrix(numbers.loc[kept]), dtype=float)[order, 0]
    if not np.isfinite(y).all():
        raise EstimationError(
            f"The outcome of {formula!r} is not finite in {int((~np.isfinite(y)).sum())} rows.",
            "Correct the values, or the function applied to them.",
        )
    design, X = build(formula, right, visit, variables, frame)
    checks.check_numbers(design.names, X)
    if on_grid:
        varying = {v for v in right_names if v != visit and _changes(subject_codes, codes[v])}
        design = replace(design, columns=describe_columns(design, varying))

    group_codes: Codes = np.zeros(len(y), dtype=np.int64)
    groups: tuple[object, ...] = ()
    if group is not None:
        group_variable, found = read_variable(
            group, used[group].astype("category"), is_visit=False, keep_unused=keep_unused
        )
        group_codes, groups = np.asarray(found, dtype=np.int64)[order], group_variable.levels
        checks.check_constant(subject_codes, group_codes, "covariance group", group)
    weight = np.ones(len(y))
    if weights is not None:
        weight = used[weights].to_numpy(dtype=float)[order]
        checks.check_constant(subject_codes, weight, "weight", weights)
        checks.check_weights(weights, weight)
    return Rows(
        design=design,
        X=X,
        y=y,
        subject=subject_codes,
        visit=visit_codes,
        place=None if on_grid else when,
        group=group_codes,
        weight=weight,
        groups=groups,
        index=used.index[order],
        frame=frame,
        subjects=np.asarray(subjects, dtype=object),
        n_read=len(data),
        n_missing=int((~kept).sum()),
    )


def _times(name: str, column: pd.Series) -> Array:
    """Turn dates into days since the first, and leave numbers alone."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ((column - column.min()) / pd.Timedelta(days=1)).to_numpy(dtype=float)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise EstimationError(
            f"{name} is neither a number nor a date, and this covariance needs times.",
            "Give `visit` a column of numbers or dates, or choose a covariance on a visit grid.",
        )
    times = column.to_numpy(dtype=float)
    if not np.isfinite(times).all():
        raise EstimationError(f"{name} has infinite values.", "Correct the times.")
    return times


def _changes(subject: Codes, values: NDArray[Any]) -> bool:
    return bool(((subject[1:] == subject[:-1]) & (values[1:] != values[:-1])).any())
