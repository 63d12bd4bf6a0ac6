"""Records on disk into tables and back, with an account of every row."""

from __future__ import annotations

from outcomes.io.checking import Loaded
from outcomes.io.import_csv import ImportSummary, import_csv
from outcomes.io.load import load, read_tables
from outcomes.io.mapping import Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.write import write_rejects, write_tables

__all__ = [
    "ImportSummary",
    "Loaded",
    "Mapping",
    "import_csv",
    "load",
    "read_mapping",
    "read_tables",
    "write_rejects",
    "write_tables",
]
