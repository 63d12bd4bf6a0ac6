"""What must hold within a row: the order of its dates, and numbers that bound each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.io.parse import as_text
from outcomes.io.verdict import Verdict

_TOTAL = r"(?i)\s*((sub|grand)[ -]?)?(totals?|sums?|summen?|gesamt)(\s+[0-9.,]*)?[:.]?\s*"
_DATES = {
    "sessions": "date",
    "assessments": "date",
    "headache_diary": "date",
    "headache_periods": "start",
    "plans": "date",
    "exercises": "date",
}


def check_patients(frame: pd.DataFrame, verdict: Verdict) -> None:
    """Reject lines of totals, and patients whose dates lie before their birth.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    """
    totals = frame["patient_id"].str.fullmatch(_TOTAL).fillna(False).to_numpy(dtype=bool)
    verdict.reject(totals, "patient_id", "looks like a line of totals, which is nobody")
    for name in ("onset_date", "index_date"):
        before = frame[name].dt.year < frame["birth_year"]
        verdict.reject(before, name, "is before the year of birth")


def check_sessions(frame: pd.DataFrame, verdict: Verdict) -> None:
    """Reject appointments booked after they took place.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    """
    verdict.reject(frame["booked_on"] > frame["date"], "booked_on", "is after the appointment")


def check_headache_periods(frame: pd.DataFrame, verdict: Verdict) -> None:
    """Reject periods with more headache days than days.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    """
    too_many = frame["headache_days"] > frame["days_observed"]
    verdict.reject(too_many, "headache_days", "is more than days_observed")


def check_birth(frame: pd.DataFrame, verdict: Verdict, birth_year: pd.Series | None) -> None:
    """Reject rows dated before the patient was born.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    birth_year : Series or None
        Year of birth by patient_id; None where no patient has one.
    """
    column = _DATES.get(verdict.schema.name)
    if column is None or birth_year is None:
        return
    coded = verdict.rows.coded("patient_id")
    # of an empty table the map would come out as text
    born = as_text(coded.texts).map(birth_year).astype("float64").to_numpy()
    born = np.append(born, np.nan)[coded.codes]
    verdict.reject(frame[column].dt.year < born, column, "is before the patient's year of birth")
