"""Tables for spreadsheets, in which no cell can act as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from outcomes.errors import DataContractError

_ACTS = r"^[\s\x00]*[=+\-@\t\r＝＋－＠]"
"""Text that spreadsheets take for a formula, also with wide characters or spaces before."""
_ACTS_LATER = r"([;\t|]\s*\"?)(?=[=+\-@＝＋－＠])"
_LINES = 1_048_576


def neutralised(cells: pd.Series) -> pd.Series:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Parameters
    ----------
    cells : Series of str
        Text as recorded.

    Returns
    -------
    Series of str
        The same, harmless.

    Notes
    -----
    A remark such as ``=HYPERLINK(…)`` sends what stands beside it to wherever its author likes, as
    soon as the file is opened. Numbers are left alone: they are not text.
    """
    acts = cells.str.contains(_ACTS, regex=True, na=False)
    # where a semicolon parts cells, what follows one within a text would be a cell too
    return cells.mask(acts, "'" + cells).str.replace(_ACTS_LATER, r"\1'", regex=True)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV that is safe to open in a spreadsheet.

    Parameters
    ----------
    frame : DataFrame
        The table; dates are written as YYYY-MM-DD.
    path : Path
        The file.
    """
    safe = {
        name: neutralised(frame[name])
        if _is_text(frame[name])
        else frame[name].dt.strftime("%Y-%m-%d")
        if _is_date(frame[name])
        else frame[name]
        for name in frame
    }
    pd.DataFrame(safe).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_workbook(frames: Mapping[str, pd.DataFrame], path: Path, made: datetime) -> None:
    """Write tables as sheets of one workbook.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by the names of their sheets.
    path : Path
        The file.
    made : datetime
        Day to note as that of the making, so that the same data give the same bytes.

    Raises
    ------
    DataContractError
        If a table has more rows than a sheet can hold.
    """
    for name, frame in frames.items():
        if len(frame) >= _LINES:
            raise DataContractError(
                f"the table has {len(frame):,} rows, more than a sheet holds.",
                "Export it as CSV or Parquet.",
                file=name,
            )
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": made})
        bold = book.add_format({"bold": True})
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        # keeps a text a text when the file is edited or saved as something else
        quoted = book.add_format({"quote_prefix": True})
        for name, frame in frames.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(frame):
                sheet.write_string(0, column, str(title), bold)
                sheet.set_column(column, column, max(10, len(str(title)) + 2))
            kinds = [_kind(frame[column]) for column in frame]
            acts = [
                frame[column].str.contains(_ACTS, regex=True, na=False).tolist()
                if kind == "text"
                else None
                for column, kind in zip(frame, kinds, strict=True)
            ]
            cells = zip(*(frame[column].tolist() for column in frame), strict=True)
            for line, row in enumerate(cells):
                for column, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                    if pd.isna(value):
                        continue
                    danger = acts[column]
                    _write_cell(
                        sheet, (line + 1, column), value, kind,
                        dated, quoted if danger and danger[line] else None,
                    )  # fmt: skip


def _write_cell(
    sheet: Any, place: tuple[int, int], value: Any, kind: str, dated: Any, quoted: Any
) -> None:
    if kind == "date":
        sheet.write_datetime(*place, value.to_pydatetime(), dated)
    elif kind == "number":
        sheet.write_number(*place, value)
    else:
        sheet.write_string(*place, str(value), quoted)


def _is_text(cells: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(cells.dtype) or cells.dtype == object


def _is_date(cells: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(cells.dtype)


def _kind(cells: pd.Series) -> str:
    return "text" if _is_text(cells) else "date" if _is_date(cells) else "number"
