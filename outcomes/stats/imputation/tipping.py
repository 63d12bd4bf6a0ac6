"""Shifts of what was imputed, and the one at which a conclusion changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError

from .panel import Panel

Floats = NDArray[np.float64]
Delta = Mapping[object, float | Sequence[float]]


@dataclass(frozen=True)
class TippingPoint:
    """Estimates over a range of shifts, and the shift at which the conclusion changes.

    Parameters
    ----------
    table : DataFrame
        delta, term, estimate, std_error, df, t, p_value, conf_low, conf_high.
    delta : float
        Shift at which the confidence limit next to 0 reaches 0, between the shifts tried; NaN if
        it does not within them.
    """

    table: pd.DataFrame
    delta: float


def shifts_of(panel: Panel, delta: Delta | None) -> Floats:
    """Write out the shift of every value that is imputed from the event on.

    Parameters
    ----------
    panel : Panel
        Subjects by visits.
    delta : mapping of group to float or sequence, optional
        One number for all visits from the event on, or one for the first, second, … of them, the
        last of which holds for those after it.

    Returns
    -------
    ndarray of float, shape (n, T)
        Shifts, 0 where nothing is imputed or the group is not named.

    Raises
    ------
    EstimationError
        For an unknown group, or a shift that is missing or infinite.
    """
    out = np.zeros_like(panel.outcome)
    if delta is None:
        return out
    unknown = [str(name) for name in delta if name not in panel.groups]
    if unknown:
        raise EstimationError(
            f"No group is called {', '.join(unknown)}.",
            f"The groups are {', '.join(map(str, panel.groups))}.",
        )
    since = np.arange(out.shape[1]) - panel.event[:, None]
    for name, value in delta.items():
        steps = np.atleast_1d(np.asarray(value, dtype=float))
        if not np.isfinite(steps).all():
            raise EstimationError("A shift is missing or infinite.", "Give numbers.")
        # One number holds for all visits, the last of several for those after it.
        by_step = steps[np.clip(since, 0, len(steps) - 1)]
        here = (panel.group == panel.groups.index(name))[:, None]
        out = np.where(here & panel.missing & panel.after_event, by_step, out)
    return out


def crossing(rows: pd.DataFrame) -> float:
    """Find the shift at which the confidence limit next to 0 reaches it.

    Parameters
    ----------
    rows : DataFrame
        delta, estimate, conf_low and conf_high, one row a shift, in the order in which they get
        worse.

    Returns
    -------
    float
        Shift between the two at which the limit changes sign, by a straight line; NaN if none does.
    """
    side = "conf_high" if rows["estimate"].iloc[0] < 0 else "conf_low"
    limit, delta = rows[side].to_numpy(), rows["delta"].to_numpy()
    changes = np.flatnonzero(np.sign(limit[1:]) != np.sign(limit[0]))
    if limit[0] == 0:
        return float(delta[0])
    if not changes.size:
        return float("nan")
    j = int(changes[0])
    return float(delta[j] + (delta[j + 1] - delta[j]) * limit[j] / (limit[j] - limit[j + 1]))
