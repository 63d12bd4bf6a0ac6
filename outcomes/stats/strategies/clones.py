"""Who keeps to a strategy, how long, and what they are weighted with for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """The clones of one strategy: n subjects over K periods.

    Parameters
    ----------
    kept : ndarray of bool, shape (n, K)
        The clone has kept to the strategy through the period.
    bound : ndarray of bool, shape (n, K)
        In this period the clone had to take a code of the strategy or be censored; elsewhere grace
        left it free.
    """

    kept: Flags
    bound: Flags

    def at_risk(self) -> Flags:
        """Mark the clones that were still on the strategy when the period began.

        Returns
        -------
        ndarray of bool, shape (n, K)
            Kept through the period before; everybody in the first.
        """
        before = np.ones_like(self.kept)
        before[:, 1:] = self.kept[:, :-1]
        return before


def follow(
    codes: Ints, allowed: Collection[int], *, grace: int = 0, periods: int | None = None
) -> Followed:
    """Censor the clones of a strategy when they leave it.

    Parameters
    ----------
    codes : ndarray of int, shape (n, K)
        What each subject took in each period, from 0; -1 when no longer under observation.
    allowed : collection of int
        Codes that agree with the strategy.
    grace : int
        Periods in a row that may be off the strategy before the clone is censored. None of them may
        be the first period, which says what was begun.
    periods : int, optional
        Number of periods that the strategy binds, from the first; all unless given. 1 compares what
        was begun, whatever followed.

    Returns
    -------
    Followed
        A subject that is no longer observed is not kept; weights for staying stand for it.

    Raises
    ------
    EstimationError
        For a strategy without codes, or negative grace.

    Notes
    -----
    One clone of every subject is begun under each strategy; its follow-up is cut when the data no
    longer agree with it. Nobody is classed by what came later, so no time is immortal.

    References
    ----------
    Hernán MA, Sauer BC, Hernández-Díaz S, Platt R, Shrier I. Specifying a target trial prevents
    immortal time bias and other self-inflicted injuries in observational analyses. J Clin Epidemiol
    2016;79:70–75. Maringe C, et al. Reflection on modern methods: trial emulation in the presence
    of immortal-time bias. Int J Epidemiol 2020;49:1719–1729.
    """
    if not len(allowed):
        raise EstimationError("A strategy allows nothing.", "Name at least one code it allows.")
    if grace < 0:
        raise EstimationError(f"Grace of {grace} periods.", "Use 0 or more.")
    n, k = codes.shape
    last = k if periods is None else periods
    off = ~np.isin(codes, np.fromiter(allowed, dtype=np.int64))
    kept, bound = np.zeros((n, k), dtype=bool), np.zeros((n, k), dtype=bool)
    on = np.ones(n, dtype=bool)
    away = np.full(n, grace)
    for t in range(k):
        bound[:, t] = on & (away >= grace) & (t < last)
        on = on & (codes[:, t] >= 0) & ~(off[:, t] & bound[:, t])
        kept[:, t] = on
        away = np.where(off[:, t], away + 1, 0) if t else np.zeros(n, dtype=np.int64)
    return Followed(kept, bound)


def clone_weights(
    followed: Followed,
    allowed: Collection[int],
    probabilities: Floats,
    staying: Floats | None = None,
) -> Floats:
    """Weight the clones that kept to a strategy for those that were censored.

    Parameters
    ----------
    followed : Followed
        As made by `follow`.
    allowed : collection of int
        Codes that agree with the strategy.
    probabilities : ndarray of float, shape (n, K, L)
        Probability of each code given the history; not read where the subject is not observed.
    staying : ndarray of float, shape (n, K), optional
        Probability of still being observed in the period given the history.

    Returns
    -------
    ndarray of float, shape (n, K)
        Π_{u ≤ t} 1/P(code agrees)^bound · 1/P(observed) of clones kept through t; 0 for others.
        In each period the weights sum to n on average.

    Notes
    -----
    In a period of grace the clone is kept whatever it does, with probability 1, and gets no factor:
    that is the natural grace period, in which subjects use grace as they do in the data.

    References
    ----------
    Cain LE, Robins JM, Lanoy E, Logan R, Costagliola D, Hernán MA. When to start treatment? A
    systematic approach to the comparison of dynamic regimes using observational data. Int J
    Biostat 2010;6:18.
    """
    return weights_of_chance(followed, probabilities[:, :, list(allowed)].sum(axis=2), staying)


def weights_of_chance(followed: Followed, agrees: Floats, staying: Floats | None = None) -> Floats:
    """Weight clones as `clone_weights` does, where the chance to agree is known already.

    Parameters
    ----------
    followed, staying
        As for `clone_weights`.
    agrees : ndarray of float, shape (n, K)
        Probability that the code agrees with the strategy, given the history.

    Returns
    -------
    ndarray of float, shape (n, K)
        As of `clone_weights`.
    """
    chance = np.where(followed.bound, agrees, 1.0)
    if staying is not None:
        chance = chance * staying
    factor = np.zeros_like(chance)
    np.divide(1.0, chance, out=factor, where=followed.kept)
    return np.asarray(np.cumprod(factor, axis=1))
