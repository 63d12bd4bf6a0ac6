"""Checked rows of a frame, sorted by subject and visit, with their design matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from numpy.typing import NDArray

from ...errors import EstimationError
from . import checks
from .columns import describe_columns
from .design import Design, build, coded_frame, parse, work_out
from .variables import Variable, read_variable

Array = NDArray[np.float64]
Codes = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Rows that enter a model.

    Parameters
    ----------
    design : Design
        Formula with its levels.
    y : array (N,)
        Outcome.
    subject, visit : array of int (N,)
        Codes; rows are sorted by both. Without a grid, `visit` counts the rows of a subject.
    place : array (N, c) or None
        Time, or other coordinates, of each row, where visits are at dates of each subject's own.
    group : array of int (n,)
        Covariance group of each subject, all zero without one.
    weight : array (n,) or None
        Weight of each subject; None where all are one.
    groups : tuple
        Levels of the covariance group; empty without one.
    index : pandas.Index
        Labels of the rows in the frame they came from.
    coded : dict of str to array (N,)
        Level codes or numbers of each variable of the formula.
    evaluated : array (N, p) or None
        Design matrix, where a function in the formula made it necessary.
    subjects : array (n,)
        Identifier of each subject code.
    n_read, n_missing : int
        Rows read, and rows left out for a missing value.
    """

    design: Design
    y: Array
    subject: Codes
    visit: Codes
    place: Array | None
    group: Codes
    weight: Array | None
    groups: tuple[object, ...]
    index: pd.Index
    coded: dict[str, NDArray[Any]]
    evaluated: Array | None
    subjects: NDArray[np.object_]
    n_read: int
    n_missing: int

    @cached_property
    def matrix(self) -> Array:
        """Design matrix (N, p), made when asked for."""
        if self.evaluated is not None:
            return self.evaluated
        return self.design.matrix(coded_frame(self.design.variables, self.coded))

    def select(self, keep: NDArray[np.bool_]) -> Rows:
        """Rows of some subjects; `keep` is (n,)."""
        mask = keep[self.subject]
        renumber = np.cumsum(keep) - 1
        return replace(
            self,
            y=self.y[mask],
            subject=renumber[self.subject[mask]],
            visit=self.visit[mask],
            place=self.place[mask] if self.place is not None else None,
            group=self.group[keep],
            weight=self.weight[keep] if self.weight is not None else None,
            index=self.index[mask],
            coded={name: values[mask] for name, values in self.coded.items()},
            evaluated=self.evaluated[mask] if self.evaluated is not None else None,
            subjects=self.subjects[keep],
        )

    @cached_property
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
    left, right, left_names, right_names = parse(formula, data.columns)
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

    numbers = _numbers(data[left_names])
    kept = ~data[extra].isna().any(axis=1).to_numpy() & ~numbers.isna().any(axis=1).to_numpy()
    wanted = list(dict.fromkeys([*right_names, visit] if on_grid else right_names))
    for name in wanted:
        kept &= ~data[name].isna().to_numpy()
    checks.check_outcome(" and ".join(left_names), numbers.to_numpy(), kept)
    used = data.loc[kept]

    variables: dict[str, Variable] = {}
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
    codes = {name: found[order] for name, found in codes.items()}
    if str(left) == left_names[0]:
        y = numbers[left_names[0]].to_numpy()[kept][order]
    else:
        y = np.asarray(work_out(formula, left, numbers.loc[kept]), dtype=float)[order, 0]
    if not np.isfinite(y).all():
        raise EstimationError(
            f"The outcome of {formula!r} is not finite in {int((~np.isfinite(y)).sum())} rows.",
            "Correct the values, or the function applied to them.",
        )
    design, X = bind(formula, right, visit, variables, codes, subject_codes, on_grid)
    group_codes: Codes = np.zeros(len(firsts), dtype=np.int64)
    groups: tuple[object, ...] = ()
    if group is not None:
        group_variable, found = read_variable(
            group, used[group].astype("category"), is_visit=False, keep_unused=keep_unused
        )
        checks.check_constant(subject_codes, found[order], "covariance group", group)
        group_codes, groups = found[order][firsts].astype(np.int64), group_variable.levels
    weight = None
    if weights is not None:
        of_rows = used[weights].to_numpy(dtype=float)[order]
        checks.check_constant(subject_codes, of_rows, "weight", weights)
        weight = of_rows[firsts]
        checks.check_weights(weights, weight)
    return Rows(
        design=design,
        y=y,
        subject=subject_codes,
        visit=visit_codes,
        place=None if on_grid else when,
        group=group_codes,
        weight=weight,
        groups=groups,
        index=used.index[order],
        coded=codes,
        evaluated=X,
        subjects=np.asarray(subjects, dtype=object),
        n_read=len(data),
        n_missing=int((~kept).sum()),
    )


def bind(
    formula: str,
    right: Formula,
    visit: str,
    variables: dict[str, Variable],
    values: dict[str, NDArray[Any]],
    subject: Codes,
    on_grid: bool,
) -> tuple[Design, Array | None]:
    """Bind a formula to sorted rows: the design, and X where functions make it necessary."""
    checks.check_finite({name: values[name] for name, v in variables.items() if not v.is_factor})
    design, X = build(formula, right, visit, variables, values)
    if on_grid:
        varying = {name for name in variables if name != visit and _changes(subject, values[name])}
        columns = describe_columns(design.spec, visit, design.variables, varying)
        design = replace(design, columns=columns)
        if X is None and any(column.pieces is None for column in columns):
            X = design.matrix(coded_frame(design.variables, values))
    if X is not None:
        checks.check_numbers(design.names, X)
    return design, X


def _numbers(columns: pd.DataFrame) -> pd.DataFrame:
    try:
        return columns.apply(pd.to_numeric, errors="raise").astype(float)
    except (TypeError, ValueError) as error:
        raise EstimationError(
            f"{' or '.join(map(str, columns))} holds something that is no number.",
            "Turn the outcome into numbers, with missing values where there is none.",
        ) from error


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
