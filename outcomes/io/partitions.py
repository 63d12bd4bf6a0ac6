"""Parquet data sets cut into partitions, each with all rows of its patients.

A partition is one row group of each table's file, all of one number. So a data set is the same few
files whatever its size, any reader of Parquet reads them whole, and ours can take a part at a time.
What was written is on record in ``partitions.json``: rows that were checked when they were written,
and files that have not changed since, are not checked again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from outcomes.coded import text_of
from outcomes.errors import DataContractError
from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.io.checking import last_observed
from outcomes.io.digest import file_sha256
from outcomes.io.load import TRUTH_FILE, read_import_record, read_tables
from outcomes.io.place import read_whole
from outcomes.schema import SCHEMAS
from outcomes.settings import SETTINGS_FILE, Settings, read_settings
from outcomes.tables import Tables

PARTITIONS_FILE = "partitions.json"
"""Says how the Parquet files beside it are cut."""
PATIENTS_A_PARTITION = 20_000
"""As many as give row groups worth reading, of which a few fit into memory on any machine."""

# Nothing is gained by numbering words of which hardly two are alike.
_NEVER_REPEATED = ("session_id",)


@dataclass(frozen=True)
class PartitionedData:
    """A data set on disk that can be read a partition at a time.

    Parameters
    ----------
    folder : Path
        Where it is.
    count : int
        Number of partitions.
    as_of : Timestamp
        The day the records are read at.
    last_day : Timestamp
        The last day on which anything was observed.
    tables : tuple of str
        Tables that are there.
    absent : tuple of str
        Tables and columns (``table`` or ``table.column``) that are not.
    accounting : DataFrame
        A row a table: table, file, rows_read, rows_accepted, rows_rejected, rejected_at_import.
    settings : Settings
        Cut points and names.
    registry : InstrumentRegistry
        Instruments, the user's own among them.
    source : str
        Name of the data set for people.
    synthetic : bool
        True when the records were simulated.
    """

    folder: Path
    count: int
    as_of: pd.Timestamp
    last_day: pd.Timestamp
    tables: tuple[str, ...]
    absent: tuple[str, ...]
    accounting: pd.DataFrame
    settings: Settings
    registry: InstrumentRegistry
    source: str
    synthetic: bool

    def read(self, number: int, *, only: Collection[str] = ()) -> Tables:
        """Read one partition.

        Parameters
        ----------
        number : int
            From 0 to `count` − 1.
        only : collection of str
            Tables to read besides patients; all that are there unless given, or where the records
            are read at a past day.

        Returns
        -------
        Tables
            The patients of the partition with all their rows, types as `outcomes.schema` has them.

        Raises
        ------
        DataContractError
            If a file can't be read.
        """
        # who was known on a past day can show in any table
        every = not only or self.as_of < self.last_day
        names = [name for name in self.tables if every or name in only or name == "patients"]
        tables = self._tables({name: self._frame(name, number) for name in names})
        return tables if self.as_of >= self.last_day else tables.at(self.as_of)

    def without_rows(self) -> Tables:
        """Give the data set without anybody in it: its settings, instruments and as-of date.

        Returns
        -------
        Tables
            The tables that are there, without a row.
        """
        empty = {
            name: pd.DataFrame(
                {column.name: pd.Series(dtype=column.dtype) for column in SCHEMAS[name].columns}
            )
            for name in self.tables
        }
        return replace(self._tables(empty), as_of=self.as_of)

    def _tables(self, frames: Mapping[str, pd.DataFrame]) -> Tables:
        return Tables(
            **frames,
            as_of=self.last_day,
            settings=self.settings,
            registry=self.registry,
            source=self.source,
            synthetic=self.synthetic,
            accounting=self.accounting,
            absent=(*self.absent, *(name for name in self.tables if name not in frames)),
        )

    def _frame(self, name: str, number: int) -> pd.DataFrame:
        schema = SCHEMAS[name]
        path = self.folder / f"{name}.parquet"
        try:
            with pa.parquet.ParquetFile(path) as file:
                metadata, names = file.metadata, set(file.schema_arrow.names)
            repeated = [
                column.name
                for column in schema.columns
                if column.name in names
                and column.dtype == "str"
                and column.name not in _NEVER_REPEATED
            ]
            with pa.parquet.ParquetFile(path, metadata=metadata, read_dictionary=repeated) as file:
                table = file.read_row_group(number, use_threads=False)
        except (pa.ArrowException, OSError):
            raise DataContractError(
                "the file can't be read as Parquet.",
                "Check that it was written whole.",
                file=path.name,
            ) from None
        return pd.DataFrame(
            {
                column.name: _typed(table[column.name], column.dtype)
                if column.name in names
                else pd.Series(np.nan, index=range(table.num_rows), dtype=column.dtype)
                for column in schema.columns
            }
        )


def _typed(array: pa.ChunkedArray, dtype: str) -> pd.Series:
    """Give a column the type of the contract; numbered words keep their numbers."""
    if pa.types.is_dictionary(array.type) and dtype == "str":
        return text_of(array)
    column = array.to_pandas()
    return column if column.dtype == dtype else column.astype(dtype)


@dataclass(frozen=True)
class WholeData:
    """A data set in memory, to be used as one of a single partition.

    Parameters
    ----------
    tables : Tables
        The data set.
    """

    tables: Tables

    @property
    def count(self) -> int:
        """Number of partitions."""
        return 1

    @property
    def accounting(self) -> pd.DataFrame | None:
        """Rows read, accepted and rejected, a row a table."""
        return self.tables.accounting

    def read(self, number: int, *, only: Collection[str] = ()) -> Tables:
        """Give the data set.

        Parameters
        ----------
        number : int
            0.
        only : collection of str
            Not looked at: everything is in memory already.

        Returns
        -------
        Tables
            The data set.
        """
        return self.tables

    def without_rows(self) -> Tables:
        """Give the data set without anybody in it.

        Returns
        -------
        Tables
            As `PartitionedData.without_rows`.
        """
        return self.tables.restrict([])


Parts = PartitionedData | WholeData


def read_in_parts(folder: Path | str, *, as_of: str | pd.Timestamp | None = None) -> Parts:
    """Open a data set to be read a partition at a time, or read it whole where it is not cut.

    Parameters
    ----------
    folder : Path or str
        Folder of a data set.
    as_of : Timestamp or str, optional
        The day to read the records at; the last day on which anything was observed unless given.

    Returns
    -------
    PartitionedData or WholeData
        To be asked with `outcomes.scale`.

    Raises
    ------
    DataContractError
        As for `read_tables`.
    """
    return open_partitions(folder, as_of=as_of) or WholeData(read_tables(folder, as_of=as_of))


def partition_numbers(frames: Mapping[str, pd.DataFrame]) -> dict[str, NDArray[np.intp]]:
    """Tell which partition each row belongs to.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables of a data set by name, ``patients`` among them.

    Returns
    -------
    dict of str to ndarray of int
        Number of the partition for every row of every table. Patients are taken in their order;
        rows of nobody known, which a reader rejects, go with the first.
    """
    ids = pd.Index(frames["patients"]["patient_id"])
    count = -(-len(ids) // PATIENTS_A_PARTITION)
    found: dict[str, NDArray[np.intp]] = {}
    for name, frame in frames.items():
        key, among, numbers = "patient_id", ids, np.arange(len(ids)) // PATIENTS_A_PARTITION
        if name in SCHEMAS and SCHEMAS[name].belongs_to == "session" and count > 1:
            sessions = frames.get("sessions")
            if sessions is None:
                found[name] = np.zeros(len(frame), dtype=np.intp)
                continue
            key, among = "session_id", pd.Index(sessions["session_id"])
            numbers = found["sessions"]
        if count <= 1:
            found[name] = np.zeros(len(frame), dtype=np.intp)
            continue
        first = ~among.duplicated()
        place = among[first].get_indexer(pd.Index(frame[key]))
        found[name] = np.where(place < 0, 0, numbers[first][place])
    return found


def write_manifest(
    folder: Path,
    *,
    count: int,
    last_day: pd.Timestamp,
    absent: Collection[str],
    files: Mapping[str, Path],
) -> None:
    """Put on record how the tables in a folder are cut, for `open_partitions`.

    Parameters
    ----------
    folder : Path
        Folder that the file goes to, beside the tables.
    count : int
        Number of partitions, which is the number of row groups of every file.
    last_day : Timestamp
        The last day on which anything was observed.
    absent : collection of str
        Tables and columns that the source does not have.
    files : mapping of str to Path
        Parquet file of each table, whole, with rows that keep to the contract.
    """
    content = {
        "partitions": count,
        "last_day": None if pd.isna(last_day) else last_day.date().isoformat(),
        "absent": list(absent),
        "tables": {
            name: {
                "rows": pa.parquet.read_metadata(path).num_rows,
                "bytes": path.stat().st_size,
                "sha256": file_sha256(path),
            }
            for name, path in files.items()
        },
    }
    text = json.dumps(content, indent=2) + "\n"
    (folder / PARTITIONS_FILE).write_text(text, encoding="utf-8", newline="\n")


def write_manifest_anew(folder: Path, stage: Path) -> None:
    """Put on record how tables are cut of which rows were taken out, partition by partition.

    Parameters
    ----------
    folder : Path
        Folder of the data set as it was.
    stage : Path
        Folder with its new files; receives the record if the old one was true.
    """
    before = open_partitions(folder)
    if before is None:
        return
    now = replace(before, folder=stage)
    days: list[pd.Timestamp] = []
    starts: list[pd.Timestamp] = []
    for number in range(now.count):
        frames = {name: now._frame(name, number) for name in now.tables}
        starts.append(frames["patients"]["index_date"].max())
        # these days count only where no other is on record in any partition
        frames["patients"] = frames["patients"].iloc[:0]
        days.append(last_observed(frames))
    said = read_import_record(folder).get("complete_to")
    observed = [day for day in days if not pd.isna(day)] or [d for d in starts if not pd.isna(d)]
    known = [*observed, *([pd.Timestamp(said)] if said else [])]
    write_manifest(
        stage,
        count=now.count,
        last_day=max(known) if known else pd.Timestamp("NaT"),
        absent=now.absent,
        files={name: stage / f"{name}.parquet" for name in now.tables},
    )


def open_partitions(
    folder: Path | str, *, as_of: pd.Timestamp | str | None = None
) -> PartitionedData | None:
    """Open a data set to be read a partition at a time.

    Parameters
    ----------
    folder : Path or str
        Folder of Parquet files that `outcomes import` or `outcomes simulate` wrote.
    as_of : Timestamp or str, optional
        The day to read the records at; the last day on which anything was observed unless given.

    Returns
    -------
    PartitionedData or None
        None where the folder is not on record as cut, or a file is another than the one on record:
        then `load` reads and checks every row.

    Raises
    ------
    DataContractError
        If the settings can't be read.
    """
    folder = Path(folder)
    with read_whole(folder):
        record = _record(folder)
        if record is None:
            return None
        settings = read_settings(folder)
        imported = read_import_record(folder)
        source = imported.get("name") or folder.resolve().name
        paths = {name: folder / f"{name}.parquet" for name in record["tables"]}
        same = all(_is_same(paths[name], said) for name, said in record["tables"].items())
        strange = [
            name
            for name in SCHEMAS
            if (folder / f"{name}.csv").exists()
            or ((folder / f"{name}.parquet").exists() and name not in paths)
        ]
        if not same or strange or "patients" not in paths:
            return None
    rejected = {row["table"]: row["rows_rejected"] for row in imported.get("accounting", [])}
    rows = [int(said["rows"]) for said in record["tables"].values()]
    accounting = pd.DataFrame(
        {
            "table": list(paths),
            "file": [path.name for path in paths.values()],
            "rows_read": rows,
            "rows_accepted": rows,
            "rows_rejected": 0,
            "rejected_at_import": [rejected.get(name, 0) for name in paths],
        }
    )
    last_day = pd.Timestamp(record["last_day"])
    if pd.isna(last_day):
        last_day = pd.Timestamp.today().normalize()
    return PartitionedData(
        folder=folder,
        count=int(record["partitions"]),
        as_of=last_day if as_of is None else pd.Timestamp(as_of).normalize(),
        last_day=last_day,
        tables=tuple(paths),
        absent=tuple(record["absent"]),
        accounting=accounting,
        settings=settings,
        registry=default_registry().extended(settings.instruments, file=SETTINGS_FILE),
        source=str(source),
        synthetic=(folder / TRUTH_FILE).is_file(),
    )


def _record(folder: Path) -> dict[str, Any] | None:
    """Content of the record; None where there is none that can be used."""
    path = folder / PARTITIONS_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        known = {name: record["tables"][name] for name in SCHEMAS if name in record["tables"]}
        whole = all({"rows", "bytes", "sha256"} <= set(said) for said in known.values())
        usable = whole and {"partitions", "last_day", "absent"} <= set(record)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {**record, "tables": known} if usable else None


def _is_same(path: Path, said: Mapping[str, Any]) -> bool:
    """Whether a file is the one on record; its size settles most cases at once."""
    if not path.is_file() or path.stat().st_size != said["bytes"]:
        return False
    return file_sha256(path) == said["sha256"]
