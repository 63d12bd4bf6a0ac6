"""One score a follow-up time: the one nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.derive.baseline import derive_baseline
from outcomes.derive.follow_up import any_between, nearest, scores_after_start
from outcomes.derive.patient_days import (
    NO_DAY,
    day_number,
    day_numbers,
    first_of_each,
    pick,
    to_dates,
)
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


def derive_windows(
    assessments: pd.DataFrame | None,
    start: pd.DataFrame,
    instrument_code: str,
    *,
    timing: str,
    sessions: pd.DataFrame | None,
    cuts: CutPoints,
    as_of: pd.Timestamp,
    keep_near_session: bool = False,
) -> pd.DataFrame:
    """Score of each patient at each follow-up time.

    Parameters
    ----------
    assessments : DataFrame or None
        Scores as in the contract.
    start : DataFrame
        As made by `derive_start`.
    instrument_code : str
        Instrument to take.
    timing : {"remote", "pre"}
        The one timing of the scores after the start.
    sessions : DataFrame or None
        Appointments, to tell scores that carry soreness.
    cuts : CutPoints
        `windows`, `soreness_hours` and `baseline_max_age` are used.
    as_of : Timestamp
        Last day that is read.
    keep_near_session : bool
        Use scores near a session too, as a sensitivity analysis does.

    Returns
    -------
    DataFrame
        One row a row of `start` × window, in that order: ``patient_id``; ``window`` (int64, target
        day); ``at_risk`` (bool, the window has fully elapsed or holds a score); ``value``
        (float64); ``date`` (datetime64[us]); ``answered`` (bool, there is a value);
        ``near_session`` (bool, a score of the window was left out because it is near a session or,
        with `keep_near_session`, the score used is near one).

    Raises
    ------
    ValueError
        For another timing: scores after a session are never used, and timings never mixed.

    Notes
    -----
    Window 0 holds the baseline as `derive_baseline` finds it, whatever its timing. Any later window
    holds the score nearest to its target within its margin, the earlier one where two are equally
    near, and on one day the one before the earlier session. Scores of the start itself and before
    are not follow-up. A score on the day where two windows meet can be the nearest in both.
    """
    if timing not in ("remote", "pre"):
        raise ValueError("timing is 'remote' or 'pre'")
    last_day = day_number(as_of)
    origin = day_numbers(start["start"])
    keys, scores, near = scores_after_start(
        assessments, start, instrument_code, timing, sessions, cuts, last_day
    )
    used = np.arange(len(keys)) if keep_near_session else np.flatnonzero(~near)
    used = used[first_of_each(keys[used])]
    score = np.append(scores["value"].to_numpy(dtype="float64"), np.nan)
    day = np.append(day_numbers(scores["date"]), NO_DAY)
    marked = np.append(near, False)
    patients = np.arange(len(start))
    shape = (len(start), len(cuts.windows))
    values, dates = np.full(shape, np.nan), np.full(shape, NO_DAY)
    at_risk, flagged = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    baseline = derive_baseline(assessments, start, instrument_code, cuts)
    at_risk[:, 0] = (origin != NO_DAY) & (origin <= last_day)
    values[:, 0] = np.where(at_risk[:, 0], baseline["baseline"], np.nan)
    dates[:, 0] = np.where(at_risk[:, 0], day_numbers(baseline["baseline_date"]), NO_DAY)
    for place, window in enumerate(cuts.windows[1:], start=1):
        row = np.append(used, -1)[nearest(keys[used], patients, window)]
        left_out = any_between(keys[near], patients, window)
        elapsed = (origin != NO_DAY) & (origin + window.last <= last_day)
        values[:, place], dates[:, place] = score[row], day[row]
        at_risk[:, place] = elapsed | (row >= 0) | left_out
        flagged[:, place] = marked[row] if keep_near_session else left_out
    return pd.DataFrame(
        {
            "patient_id": pick(start["patient_id"], np.repeat(patients, len(cuts.windows))),
            "window": np.tile([window.day for window in cuts.windows], len(start)),
            "at_risk": at_risk.ravel(),
            "value": values.ravel(),
            "date": to_dates(dates.ravel()),
            "answered": ~np.isnan(values).ravel(),
            "near_session": flagged.ravel(),
        }
    )


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
