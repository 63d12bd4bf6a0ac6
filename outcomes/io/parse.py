"""Cells into typed columns, with a reason for every cell that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.io.rows import Rows
from outcomes.io.verdict import Verdict
from outcomes.schema import FIRST_YEAR, ITEM_COLUMN, LAST_YEAR, Column, TableSchema

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_NOT_ISO = "is not a date written YYYY-MM-DD"


@dataclass(frozen=True)
class Parsed:
    """Distinct values of a column as typed, and what is wrong with some of them.

    Parameters
    ----------
    typed : Series
        Typed values, missing where the cell is empty or does not fit.
    problems : tuple of (array of bool, str)
        Which values do not fit, and why.
    """

    typed: pd.Series
    problems: tuple[tuple[np.ndarray, str], ...] = ()


def parse_table(schema: TableSchema, rows: Rows, verdict: Verdict) -> pd.DataFrame:
    """Type every column of a table and reject the rows with cells that do not fit.

    Parameters
    ----------
    schema : TableSchema
        The table.
    rows : Rows
        Its rows as read.
    verdict : Verdict
        Receives the reasons.

    Returns
    -------
    DataFrame
        As many rows as were read, with every column of the schema (and items of assessments),
        missing where a cell is empty or did not fit.
    """
    frame = {}
    items = [name for name in rows.cells.columns if ITEM_COLUMN.fullmatch(name)]
    items.sort(key=lambda name: int(name.removeprefix("item_")))
    for name in [*schema.names, *(items if schema.name == "assessments" else ())]:
        column = schema.column(name)
        if name not in rows.cells.columns:
            frame[name] = _missing(rows.cells, column)
            continue
        cells = rows.cells[name]
        coded = rows.coded(name)
        codes = coded.codes
        parsed = _PARSERS[column.kind](column, coded.texts)
        problems = [*parsed.problems, *_outside(column, parsed.typed)]
        for wrong, reason in problems:
            verdict.reject(np.append(wrong, False)[codes], name, reason)
        # Code -1, a null from Parquet, takes the missing value put at the end.
        padded = parsed.typed.reindex(range(len(coded.texts) + 1))
        frame[name] = padded.take(codes).set_axis(cells.index)
        if column.required:
            verdict.reject(frame[name].isna(), name, "is empty")
    return pd.DataFrame(frame)


def _outside(column: Column, values: pd.Series) -> list[tuple[np.ndarray, str]]:
    found = []
    if column.minimum is not None:
        found.append(((values < column.minimum).to_numpy(), f"is below {column.minimum:g}"))
    if column.maximum is not None:
        found.append(((values > column.maximum).to_numpy(), f"is above {column.maximum:g}"))
    return found


def as_text(cells: pd.Series) -> pd.Series:
    """Write cells as text.

    Parameters
    ----------
    cells : Series
        Text, or typed as Parquet has it.

    Returns
    -------
    Series of str
        Text of each cell, missing where there is none; whole numbers without a decimal point.
    """
    if isinstance(cells.dtype, pd.StringDtype):
        text = cells
    elif cells.dtype == "float64":
        whole = cells == np.trunc(cells)
        text = cells.astype("str").where(~whole, cells.where(whole).map("{:.0f}".format))
    else:
        text = cells.astype("str")
    return text.where(text.str.strip() != "").astype("str")


def _text(column: Column, cells: pd.Series) -> Parsed:
    values = as_text(cells)
    nul = values.str.contains("\0", regex=False, na=False).to_numpy(dtype=bool)
    return Parsed(values, ((nul, "contains a NUL character"),))


def _code(column: Column, cells: pd.Series) -> Parsed:
    values = as_text(cells).str.strip()
    wrong = values.notna() & ~values.isin(column.allowed)
    return Parsed(
        values.mask(wrong), ((wrong.to_numpy(), f"is not one of {', '.join(column.allowed)}"),)
    )


def _list(column: Column, cells: pd.Series) -> Parsed:
    parts = as_text(cells).str.split(";").explode().astype("str").str.strip()
    parts = parts[parts.notna() & (parts != "")]
    wrong, reason = parts.str.contains("\0", regex=False), "contains a NUL character"
    if column.allowed:
        wrong = ~parts.isin(column.allowed)
        reason = f"names something other than {', '.join(column.allowed)}"
    joined = parts.groupby(level=0).agg(";".join).reindex(cells.index).astype("str")
    odd = cells.index.isin(parts.index[wrong])
    return Parsed(joined.mask(odd), ((odd, reason),))


def _number(column: Column, cells: pd.Series) -> Parsed:
    if cells.dtype.kind == "M":
        return _all_wrong(column, cells, "is not a number")
    if not isinstance(cells.dtype, pd.StringDtype):
        values = cells.astype("float64")
        infinite = np.isinf(values.to_numpy())
        return Parsed(values.mask(infinite), ((infinite, "is not a finite number"),))
    text = as_text(cells).str.strip()
    fits = text.str.fullmatch(_NUMBER, na=False).astype(bool)
    values = text.where(fits).astype("float64")
    infinite = np.isinf(values.to_numpy())
    comma = text.str.fullmatch(r"[+-]?[0-9]+,[0-9]+", na=False).to_numpy(dtype=bool)
    odd = (text.notna() & ~fits).to_numpy()
    return Parsed(
        values.mask(infinite),
        (
            (odd & comma, "is written with a decimal comma; write a point"),
            (odd & ~comma, "is not a number"),
            (infinite, "is not a finite number"),
        ),
    )


def _whole(column: Column, cells: pd.Series) -> Parsed:
    parsed = _number(column, cells)
    broken = (parsed.typed != np.trunc(parsed.typed)) & parsed.typed.notna()
    return Parsed(
        parsed.typed.mask(broken), (*parsed.problems, (broken.to_numpy(), "is not a whole number"))
    )


def _flag(column: Column, cells: pd.Series) -> Parsed:
    parsed = _number(column, cells)
    wrong = parsed.typed.notna() & ~parsed.typed.isin((0.0, 1.0))
    not_a_number = [mask for mask, _ in parsed.problems]
    odd = np.logical_or.reduce([*not_a_number, wrong.to_numpy()])
    return Parsed(parsed.typed.mask(wrong), ((odd, "is neither 0 nor 1"),))


def _date(column: Column, cells: pd.Series) -> Parsed:
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return _all_wrong(column, cells, "is a date with a time zone")
    if cells.dtype.kind == "M":
        values = cells.astype("datetime64[us]")
        with_time = (values != values.dt.normalize()) & values.notna()
        problems = [(with_time.to_numpy(), "is a date with a time of day")]
    elif isinstance(cells.dtype, pd.StringDtype):
        text = as_text(cells).str.strip()
        written = text.str.fullmatch(_DATE, na=False).astype(bool)
        values = pd.to_datetime(text.where(written), format="%Y-%m-%d", errors="coerce")
        values = values.astype("datetime64[us]")
        problems = [
            ((text.notna() & ~written).to_numpy(), _NOT_ISO),
            ((written & values.isna()).to_numpy(), "is not a day of the calendar"),
        ]
    else:
        return _all_wrong(column, cells, _NOT_ISO)
    year = values.dt.year
    early, late = (year < FIRST_YEAR).to_numpy(), (year > LAST_YEAR).to_numpy()
    problems += [(early, f"is before {FIRST_YEAR}"), (late, f"is after {LAST_YEAR}")]
    return Parsed(values.mask(early | late), tuple(problems))


def _time(column: Column, cells: pd.Series) -> Parsed:
    values = as_text(cells).str.strip()
    wrong = values.notna() & ~values.str.fullmatch(_TIME, na=False).astype(bool)
    return Parsed(values.mask(wrong), ((wrong.to_numpy(), "is not a time written HH:MM"),))


def _missing(cells: pd.Series | pd.DataFrame, column: Column) -> pd.Series:
    empty = pd.NaT if column.kind == "date" else np.nan
    return pd.Series(empty, index=cells.index, dtype=column.dtype)


def _all_wrong(column: Column, cells: pd.Series, reason: str) -> Parsed:
    """Reject every cell there is, as when a whole Parquet column has the wrong type."""
    return Parsed(_missing(cells, column), ((cells.notna().to_numpy(), reason),))


_PARSERS: dict[str, Callable[[Column, pd.Series], Parsed]] = {
    "text": _text,
    "code": _code,
    "list": _list,
    "number": _number,
    "whole": _whole,
    "flag": _flag,
    "date": _date,
    "time": _time,
}
