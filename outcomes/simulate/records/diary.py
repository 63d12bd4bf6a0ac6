"""Headache diaries: kept in named windows, with gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.measures import DIARY_DAYS, draw_headache_share, headache_share
from outcomes.simulate.records.calendar import DAY, Days
from outcomes.simulate.records.frames import frame
from outcomes.simulate.spec import BLOCK_WEEKS, INITIAL_WEEKS

WINDOWS = {"month_3": 1, "month_6": 4, "month_12": 11, "month_24": 24, "month_36": 37}
"""Diary windows and the four-week block, counted from 0, that each of them is.

The first window, ``untreated``, is the four weeks before the first session.
"""

KEEPERS = 0.65
GIVEN_UP = 0.12


def window_start(block: int) -> int:
    """First day of a diary window.

    Parameters
    ----------
    block : int
        Four-week block after week 6, from 0.

    Returns
    -------
    int
        Days from the first session.
    """
    return 7 * (INITIAL_WEEKS + BLOCK_WEEKS * block)


def diary_table(
    cohort: LatentCohort,
    ids: npt.NDArray[np.str_],
    entry: Days,
    headache: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the diary.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    ids : array of str
        Their ids.
    entry : array of datetime64[D]
        First day of each.
    headache : array of str
        Type of headache of each.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``headache_diary``, sorted. Two in three headache patients keep it, each missing days
        at a rate of their own; one window in eight is given up on a random day. Nobody keeps it
        after dropping out.

    Notes
    -----
    Days with a headache in a window are beta-binomial (`outcomes.simulate.measures`).
    """
    course, n = cohort.course, len(cohort.people)
    keeper = (headache != "none") & (rng.random(n) < KEEPERS)
    diligence = rng.beta(8, 2, n)
    pain = course.pain.astype(float)
    spans = [(-DIARY_DAYS, keeper, pain[:, 0])]
    for block in WINDOWS.values():
        if block < course.blocks:
            week = INITIAL_WEEKS + BLOCK_WEEKS * block
            mean = pain[:, week : week + BLOCK_WEEKS].mean(axis=1)
            spans.append((window_start(block), keeper & course.in_care[:, block], mean))
    parts = []
    for start, kept, mean in spans:
        rows = np.flatnonzero(kept)
        share = draw_headache_share(headache_share(cohort.people, mean), rng)[rows]
        shape = (len(rows), DIARY_DAYS)
        filled = rng.random(shape) < diligence[rows, None]
        last = np.where(
            rng.random(len(rows)) < GIVEN_UP, rng.integers(1, DIARY_DAYS, len(rows)), DIARY_DAYS
        )
        filled &= np.arange(DIARY_DAYS) < last[:, None]
        aches = rng.random(shape) < share[:, None]
        row, day = np.nonzero(filled)
        ached = aches[row, day]
        worst = np.clip(np.rint(rng.normal(4.8, 1.6, len(row))), 1, 10)
        parts.append(
            frame(
                "headache_diary",
                {
                    "patient_id": ids[rows[row]],
                    "date": entry[rows[row]] + (start + day) * DAY,
                    "headache": ached,
                    "intensity": np.where(ached, worst, np.nan),
                    "medication": ached & (rng.random(len(row)) < 0.45),
                },
            )
        )
    table = pd.concat(parts, ignore_index=True)
    table = table[table["date"] <= pd.Timestamp(cohort.spec.as_of)]
    return table.sort_values(["patient_id", "date"], ignore_index=True)
