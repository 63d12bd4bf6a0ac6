"""A mapping: which column of a source becomes which column of the contract."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.io.csv_rows import CsvFormat
from outcomes.io.rows import split_name
from outcomes.schema import TableSchema


@dataclass(frozen=True)
class Where:
    """Which rows of a source something is about.

    Parameters
    ----------
    column : str
        Column of the source.
    is_one_of : tuple of str
        Texts that select a row; empty to select rows in which the cell is filled.
    """

    column: str
    is_one_of: tuple[str, ...] = ()

    def chosen(self, cells: pd.DataFrame) -> NDArray[np.bool_]:
        """Say which rows it selects.

        Parameters
        ----------
        cells : DataFrame
            Cells of the source as text.

        Returns
        -------
        ndarray of bool
            One a row.
        """
        found = cells[self.column].str.strip()
        return (found.isin(self.is_one_of) if self.is_one_of else found != "").to_numpy()


@dataclass(frozen=True)
class Case:
    """What a cell says where a row of the source meets a condition.

    Parameters
    ----------
    where : Where
        The condition.
    then : str
        What the cell says then.
    """

    where: Where
    then: str


@dataclass(frozen=True)
class Answers:
    """How a source lists the answers to a form, one question a row.

    Parameters
    ----------
    question, answer : str
        Columns of the source with the question and its answer.
    of : tuple of str
        Columns that tell one filled-in form from another.
    """

    question: str
    answer: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """One question to a database.

    Parameters
    ----------
    name : str
        What the blocks call it.
    text : str
        SQL that reads, with ``:name`` for each parameter.
    parameters : mapping of str to object
        Values, handed to the database beside the text and never put into it.
    """

    name: str
    text: str
    parameters: Dictionary[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CellSource:
    """Where the cells of one column come from and how they are written there.

    Parameters
    ----------
    key : str
        Place in the mapping file, for errors.
    column : str
        Column of the source; empty for a constant, or a date reckoned from an origin.
    constant : str
        The same text in every row.
    meanings : mapping of str to str, optional
        What each text of the source means. It must name every text there is.
    factor, add : float
        Number of the contract = number of the source × factor + add.
    decimal : str
        Decimal mark of the source.
    prefix : str
        Put before every cell.
    date_format : str
        How dates or times are written, in the letters of `strftime`; ISO where empty.
    missing : tuple of str
        Texts that mean nothing was recorded.
    origin, origin_column : str
        Day that others are counted from: a date, or a column of the source.
    days : int
        Days from the origin.
    days_column : str
        Column of the source that holds the days from the origin.
    checked : mapping of str to str
        Columns of checkboxes, with the name that a ticked one adds to a list.
    time_zone : str
        Where the clinic is, to bring times with an offset to its clock.
    zone : str
        Where the clock stood that the cells were written by; empty for that of the clinic.
    cases : tuple of Case
        The first whose condition a row meets says what the cell is.
    otherwise : str, optional
        What the cell is where a row meets none; such a row is rejected where it is None.
    question : str
        Question of a form that the cells answer.
    joined : tuple of str
        Columns of the source whose cells, with a hyphen between, make an id.
    """

    key: str
    column: str = ""
    constant: str = ""
    meanings: Dictionary[str, str] | None = None
    factor: float = 1.0
    add: float = 0.0
    decimal: str = "."
    prefix: str = ""
    date_format: str = ""
    missing: tuple[str, ...] = ()
    origin: str = ""
    origin_column: str = ""
    days: int = 0
    days_column: str = ""
    checked: Dictionary[str, str] = field(default_factory=dict)
    time_zone: str = ""
    zone: str = ""
    cases: tuple[Case, ...] = ()
    otherwise: str | None = None
    question: str = ""
    joined: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns of the source that are read."""
        single = (self.column, self.origin_column, self.days_column)
        asked = dict.fromkeys(case.where.column for case in self.cases)
        return tuple(name for name in (*single, *self.joined, *self.checked, *asked) if name)


@dataclass(frozen=True)
class Block:
    """How rows of a source become rows of one table.

    Parameters
    ----------
    table : TableSchema
        The table.
    key : str
        Place in the mapping file, for errors.
    records : tuple of (mapping of str to CellSource)
        A row of the source yields one row of the table for each: its columns by name.
    varying : tuple of tuple of str
        For each record the columns that set it apart from the others; where all of these are
        empty nothing was recorded.
    file : str
        Pattern of the names of sources that the block is about.
    where : tuple of Where
        Conditions that all must hold.
    one_row_per_key : bool
        Rows that say the same of one key are one row; rows that disagree are rejected.
    sheet : str
        Pattern of the names of sheets that the block is about; empty where a workbook has one. Of a
        FHIR source: kind of row.
    header : tuple of int
        Lines of a sheet that hold the names of columns; the first that is filled where empty.
    answers : Answers, optional
        The source lists answers, and the block makes a row of each filled-in form.
    not_recorded : tuple of str
        Statuses of appointments that the source does not keep.
    """

    table: TableSchema
    key: str
    records: tuple[Dictionary[str, CellSource], ...]
    varying: tuple[tuple[str, ...], ...]
    file: str = "*"
    where: tuple[Where, ...] = ()
    one_row_per_key: bool = False
    sheet: str = ""
    header: tuple[int, ...] = ()
    answers: Answers | None = None
    not_recorded: tuple[str, ...] = ()

    def fits_file(self, name: str) -> bool:
        """Say whether the block is about a file.

        Parameters
        ----------
        name : str
            Name of the file.

        Returns
        -------
        bool
            True if the name fits the pattern.
        """
        return fnmatchcase(name, self.file)

    def is_about(self, source: str) -> bool:
        """Say whether the block is about a source.

        Parameters
        ----------
        source : str
            Name of a file, or of a sheet as `sheet_name` writes it.

        Returns
        -------
        bool
            True if file and sheet fit; spaces around the name of a sheet do not count.
        """
        file, sheet = split_name(source)
        fits_sheet = not self.sheet or fnmatchcase(sheet.strip(), self.sheet.strip())
        return self.fits_file(file) and fits_sheet

    @property
    def needs(self) -> dict[str, str]:
        """Columns of the source that are read, with the place in the mapping that names them."""
        named = {each.column: f"{self.key}.where" for each in self.where}
        if self.answers is not None:
            read = (self.answers.question, self.answers.answer, *self.answers.of)
            named |= dict.fromkeys(read, f"{self.key}.answers")
        for record in self.records:
            for cell in record.values():
                if not cell.question:
                    named |= dict.fromkeys(cell.needs, cell.key)
        return named


@dataclass(frozen=True)
class Mapping:
    """A mapping file as read.

    Parameters
    ----------
    file : str
        Name of the file.
    text : str
        Its content, to keep beside the data.
    name, origin : str
        Name of the data set for people, and where the data are from.
    style : CsvFormat
        How the sources are written.
    blocks : tuple of Block
        What to make of them.
    complete_to : str
        Day up to which the sources are complete, as YYYY-MM-DD; empty where not known.
    settings : mapping
        Content for ``settings.toml`` of the data set, own instruments among it.
    time_zone : str
        Where the clinic is, such as ``America/Los_Angeles``; empty where not given.
    codes : mapping of str to str
        Codes of a FHIR source, each with the instrument or item it stands for.
    database : str
        Address of the database to ask, without any secret; empty where not given.
    queries : tuple of Query
        What to ask it.
    """

    file: str
    text: str
    name: str
    origin: str
    style: CsvFormat
    blocks: tuple[Block, ...]
    complete_to: str = ""
    settings: Dictionary[str, Any] = field(default_factory=dict)
    time_zone: str = ""
    codes: Dictionary[str, str] = field(default_factory=dict)
    database: str = ""
    queries: tuple[Query, ...] = ()

    @property
    def not_recorded(self) -> tuple[str, ...]:
        """Statuses of appointments that the sources do not keep, each once."""
        return tuple(dict.fromkeys(status for b in self.blocks for status in b.not_recorded))
