"""Which scores an analysis uses: answered at home, or given before a session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.derive.follow_up import any_between, scores_after_start
from outcomes.derive.patient_days import NO_DAY, day_number, day_numbers
from outcomes.settings import CutPoints


@dataclass(frozen=True)
class TimingChoice:
    """Timing of the scores that an analysis uses, and what it was decided on.

    Parameters
    ----------
    timing : {"remote", "pre"}
        Answered at home, or before a session.
    remote_share, pre_share : float
        Patient-windows with such a score among those at risk; missing where none is.
    at_risk : int
        Patient-windows after the start that have fully elapsed.
    """

    timing: str
    remote_share: float
    pre_share: float
    at_risk: int


def choose_timing(
    assessments: pd.DataFrame | None,
    start: pd.DataFrame,
    instrument_code: str,
    cuts: CutPoints,
    as_of: pd.Timestamp,
) -> TimingChoice:
    """Choose the timing of the scores to analyse: home answers where there are enough of them.

    Parameters
    ----------
    assessments : DataFrame or None
        Scores as in the contract.
    start : DataFrame
        As made by `derive_start`.
    instrument_code : str
        Instrument to take.
    cuts : CutPoints
        `windows` and `home_share` are used.
    as_of : Timestamp
        Last day that is read.

    Returns
    -------
    TimingChoice
        The timing, and the shares of patient-windows that have a score of each kind.

    Notes
    -----
    Patient-windows are counted over all windows after the start that have fully elapsed. Home
    answers are chosen from `home_share` (0.4) on, and where there are no scores before a session at
    all. They come first because a score before a session exists only for those who attend.
    """
    last_day = day_number(as_of)
    origin = day_numbers(start["start"])
    patients = np.arange(len(start))
    counts = {"remote": 0, "pre": 0}
    at_risk = 0
    elapsed = [
        (origin != NO_DAY) & (origin + window.last <= last_day) for window in cuts.windows[1:]
    ]
    at_risk = int(sum(each.sum() for each in elapsed))
    given = dict.fromkeys(counts, False)
    for timing in counts:
        keys, _, _ = scores_after_start(
            assessments, start, instrument_code, timing, None, cuts, last_day
        )
        given[timing] = len(keys) > 0
        counts[timing] = sum(
            int((any_between(keys, patients, window) & past).sum())
            for window, past in zip(cuts.windows[1:], elapsed, strict=True)
        )
    shares = {name: count / at_risk if at_risk else float("nan") for name, count in counts.items()}
    home = shares["remote"] >= cuts.home_share or (given["remote"] and not given["pre"])
    return TimingChoice("remote" if home else "pre", shares["remote"], shares["pre"], at_risk)
