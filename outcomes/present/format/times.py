"""Days, periods and follow-up times in the words people use for them."""

from __future__ import annotations

import re

import pandas as pd

from outcomes.present.format.numbers import NOT_KNOWN


def date(value: pd.Timestamp | str) -> str:
    """Write a date.

    Parameters
    ----------
    value : Timestamp or str
        A day.

    Returns
    -------
    str
        Such as ``3 September 2026``.
    """
    day = pd.Timestamp(value)
    return NOT_KNOWN if pd.isna(day) else f"{day.day} {day.month_name()} {day.year}"


def dates(first: pd.Timestamp | str, last: pd.Timestamp | str) -> str:
    """Write a span of days.

    Parameters
    ----------
    first, last : Timestamp or str
        Both are part of the span.

    Returns
    -------
    str
        Such as ``1 July to 30 September 2026``.
    """
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    if start.year != end.year:
        return f"{date(start)} to {date(end)}"
    return f"{start.day} {start.month_name()} to {date(end)}"


def ends(label: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Read the first and last day of a period from its label.

    Parameters
    ----------
    label : str
        ``2026Q3``, or two dates joined by "to".

    Returns
    -------
    first, last : Timestamp
        Both belong to the period.
    """
    if re.fullmatch(r"(\d{4})Q([1-4])", label):
        span = pd.Period(label, freq="Q")
        return span.start_time, span.end_time.normalize()
    first, last = (pd.Timestamp(day) for day in label.split(" to "))
    return first, last


def period(label: str, *, short: bool = False) -> str:
    """Write a period.

    Parameters
    ----------
    label : str
        ``2026Q3``, or two dates joined by "to".
    short : bool
        Whether to cut the months to three letters.

    Returns
    -------
    str
        Such as ``July to September 2026``, short ``Jul–Sep 2026``; a month by its name, a year by
        its number.
    """
    first, last = ends(label)
    if first.day != 1 or (last + pd.Timedelta(days=1)).day != 1:
        return dates(first, last)
    if first.year == last.year and (first.month, last.month) == (1, 12):
        return str(first.year)
    names = [f"{each:%b}" if short else each.month_name() for each in (first, last)]
    if (first.year, first.month) == (last.year, last.month):
        return f"{names[0]} {first.year}"
    year = "" if first.year == last.year else f" {first.year}"
    joiner = "–" if short and not year else " to "
    return f"{names[0]}{year}{joiner}{names[1]} {last.year}"


def follow_up(day: int, *, short: bool = False) -> str:
    """Write a follow-up time in the unit people use for it.

    Parameters
    ----------
    day : int
        Days from the start of care.
    short : bool
        Abbreviated, for the axis of a figure.

    Returns
    -------
    str
        Such as ``start``, ``6 weeks``, ``6 months`` or ``2 years``; short ``6 wk``, ``6 mo``,
        ``2 yr``.
    """
    if day == 0:
        return "start"
    if day >= 364 and day % 364 == 0:
        amount, unit = day // 364, ("yr" if short else "year")
    elif day >= 168:
        amount, unit = round(day / (364 / 12)), ("mo" if short else "month")
    elif day % 7 == 0:
        amount, unit = day // 7, ("wk" if short else "week")
    else:
        amount, unit = day, ("d" if short else "day")
    return f"{amount} {unit}" if short or amount == 1 else f"{amount} {unit}s"
