"""Groups without a single event: the rate is zero and its logarithm has no estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from outcomes.errors import EstimationError

# A direction this small beside the largest is rounding.
_NULL = 1e-9
_NOTICEABLE = 1e-6


def refuse_empty_groups(
    matrix: NDArray[np.float64], counts: NDArray[np.float64], names: tuple[str, ...]
) -> None:
    """Raise if some combination of terms has no event at all.

    Parameters
    ----------
    matrix : ndarray of float, shape (n, p)
        Design, full rank.
    counts : ndarray of float, shape (n,)
        Events per row.
    names : tuple of str
        Names of the p columns.

    Raises
    ------
    EstimationError
        Naming the coefficients that would run to infinity.

    Notes
    -----
    The Poisson likelihood has no maximum if and only if there is a direction d with X d = 0 on all
    rows with events and X d ≤ 0, not all 0, on the rows without. Rows with events that span the
    design rule it out; otherwise a linear programme over their null space decides.

    References
    ----------
    Santos Silva JMC, Tenreyro S. On the existence of the maximum likelihood estimates in Poisson
    regression. Economics Letters 2010;107:310–312.
    """
    with_events = counts > 0
    if not with_events.any():
        raise EstimationError(
            "There is not a single event.",
            "Report the exposure and an upper limit (intervals.rule_of_three) instead of a model.",
        )
    scaled = matrix / np.sqrt(np.mean(matrix**2, axis=0))
    gram = scaled[with_events].T @ scaled[with_events]
    values, vectors = np.linalg.eigh(gram)
    directions = vectors[:, values < _NULL * values[-1]]
    if not directions.size:
        return
    without = scaled[~with_events] @ directions
    answer = linprog(
        without.sum(axis=0),
        A_ub=np.vstack([without, -without]),
        b_ub=np.concatenate([np.zeros(len(without)), np.ones(len(without))]),
        bounds=(None, None),
    )
    if answer.fun is None or answer.fun > -_NOTICEABLE:
        return
    path = np.abs(directions @ answer.x)
    terms = [name for name, step in zip(names, path, strict=True) if step > 1e-6 * path.max()]
    raise EstimationError(
        f"A group described by {', '.join(terms)} has no event at all: its rate ratio has no "
        "finite estimate.",
        "Pool that level with another or leave it out, and report its count beside the model.",
    )
