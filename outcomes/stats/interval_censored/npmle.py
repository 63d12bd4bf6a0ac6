"""Maximise the likelihood of an unspecified distribution given intervals that hold each time.

The likelihood can put mass only on the innermost intervals: those that begin at some row's left
limit and end at a row's right limit with no other limit between. Each row covers a run of them, so
a row's probability is a difference of the distribution function, and Newton's matrix is the
Laplacian of a graph with one edge a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from outcomes.errors import EstimationError

from .rows import CensoredTimes, Floats

Ints = NDArray[np.int64]
# At one time t: an exact time begins before it ends; what begins after t comes last.
_EXACT, _END, _AFTER = 0, 1, 2
# A mass below this may be one that only vanishes slowly along the path.
_DOUBTFUL = 1e-4
# A mass below this is none, unless a row of tiny weight has no other.
_NOTHING = 1e-8
# Up to this size a dense solve is quicker than setting up a sparse one.
_DENSE = 150


@dataclass(frozen=True)
class Cover:
    """Innermost intervals and the run of them that each distinct row covers.

    Parameters
    ----------
    left, right : ndarray of float, shape (m,)
        Limits of the innermost intervals, in order.
    closed : ndarray of bool, shape (m,)
        Whether the interval holds its left limit (an exact time does).
    first, stop : ndarray of int
        Row r covers intervals first[r] … stop[r] − 1.
    weight : ndarray of float
        Sum of weights of the equal rows.
    """

    left: Floats
    right: Floats
    closed: NDArray[np.bool_]
    first: Ints
    stop: Ints
    weight: Floats


def innermost(times: CensoredTimes) -> Cover:
    """Find the innermost intervals of a set of rows.

    Parameters
    ----------
    times : CensoredTimes
        The rows; those of weight 0 are left out.

    Returns
    -------
    Cover
        The intervals, and which of them each distinct row covers.

    References
    ----------
    Turnbull BW. The empirical distribution function with arbitrarily grouped, censored and
    truncated data. J R Stat Soc B 1976;38:290–295.
    """
    kept = times.weight > 0
    left, right, weight = times.left[kept], times.right[kept], times.weight[kept]
    exact = left == right
    value = np.concatenate([left, right])
    kind = np.concatenate([np.where(exact, _EXACT, _AFTER), np.full(len(right), _END)])
    order = np.lexsort((kind, value))
    value, kind = value[order], kind[order]
    changed = (value[1:] != value[:-1]) | (kind[1:] != kind[:-1])
    fresh = np.concatenate([[True], changed])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(fresh) - 1
    value, kind = value[fresh], kind[fresh]
    begins = kind != _END
    inner = np.flatnonzero(begins[:-1] & ~begins[1:])
    n = len(left)
    first = np.searchsorted(inner, rank[:n])
    stop = np.searchsorted(inner, rank[n:])
    pairs = np.stack([first, stop], axis=1)
    distinct, code = np.unique(pairs, axis=0, return_inverse=True)
    return Cover(
        left=value[inner],
        right=value[inner + 1],
        closed=kind[inner] == _EXACT,
        first=distinct[:, 0],
        stop=distinct[:, 1],
        weight=np.bincount(code.ravel(), weights=weight).astype(float),
    )


@dataclass(frozen=True)
class Maximum:
    """Masses on the innermost intervals at the maximum, and the proof that it is one.

    Parameters
    ----------
    mass : ndarray of float, shape (m,)
        Probability of each innermost interval; they sum to 1.
    log_likelihood : float
        Weighted log-likelihood.
    gap : float
        Bound on what the log-likelihood still lacks, a unit of weight.
    iterations : int
        Newton steps taken.
    """

    mass: Floats
    log_likelihood: float
    gap: float
    iterations: int


def maximise(cover: Cover, *, tolerance: float = 1e-11, limit: int = 100) -> Maximum:
    """Maximise the likelihood over the masses of the innermost intervals.

    Parameters
    ----------
    cover : Cover
        Innermost intervals and the run of them that each row covers.
    tolerance : float
        Stop when the duality gap, a unit of weight, is below this.
    limit : int
        Most Newton steps.

    Returns
    -------
    Maximum
        Masses, log-likelihood and the gap that remains.

    Notes
    -----
    With W = Σ w_i and P_i the probability of row i, maximise Σ w_i log P_i − W Σ p_j over p ≥ 0;
    the second term makes Σ p = 1 at the maximum, which is where d_j = Σ w_i/P_i over the rows that
    cover j equals W for p_j > 0 and is at most W elsewhere. A primal–dual path follows
    p_j z_j = μ → 0 with z = W − d; every step solves one sparse system in the distribution
    function. No p has a log-likelihood larger by more than W (max_j d_j / W − 1), the gap reported.
    An interval whose mass and z both vanish is approached slowly; it is left out if the maximum
    without it has no gap either. The masses are unique: some row begins at the left limit of every
    innermost interval, so any change of F changes the probability of a row, and log is strictly
    concave. What the data leave open is only where inside an interval its mass lies.

    References
    ----------
    Gentleman R, Geyer CJ. Maximum likelihood for interval censored data: consistency and
    computation. Biometrika 1994;81:618–623. Boyd S, Vandenberghe L. Convex optimization.
    Cambridge 2004, section 11.7.
    """
    total = float(cover.weight.sum())
    mass, steps = _follow_path(cover, tolerance, limit)
    inside, d = _gradient(cover, mass)
    held = mass >= _DOUBTFUL
    if (mass[~held] > 0).any() and _reaches_all(cover, held):
        lean = np.zeros_like(mass)
        lean[held], more = _follow_path(_restrict(cover, held), tolerance, limit)
        steps += more
        inside_lean, d_lean = _gradient(cover, lean)
        if d_lean.max() / total - 1 < 1e-10:
            mass, inside, d = lean, inside_lean, d_lean
    return Maximum(
        mass=mass,
        log_likelihood=float(cover.weight @ np.log(inside)),
        gap=float(d.max() / total - 1),
        iterations=steps,
    )


def _restrict(cover: Cover, held: NDArray[np.bool_]) -> Cover:
    """Restrict the cover to some of its intervals; rows keep the run of those that are left."""
    number = np.concatenate([[0], np.cumsum(held)])
    return Cover(
        left=cover.left[held],
        right=cover.right[held],
        closed=cover.closed[held],
        first=number[cover.first],
        stop=number[cover.stop],
        weight=cover.weight,
    )


def _follow_path(cover: Cover, tolerance: float, limit: int) -> tuple[Floats, int]:
    """Masses at the end of the primal–dual path, and the steps it took."""
    m, total = len(cover.left), float(cover.weight.sum())
    p = np.full(m, 1.0 / m)
    for _ in range(5):
        p = p * _gradient(cover, p)[1] / total
    inside, d = _gradient(cover, p)
    z = np.maximum(total - d, 0.1 * total)
    system, steps = _Laplacian(cover), 0
    while steps < limit:
        gap = float(p @ z)
        lack = total - d - z
        if gap < tolerance * total and np.abs(lack).max() < 1e-10 * total:
            break
        steps += 1
        mu = 0.1 * gap / m
        try:
            dp = system.solve(cover.weight / inside**2, z / p, mu / p - z - lack)
        except (np.linalg.LinAlgError, RuntimeError) as error:
            raise EstimationError(
                "The weights of the rows differ by more than the arithmetic can hold.",
                "Truncate the weights, or leave rows of negligible weight out.",
            ) from error
        dz = mu / p - z - z / p * dp
        size = min(1.0, 0.99 / max(np.max(-dp / p), np.max(-dz / z), 1e-300))
        p, z = p + size * dp, z + size * dz
        inside, d = _gradient(cover, p)
    held = p > _NOTHING
    mass = np.where(held, p, 0.0) if _reaches_all(cover, held) else p
    return mass / mass.sum(), steps


def _reaches_all(cover: Cover, held: NDArray[np.bool_]) -> bool:
    """Whether every row still covers an interval when only some are held."""
    number = np.concatenate([[0], np.cumsum(held)])
    return bool((number[cover.stop] > number[cover.first]).all())


def _gradient(cover: Cover, p: Floats) -> tuple[Floats, Floats]:
    """Probability of each row, and the derivative of the log-likelihood by each mass."""
    m = len(p)
    below = np.concatenate([[0.0], np.cumsum(p)])
    inside = below[cover.stop] - below[cover.first]
    # A difference of sums near 1 would lose the digits of a small mass.
    single = cover.stop - cover.first == 1
    inside[single] = p[cover.first[single]]
    share = cover.weight / inside
    change = np.bincount(cover.first, share, m + 1) - np.bincount(cover.stop, share, m + 1)
    return inside, np.cumsum(change)[:m]


class _Laplacian:
    """Newton's system (A' diag(rows) A + diag(chain)) dp = g, solved for the running sum F of p.

    A row is an edge between two entries of F and a mass an edge between neighbours, so the matrix
    is the Laplacian of a graph with F = 0 at the start held fixed.
    """

    def __init__(self, cover: Cover) -> None:
        m = len(cover.left)
        tail = np.concatenate([cover.first, np.arange(m)])
        head = np.concatenate([cover.stop, np.arange(1, m + 1)])
        self.row = np.concatenate([tail, head, tail, head])
        self.column = np.concatenate([tail, head, head, tail])
        self.size = m + 1

    def solve(self, rows: Floats, chain: Floats, g: Floats) -> Floats:
        edge = np.concatenate([rows, chain])
        values = np.concatenate([edge, edge, -edge, -edge])
        right = g - np.append(g[1:], 0.0)
        if self.size <= _DENSE:
            place = self.row * self.size + self.column
            square = np.bincount(place, values, self.size**2).reshape(self.size, self.size)
            return np.diff(np.linalg.solve(square[1:, 1:], right), prepend=0.0)
        shape = (self.size, self.size)
        laplacian = sparse.coo_matrix((values, (self.row, self.column)), shape=shape)
        factor = splu(
            laplacian.tocsc()[1:, 1:],
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        return np.diff(factor.solve(right), prepend=0.0)
