"""Periods of the calendar: a quarter, a month or a year."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from outcomes.report.usage import UsageError

_FORM = re.compile(r"(\d{4})(?:-?(Q[1-4]|0[1-9]|1[0-2]))?", re.IGNORECASE)


@dataclass(frozen=True)
class Period:
    """A span of the calendar, both days included.

    Parameters
    ----------
    span : pandas.Period
        With frequency month, quarter or year.
    """

    span: pd.Period

    @property
    def first(self) -> pd.Timestamp:
        """First day."""
        return self.span.start_time.normalize()

    @property
    def last(self) -> pd.Timestamp:
        """Last day."""
        return self.span.end_time.normalize()

    @property
    def code(self) -> str:
        """As written on the command line: ``2026Q3``, ``2026-07`` or ``2026``."""
        return str(self.span)

    def before(self, comparison: str) -> Period:
        """Return the period to compare with.

        Parameters
        ----------
        comparison : {"previous", "year"}
            The period just before, or the same one a year earlier.

        Returns
        -------
        Period
            Of the same length.
        """
        if comparison == "previous":
            return Period(self.span - 1)
        year, rest = self.span.year - 1, self.code[4:]
        return read_period(f"{year}{rest}")


def read_period(text: str) -> Period:
    """Read a period as written on the command line.

    Parameters
    ----------
    text : str
        ``2026Q3``, ``2026-07`` or ``2026``.

    Returns
    -------
    Period
        The span of the calendar.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or int(found[1]) < 1900:
        raise UsageError(
            "The period is not one of the calendar.", "Write it as 2026Q3, 2026-07 or 2026."
        )
    year, part = found[1], found[2]
    if part is None:
        return Period(pd.Period(year=int(year), freq="Y"))
    if part[0] in "Qq":
        return Period(pd.Period(year=int(year), quarter=int(part[1]), freq="Q"))
    return Period(pd.Period(year=int(year), month=int(part), freq="M"))


def last_quarter(as_of: pd.Timestamp) -> Period:
    """Last quarter that was over at a date.

    Parameters
    ----------
    as_of : Timestamp
        The date.

    Returns
    -------
    Period
        The quarter that holds the date where the date is its last day, else the one before.
    """
    quarter = Period(pd.Period(as_of, freq="Q"))
    return quarter if quarter.last <= as_of.normalize() else quarter.before("previous")
