"""Sums that are all a model needs to know: one pass over the rows, additive over sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .covariances import Structure
from .description import Description, describe
from .design import Design
from .moments import GridMoments
from .rows import Rows, read_rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MmrmStatistics:
    """Sufficient statistics of a model for repeated measures.

    Parameters
    ----------
    description : Description
        Formula, levels, counts and means.
    features : tuple of str
        Names of the numbers u kept for a subject, from which the design of every visit follows.
    offset : array (d + 1,)
        What was subtracted from each feature and from the outcome before summing, for precision.
    seen : array of bool (R, T)
        Visits of each pattern.
    group : array of int (R,)
        Covariance group of each pattern.
    n_subjects : array (R,)
        Subjects of each pattern.
    products : array (R, d + T, d + T)
        Weighted sums of (u, y)(u, y)' over the subjects of each pattern.
    n_withheld : int
        Subjects left out because fewer than k shared their pattern.
    """

    description: Description
    features: tuple[str, ...]
    offset: Array
    seen: NDArray[np.bool_]
    group: NDArray[np.int64]
    n_subjects: Array
    products: Array
    n_withheld: int = 0

    @classmethod
    def from_frame(
        cls,
        formula: str,
        data: pd.DataFrame,
        *,
        subject: str,
        visit: str,
        group: str | None = None,
        weights: str | None = None,
    ) -> MmrmStatistics:
        """Sum the rows of a frame.

        Parameters
        ----------
        formula : str
            As for `fit_mmrm`.
        data : pandas.DataFrame
            One row per subject and visit. Give factors as `pd.Categorical` with all their levels,
            so that the sums of another source with other levels present can be added.
        subject, visit, group, weights : str
            Columns, as for `fit_mmrm`.

        Returns
        -------
        MmrmStatistics
            Sums; no row can be recovered from them where patterns have several subjects.

        Raises
        ------
        EstimationError
            As `fit_mmrm`, for input that no model can be made of.
        """
        rows = read_rows(
            formula,
            data,
            subject=subject,
            visit=visit,
            group=group,
            weights=weights,
            keep_unused=True,
        )
        return summarise(rows)

    @property
    def maps(self) -> Array:
        """B_t (T, d, p): design row of visit t = B_t' u."""
        return feature_maps(self.description.design, self.features)

    def moments(self, structure: Structure) -> GridMoments:
        """Products as the likelihood takes them."""
        return GridMoments(
            self.seen, self.group, self.n_subjects, self.products, self.maps, structure
        )

    def to_original(self) -> tuple[Array, Array]:
        """Matrix and vector that turn coefficients on centred columns into those asked for.

        With b~ the coefficients of (X - H, y - c), H = X G and c = X g, the coefficients of (X,
        y) are b = (I - G) b~ + g.
        """
        p = len(self.description.design.names)
        maps = self.maps
        G = np.zeros((p, p))
        g = np.zeros(p)
        if "1" not in self.features:
            return np.eye(p), g
        one = self.features.index("1")
        plain = np.flatnonzero(maps[:, one, :].any(axis=0))
        basis = maps[:, one, plain]
        shift = np.einsum("tdp,d->tp", maps, self.offset[:-1])
        G[plain] = np.linalg.lstsq(basis, shift, rcond=None)[0]
        g[plain] = np.linalg.lstsq(basis, np.full(len(maps), self.offset[-1]), rcond=None)[0]
        return np.eye(p) - G, g


def feature_names(design: Design) -> tuple[str, ...]:
    """Names of the features of a design, one that varies in time once a visit."""
    names: dict[str, None] = {}
    for column in design.columns:
        for t in _visits_of(design, column.visit):
            names[f"{column.key}@{t}" if column.varies else column.key] = None
    return tuple(names)


def _visits_of(design: Design, visit: int | None) -> range:
    return range(len(design.visits)) if visit is None else range(visit, visit + 1)


def feature_maps(design: Design, features: tuple[str, ...]) -> Array:
    """B_t (T, d, p) of a design."""
    position = {name: i for i, name in enumerate(features)}
    maps = np.zeros((len(design.visits), len(features), len(design.columns)))
    for j, column in enumerate(design.columns):
        for t in _visits_of(design, column.visit):
            maps[t, position[f"{column.key}@{t}" if column.varies else column.key], j] = 1.0
    return maps


def _feature_values(rows: Rows, features: tuple[str, ...]) -> Array:
    """Features of each subject (n, d); zero where no visit of the subject needs them."""
    design, starts = rows.design, rows.starts
    position = {name: i for i, name in enumerate(features)}
    values = np.zeros((len(starts), len(features)))
    for j, column in sorted(enumerate(design.columns), key=lambda item: item[1].visit is None):
        if column.visit is None and not column.varies:
            values[:, position[column.key]] = rows.X[starts, j]
            continue
        for t in _visits_of(design, column.visit):
            here = rows.visit == t
            name = f"{column.key}@{t}" if column.varies else column.key
            values[rows.subject[here], position[name]] = rows.X[here, j]
    if "1" in position:
        values[:, position["1"]] = 1.0
    return values


def _choose_offset(design: Design, features: tuple[str, ...], values: Array, y: Array) -> Array:
    """Means to subtract, where a constant times each column is itself in the span of the design."""
    offset = np.zeros(len(features) + 1)
    if "1" not in features:
        return offset
    maps = feature_maps(design, features)
    one = features.index("1")
    basis = maps[:, one, maps[:, one, :].any(axis=0)]

    def spanned(target: Array) -> bool:
        found = np.linalg.lstsq(basis, target, rcond=None)[0]
        return bool(np.allclose(basis @ found, target, atol=1e-9))

    bases = [name.rsplit("@", 1)[0] for name in features]
    for base in dict.fromkeys(bases):
        members = [i for i, name in enumerate(bases) if name == base]
        if base == "1":
            continue
        if all(spanned(maps[:, members, j].sum(axis=1)) for j in range(maps.shape[2])):
            offset[members] = values[:, members].mean()
    if spanned(np.ones(len(maps))):
        offset[-1] = y.mean()
    return offset


def summarise(rows: Rows) -> MmrmStatistics:
    """Sum checked rows by covariance group and pattern of visits."""
    design, starts = rows.design, rows.starts
    n, T = len(starts), len(design.visits)
    features = feature_names(design)
    values = _feature_values(rows, features)
    offset = _choose_offset(design, features, values, rows.y)
    d = len(features)
    stacked = np.zeros((n, d + T))
    stacked[:, :d] = values - offset[:d]
    stacked[rows.subject, d + rows.visit] = rows.y - offset[d]
    seen = np.zeros((n, T), dtype=bool)
    seen[rows.subject, rows.visit] = True
    group, weight = rows.group[starts], rows.weight[starts]
    patterns, member = np.unique(
        np.column_stack([group[:, None], seen]).astype(np.int64), axis=0, return_inverse=True
    )
    order = np.argsort(member, kind="stable")
    counts = np.bincount(member, minlength=len(patterns))
    products = np.empty((len(patterns), d + T, d + T))
    for r, block in enumerate(np.split(order, np.cumsum(counts)[:-1])):
        products[r] = stacked[block].T @ (weight[block, None] * stacked[block])
    return MmrmStatistics(
        description=describe(rows),
        features=features,
        offset=offset,
        seen=patterns[:, 1:].astype(bool),
        group=patterns[:, 0],
        n_subjects=counts.astype(float),
        products=products,
    )
