"""Sums that are all a model needs to know: one pass over the rows, additive over sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .covariances import Structure
from .description import Description, describe
from .features import block_features, choose_offset, feature_maps, feature_names
from .moments import GridMoments
from .rows import Rows, read_rows

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
BLOCK = 65_536


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
        design = self.description.design
        return feature_maps(design.columns, self.features, len(design.visits))

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


def summarise(rows: Rows) -> MmrmStatistics:
    """Sum checked rows by covariance group and pattern of visits."""
    design, starts = rows.design, rows.starts
    T = len(design.visits)
    features = feature_names(design.columns, T)
    offset = choose_offset(rows, features)
    seen, group, member = _patterns(rows)
    counts = np.bincount(member, minlength=len(seen))
    d = len(features)
    products = np.zeros((len(seen), d + T, d + T))
    order = np.argsort(member, kind="stable")
    for r, subjects in enumerate(np.split(order, np.cumsum(counts)[:-1])):
        visits = np.flatnonzero(seen[r])
        used = np.concatenate([np.arange(d), d + visits])
        total = np.zeros((len(used), len(used)))
        for block in np.array_split(subjects, -(-len(subjects) // BLOCK)):
            positions = starts[block][:, None] + np.arange(len(visits))
            V = np.empty((len(block), len(used)))
            V[:, :d] = block_features(rows, features, visits, positions) - offset[:d]
            V[:, d:] = rows.y[positions] - offset[d]
            weighted = V if rows.weight is None else rows.weight[block, None] * V
            total += V.T @ weighted
        products[r][np.ix_(used, used)] = total
    return MmrmStatistics(
        description=describe(rows),
        features=features,
        offset=offset,
        seen=seen,
        group=group,
        n_subjects=counts.astype(float),
        products=products,
    )


def _patterns(rows: Rows) -> tuple[NDArray[np.bool_], Codes, Codes]:
    """Patterns of visits seen (R, T), their groups (R,), and the pattern of each subject (n,)."""
    n, T = len(rows.starts), len(rows.design.visits)
    group = rows.group[rows.starts]
    if T + int(group.max()).bit_length() < 63:
        bits = np.add.reduceat(np.left_shift(1, rows.visit, dtype=np.int64), rows.starts)
        found, member = np.unique((group << T) | bits, return_inverse=True)
        return (found[:, None] >> np.arange(T)) & 1 == 1, found >> T, member
    seen = np.zeros((n, T), dtype=bool)
    seen[rows.subject, rows.visit] = True
    both, member = np.unique(
        np.column_stack([group, seen]).astype(np.int64), axis=0, return_inverse=True
    )
    return both[:, 1:] == 1, both[:, 0], member
