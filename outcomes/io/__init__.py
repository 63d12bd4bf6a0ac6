"""Records on disk into tables and back, with an account of every row."""

from __future__ import annotations

from outcomes.io.checking import Loaded
from outcomes.io.load import load, read_tables
from outcomes.io.write import write_rejects, write_tables

__all__ = ["Loaded", "load", "read_tables", "write_rejects", "write_tables"]
