"""What a subject is assumed to be like after the event: its own group, or the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Strategy = Literal[
    "mar", "jump-to-reference", "copy-reference", "copy-increments", "last-mean-carried"
]
STRATEGIES: tuple[Strategy, ...] = (
    "mar",
    "jump-to-reference",
    "copy-reference",
    "copy-increments",
    "last-mean-carried",
)


def means(strategy: Strategy, own: Floats, reference: Floats, event: Ints) -> Floats:
    """Means of the outcome over visits under a strategy.

    Parameters
    ----------
    strategy : str
        One of `STRATEGIES`.
    own, reference : ndarray of float, shape (n, T)
        Means of each subject in its own group, and had it been in the reference group.
    event : ndarray of int, shape (n,)
        First visit to which the strategy applies; T if none.

    Returns
    -------
    ndarray of float, shape (n, T)
        Means that the imputation is drawn around.

    Notes
    -----
    With a = event: MAR keeps the own means. Jump to reference takes those of the reference from a
    on. Copy reference takes them throughout, so that what was better before pulls the later visits
    along. Copy increments continues from the own mean before a by the steps of the reference:
    own[a − 1] + reference[t] − reference[a − 1]; with an event at the first visit it is jump to
    reference. Last mean carried keeps own[a − 1].

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with protocol deviation.
    J Biopharm Stat 2013;23:1352–1371.
    """
    if strategy == "mar":
        return own.copy()
    T = own.shape[1]
    after = np.arange(T) >= event[:, None]
    if strategy == "copy-reference":
        return np.where((event < T)[:, None], reference, own)
    if strategy == "jump-to-reference":
        return np.where(after, reference, own)
    before = np.clip(event - 1, 0, T - 1)[:, None]
    own_then = np.take_along_axis(own, before, axis=1)
    reference_then = np.take_along_axis(reference, before, axis=1)
    if strategy == "last-mean-carried":
        later = np.broadcast_to(own_then, own.shape)
    else:
        later = own_then + reference - reference_then
    later = np.where((event == 0)[:, None], reference, later)
    return np.where(after, later, own)


def covariance(strategy: Strategy, own: Floats, reference: Floats, event: int) -> Floats:
    """Covariance over visits under a strategy, where groups have covariances of their own.

    Parameters
    ----------
    strategy : str
        One of `STRATEGIES`.
    own, reference : ndarray of float, shape (T, T)
        Covariances of the group and of the reference.
    event : int
        First visit to which the strategy applies.

    Returns
    -------
    ndarray of float, shape (T, T)
        The own covariance up to the event and the regression of later on earlier visits of the
        reference after it; equal to both where they are equal.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. J Biopharm Stat 2013;23:1352–1371, equation 5.
    """
    T = len(own)
    if strategy == "mar" or event >= T or own is reference:
        return own
    if strategy == "copy-reference" or event == 0:
        return reference
    a, b = slice(0, event), slice(event, T)
    slope = np.linalg.solve(reference[a, a], reference[a, b]).T
    out = own.copy()
    out[b, a] = slope @ own[a, a]
    out[a, b] = out[b, a].T
    out[b, b] = reference[b, b] - slope @ (reference[a, a] - own[a, a]) @ slope.T
    return out


def choose(
    strategy: str | Mapping[object, str], names: Sequence[object], reference: object
) -> dict[object, Strategy]:
    """Name the strategy of each group.

    Parameters
    ----------
    strategy : str or mapping of group to str
        One for all groups, or one for each; groups not named are at random.
    names : sequence
        The groups.
    reference : object
        Group that is always at random.

    Returns
    -------
    dict of group to str
        Strategy of every group.

    Raises
    ------
    EstimationError
        For an unknown strategy or group.
    """
    if reference not in names:
        raise EstimationError(
            f"No group is called {reference}.", f"The groups are {', '.join(map(str, names))}."
        )
    given = dict.fromkeys(names, strategy) if isinstance(strategy, str) else dict(strategy)
    known: dict[str, Strategy] = {name: name for name in STRATEGIES}
    wrong = [str(s) for s in given.values() if s not in known]
    if wrong or any(name not in names for name in given):
        raise EstimationError(
            f"Unknown strategy or group in {given}.", f"Strategies are {', '.join(STRATEGIES)}."
        )
    chosen: dict[object, Strategy] = {name: known[given.get(name, "mar")] for name in names}
    chosen[reference] = "mar"
    return chosen
