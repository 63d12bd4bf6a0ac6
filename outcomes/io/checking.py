"""All tables of a data set judged together: every row read is accepted or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.io.links import (
    Known,
    known_ids,
    refuse_shared_ids,
    reject_shared_keys,
    reject_strays,
)
from outcomes.io.parse import parse_table
from outcomes.io.rows import Rows
from outcomes.io.rules import check_birth, check_headache_periods, check_patients, check_sessions
from outcomes.io.scores import fill_timing, score_assessments
from outcomes.io.verdict import Verdict
from outcomes.schema import SCHEMAS
from outcomes.settings import SETTINGS_FILE, Settings
from outcomes.tables import Tables, last_day_of_period

ACCOUNTING_COLUMNS = ("table", "file", "rows_read", "rows_accepted", "rows_rejected")


@dataclass(frozen=True)
class Loaded:
    """A data set and what became of every row of its source.

    Parameters
    ----------
    tables : Tables
        Accepted rows.
    rejects : DataFrame
        Columns table, file, line, column, value, reason; one row for each rejected row, with the
        first reason found. Values are patients' data and stay inside the clinic.
    accounting : DataFrame
        Columns table, file, rows_read, rows_accepted, rows_rejected; read is always the sum of the
        other two.
    notices : tuple of str
        What the reader of a report should know about the source.
    """

    tables: Tables
    rejects: pd.DataFrame
    accounting: pd.DataFrame
    notices: tuple[str, ...] = ()


def check_rows(
    sources: Mapping[str, Rows],
    settings: Settings,
    *,
    as_of: pd.Timestamp | None = None,
    complete_to: pd.Timestamp | None = None,
    source: str = "",
    synthetic: bool = False,
) -> Loaded:
    """Type, check and connect the rows of a data set.

    Parameters
    ----------
    sources : mapping of str to Rows
        Rows by name of table; ``patients`` must be among them.
    settings : Settings
        The user's settings, own instruments among them.
    as_of : Timestamp, optional
        The day to read the records at; the last day on which anything was observed unless given.
    complete_to : Timestamp, optional
        Day up to which the records are known to be complete, though nothing was observed on it.
    source : str
        Name of the data set.
    synthetic : bool
        The records were simulated.

    Returns
    -------
    Loaded
        Accepted rows, rejects and accounting.

    Raises
    ------
    DataContractError
        If one patient_id stands for two people, or an own instrument does not fit.
    """
    registry = default_registry().extended(settings.instruments, file=SETTINGS_FILE)
    frames: dict[str, pd.DataFrame] = {}
    rejects: list[pd.DataFrame] = []
    accounting: list[tuple[str, str, int, int, int]] = []
    notices = [notice for rows in sources.values() for notice in rows.notices]
    patients: Known | None = None
    sessions: Known | None = None
    birth_year: pd.Series | None = None
    session_days: pd.DataFrame | None = None
    for name, schema in SCHEMAS.items():
        rows = sources.get(name)
        if rows is None:
            continue
        verdict = Verdict(schema, rows)
        frame = parse_table(schema, rows, verdict)
        if name == "patients":
            refuse_shared_ids(frame, verdict)
            check_patients(frame, verdict)
        elif name == "sessions":
            check_sessions(frame, verdict)
        elif name == "headache_periods":
            check_headache_periods(frame, verdict)
        elif name == "assessments":
            frame, notice = _assessments(
                frame, verdict, registry, frames.get("sessions"), session_days
            )
            notices += notice
        reject_shared_keys(frame, verdict)
        if schema.belongs_to == "session":
            reject_strays(frame, verdict, sessions)
        elif schema.belongs_to == "patient":
            reject_strays(frame, verdict, patients)
            check_birth(frame, verdict, birth_year)
        if name == "assessments" and sessions is not None:
            reject_strays(frame, verdict, sessions)
        if name == "patients":
            patients = known_ids(frame, verdict)
            births = frame.loc[verdict.accepted].set_index("patient_id")["birth_year"].dropna()
            birth_year = births if len(births) else None
        elif name == "sessions":
            sessions = known_ids(frame, verdict)
            session_days = frame.loc[frame["status"] == "attended", ["patient_id", "date"]]
        # looked up for the last time, and large
        rows.known.clear()
        accepted = frame
        if not verdict.accepted.all():
            accepted = frame.loc[verdict.accepted].reset_index(drop=True)
        frames[name] = accepted
        rejects.append(verdict.rejects())
        accounting.append(
            (name, ", ".join(rows.files), len(rows), len(accepted), len(rows) - len(accepted))
        )
    observed = last_observed(frames)
    if pd.isna(observed):
        observed = pd.Timestamp.today().normalize()
        notices.append("The records hold no date, so they are read as of today.")
    if complete_to is not None:
        observed = max(observed, complete_to)
    account = pd.DataFrame(accounting, columns=list(ACCOUNTING_COLUMNS))
    tables = Tables(
        **frames,
        as_of=observed,
        settings=settings,
        registry=registry,
        source=source,
        synthetic=synthetic,
        accounting=account,
        absent=_absent(sources),
    )
    found = [each for each in rejects if len(each)] or rejects[:1]
    return Loaded(
        tables if as_of is None else tables.at(as_of),
        pd.concat(found, ignore_index=True),
        account,
        tuple(notices),
    )


def _assessments(
    frame: pd.DataFrame,
    verdict: Verdict,
    registry: InstrumentRegistry,
    sessions: pd.DataFrame | None,
    session_days: pd.DataFrame | None,
) -> tuple[pd.DataFrame, list[str]]:
    frame = score_assessments(frame, verdict, registry)
    frame, alone = fill_timing(frame, verdict, sessions, session_days)
    notices = []
    if alone:
        notices.append(
            f"assessments: {alone:,} scores are marked pre or post on a day without an attended "
            "session of that patient. They are kept; sessions may be missing from the records."
        )
    if sessions is None and frame["session_id"].notna().any():
        notices.append("assessments: session_id was not checked, as there is no table sessions.")
    return frame, notices


def _absent(sources: Mapping[str, Rows]) -> tuple[str, ...]:
    """Tables, and columns of the tables that are there, which the source does not have."""
    absent = []
    for name, schema in SCHEMAS.items():
        if name not in sources:
            absent.append(name)
            continue
        found = sources[name].cells.columns
        absent += [f"{name}.{column}" for column in schema.names if column not in found]
    return tuple(absent)


def last_observed(frames: Mapping[str, pd.DataFrame]) -> pd.Timestamp:
    """Find the last day on which anything was observed.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Accepted rows by table.

    Returns
    -------
    Timestamp
        The latest of: sessions attended or missed, the day any appointment was booked, scores,
        diary days, last days of counted periods, plans, and exercises done. The day of an
        appointment that is only booked, or was cancelled, does not count: it may lie ahead. Where
        nothing of that is recorded, the latest index date of a patient; NaT where there is none.
    """
    days: list[pd.Series] = []
    sessions = frames.get("sessions")
    if sessions is not None:
        held = sessions["status"].isin(("attended", "no_show"))
        days += [sessions.loc[held, "date"], sessions["booked_on"]]
    for name in ("assessments", "headache_diary", "plans"):
        if name in frames:
            days.append(frames[name]["date"])
    if "exercises" in frames:
        exercises = frames["exercises"]
        days.append(exercises.loc[exercises["done"] > 0, "date"])
    if "headache_periods" in frames:
        days.append(last_day_of_period(frames["headache_periods"]))
    latest = [day for day in (each.max() for each in days) if not pd.isna(day)]
    return pd.Timestamp(max(latest) if latest else frames["patients"]["index_date"].max())
