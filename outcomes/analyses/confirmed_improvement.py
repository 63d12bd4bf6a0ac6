"""Share whose improvement was confirmed by a session, leaving being a competing event."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.stats.intervals import wilson

Floats = NDArray[np.float64]
SHOWN = (1, 2, 4, 6)
GROUPS = ("", "acute", "subacute", "chronic")


def improvement_rows(
    course: pd.DataFrame,
    baseline: pd.Series,
    onset: pd.Series,
    *,
    points: float,
    percent: float,
    level: float,
) -> list[dict[str, object]]:
    """Make the rows of confirmed improvement and of leaving before it, by onset.

    Parameters
    ----------
    course : DataFrame
        As made by `derive_course_sessions`.
    baseline, onset : Series
        First score and onset by patient id.
    points, percent : float
        Fall from the first score, by both, seen at one session and the next.
    level : float
        Confidence level.

    Returns
    -------
    list of dict
        Rows for `estimates_frame`; none where no patient has a first score.
    """
    frame = course[course["score"].notna()].copy()
    frame["baseline"] = frame["patient_id"].map(baseline)
    frame = frame[frame["baseline"].notna()]
    fall = frame["baseline"] - frame["score"]
    frame["better"] = (fall >= points) & (fall >= percent / 100 * frame["baseline"])
    follows = frame["patient_id"].eq(frame["patient_id"].shift(-1))
    again = frame["better"].shift(-1, fill_value=False) & follows
    frame["event"] = frame["better"] & again & (frame["session"] > 1)
    when = frame[frame["event"]].groupby("patient_id")["session"].min()
    last = frame.groupby("patient_id").tail(1).set_index("patient_id")
    rows: list[dict[str, object]] = []
    for group in GROUPS:
        ids = last.index if not group else last.index[onset.reindex(last.index) == group]
        if not len(ids):
            continue
        hit = when.reindex(ids).to_numpy()
        end = last.loc[ids, "session"].to_numpy()
        left = last.loc[ids, "goes_on"].to_numpy() == 0
        for term, found in zip(("improved_by", "left_by"), incidence(hit, end, left), strict=True):
            for session in SHOWN:
                share = found[min(session, len(found)) - 1]
                low, high = wilson(share * len(ids), len(ids), level)
                rows.append(
                    {
                        "term": term,
                        "group_by": "onset" if group else "",
                        "group": group,
                        "landmark": f"session {session}",
                        "estimate": share,
                        "conf_low": float(low),
                        "conf_high": float(high),
                        "n_patients": len(ids),
                        "n_events": int(np.nansum(hit <= session)),
                        "method": "cumulative incidence, leaving as a competing event",
                    }
                )
    return rows


def incidence(hit: Floats, end: Floats, left: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Cumulative incidence of an event and of leaving before it, by session.

    Parameters
    ----------
    hit : ndarray of float, shape (n,)
        Session of the event, missing without one.
    end : ndarray of int, shape (n,)
        Last session seen.
    left : ndarray of bool, shape (n,)
        Whether the patient left after it; otherwise nothing more is known.

    Returns
    -------
    improved, gone : ndarray of float, shape (sessions,)
        Aalen–Johansen estimates at sessions 1, 2, ….
    """
    improved, gone = [], []
    free, total, lost = 1.0, 0.0, 0.0
    time = np.where(np.isnan(hit), end, hit)
    for session in range(1, int(end.max()) + 1):
        risk = int((time >= session).sum())
        if risk:
            now = int((hit == session).sum())
            away = int(((end == session) & np.isnan(hit) & left).sum())
            total += free * now / risk
            lost += free * away / risk
            free *= 1 - (now + away) / risk
        improved.append(total)
        gone.append(lost)
    return np.array(improved), np.array(gone)
