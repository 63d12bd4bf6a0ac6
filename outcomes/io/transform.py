"""Cells of a source rewritten as the contract wants them; what can't be is named."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import PurePath

import numpy as np
import pandas as pd

from outcomes.io.mapping import CellSource
from outcomes.io.rows import Coded, Rows, split_name
from outcomes.schema import FIRST_YEAR, LAST_YEAR, Column

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = rf"^({_ISO})(?: [0-9:.]+)?$"
_CLOCK = rf"^(?:{_ISO} )?([0-9]{{2}}:[0-9]{{2}})(?::[0-9.]+)?$"
_TICKED = ("1", "checked", "yes", "true", "x")
_UNTICKED = ("", "0", "unchecked", "no", "false")
_NUMBER = re.compile(r"[+-]?[0-9]*(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,2})?")
_UNNAMED_FORMAT = (
    "is not written YYYY-MM-DD: give date_format in the mapping, since 03/04 may be March or April"
)
_UNCLEAR = "is a time that the clocks there skip or show twice, as summer time begins or ends"


@dataclass(frozen=True)
class Rewritten:
    """Cells of one column of the contract.

    Parameters
    ----------
    cells : Series of str
        As the contract wants them, empty where nothing is recorded; where a cell could not be
        rewritten, as it stands in the source.
    problems : tuple of (array of bool, str)
        Which cells could not be rewritten, and why.
    coded : Coded, optional
        The same cells as numbers of their texts, where they were found so.
    """

    cells: pd.Series
    problems: tuple[tuple[np.ndarray, str], ...] = ()
    coded: Coded | None = None


def rewrite(cell: CellSource, column: Column, source: Rows) -> Rewritten:
    """Make one column of the contract from a source.

    Parameters
    ----------
    cell : CellSource
        Where its cells come from and how they are written there.
    column : Column
        The column of the contract.
    source : Rows
        The rows of the source.

    Returns
    -------
    Rewritten
        One cell a row.

    Notes
    -----
    Spaces around a cell are dropped. A map of values must name every value there is. Numbers are
    reckoned in decimal, so 0.07 × 100 is 7. A year of two digits or a date without a named format
    is never guessed at.
    """
    here = source.cells
    if cell.origin or cell.origin_column:
        return _from_origin(cell, source)
    if cell.checked:
        return _from_checkboxes(cell, source)
    if cell.cases:
        return _from_cases(cell, source)
    if cell.joined:
        return _from_parts(cell, source)
    if not cell.column:
        texts = pd.Series([_with_file(cell.constant, source)], dtype="str")
        return _spread(texts, Coded(np.zeros(len(here), dtype=np.int32), texts))
    prefix = _with_file(cell.prefix, source)
    typed = source.typed.get(cell.column, np.zeros(len(here), dtype=bool))
    if typed.all() or not typed.any():
        written = source.coded(cell.column)
        return _rewrite_column(cell, column, written, bool(typed.any()), prefix)
    parts = []
    for mask, of_type in ((typed, True), (~typed, False)):
        codes, distinct = pd.factorize(here.loc[mask, cell.column])
        part = _rewrite_column(cell, column, Coded(codes, pd.Series(distinct)), of_type, prefix)
        parts.append(replace(part, cells=part.cells.set_axis(here.index[mask])))
    return _interleave(typed, *parts)


def _rewrite_column(
    cell: CellSource, column: Column, written: Coded, typed: bool, prefix: str
) -> Rewritten:
    """Cells that are all typed, or all text; each distinct one is looked at once."""
    texts = _recorded(written.texts.astype("str"), cell)
    done = _rewrite_typed(cell, column, texts) if typed else _rewrite_distinct(cell, column, texts)
    cells = done.cells.where(done.cells == "", prefix + done.cells) if prefix else done.cells
    problems = tuple(
        (mask[written.codes], f"{why} (column {cell.column})")
        for mask, why in done.problems
        if mask.any()
    )
    return replace(_spread(cells.astype("str"), written), problems=problems)


def _spread(texts: pd.Series, written: Coded) -> Rewritten:
    """Give each row its text."""
    cells = texts.take(written.codes).reset_index(drop=True)
    return Rewritten(cells, coded=Coded(written.codes, texts))


def _interleave(typed: np.ndarray, yes: Rewritten, no: Rewritten) -> Rewritten:
    """Put typed cells and text back in their order."""
    problems = []
    for mask, part in ((typed, yes), (~typed, no)):
        for wrong, why in part.problems:
            whole = np.zeros(len(typed), dtype=bool)
            whole[np.flatnonzero(mask)[wrong]] = True
            problems.append((whole, why))
    return Rewritten(pd.concat([yes.cells, no.cells]).sort_index(), tuple(problems))


def _rewrite_typed(cell: CellSource, column: Column, texts: pd.Series) -> Rewritten:
    """Numbers, dates and flags that the source types need no format to be understood."""
    if cell.meanings is None and column.kind in ("date", "time"):
        unclear = np.zeros(len(texts), dtype=bool)
        if cell.zone:
            dated = texts.where(texts.str.match(_ISO))
            days = pd.to_datetime(dated, format="ISO8601", errors="coerce")
            here, unclear = _on_clinic_clock(days, cell)
            texts = here.dt.strftime("%Y-%m-%d %H:%M").where(here.notna(), texts).astype("str")
        pattern = _MOMENT if column.kind == "date" else _CLOCK
        found = texts.str.extract(pattern, expand=False)
        wrong = (found.isna() & (texts != "")).to_numpy()
        cells = found.where(found.notna(), texts).astype("str")
        reason = (
            "is a number where a date is meant: format the cells as dates, or count days with "
            "origin and days_column"
            if column.kind == "date"
            else "is no time of day"
        )
        return Rewritten(cells, ((wrong, reason), (unclear, _UNCLEAR)))
    if cell.date_format and column.name == "birth_year":
        return Rewritten(texts.str.replace(rf"^({_ISO}).*$", lambda day: day[1][:4], regex=True))
    if cell.meanings is None and column.kind == "flag":
        texts = texts.replace({"TRUE": "1", "FALSE": "0"})
    return _rewrite_distinct(replace(cell, decimal=".", date_format=""), column, texts)


def _with_file(text: str, source: Rows) -> str:
    """Put the name of the source, without its ending, where a text says ``{file}``."""
    return text.replace("{file}", PurePath(split_name(source.files[0])[0]).stem)


def _rewrite_distinct(cell: CellSource, column: Column, texts: pd.Series) -> Rewritten:
    filled = (texts != "").to_numpy()
    if cell.meanings is not None:
        mapped = texts.map({"": "", **cell.meanings})
        unknown = mapped.isna().to_numpy()
        return Rewritten(
            mapped.where(~unknown, texts).astype("str"),
            ((unknown, "is not among the values that the mapping names"),),
        )
    if cell.date_format:
        letters = {"time": "%H:%M", "date": "%Y-%m-%d"}.get(column.kind, "%Y")
        days = _days_of(texts.where(filled), cell.date_format, cell)
        wrong = days.isna().to_numpy() & filled
        here, unclear = _on_clinic_clock(days, cell)
        written = here.dt.strftime(letters).where(here.notna(), texts)
        return Rewritten(
            written.astype("str"),
            ((wrong, f"is not written {cell.date_format}"), (unclear, _UNCLEAR)),
        )
    if column.kind == "date":
        wrong = filled & ~texts.str.fullmatch(_ISO).to_numpy(dtype=bool)
        return Rewritten(texts, ((wrong, _UNNAMED_FORMAT),))
    if (cell.factor, cell.add, cell.decimal) != (1.0, 0.0, ".") and column.kind in (
        "number",
        "whole",
        "flag",
    ):
        reckoned = [_reckon(text, cell) if text else "" for text in texts]
        numbers = pd.Series(reckoned, index=texts.index, dtype="str")
        wrong = numbers.isna().to_numpy()
        mark = "comma" if cell.decimal == "," else "point"
        reason = f"is not a number with a decimal {mark}"
        return Rewritten(numbers.where(~wrong, texts), ((wrong, reason),))
    return Rewritten(texts)


def _days_of(texts: pd.Series, written: str, cell: CellSource) -> pd.Series:
    """Days and times as written, or on the clock of the clinic where they carry an offset."""
    if "%z" not in written:
        return pd.to_datetime(texts, format=written, errors="coerce")
    moments = pd.to_datetime(texts, format=written, errors="coerce", utc=True)
    return moments.dt.tz_convert(cell.time_zone).dt.tz_localize(None)


def _on_clinic_clock(days: pd.Series, cell: CellSource) -> tuple[pd.Series, np.ndarray]:
    """Bring times of a clock elsewhere to that of the clinic, and say which are unclear."""
    if not cell.zone:
        return days, np.zeros(len(days), dtype=bool)
    # a clock put forward skips an hour, and one put back shows an hour twice
    moments = days.dt.tz_localize(cell.zone, ambiguous="NaT", nonexistent="NaT")
    unclear = (moments.isna() & days.notna()).to_numpy()
    return moments.dt.tz_convert(cell.time_zone).dt.tz_localize(None), unclear


def _reckon(text: str, cell: CellSource) -> str | None:
    """One number in the units of the contract, None where the text is none."""
    if _NUMBER.fullmatch(text) is None or (cell.decimal == "," and "." in text):
        return None
    if cell.decimal == ",":
        text = text.replace(",", ".")
    try:
        number = Decimal(text) * Decimal(str(cell.factor)) + Decimal(str(cell.add))
    except InvalidOperation:
        return None
    return f"{number.normalize():f}"


def _from_origin(cell: CellSource, source: Rows) -> Rewritten:
    """Dates counted in days from a day."""
    here = source.cells
    problems: list[tuple[np.ndarray, str]] = []
    start = pd.Series(pd.Timestamp(cell.origin or "2000-01-01"), index=here.index)
    if cell.origin_column:
        written = cell.date_format or "%Y-%m-%d"
        given = _recorded(here[cell.origin_column], cell)
        start = pd.to_datetime(given.where(given != ""), format=written, errors="coerce")
        start = start.where(start.dt.year.between(FIRST_YEAR, LAST_YEAR))
        wrong = (start.isna() & (given != "")).to_numpy()
        problems.append((wrong, f"is not written {written} (column {cell.origin_column})"))
    shown = pd.Series("", index=here.index, dtype="str")
    count = pd.Series(float(cell.days), index=here.index)
    if cell.days_column:
        shown = _recorded(here[cell.days_column], cell)
        whole = shown.str.fullmatch(r"[+-]?[0-9]{1,5}").astype(bool)
        count = shown.where(whole).astype("float64")
        odd = ((shown != "") & ~whole).to_numpy()
        problems.append((odd, f"is not a whole number of days (column {cell.days_column})"))
    ahead = pd.to_timedelta(count, unit="D").astype("timedelta64[s]")
    days = start.astype("datetime64[s]") + ahead
    cells = days.dt.strftime("%Y-%m-%d").where(days.notna(), shown)
    return Rewritten(cells.astype("str"), tuple(problems))


def _from_cases(cell: CellSource, source: Rows) -> Rewritten:
    """Take what the first condition says that a row meets."""
    met = [case.where.chosen(source.cells) for case in cell.cases]
    said = np.select(met, [case.then for case in cell.cases], cell.otherwise or "")
    cells = pd.Series(said, index=source.cells.index, dtype="str")
    if cell.otherwise is not None:
        return Rewritten(cells)
    none = ~np.logical_or.reduce(met)
    return Rewritten(cells, ((none, "is none of the cases that the mapping names"),))


def _from_parts(cell: CellSource, source: Rows) -> Rewritten:
    """Ids made up of several cells; what the first one leaves empty is no id."""
    first, *others = [_recorded(source.cells[name], cell) for name in cell.joined]
    cells = _with_file(cell.prefix, source) + first
    for part in others:
        cells = cells.where(part == "", cells + "-" + part)
    return Rewritten(cells.where(first != "", "").astype("str"))


def _from_checkboxes(cell: CellSource, source: Rows) -> Rewritten:
    """Names of the boxes that are ticked, with semicolons between."""
    joined = pd.Series("", index=source.cells.index, dtype="str")
    problems: list[tuple[np.ndarray, str]] = []
    for column, name in cell.checked.items():
        given = _recorded(source.cells[column], cell).str.lower()
        ticked = given.isin(_TICKED)
        wrong = (~ticked & ~given.isin(_UNTICKED)).to_numpy()
        problems.append((wrong, f"is neither ticked nor unticked (column {column})"))
        between = pd.Series(";", index=joined.index, dtype="str").where(joined != "", "")
        joined = joined.where(~ticked, joined + between + name)
    return Rewritten(joined.astype("str"), tuple(problems))


def _recorded(cells: pd.Series, cell: CellSource) -> pd.Series:
    texts = cells.str.strip()
    return texts.mask(texts.isin(cell.missing), "")
