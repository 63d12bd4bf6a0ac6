"""The records of a data set in memory, as accepted by the contract of `outcomes.schema`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pandas as pd

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.settings import Settings

# How a row of each table belongs to a patient: directly, or through its session.
BY_SESSION = ("adverse_events", "trigger_points")
BY_PATIENT = (
    "sessions",
    "assessments",
    "headache_diary",
    "headache_periods",
    "plans",
    "exercises",
    "covariates",
)
# Dates after which a row is not yet known. An appointment becomes known when it is booked.
DATED = {
    "sessions": "date",
    "assessments": "date",
    "headache_diary": "date",
    "headache_periods": "start",
    "plans": "date",
    "exercises": "date",
}


@dataclass(frozen=True)
class Tables:
    """A data set: one frame a table, `None` where the data set has no such table.

    Columns and types are those of `outcomes.schema`; a frame has every column of its schema, filled
    with missing values where the source has none.

    Parameters
    ----------
    patients : DataFrame
        One row a person.
    as_of : Timestamp
        The date the records are read at; nothing later is used.
    sessions, assessments, headache_diary, headache_periods, plans : DataFrame, optional
        Appointments, scores, diary days, counted periods and recommended schedules.
    adverse_events, trigger_points, exercises, covariates : DataFrame, optional
        Events after sessions, palpated points, prescribed exercises, anything else at the start.
    settings : Settings
        Cut points and names.
    registry : InstrumentRegistry
        Instruments, the user's own among them.
    source : str
        Name of the data set for people.
    synthetic : bool
        True when the records were simulated and are evidence of nothing.
    accounting : DataFrame, optional
        A row a table: table, file, rows_read, rows_accepted, rows_rejected.
    absent : tuple of str
        Tables and columns (``table`` or ``table.column``) that the source does not have.
    """

    patients: pd.DataFrame
    as_of: pd.Timestamp
    sessions: pd.DataFrame | None = None
    assessments: pd.DataFrame | None = None
    headache_diary: pd.DataFrame | None = None
    headache_periods: pd.DataFrame | None = None
    plans: pd.DataFrame | None = None
    adverse_events: pd.DataFrame | None = None
    trigger_points: pd.DataFrame | None = None
    exercises: pd.DataFrame | None = None
    covariates: pd.DataFrame | None = None
    settings: Settings = field(default_factory=Settings)
    registry: InstrumentRegistry = field(default_factory=default_registry)
    source: str = ""
    synthetic: bool = False
    accounting: pd.DataFrame | None = None
    absent: tuple[str, ...] = ()

    def restrict(self, patient_ids: Collection[str] | pd.Series) -> Tables:
        """Keep some patients and what belongs to them.

        Parameters
        ----------
        patient_ids : collection of str
            Ids to keep.

        Returns
        -------
        Tables
            The same data set with fewer rows.
        """
        kept = pd.Index(patient_ids)
        changes: dict[str, pd.DataFrame] = {
            "patients": self.patients[self.patients["patient_id"].isin(kept)]
        }
        for name in BY_PATIENT:
            table = getattr(self, name)
            if table is not None:
                changes[name] = table[table["patient_id"].isin(kept)]
        if "sessions" in changes:
            sessions = pd.Index(changes["sessions"]["session_id"])
            for name in BY_SESSION:
                table = getattr(self, name)
                if table is not None:
                    changes[name] = table[table["session_id"].isin(sessions)]
        return replace(self, **changes)

    def at(self, as_of: pd.Timestamp) -> Tables:
        """Return the data set as it was known at the end of a day.

        Appointments stay when they had been booked by then and had not yet taken place; their
        status is then ``booked``, whatever became of them.

        Parameters
        ----------
        as_of : Timestamp
            The day to look from.

        Returns
        -------
        Tables
            The same data set without anything later.
        """
        day = pd.Timestamp(as_of).normalize()
        changes: dict[str, pd.DataFrame] = {}
        for name, column in DATED.items():
            table = getattr(self, name)
            if table is None:
                continue
            known = table[column] <= day
            if name == "sessions" and day < self.as_of:
                ahead = (table["date"] > day) & (table["booked_on"] <= day)
                booked = table[ahead].assign(status="booked", pressure=float("nan"))
                changes[name] = pd.concat([table[known], booked])
            elif name == "sessions":
                changes[name] = table[known | (table["status"] == "booked")]
            else:
                changes[name] = table[known]
        if "sessions" in changes:
            held = changes["sessions"].loc[changes["sessions"]["status"] != "booked", "session_id"]
            for name in BY_SESSION:
                table = getattr(self, name)
                if table is not None:
                    changes[name] = table[table["session_id"].isin(held)]
        return replace(self, as_of=day, **changes)
