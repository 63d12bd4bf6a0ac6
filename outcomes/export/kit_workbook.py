"""A workbook to record in: the sheets of the contract, with cells that say what they take."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.schema import FIRST_YEAR, LAST_YEAR, SCHEMAS, Column, TableSchema

LINES = 2_000
"""Lines that are checked while they are filled in; those below are checked at import."""
MAPPING = "starter_workbook"
"""The shipped mapping for a workbook that is filled in."""
_SCALES = "instruments"
_MADE = datetime(2024, 1, 1)
_PROMPT = 250
# Excel takes lists of at most 255 letters.
_LIST_LETTERS = 255


def write_kit_workbook(path: Path, registry: InstrumentRegistry | None = None) -> None:
    """Write the workbook.

    Parameters
    ----------
    path : Path
        File ending in ``.xlsx``.
    registry : InstrumentRegistry, optional
        Instruments to offer; those shipped unless given.

    Notes
    -----
    Every sheet has the columns of its table in the first line. What is filled in imports with the
    mapping ``starter_workbook``. Checks in cells help while typing; the import checks again. The
    same version gives the same bytes.
    """
    registry = registry or default_registry()
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": "Records to start with", "created": _MADE})
        styles = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "needed": book.add_format({"bold": True, "bg_color": "#dce6f2", "border": 1}),
            "other": book.add_format({"bg_color": "#f2f2f2", "border": 1}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "hh:mm"}),
            # an id such as 0012 stays as it is typed only in a cell of text
            "text": book.add_format({"num_format": "@"}),
            "plain": book.add_format({}),
        }
        _read_me(book, styles, path)
        for schema in SCHEMAS.values():
            _sheet(book, schema, styles, len(registry.codes))
        _scales(book, registry, styles)


def _read_me(book: xlsxwriter.Workbook, styles: dict[str, Any], path: Path) -> None:
    page = book.add_worksheet("Read me")
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 100)
    page.write(0, 0, "Records to start with", styles["title"])
    lines = [
        ("Start small", "Fill in patients, sessions, and one pain score a visit in assessments."),
        ("Columns", "Blue ones must be filled in on a line; all others may stay empty."),
        ("Ids", "Any code that is not a name. A patient has the same code on all sheets."),
        ("Never", "No names, phone numbers, addresses, mails or full dates of birth, anywhere."),
        ("Nothing recorded", "Leave the cell empty. Do not write 0, NA or a dash."),
        ("To import it", f"outcomes import excel {path.name} --mapping {MAPPING} --out DATA"),
    ]
    for line, (what, text) in enumerate(lines, start=2):
        page.write(line, 0, what, styles["needed"])
        page.write(line, 1, text)
    line = len(lines) + 3
    page.write(line, 0, "Sheet", styles["needed"])
    page.write(line, 1, "One line is", styles["needed"])
    for place, schema in enumerate(SCHEMAS.values(), start=line + 1):
        page.write_url(place, 0, f"internal:'{schema.name}'!A1", string=schema.name)
        page.write(place, 1, schema.row)


def _sheet(
    book: xlsxwriter.Workbook, schema: TableSchema, styles: dict[str, Any], instruments: int
) -> None:
    page = book.add_worksheet(schema.name)
    page.freeze_panes(1, 0)
    for place, column in enumerate(schema.columns):
        page.write_string(0, place, column.name, styles["needed" if column.required else "other"])
        page.write_comment(0, place, _meaning(column), {"x_scale": 2})
        style = column.kind if column.kind in ("date", "time") else "plain"
        style = "text" if column.kind in ("text", "list") else style
        page.set_column(place, place, max(12, len(column.name) + 2), styles[style])
        rule = _rule(schema, column, place, instruments)
        if rule is not None:
            page.data_validation(1, place, LINES, place, rule)


def _scales(
    book: xlsxwriter.Workbook, registry: InstrumentRegistry, styles: dict[str, Any]
) -> None:
    """Sheet with the scales, which the cells of scores are checked against."""
    page = book.add_worksheet(_SCALES)
    for place, title in enumerate(("code", "instrument", "lowest", "highest", "unit")):
        page.write(0, place, title, styles["needed"])
    for line, code in enumerate(registry.codes, start=1):
        each = registry.get(code)
        page.write_row(line, 0, [code, each.label, each.minimum, each.maximum, each.unit])
    page.set_column(0, 1, 42)


def _meaning(column: Column) -> str:
    text = column.meaning[0].upper() + column.meaning[1:] + "."
    if column.allowed:
        text += f" One of: {', '.join(column.allowed)}."
    if column.kind == "list":
        text += " Several are parted by a semicolon."
    return text


def _rule(
    schema: TableSchema, column: Column, place: int, instruments: int
) -> dict[str, Any] | None:
    """Check of a cell while it is filled in."""
    cell = f"{xl_col_to_name(place)}2"
    rule: dict[str, Any] | None = None
    if column.kind == "code" and len(",".join(column.allowed)) <= _LIST_LETTERS:
        rule = {"validate": "list", "source": list(column.allowed)}
    elif column.kind == "flag":
        rule = {"validate": "list", "source": ["0", "1"]}
    elif column.kind == "date":
        rule = {
            "validate": "date",
            "criteria": "between",
            "minimum": date(FIRST_YEAR, 1, 1),
            "maximum": date(LAST_YEAR, 12, 31),
        }
    elif column.kind == "time":
        rule = {"validate": "time", "criteria": "between", "minimum": 0, "maximum": 0.99999}
    elif column.name == "instrument":
        rule = {"validate": "list", "source": f"={_SCALES}!$A$2:$A${instruments + 1}"}
    elif schema.name == "assessments" and column.name == "value":
        code = f"${xl_col_to_name(schema.names.index('instrument'))}2"
        table = f"{_SCALES}!$A$2:$D${instruments + 1}"
        ends = [f"VLOOKUP({code},{table},{number},FALSE)" for number in (3, 4)]
        rule = _custom(f"=AND(ISNUMBER({cell}),{cell}>={ends[0]},{cell}<={ends[1]})")
    elif column.kind in ("number", "whole"):
        low, high = column.minimum, column.maximum
        rule = {
            "validate": "integer" if column.kind == "whole" else "decimal",
            "criteria": "between",
            "minimum": -1e9 if low is None else low,
            "maximum": 1e9 if high is None else high,
        }
    elif schema.key == (column.name,):
        letter = xl_col_to_name(place)
        rule = _custom(f"=COUNTIF(${letter}$2:${letter}${LINES + 1},{cell})=1")
    elif column.name in ("patient_id", "session_id"):
        table = "patients" if column.name == "patient_id" else "sessions"
        rule = _custom(f"=COUNTIF({table}!$A$2:$A${LINES + 1},{cell})>0")
        # the other sheet may be filled in later, so this one only warns
        rule["error_type"] = "warning"
    if rule is None:
        return None
    return {
        **rule,
        "input_title": column.name[:32],
        "input_message": _meaning(column)[:_PROMPT],
        "error_title": "Not what this column takes",
        "error_message": _meaning(column)[:_PROMPT],
    }


def _custom(formula: str) -> dict[str, Any]:
    return {"validate": "custom", "value": formula}
