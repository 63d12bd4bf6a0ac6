"""Lines of a CSV file into rows of cells, going on after whatever is wrong with one of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

from outcomes.errors import DataContractError

LINE_LIMIT = 4_000_000
"""Characters in one line beyond which a file is no table."""
_BLOCK = 2_000

Row = tuple[int, list[str] | None, str]
"""Line, cells (None where the row is broken) and the reason."""


def split_rows(stream: TextIO, file: str, delimiter: str) -> Iterator[Row]:
    """Split a file into rows, header first.

    Parameters
    ----------
    stream : TextIO
        The file, opened so that line ends are kept as they are.
    file : str
        Its name, for errors.
    delimiter : str
        Character between cells.

    Yields
    ------
    Row
        Line on which the row begins, its cells and, where it is broken, the reason.

    Raises
    ------
    DataContractError
        If a line is longer than any row of a table.

    Notes
    -----
    Blank lines are not rows. A row is broken when its quotes are, or when it has not as many cells
    as the header. Where such a row runs over several lines, a quote was left open: then only its
    first line is broken, and reading goes on with the next one. Lines are tried in blocks first;
    where each line of a block is a whole row, nothing more needs to be looked at.
    """
    lines = _Lines(stream, file)
    width: int | None = None
    while block := lines.take(_BLOCK):
        rows = _one_row_a_line(block, delimiter, width)
        if rows is not None:
            width = len(rows[0])
            first = lines.number - len(block) + 1
            yield from ((first + place, cells, "") for place, cells in enumerate(rows))
            continue
        end = lines.number
        lines.give_back(block)
        while lines.number < end:
            row = _next_row(lines, delimiter, width)
            if row is not None:
                width = width or len(row[1] or ())
                yield row


def _one_row_a_line(block: list[str], delimiter: str, width: int | None) -> list[list[str]] | None:
    """Rows of a block of lines, None where they are not one whole row each."""
    try:
        rows = list(csv.reader(block, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    widths = set(map(len, rows))
    whole = len(rows) == len(block) and len(widths) == 1 and 0 not in widths
    return rows if whole and width in (None, *widths) else None


def _next_row(lines: _Lines, delimiter: str, width: int | None) -> Row | None:
    """Take one row from the lines; None for a blank line."""
    line = lines.number + 1
    lines.taken.clear()
    reason = "a quote is not closed or stands in the wrong place, or a cell is too long"
    cells: list[str] | None = None
    with suppress(csv.Error):
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
    if cells == []:
        return None
    if cells is not None and width is not None and len(cells) != width:
        many = "many" if len(cells) > width else "few"
        reason = f"too {many} cells: {len(cells)}, but the header has {width}"
        cells = None
    if cells is None and len(lines.taken) > 1:
        reason = "a quote opens on this line and is not closed on it"
        lines.give_back(lines.taken[1:])
    return line, cells, "" if cells is not None else reason


@dataclass
class _Lines:
    """Lines of a file that can be given back."""

    stream: TextIO
    file: str
    taken: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    number: int = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.returned.pop() if self.returned else self.stream.readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        if len(line) >= LINE_LIMIT:
            raise DataContractError(
                f"a line of {LINE_LIMIT:,} characters or more is no row of a table.",
                "Check that the file is a CSV file.",
                file=self.file,
                line=self.number + 1,
            )
        self.number += 1
        self.taken.append(line)
        return line

    def take(self, count: int) -> list[str]:
        """Take some lines, fewer at the end of the file."""
        self.taken.clear()
        return list(islice(self, count))

    def give_back(self, lines: list[str]) -> None:
        """Put lines back to be taken again."""
        self.returned.extend(reversed(lines))
        self.number -= len(lines)
