"""Which scores are flagged, who was flagged first when, and who was flagged by a session."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.off_track.charts import Charts
from outcomes.analyses.off_track.spec import OffTrackSpec


def flags_of(rows: pd.DataFrame, charts: Charts, spec: OffTrackSpec) -> pd.DataFrame:
    """Say which scores are flagged.

    Parameters
    ----------
    rows : DataFrame
        Sessions as `session_rows` makes them, with what `Charts.judge` found.
    charts : Charts
        Whether there are charts.
    spec : OffTrackSpec
        Alarm levels and the plain rule.

    Returns
    -------
    DataFrame
        On the same index: ``off_track`` and ``sudden_change``, 1, 0, or missing where it cannot be
        judged.

    Notes
    -----
    Without charts off track is the plain rule, and sudden change is not judged.
    """
    if charts.by_session:
        off = _flag(rows["tail"], spec.alarm)
        sudden = _flag(rows["change_tail"], spec.sudden_alarm)
    else:
        due = (rows["episode"] == 1) & (rows["session"] >= spec.plain_session)
        due &= rows["baseline"] > spec.plain_above
        better = rows["baseline"] - rows["score"]
        off = (better < spec.plain_points).astype(float).where(due & better.notna())
        sudden = pd.Series(np.nan, index=rows.index)
    return pd.DataFrame({"off_track": off, "sudden_change": sudden})


def _flag(tail: pd.Series, alarm: float) -> pd.Series:
    return (tail <= alarm).astype(float).where(tail.notna())


def first_flags(history: pd.DataFrame) -> pd.DataFrame:
    """Take the first session at which each patient was off track.

    Parameters
    ----------
    history : DataFrame
        As in `OffTrackReference`.

    Returns
    -------
    DataFrame
        Rows of `history`, one a patient flagged.
    """
    return history[history["off_track"] == 1].groupby("patient_id", sort=True).head(1)


def flagged_by(history: pd.DataFrame, session: int) -> pd.Series:
    """Say who was off track at least once by a session.

    Parameters
    ----------
    history : DataFrame
        As in `OffTrackReference`.
    session : int
        Last session looked at.

    Returns
    -------
    Series of float
        1 or 0 for each patient who was judged at least once by then, by patient id.
    """
    early = history[(history["session"] <= session) & history["off_track"].notna()]
    return early.groupby("patient_id")["off_track"].max()
