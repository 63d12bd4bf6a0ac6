"""What is recorded of single patients, a row a record, in one shape to plot."""

from __future__ import annotations

import pandas as pd

from outcomes.analyses.rom_change import MOVEMENTS
from outcomes.derive.episode import derive_sessions
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

RECORD_COLUMNS = (
    "patient_id", "series", "outcome", "date", "session_number", "value", "beside", "label",
)  # fmt: skip
"""Columns of the rows, always all of them."""


def patient_records(tables: Tables, instrument: str) -> pd.DataFrame:
    """Lay out the records of patients as rows to plot.

    Parameters
    ----------
    tables : Tables
        The data set, restricted to the patients wanted.
    instrument : str
        Code of the pain instrument.

    Returns
    -------
    DataFrame
        `RECORD_COLUMNS`, sorted by patient, series and date. A series is one of

        ==============  ====================  ==============  =================  ================
        series          outcome               value           beside             label
        ==============  ====================  ==============  =================  ================
        score           the instrument        the score                          timing
        movement        the movement          degrees                            device
        session                               pressure        days since the     episode
                                                              one before
        missed                                                                   status
        technique       the technique
        muscle          the muscle
        within_session  the instrument        after it        before it
        headache        headache              1 or 0          intensity
        adverse_event   the symptom           severity        hours it lasted    serious, or empty
        self_care       exercise              done            prescribed
        ==============  ====================  ==============  =================  ================

        ``session_number`` is that of the attended session a row belongs to, missing for others.
        Self-care is added up over each week from Monday, its date.

    Notes
    -----
    Scores that are missing are no rows. Nothing is filled in: a day without a diary is no row, and
    a figure has to leave it empty.
    """
    cuts = tables.settings.cut_points
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    attended = derive_sessions(held, cuts)
    number = attended.set_index("session_id")["session_number"].astype("float64")
    parts = [
        *_scores(tables, instrument, number),
        *_sessions(attended, held),
        _headaches(tables),
        _adverse_events(tables, attended),
        _self_care(tables),
    ]
    rows = pd.concat([part.reindex(columns=list(RECORD_COLUMNS)) for part in parts])
    types = {"session_number": "float64", "value": "float64", "beside": "float64"}
    rows = rows.astype({**types, "outcome": "str", "label": "str", "date": "datetime64[us]"})
    rows[["outcome", "label"]] = rows[["outcome", "label"]].fillna("")
    return rows.sort_values(
        ["patient_id", "series", "date", "session_number", "outcome", "label"], ignore_index=True
    )


def _scores(tables: Tables, instrument: str, number: pd.Series) -> list[pd.DataFrame]:
    """Scores of pain, movements, and pain before and after the same session."""
    held = SCHEMAS["assessments"].empty() if tables.assessments is None else tables.assessments
    held = held[held["value"].notna() & held["instrument"].isin([instrument, *MOVEMENTS])]
    numbered = number.reindex(held["session_id"]).to_numpy()
    rows = held.assign(outcome=held["instrument"], session_number=numbered)
    pain = rows["instrument"] == instrument
    scored = rows[pain].assign(series="score", label=rows["timing"])
    moved = rows[~pain].assign(series="movement", label=rows["device"])
    of_session = rows[pain & rows["session_id"].notna() & rows["session_number"].notna()]
    keys = ["patient_id", "session_id"]
    before = of_session[of_session["timing"] == "pre"].drop_duplicates(keys)
    after = of_session[of_session["timing"] == "post"].drop_duplicates(keys, keep="last")
    both = after.merge(before[[*keys, "value"]].rename(columns={"value": "beside"}), on=keys)
    return [scored, moved, both.assign(series="within_session")]


def _sessions(attended: pd.DataFrame, held: pd.DataFrame) -> list[pd.DataFrame]:
    """Sessions, appointments missed, and what was done at the sessions."""
    rows = attended.assign(
        value=attended["pressure"],
        beside=attended["gap_days"],
        label=attended["episode"].astype("str"),
    )
    missed = held[held["status"].isin(["no_show", "cancelled"])]
    listed = [
        _listed(attended, column, series)
        for column, series in (("techniques", "technique"), ("muscles", "muscle"))
    ]
    return [
        rows.assign(series="session"),
        missed.assign(series="missed", label=missed["status"]),
        *listed,
    ]


def _listed(attended: pd.DataFrame, column: str, series: str) -> pd.DataFrame:
    """Rows from cells that hold several names."""
    named = attended.loc[attended[column].notna(), ["patient_id", "date", "session_number", column]]
    rows = named.assign(outcome=named[column].str.split(";")).explode("outcome")
    rows["outcome"] = rows["outcome"].astype("str").str.strip()
    return rows[rows["outcome"] != ""].assign(series=series)


def _headaches(tables: Tables) -> pd.DataFrame:
    diary = tables.headache_diary
    diary = SCHEMAS["headache_diary"].empty() if diary is None else diary
    said = diary[diary["headache"].notna()]
    return said.assign(
        series="headache", outcome="headache", value=said["headache"], beside=said["intensity"]
    )


def _adverse_events(tables: Tables, attended: pd.DataFrame) -> pd.DataFrame:
    """Events with the session they followed."""
    events = tables.adverse_events
    events = SCHEMAS["adverse_events"].empty() if events is None else events
    of = attended[["session_id", "patient_id", "date", "session_number"]]
    rows = events.merge(of, on="session_id")
    return rows.assign(
        series="adverse_event",
        outcome=rows["symptom"],
        value=rows["severity"],
        beside=rows["duration_hours"],
        label=rows["serious"].map({1.0: "serious"}),
    )


def _self_care(tables: Tables) -> pd.DataFrame:
    """Add up what was prescribed and done by week; more than prescribed is not more than all."""
    exercises = tables.exercises
    exercises = SCHEMAS["exercises"].empty() if exercises is None else exercises
    week = exercises["date"] - pd.to_timedelta(exercises["date"].dt.day_of_week, unit="D")
    done = exercises[["done", "prescribed"]].min(axis=1)
    rows = exercises.assign(date=week, value=done, beside=exercises["prescribed"])
    added = rows.groupby(["patient_id", "date"], as_index=False)[["value", "beside"]].sum()
    return added.assign(series="self_care", outcome="exercise")
