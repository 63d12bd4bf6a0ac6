"""Tables and rejects from memory to a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from outcomes.errors import DataContractError
from outcomes.io.checking import Loaded
from outcomes.io.load import FORMATS, IMPORT_FILE, REJECTS_FILE
from outcomes.io.partitions import PARTITIONS_FILE, partition_numbers, write_manifest
from outcomes.io.place import placed_together
from outcomes.schema import SCHEMAS, TableSchema
from outcomes.tables import Tables

_NEEDS_QUOTES = '[",\r\n]'


def write_tables(
    tables: Tables | Mapping[str, pd.DataFrame], folder: Path | str, format: str = "csv"
) -> None:
    """Write a data set that `read_tables` reads back.

    Parameters
    ----------
    tables : Tables or mapping of str to DataFrame
        The tables; frames have columns and types of the contract, optional columns may be absent.
    folder : Path or str
        Where to; made if it is not there. Files of tables that are written again are replaced.
    format : {"csv", "parquet"}
        Kind of the files.

    Raises
    ------
    DataContractError
        If a table or column is not part of the contract, the folder holds tables that would be
        left over from another data set, or it can't be written to.

    Notes
    -----
    All files are written under a temporary name and moved in when all are whole. Optional columns
    without any value are left out, as a column that is absent.
    """
    folder = Path(folder)
    frames = frames_of(tables)
    # only what a reader has accepted need not be checked again
    on_record = format == "parquet" and isinstance(tables, Tables)
    for name in frames:
        if name not in SCHEMAS:
            raise DataContractError(
                f"there is no table {name}.", f"Use one of: {', '.join(SCHEMAS)}."
            )

    def obsolete() -> list[str]:
        there = table_files(folder)
        left_over = sorted(path.name for path in there if path.stem not in frames)
        if left_over:
            raise DataContractError(
                f"the folder holds tables of another data set: {', '.join(left_over)}.",
                "Choose an empty folder, or remove them.",
                file=folder.name,
            )
        stale = [path.name for path in there if path.suffix != f".{format}"]
        return stale if on_record else [*stale, *partitions_on_record(folder)]

    with placed_together(folder, obsolete) as stage:
        write_frames(frames, stage, format)
        if on_record and isinstance(tables, Tables):
            record_partitions(tables, stage)


def frames_of(tables: Tables | Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """List the tables that are there.

    Parameters
    ----------
    tables : Tables or mapping of str to DataFrame
        A data set.

    Returns
    -------
    dict of str to DataFrame
        Frames by name of table.
    """
    if not isinstance(tables, Tables):
        return dict(tables)
    found = {name: getattr(tables, name) for name in SCHEMAS}
    return {name: frame for name, frame in found.items() if frame is not None}


def table_files(folder: Path) -> list[Path]:
    """List the files of tables in a folder.

    Parameters
    ----------
    folder : Path
        A folder, which need not be there.

    Returns
    -------
    list of Path
        Files named as tables of the contract, CSV or Parquet.
    """
    paths = [folder / f"{name}.{ending}" for name in SCHEMAS for ending in FORMATS]
    return [path for path in paths if path.is_file()]


def partitions_on_record(folder: Path) -> list[str]:
    """Name the record of partitions in a folder, which is out of date once a table is rewritten.

    Parameters
    ----------
    folder : Path
        A folder, which need not be there.

    Returns
    -------
    list of str
        The name of the file, or nothing.
    """
    return [PARTITIONS_FILE] if (folder / PARTITIONS_FILE).is_file() else []


def write_frames(frames: Mapping[str, pd.DataFrame], stage: Path, format: str) -> None:
    """Write the tables of a data set into a folder, Parquet cut into partitions.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by name, as for `write_tables`.
    stage : Path
        Folder that is there.
    format : {"csv", "parquet"}
        Kind of the files.

    Raises
    ------
    DataContractError
        As for `write_frame`.
    """
    cut = format == "parquet" and "patients" in frames
    numbers = partition_numbers(frames) if cut else {}
    parts = 1 + max((int(each.max()) for each in numbers.values() if len(each)), default=0)
    for name, frame in frames.items():
        slices = _slices(frame, numbers[name], parts) if cut and parts > 1 else (frame,)
        write_frame(frame, SCHEMAS[name], stage / f"{name}.{format}", slices)


def _slices(frame: pd.DataFrame, number: NDArray[np.intp], parts: int) -> Iterator[pd.DataFrame]:
    """Rows of each partition in turn, in the order they had."""
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=parts))
    for first, last in zip(np.r_[0, ends[:-1]], ends, strict=True):
        yield frame.iloc[order[first:last]]


def record_partitions(tables: Tables, stage: Path) -> None:
    """Put on record how the Parquet files of accepted tables were cut.

    Parameters
    ----------
    tables : Tables
        What was written.
    stage : Path
        Folder with its files.
    """
    files = {name: stage / f"{name}.parquet" for name in frames_of(tables)}
    count = pa.parquet.read_metadata(files["patients"]).num_row_groups
    write_manifest(stage, count=count, last_day=tables.as_of, absent=tables.absent, files=files)


def write_frame(
    frame: pd.DataFrame, schema: TableSchema, path: Path, slices: Iterable[pd.DataFrame] = ()
) -> None:
    """Write one table to a file.

    Parameters
    ----------
    frame : DataFrame
        Columns and types of the contract, optional ones may be absent.
    schema : TableSchema
        The table.
    path : Path
        File ending in ``.csv`` or ``.parquet``.
    slices : iterable of DataFrame
        Rows of each row group of a Parquet file; all rows in one unless given.

    Raises
    ------
    DataContractError
        If a column is not part of the contract, or the ending is neither of the two.
    """
    strange = [name for name in frame.columns if not schema.knows(str(name))]
    if strange:
        raise DataContractError(
            "the table has no such column.", "Leave it out.", file=schema.name, column=strange[0]
        )
    kept = [
        name
        for name in frame.columns
        if schema.column(name).required or not len(frame) or frame[name].notna().any()
    ]
    dtypes = {name: schema.column(name).dtype for name in kept}

    def arrow(rows: pd.DataFrame) -> pa.Table:
        table = pa.Table.from_pandas(rows[kept].astype(dtypes), preserve_index=False)
        return table.replace_schema_metadata(None)

    if path.suffix == ".parquet":
        with pa.parquet.ParquetWriter(path, arrow(frame.iloc[:0]).schema) as writer:
            for rows in slices or (frame,):
                # one row group, whatever the number of rows, none included
                writer.write_table(arrow(rows), row_group_size=max(len(rows), 1))
    elif path.suffix == ".csv":
        _write_csv(arrow(frame), schema, path)
    else:
        raise DataContractError(
            f"tables can't be written as {path.suffix[1:]}.", f"Use one of: {', '.join(FORMATS)}."
        )


def _write_csv(table: pa.Table, schema: TableSchema, path: Path) -> None:
    quoted = False
    for place, name in enumerate(table.column_names):
        column = table[name]
        if schema.column(name).kind == "date":
            table = table.set_column(place, name, column.cast(pa.date32()))
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            quoted |= bool(pc.any(pc.match_substring_regex(column, _NEEDS_QUOTES)).as_py())
    # With "needed" every text is quoted; without odd characters the file stays easy to read.
    options = pa.csv.WriteOptions(
        include_header=False, quoting_style="needed" if quoted else "none"
    )
    with path.open("wb") as stream:
        stream.write((",".join(table.column_names) + "\n").encode())
        pa.csv.write_csv(table, stream, options)


def write_rejects(loaded: Loaded, folder: Path | str) -> Path:
    """Write the rejected rows for the people who keep the records.

    Parameters
    ----------
    loaded : Loaded
        What was read.
    folder : Path or str
        Folder of the data set.

    Returns
    -------
    Path
        The file ``rejects.csv``, with no row below its header where nothing was rejected.

    Raises
    ------
    DataContractError
        If the folder can't be written to.

    Notes
    -----
    The file holds patients' values and must stay inside the clinic.
    """
    folder = Path(folder)
    with placed_together(folder, list) as stage:
        loaded.rejects.to_csv(stage / REJECTS_FILE, index=False, encoding="utf-8")
    return folder / REJECTS_FILE


def keep_rejects(loaded: Loaded, folder: Path | str) -> bool:
    """Bring the list of rejected rows beside the data up to date, where there is one to bring.

    Parameters
    ----------
    loaded : Loaded
        What was read.
    folder : Path or str
        Folder of the data set.

    Returns
    -------
    bool
        Whether ``rejects.csv`` in the folder now lists what was rejected in this reading.

    Raises
    ------
    DataContractError
        If the folder can't be written to.

    Notes
    -----
    An older list is out of date and is replaced, be it by an empty one. The list that an import
    left is of the rows of its own sources, which are nowhere else: it is never replaced here.
    """
    folder = Path(folder)
    there = (folder / REJECTS_FILE).exists()
    if there and (folder / IMPORT_FILE).exists():
        return loaded.rejects.empty
    if there or len(loaded.rejects):
        write_rejects(loaded, folder)
    return True
