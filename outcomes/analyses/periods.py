"""Periods of the calendar: the quarter before a date, and what to compare it with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.errors import EstimationError

Dates = tuple[str, str]


@dataclass(frozen=True)
class Period:
    """Days from one date to another, both within.

    Parameters
    ----------
    first, last : Timestamp
        First and last day.
    """

    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def label(self) -> str:
        """``2026Q3`` for a quarter, else its two dates."""
        quarter = self.first.to_period("Q")
        if quarter.start_time == self.first and quarter.end_time.normalize() == self.last:
            return f"{quarter.year}Q{quarter.quarter}"
        return f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}"

    def holds(self, dates: pd.Series) -> pd.Series:
        """Say which dates lie within.

        Parameters
        ----------
        dates : Series of datetime
            Dates; missing ones do not.

        Returns
        -------
        Series of bool
            True within the period.
        """
        return (dates >= self.first) & (dates <= self.last)


def read_period(dates: Dates | None, as_of: pd.Timestamp) -> Period:
    """Read a period, or take the last quarter that was over.

    Parameters
    ----------
    dates : (str, str) or None
        First and last day as YYYY-MM-DD; None for the last whole quarter up to `as_of`.
    as_of : Timestamp
        Last date of the data.

    Returns
    -------
    Period
        The period.

    Raises
    ------
    EstimationError
        If the dates cannot be read or are in the wrong order.
    """
    if dates is None:
        quarter = (as_of + pd.Timedelta(days=1)).to_period("Q") - 1
        return Period(quarter.start_time, quarter.end_time.normalize())
    try:
        first, last = (pd.to_datetime(text, format="%Y-%m-%d") for text in dates)
    except (ValueError, TypeError):
        raise EstimationError(
            "A period could not be read.", "Give its first and last day as YYYY-MM-DD."
        ) from None
    if first > last:
        raise EstimationError("A period ends before it begins.", "Give the earlier day first.")
    return Period(first, last)


def period_before(period: Period) -> Period:
    """Take as many months, or else days, right before a period.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    Period
        For whole months the same number of months before, else the same number of days.
    """
    last = period.first - pd.Timedelta(days=1)
    after = period.last + pd.Timedelta(days=1)
    if period.first.day == 1 and after.day == 1:
        months = (after.year - period.first.year) * 12 + after.month - period.first.month
        return Period(period.first - pd.DateOffset(months=months), last)
    return Period(last - (period.last - period.first), last)


def months_before(as_of: pd.Timestamp, number: int) -> tuple[Period, ...]:
    """List the whole months up to a date.

    Parameters
    ----------
    as_of : Timestamp
        A month counts once its last day is this day or an earlier one.
    number : int
        How many months.

    Returns
    -------
    tuple of Period
        In order, the latest last.
    """
    last = (pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    months = pd.period_range(end=last, periods=number, freq="M")
    return tuple(Period(each.start_time, each.end_time.normalize()) for each in months)
