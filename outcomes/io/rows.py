"""Rows as they stand in a source, before anything has been believed about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_SHEET = re.compile(r"(.+) \[([^\[\]]*)\]", re.DOTALL)


def sheet_name(file: str, sheet: str) -> str:
    """Name a sheet of a workbook as a source.

    Parameters
    ----------
    file : str
        Name of the workbook.
    sheet : str
        Name of the sheet.

    Returns
    -------
    str
        Such as ``visits.xlsx [2024]``; Excel has no sheets with brackets in their names.
    """
    return f"{file} [{sheet}]"


def split_name(source: str) -> tuple[str, str]:
    """Split the name of a source.

    Parameters
    ----------
    source : str
        Name of a file, or of a sheet as `sheet_name` writes it.

    Returns
    -------
    tuple of str
        Name of the file, and of the sheet; the latter empty where the source is no sheet.
    """
    found = _SHEET.fullmatch(source)
    return (found[1], found[2]) if found else (source, "")


@dataclass(frozen=True)
class Broken:
    """A row that could not be split into its cells.

    Parameters
    ----------
    position : int
        Row of `Rows.cells`, counting from 0.
    column : str
        Column at fault, empty where it is the row as a whole.
    reason : str
        What is wrong with it.
    other : int
        Row of `Rows.cells` that this one clashes with; -1 where there is none.
    """

    position: int
    column: str
    reason: str
    other: int = -1


@dataclass(frozen=True)
class Coded:
    """A column as numbers of its texts, so that what a text means is found once for all its cells.

    Parameters
    ----------
    codes : ndarray of int
        For each row the place of its cell in `texts`, -1 for a null from Parquet.
    texts : Series
        The cells there are, counted from 0; one may stand there twice or be that of no row.
    """

    codes: NDArray[np.int32]
    texts: pd.Series


@dataclass(frozen=True)
class Rows:
    """The rows of one table with the place each came from.

    Parameters
    ----------
    cells : DataFrame
        A column for each contract column found, text (empty = nothing there) or, from Parquet,
        already typed. Rows listed in `broken` have empty cells.
    line : ndarray of int
        Line in the file, the header being line 1; the row number in a Parquet file.
    files : tuple of str
        Names of the files.
    file : ndarray of int
        Which of the files each row is from.
    broken : tuple of Broken
        Rows that could not be split into cells.
    notices : tuple of str
        What the reader of the report should know about the file.
    typed : mapping of str to ndarray of bool
        Columns of a source in which some cells are numbers, dates or flags by their type, and which
        cells these are. They stand in `cells` as text written one way: a decimal point, ISO dates,
        HH:MM, TRUE and FALSE, whatever the mapping says of text.
    """

    cells: pd.DataFrame
    line: np.ndarray
    files: tuple[str, ...]
    file: np.ndarray
    broken: tuple[Broken, ...] = ()
    notices: tuple[str, ...] = field(default=())
    typed: Mapping[str, np.ndarray] = field(default_factory=dict)
    # not carried along by `replace`, which may put other cells in
    known: dict[str, Coded] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.line)

    def coded(self, name: str) -> Coded:
        """Give a column as numbers of its texts.

        Parameters
        ----------
        name : str
            A column of `cells`.

        Returns
        -------
        Coded
            Found once and remembered.
        """
        if name not in self.known:
            codes, distinct = pd.factorize(self.cells[name])
            self.known[name] = Coded(codes.astype(np.int32), pd.Series(distinct))
        return self.known[name]

    def remember(self, known: Mapping[str, Coded]) -> Rows:
        """Take over columns as numbers from whoever made the rows.

        Parameters
        ----------
        known : mapping of str to Coded
            Columns of `cells`, cell for cell.

        Returns
        -------
        Rows
            These rows.
        """
        self.known.update(known)
        return self

    def kept(self, stays: NDArray[np.bool_]) -> Rows:
        """Keep some of the rows.

        Parameters
        ----------
        stays : ndarray of bool
            Which; where a row clashes with another, both stay or both go.

        Returns
        -------
        Rows
            These, with what was wrong with them.
        """
        place = np.cumsum(stays) - 1
        return Rows(
            cells=self.cells[stays].reset_index(drop=True),
            line=self.line[stays],
            files=self.files,
            file=self.file[stays],
            broken=tuple(
                replace(
                    row,
                    position=int(place[row.position]),
                    other=int(place[row.other]) if row.other >= 0 else -1,
                )
                for row in self.broken
                if stays[row.position]
            ),
            notices=self.notices,
            typed={name: mask[stays] for name, mask in self.typed.items()},
        ).remember({name: Coded(c.codes[stays], c.texts) for name, c in self.known.items()})

    def file_names(self, positions: np.ndarray) -> list[str]:
        """Name the file of some rows.

        Parameters
        ----------
        positions : ndarray of int
            Rows, counting from 0.

        Returns
        -------
        list of str
            Names of files.
        """
        return [self.files[code] for code in self.file[positions]]


def rows_of_file(
    cells: pd.DataFrame, line: np.ndarray, file: str, broken: tuple[Broken, ...] = ()
) -> Rows:
    """Put together the rows of one file.

    Parameters
    ----------
    cells : DataFrame
        As for `Rows`.
    line : ndarray of int
        As for `Rows`.
    file : str
        Name of the file.
    broken : tuple of Broken
        As for `Rows`.

    Returns
    -------
    Rows
        The rows, all of that file.
    """
    return Rows(cells, line, (file,), np.zeros(len(line), dtype=np.int16), broken)


def stack(parts: Sequence[Rows]) -> Rows:
    """Put the rows of several sources under each other.

    Parameters
    ----------
    parts : sequence of Rows
        At least one; columns may differ and are then empty where absent.

    Returns
    -------
    Rows
        All rows in the order of the parts.
    """
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    cells = pd.concat([part.cells for part in parts], ignore_index=True)
    files = tuple(dict.fromkeys(name for part in parts for name in part.files))
    codes = [
        np.array([files.index(name) for name in part.files], dtype=np.int16)[part.file]
        for part in parts
    ]
    return Rows(
        cells=cells.fillna(""),
        line=np.concatenate([part.line for part in parts]),
        files=files,
        file=np.concatenate(codes),
        broken=tuple(
            replace(
                row,
                position=row.position + int(offset),
                other=row.other + int(offset) if row.other >= 0 else -1,
            )
            for part, offset in zip(parts, offsets, strict=False)
            for row in part.broken
        ),
        notices=tuple(notice for part in parts for notice in part.notices),
    ).remember(
        {
            name: _stacked([part.known[name] for part in parts])
            for name in parts[0].known
            if all(name in part.known for part in parts)
        }
    )


def _stacked(parts: Sequence[Coded]) -> Coded:
    """Columns under each other; parts of one source have their texts in common."""
    starts: dict[int, int] = {}
    texts: list[pd.Series] = []
    at = 0
    for part in parts:
        if id(part.texts) not in starts:
            starts[id(part.texts)] = at
            texts.append(part.texts)
            at += len(part.texts)
    codes = [
        np.where(part.codes < 0, -1, part.codes + starts[id(part.texts)]).astype(np.int32)
        for part in parts
    ]
    whole = texts[0] if len(texts) == 1 else pd.concat(texts, ignore_index=True)
    return Coded(np.concatenate(codes), whole)
