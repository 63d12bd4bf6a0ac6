"""Simulated tables to disk, one partition after another, so that memory stays bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from outcomes.errors import DataContractError
from outcomes.io.checking import last_observed
from outcomes.io.load import FORMATS, TRUTH_FILE
from outcomes.io.partitions import write_manifest
from outcomes.io.place import placed_together
from outcomes.io.write import partitions_on_record, table_files
from outcomes.schema import SCHEMAS

Step = Callable[[int, int], None]
_ARROW = {"str": pa.string(), "float64": pa.float64()}


def write_parts(
    parts: Iterable[Mapping[str, pd.DataFrame]],
    truth: Callable[[], Mapping[str, Any]],
    folder: Path,
    format: str,
) -> None:
    """Write partitions of a cohort as one data set.

    Parameters
    ----------
    parts : iterable of mappings
        Tables of each partition, by name, all with the same tables and columns.
    truth : callable
        Gives the content of ``truth.json``; called after the tables are written.
    folder : Path
        Where to; made if it is not there. An earlier simulation in it is replaced.
    format : {"csv", "parquet"}
        Kind of the files. In Parquet each partition is a row group, so that all rows of a patient
        stand in row groups of one number.

    Raises
    ------
    DataContractError
        If the folder holds records that were not simulated, or can't be written to.
    """
    if format not in FORMATS:
        raise DataContractError(
            f"tables can't be written as {format}.", f"Use one of: {', '.join(FORMATS)}."
        )
    _earlier_simulation(folder)

    def obsolete() -> list[str]:
        left = _earlier_simulation(folder)
        return left if format == "parquet" else [*left, *partitions_on_record(folder)]

    with placed_together(folder, obsolete) as stage:
        writers: dict[str, _TableWriter] = {}
        days: list[pd.Timestamp] = []
        try:
            for part in parts:
                days.append(last_observed(part))
                for name, frame in part.items():
                    if name not in writers:
                        writers[name] = _TableWriter(stage / f"{name}.{format}", name, frame)
                    writers[name].append(frame)
        finally:
            for writer in writers.values():
                writer.close()
        if format == "parquet":
            files = {name: stage / f"{name}.parquet" for name in writers}
            absent = [name for name in SCHEMAS if name not in files]
            absent += [
                f"{name}.{column}" for name, writer in writers.items() for column in writer.absent
            ]
            last_day = pd.Series(days).max()
            write_manifest(stage, count=len(days), last_day=last_day, absent=absent, files=files)
        text = _lines(truth())
        (stage / TRUTH_FILE).write_text(text, encoding="utf-8", newline="\n")


def _earlier_simulation(folder: Path) -> list[str]:
    """Names of the tables that are replaced; refuses a folder of records that someone kept."""
    there = [path.name for path in table_files(folder)]
    if there and not (folder / TRUTH_FILE).is_file():
        raise DataContractError(
            "the folder holds records that were not simulated.",
            "Choose an empty folder; they are left as they are.",
            file=folder.name,
        )
    return there


class _TableWriter:
    """One open file that rows are added to."""

    def __init__(self, path: Path, table: str, frame: pd.DataFrame) -> None:
        self._csv = path.suffix == ".csv"
        self.absent = [name for name in SCHEMAS[table].names if name not in frame]
        fields = []
        for name in frame.columns:
            dtype = SCHEMAS[table].column(str(name)).dtype
            day = pa.date32() if self._csv else pa.timestamp("us")
            fields.append(pa.field(str(name), _ARROW.get(dtype, day)))
        self._schema = pa.schema(fields)
        self._stream: IO[bytes] = path.open("wb")
        if self._csv:
            self._stream.write((",".join(self._schema.names) + "\n").encode())
            # No simulated text holds a comma or a quote.
            plain = pa.csv.WriteOptions(include_header=False, quoting_style="none")
            self._writer = pa.csv.CSVWriter(self._stream, self._schema, write_options=plain)
        else:
            self._writer = pa.parquet.ParquetWriter(self._stream, self._schema)

    def append(self, frame: pd.DataFrame) -> None:
        """Add rows; in Parquet they become a row group."""
        columns = [
            pa.array(frame[field.name], from_pandas=True).cast(field.type) for field in self._schema
        ]
        table = pa.Table.from_arrays(columns, schema=self._schema)
        if self._csv:
            self._writer.write(table)
        else:
            self._writer.write_table(table, row_group_size=max(len(table), 1))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._stream.close()


def _lines(truth: Mapping[str, Any]) -> str:
    # One line an estimate: a person can read it, and a difference between two truths shows.
    parts = []
    for key, value in truth.items():
        if isinstance(value, list):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            parts.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
