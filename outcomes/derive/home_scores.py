"""Scores answered at home that do not carry the soreness of a session."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import positions
from outcomes.derive.soreness import flag_near_session
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables


def derive_home_scores(tables: Tables, ids: pd.Series, instrument: str) -> pd.DataFrame:
    """Take the scores answered at home, without those given soon after a session.

    Parameters
    ----------
    tables : Tables
        The data set.
    ids : Series of str
        Patients to take.
    instrument : str
        Code of the instrument.

    Returns
    -------
    DataFrame
        One row a score: ``patient_id``, ``date``, ``value``, sorted by patient and date.

    Notes
    -----
    See `flag_near_session`. Missing scores are left out.
    """
    scores = SCHEMAS["assessments"].empty() if tables.assessments is None else tables.assessments
    whose = positions(scores["patient_id"], ids)
    wanted = (scores["instrument"] == instrument) & (scores["timing"] == "remote")
    wanted &= scores["value"].notna() & scores["date"].notna()
    rows = np.flatnonzero(wanted.to_numpy() & (whose >= 0))
    near = flag_near_session(
        scores, rows, whose[rows], "remote", tables.sessions, ids, tables.settings.cut_points
    )
    kept = scores.iloc[rows[~near]][["patient_id", "date", "value"]]
    return kept.sort_values(["patient_id", "date"], kind="stable", ignore_index=True)
