"""Every attended session with what is known of the patient up to then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.course_weights import CourseWeights
from outcomes.analyses.off_track.spec import OffTrackSpec
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.course_sessions import derive_course_sessions
from outcomes.derive.episode import derive_start
from outcomes.derive.patient import derive_patients
from outcomes.derive.session_scores import derive_session_scores
from outcomes.tables import Tables


def session_rows(tables: Tables, spec: OffTrackSpec, *, weighted: bool) -> pd.DataFrame:
    """Lay out sessions as the charts read them.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : OffTrackSpec
        Instrument, sessions and gap of the first course.
    weighted : bool
        Whether to find the weights for leaving the course, for rows that charts are fitted to.

    Returns
    -------
    DataFrame
        One row an attended session: those of `derive_session_scores`, and ``clinic``, ``onset``
        (empty where not known), ``baseline``, ``first_score`` (baseline, else the first score
        before a session), ``course`` (whether in the first course) and ``weight``.
    """
    code = spec.instrument
    rows = derive_session_scores(tables, code)
    people = derive_patients(tables)
    start = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)
    baseline = derive_baseline(tables.assessments, start, code, tables.settings.cut_points)
    known = people[["patient_id", "clinic", "onset"]].assign(
        baseline=baseline["baseline"].to_numpy()
    )
    rows = rows.merge(known, on="patient_id", how="inner", validate="many_to_one")
    rows["onset"] = rows["onset"].fillna("")
    first = rows[rows["score"].notna()].groupby("patient_id")["score"].first()
    rows["first_score"] = rows["baseline"].fillna(rows["patient_id"].map(first))
    course = derive_course_sessions(tables, code, sessions=spec.sessions, gap=spec.gap)
    course["weight"] = _weights(course, spec) if weighted else 1.0
    inside = course[["patient_id", "session", "weight"]].assign(course=True)
    rows = rows.merge(inside, on=["patient_id", "session"], how="left", validate="one_to_one")
    rows["course"] = rows["course"].notna()
    rows["weight"] = rows["weight"].fillna(0.0)
    return rows


def _weights(course: pd.DataFrame, spec: OffTrackSpec) -> np.ndarray:
    """1/P(still there) from the scores up to each session; 1 where nothing tells who leaves."""
    scored = course["last"].notna().to_numpy()
    out = np.where(scored, 1.0, 0.0)
    if scored.any() and course.loc[scored, "goes_on"].nunique() == 2:
        fitted = CourseWeights(course[scored].reset_index(drop=True), spec.sessions)
        square = fitted.weights(fitted.whole)
        out[scored] = square[fitted.patient, fitted.session]
    return out
