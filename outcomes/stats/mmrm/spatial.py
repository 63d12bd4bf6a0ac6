"""Rows at dates of each subject's own, as the likelihood takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .covariances import SpatialExponential
from .moments import RowMoments
from .rows import Rows

Array = NDArray[np.float64]


def row_moments(rows: Rows, structure: SpatialExponential) -> tuple[RowMoments, Array, Array]:
    """Pad the rows; also give the matrix and vector that undo their centring (see `Fitted`)."""
    names = rows.design.names
    n, T, p = len(rows.starts), int(rows.visit.max()) + 1, len(names)
    transform, shift = np.eye(p), np.zeros(p)
    X, y = rows.matrix, rows.y
    if "(Intercept)" in names:
        one = names.index("(Intercept)")
        means = X.mean(axis=0)
        means[one] = 0.0
        X, y = X - means, y - y.mean()
        transform[one] -= means
        shift[one] = rows.y.mean()
    padded = np.zeros((n, T, p + 1))
    padded[rows.subject, rows.visit] = np.column_stack([X, y])
    if rows.weight is not None:
        padded *= np.sqrt(rows.weight)[:, None, None]
    seen = np.zeros((n, T), dtype=bool)
    seen[rows.subject, rows.visit] = True
    assert rows.place is not None
    place = np.zeros((n, T, rows.place.shape[1]))
    place[rows.subject, rows.visit] = rows.place
    distance = np.linalg.norm(place[:, :, None] - place[:, None, :], axis=-1)
    return RowMoments(seen, rows.group, padded, distance, structure), transform, shift
