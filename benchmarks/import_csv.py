"""A million rows of CSV into a data set, against pandas and DuckDB that only rewrite the file.

Ours: every cell typed, checked, scanned for what looks personal, connected to its patient and
visit, written whole, counted and hashed. Peers: the same file read and written as Parquet, whatever
it holds. Seconds are of processor time, all threads together; each runs in a process of
its own. The number of rows can be given in OUTCOMES_BENCH_ROWS.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 1_000_000
VISITS = 12
START = np.datetime64("2021-01-04")
MAPPING = """
name = "Benchmark"
date_format = "%d/%m/%Y"
missing = ["n/a"]
[patients]
one_row_per_key = true
patient_id = "Client"
sex = { column = "Sex", values = { F = "female", M = "male" } }
birth_year = "Born"
[sessions]
session_id = "Visit"
patient_id = "Client"
date = "Day"
status = { column = "State", values = { Arrived = "attended", "No Show" = "no_show" } }
minutes = "Minutes"
therapist_id = "Staff"
[assessments]
patient_id = "Client"
date = "Day"
session_id = "Visit"
instrument = { constant = "nrs_pain" }
for_each = [
    { value = "Before", timing = { constant = "pre" } },
    { value = "After", timing = { constant = "post" } },
]
"""


def write(path: Path, rows: int) -> None:
    """Write an export of appointments as practice software makes it."""
    draw = np.random.default_rng(4)
    person = np.repeat(np.arange(-(-rows // VISITS)), VISITS)[:rows]
    day = START + (np.arange(rows) % VISITS) * 28 + draw.integers(0, 28, rows)
    came = draw.random(rows) < 0.92
    before = np.where(came, draw.integers(0, 11, rows).astype(str), "n/a")
    frame = pd.DataFrame(
        {
            "Client": np.char.add("C", np.char.zfill(person.astype(str), 7)),
            "Sex": np.where(person % 3, "F", "M"),
            "Born": 1940 + person % 60,
            "Visit": np.char.add("V", np.arange(rows).astype(str)),
            "Day": pd.Series(day).dt.strftime("%d/%m/%Y"),
            "State": np.where(came, "Arrived", "No Show"),
            "Minutes": np.where(came, "45", ""),
            "Staff": np.char.add("T", (person % 9).astype(str)),
            "Before": before,
            "After": np.where(came, draw.integers(0, 11, rows).astype(str), ""),
            "Remarks": "came by bus; asked for the same time next month",
        }
    )
    frame.to_csv(path, index=False)


def ours(folder: Path) -> None:
    """Import the file."""
    from outcomes.io import import_csv

    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    summary = import_csv(folder / "visits.csv", folder / "mapping.toml", folder / "data")
    account = summary.accounting
    if summary.loaded.rejects.empty is False or account["source_rows"].max() < ROWS // 1000:
        raise RuntimeError("the import did not take the file as it should")


def with_pandas(folder: Path) -> None:
    """Rewrite the file with pandas."""
    pd.read_csv(folder / "visits.csv").to_parquet(folder / "visits.parquet")


def with_duckdb(folder: Path) -> None:
    """Rewrite the file with DuckDB."""
    import duckdb

    with duckdb.connect() as base:
        base.execute(
            f"COPY (SELECT * FROM read_csv('{folder}/visits.csv')) TO '{folder}/duck.parquet'"
        )


def _timed(work: Callable[[Path], None], folder: Path) -> tuple[float, float, float]:
    """Processor seconds, seconds on the clock, and gigabytes at the peak."""
    clock, used = time.perf_counter(), time.process_time()
    work(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return time.process_time() - used, time.perf_counter() - clock, peak


def rows() -> list[dict[str, object]]:
    """Time all three on one file."""
    number = int(os.environ.get("OUTCOMES_BENCH_ROWS", ROWS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "visits.csv", number)
        megabytes = (folder / "visits.csv").stat().st_size / 1e6
        found = []
        for work in (ours, with_pandas, with_duckdb):
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                found.append(pool.submit(_timed, work, folder).result())
    (own, clock, peak), *peers = found
    return [
        {
            "work": "import of appointments with two scores each",
            "rows": f"{number:,} ({megabytes:.0f} MB)",
            "ours s": own,
            "ours s on the clock": clock,
            "ours GB": peak,
            "peer": name,
            "peer s": seconds,
            "ratio": own / seconds,
            "peer GB": memory,
        }
        for name, (seconds, _, memory) in zip(
            ("pandas read_csv, to_parquet", "DuckDB read_csv, COPY"), peers, strict=True
        )
    ]
