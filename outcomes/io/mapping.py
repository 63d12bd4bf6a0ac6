"""A mapping: which column of a source becomes which column of the contract."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from outcomes.io.csv_rows import CsvFormat
from outcomes.io.rows import split_name
from outcomes.schema import TableSchema


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

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns of the source that are read."""
        single = (self.column, self.origin_column, self.days_column)
        return tuple(name for name in (*single, *self.checked) if name)


@dataclass(frozen=True)
class Where:
    """Which rows of a source a block is about.

    Parameters
    ----------
    column : str
        Column of the source.
    is_one_of : tuple of str
        Texts that select a row; empty to select rows in which the cell is filled.
    """

    column: str
    is_one_of: tuple[str, ...] = ()


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
        for record in self.records:
            for cell in record.values():
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
