"""Scales of a funnel: the value itself, or the arcsine of the root of a proportion."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Scale = Literal["mean", "proportion", "arcsine", "exact"]


def to_scale(value: ArrayLike, scale: Scale) -> Floats:
    """Carry values to the scale on which limits are computed.

    Parameters
    ----------
    value : array_like
        Values; proportions for `arcsine`.
    scale : {"mean", "proportion", "arcsine", "exact"}
        Scale; only `arcsine` changes anything.

    Returns
    -------
    ndarray of float
        arcsin √p for `arcsine`, whose sampling variance 1/4n does not depend on p.
    """
    plain = np.asarray(value, float)
    return np.asarray(np.arcsin(np.sqrt(plain))) if scale == "arcsine" else plain


def from_scale(value: ArrayLike, scale: Scale) -> Floats:
    """Carry values back from the scale.

    Parameters
    ----------
    value : array_like
        Values on the scale.
    scale : {"mean", "proportion", "arcsine", "exact"}
        Scale.

    Returns
    -------
    ndarray of float
        Values; sin² for `arcsine`, with angles beyond 0 and π/2 taken as these.
    """
    plain = np.asarray(value, float)
    if scale == "arcsine":
        return np.asarray(np.sin(np.clip(plain, 0, np.pi / 2)) ** 2)
    return plain
