"""A comparison of schedules: all of it on the sample, and one fit of many patients.

The full comparison has three strategies, two horizons, all outcomes, the sensitivity panel and 500
resamples in which every model is refitted; there is nothing else that does all this to hold it
against. One fit is that of 8,000 eligible patients, simulated, over 13 blocks: schedule, staying
and answering, from nothing, then the weights of all clones and the means of both estimators. The
same three models are fitted by statsmodels on the same matrices. Seconds are of all cores together
(processor) and on the clock; resamples run on as many threads as there are cores. ``load`` is how
many processes wanted a core meanwhile: with more than there are cores the clock says little.
Another number of resamples can be given in OUTCOMES_BENCH_RESAMPLES, of patients in
OUTCOMES_BENCH_PATIENTS.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels.api as sm

from outcomes.analyses import estimate_maintenance_schedules
from outcomes.analyses.maintenance_schedules import settled_spec
from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.io import read_tables
from outcomes.simulate import SCENARIOS, simulate_latent
from outcomes.stats.one_thread import one_thread_each
from tests.validate._schedules import comparison_of

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
BLOCKS = 13


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Processor seconds, and seconds on the clock."""
    clock, used = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - used, time.perf_counter() - clock


def load() -> float:
    """Count processes that wanted a core in the last minute; missing on Windows."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def peer(comparison: Comparison) -> None:
    """Fit the same models with statsmodels; Newton, as it does unless told otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in comparison.models.models.parts:
            X = part.denominator.columns.matrix(slice(None))
            model = sm.MNLogit if len(part.denominator.levels) > 2 else sm.Logit
            model(part.denominator.outcome, X).fit(disp=False)


def full(resamples: int) -> dict[str, object]:
    """Time everything that a report shows of the comparison."""
    tables = read_tables(SAMPLE)
    spec = replace(settled_spec(tables.settings), bootstraps=resamples)
    # imports, and what is derived once for all analyses, are not the matter
    estimate_maintenance_schedules(tables, replace(spec, bootstraps=0, sensitivity=False))
    used, clock = timed(lambda: estimate_maintenance_schedules(tables, spec))
    return {
        "work": f"full comparison, three strategies, {resamples} resamples",
        "size": f"sample, {len(tables.patients):,} patients",
        "ours s": used,
        "ours s on the clock": clock,
        "load": load(),
        "peer": "none",
    }


def one(patients: int) -> list[dict[str, object]]:
    """Time one fit of many patients."""
    latent = simulate_latent(replace(SCENARIOS["effect"], patients=patients, blocks=BLOCKS, seed=7))
    comparison = comparison_of(latent, BLOCKS - 3)
    size = f"{comparison.grid.n:,} patients, {BLOCKS} blocks"
    with one_thread_each():
        models = min(timed(comparison.models.fit) for _ in range(3))
        other = min(timed(lambda: peer(comparison)) for _ in range(2))
        whole = min(timed(lambda: comparison.vector(comparison.models.fit())) for _ in range(3))
        start = comparison.models.fit()
        counts = np.bincount(
            np.random.default_rng(1).integers(0, comparison.grid.n, comparison.grid.n),
            minlength=comparison.grid.n,
        ).astype(float)
        again = min(
            timed(lambda: comparison.vector(comparison.models.fit(counts, start), counts))
            for _ in range(3)
        )
    lines: list[dict[str, object]] = []
    for work, found, theirs in (
        ("three weight models, one fit", models, other),
        ("the same, all weights, both estimators", whole, None),
        ("the same of a resample", again, None),
    ):
        line = {"work": work, "size": size, "ours s": found[0], "ours s on the clock": found[1]}
        line["load"] = load()
        line["peer"] = "statsmodels MNLogit, Logit" if theirs else "none"
        if theirs:
            line |= {"peer s": theirs[0], "ratio": found[0] / theirs[0]}
        lines.append(line)
    return lines


def rows() -> list[dict[str, object]]:
    """One line for the full comparison, and three for one fit."""
    resamples = int(os.environ.get("OUTCOMES_BENCH_RESAMPLES", "500"))
    patients = int(os.environ.get("OUTCOMES_BENCH_PATIENTS", "8800").split(",")[0])
    return [full(resamples), *one(patients)]
