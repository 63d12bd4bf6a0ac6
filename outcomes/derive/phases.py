"""Phases of an episode of care, and the day a comparison of schedules starts from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    NO_DAY,
    day_number,
    day_numbers,
    pick,
    to_dates,
    words,
)
from outcomes.settings import CutPoints

PHASES = ("initial", "consolidation", "maintenance")


def derive_phases(attended: pd.DataFrame, cuts: CutPoints) -> pd.DataFrame:
    """Add the phase that each attended session belongs to.

    Parameters
    ----------
    attended : DataFrame
        As made by `derive_sessions`.
    cuts : CutPoints
        `initial_sessions`, `active_sessions`, `maintenance_gap` and `maintenance_gap_after` are
        used.

    Returns
    -------
    DataFrame
        A copy with ``phase`` (str): initial, consolidation or maintenance.

    Notes
    -----
    Counted within the episode, since an episode is a course of care: sessions 1–3 are initial, 4–6
    consolidation; maintenance begins with session 7, or with the first session after session 4 that
    comes 14 days or more after the one before, whichever is first, and lasts to the end of the
    episode.
    """
    number = attended["episode_session"].to_numpy()
    opens = number == 1
    late = (number > cuts.maintenance_gap_after) & (
        attended["gap_days"].to_numpy() >= cuts.maintenance_gap
    )
    # gaps so far, less those of earlier episodes
    so_far = np.cumsum(late)
    before = np.maximum.accumulate(np.where(opens, so_far - late, 0)) if len(late) else so_far
    maintained = (number > cuts.active_sessions) | (so_far > before)
    level = np.where(maintained, 2, np.where(number > cuts.initial_sessions, 1, 0))
    return attended.assign(phase=words(PHASES, level).set_axis(attended.index))


def derive_time_zero(
    attended: pd.DataFrame, cuts: CutPoints, as_of: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Last session of the active phase of the first episode, where that phase has ended.

    Parameters
    ----------
    attended : DataFrame
        As made by `derive_sessions`.
    cuts : CutPoints
        As for `derive_phases`.
    as_of : Timestamp, optional
        Last day that is read. Without it the records are taken to be complete, so that a patient
        who stopped after session 4 or 5 has ended the active phase.

    Returns
    -------
    DataFrame
        One row a patient of `attended`, sorted by patient_id: ``patient_id``, ``time_zero``
        (datetime64[us]).

    Notes
    -----
    The active phase has ended at session 6, or with a gap of 14 days or more after session 4. The
    gap may still be open: a patient who needs no further session has one too, and leaving them out
    would keep only those who came back. Time zero is missing while the phase may go on, and for
    patients who never had four sessions in their first episode.
    """
    active = (attended["episode"] == 1) & (derive_phases(attended, cuts)["phase"] != PHASES[2])
    rows = np.flatnonzero(active)
    # a patient's active sessions stand together, the first of them has number 1
    number = attended["session_number"].to_numpy()[rows]
    last = rows[np.append(number[1:] == 1, True)[: len(rows)]]
    count = attended["episode_session"].to_numpy()[last]
    day = day_numbers(attended["date"])[last]
    end = np.iinfo(np.int64).max if as_of is None else day_number(as_of)
    ended = (count >= cuts.active_sessions) | (
        (count >= cuts.maintenance_gap_after) & (end - day >= cuts.maintenance_gap)
    )
    return pd.DataFrame(
        {
            "patient_id": pick(attended["patient_id"], last).astype("str"),
            "time_zero": to_dates(np.where(ended, day, NO_DAY)),
        }
    )
