"""What stays unknown of counts that are not shown, beside sums and rounded counts that are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]


@dataclass(frozen=True)
class Sums:
    """Sums of counts: in each, the total less all parts is nothing.

    Parameters
    ----------
    number, count : array of int, m
        Number of the sum that a member is in, and the count it is.
    total : array of bool, m
        Whether the member is the total.
    """

    number: Wholes
    count: Wholes
    total: NDArray[np.bool_]


def unseen_bounds(
    sums: Sums,
    low: Floats,
    high: Floats,
    true: Floats,
    wanted: Wholes,
    *,
    largest: int,
    enough: int,
) -> Floats:
    """Bound counts by everything a reader knows.

    Parameters
    ----------
    sums : Sums
        Which counts add up to which.
    low, high : array, n
        Least and most that each count may be by itself: the range of its rounding where it is
        shown, from zero without end where it is not.
    true : array, n
        What the counts are. They satisfy all sums and bounds.
    wanted : array of int, k
        Counts to bound.
    largest : int
        Values above this one do not matter.
    enough : int
        So many values up to `largest` are enough: the search for a count ends where they are found.

    Returns
    -------
    array, k x 2
        Least and most that each may be, in whole numbers up to `largest`.

    Raises
    ------
    EstimationError
        If the true counts do not satisfy the sums or the bounds.

    Notes
    -----
    Whole numbers x with l <= x <= u and, for each sum, total = sum of parts; min and max of one of
    them. Two worlds that agree with all that is shown and differ in the count prove that it cannot
    be told. Three searches are made, each only where the one before does not reach `enough`: moving
    the count and one member of each of its sums that is in no other; a whole-number programme over
    the count and its neighbours, all else being as it is; and one over all that hangs together.
    The first two may only find less than there is, never more, and the last is exact.

    References
    ----------
    Fischetti M, Salazar JJ. Management Science 2001;47:1008–1027 (attacker's problem).
    """
    n, size = len(true), int(sums.number.max()) + 1 if len(sums.number) else 0
    matrix = sparse.csr_matrix(
        (np.where(sums.total, 1.0, -1.0), (sums.number, sums.count)), shape=(size, n)
    )
    off = np.abs(matrix @ true)
    if (off > 1e-6).any() or (true < low - 1e-9).any() or (true > high + 1e-9).any():
        raise EstimationError(
            "The counts do not satisfy the sums they are said to be in.",
            "Give only sums that are true.",
        )
    found = np.clip(_moved(matrix, low, high, true, wanted), 0.0, float(largest))
    columns = matrix.tocsc()
    for position in np.flatnonzero(found[:, 1] - found[:, 0] + 1 < enough):
        for wide in (False, True):
            if found[position, 1] - found[position, 0] + 1 >= enough:
                break
            free = _neighbours(matrix, columns, int(wanted[position]), everything=wide)
            found[position] = _searched(
                matrix, columns, low, high, true, int(wanted[position]), free, largest
            )
    return found


def _moved(
    matrix: sparse.csr_matrix, low: Floats, high: Floats, true: Floats, wanted: Wholes
) -> Floats:
    """Bounds by moving each count, and in each of its sums members that are in no other sum."""
    entries = matrix.tocoo()
    alone = np.bincount(entries.col, minlength=matrix.shape[1]) == 1
    up, down = high - true, true - low
    own = alone[entries.col]
    # what the balance of each sum can be raised or lowered by: totals up or parts down
    raised = np.where(own, np.where(entries.data > 0, up[entries.col], down[entries.col]), 0.0)
    lowered = np.where(own, np.where(entries.data > 0, down[entries.col], up[entries.col]), 0.0)
    rows = matrix.shape[0]
    raise_all = np.zeros(rows)
    lower_all = np.zeros(rows)
    np.add.at(raise_all, entries.row, raised)
    np.add.at(lower_all, entries.row, lowered)
    more = np.full(matrix.shape[1], np.inf)
    less = np.full(matrix.shape[1], np.inf)
    with np.errstate(invalid="ignore"):
        # without its own part; what has no end stays without end only if another has none either
        others_raise = np.where(np.isinf(raised), 0.0, raise_all[entries.row] - raised)
        others_lower = np.where(np.isinf(lowered), 0.0, lower_all[entries.row] - lowered)
    others_raise = np.nan_to_num(others_raise, nan=0.0, posinf=np.inf)
    others_lower = np.nan_to_num(others_lower, nan=0.0, posinf=np.inf)
    # a part that grows needs the balance of the rest raised, a total that grows needs it lowered
    grows = np.where(entries.data > 0, others_lower, others_raise)
    shrinks = np.where(entries.data > 0, others_raise, others_lower)
    np.minimum.at(more, entries.col, grows)
    np.minimum.at(less, entries.col, shrinks)
    return np.column_stack(
        [
            true[wanted] - np.minimum(less, down)[wanted],
            true[wanted] + np.minimum(more, up)[wanted],
        ]
    )


def _neighbours(
    matrix: sparse.csr_matrix, columns: sparse.csc_matrix, one: int, *, everything: bool
) -> Wholes:
    """Find counts in a sum with one, or with those, and so on."""
    free = np.array([one])
    while True:
        rows = np.unique(columns[:, free].indices)
        wider = np.unique(np.concatenate([free, matrix[rows].indices]))
        if not everything or len(wider) == len(free):
            return wider.astype("int64")
        free = wider


def _searched(
    matrix: sparse.csr_matrix,
    columns: sparse.csc_matrix,
    low: Floats,
    high: Floats,
    true: Floats,
    one: int,
    free: Wholes,
    largest: int,
) -> Floats:
    """Least and most of one count where some may move and all others are as they are."""
    rows = np.unique(columns[:, free].indices)
    part = matrix[rows][:, free]
    balance = part @ true[free]
    lower, upper = low[free].copy(), high[free].copy()
    at = int(np.flatnonzero(free == one)[0])
    upper[at] = min(upper[at], largest)
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(free))
        cost[at] = sign
        solved = milp(
            cost,
            integrality=np.ones(len(free)),
            bounds=Bounds(lower, upper),
            constraints=LinearConstraint(part, balance, balance) if len(rows) else (),
        )
        # the true counts are an answer, so none means that the search was cut short
        ends.append(round(float(solved.x[at])) if solved.x is not None else float(true[one]))
    return np.array(ends, dtype="float64")
