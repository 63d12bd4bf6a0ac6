"""How bad an adverse event was: five levels from bothersomeness, duration and seriousness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import words

GRADES = ("short_minor", "long_minor", "short_moderate", "long_moderate", "serious")
"""From least to worst."""
UNGRADED = "ungraded"
BOTHERSOME, LONG = 3.0, 24.0
"""Bothersomeness above which an event is moderate (0 to 10), hours from which it is long."""


def derive_event_grade(events: pd.DataFrame) -> pd.Series:
    """Grade adverse events.

    Parameters
    ----------
    events : DataFrame
        ``severity`` (bothersomeness, 0 to 10), ``duration_hours``, ``serious`` (1 or 0).

    Returns
    -------
    Series of str
        One of `GRADES`, or ``ungraded`` where an event that is not serious lacks its severity or
        its duration; on the index of `events`.

    Notes
    -----
    Serious goes first, whatever else is recorded. Else: 3 or less is minor and more is moderate,
    under 24 hours is short and 24 hours or more is long.

    References
    ----------
    Paanalahti K et al. BMC Musculoskelet Disord 2014;15:77, table 3.
    """
    severity = events["severity"].to_numpy(dtype="float64")
    hours = events["duration_hours"].to_numpy(dtype="float64")
    serious = events["serious"].to_numpy(dtype="float64") == 1
    level = 2 * (severity > BOTHERSOME) + (hours >= LONG)
    unknown = np.isnan(severity) | np.isnan(hours)
    which = np.where(serious, 4, np.where(unknown, 5, level))
    return words((*GRADES, UNGRADED), which).set_axis(events.index)
