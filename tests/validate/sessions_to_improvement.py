"""Sessions to a plateau: everyone who goes on, against those who happen to."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from outcomes.analyses.course_weights import CourseWeights
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

from .interval_censored import table

SEED = 88_000
SESSIONS = 12


def _scores(rng: np.random.Generator, n: int) -> np.ndarray:
    """Scores before each session had everyone gone on."""
    target = rng.normal(7, 1, n)
    relief = 1 / (1 + np.exp(-(np.log(0.25 / 0.75) + rng.normal(0, 0.8, n))))
    pain, scores = target.copy(), np.empty((n, SESSIONS))
    for session in range(SESSIONS):
        scores[:, session] = np.clip(np.rint(pain + rng.normal(0, 0.8, n)), 0, 10)
        fall = relief * np.maximum(pain - 0.5, 0)
        pain = np.clip(pain + 0.04 * (target - pain) - fall + rng.normal(0, 0.4, n), 0, 10)
    return scores


def forced(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mean score by session when nobody leaves."""
    return _scores(rng, n).mean(axis=0)


def _attended(rng: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """Who comes to each session: patients leave after a score, sooner when it is low."""
    leaves = rng.random(scores.shape) < 1 / (1 + np.exp(2.2 + 0.9 * (scores - 3)))
    came = np.ones_like(leaves)
    came[:, 1:] = np.logical_and.accumulate(~leaves, axis=1)[:, :-1]
    return came


def course_of(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Sessions as `derive_course_sessions` lays them out."""
    scores = _scores(rng, n)
    came = _attended(rng, scores)
    patient, session = np.nonzero(came)
    goes_on = np.append(came[:, 1:], np.zeros((n, 1), bool), axis=1)[patient, session].astype(float)
    goes_on[session == SESSIONS - 1] = np.nan
    value = scores[patient, session]
    return pd.DataFrame(
        {
            "patient_id": patient,
            "session": session + 1,
            "score": value,
            "last": value,
            "goes_on": goes_on,
        }
    )


def records_of(rng: np.random.Generator, n: int) -> Tables:
    """The same as records: weekly sessions with a score before each."""
    course = course_of(rng, n)
    ids = "p" + course["patient_id"].astype(str).str.zfill(6)
    day = pd.Timestamp("2025-01-06") + pd.to_timedelta(7 * (course["session"] - 1), unit="D")
    key = ids + "-" + course["session"].astype(str)
    held = {"session_id": key, "patient_id": ids, "date": day, "status": "attended"}
    said = {
        "patient_id": ids,
        "instrument": "nrs_pain",
        "date": day,
        "timing": "pre",
        "value": course["score"],
        "session_id": key,
    }
    people = {"patient_id": ids.drop_duplicates()}
    frames = {}
    for name, columns in (("sessions", held), ("assessments", said), ("patients", people)):
        frame = pd.DataFrame(columns)
        for column in SCHEMAS[name].columns:
            if column.name not in frame:
                frame[column.name] = pd.Series([None] * len(frame), index=frame.index)
            frame[column.name] = frame[column.name].astype(column.dtype)
        frames[name] = frame[list(SCHEMAS[name].names)].reset_index(drop=True)
    return Tables(
        frames["patients"],
        pd.Timestamp("2026-01-01"),
        sessions=frames["sessions"],
        assessments=frames["assessments"],
        synthetic=True,
    )


def section() -> str:
    """Run the validation and write it up."""
    n = 200_000
    truth = forced(np.random.default_rng(SEED), n)
    course = course_of(np.random.default_rng(SEED + 1), n)
    fitted = CourseWeights(course, SESSIONS)
    rows = pd.DataFrame(
        {
            "session": np.arange(1, SESSIONS + 1).astype(str),
            "had everyone gone on": truth,
            "weighted": fitted.means(fitted.whole),
            "attendees": course.groupby("session")["score"].mean().to_numpy(),
        }
    )
    return f"""## Sessions to a plateau

{dt.date.today().isoformat()}, seed {SEED}, {n} patients who leave the sooner the lower their score.
Mean score by session; the weighted one must lie within .05 of the first column at every session,
attendees must miss it by more than .5 at session {SESSIONS}.

{table(rows)}
"""
