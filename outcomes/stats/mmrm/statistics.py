"""Sums that are all a model needs to know: one pass over the rows, additive over sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from . import storage
from .coded import read_codes
from .description import describe
from .features import block_features, choose_offset, feature_names
from .merge import add
from .rows import Rows, read_rows
from .sums import Sums

Codes = NDArray[np.int64]
BLOCK = 65_536


class MmrmStatistics(Sums):
    """Sufficient statistics of a model for repeated measures: sums over subjects, by pattern.

    Everything `fit_mmrm` needs but the residuals of single subjects. Sums of several sources are
    added with `+` and give the fit of all their rows together; no subject may be in two sources.
    The attributes are those of `Sums`.
    """

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
        min_subjects: int = 1,
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
        min_subjects : int
            Leave out subjects whose pattern of visits (in their covariance group) fewer subjects
            share. With one subject in a pattern, its sums are its rows.

        Returns
        -------
        MmrmStatistics
            Sums over subjects, by pattern.

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
        return summarise(rows, min_subjects)

    @classmethod
    def from_codes(
        cls,
        formula: str,
        data: Mapping[str, NDArray[Any]],
        *,
        subject: str,
        visit: str,
        levels: Mapping[str, Sequence[object]],
        group: str | None = None,
        weights: str | None = None,
        min_subjects: int = 1,
    ) -> MmrmStatistics:
        """Sum arrays of integer codes sorted by subject and visit, without a frame between.

        Parameters
        ----------
        formula : str
            As for `fit_mmrm`. Without functions in it no design matrix is made.
        data : mapping of str to array (N,)
            One value a row: the outcome (missing values allowed), the subject in rising order,
            the visit rising within subjects, codes of factors and numbers without missing values.
        subject, visit, group, weights : str
            Names in `data`, as for `fit_mmrm`.
        levels : mapping of str to sequence
            Levels of the visit, the group and every other factor: code k stands for the k-th.
        min_subjects : int
            As for `from_frame`.

        Returns
        -------
        MmrmStatistics
            The same sums as `from_frame` gives.

        Raises
        ------
        EstimationError
            Where arrays are not sorted, not coded or not of one length.
        """
        rows = read_codes(
            formula,
            data,
            subject=subject,
            visit=visit,
            levels=levels,
            group=group,
            weights=weights,
        )
        return summarise(rows, min_subjects)

    def __add__(self, other: MmrmStatistics) -> MmrmStatistics:
        """Add sums over other subjects."""
        if not isinstance(other, MmrmStatistics):
            return NotImplemented
        return add(self, other)

    def __radd__(self, other: object) -> MmrmStatistics:
        """Let `sum()` start from zero."""
        return self if other == 0 else NotImplemented

    def save(self, path: str | Path) -> None:
        """Write the sums to one file (NumPy's npz, nothing executable in it).

        Raises
        ------
        EstimationError
            Where a function in the formula took numbers from the data, as center() does.
        """
        storage.write(self, path)

    @classmethod
    def load(cls, path: str | Path) -> MmrmStatistics:
        """Read sums that `save` wrote."""
        return cls(**storage.read(path))


def summarise(rows: Rows, min_subjects: int = 1) -> MmrmStatistics:
    """Sum checked rows by covariance group and pattern of visits."""
    seen, group, member = _patterns(rows)
    counts = np.bincount(member, minlength=len(seen))
    if (counts < min_subjects).any():
        keep = counts[member] >= min_subjects
        if not keep.any():
            raise EstimationError(
                f"Every pattern of visits has fewer than {min_subjects} subjects.",
                "Take fewer visits, or a smaller `min_subjects`.",
            )
        return replace(summarise(rows.select(keep)), n_withheld=int((~keep).sum()))
    design, starts = rows.design, rows.starts
    T = len(design.visits)
    features = feature_names(design.columns, T)
    offset = choose_offset(rows, features)
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
    group = rows.group
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
