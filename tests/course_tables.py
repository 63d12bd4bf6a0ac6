"""Data sets made from a matrix of scores, so that a test knows what went in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

START = pd.Timestamp("2024-01-01")
AS_OF = pd.Timestamp("2027-12-31")


def fill(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table of the contract with the columns given, and the others missing."""
    schema = SCHEMAS[name]
    extra = set(frame.columns) - set(schema.names)
    assert not extra, extra
    whole = frame.copy()
    for column in schema.columns:
        if column.name not in whole:
            whole[column.name] = None
        whole[column.name] = whole[column.name].astype(column.dtype)
    return whole[list(schema.names)].reset_index(drop=True)


def people(n: int, **columns: Sequence[object] | str) -> pd.DataFrame:
    """Patients p000, p001, … who began care on one day, without sessions."""
    ids = [f"p{number:03d}" for number in range(n)]
    return fill("patients", pd.DataFrame({"patient_id": ids, "index_date": START, **columns}))


def scores(
    values: np.ndarray, days: Sequence[int], instrument: str = "nrs_pain", timing: str = "remote"
) -> pd.DataFrame:
    """One score for each patient (row) and day (column) that is not missing."""
    row, column = np.nonzero(~np.isnan(values))
    day = np.asarray(days)[column]
    return fill(
        "assessments",
        pd.DataFrame(
            {
                "patient_id": [f"p{number:03d}" for number in row],
                "instrument": instrument,
                "date": START + pd.to_timedelta(day, unit="D"),
                "timing": timing,
                "value": values[row, column],
                "device": "CROM" if instrument.startswith("rom") else None,
            }
        ),
    )


def visits(days: dict[str, Sequence[int]], **columns: str) -> pd.DataFrame:
    """Attended sessions of each patient on days from the start."""
    rows = [(patient, day) for patient, listed in days.items() for day in listed]
    frame = pd.DataFrame(rows, columns=["patient_id", "day"])
    return fill(
        "sessions",
        pd.DataFrame(
            {
                "session_id": [f"s{number}" for number in range(len(frame))],
                "patient_id": frame["patient_id"],
                "date": START + pd.to_timedelta(frame["day"], unit="D"),
                "status": "attended",
                **columns,
            }
        ),
    )


def diary(filled: dict[str, dict[int, int]]) -> pd.DataFrame:
    """Diary days of each patient: day from the start, and whether there was a headache."""
    rows = [(patient, day, ache) for patient, days in filled.items() for day, ache in days.items()]
    frame = pd.DataFrame(rows, columns=["patient_id", "day", "headache"])
    return fill(
        "headache_diary",
        pd.DataFrame(
            {
                "patient_id": frame["patient_id"],
                "date": START + pd.to_timedelta(frame["day"], unit="D"),
                "headache": frame["headache"],
            }
        ),
    )


def data_set(patients: pd.DataFrame, **others: pd.DataFrame) -> Tables:
    """A data set of these tables."""
    return Tables(patients, AS_OF, **others)


def shuffled(tables: Tables, seed: int) -> Tables:
    """The same records in another order."""
    changes = {
        name: table.sample(frac=1, random_state=seed).reset_index(drop=True)
        for name in ("patients", "sessions", "assessments", "headache_diary")
        if (table := getattr(tables, name)) is not None
    }
    return replace(tables, **changes)


def renamed(tables: Tables, ids: dict[str, str]) -> Tables:
    """The same records with other patient ids."""
    changes = {
        name: table.assign(patient_id=table["patient_id"].map(ids))
        for name in ("patients", "sessions", "assessments", "headache_diary", "covariates")
        if (table := getattr(tables, name)) is not None
    }
    return replace(tables, **changes)
