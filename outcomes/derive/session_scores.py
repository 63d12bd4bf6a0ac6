"""The score before each attended session, beside the one before it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_numbers, positions, sorted_ids
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables


def derive_session_scores(tables: Tables, instrument: str) -> pd.DataFrame:
    """Lay out all attended sessions with the scores taken before them.

    Parameters
    ----------
    tables : Tables
        The data set.
    instrument : str
        Code of the instrument.

    Returns
    -------
    DataFrame
        One row an attended session, sorted by patient and time: ``patient_id``, ``session_id``,
        ``date``, ``session`` (number over all episodes), ``episode``, ``score`` (taken before it,
        missing where not recorded), ``previous`` (last score before an earlier session of the same
        episode) and ``days`` since that one; missing where there is none.

    Notes
    -----
    Only scores taken before sessions, so that no reading at home is compared with one at a visit. A
    score of an earlier episode is not the last score of this one: 90 days and more lie between.
    """
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    cuts = tables.settings.cut_points
    attended = derive_sessions(held[["patient_id", "session_id", "date", "time", "status"]], cuts)
    ids = sorted_ids(attended["patient_id"])
    place, day = positions(attended["patient_id"], ids), day_numbers(attended["date"])
    scores = score_events(tables.assessments, ids, instrument, ("pre",))
    found, before = scores.last(place, day), scores.last(place, day - 1)
    here = scores.day(found) == day
    days = day - scores.day(before)
    # The first day of the episode: nothing before it belongs to this course of care.
    opens = (attended["episode_session"] == 1).to_numpy()
    first = np.maximum.accumulate(np.where(opens, np.arange(len(day)), 0))
    own = scores.day(before) >= day[first]
    return pd.DataFrame(
        {
            "patient_id": attended["patient_id"],
            "session_id": attended["session_id"],
            "date": attended["date"],
            "session": attended["session_number"],
            "episode": attended["episode"],
            "score": np.where(here, scores.value(found) + 0.0, np.nan),
            "previous": np.where(own, scores.value(before) + 0.0, np.nan),
            "days": np.where(own, days, np.nan),
        }
    )
