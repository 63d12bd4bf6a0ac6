"""Records read once for all reports of a run, inside the kernel that makes them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

import outcomes.io
from outcomes.tables import Tables

_KEPT: dict[tuple[str, pd.Timestamp | None], Tables] = {}


def keep_records() -> None:
    """Let `outcomes.io.read_tables` give the records it has read already, in this process.

    Notes
    -----
    Eight clinics' reports read the same folder eight times, and reading takes longer than most
    analyses. Analyses copy what they change, so the records stay as read. Only the last data set is
    kept.
    """
    read = outcomes.io.read_tables

    def read_tables(
        folder: Path | str, *, as_of: str | date | pd.Timestamp | None = None
    ) -> Tables:
        key = (str(folder), None if as_of is None else pd.Timestamp(as_of))
        if key not in _KEPT:
            tables = read(folder, as_of=as_of)
            _KEPT.clear()
            # the whole of the records and the records up to their last day are the same
            _KEPT.update({key: tables, (str(folder), tables.as_of): tables})
        return _KEPT[key]

    outcomes.io.read_tables = read_tables
