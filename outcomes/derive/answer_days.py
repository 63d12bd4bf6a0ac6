"""The day in a block on which a patient usually answers, also where there was no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.decisions import BLOCK_DAYS
from outcomes.derive.known import Events, Floats
from outcomes.derive.patient_days import Ints, unpack

REGULAR, FEWEST = 0.25, 20
"""Share of gaps between answers, a day either way, from which one length is the rhythm, and how
many gaps are needed to tell."""


def usual_answer_days(answers: Events, place: Ints, now: Ints, then: Ints) -> Ints:
    """Say when an answer was to be expected in each block.

    Parameters
    ----------
    answers : Events
        Scores answered at home.
    place : ndarray of int64
        Patient of each block.
    now, then : ndarray of int64
        Day numbers: a block begins after the one and ends on the other.

    Returns
    -------
    ndarray of int64
        Day number in each block.

    Notes
    -----
    Who did not answer has no day of answering, and one made up from the block would tell those who
    answered from those who did not by the calendar alone. Where answers come in a rhythm (the
    commonest gap between two of a patient), the day is the next one in it after the patient's own
    answer before the block, or counted back from the first one after. Without a rhythm or an answer
    it lies as far into the block as the patient's answers, or all patients', usually do. A day
    after the end of the block becomes its end.
    """
    first = answers.day(answers.first_within(place, now, then)) - now
    offset = _usual_offset(place, first)
    rhythm = _rhythm(answers)
    if rhythm:
        ever = np.full(len(place), 10**6)
        before = answers.day(answers.last(place, now))
        after = answers.day(answers.first_within(place, now, ever))
        ahead = (np.where(np.isnan(before), after, before) - now) % rhythm
        ahead = np.where(ahead == 0, rhythm, ahead)
        offset = np.where(np.isnan(ahead), offset, ahead)
    return np.minimum(now + offset, then).astype(np.int64)


def _usual_offset(place: Ints, days: Floats) -> Floats:
    usual = pd.Series(days).groupby(place).transform("median")
    typical = np.nanmedian(days) if not np.isnan(days).all() else BLOCK_DAYS
    return np.floor(usual.fillna(typical).to_numpy())


def _rhythm(answers: Events) -> int:
    """Days of the commonest gap between answers of a patient; 0 where none is common."""
    whose, day = unpack(answers.keys)
    gaps = np.diff(day)[whose[1:] == whose[:-1]]
    gaps = gaps[gaps > 0]
    if len(gaps) < FEWEST:
        return 0
    counts = np.bincount(gaps)
    most = int(np.argmax(counts))
    return most if counts[max(most - 1, 0) : most + 2].sum() >= REGULAR * len(gaps) else 0
