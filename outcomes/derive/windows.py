"""One score a follow-up time: the one nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.coded import holds
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.follow_up import FollowUp, no_scores, scores_in_windows
from outcomes.derive.patient_days import (
    NO_DAY,
    Flags,
    Ints,
    day_number,
    day_numbers,
    first_of_each,
    order_of,
    pick,
    to_dates,
)
from outcomes.derive.soreness import flag_near_session
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


@dataclass(frozen=True)
class TimingCounts:
    """Patient-windows by how they were answered, of any number of patients.

    Parameters
    ----------
    at_risk : int
        Patient-windows that have fully elapsed.
    remote, pre : int
        Those of them with a score given at home, or before a session.
    given_remote, given_pre : int
        Scores of either kind in any window, open ones among them.
    """

    at_risk: int
    remote: int
    pre: int
    given_remote: int
    given_pre: int

    def __add__(self, other: TimingCounts) -> TimingCounts:
        """Add the counts of other patients."""
        return TimingCounts(
            self.at_risk + other.at_risk,
            self.remote + other.remote,
            self.pre + other.pre,
            self.given_remote + other.given_remote,
            self.given_pre + other.given_pre,
        )

    def choose(self, cuts: CutPoints) -> TimingChoice:
        """Choose as `choose_timing` says.

        Parameters
        ----------
        cuts : CutPoints
            `home_share` is used.

        Returns
        -------
        TimingChoice
            The timing, and the shares.
        """
        share = {
            name: count / self.at_risk if self.at_risk else float("nan")
            for name, count in (("remote", self.remote), ("pre", self.pre))
        }
        only_home = self.given_remote > 0 and self.given_pre == 0
        home = share["remote"] >= cuts.home_share or only_home
        timing = "remote" if home else "pre"
        return TimingChoice(timing, share["remote"], share["pre"], self.at_risk)


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
        day); ``at_risk`` (bool, the window has fully elapsed); ``value`` (float64); ``date``
        (datetime64[us]); ``answered`` (bool, there is a value);
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
    A score in a window that is still open is given, but its patient is not at risk yet: to count
    only those who answered early would make answering look more common than it is.
    """
    if timing not in ("remote", "pre"):
        raise ValueError("timing is 'remote' or 'pre'")
    if assessments is None:
        assessments = no_scores()
    last_day = day_number(as_of)
    origin = day_numbers(start["start"])
    found = scores_in_windows(assessments, start, instrument_code, (timing,), cuts, last_day)
    near = flag_near_session(
        assessments, found.rows, found.place, timing, sessions, start["patient_id"], cuts
    )
    shape = (len(start), len(cuts.windows))
    in_cell = found.cells(shape[1])
    sore = near[found.score]
    used = found if keep_near_session else found.only(~sore)
    chosen = _nearest(assessments, used, near, cuts, len(start) * shape[1])
    row = np.append(found.rows, -1)[chosen].reshape(shape)
    elapsed = origin[:, None] + np.array([window.last for window in cuts.windows]) <= last_day
    at_risk = elapsed & (origin != NO_DAY)[:, None]
    flagged = _marked(in_cell[sore], shape)
    if keep_near_session:
        flagged &= np.append(near, False)[chosen].reshape(shape)
    values = np.append(assessments["value"].to_numpy(dtype="float64"), np.nan)[row]
    dates = np.append(day_numbers(assessments["date"]), NO_DAY)[row]
    baseline = derive_baseline(assessments, start, instrument_code, cuts)
    at_risk[:, 0] = (origin != NO_DAY) & (origin <= last_day)
    values[:, 0] = np.where(at_risk[:, 0], baseline["baseline"], np.nan)
    dates[:, 0] = np.where(at_risk[:, 0], day_numbers(baseline["baseline_date"]), NO_DAY)
    return pd.DataFrame(
        {
            "patient_id": pick(start["patient_id"], np.repeat(np.arange(len(start)), shape[1])),
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
    return count_timing(assessments, start, instrument_code, cuts, as_of).choose(cuts)


def count_timing(
    assessments: pd.DataFrame | None,
    start: pd.DataFrame,
    instrument_code: str,
    cuts: CutPoints,
    as_of: pd.Timestamp,
) -> TimingCounts:
    """Count what `choose_timing` decides on.

    Parameters
    ----------
    assessments, start, instrument_code, cuts, as_of
        As for `choose_timing`.

    Returns
    -------
    TimingCounts
        What can be added to that of other patients.
    """
    if assessments is None:
        assessments = no_scores()
    last_day = day_number(as_of)
    origin = day_numbers(start["start"])
    ends = np.array([window.last for window in cuts.windows])
    elapsed = (origin[:, None] + ends <= last_day) & (origin != NO_DAY)[:, None]
    elapsed[:, 0] = False
    found = scores_in_windows(
        assessments, start, instrument_code, ("remote", "pre"), cuts, last_day
    )
    at_home = holds(assessments["timing"], "remote")[found.rows]
    cell = found.cells(len(ends))
    answered, given = [], []
    for theirs in (at_home, ~at_home):
        answered.append(int((_marked(cell[theirs[found.score]], elapsed.shape) & elapsed).sum()))
        given.append(int(theirs.sum()))
    return TimingCounts(int(elapsed.sum()), answered[0], answered[1], given[0], given[1])


def _marked(cells: Ints, shape: tuple[int, int]) -> Flags:
    """Patient-windows that are among the cells."""
    marked = np.zeros(shape, dtype=bool)
    marked.ravel()[cells] = True
    return marked


def _nearest(
    assessments: pd.DataFrame, found: FollowUp, near: Flags, cuts: CutPoints, size: int
) -> Ints:
    """Score nearest to the target in each of the patient-windows, -1 for none."""
    cell = found.cells(len(cuts.windows))
    target = np.array([window.day for window in cuts.windows])
    away = found.day[found.score] - target[found.window]
    # smallest first: nearest, then earlier, then one that is not near a session
    rank = np.abs(away) * 4 + (away > 0) * 2 + near[found.score]
    best = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(best, cell, rank)
    first = np.flatnonzero(rank == best[cell])
    chosen = np.full(size, -1)
    chosen[cell[first]] = found.score[first]
    # two scores of one day: the lower session decides, whatever the order of rows
    shared = _marked(cell[first][chosen[cell[first]] != found.score[first]], (size, 1)).ravel()
    tied = first[shared[cell[first]]]
    if len(tied):
        order = order_of(cell[tied], assessments, found.rows[found.score[tied]], ["session_id"])
        tied = tied[order][first_of_each(cell[tied][order])]
        chosen[cell[tied]] = found.score[tied]
    return chosen
