"""CSV files of any layout into a data set, through a mapping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from outcomes.io.csv_rows import read_csv_rows
from outcomes.io.importing import ImportSummary, import_rows
from outcomes.io.mapping import Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.sources import known_format, read_named, source_paths


def import_csv(
    sources: Path | str | Sequence[Path | str],
    mapping: Mapping | Path | str,
    out: Path | str,
    *,
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring CSV files into a data set.

    Parameters
    ----------
    sources : path or sequence of paths
        The files; a folder stands for the CSV files in it.
    mapping : Mapping or path
        What becomes of their columns.
    out : Path or str
        Folder of the data set. An earlier import there is replaced; tables that no import wrote
        are never touched.
    check : bool
        Only say what would happen.
    format : {"csv", "parquet"}
        Kind of the files written.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices.

    Raises
    ------
    DataContractError
        If a source or the mapping does not fit, no patient would be accepted, or the folder holds
        tables of another origin or can't be written to.

    Notes
    -----
    The folder receives the tables, ``rejects.csv``, ``import.json`` with counts and hashes, a copy
    of the mapping, and ``settings.toml`` where the mapping says so. All of it is put in place at
    once. The same sources and mapping give the same bytes.
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    paths = source_paths(sources, (".csv",), mapping)
    read = (
        read_named(
            path.name,
            [block for block in mapping.blocks if block.is_about(path.name)],
            mapping,
            lambda wanted, path=path: read_csv_rows(path, wanted, mapping.style),  # type: ignore[misc]
        )
        for path in paths
    )
    return import_rows(list(read), paths, mapping, Path(out), check=check, format=format)
