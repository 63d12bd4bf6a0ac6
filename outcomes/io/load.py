"""A folder of tables into memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.checking import Loaded, check_rows
from outcomes.io.csv_rows import read_csv_rows
from outcomes.io.parquet_rows import read_parquet_rows
from outcomes.io.place import read_whole
from outcomes.io.rows import Rows, rows_of_file
from outcomes.schema import SCHEMAS, TableSchema
from outcomes.settings import read_settings
from outcomes.tables import Tables

FORMATS = ("csv", "parquet")
TRUTH_FILE = "truth.json"
"""Written by `outcomes simulate`: a folder that holds it is synthetic."""
REJECTS_FILE = "rejects.csv"
CHANGES_FILE = "changes.csv"
"""Rows that the last import to change anything changed or took away; it stays inside."""
IMPORT_FILE = "import.json"
"""Written by an import: what it read and wrote."""
_NAMED = 20


def read_tables(folder: Path | str, *, as_of: str | date | pd.Timestamp | None = None) -> Tables:
    """Read a data set.

    Parameters
    ----------
    folder : Path or str
        Folder with ``patients.csv`` or ``patients.parquet``, and any other tables of the contract.
    as_of : str, date or Timestamp, optional
        The day to read the records at, as YYYY-MM-DD; nothing later is used. The last day on which
        anything was observed unless given.

    Returns
    -------
    Tables
        Rows that keep to the contract, with the accounting of those that do not.

    Raises
    ------
    DataContractError
        If the folder is no data set, a file can't be read, or no patient was accepted.
    """
    loaded = load(folder, as_of=as_of)
    if loaded.tables.patients.empty:
        counts = loaded.accounting.set_index("table").loc["patients"]
        if counts["rows_accepted"]:
            raise DataContractError(
                "no patient has a record on or before the as-of date.", "Choose a later date."
            )
        raise DataContractError(
            f"no patient could be read: {counts['rows_rejected']:,} rows rejected of "
            f"{counts['rows_read']:,}.",
            "Run `outcomes check` on the folder to see why.",
            file=str(counts["file"]) or "patients",
        )
    return loaded.tables


def load(folder: Path | str, *, as_of: str | date | pd.Timestamp | None = None) -> Loaded:
    """Read a data set with an account of every row.

    Parameters
    ----------
    folder : Path or str
        Folder with ``patients.csv`` or ``patients.parquet``, and any other tables of the contract.
    as_of : str, date or Timestamp, optional
        As for `read_tables`.

    Returns
    -------
    Loaded
        Tables, rejects, accounting and notices.

    Raises
    ------
    DataContractError
        If the folder is no data set, a file or the settings can't be read, a required column is
        missing, or one patient_id stands for two people.
    """
    folder = Path(folder)
    with read_whole(folder):
        settings = read_settings(folder)
        record = read_import_record(folder)
        sources = {name: _read(path, SCHEMAS[name]) for name, path in _table_files(folder).items()}
    loaded = check_rows(
        sources,
        settings,
        as_of=None if as_of is None else _day(as_of),
        complete_to=_day(record["complete_to"]) if record.get("complete_to") else None,
        source=str(record.get("name") or folder.resolve().name),
        synthetic=(folder / TRUTH_FILE).is_file(),
    )
    loaded = _with_import(loaded, record)
    loaded = with_unrecorded(loaded, tuple(map(str, record.get("not_recorded", []))))
    return replace(
        loaded, notices=(*loaded.notices, *_strangers(folder), *_ahead(loaded, as_of is not None))
    )


def _with_import(loaded: Loaded, record: dict[str, Any]) -> Loaded:
    """Add to the account what an import had rejected before this data set was written."""
    rejected = {row["table"]: int(row["rows_rejected"]) for row in record.get("accounting", [])}
    account = loaded.accounting.assign(
        rejected_at_import=[rejected.get(table, 0) for table in loaded.accounting["table"]]
    )
    return replace(loaded, accounting=account, tables=replace(loaded.tables, accounting=account))


def with_unrecorded(loaded: Loaded, statuses: tuple[str, ...]) -> Loaded:
    """Say of some statuses of appointments that the source does not keep them.

    Parameters
    ----------
    loaded : Loaded
        A data set.
    statuses : tuple of str
        The statuses.

    Returns
    -------
    Loaded
        The same with ``sessions.status=…`` among what is absent, and a notice: such appointments
        are not recorded, which is something else than none.
    """
    if not statuses:
        return loaded
    absent = (*loaded.tables.absent, *(f"sessions.status={status}" for status in statuses))
    words = ", ".join(status.replace("_", "-") for status in statuses)
    notice = (
        f"The source does not keep appointments that were {words}: their number is not recorded, "
        "and no share of appointments counts them."
    )
    return replace(
        loaded,
        tables=replace(loaded.tables, absent=absent),
        notices=(*loaded.notices, notice),
    )


def read_import_record(folder: Path) -> dict[str, Any]:
    """Read what the last import into a folder wrote down about itself.

    Parameters
    ----------
    folder : Path
        Folder of a data set.

    Returns
    -------
    dict
        Content of ``import.json``; empty where no import made the data set.

    Raises
    ------
    DataContractError
        If the file is there and can't be read.
    """
    path = folder / IMPORT_FILE
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        raise DataContractError(
            "the record of the last import can't be read.",
            "Remove this file; to import again, choose another folder.",
            file=IMPORT_FILE,
        )
    return record


def _strangers(folder: Path) -> list[str]:
    """Name files that look like tables but are none, such as a misspelt name."""
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in (".csv", ".parquet")
        and path.name not in (REJECTS_FILE, CHANGES_FILE)
        and not (path.stem in SCHEMAS and path.suffix[1:] in FORMATS)
    )
    if not names:
        return []
    return [f"Files that are no table of the contract were not read: {', '.join(names[:_NAMED])}."]


def _ahead(loaded: Loaded, asked: bool) -> list[str]:
    days = (loaded.tables.as_of - pd.Timestamp.today().normalize()).days
    if days <= 1:
        return []
    if asked:
        return [
            f"The as-of date given is {days:,} days ahead of this computer's clock. Everything is "
            "reckoned up to it, so times count as over that have not come yet."
        ]
    return [
        f"The last date in the records is {days:,} days ahead of this computer's clock. If it is a "
        "slip, correct it or give --as-of: everything is reckoned up to that date."
    ]


def _day(as_of: str | date | pd.Timestamp) -> pd.Timestamp:
    try:
        if isinstance(as_of, str):
            return pd.Timestamp(date.fromisoformat(as_of))
        return pd.Timestamp(as_of).normalize()
    except ValueError:
        raise DataContractError(
            "the as-of date is not a day of the calendar.", "Write it as YYYY-MM-DD."
        ) from None


def _table_files(folder: Path) -> dict[str, Path]:
    """Files of the tables by name, in the order of the contract."""
    if not folder.is_dir():
        raise DataContractError(
            f"there is no folder {folder.name}." if folder.name else "there is no such folder.",
            "Give the folder that holds patients.csv.",
        )
    paths: dict[str, Path] = {}
    for name in SCHEMAS:
        found = [folder / f"{name}.{ending}" for ending in FORMATS]
        found = [path for path in found if path.is_file()]
        if len(found) > 1:
            raise DataContractError(
                f"{found[0].name} and {found[1].name} are both there.",
                "Remove one of the two.",
                file=folder.name,
            )
        if found:
            paths[name] = found[0]
    if "patients" not in paths:
        close = [path.name for path in folder.iterdir() if path.stem.lower() == "patients"]
        raise DataContractError(
            "there is no patients.csv or patients.parquet in the folder.",
            f"Rename {close[0]} to patients.csv or patients.parquet."
            if close
            else "Give the folder that holds them, or bring records in with `outcomes import`.",
            file=folder.name,
        )
    return paths


def _read(path: Path, schema: TableSchema) -> Rows:
    if schema.name != "patients" and not path.stat().st_size:
        return _nothing(path, schema)
    extra: list[str] = []
    wanted = _contract_columns(schema, path.name, extra)
    rows = read_csv_rows(path, wanted) if path.suffix == ".csv" else read_parquet_rows(path, wanted)
    if not extra:
        return rows
    named = ", ".join(extra[:_NAMED]) + (f" and {len(extra) - _NAMED} more" * (len(extra) > _NAMED))
    notice = f"{path.name}: columns that are not part of the contract were not read: {named}."
    return replace(rows, notices=(notice,))


def _nothing(path: Path, schema: TableSchema) -> Rows:
    """Take a file without a byte as a table without a row; it says nothing about the others."""
    cells = pd.DataFrame({name: pd.Series(dtype="str") for name in schema.required_columns})
    notice = f"{path.name} is an empty file and was read as a table without rows."
    rows = rows_of_file(cells, np.arange(0), path.name)
    return replace(rows, notices=(notice,))


def _contract_columns(
    schema: TableSchema, file: str, extra: list[str]
) -> Callable[[list[str]], list[str]]:
    """Make the function that picks the columns of the contract and notes the others."""

    def wanted(header: list[str]) -> list[str]:
        known = [name for name in header if schema.knows(name)]
        extra.extend(dict.fromkeys(name for name in header if name and not schema.knows(name)))
        for name in known:
            if header.count(name) > 1:
                raise DataContractError(
                    "the header names this column twice.",
                    "Remove or rename one of the two.",
                    file=file,
                    line=1,
                    column=name,
                )
        for name in schema.required_columns:
            if name not in known:
                raise DataContractError(
                    "this column is missing.", _remedy(name, header), file=file, column=name
                )
        scored = schema.name != "assessments" or any(
            name == "value" or name.startswith("item_") for name in known
        )
        if not scored:
            raise DataContractError(
                "this column is missing, and there are no item columns.",
                "Add it, or item_1, item_2 and so on.",
                file=file,
                column="value",
            )
        return known

    return wanted


def _remedy(name: str, header: list[str]) -> str:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return (
            "The columns seem not to be separated by commas: save the file with commas, or bring "
            "it in with `outcomes import csv` and name the delimiter in the mapping."
        )
    if any(other.lower().replace(" ", "_") == name for other in header):
        return "The header has it in another spelling: write it exactly so, in small letters."
    return "Add it, or bring your records in with `outcomes import csv` and a mapping."
