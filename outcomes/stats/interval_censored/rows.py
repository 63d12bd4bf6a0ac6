"""Times known exactly, or only to lie before, after or between two inspections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CensoredTimes:
    """One time to an event a row, known to lie in (left, right], or exactly where they are equal.

    Parameters
    ----------
    left : ndarray of float
        Last time at which the event had not happened; −inf where that is not known.
    right : ndarray of float
        First time at which it had happened; +inf where that was not seen.
    weight : ndarray of float
        Non-negative weight of each row.
    """

    left: Floats
    right: Floats
    weight: Floats

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Rows whose time is known."""
        return self.left == self.right

    @property
    def left_censored(self) -> NDArray[np.bool_]:
        """Rows of which only an upper limit is known."""
        return (self.left <= 0) & (self.right < np.inf) & ~self.exact

    @property
    def right_censored(self) -> NDArray[np.bool_]:
        """Rows of which only a lower limit is known."""
        return np.isinf(self.right)

    @property
    def between(self) -> NDArray[np.bool_]:
        """Rows known to lie between two inspections."""
        return ~(self.exact | self.left_censored | self.right_censored)

    def counts(self) -> dict[str, int]:
        """Rows of positive weight, of each kind.

        Returns
        -------
        dict of str to int
            Keys exact, left, interval, right.
        """
        counted = self.weight > 0
        kinds = {
            "exact": self.exact,
            "left": self.left_censored,
            "interval": self.between,
            "right": self.right_censored,
        }
        return {name: int((rows & counted).sum()) for name, rows in kinds.items()}


def censored_times(
    left: ArrayLike, right: ArrayLike, weight: ArrayLike | None = None
) -> CensoredTimes:
    """Check and hold the limits between which each time lies.

    Parameters
    ----------
    left, right : array_like of float, shape (n,)
        The event lies in (left, right]; equal limits mean that it is known exactly. A missing or
        infinite `right` is a right-censored row; a missing, −inf or zero `left` a left-censored
        one.
        Times are not negative; any unit, the same for all.
    weight : array_like of float, shape (n,), optional
        Weights of the rows, 1 unless given.

    Returns
    -------
    CensoredTimes
        The rows as given, in their order, missing limits replaced by infinite ones.

    Raises
    ------
    EstimationError
        For limits in the wrong order, negative times, rows without any limit, weights that are
        negative or not finite, or no row at all.
    """
    low = np.atleast_1d(np.asarray(left, dtype=float)).copy()
    high = np.atleast_1d(np.asarray(right, dtype=float)).copy()
    mass = np.ones(low.shape) if weight is None else np.atleast_1d(np.asarray(weight, dtype=float))
    if low.ndim != 1 or not low.shape == high.shape == mass.shape:
        raise EstimationError(
            f"left, right and weight have shapes {low.shape}, {high.shape} and {mass.shape}.",
            "Give one-dimensional arrays of one length.",
        )
    empty = np.isnan(low) & np.isnan(high)
    low[np.isnan(low)] = -np.inf
    high[np.isnan(high)] = np.inf
    checks = (
        (empty, "have neither limit", "Leave them out, or set left to 0 if follow-up began."),
        (low > high, "end before they begin", "Exchange left and right where they are swapped."),
        (
            ((low < 0) & np.isfinite(low)) | (high < 0) | (low == np.inf),
            "have a negative time, or begin at infinity",
            "Measure time from the start of follow-up.",
        ),
        (
            ~np.isfinite(mass) | (mass < 0),
            "have a weight that is negative or not finite",
            "Correct the weights; leave a row out with weight 0.",
        ),
    )
    for wrong, problem, remedy in checks:
        if wrong.any():
            raise EstimationError(f"{int(wrong.sum())} of {len(low)} rows {problem}.", remedy)
    if not (mass > 0).any():
        raise EstimationError("No row has a positive weight.", "Give at least one row.")
    return CensoredTimes(low, high, mass)
