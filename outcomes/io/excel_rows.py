"""Sheets of Excel workbooks into cells of text, each row with its line in the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from outcomes.errors import DataContractError
from outcomes.io.excel_limits import refuse_oversized
from outcomes.io.rows import Broken, Rows, rows_of_file, sheet_name

ENDINGS = (".xlsx", ".xlsm")
_DIGITS_LIMIT = 1e15


class ExcelFile:
    """A workbook that is safe to read.

    Parameters
    ----------
    path : Path
        An ``.xlsx`` or ``.xlsm`` file.

    Raises
    ------
    DataContractError
        If it is no such file, can't be read, or is larger than memory should hold.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in ENDINGS:
            raise DataContractError(
                "this kind of workbook can't be read.", "Save it as .xlsx.", file=path.name
            )
        refuse_oversized(path)
        self.path = path
        try:
            self._book = CalamineWorkbook.from_path(path)
        except (CalamineError, OSError) as error:
            raise _unreadable(path) from error
        self.sheets = tuple(
            sheet.name
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        )

    def filled(self) -> list[str]:
        """Name the sheets that hold anything.

        Returns
        -------
        list of str
            In their order, hidden ones too.
        """
        return [name for name in self.sheets if self._sheet(name).total_height]

    def read(
        self,
        sheet: str,
        wanted: Callable[[list[str]], list[str]],
        header: tuple[int, ...] = (),
    ) -> Rows:
        """Read the wanted columns of a sheet.

        Parameters
        ----------
        sheet : str
            Name of the sheet.
        wanted : callable
            Receives the names of the columns and returns those to keep; what it raises is passed
            on.
        header : tuple of int
            Lines that hold the names; the first that is filled unless given. Names on several lines
            are joined by a space, and a name merged over columns holds for each of them.

        Returns
        -------
        Rows
            Cells as text, with the typed ones marked. Lines without any cell are not rows. A number
            of more than 15 digits, and a cell that is covered by a merged one, are marked broken.

        Raises
        ------
        DataContractError
            If the sheet is empty or can't be read, or a column of it is missing.
        """
        page = self._sheet(sheet)
        merged = page.merged_cell_ranges or []
        name = sheet_name(self.path.name, sheet)
        lines = iter(enumerate(page.iter_rows(), start=1))
        titles, last = _titles(lines, header or None, merged, name)
        keep = wanted(titles)
        at = [titles.index(column) for column in keep]
        covered = {
            (line, column)
            for (top, left), (bottom, right) in merged
            for line in range(max(top + 1, last + 1), min(bottom, 1_048_575) + 2)
            for column in at
            if left <= column <= right and (line, column) != (top + 1, left)
        }
        numbers: list[int] = []
        texts: list[list[str]] = [[] for _ in keep]
        marks: list[list[bool]] = [[] for _ in keep]
        broken: list[Broken] = []
        for line, cells in lines:
            if not any(cell != "" for cell in cells):
                continue
            for place, (column, position) in enumerate(zip(keep, at, strict=True)):
                text, typed, reason = _as_text(cells[position])
                if (line, position) in covered and text == "":
                    reason = "is covered by a merged cell: unmerge it and fill in each line"
                if reason:
                    broken.append(Broken(len(numbers), column, reason))
                texts[place].append(text)
                marks[place].append(typed)
            numbers.append(line)
        frame = pd.DataFrame(
            {
                column: pd.Series(part, dtype="str")
                for column, part in zip(keep, texts, strict=True)
            },
            index=range(len(numbers)),
        )
        rows = rows_of_file(frame, np.array(numbers, dtype=np.int64), name, tuple(broken))
        flags = {column: np.array(part, bool) for column, part in zip(keep, marks, strict=True)}
        return Rows(rows.cells, rows.line, rows.files, rows.file, rows.broken, (), flags)

    def _sheet(self, name: str) -> CalamineSheet:
        try:
            return self._book.get_sheet_by_name(name)
        except (CalamineError, OSError) as error:
            raise _unreadable(self.path) from error


def _unreadable(path: Path) -> DataContractError:
    return DataContractError(
        "the workbook can't be read.", "Open it in Excel and save it again.", file=path.name
    )


def _titles(
    lines: Iterable[tuple[int, list[Any]]],
    header: tuple[int, ...] | None,
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
    file: str,
) -> tuple[list[str], int]:
    """Names of the columns and the last line they stand on."""
    parts: list[list[str]] = []
    for line, cells in lines:
        if header is None and any(cell != "" for cell in cells):
            header = (line,)
        if header is None or line < header[0]:
            continue
        names = [" ".join(_as_text(cell)[0].split()) for cell in cells]
        for (top, left), (bottom, right) in merged:
            if top + 1 <= line <= bottom + 1 and top == line - 1:
                names[left : right + 1] = [names[left]] * (min(right, len(names) - 1) - left + 1)
        parts.append(names)
        if line == header[-1]:
            joined = [" ".join(filter(None, column)) for column in zip(*parts, strict=True)]
            return joined, line
    raise DataContractError(
        "the sheet has no header there.", "Name its line as header in the mapping.", file=file
    )


def _as_text(value: Any) -> tuple[str, bool, str]:
    """Text of a cell, whether the cell is typed, and what is wrong with it."""
    if isinstance(value, str):
        return value, False, ""
    if isinstance(value, bool):
        return str(value).upper(), True, ""
    if isinstance(value, int | float):
        if abs(value) >= _DIGITS_LIMIT:
            return "", True, "is a number of more than 15 digits, of which Excel keeps 15: use text"
        return f"{Decimal(repr(value)).normalize():f}", True, ""
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S"), True, ""
    if isinstance(value, date):
        return value.isoformat(), True, ""
    if isinstance(value, time):
        return value.strftime("%H:%M:%S"), True, ""
    if isinstance(value, timedelta):
        return str(value), True, ""
    return str(value), True, ""
