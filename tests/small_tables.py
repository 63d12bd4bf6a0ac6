"""Tables of the contract from a few lines of text, so that a test can be read."""

from __future__ import annotations

import pandas as pd

from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

AS_OF = pd.Timestamp("2027-12-31")


def read(text: str) -> pd.DataFrame:
    """Columns by spaces, the first line names them, a point is a missing cell."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    rows = [[None if cell == "." else cell for cell in line] for line in lines[1:]]
    return pd.DataFrame(rows, columns=lines[0], dtype="str")


def table(name: str, text: str) -> pd.DataFrame:
    """A table of the contract, with its types and all of its columns."""
    frame = read(text).rename(columns={"patient": "patient_id", "session": "session_id"})
    schema = SCHEMAS[name]
    assert set(frame.columns) <= set(schema.names), set(frame.columns) - set(schema.names)
    for column in schema.columns:
        if column.name not in frame:
            frame[column.name] = None
        if column.kind in ("number", "whole", "flag"):
            frame[column.name] = pd.to_numeric(frame[column.name])
        frame[column.name] = frame[column.name].astype(column.dtype)
    return frame[list(schema.names)]


def sessions(text: str) -> pd.DataFrame:
    """Sessions; attended, and with an id from patient, date and row, unless the text says."""
    frame = read(text)
    if "status" not in frame:
        frame["status"] = "attended"
    if "session" not in frame:
        frame["session"] = [f"s{number}" for number in range(1, len(frame) + 1)]
    return table("sessions", _text(frame))


def assessments(text: str, instrument: str = "nrs_pain") -> pd.DataFrame:
    """Scores of one instrument, answered at home unless the text says."""
    frame = read(text)
    frame["instrument"] = instrument
    if "timing" not in frame:
        frame["timing"] = "remote"
    return table("assessments", _text(frame))


def patients(*ids: str) -> pd.DataFrame:
    """Persons of whom nothing else is known."""
    return table("patients", "patient\n" + "\n".join(ids))


def start(text: str) -> pd.DataFrame:
    """Start of care, as `derive_start` gives it."""
    frame = read(text).rename(columns={"patient": "patient_id"})
    if "first_session" not in frame:
        frame["first_session"] = None
    frame["first_session"] = frame["first_session"].astype("str")
    frame["start"] = frame["start"].astype("datetime64[us]")
    return frame


def tables_of(persons: pd.DataFrame, **others: pd.DataFrame) -> Tables:
    """A data set from some tables."""
    return Tables(persons, AS_OF, **others)


def _text(frame: pd.DataFrame) -> str:
    filled = frame.astype(object).where(frame.notna(), ".")
    lines = [" ".join(map(str, row)) for row in filled.itertuples(index=False)]
    return "\n".join([" ".join(frame.columns), *lines])


def dates(values: pd.Series) -> list[str | None]:
    """Dates as text."""
    return [None if pd.isna(each) else f"{each:%Y-%m-%d}" for each in values]


def cells(values: pd.Series) -> list[object]:
    """Values with None for what is missing."""
    return [None if pd.isna(each) else each for each in values]
