"""Queries to a database into a data set, through a mapping that holds them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.databases import URL_VARIABLE, Database, open_database
from outcomes.io.importing import Fetched, ImportSummary, import_rows
from outcomes.io.mapping import Mapping, Query
from outcomes.io.mapping_file import read_mapping
from outcomes.io.mapping_queries import holds_secret
from outcomes.io.rows import Rows, rows_of_file
from outcomes.io.sources import known_format, read_named

_ORDERED = re.compile(r"(?i)\border\s+by\b")


def import_sql(
    mapping: Mapping | Path | str,
    out: Path | str,
    *,
    url: str = "",
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring what a database answers into a data set.

    Parameters
    ----------
    mapping : Mapping or path
        The queries, and what becomes of their columns.
    out : Path or str
        Folder of the data set.
    url : str
        Address of the database, without a password; that of the variable OUTCOMES_SQL_URL, or of
        the mapping, unless given.
    check, format
        As for `import_csv`.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices; a source is a query, a line the number of a row of its answer.

    Raises
    ------
    DataContractError
        As for `import_csv`; and if the database is not there, refuses, breaks off, or an address
        outside the environment holds a password.

    Notes
    -----
    All queries are asked in one transaction that can only read, so they see one state of the
    database, and answers are fetched in pieces. Values of parameters are bound, never written into
    a query. Nothing is written to the data set until all answers are whole. The answer to a query
    without ORDER BY is sorted, for databases give rows in any order.
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    _check(mapping)
    if holds_secret(url):
        raise DataContractError(
            "the address of the database holds a password, which others can see.",
            "Give it in the variable OUTCOMES_SQL_PASSWORD of the environment.",
        )
    address = url or os.environ.get(URL_VARIABLE, "") or mapping.database
    if not address:
        raise DataContractError(
            "no database was named.",
            f"Give --url, set the variable {URL_VARIABLE}, or write url under [database].",
            file=mapping.file,
        )
    zone = ZoneInfo(mapping.time_zone) if mapping.time_zone else None
    with open_database(address) as database:
        read = [_read(database, query, mapping, zone) for query in mapping.queries]
        notices = database.notices
    first = read[0]
    read[0] = Rows(
        first.cells, first.line, first.files, first.file, first.broken,
        (*notices, *first.notices), first.typed,
    )  # fmt: skip
    sources = [Fetched(rows.files[0], _digest(rows.cells)) for rows in read]
    return import_rows(read, sources, mapping, Path(out), check=check, format=format)


def _check(mapping: Mapping) -> None:
    """Refuse queries that no table is made of, and tables that are made of none."""
    names = [query.name for query in mapping.queries]
    if not names:
        raise DataContractError(
            "the mapping holds no query.", "Add [queries.NAME] with sql.", file=mapping.file
        )
    for block in mapping.blocks:
        if block.sheet or block.header or not any(block.fits_file(name) for name in names):
            raise DataContractError(
                "is about no query of the mapping.",
                f"Write query = one of: {', '.join(names)}; sheet and header fit workbooks only.",
                file=mapping.file,
                column=f"{block.key}.query",
            )
    for name in names:
        if not any(block.fits_file(name) for block in mapping.blocks):
            raise DataContractError(
                "no table is made of this query.",
                "Name it under query in a table, or leave it out.",
                file=mapping.file,
                column=f"queries.{name}",
            )


def _read(database: Database, query: Query, mapping: Mapping, zone: ZoneInfo | None) -> Rows:
    blocks = [block for block in mapping.blocks if block.fits_file(query.name)]

    def read(wanted: Callable[[list[str]], list[str]]) -> Rows:
        names, chunks = database.rows(query)
        keep = wanted(names)
        columns = [_Column(name, query.name, zone) for name in keep]
        places = [names.index(name) for name in keep]
        count = 0
        for chunk in chunks:
            count += len(chunk)
            for column, place in zip(columns, places, strict=True):
                column.add([row[place] for row in chunk])
        cells = pd.DataFrame({c.name: c.cells() for c in columns}, index=range(count))
        typed = {c.name: c.typed() for c in columns if c.typed().any()}
        if not _ORDERED.search(query.text) and len(keep):
            order = cells.sort_values(keep, kind="stable").index.to_numpy()
            cells = cells.iloc[order].reset_index(drop=True)
            typed = {name: mask[order] for name, mask in typed.items()}
        rows = rows_of_file(cells, np.arange(1, count + 1), query.name)
        return Rows(rows.cells, rows.line, rows.files, rows.file, typed=typed)

    return read_named(query.name, blocks, mapping, read)


class _Column:
    """Cells of one column as text written one way, with those that have a type of their own."""

    def __init__(self, name: str, source: str, zone: ZoneInfo | None) -> None:
        self.name = name
        self._source = source
        self._zone = zone
        self._known: dict[tuple[type, Any], tuple[str, bool]] = {}
        self._parts: list[pd.Series] = []
        self._typed: list[np.ndarray] = []

    def add(self, values: list[Any]) -> None:
        known, written = self._known, []
        for value in values:
            key = (value.__class__, str(value) if isinstance(value, list) else value)
            if key not in known:
                known[key] = self._write(value)
            written.append(known[key])
        self._parts.append(pd.Series([text for text, _ in written], dtype="str"))
        self._typed.append(np.array([typed for _, typed in written], dtype=bool))

    def cells(self) -> pd.Series:
        if not self._parts:
            return pd.Series(dtype="str")
        return pd.concat(self._parts, ignore_index=True)

    def typed(self) -> np.ndarray:
        return np.concatenate([*self._typed, np.zeros(0, dtype=bool)])

    def _write(self, value: Any) -> tuple[str, bool]:
        if value is None or value != value:
            return "", False
        if isinstance(value, str | UUID):
            return str(value), False
        if isinstance(value, bool):
            return str(value).upper(), True
        if isinstance(value, int | float | Decimal):
            return f"{Decimal(repr(value) if isinstance(value, float) else value):f}", True
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                if self._zone is None:
                    self._refuse(
                        "the times have a time zone, so their day depends on where one stands.",
                        "Say with time_zone in the mapping where the clinic is.",
                    )
                value = value.astimezone(self._zone)
            return value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00"), True
        if isinstance(value, date):
            return value.isoformat(), True
        if isinstance(value, time):
            return value.strftime("%H:%M"), True
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return ";".join(value), False
        self._refuse(
            f"cells of type {type(value).__name__} can't be read.",
            "Have the query give text, numbers, flags or dates.",
        )
        raise AssertionError

    def _refuse(self, problem: str, remedy: str) -> None:
        raise DataContractError(problem, remedy, file=self._source, column=self.name)


def _digest(cells: pd.DataFrame) -> str:
    """Digest of what a query gave."""
    digest = hashlib.sha256()
    for name in cells.columns:
        digest.update(f"{name}\x1d".encode())
        digest.update("\x1e".join(cells[name]).encode("utf-8", "surrogatepass"))
        digest.update(b"\x1d")
    return digest.hexdigest()
