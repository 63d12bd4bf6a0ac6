"""What an import changes in the data set of the import before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.csv_rows import read_csv_rows
from outcomes.io.parquet_rows import read_parquet_rows
from outcomes.schema import SCHEMAS, TableSchema

COUNT_COLUMNS = ("table", "added", "changed", "removed")
ROW_COLUMNS = ("table", "key", "change", "column", "before", "after")


@dataclass(frozen=True)
class Changes:
    """Differences between two imports.

    Parameters
    ----------
    counts : DataFrame
        Columns table, added, changed, removed: rows by table, for tables with any.
    rows : DataFrame
        Columns table, key, change, column, before, after: a row for each cell that changed, and for
        each row that was removed. Values are patients' data.
    """

    counts: pd.DataFrame
    rows: pd.DataFrame


NO_CHANGES = Changes(
    pd.DataFrame(columns=list(COUNT_COLUMNS)), pd.DataFrame(columns=list(ROW_COLUMNS))
)


def changes_between(
    folder: Path, frames: Mapping[str, pd.DataFrame], unchanged: Collection[str] = ()
) -> Changes:
    """Compare new tables with those that an earlier import wrote.

    Parameters
    ----------
    folder : Path
        Folder of the data set, held still by the caller.
    frames : mapping of str to DataFrame
        New tables by name.
    unchanged : collection of str
        Tables that are known to be the same as before.

    Returns
    -------
    Changes
        What was added, changed and removed, by the keys of the contract.
    """
    counts, parts = [], []
    for name, schema in SCHEMAS.items():
        if name in unchanged:
            continue
        before = _before(folder, schema)
        after = _as_text(frames.get(name, schema.empty()), schema)
        # most rows are the same as before; only the others are worth telling apart by key
        hashes = [pd.util.hash_pandas_object(each, index=False) for each in (before, after)]
        before, after = before[~hashes[0].isin(hashes[1])], after[~hashes[1].isin(hashes[0])]
        added, removed, changed = _compare(before, after, schema)
        if added or len(removed) or len(changed):
            rows = changed["key"].nunique()
            counts.append((name, added, rows, len(removed)))
            parts += [removed.assign(table=name), changed.assign(table=name)]
    listed = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=ROW_COLUMNS)
    return Changes(
        pd.DataFrame(counts, columns=list(COUNT_COLUMNS)), listed[list(ROW_COLUMNS)].astype("str")
    )


def _before(folder: Path, schema: TableSchema) -> pd.DataFrame:
    """Read the table of the import before; empty where there is none or it can't be read."""
    try:
        for ending, read in (("csv", read_csv_rows), ("parquet", read_parquet_rows)):
            path = folder / f"{schema.name}.{ending}"
            if path.is_file():
                cells = read(path, lambda names: [n for n in schema.names if n in names]).cells
                return _as_text(cells, schema)
    except DataContractError:
        pass  # somebody spoilt the file, and the import is about to replace it
    return _as_text(schema.empty(), schema)


def _as_text(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Write all cells one way, whatever kind of file they are from; missing ones are empty."""
    cells = {}
    for column in schema.columns:
        if column.name not in frame:
            cells[column.name] = pd.Series("", index=frame.index, dtype="str")
            continue
        values = frame[column.name]
        if column.kind == "date" and pd.api.types.is_datetime64_any_dtype(values.dtype):
            values = values.dt.strftime("%Y-%m-%d")
        elif column.kind in ("number", "whole", "flag"):
            numbers = pd.to_numeric(values, errors="coerce").astype("float64")
            codes, distinct = pd.factorize(numbers)
            texts = pd.Series([*(f"{value:.15g}" for value in distinct), ""], dtype="str")
            values = texts.take(codes)
        cells[column.name] = values.astype("str").fillna("").reset_index(drop=True)
    return pd.DataFrame(cells)


def _compare(
    before: pd.DataFrame, after: pd.DataFrame, schema: TableSchema
) -> tuple[int, pd.DataFrame, pd.DataFrame]:
    """Count new rows, and list rows that are gone and cells that differ."""
    key = list(schema.key)
    # what a person wrote into the file by hand may have a key twice; each is told apart by its turn
    turn = [each.groupby(key).cumcount() for each in (before, after)]
    old = before.set_index([*(before[name] for name in key), turn[0]])
    new = after.set_index([*(after[name] for name in key), turn[1]])
    gone = old[~old.index.isin(new.index)]
    removed = pd.DataFrame(
        {"key": _named(gone, key), "change": "removed", "column": "", "before": "", "after": ""}
    )
    both = old.index.intersection(new.index)
    was, now = old.loc[both], new.loc[both]
    parts = [
        pd.DataFrame(
            {
                "key": _named(now[differs], key),
                "change": "changed",
                "column": name,
                "before": was.loc[differs, name],
                "after": now.loc[differs, name],
            }
        )
        for name in schema.names
        if (differs := (was[name] != now[name]).to_numpy()).any()
    ]
    changed = pd.concat(parts) if parts else removed.iloc[:0]
    return len(new) - len(both), removed, changed


def _named(rows: pd.DataFrame, key: list[str]) -> pd.Series:
    """Write keys as a person can search for them."""
    named = pd.Series("", index=rows.index, dtype="str")
    for name in key:
        part = (name + "=" + rows[name]).where(rows[name] != "", "")
        named = named.str.cat(part, sep=" ").str.strip()
    return named
