"""The records of a data set in memory, as accepted by the contract of `outcomes.schema`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.schema import SCHEMAS
from outcomes.settings import Settings


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
        A row a table: table, file, rows_read, rows_accepted, rows_rejected, rejected_at_import.
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
    _derived: dict[Hashable, pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def derived(self, key: Hashable, derive: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Derive a frame of these records once, however many analyses ask for it.

        Parameters
        ----------
        key : hashable
            Names the derivation with all its choices.
        derive : callable
            Makes the frame from these records alone.

        Returns
        -------
        DataFrame
            A copy that may be written to; pandas copies the cells only then.
        """
        if key not in self._derived:
            self._derived[key] = derive()
        return self._derived[key].copy(deep=False)

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
        kept = pd.Series(list(patient_ids), dtype="str")
        changes: dict[str, Any] = {
            "patients": self.patients[_among(self.patients["patient_id"], kept)]
        }
        for name, table in self._hanging_on("patient"):
            changes[name] = table[_among(table["patient_id"], kept)]
        if "sessions" in changes:
            sessions = changes["sessions"]["session_id"]
            for name, table in self._hanging_on("session"):
                changes[name] = table[_among(table["session_id"], sessions)]
        return replace(self, **changes)

    def _hanging_on(self, what: str) -> list[tuple[str, pd.DataFrame]]:
        """Tables that are there and whose rows hang on a patient, or on a session."""
        return [
            (name, table)
            for name, schema in SCHEMAS.items()
            if schema.belongs_to == what and (table := getattr(self, name)) is not None
        ]

    def at(self, as_of: pd.Timestamp) -> Tables:
        """Return the data set as it was known at the end of a day.

        Appointments stay when they had been booked by then and had not yet taken place; their
        status is then ``booked``, whatever became of them, and what is written down at a session
        is blank. A counted headache period is known from its last day on, an adverse event from
        the day it began. Patients whose records all lie later are not known yet and leave; those
        of whom nothing dated is recorded stay.

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
        changes: dict[str, Any] = {}
        for name, table in self._hanging_on("patient"):
            dated_by = SCHEMAS[name].dated_by
            if name == "sessions":
                changes[name] = self._appointments(table, day)
            elif name == "headache_periods":
                changes[name] = table[last_day_of_period(table) <= day]
            elif dated_by:
                changes[name] = table[table[dated_by] <= day]
        begun = self._known(changes, day)
        if self.sessions is not None:
            past = self.sessions["date"] <= day
            dates = self.sessions[past].set_index("session_id")["date"]
            for name, table in self._hanging_on("session"):
                # reindex, as pandas cannot map through an empty series of dates
                known = pd.Series(dates.reindex(table["session_id"]).to_numpy(), table.index)
                if "onset_hours" in table:
                    later = np.floor(table["onset_hours"].fillna(0) / 24)
                    known = known + _days(later)
                changes[name] = table[known <= day]
        then = replace(self, as_of=day, **changes)
        return then if begun.all() else then.restrict(self.patients.loc[begun, "patient_id"])

    def _known(self, left: dict[str, Any], day: pd.Timestamp) -> pd.Series:
        """Whether each patient has a dated record left on a day, or never had one."""
        ids, began = self.patients["patient_id"], self.patients["index_date"]
        known, dated = began <= day, began.notna()
        for name, table in left.items():
            known |= _among(ids, table["patient_id"])
            dated |= _among(ids, getattr(self, name)["patient_id"])
        return known | ~dated

    def _appointments(self, sessions: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
        past = sessions["date"] <= day
        if day >= self.as_of:
            return sessions[past | (sessions["status"] == "booked")]
        ahead = ~past & (sessions["booked_on"] <= day)
        blank = {
            column.name: pd.Series([np.nan] * int(ahead.sum()), sessions.index[ahead]).astype(
                sessions[column.name].dtype
            )
            for column in SCHEMAS["sessions"].columns
            if column.at_session
        }
        booked = sessions[ahead].assign(status="booked", **blank)
        return pd.concat([sessions[past], booked]).sort_index()


def last_day_of_period(periods: pd.DataFrame) -> pd.Series:
    """Find the day from which the count of a headache period can be known.

    Parameters
    ----------
    periods : DataFrame
        Columns start and days_observed.

    Returns
    -------
    Series of datetime64
        ``start`` and as many days after it as were observed, less one.
    """
    return periods["start"] + _days(periods["days_observed"] - 1)


def _among(ids: pd.Series, kept: pd.Series) -> NDArray[np.bool_]:
    """Whether each id is among others; pandas' own `isin` goes through the others one by one."""
    found = pc.is_in(pa.array(ids, type=pa.large_string()), pa.array(kept, type=pa.large_string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _days(count: pd.Series) -> pd.Series:
    return pd.to_timedelta(count, unit="D").astype("timedelta64[us]")
