"""Parquet files of any layout into a data set, through a mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.importing import ImportSummary, import_rows
from outcomes.io.mapping import Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.parquet_rows import read_parquet_rows
from outcomes.io.rows import Rows
from outcomes.io.sources import known_format, read_named, source_paths


def import_parquet(
    sources: Path | str | Sequence[Path | str],
    mapping: Mapping | Path | str,
    out: Path | str,
    *,
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring Parquet files into a data set.

    Parameters
    ----------
    sources : path or sequence of paths
        The files; a folder stands for the Parquet files in it.
    mapping, out, check, format
        As for `import_csv`.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices.

    Raises
    ------
    DataContractError
        As for `import_csv`; and if a column that is mapped holds times with a zone and the mapping
        does not say where the clinic is, or cells that are neither text, number, flag nor date.

    Notes
    -----
    Typed columns are understood by their type; what the mapping says of the date format and the
    decimal mark is for text.
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    paths = source_paths(sources, (".parquet",), mapping)
    read = (
        read_named(
            path.name,
            [block for block in mapping.blocks if block.is_about(path.name)],
            mapping,
            lambda wanted, path=path: _read(path, wanted, mapping.time_zone),  # type: ignore[misc]
        )
        for path in paths
    )
    return import_rows(list(read), paths, mapping, Path(out), check=check, format=format)


def _read(path: Path, wanted: Callable[[list[str]], list[str]], time_zone: str) -> Rows:
    """Cells of a file as text, those of typed columns marked."""
    rows = read_parquet_rows(path, wanted)
    typed = {
        str(name): np.ones(len(rows), dtype=bool)
        for name in rows.cells
        if not pd.api.types.is_string_dtype(rows.cells[name].dtype)
    }
    cells = {
        name: _as_text(rows.cells[name], path.name, time_zone)
        if name in typed
        else rows.cells[name]
        for name in rows.cells
    }
    frame = pd.DataFrame(cells, index=rows.cells.index)
    return Rows(frame, rows.line, rows.files, rows.file, rows.broken, rows.notices, typed)


def _as_text(column: pd.Series, file: str, time_zone: str) -> pd.Series:
    """Typed cells written one way: a decimal point, ISO dates, TRUE and FALSE."""
    if getattr(column.dtype, "tz", None) is not None and time_zone:
        column = column.dt.tz_convert(time_zone).dt.tz_localize(None)
    elif getattr(column.dtype, "tz", None) is not None:
        raise DataContractError(
            "the times have a time zone, so their day depends on where one stands.",
            "Say with time_zone in the mapping where the clinic is, or write local times.",
            file=file,
            column=str(column.name),
        )
    codes, distinct = pd.factorize(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        written = pd.Series(distinct).dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
        written = [text.removesuffix(" 00:00:00") for text in written]
    elif pd.api.types.is_bool_dtype(column.dtype):
        written = [str(bool(value)).upper() for value in distinct]
    else:
        written = [f"{Decimal(repr(float(v))).normalize():f}" for v in distinct]
    # a missing cell has the code -1 and finds the empty text put last
    return pd.Series([*written, ""], dtype="str").take(codes).set_axis(column.index)
