"""The numbers u kept for a subject, from which the design row of every visit follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .columns import Column
from .rows import Rows

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


def feature_names(columns: Sequence[Column], n_visits: int) -> tuple[str, ...]:
    """Names of the features of a design; one that varies in time has a feature a visit."""
    names: dict[str, None] = {}
    for column in columns:
        for t in _visits_of(column, n_visits):
            names[_name(column, t)] = None
    return tuple(names)


def feature_maps(columns: Sequence[Column], features: Sequence[str], n_visits: int) -> Array:
    """B_t (T, d, p): the design row of visit t is B_t' u."""
    position = {name: i for i, name in enumerate(features)}
    maps = np.zeros((n_visits, len(features), len(columns)))
    for j, column in enumerate(columns):
        for t in _visits_of(column, n_visits):
            maps[t, position[_name(column, t)], j] = 1.0
    return maps


def base_of(feature: str) -> str:
    """Name of a feature without its visit."""
    return feature.rsplit("@", 1)[0]


def _name(column: Column, visit: int) -> str:
    return f"{column.key}@{visit}" if column.varies else column.key


def _visits_of(column: Column, n_visits: int) -> range:
    return range(n_visits) if column.visit is None else range(column.visit, column.visit + 1)


def evaluate(rows: Rows, j: int, at: Codes) -> Array:
    """Part of column j that does not depend on the visit, at some rows.

    Where the part is a function, the rows must be at visits at which the column is not zero.
    """
    pieces = rows.design.columns[j].pieces
    if pieces is None:
        return rows.matrix[at, j]
    out = np.ones(len(at))
    for name, level in pieces:
        values = rows.coded[name][at]
        out *= values if level is None else values == level
    return out


def block_features(rows: Rows, features: Sequence[str], visits: Codes, positions: Codes) -> Array:
    """Features (b, d) of subjects that were seen at the same visits.

    `positions` (b, visits) are their rows. A feature that no visit of theirs needs is zero.
    """
    out = np.zeros((len(positions), len(features)))
    place = {int(t): k for k, t in enumerate(visits)}
    index = {name: i for i, name in enumerate(features)}
    done: set[str] = set()
    for j, column in enumerate(rows.design.columns):
        for t in place if column.visit is None else [column.visit]:
            name = _name(column, t)
            if name not in done and t in place:
                out[:, index[name]] = evaluate(rows, j, positions[:, place[t]])
                done.add(name)
    if "1" in index:
        out[:, index["1"]] = 1.0
    return out


def choose_offset(rows: Rows, features: Sequence[str]) -> Array:
    """Means (d + 1,) to subtract from features and outcome, so that sums of squares keep digits.

    A mean is taken only where a constant in place of the feature stays in the span of the design,
    and not of mere indicators.
    """
    columns, n_visits = rows.design.columns, len(rows.design.visits)
    offset = np.zeros(len(features) + 1)
    if "1" not in features:
        return offset
    maps = feature_maps(columns, features, n_visits)
    one = list(features).index("1")
    basis = maps[:, one, maps[:, one, :].any(axis=0)]

    def spanned(target: Array) -> bool:
        found = np.linalg.lstsq(basis, target, rcond=None)[0]
        return bool(np.allclose(basis @ found, target, atol=1e-9))

    members: dict[str, list[int]] = {}
    for i, name in enumerate(features):
        members.setdefault(base_of(name), []).append(i)
    for j, column in enumerate(columns):
        indicator = column.pieces is not None and all(
            level is not None for _, level in column.pieces
        )
        own = members[column.key]
        if column.key == "1" or indicator or offset[own[0]] != 0.0:
            continue
        if all(spanned(maps[:, own, i].sum(axis=1)) for i in range(len(columns))):
            needed = (
                rows.starts if column.visit is None else np.flatnonzero(rows.visit == column.visit)
            )
            offset[own] = evaluate(rows, j, needed).mean() if len(needed) else 0.0
    if spanned(np.ones(n_visits)):
        offset[-1] = rows.y.mean()
    return offset
