"""Random slopes on irregular dates, against statsmodels MixedLM and R lme4.

Up to eight visits a subject, four groups, eight fixed effects, REML. Ours includes Satterthwaite's
degrees of freedom. statsmodels gets time in years, with which it does best, and runs up to 10,000
subjects; lme4 runs where ``Rscript`` with lme4 is installed. ``deviance gap`` is −2 log-likelihood
of ours minus the peer's: below zero the peer stopped short. Sizes can be given in
OUTCOMES_BENCH_PATIENTS, such as ``1000,100000``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from outcomes.stats.lmm import fit_lmm

SIZES = "1000,10000,100000"
STATSMODELS_LIMIT = 10_000
FORMULA = "y ~ t * g + x"
R_SCRIPT = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
time <- system.time(f <- suppressWarnings(lmer(y ~ t * g + x + (t | id), d)))
cat(time[["elapsed"]], sprintf("%.8f", -2 * as.numeric(logLik(f))))
"""


def made_up(subjects: int, *, grid: bool) -> pd.DataFrame:
    """Scores that fall at a rate of the subject's own; dates irregular unless on a grid."""
    draw = np.random.default_rng(1)
    visits = 8
    rows = subjects * visits
    i = np.repeat(np.arange(subjects), visits)
    weeks = np.tile(np.arange(visits) * 6.0, subjects)
    weeks = weeks if grid else weeks + draw.uniform(-2, 2, rows)
    group = draw.choice(list("abcd"), subjects)[i]
    x = draw.normal(size=subjects)[i]
    u = draw.multivariate_normal([0, 0], [[2.0, 0.02], [0.02, 0.004]], subjects)[i]
    y = 6 - 0.05 * weeks + 0.3 * x + 0.2 * (group == "b") + u[:, 0] + u[:, 1] * weeks
    y += 1.2 * draw.normal(size=rows)
    frame = pd.DataFrame({"id": i, "t": weeks / 52, "g": group, "x": x, "y": y})
    return frame[draw.random(rows) < 0.85].reset_index(drop=True)


def ours(data: pd.DataFrame) -> tuple[float, float]:
    """Seconds and deviance of our fit, coefficients with their df included."""
    start = time.perf_counter()
    fit = fit_lmm(FORMULA, data, subject="id", slope="t")
    fit.coefficients()
    return time.perf_counter() - start, fit.deviance


def statsmodels(data: pd.DataFrame) -> tuple[float, float]:
    """Seconds and deviance of MixedLM with its defaults."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm(FORMULA, data, groups="id", re_formula="~t").fit(reml=True)
    return time.perf_counter() - start, -2 * float(fit.llf)


def lme4(data: pd.DataFrame) -> tuple[float, float] | None:
    """Seconds and deviance of lmer, without reading the data; None where it is not installed."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        table, script = Path(name) / "data.csv", Path(name) / "fit.R"
        data.to_csv(table, index=False)
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(
            [program, str(script), str(table)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, deviance = map(float, done.stdout.split()[-2:])
    return seconds, deviance


def rows() -> list[dict[str, object]]:
    """One line for each size, kind of dates and peer."""
    fit_lmm(FORMULA, made_up(50, grid=False), subject="id", slope="t")  # imports are not the matter
    lines: list[dict[str, object]] = []
    for number in map(int, os.environ.get("OUTCOMES_BENCH_PATIENTS", SIZES).split(",")):
        for grid in (False, True):
            data = made_up(number, grid=grid)
            seconds, deviance = min(ours(data) for _ in range(3))
            peers = {"R lme4": lme4(data) if not grid else None}
            if number <= STATSMODELS_LIMIT and not grid:
                peers["statsmodels MixedLM"] = statsmodels(data)
            found = {name: result for name, result in peers.items() if result}
            for name, (other, theirs) in (found or {"none": (np.nan, np.nan)}).items():
                lines.append(
                    {
                        "work": "random slope, REML, Satterthwaite",
                        "size": f"{number:,} subjects, {len(data):,} rows, "
                        f"{'grid' if grid else 'irregular dates'}",
                        "ours": "outcomes.stats.lmm",
                        "peer": name,
                        "ours s": seconds,
                        "peer s": other,
                        "ratio": seconds / other,
                        "deviance gap": deviance - theirs,
                    }
                )
    return lines
