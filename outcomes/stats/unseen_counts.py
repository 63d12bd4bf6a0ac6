"""What stays unknown of counts that are not shown, beside sums and rounded counts that are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]

_NEAR = 1e-6
# Worlds for many counts at once are drawn; after so many without a value that is new each count
# that is left is looked at by itself. What is found does not depend on the draws, only how soon.
_SEED, _IDLE = 20_260, 3
# A world need not be the best one, only one; searches for many counts at once are cut short.
_GAP, _NODES = 0.05, 200


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
    total: Flags


@dataclass(frozen=True)
class _Known:
    """What a reader knows: sums, and the least and most that each count may be."""

    matrix: sparse.csr_matrix
    low: Floats
    high: Floats
    part: Wholes  # which counts hang together, by number


def unseen_values(
    sums: Sums,
    low: Floats,
    high: Floats,
    true: Floats,
    wanted: Wholes,
    *,
    largest: int,
    enough: int,
) -> Flags:
    """Find the values that counts may have for all that a reader knows.

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
        Counts to look at, each no larger than `largest`.
    largest : int
        Values above this one do not matter.
    enough : int
        So many values are enough: the search for a count ends where they are found.

    Returns
    -------
    array of bool, k x (largest + 1)
        Which of the values 0, 1, … `largest` each count may have: `enough` of them or more, or
        all there are.

    Raises
    ------
    EstimationError
        If the true counts do not satisfy the sums or the bounds.

    Notes
    -----
    A world is a vector of whole numbers x with l <= x <= u and, in each sum, the total equal to
    the sum of the parts. A value is possible if there is a world in which the count has it. What
    is found is shown by a world, so it is never too much; and what is not found has been searched
    for in all that hangs together, so it is never too little:

    1. bounds are tightened from sum to sum until nothing moves; counts that no longer can move are
       taken out, and the rest falls into parts that know nothing of each other;
    2. each count is moved with one member of each of its sums that is in no other sum;
    3. worlds are sought in which very many counts move at once, each to a value it lacks;
    4. of counts that still lack values, each value is sought by itself, in its part.

    A search that is cut short counts as nothing found.

    References
    ----------
    Fischetti M, Salazar JJ. Management Science 2001;47:1008–1027 (attacker's problem).
    """
    n, size = len(true), int(sums.number.max()) + 1 if len(sums.number) else 0
    matrix = sparse.csr_matrix(
        (np.where(sums.total, 1.0, -1.0), (sums.number, sums.count)), shape=(size, n)
    )
    off = np.abs(matrix @ true)
    if (off > _NEAR).any() or (true < low - 1e-9).any() or (true > high + 1e-9).any():
        raise EstimationError(
            "The counts do not satisfy the sums they are said to be in.",
            "Give only sums that are true.",
        )
    values = np.arange(largest + 1)
    near = _moved(matrix, low, high, true, wanted)
    found = (values >= near[:, [0]]) & (values <= near[:, [1]])
    known = _known(matrix, *_tightened(matrix, low, high))
    open_to = (values >= known.low[wanted][:, None]) & (values <= known.high[wanted][:, None])
    _many_at_once(known, true, wanted, found, open_to, enough)
    for position in np.flatnonzero(found.sum(axis=1) < enough):
        for value in np.flatnonzero(open_to[position] & ~found[position]):
            if found[position].sum() >= enough:
                break
            if not found[position, value]:
                _one(known, true, wanted, found, int(position), int(value))
    return found


def _tightened(matrix: sparse.csr_matrix, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Least and most of each count by the least and most of the others in its sums, and so on."""
    entries = matrix.tocoo()
    rows, counts, total = entries.row, entries.col, entries.data > 0
    low, high = low.astype("float64"), high.astype("float64")

    def others(ends: Floats) -> Floats:
        """Sum of the other members' ends; without end where one of them is."""
        endless = np.isinf(ends)
        own = np.where(endless, 0.0, ends)
        left = np.bincount(rows, endless, matrix.shape[0])[rows] - endless
        rest = np.bincount(rows, own, matrix.shape[0])[rows] - own
        return np.where(left > 0, np.inf, rest)

    while True:
        least = others(np.where(total, low[counts], -high[counts]))
        most = others(np.where(total, high[counts], -low[counts]))
        # the least is without end below, and `others` gives its size only
        least = np.where(np.isinf(least), -np.inf, least)
        lower, upper = low.copy(), high.copy()
        np.maximum.at(lower, counts, np.where(total, -most, least))
        np.minimum.at(upper, counts, np.where(total, -least, most))
        if (lower <= low + _NEAR).all() and (upper >= high - _NEAR).all():
            return low, high
        low, high = lower, upper


def _known(matrix: sparse.csr_matrix, low: Floats, high: Floats) -> _Known:
    """Split what can still move into parts that have no sum in common."""
    moving = matrix[:, high > low]
    pattern = sparse.bmat([[None, moving.T], [moving, None]], format="csr")
    part = np.full(matrix.shape[1], -1, dtype="int64")
    if moving.shape[1]:
        part[high > low] = connected_components(pattern, directed=False)[1][: moving.shape[1]]
    return _Known(matrix, low, high, part)


def _many_at_once(
    known: _Known, true: Floats, wanted: Wholes, found: Flags, open_to: Flags, enough: int
) -> None:
    """Mark values of worlds in which each count that lacks values moves to one of them."""
    random = np.random.default_rng(_SEED)
    far = np.abs(np.arange(found.shape[1]) - true[wanted][:, None])
    idle = 0
    while idle < _IDLE:
        lacking = np.flatnonzero((found.sum(axis=1) < enough) & (open_to.sum(axis=1) >= enough))
        if not len(lacking):
            return
        # near values first: they leave the others more room
        far_away = np.where(open_to & ~found, far + random.uniform(0.0, 3.0, found.shape), np.inf)[
            lacking
        ]
        target = far_away.argmin(axis=1)
        counts = wanted[lacking]
        up = target > true[counts]
        low, high = known.low.copy(), known.high.copy()
        # no count goes beyond its target, and each as far to it as the others let it
        np.minimum.at(high, counts[up], target[up])
        np.maximum.at(low, counts[~up], target[~up])
        cost = np.zeros(len(true))
        cost[counts] = np.where(up, -1.0, 1.0) * random.uniform(0.5, 1.5, len(counts))
        free = np.flatnonzero(np.isin(known.part, np.unique(known.part[counts])))
        world = _world(known, true, free, low, high, cost, {"mip_rel_gap": _GAP})
        idle = 0 if world is not None and _mark(world, wanted, found) else idle + 1


def _one(
    known: _Known, true: Floats, wanted: Wholes, found: Flags, position: int, value: int
) -> None:
    """Mark the values of a world in which one count has one value, if there is such a world."""
    one = wanted[position]
    low, high = known.low.copy(), known.high.copy()
    low[one] = high[one] = value
    free = np.flatnonzero(known.part == known.part[one])
    world = _world(known, true, free, low, high, np.zeros(len(true)), {})
    if world is not None:
        _mark(world, wanted, found)


def _world(
    known: _Known,
    true: Floats,
    free: Wholes,
    low: Floats,
    high: Floats,
    cost: Floats,
    options: dict[str, float],
) -> Floats | None:
    """Find a world in which some counts may move and all others are as they are."""
    part = known.matrix[:, free]
    part = part[np.diff(part.indptr) > 0]
    balance = part @ true[free]
    solved = milp(
        cost[free],
        integrality=np.ones(len(free)),
        bounds=Bounds(low[free], high[free]),
        constraints=LinearConstraint(part, balance, balance) if part.shape[0] else (),
        options={"node_limit": _NODES, **options} if options else None,
    )
    if solved.x is None:
        return None
    moved = np.round(solved.x)
    if np.abs(part @ moved - balance).max(initial=0.0) > _NEAR:
        return None
    world = true.copy()
    world[free] = moved
    return world


def _mark(world: Floats, wanted: Wholes, found: Flags) -> bool:
    """Note the values that a world has, and say whether one was new."""
    value = world[wanted].astype("int64")
    rows = np.flatnonzero(value < found.shape[1])
    before = int(found.sum())
    found[rows, value[rows]] = True
    return int(found.sum()) > before


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
