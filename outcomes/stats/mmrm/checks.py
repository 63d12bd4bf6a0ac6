"""Input that no model can be made of, refused with the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError

Array = NDArray[np.float64]


def check_columns(data: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse names that are no column of the frame."""
    missing = [name for name in dict.fromkeys(names) if name not in data.columns]
    if missing:
        raise EstimationError(
            f"The data have no column {', '.join(map(repr, missing))}.",
            "Check the formula and the names of subject, visit, group and weights.",
        )


def check_visit_order(name: str, levels: Sequence[object], labels: Sequence[str]) -> None:
    """Refuse text levels whose numbers do not rise."""
    if not all(isinstance(level, str) for level in levels):
        return
    numbers = [re.findall(r"\d+(?:\.\d+)?", label) for label in labels]
    found = [(float(n[0]), label) for n, label in zip(numbers, labels, strict=True) if n]
    values = [value for value, _ in found]
    if values != sorted(values):
        raise EstimationError(
            f"The levels of {name} are not in order of time: "
            f"{', '.join(label for _, label in found)}.",
            f"Make {name} a number, or pd.Categorical(..., categories=[...in order...], "
            "ordered=True).",
        )


def check_outcome(name: str, y: Array, kept: NDArray[np.bool_]) -> None:
    """Refuse an outcome that is infinite or missing everywhere."""
    if not np.isfinite(y[~np.isnan(y)]).all():
        raise EstimationError(
            f"{name} has {int(np.isinf(y).sum())} infinite values.",
            "Replace them by missing values or correct them.",
        )
    if not kept.any():
        raise EstimationError(
            f"No row has {name} together with every covariate, the subject and the visit.",
            "Check the columns of the formula for missing values.",
        )


def check_numbers(design_names: Sequence[str], X: Array) -> None:
    """Refuse infinite or undefined design columns."""
    bad = np.atleast_1d(~np.isfinite(X).all(axis=0))
    if bad.any():
        raise EstimationError(
            "Infinite or undefined values in "
            f"{', '.join(n for n, b in zip(design_names, bad, strict=True) if b)}.",
            "Correct the covariates, or the functions applied to them in the formula.",
        )


def check_finite(numbers: Mapping[str, NDArray[Any]]) -> None:
    """Refuse infinite numbers."""
    bad = [name for name, values in numbers.items() if not np.isfinite(values).all()]
    if bad:
        raise EstimationError(
            f"{', '.join(bad)} has infinite values.",
            "Correct them, or make them missing to leave the rows out.",
        )


def check_visits(name: str, levels: Sequence[object]) -> None:
    """Refuse a single visit."""
    if len(levels) < 2:
        raise EstimationError(
            f"{name} has {len(levels)} level{'s' if len(levels) != 1 else ''} among the rows used.",
            "A model for repeated measures needs two visits or more; use a regression instead.",
        )


def check_repeats(name: str, position: NDArray[np.int64]) -> None:
    """Refuse times of which no subject has two."""
    if not position.any():
        raise EstimationError(
            f"No subject has two rows at different {name}.",
            "A model for repeated measures needs them; use a regression instead.",
        )


def check_duplicates(subject: NDArray[Any], place: NDArray[Any], names: tuple[str, str]) -> None:
    """Refuse two rows of one subject and visit; rows are sorted by both."""
    same = (subject[1:] == subject[:-1]) & (place[1:] == place[:-1]).all(axis=1)
    if same.any():
        raise EstimationError(
            f"{int(same.sum())} rows repeat a combination of {names[0]} and {names[1]}.",
            "Keep one row per subject and visit, or name finer visits.",
        )


def check_constant(subject: NDArray[Any], values: NDArray[Any], role: str, name: str) -> None:
    """Refuse a subject's value that changes between its rows; rows are sorted by subject."""
    changes = (subject[1:] == subject[:-1]) & (values[1:] != values[:-1])
    if changes.any():
        raise EstimationError(
            f"{name} changes within {int(np.unique(subject[1:][changes]).size)} subjects.",
            f"The {role} must be one value per subject.",
        )


def check_rank(names: Sequence[str], cross: Array) -> None:
    """Refuse a design that is not of full rank; `cross` is X'X (p, p)."""
    diagonal = np.diag(cross).copy()
    empty = diagonal <= 0
    if empty.any():
        raise EstimationError(
            "No row tells "
            f"{', '.join(n for n, e in zip(names, empty, strict=True) if e)} from zero.",
            "Drop levels without rows, or the interaction they belong to.",
        )
    scale = np.sqrt(diagonal)
    dependent, basis = [], np.zeros((0, 0))
    R = cross / np.outer(scale, scale)
    kept: list[int] = []
    for j in range(len(R)):
        residual = R[j, j]
        if kept:
            basis = R[np.ix_(kept, kept)]
            residual -= R[kept, j] @ np.linalg.solve(basis, R[kept, j])
        if residual < 1e-10:
            dependent.append(names[j])
        else:
            kept.append(j)
    if dependent:
        raise EstimationError(
            f"The design has {len(names)} columns but rank {len(kept)}: "
            f"{', '.join(dependent)} can be written by the columns before.",
            "Take that term out of the formula, or drop levels without rows.",
        )


def check_variation(cross: Array) -> None:
    """Refuse an outcome without residuals; `cross` is (X, y)'(X, y)."""
    total = cross[-1, -1]
    explained = cross[:-1, -1] @ np.linalg.solve(cross[:-1, :-1], cross[:-1, -1])
    if not total - explained > 1e-12 * total:
        raise EstimationError(
            "The covariates reproduce the outcome exactly: nothing is left for a covariance.",
            "Check that the outcome varies and is not among the covariates.",
        )


def check_size(n_rows: float, n_coefficients: int, n_parameters: int, structure: str) -> None:
    """Refuse as many parameters as outcomes."""
    total = n_coefficients + n_parameters
    if n_rows <= total:
        raise EstimationError(
            f"{int(n_rows)} outcomes cannot carry {n_coefficients} coefficients and "
            f"{n_parameters} covariance parameters ({structure}).",
            "Use a covariance with fewer parameters, fewer visits or a shorter formula.",
        )


def check_pairs(
    seen: NDArray[np.bool_], n_subjects: Array, levels: Sequence[object], group: str
) -> None:
    """Refuse a pair of visits that no subject had both of."""
    both = (seen * n_subjects[:, None]).T @ seen
    first, second = np.nonzero(np.triu(both == 0))
    if first.size:
        where = f" in {group}" if group else ""
        raise EstimationError(
            f"No subject was seen at both {levels[first[0]]} and {levels[second[0]]}{where} "
            f"({first.size} such pairs of visits).",
            "Use a covariance with structure, or leave out the sparse visits.",
        )


def check_weights(name: str, weight: Array) -> None:
    """Refuse weights that are not positive and finite."""
    bad = ~(np.isfinite(weight) & (weight > 0))
    if bad.any():
        raise EstimationError(
            f"{name} has {int(bad.sum())} subjects whose weight is no positive finite number.",
            "Leave out subjects of weight zero and correct the others.",
        )


def check_groups(group: NDArray[np.int64], n_subjects: Array, levels: Sequence[object]) -> None:
    """Refuse covariance groups of one subject."""
    for g, level in enumerate(levels):
        n = int(n_subjects[group == g].sum())
        if n < 2:
            raise EstimationError(
                f"Covariance group {level} has {n} subject{'s' if n != 1 else ''}.",
                "Give all subjects one covariance (leave out `group`), or merge small groups.",
            )
