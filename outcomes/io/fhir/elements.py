"""Pieces of a FHIR resource, read so that what is missing or of another shape counts as absent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

Resource = dict[str, Any]

_MOMENT = re.compile(
    r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_WEIGHTS = ("ordinalValue", "itemWeight", "questionnaire-ordinalValue", "iso21090-CO-value")
"""Extensions that give the answer of a list its number, by the end of their address."""


def part(element: Any) -> Resource:
    """Take an element that has parts.

    Parameters
    ----------
    element : Any
        What stands there.

    Returns
    -------
    dict
        Empty where it is something else.
    """
    return element if isinstance(element, dict) else {}


def parts(element: Any) -> list[Resource]:
    """Take an element that repeats; one that stands alone counts as a list of one.

    Parameters
    ----------
    element : Any
        What stands there.

    Returns
    -------
    list of dict
        Those that have parts.
    """
    if isinstance(element, dict):
        return [element]
    return [each for each in element if isinstance(each, dict)] if isinstance(element, list) else []


def text(element: Any) -> str:
    """Take a text.

    Parameters
    ----------
    element : Any
        What stands there.

    Returns
    -------
    str
        Without spaces around it; empty where it is something else. Halves of letters, which JSON
        can hold and no file can, become question marks.
    """
    if not isinstance(element, str):
        return ""
    if not element.isascii():
        element = element.encode("utf-8", "replace").decode("utf-8")
    return element.replace("\0", "").strip()


def number(element: Any) -> str:
    """Take a number as it is written.

    Parameters
    ----------
    element : Any
        A number of the file, which is kept as text, or a text that is one.

    Returns
    -------
    str
        Its digits; empty where it is no number.
    """
    digits = text(element)
    return digits if _NUMBER.fullmatch(digits) else ""


def codings(concept: Any) -> list[Resource]:
    """List the codings of one or several concepts.

    Parameters
    ----------
    concept : Any
        A CodeableConcept, a list of them, or a Coding.

    Returns
    -------
    list of dict
        Codings with system, code and display.
    """
    found: list[Resource] = []
    for each in parts(concept):
        found += parts(each["coding"]) if "coding" in each else [each]
    return found


def weight(element: Any) -> str:
    """Read the number that an extension gives an answer.

    Parameters
    ----------
    element : Any
        A Coding, or what else may carry the extension.

    Returns
    -------
    str
        The number; empty where there is none.
    """
    for extension in parts(part(element).get("extension")):
        if text(extension.get("url")).rpartition("/")[2] in _WEIGHTS:
            found = number(extension.get("valueDecimal")) or number(extension.get("valueInteger"))
            if found:
                return found
    return ""


def extension_code(element: Any, url: str) -> str:
    """Read the code that an extension of a resource holds.

    Parameters
    ----------
    element : Any
        The resource.
    url : str
        Address of the extension.

    Returns
    -------
    str
        The code; empty where there is none.
    """
    for extension in parts(part(element).get("extension")):
        if text(extension.get("url")) == url:
            return text(extension.get("valueCode"))
    return ""


def walk_items(element: Any) -> Iterator[Resource]:
    """Go through items of a form, those within groups and within answers too.

    Parameters
    ----------
    element : Any
        A Questionnaire or QuestionnaireResponse.

    Yields
    ------
    dict
        One item.
    """
    waiting = parts(part(element).get("item"))[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        below = parts(item.get("item"))
        for answer in parts(item.get("answer")):
            below += parts(answer.get("item"))
        waiting += below[::-1]


@dataclass(frozen=True)
class Moment:
    """A day, and a time where one is given.

    Parameters
    ----------
    day : str
        YYYY-MM-DD where the clinic is; as it was written where it is no day.
    clock : str
        HH:MM; empty where only the day is known.
    problem : str
        Why there is no day; empty where there is one.
    universal : bool
        It is written in universal time and no zone was named, so the day may be the one beside it.
    at : datetime, optional
        The instant, to tell which of two is earlier.
    """

    day: str = ""
    clock: str = ""
    problem: str = ""
    universal: bool = False
    at: datetime | None = None


def moment(element: Any, zone: ZoneInfo | None) -> Moment:
    """Read a date, dateTime or instant.

    Parameters
    ----------
    element : Any
        What stands there.
    zone : ZoneInfo, optional
        Where the clinic is. Instants are moved there; unless it is known they keep the clock of
        their offset, which is the clock of where they were written down.

    Returns
    -------
    Moment
        The local day and time.
    """
    written = text(element)
    if not written:
        return Moment()
    found = _MOMENT.fullmatch(written)
    if found is None:
        return Moment(written, problem="is no date of FHIR")
    if found[3] is None:
        return Moment(written, problem="does not say which day")
    try:
        year, month, day, hour, minute, second = (int(found[at] or 0) for at in range(1, 7))
        # a leap second counts as the one before it
        local = datetime(year, month, day, hour, minute, min(second, 59))
        if found[7] and zone is not None:
            local = local.replace(tzinfo=_offset(found[7])).astimezone(zone)
    except (ValueError, OverflowError):
        return Moment(written, problem="is no day of the calendar")
    universal = zone is None and found[7] in ("Z", "+00:00", "-00:00")
    on = f"{local.year:04}-{local.month:02}-{local.day:02}"
    at = local.replace(tzinfo=None)
    return Moment(on, f"{local:%H:%M}" if found[4] else "", universal=universal, at=at)


def _offset(written: str) -> timezone:
    if written == "Z":
        return UTC
    hours, minutes = int(written[1:3]), int(written[4:6])
    return timezone((-1 if written[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def minutes_between(start: Moment, end: Moment) -> str:
    """Count the minutes from one moment to another of the same day.

    Parameters
    ----------
    start, end : Moment
        Both with a clock.

    Returns
    -------
    str
        Whole minutes; empty where it can't be said or is a day and more.
    """
    if start.at is None or end.at is None or not start.clock or not end.clock:
        return ""
    seconds = (end.at - start.at).total_seconds()
    return f"{seconds / 60:.0f}" if 0 < seconds < 24 * 3600 else ""
