"""Change from baseline, and the same signed so that more is better."""

from __future__ import annotations

import pandas as pd

from outcomes.instruments import Instrument


def derive_change(frame: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Add change and improvement.

    Parameters
    ----------
    frame : DataFrame
        Columns ``baseline`` and ``value`` in units of the instrument.
    instrument : Instrument
        Gives the direction.

    Returns
    -------
    DataFrame
        A copy with ``change`` (value − baseline) and ``improvement`` (the same, signed so that
        positive is better), float64 in units of the instrument.

    Notes
    -----
    Missing where either score is missing. Global ratings are changes already and have no baseline:
    both columns are missing for them.
    """
    improvement = instrument.improvement(frame["baseline"], frame["value"])
    change = -improvement if instrument.lower_is_better else improvement
    return frame.assign(change=change, improvement=improvement)
