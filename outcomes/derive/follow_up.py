"""Scores after the start of care, and the windows they lie in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.coded import holds
from outcomes.derive.patient_days import NO_DAY, Flags, Ints, day_numbers, positions
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints

_NEVER = 1 << 40


@dataclass(frozen=True)
class FollowUp:
    """Scores that lie in a window after the start.

    Parameters
    ----------
    rows : ndarray of int64
        Places of the scores in the table of assessments.
    place : ndarray of int64
        Place of each score's patient in the table of starts.
    day : ndarray of int64
        Days from the start.
    score, window : ndarray of int64
        Pairs of a score (its place in `rows`) and a window (its place in `CutPoints.windows`) that
        it lies in. A score on the day where two windows meet has two pairs.
    """

    rows: Ints
    place: Ints
    day: Ints
    score: Ints
    window: Ints

    def cells(self, windows: int) -> Ints:
        """Give the number of the patient-window that each pair lies in.

        Parameters
        ----------
        windows : int
            Number of windows a patient has.

        Returns
        -------
        ndarray of int64
            Place of the patient × `windows` + place of the window, for each pair.
        """
        return self.place[self.score] * windows + self.window

    def only(self, chosen: Flags) -> FollowUp:
        """Keep some of the pairs.

        Parameters
        ----------
        chosen : ndarray of bool
            One for each pair.

        Returns
        -------
        FollowUp
            The same scores with fewer pairs.
        """
        return replace(self, score=self.score[chosen], window=self.window[chosen])


def scores_in_windows(
    assessments: pd.DataFrame,
    start: pd.DataFrame,
    instrument_code: str,
    timings: tuple[str, ...],
    cuts: CutPoints,
    last_day: int,
) -> FollowUp:
    """Select the scores that can be follow-up.

    Parameters
    ----------
    assessments : DataFrame
        Scores as in the contract.
    start : DataFrame
        As made by `derive_start`.
    instrument_code : str
        Instrument to take.
    timings : tuple of str
        Timings to take.
    cuts : CutPoints
        `windows` are used, the first of which is the baseline and holds no follow-up.
    last_day : int
        Last day number that is read.

    Returns
    -------
    FollowUp
        Scores that are not missing, dated after the start and up to `last_day`, in a window.
    """
    valid = holds(assessments["instrument"], instrument_code)
    valid &= assessments["value"].notna().to_numpy()
    rows = np.flatnonzero(valid & holds(assessments["timing"], *timings))
    place = positions(assessments["patient_id"], start["patient_id"])[rows]
    date = day_numbers(assessments["date"])[rows]
    origin = day_numbers(start["start"])
    # nobody's score comes after a start that lies beyond all dates
    origin = np.append(np.where(origin == NO_DAY, _NEVER, origin), _NEVER)[place]
    layers = _windows_of_days(cuts)
    day = np.clip(date - origin, 0, layers.shape[1] - 1)
    first = layers[0, day]
    use = np.flatnonzero((first >= 0) & (date <= last_day))
    rows, place, day = rows[use], place[use], day[use]
    score, window = [np.arange(len(use))], [first[use]]
    for layer in layers[1:]:
        found = layer[day]
        again = np.flatnonzero(found >= 0)
        score.append(again)
        window.append(found[again])
    return FollowUp(rows, place, day, np.concatenate(score), np.concatenate(window))


def _windows_of_days(cuts: CutPoints) -> Ints:
    """Windows that each day since the start lies in, -1 for none; a row for each that overlaps.

    The first column, the start itself, and the last, the day after all windows, lie in none.
    """
    last = max((window.last for window in cuts.windows[1:]), default=0)
    layers = np.full((len(cuts.windows), last + 2), -1)
    depth = np.zeros(last + 2, dtype=np.int64)
    for number, window in enumerate(cuts.windows[1:], start=1):
        days = np.arange(max(window.first, 1), window.last + 1)
        layers[depth[days], days] = number
        depth[days] += 1
    return layers[: max(int(depth.max()), 1)]


def no_scores() -> pd.DataFrame:
    """Give a table of assessments without rows, for data that have none.

    Returns
    -------
    DataFrame
        The columns of the contract with their types.
    """
    return SCHEMAS["assessments"].empty()
