"""Parquet files into typed cells, each row with its number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from outcomes.errors import DataContractError
from outcomes.io.rows import Rows, rows_of_file

_FREE_ROWS = 2_000_000
"""Rows that fit into memory whatever they hold."""


def read_parquet_header(path: Path) -> list[str]:
    """Read the names of the columns of a Parquet file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of str
        Names in order.

    Raises
    ------
    DataContractError
        If the file is no Parquet file or can't be read.
    """
    try:
        return list(pa.parquet.read_schema(path).names)
    except (pa.ArrowException, OSError):
        raise DataContractError(
            "the file can't be read as Parquet.",
            "Check that it is there and was written whole.",
            file=path.name,
        ) from None


def rows_in(path: Path) -> int:
    """Count the rows of a Parquet file without reading them.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    int
        What its footer says; 0 for a file that is not Parquet, which a reader of it will refuse.
    """
    try:
        return int(pa.parquet.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0


def read_parquet_rows(path: Path, wanted: Callable[[list[str]], list[str]]) -> Rows:
    """Read the wanted columns of a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    wanted : callable
        Receives the names of the columns and returns those to keep; what it raises is passed on.

    Returns
    -------
    Rows
        Cells as text, number, flag or timestamp; nulls are empty text or NaN. Rows are numbered
        from 1.

    Raises
    ------
    DataContractError
        If the file can't be read, or a wanted column holds lists of records or the like.
    """
    keep = wanted(read_parquet_header(path))
    try:
        rows = pa.parquet.read_metadata(path).num_rows
        if rows > max(_FREE_ROWS, path.stat().st_size):
            raise DataContractError(
                f"the file says it has {rows:,} rows, more than it has bytes.",
                "Look at what wrote it; records that differ do not pack that small.",
                file=path.name,
            )
        table = pa.parquet.read_table(path, columns=keep)
        columns = {name: _plain(table[name]) for name in keep}
    except _UnfitTypeError as error:
        raise DataContractError(
            f"cells of type {error} can't be read.",
            "Write text, numbers, flags or dates.",
            file=path.name,
            column=next(name for name in keep if str(table[name].type) == str(error)),
        ) from None
    except (pa.ArrowException, OSError):
        raise DataContractError(
            "the file can't be read as Parquet.",
            "Check that it was written whole.",
            file=path.name,
        ) from None
    cells = pd.DataFrame(columns, index=range(table.num_rows))
    return rows_of_file(cells, np.arange(1, len(cells) + 1), path.name)


class _UnfitTypeError(Exception):
    pass


def _plain(column: pa.ChunkedArray) -> pd.Series:
    """Bring a column to text, float64, bool or timestamp."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
            raise _UnfitTypeError(str(kind))
        column = pc.binary_join(column, ";")
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return column.cast(pa.large_string()).fill_null("").to_pandas()
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zone = getattr(kind, "tz", None)
        return column.cast(pa.timestamp("us", tz=zone), safe=False).to_pandas()
    if pa.types.is_time(kind):
        return (
            column.cast(pa.large_string())
            .fill_null("")
            .to_pandas()
            .str.replace(r"^([0-9]{2}:[0-9]{2}):00(\.0+)?$", r"\1", regex=True)
        )
    if pa.types.is_boolean(kind) and column.null_count == 0:
        return column.to_pandas()
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        # Whole numbers above 2**53 are ids; as text they keep every digit.
        if pa.types.is_integer(kind) and kind.bit_width == 64:
            return column.cast(pa.large_string()).fill_null("").to_pandas()
        return column.cast(pa.float64()).to_pandas()
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64()).to_pandas()
    raise _UnfitTypeError(str(kind))
