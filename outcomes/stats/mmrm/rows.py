"""Checked rows of a frame, sorted by subject and visit, with their design matrix."""

from __future__ import annotations

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
        Codes; rows are sorted by both.
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
    visit: str,
    group: str | None,
    weights: str | None,
    keep_unused: bool,
) -> Rows:
    """Check a frame and turn it into rows of numbers.

    A row is used when outcome, subject, visit, group, weight and every variable of the formula
    are there; the others are counted. `keep_unused` keeps levels of a categorical column that no
    row has, so that the sums of several sources fit together.
    """
    left, right, left_names, right_names = parse(formula)
    extra = [name for name in (subject, visit, group, weights) if name is not None]
    checks.check_columns(data, [*left_names, *right_names, *extra])
    if data.empty:
        raise EstimationError("The data have no rows.", "Check the selection before the model.")

    numbers = data[left_names].apply(pd.to_numeric, errors="raise").astype(float)
    kept = ~data[extra].isna().any(axis=1).to_numpy() & ~numbers.isna().any(axis=1).to_numpy()
    wanted = dict.fromkeys([*right_names, visit])
    for name in wanted:
        kept &= ~data[name].isna().to_numpy()
    checks.check_outcome(" and ".join(left_names), numbers.to_numpy(), kept)
    used = data.loc[kept]

    variables: dict[str, Variable] = {}
    columns: dict[str, Any] = {}
    codes: dict[str, NDArray[Any]] = {}
    for name in wanted:
        variables[name], codes[name] = read_variable(
            name, used[name], is_visit=name == visit, keep_unused=keep_unused
        )
    checks.check_visits(visit, variables[visit].levels)
    subject_codes, subjects = pd.factorize(used[subject], sort=False)
    order = np.lexsort((codes[visit], subject_codes))
    subject_codes = subject_codes[order].astype(np.int64)
    visit_codes = np.asarray(codes[visit], dtype=np.int64)[order]
    checks.check_duplicates(subject_codes, visit_codes, (subject, visit))
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
    varying = {
        name for name in right_names if name != visit and _changes(subject_codes, codes[name])
    }
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
        group=group_codes,
        weight=weight,
        groups=groups,
        index=used.index[order],
        frame=frame,
        subjects=np.asarray(subjects, dtype=object),
        n_read=len(data),
        n_missing=int((~kept).sum()),
    )


def _changes(subject: Codes, values: NDArray[Any]) -> bool:
    return bool(((subject[1:] == subject[:-1]) & (values[1:] != values[:-1])).any())
