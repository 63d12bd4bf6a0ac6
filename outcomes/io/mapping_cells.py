"""One column of a mapping file: where its cells come from, checked key by key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outcomes.instruments.toml_table import TomlTable
from outcomes.io.mapping import Case, CellSource, Where
from outcomes.schema import FIRST_YEAR, LAST_YEAR, Column

CELL_KEYS = {
    "column": str,
    "constant": object,
    "values": dict,
    "factor": float,
    "add": float,
    "decimal": str,
    "prefix": str,
    "date_format": str,
    "missing": list,
    "origin": object,
    "origin_column": str,
    "days": int,
    "days_column": str,
    "checked": dict,
    "first": list,
    "otherwise": object,
    "answer_to": str,
    "joined": list,
    "time_zone": str,
}
_WAYS = ("column", "constant", "checked", "first", "answer_to", "joined")
_ORIGIN = ("origin", "origin_column")
_DAYS = ("days", "days_column")
MOST_DAYS = 99_999
"""Days from an origin, either way: some 270 years."""
_IDS = ("patient_id", "session_id", "event_id")


@dataclass(frozen=True)
class Defaults:
    """What holds for every column of a mapping unless the column says otherwise."""

    decimal: str
    date_format: str
    missing: tuple[str, ...]
    id_prefix: str
    time_zone: str = ""


def read_cell(column: Column, above: TomlTable, content: Any, defaults: Defaults) -> CellSource:
    """Read where the cells of one column come from.

    Parameters
    ----------
    column : Column
        The column of the contract.
    above : TomlTable
        The table that the key stands in.
    content : Any
        What stands there: the name of a column of the source, or a table.
    defaults : Defaults
        What the mapping says for all columns.

    Returns
    -------
    CellSource
        Where the cells come from.

    Raises
    ------
    DataContractError
        If the keys are unknown, contradict each other or do not fit the column.
    """
    key = f"{above.place}.{column.name}"
    if isinstance(content, str):
        content = {"column": content}
    here = TomlTable(content, key, above.file)
    # nothing, said on purpose
    blank = here.content.get("otherwise") == ""
    if blank:
        kept = {name: value for name, value in here.content.items() if name != "otherwise"}
        here = TomlTable(kept, key, above.file)
    values = here.check(CELL_KEYS, ())
    if blank:
        values["otherwise"] = ""
    ways: list[str] = [name for name in _WAYS if name in values]
    ways += ["origin"] if any(name in values for name in _ORIGIN) else []
    if len(ways) != 1:
        here.refuse(
            "",
            f"needs one of {', '.join(_WAYS)}, or origin with days.",
            f'Write {column.name} = "column of the source", or {{ constant = "…" }}.',
        )
    numeric = column.kind in ("number", "whole", "flag")
    for name in ("factor", "add", "decimal"):
        if name in values and not numeric:
            here.refuse(name, "fits numbers only.", "Leave it out.")
    if "checked" in values and (column.kind != "list" or not values["checked"]):
        here.refuse("checked", "names columns of checkboxes for a list.", "Leave it out.")
    if "joined" in values and (column.name not in _IDS or len(values["joined"]) < 2):
        here.refuse(
            "joined",
            "names two columns or more that make up the id of a patient, session or event.",
            'Write the like of joined = ["record_id", "redcap_repeat_instance"].',
        )
    if "joined" in values and "values" in values:
        here.refuse("values", "fits a single column.", "Leave it out.")
    dated = column.kind in ("date", "time") or column.name == "birth_year"
    if "date_format" in values and not dated:
        here.refuse("date_format", "fits dates and times only.", "Leave it out.")
    if ways == ["origin"]:
        if column.kind != "date" or sum(name in values for name in _DAYS) != 1:
            here.refuse(
                "",
                "needs days or days_column, and a date to write to.",
                "Add days = 0 or the like.",
            )
        if all(name in values for name in _ORIGIN):
            here.refuse("origin", "and origin_column are both there.", "Leave one out.")
    elif any(name in values for name in _DAYS):
        here.refuse("days", "needs an origin.", 'Add origin = "YYYY-MM-DD" or origin_column.')
    if abs(values.get("days", 0)) > MOST_DAYS:
        here.refuse("days", "is out of reach.", f"Write {MOST_DAYS:,} at the most.")
    if "otherwise" in values and "first" not in values:
        here.refuse("otherwise", "needs first.", "Leave it out.")
    if "values" in values and "first" in values:
        here.refuse("values", "fits no cases.", "Write what each case means under then.")
    zone = read_time_zone(here, values)
    if zone and (not defaults.time_zone or column.kind not in ("date", "time")):
        here.refuse(
            "time_zone",
            "is about dates and times that are brought to the clock of the clinic.",
            "Say at the top of the mapping with time_zone where the clinic is.",
        )
    zoned = bool(defaults.time_zone)
    own_format = (
        read_date_format(here, values, zoned=zoned)
        if "date_format" in values
        else defaults.date_format
    )
    if zone and "%z" in own_format:
        here.refuse("time_zone", "contradicts %z: the cells say it themselves.", "Leave it out.")
    prefix = values.get("prefix", defaults.id_prefix if column.name in _IDS else "")
    question = " ".join(values.get("answer_to", "").split())
    return CellSource(
        key=key,
        column=answer_column(question) if question else values.get("column", ""),
        constant=_plain(here, "constant", values["constant"]) if "constant" in values else "",
        meanings=_value_map(here, values["values"]) if "values" in values else None,
        factor=values.get("factor", 1.0),
        add=values.get("add", 0.0),
        decimal=read_decimal(here, values) if "decimal" in values else defaults.decimal,
        prefix=prefix,
        date_format=own_format if column.kind == "date" or "date_format" in values else "",
        missing=(*defaults.missing, *read_texts(here, "missing", values.get("missing", []))),
        origin=read_day(here, "origin", values["origin"]) if "origin" in values else "",
        origin_column=values.get("origin_column", ""),
        days=values.get("days", 0),
        days_column=values.get("days_column", ""),
        checked=_value_map(here, values["checked"], "checked") if "checked" in values else {},
        time_zone=defaults.time_zone,
        zone=zone,
        cases=_cases(here, values["first"]) if "first" in values else (),
        otherwise=_plain(here, "otherwise", values["otherwise"]) if "otherwise" in values else None,
        question=question,
        joined=read_texts(here, "joined", values.get("joined", [])),
    )


def answer_column(question: str) -> str:
    """Name the column of a filled-in form that holds the answer to a question.

    Parameters
    ----------
    question : str
        The question.

    Returns
    -------
    str
        Such as ``answer to 'Pain now'``.
    """
    return f"answer to {question!r}"


def read_where(here: TomlTable, key: str, content: Any, *more: str) -> tuple[Where, TomlTable]:
    """Read a condition on the rows of a source.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    key : str
        Its key.
    content : Any
        What stands there.
    *more : str
        Keys it has beside those of a condition.

    Returns
    -------
    Where
        The condition.
    TomlTable
        The table, for its other keys.

    Raises
    ------
    DataContractError
        If it does not say exactly one thing about a column.
    """
    below = TomlTable(content, f"{here.place}.{key}", here.file)
    kinds = {"column": str, "is": list, "filled": bool, **dict.fromkeys(more, object)}
    values = below.check(kinds, ("column", *more))
    if ("is" in values) == ("filled" in values) or values.get("filled") is False:
        below.refuse("", "needs either is or filled.", 'Write is = ["text"], or filled = true.')
    return Where(values["column"], read_texts(below, "is", values.get("is", []))), below


def _cases(here: TomlTable, content: Sequence[Any]) -> tuple[Case, ...]:
    if not content:
        here.refuse("first", "is empty.", "Name a case.")
    cases = []
    for number, part in enumerate(content, start=1):
        where, below = read_where(here, f"first[{number}]", part, "then")
        cases.append(Case(where, _plain(below, "then", below.content["then"])))
    return tuple(cases)


def _value_map(here: TomlTable, content: Mapping[str, Any], key: str = "values") -> dict[str, str]:
    below = here.below(key)
    return {str(name): _plain(below, name, value) for name, value in content.items()}


def _plain(here: TomlTable, key: str, value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        here.refuse(key, "has the wrong type.", "Write text or a number.")
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_day(here: TomlTable, key: str, value: Any) -> str:
    """Read a day, written as a date of TOML or as text.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    key : str
        Its key.
    value : Any
        What stands there.

    Returns
    -------
    str
        The day as YYYY-MM-DD.

    Raises
    ------
    DataContractError
        If it is no day of the calendar.
    """
    text = _plain(here, key, value)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        here.refuse(key, "is not a day of the calendar.", 'Write "YYYY-MM-DD".')
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        here.refuse(key, f"is not from {FIRST_YEAR} to {LAST_YEAR}.", "Correct the year.")
    return day.isoformat()


def read_texts(here: TomlTable, key: str, values: Sequence[Any]) -> tuple[str, ...]:
    """Read a list of texts or numbers.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    key : str
        Its key.
    values : sequence
        Its content.

    Returns
    -------
    tuple of str
        All as text.

    Raises
    ------
    DataContractError
        If one is neither text nor number.
    """
    return tuple(_plain(here, key, value) for value in values)


def read_time_zone(here: TomlTable, values: dict[str, Any]) -> str:
    """Read where the clinic is.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    values : dict
        Content of that table.

    Returns
    -------
    str
        Name of the zone; empty where not given.

    Raises
    ------
    DataContractError
        If there is no such zone.
    """
    name = str(values.get("time_zone", ""))
    try:
        if name:
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        here.refuse("time_zone", "is no time zone.", 'Write the like of "America/Los_Angeles".')
    return name


def read_codes(here: TomlTable, content: Mapping[str, Any]) -> dict[str, str]:
    """Read which codes of a FHIR source stand for which instrument.

    Parameters
    ----------
    here : TomlTable
        The table they stand in.
    content : mapping
        Instrument or item by code.

    Returns
    -------
    dict of str to str
        All as text.

    Raises
    ------
    DataContractError
        If one is no text.
    """
    below = TomlTable(content, "codes", here.file)
    return {str(code): _plain(below, code, target) for code, target in content.items()}


def read_decimal(here: TomlTable, values: dict[str, Any]) -> str:
    """Read the decimal mark.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    values : dict
        Content of that table.

    Returns
    -------
    str
        Point or comma; a point unless given.

    Raises
    ------
    DataContractError
        If it is something else.
    """
    mark = values.get("decimal", ".")
    if mark not in (".", ","):
        here.refuse("decimal", "must be a point or a comma.", 'Write decimal = ",".')
    return str(mark)


def read_date_format(here: TomlTable, values: dict[str, Any], *, zoned: bool = False) -> str:
    """Read how dates are written; what leaves century, month or day open is refused.

    Parameters
    ----------
    here : TomlTable
        The table it stands in.
    values : dict
        Content of that table.
    zoned : bool
        The mapping says where the clinic is.

    Returns
    -------
    str
        Letters of `strftime`, empty where not given.

    Raises
    ------
    DataContractError
        If a date written so could be more than one day.
    """
    letters = values.get("date_format", "")
    moment = datetime(2001, 12, 31, 23, 59, 58, tzinfo=UTC if "%z" in letters else None)
    try:
        datetime.strptime(moment.strftime(letters), letters)
    except ValueError:
        here.refuse("date_format", "is no way to write a date.", 'Write the like of "%d/%m/%Y".')
    if re.search("%[yDxc]", letters):
        here.refuse(
            "date_format",
            "has a year of two digits, which leaves the century open.",
            "Write the years of the source out with four digits, as %Y.",
        )
    if "%z" in letters and not read_time_zone(here, values) and not zoned:
        here.refuse("date_format", "holds an offset.", "Add time_zone for the clock of the clinic.")
    whole = "%Y" in letters and re.search("%[mbB]", letters) and "%d" in letters
    half = "%I" in letters
    if half and "%p" not in letters:
        here.refuse("date_format", "leaves open which half of the day is meant.", "Add %p.")
    clock = ("%H" in letters or half) and "%M" in letters
    if letters and not (whole or clock):
        here.refuse("date_format", "lacks year, month or day.", 'Write the like of "%d/%m/%Y".')
    return str(letters)
