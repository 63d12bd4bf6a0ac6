"""Records on disk into tables and back, with an account of every row."""

from __future__ import annotations

from outcomes.io.checking import Loaded
from outcomes.io.import_csv import import_csv
from outcomes.io.import_excel import import_excel
from outcomes.io.import_fhir import import_fhir
from outcomes.io.import_parquet import import_parquet
from outcomes.io.import_redcap import import_redcap
from outcomes.io.import_sql import import_sql
from outcomes.io.importing import ImportSummary
from outcomes.io.load import load, read_tables
from outcomes.io.mapping import Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.partitions import (
    PartitionedData,
    Parts,
    WholeData,
    open_partitions,
    read_in_parts,
)
from outcomes.io.write import keep_rejects, write_rejects, write_tables

__all__ = [
    "ImportSummary",
    "Loaded",
    "Mapping",
    "PartitionedData",
    "Parts",
    "WholeData",
    "import_csv",
    "import_excel",
    "import_fhir",
    "import_parquet",
    "import_redcap",
    "import_sql",
    "keep_rejects",
    "load",
    "open_partitions",
    "read_in_parts",
    "read_mapping",
    "read_tables",
    "write_rejects",
    "write_tables",
]
