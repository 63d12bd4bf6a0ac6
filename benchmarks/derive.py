"""Derivations from Parquet, against plain aggregation by patient in DuckDB and pandas.

Ours: all records read partition by partition as any report over them does, then sessions with
episodes and phases, start, time zero, baseline, windows, cadence at a landmark and at each session,
headache days and responders. Peers: reading, then baseline, last score, slope and gaps by patient,
which is much less. Each runs in a process of its own, so that peak memory is its own too; that of
workers is added. Sizes can be given in OUTCOMES_BENCH_PATIENTS, such as ``10000,1000000``.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from outcomes.io.partitions import PATIENTS_A_PARTITION
from outcomes.simulate.write import write_parts
from outcomes.tables import Tables

SCORES, SESSIONS, DIARY = 20, 10, 28
CLINICS = 500
SIZES = "10000,100000"
START = np.datetime64("2022-01-03")
REPEATED = ("patient_id", "instrument", "timing", "status", "time")
COLUMNS = {
    "patients": ["patient_id", "index_date"],
    "sessions": ["session_id", "patient_id", "date", "time", "booked_on", "status"],
    "assessments": ["patient_id", "instrument", "date", "timing", "value", "session_id"],
    "headache_diary": ["patient_id", "date", "headache"],
}


def write(folder: Path, number: int) -> None:
    """Write tables of so many patients, cut into partitions as an import cuts them."""
    draw = np.random.default_rng(1)
    firsts = range(0, number, PATIENTS_A_PARTITION)
    parts = (_records(draw, first, min(PATIENTS_A_PARTITION, number - first)) for first in firsts)
    write_parts(parts, dict, folder, "parquet")


def _records(draw: np.random.Generator, first: int, number: int) -> dict[str, pd.DataFrame]:
    """Tables of some patients, each patient's rows together as records are kept."""
    names = np.arange(first, first + number).astype(str)
    ids = pd.Series(np.char.add("P", np.char.zfill(names, 7)), dtype="str")
    begun = START + draw.integers(0, 365, number)

    def of(count: int) -> pd.Series:
        return ids.take(np.repeat(np.arange(number), count)).reset_index(drop=True)

    def dates(count: int, first: int, last: int) -> np.ndarray:
        after = np.sort(draw.integers(first, last, (number, count)), axis=1)
        return (begun[:, None] + after).ravel().astype("datetime64[us]")

    held = dates(SESSIONS, 0, 240)
    held[::SESSIONS] = begun.astype("datetime64[us]")
    codes = np.arange(first * SESSIONS, (first + number) * SESSIONS).astype(str)
    return {
        "patients": pd.DataFrame(
            {
                "patient_id": ids,
                "clinic": _text(draw, [f"clinic {each:03}" for each in range(CLINICS)], number),
                "sex": _text(draw, ["female", "male"], number),
                "birth_year": draw.integers(1940, 2005, number).astype("float64"),
                "onset": _text(draw, ["acute", "subacute", "chronic"], number),
                "index_date": begun.astype("datetime64[us]"),
            }
        ),
        "sessions": pd.DataFrame(
            {
                "session_id": pd.Series(np.char.add("S", codes), dtype="str"),
                "patient_id": of(SESSIONS),
                "date": held,
                "time": _text(draw, ["09:00", "11:30", "16:00"], len(held)),
                "booked_on": held - draw.integers(1, 40, len(held)).astype("timedelta64[D]"),
                "status": _text(draw, ["attended"] * 8 + ["no_show", "cancelled"], len(held)),
            }
        ),
        "assessments": pd.DataFrame(
            {
                "patient_id": of(SCORES),
                "instrument": pd.Series(["nrs_pain"] * (number * SCORES), dtype="str"),
                "date": dates(SCORES, -20, 1100),
                "timing": _text(draw, ["remote", "remote", "pre"], number * SCORES),
                "value": draw.integers(0, 11, number * SCORES).astype("float64"),
                "session_id": pd.Series(np.nan, index=range(number * SCORES), dtype="str"),
            }
        ),
        "headache_diary": pd.DataFrame(
            {
                "patient_id": of(DIARY),
                "date": (begun[:, None] + np.arange(DIARY)).ravel().astype("datetime64[us]"),
                "headache": draw.integers(0, 2, number * DIARY).astype("float64"),
            }
        ),
    }


def _text(draw: np.random.Generator, words: list[str], count: int) -> pd.Series:
    chosen = draw.integers(0, len(words), count)
    return pd.Series(words, dtype="str").take(chosen).reset_index(drop=True)


def _read(folder: Path, name: str) -> pd.DataFrame:
    """Read as the streaming path does: words that repeat stay numbered, as Parquet keeps them."""
    path, columns = folder / f"{name}.parquet", COLUMNS[name]
    repeated = [each for each in columns if each in REPEATED]
    return pq.read_table(path, columns=columns, read_dictionary=repeated).to_pandas()


def only_read(folder: Path) -> None:
    for name in COLUMNS:
        _read(folder, name)


@dataclass(frozen=True)
class Derived:
    """What a partition gives back: how much was derived."""

    sessions: int
    windows: int
    answered: int
    better: int
    headache_days: float

    def __add__(self, other: Derived) -> Derived:
        return Derived(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def derive_all(tables: Tables) -> Derived:
    """Make every derivation for the patients of a partition."""
    from outcomes import derive

    cuts, pain = tables.settings.cut_points, tables.registry.get("nrs_pain")
    as_of, sessions, scores = tables.as_of, tables.sessions, tables.assessments
    assert sessions is not None and scores is not None
    start = derive.derive_start(tables.patients, sessions, cuts)
    named = ["patient_id", "session_id", "date", "time", "status"]
    held = derive.derive_phases(derive.derive_sessions(sessions[named], cuts), cuts)
    derive.derive_time_zero(held, cuts, as_of)
    landmark = derive.landmark_dates(start, cuts.cadence_landmark, as_of)
    derive.cadence_at(landmark, sessions, start, cuts, as_of)
    derive.rolling_cadence(sessions, start, cuts)
    timing = derive.choose_timing(scores, start, "nrs_pain", cuts, as_of).timing
    windows = derive.derive_windows(
        scores, start, "nrs_pain", timing=timing, sessions=sessions, cuts=cuts, as_of=as_of
    )
    count = len(cuts.windows)
    baseline = windows["value"].iloc[np.repeat(np.arange(len(start)) * count, count)]
    better = derive.derive_responder(baseline, windows["value"], pain, pain.threshold())
    spans = pd.DataFrame(
        {
            "patient_id": start["patient_id"],
            "span": "first",
            "first": start["start"],
            "last": start["start"] + pd.Timedelta(days=27),
        }
    )
    days = derive.derive_headache_days(tables.headache_diary, None, spans, cuts)
    return Derived(
        len(held),
        len(windows),
        int(windows["answered"].sum()),
        int((better == "yes").sum()),
        float(days["headache_days"].sum()),
    )


def ours(folder: Path) -> None:
    from outcomes.io import open_partitions
    from outcomes.scale import add_up

    data = open_partitions(folder, as_of="2026-06-30")
    assert data is not None
    add_up(data, derive_all)


def in_duckdb(folder: Path) -> None:
    import duckdb

    database = duckdb.connect()
    database.execute(f"SET temp_directory='{folder}'")
    for name in COLUMNS:
        database.execute(f"CREATE VIEW {name} AS FROM read_parquet('{folder}/{name}.parquet')")
    database.execute(
        """
        CREATE TABLE by_score AS
        WITH begun AS (
            SELECT patient_id, min(date) AS start FROM sessions
            WHERE status = 'attended' GROUP BY patient_id
        )
        SELECT patient_id,
            arg_max(value, date) FILTER (WHERE date <= start) AS baseline,
            arg_max(value, date) AS last,
            regr_slope(value, epoch(date) / 86400) AS slope,
            count(*) AS n
        FROM assessments JOIN begun USING (patient_id)
        WHERE instrument = 'nrs_pain' GROUP BY patient_id;
        CREATE TABLE by_gap AS
        SELECT patient_id, max(gap) AS longest, median(gap) AS usual, count(*) AS n FROM (
            SELECT patient_id,
                date - lag(date) OVER (PARTITION BY patient_id ORDER BY date) AS gap
            FROM assessments
        ) GROUP BY patient_id;
        CREATE TABLE by_day AS
        SELECT patient_id, sum(headache) / count(*) * 28 AS per_28
        FROM headache_diary GROUP BY patient_id;
        """
    )


def in_pandas(folder: Path) -> None:
    sessions = _read(folder, "sessions")
    begun = sessions[sessions["status"] == "attended"].groupby("patient_id")["date"].min()
    scores = _read(folder, "assessments").sort_values(["patient_id", "date"])
    scores["start"] = scores["patient_id"].map(begun)
    scores["day"] = (scores["date"] - scores["start"]).dt.days.astype("float64")
    scores["day2"], scores["cross"] = scores["day"] ** 2, scores["day"] * scores["value"]
    by_patient = scores.groupby("patient_id", sort=False)
    by_patient["value"].last()
    scores[scores["day"] <= 0].groupby("patient_id", sort=False)["value"].last()
    sums = by_patient[["day", "day2", "value", "cross"]].mean()
    (sums["cross"] - sums["day"] * sums["value"]) / (sums["day2"] - sums["day"] ** 2)
    scores["gap"] = by_patient["day"].diff()
    scores.groupby("patient_id", sort=False)["gap"].agg(["max", "median"])
    _read(folder, "headache_diary").groupby("patient_id", sort=False)["headache"].mean()


WORKS: dict[str, Callable[[Path], None]] = {
    "read": only_read,
    "ours": ours,
    "duckdb": in_duckdb,
    "pandas": in_pandas,
}


def _timed(name: str, folder: Path) -> tuple[float, float]:
    """Seconds, and peak memory in GB, of a process that does nothing else."""
    import duckdb  # noqa: F401 - loaded before the clock starts, as is ours

    from outcomes import derive  # noqa: F401

    begun = time.perf_counter()
    WORKS[name](folder)
    seconds = time.perf_counter() - begun
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # the largest of its workers, as many times as there were; it has them for ours only
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (os.cpu_count() or 1)
    return seconds, (own + workers) / 1024**2


def measure(folder: Path, name: str) -> tuple[float, float]:
    """Run one work in a fresh process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_timed, name, folder).result()


def rows() -> list[dict[str, object]]:
    """One line for each size and peer."""
    lines: list[dict[str, object]] = []
    for number in map(int, os.environ.get("OUTCOMES_BENCH_PATIENTS", SIZES).split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, number)
            found = {work: measure(folder, work) for work in WORKS}
        seconds, memory = found["ours"]
        for peer in ("duckdb", "pandas", "read"):
            other, others_memory = found[peer]
            lines.append(
                {
                    "work": "all derivations"
                    if peer != "read"
                    else "all derivations, against merely reading the columns",
                    "size": f"{number:,} patients, {number * SCORES:,} assessments",
                    "ours": "outcomes.derive",
                    "peer": {"duckdb": "DuckDB", "pandas": "pandas groupby", "read": "pandas"}[
                        peer
                    ],
                    "ours s": seconds,
                    "peer s": other,
                    "ratio": seconds / other,
                    "ours GB": memory,
                    "peer GB": others_memory,
                }
            )
    return lines
