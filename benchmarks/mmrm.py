"""Mixed models for repeated measures, unstructured covariance, against R mmrm and others.

Eight visits, four groups, a baseline score with a slope at each visit (40 coefficients), 13 % of
visits missing, REML. "Sums" is the pass over integer codes that are sorted, "from sums" the fit
after it, "from a frame" everything from a pandas frame, the formula included. R mmrm fits the same
model; statsmodels and lme4 have no such covariance and fit a random slope over time, the nearest
they can. ``deviance gap`` is −2 log-likelihood of ours minus the peer's where the models are the
same: below zero the peer stopped short. ``peak memory`` is what our pass takes besides the data, in
multiples of the data. Sizes can be given in OUTCOMES_BENCH_PATIENTS, such as ``1000,100000``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from outcomes.stats.mmrm import MmrmResult, MmrmStatistics, fit_mmrm

SIZES = "1000,10000,100000,1000000"
STATSMODELS_LIMIT, R_LIMIT, R_KENWARD_ROGER_LIMIT = 10_000, 100_000, 10_000
FORMULA = "y ~ g * visit + x * visit"
LEVELS = {"visit": list(range(8)), "g": list("abcd")}
R_SCRIPT = """
suppressMessages({library(PACKAGE)})
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
d$visit <- factor(d$visit); d$id <- factor(d$id); d$g <- factor(d$g); d$t <- as.numeric(d$visit)
time <- system.time({f <- suppressWarnings(CALL); s <- summary(f)})
cat(time[["elapsed"]], sprintf("%.8f", -2 * as.numeric(logLik(f))))
"""
R_CALL = 'mmrm(y ~ g * visit + x * visit + us(visit | id), d, method = "METHOD")'


def made_up(subjects: int) -> dict[str, np.ndarray]:
    """Scores of four groups as sorted arrays; small integers for what is coded."""
    draw = np.random.default_rng(1)
    visits = 8
    group = draw.integers(0, 4, subjects).astype(np.int8)
    x = draw.normal(6, 2, subjects)
    mean = 0.6 * x[:, None] - 0.1 * group[:, None] * np.arange(visits)
    error = draw.normal(size=(subjects, 1)) + draw.normal(size=(subjects, visits))
    keep = draw.random((subjects, visits)) > 0.15
    keep[:, 0] = True
    i, visit = np.nonzero(keep)
    return {
        "y": (mean + error * np.linspace(0.8, 1.4, visits))[keep],
        "id": i.astype(np.int32),
        "visit": visit.astype(np.int8),
        "g": group[i],
        "x": x[i],
    }


def sums(data: dict[str, np.ndarray]) -> MmrmStatistics:
    return MmrmStatistics.from_codes(FORMULA, data, subject="id", visit="visit", levels=LEVELS)


def frame_of(data: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame(data).assign(g=pd.Categorical.from_codes(data["g"], LEVELS["g"]))


def with_coefficients(model: MmrmResult, df: str) -> MmrmResult:
    model.coefficients(df=df)  # type: ignore[arg-type]
    return model


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Least seconds of several goes, and the last result."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def peak(work: Callable[[], object]) -> int:
    """Bytes taken at most while working."""
    tracemalloc.start()
    work()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return taken


def statsmodels(data: pd.DataFrame) -> float:
    """Seconds of a random slope over time with MixedLM's defaults."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = data.assign(t=data["visit"] / 7)
        smf.mixedlm("y ~ g * C(visit) + x * C(visit)", data, groups="id", re_formula="~t").fit(
            reml=True
        )
    return time.perf_counter() - start


def in_r(data: pd.DataFrame, package: str, call: str) -> tuple[float, float] | None:
    """Seconds and deviance of a call in R, without reading the data; None where it cannot run."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        csv, script = Path(name) / "data.csv", Path(name) / "fit.R"
        data.to_csv(csv, index=False)
        text = R_SCRIPT.replace("PACKAGE", package).replace("CALL", call)
        script.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [program, str(script), str(csv)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, deviance = map(float, done.stdout.split()[-2:])
    return seconds, deviance


def line(work: str, size: str, seconds: float, **more: object) -> dict[str, object]:
    other = more.pop("peer s", None)
    peer = more.pop("peer", "none")
    return {
        "work": work,
        "size": size,
        "ours": "outcomes.stats.mmrm",
        "peer": peer,
        "ours s": seconds,
        "peer s": other,
        "ratio": seconds / other if isinstance(other, float) else None,
        **more,
    }


def rows() -> list[dict[str, object]]:
    """Time sums, fits from sums and fits from a frame at each size, and peers in the same run."""
    fit_mmrm(sums(made_up(500))).coefficients()  # imports are not the matter
    lines: list[dict[str, object]] = []
    for number in map(int, os.environ.get("OUTCOMES_BENCH_PATIENTS", SIZES).split(",")):
        data = made_up(number)
        size = f"{number:,} subjects, {len(data['y']):,} rows"
        seconds, statistics = best(lambda data=data: sums(data))
        bytes_of_data = sum(values.nbytes for values in data.values())
        memory = peak(lambda data=data: sums(data)) / bytes_of_data
        lines.append(line("sums", size, seconds, **{"peak memory": memory}))
        for name, df in (("Satterthwaite", "satterthwaite"), ("Kenward–Roger", "kenward-roger")):
            seconds, _ = best(lambda s=statistics, df=df: with_coefficients(fit_mmrm(s), df))
            lines.append(line(f"from sums, {name}", size, seconds))
        frame = frame_of(data)
        for name, df in (("Satterthwaite", "satterthwaite"), ("Kenward–Roger", "kenward-roger")):
            seconds, model = best(
                lambda f=frame, df=df: with_coefficients(
                    fit_mmrm(FORMULA, f, subject="id", visit="visit"), df
                )
            )
            call = R_CALL.replace("METHOD", name.replace("–", "-"))
            limit = R_LIMIT if df == "satterthwaite" else R_KENWARD_ROGER_LIMIT
            found = in_r(frame, "mmrm", call) if number <= limit else None
            more: dict[str, object] = {}
            if found:
                gap = -2 * model.log_likelihood - found[1]
                more = {"peer": "R mmrm", "peer s": found[0], "deviance gap": gap}
            lines.append(line(f"from a frame, {name}", size, seconds, **more))
        lme4 = "lmer(y ~ g * visit + x * visit + (t | id), d)"
        found = in_r(frame, "lme4", lme4) if number <= R_LIMIT else None
        others = {"R lme4, random slope": found[0] if found else None}
        if number <= STATSMODELS_LIMIT:
            others["statsmodels MixedLM, random slope"] = statsmodels(frame)
        seconds = float(str(lines[-2]["ours s"]))
        for peer, other in others.items():
            if other is not None:
                work = "from a frame, Satterthwaite"
                lines.append(line(work, size, seconds, **{"peer": peer, "peer s": other}))
    return lines
