"""Sessions with what was done in them, the pain before, and what came after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analyses.practice_patterns.spec import PracticePatternsSpec
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.episode import derive_start
from outcomes.derive.patient_days import positions
from outcomes.derive.session_scores import derive_session_scores
from outcomes.tables import Tables

LISTS = {"technique": "techniques", "muscle": "muscles"}
_EARLY = (1, 2, 3, 6)
_DAYS = (10, 17, 31)


@dataclass(frozen=True)
class Practice:
    """Sessions and what was used in them.

    Parameters
    ----------
    frame : DataFrame
        One row a session with a score before it: patient_id, therapist_id, session, score,
        baseline, days (to the next score), pressure, next_change (next score less this one),
        soreness (1 an event of soreness was recorded after it, 0 none, missing where events are
        not recorded).
    used : mapping of str to DataFrame
        For technique and muscle: a column a name, 1 used, 0 not, on the index of `frame`; missing
        where nothing is recorded of the session.
    """

    frame: pd.DataFrame
    used: dict[str, pd.DataFrame]


def practice_sessions(tables: Tables, spec: PracticePatternsSpec) -> Practice:
    """Lay out sessions with what was done and what followed.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PracticePatternsSpec
        Instrument and longest time to the next score.

    Returns
    -------
    Practice
        The sessions.

    Notes
    -----
    The next score is that before the next scored session of the same episode, so pain on the day
    after is not in it. Soreness is any recorded event whose symptom contains "sore".
    """
    rows = derive_session_scores(tables, spec.instrument)
    rows = rows[rows["score"].notna()].reset_index(drop=True)
    following = rows.groupby(["patient_id", "episode"])[["score", "date"]].shift(-1)
    rows["days"] = (following["date"] - rows["date"]).dt.days.astype("float64")
    near = rows["days"] <= spec.max_days
    rows["next_change"] = (following["score"] - rows["score"]).where(near)
    start = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)
    baseline = derive_baseline(
        tables.assessments, start, spec.instrument, tables.settings.cut_points
    )
    at = positions(rows["patient_id"], baseline["patient_id"])
    rows["baseline"] = np.append(baseline["baseline"].to_numpy(dtype=float), np.nan)[at]
    rows["soreness"] = np.nan
    sessions = tables.sessions
    if sessions is None:
        rows["therapist_id"], rows["pressure"] = "", np.nan
        return Practice(rows, {})
    place = positions(rows["session_id"], sessions["session_id"])
    done = sessions.iloc[place].reset_index(drop=True)
    rows["therapist_id"] = done["therapist_id"].fillna("").to_numpy()
    rows["pressure"] = done["pressure"].to_numpy()
    if tables.adverse_events is not None:
        sore = tables.adverse_events["symptom"].str.contains("sore", case=False, na=False)
        of = tables.adverse_events.loc[sore, "session_id"].drop_duplicates()
        rows["soreness"] = (positions(rows["session_id"], of) >= 0).astype("float64")
    return Practice(rows, {kind: _used(done[column]) for kind, column in LISTS.items()})


def _used(lists: pd.Series) -> pd.DataFrame:
    """Make a column a name; the few different lists are taken apart once each."""
    codes, different = pd.factorize(lists)
    table = pd.Series(different, dtype="str").str.get_dummies(";").astype("float64")
    table.loc[len(table)] = np.nan
    return table.iloc[codes].reset_index(drop=True)


def covariates(frame: pd.DataFrame) -> np.ndarray:
    """Gather what goes with both the choice of a technique and the next score.

    Parameters
    ----------
    frame : DataFrame
        Columns score, baseline, session and days.

    Returns
    -------
    ndarray of float, shape (n, 11)
        Score and its excess over 4, baseline (its mean where missing, and that it is), session in
        five classes, days to the next score in four.
    """
    score, baseline = frame["score"].to_numpy(), frame["baseline"].to_numpy(dtype=float)
    missing = np.isnan(baseline)
    middle = 0.0 if missing.all() else float(np.nanmean(baseline))
    session, days = frame["session"].to_numpy(), frame["days"].to_numpy()
    return np.column_stack(
        [
            score,
            np.maximum(score - 4, 0),
            np.where(missing, middle, baseline),
            missing.astype(float),
            *[(session > edge).astype(float) for edge in _EARLY],
            *[(days > edge).astype(float) for edge in _DAYS],
        ]
    )
