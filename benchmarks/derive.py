"""Derivations from Parquet, against plain aggregation by patient in DuckDB and pandas.

Ours: reading, then sessions with episodes and phases, start, time zero, baseline, windows, cadence
at a landmark and at each session, headache days and responders. Peers: reading, then baseline, last
score, slope and gaps by patient, which is much less. Each runs in a process of its own, so that
peak memory is its own too. Sizes can be given in OUTCOMES_BENCH_PATIENTS, such as
``10000,1000000``.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

SCORES, SESSIONS, DIARY = 20, 10, 28
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
    """Write tables of so many patients, each patient's rows together as records are kept."""
    draw = np.random.default_rng(1)
    ids = pd.Series(np.char.add("P", np.char.zfill(np.arange(number).astype(str), 7)), dtype="str")
    begun = START + draw.integers(0, 365, number)

    def of(count: int) -> pd.Series:
        return ids.take(np.repeat(np.arange(number), count)).reset_index(drop=True)

    def dates(count: int, first: int, last: int) -> np.ndarray:
        after = np.sort(draw.integers(first, last, (number, count)), axis=1)
        return (begun[:, None] + after).ravel().astype("datetime64[us]")

    held = dates(SESSIONS, 0, 240)
    held[::SESSIONS] = begun.astype("datetime64[us]")
    codes = np.arange(number * SESSIONS).astype(str)
    frames = {
        "patients": pd.DataFrame({"patient_id": ids, "index_date": begun.astype("datetime64[us]")}),
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
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)


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


def ours(folder: Path) -> None:
    from outcomes import derive
    from outcomes.instruments import default_registry
    from outcomes.settings import CutPoints

    cuts, pain = CutPoints(), default_registry().get("nrs_pain")
    as_of = pd.Timestamp("2026-06-30")
    sessions = _read(folder, "sessions")
    start = derive.derive_start(_read(folder, "patients"), sessions, cuts)
    held = derive.derive_phases(
        derive.derive_sessions(sessions.drop(columns=["booked_on"]), cuts), cuts
    )
    derive.derive_time_zero(held, cuts, as_of)
    del held
    landmark = derive.landmark_dates(start, cuts.cadence_landmark, as_of)
    derive.cadence_at(landmark, sessions, start, cuts, as_of)
    derive.rolling_cadence(sessions, start, cuts)
    scores = _read(folder, "assessments")
    timing = derive.choose_timing(scores, start, "nrs_pain", cuts, as_of).timing
    windows = derive.derive_windows(
        scores, start, "nrs_pain", timing=timing, sessions=sessions, cuts=cuts, as_of=as_of
    )
    del scores, sessions
    count = len(cuts.windows)
    baseline = windows["value"].iloc[np.repeat(np.arange(len(start)) * count, count)]
    derive.derive_responder(baseline, windows["value"], pain, pain.threshold())
    del windows
    spans = pd.DataFrame(
        {
            "patient_id": start["patient_id"],
            "span": "first",
            "first": start["start"],
            "last": start["start"] + pd.Timedelta(days=27),
        }
    )
    derive.derive_headache_days(_read(folder, "headache_diary"), None, spans, cuts)


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
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def measure(folder: Path, name: str) -> tuple[float, float]:
    """Run one work in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (name, folder))


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
