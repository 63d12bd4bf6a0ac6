"""Sums over subjects as data, and what a likelihood makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .covariances import Structure
from .description import Description
from .features import feature_maps
from .moments import GridMoments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Weighted sums over subjects, by covariance group and pattern of visits.

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
