"""Rows from integer codes that are sorted already: no frame, no copy, no design matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from . import checks
from .design import parse
from .rows import Rows, bind
from .variables import Variable

Array = NDArray[np.float64]


def read_codes(
    formula: str,
    data: Mapping[str, NDArray[Any]],
    *,
    subject: str,
    visit: str,
    levels: Mapping[str, Sequence[object]],
    group: str | None,
    weights: str | None,
) -> Rows:
    """Check arrays and take them as rows; see `MmrmStatistics.from_codes`."""
    _, right, left_names, right_names = parse(formula, data)
    outcome = left_names[0]
    needed = [outcome, subject, visit, *right_names, *(n for n in (group, weights) if n)]
    checks.check_columns(pd.DataFrame(columns=list(data)), needed)
    if formula.split("~")[0].strip().strip("`") != outcome:
        raise EstimationError(
            f"The outcome of {formula!r} is a function of a variable.",
            "Apply the function to the array, and name the array in the formula.",
        )
    arrays = {name: np.asarray(data[name]) for name in dict.fromkeys(needed)}
    n_read = len(arrays[outcome])
    if any(len(values) != n_read for values in arrays.values()):
        raise EstimationError("The arrays differ in length.", "Give one value a row in each.")
    kept = ~np.isnan(arrays[outcome])
    checks.check_outcome(outcome, arrays[outcome], kept)
    n_missing = n_read - int(kept.sum())
    if n_missing:
        arrays = {name: values[kept] for name, values in arrays.items()}

    who, when = arrays[subject], arrays[visit]
    change = who[1:] != who[:-1]
    if (who[1:] < who[:-1]).any() or not (change | (when[1:] > when[:-1])).all():
        raise EstimationError(
            f"The rows are not sorted by {subject} and {visit}, or a combination repeats.",
            "Sort them and keep one row per subject and visit, or use from_frame.",
        )
    variables = {
        name: _variable(name, arrays[name], levels) for name in dict.fromkeys([*right_names, visit])
    }
    if not variables[visit].is_factor:
        raise EstimationError(f"No levels for {visit}.", "Give its values, in order, in `levels`.")
    checks.check_visits(visit, variables[visit].levels)
    starts = np.flatnonzero(np.append(True, change))
    codes = np.empty(len(who), dtype=np.int32)
    codes[0] = 0
    np.cumsum(change, out=codes[1:])
    coded = {name: arrays[name] for name in variables}
    design, matrix = bind(formula, right, visit, variables, coded, codes, on_grid=True)

    group_codes = np.zeros(len(starts), dtype=np.int64)
    groups: tuple[object, ...] = ()
    if group is not None:
        checks.check_constant(codes, arrays[group], "covariance group", group)
        groups = _variable(group, arrays[group], levels).levels
        group_codes = arrays[group][starts].astype(np.int64)
        if not groups:
            raise EstimationError(f"No levels for {group}.", "Give its values in `levels`.")
    weight = None
    if weights is not None:
        checks.check_constant(codes, arrays[weights], "weight", weights)
        weight = arrays[weights][starts].astype(float)
        checks.check_weights(weights, weight)
    return Rows(
        design=design,
        y=arrays[outcome],
        subject=codes,
        visit=when,
        place=None,
        group=group_codes,
        weight=weight,
        groups=groups,
        index=pd.RangeIndex(n_read)[kept] if n_missing else pd.RangeIndex(n_read),
        coded=coded,
        evaluated=matrix,
        subjects=who[starts],
        n_read=n_read,
        n_missing=n_missing,
    )


def _variable(name: str, values: NDArray[Any], levels: Mapping[str, Sequence[object]]) -> Variable:
    """Variable of an array: a factor where levels were given, else a number."""
    if name not in levels:
        if values.dtype.kind not in "fiu":
            raise EstimationError(
                f"{name} is no number and has no levels.", "Give integer codes and `levels`."
            )
        return Variable(name)
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= len(levels[name]):
        raise EstimationError(
            f"{name} does not hold codes from 0 to {len(levels[name]) - 1}.",
            "Code its levels by their position in `levels`.",
        )
    return Variable(name, tuple(levels[name]), True)
