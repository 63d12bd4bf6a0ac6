"""The contract of the tables: columns, types, allowed codes, ranges and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

KINDS = ("text", "code", "number", "whole", "date", "time", "flag", "list")
ITEM_COLUMN = re.compile(r"item_[1-9][0-9]?")
"""Answers to the items of an instrument, in ``assessments``."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Dates outside these years are slips of the keyboard."""

_DTYPES = {
    "text": "str",
    "code": "str",
    "list": "str",
    "time": "str",
    "number": "float64",
    "whole": "float64",
    "flag": "float64",
    "date": "datetime64[us]",
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Header of the column.
    kind : {"text", "code", "number", "whole", "date", "time", "flag", "list"}
        ``text`` is kept as it is; ``code`` is one of `allowed`; ``number`` is finite with a point
        for decimals; ``whole`` has no decimals; ``date`` is YYYY-MM-DD; ``time`` is HH:MM; ``flag``
        is 0 or 1; ``list`` holds names separated by semicolons.
    meaning : str
        What the column says, for people.
    required : bool
        The column must be there and no cell may be empty.
    allowed : tuple of str
        Codes of a ``code``, or names in a ``list``; empty where any will do.
    minimum, maximum : float, optional
        Range of a number, bounds included.
    at_session : bool
        Written down at the session itself, so not known of an appointment that lies ahead.
    """

    name: str
    kind: str
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    at_session: bool = False

    @property
    def dtype(self) -> Any:
        """Name of the type in memory (missing is NaN, or NaT for dates), as pandas takes it."""
        return _DTYPES[self.kind]


@dataclass(frozen=True)
class TableSchema:
    """One table of a data set.

    Parameters
    ----------
    name : str
        Name of the table, and of its file without the ending.
    row : str
        What one row is.
    key : tuple of str
        Columns that no two rows share.
    columns : tuple of Column
        All columns, in the order they are written.
    required : bool
        A data set cannot be without this table.
    belongs_to : {"", "patient", "session"}
        What a row hangs on: a patient by ``patient_id``, or a session by ``session_id``.
    dated_by : str
        Column with the date from which a row is known; empty where there is none.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False
    belongs_to: str = "patient"
    dated_by: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """Look up a column, or the answer to an item.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        Column
            Its description.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        if self.name == "assessments" and ITEM_COLUMN.fullmatch(name):
            return Column(name, "number", "answer to an item of the instrument")
        raise KeyError(name)

    def knows(self, name: str) -> bool:
        """Say whether a column belongs to the contract.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        bool
            True for a column of the table, and for ``item_1`` to ``item_99`` of assessments.
        """
        return name in self.names or (
            self.name == "assessments" and ITEM_COLUMN.fullmatch(name) is not None
        )

    def empty(self) -> pd.DataFrame:
        """Make a frame with every column and no row.

        Returns
        -------
        DataFrame
            Columns and types of the table.
        """
        return pd.DataFrame(
            {column.name: pd.Series([], dtype=column.dtype) for column in self.columns}
        )


def _id(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "text", meaning, required=required)


_PATIENT = _id("patient_id", "the person, by the id used in every table")
_SESSION = _id("session_id", "the appointment")

PATIENTS = TableSchema(
    "patients",
    "a person",
    ("patient_id",),
    (
        _PATIENT,
        Column("clinic", "text", "clinic the patient belongs to"),
        Column("sex", "text", "any words, the same ones throughout"),
        Column("birth_year", "whole", "year of birth", minimum=FIRST_YEAR, maximum=LAST_YEAR),
        Column("onset_date", "date", "day the complaint began"),
        Column(
            "onset",
            "code",
            "acute under 6 weeks, subacute 6 to 12 weeks, chronic over 12 weeks at the start",
            allowed=("acute", "subacute", "chronic"),
        ),
        Column("headache_type", "text", "any words, such as tension, migraine, cervicogenic"),
        Column("distress", "number", "psychological distress at the start, higher is worse"),
        Column("desk_hours", "number", "hours at a desk on a working day", minimum=0, maximum=24),
        Column("whiplash", "flag", "1 after a whiplash injury"),
        Column("anticoagulants", "flag", "1 when taking anticoagulants"),
        Column("osteoporosis", "flag", "1 with osteoporosis"),
        Column("recent_surgery", "flag", "1 after recent surgery"),
        Column("skin_infection", "flag", "1 with an infection of the skin"),
        Column("cleared", "flag", "1 when cleared for treatment in spite of a contraindication"),
        Column("index_date", "date", "start of care or randomisation, where there are no sessions"),
    ),
    required=True,
    belongs_to="",
)

SESSIONS = TableSchema(
    "sessions",
    "an appointment",
    ("session_id",),
    (
        _SESSION,
        _PATIENT,
        Column("clinic", "text", "clinic where it took place"),
        Column("therapist_id", "text", "the therapist"),
        Column("date", "date", "day of the appointment", required=True),
        Column("time", "time", "when it began"),
        Column("booked_on", "date", "day it was booked"),
        Column(
            "status",
            "code",
            "what became of it",
            required=True,
            allowed=("attended", "no_show", "cancelled", "booked"),
        ),
        Column(
            "minutes", "number", "how long it took", minimum=0, maximum=24 * 60, at_session=True
        ),
        Column(
            "visit_type",
            "code",
            "kind of appointment",
            allowed=("intake", "treatment", "reassessment"),
        ),
        Column(
            "discipline",
            "code",
            "kind of care",
            allowed=("massage", "chiropractic", "acupuncture", "naturopathic", "exercise"),
        ),
        Column(
            "techniques",
            "list",
            "techniques used",
            allowed=(
                "compression_hold",
                "cross_fiber_friction",
                "pin_and_stretch",
                "gliding_stroke",
            ),
            at_session=True,
        ),
        Column(
            "muscles", "list", "muscles treated, such as suboccipital;scalenes", at_session=True
        ),
        Column("pressure", "number", "pressure of 1 to 10", minimum=1, maximum=10, at_session=True),
        Column("hold_seconds", "number", "how long holds lasted", minimum=0, at_session=True),
        Column("fee", "number", "what was charged", minimum=0, at_session=True),
    ),
    dated_by="date",
)

ASSESSMENTS = TableSchema(
    "assessments",
    "one score of one instrument",
    ("patient_id", "instrument", "date", "timing", "session_id"),
    (
        _PATIENT,
        Column("instrument", "text", "code of the instrument", required=True),
        Column("date", "date", "day it was answered or measured", required=True),
        Column(
            "timing",
            "code",
            "before or after a session, or answered at home; empty is pre on a day with an "
            "attended session, else remote",
            allowed=("pre", "post", "remote"),
        ),
        Column("value", "number", "the score; may be empty where the items give it"),
        _id("session_id", "the session it belongs to", required=False),
        Column("device", "text", "what it was measured with"),
    ),
    dated_by="date",
)

HEADACHE_DIARY = TableSchema(
    "headache_diary",
    "one patient-day that was filled in",
    ("patient_id", "date"),
    (
        _PATIENT,
        Column("date", "date", "the day", required=True),
        Column("headache", "flag", "1 with a headache that day", required=True),
        Column("intensity", "number", "worst pain of the day", minimum=0, maximum=10),
        Column("medication", "flag", "1 when medication was taken for it"),
    ),
    dated_by="date",
)

HEADACHE_PERIODS = TableSchema(
    "headache_periods",
    "headache days counted over a period",
    ("patient_id", "start"),
    (
        _PATIENT,
        Column("start", "date", "first day of the period", required=True),
        Column(
            "days_observed", "whole", "days counted over", required=True, minimum=1, maximum=366
        ),
        Column(
            "headache_days",
            "number",
            "days with a headache among them (decimals where the source extrapolated)",
            required=True,
            minimum=0,
            maximum=366,
        ),
    ),
    dated_by="start",
)

PLANS = TableSchema(
    "plans",
    "one recommendation of a schedule",
    ("patient_id", "date"),
    (
        _PATIENT,
        Column("date", "date", "day it was recommended", required=True),
        Column(
            "plan",
            "code",
            "the schedule",
            required=True,
            allowed=("weekly", "twice_monthly", "monthly", "on_demand", "discharged"),
        ),
        Column("interval_days", "number", "days between sessions", minimum=1, maximum=366),
        Column("therapist_id", "text", "who recommended it"),
    ),
    dated_by="date",
)

ADVERSE_EVENTS = TableSchema(
    "adverse_events",
    "one event",
    ("event_id",),
    (
        _id("event_id", "the event"),
        _SESSION,
        Column("symptom", "text", "what was felt", required=True),
        Column("onset_hours", "number", "hours from the session to its start", minimum=0),
        Column("duration_hours", "number", "how long it lasted", minimum=0),
        Column("severity", "number", "how bothersome", minimum=0, maximum=10),
        Column("serious", "flag", "1 for a serious event", required=True),
    ),
    belongs_to="session",
)

TRIGGER_POINTS = TableSchema(
    "trigger_points",
    "one point palpated",
    ("session_id", "muscle", "side"),
    (
        _SESSION,
        Column("muscle", "text", "the muscle", required=True),
        Column("side", "text", "left or right", required=True),
        Column("active", "flag", "1 for an active point", required=True),
        Column("reproduced", "flag", "1 when it reproduced the familiar pain", required=True),
        Column("referral_zone", "text", "where the pain was felt"),
    ),
    belongs_to="session",
)

EXERCISES = TableSchema(
    "exercises",
    "one prescribed patient-day of an exercise",
    ("patient_id", "date", "exercise"),
    (
        _PATIENT,
        Column("date", "date", "the day", required=True),
        Column("exercise", "text", "such as chin_tuck or scapular_retraction", required=True),
        Column("prescribed", "number", "how much was prescribed", required=True, minimum=0),
        Column("done", "number", "how much was done", required=True, minimum=0),
    ),
    dated_by="date",
)

COVARIATES = TableSchema(
    "covariates",
    "anything else known at the start",
    ("patient_id", "name"),
    (
        _PATIENT,
        Column("name", "text", "what it is, such as arm", required=True),
        Column("value", "text", "what it was", required=True),
    ),
)

SCHEMAS: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        PATIENTS,
        SESSIONS,
        ASSESSMENTS,
        HEADACHE_DIARY,
        HEADACHE_PERIODS,
        PLANS,
        ADVERSE_EVENTS,
        TRIGGER_POINTS,
        EXERCISES,
        COVARIATES,
    )
}
"""Every table of a data set by name, in the order they are read and checked."""
