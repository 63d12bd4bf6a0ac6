"""Means under drop-out: bias and coverage, with standard errors of three kinds."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from outcomes.analyses.window_means import ModelChoices, fit_window_means
from tests.drop_out import CAUSES, TRUTH, answers, scores

from .interval_censored import table

SEED = 7
REPLICATES = 600
SIZES = (30, 60, 120, 400)
LAST = 182
KINDS = {
    "observed information": ("satterthwaite", "observed"),
    "covariance taken as known": ("satterthwaite", "model"),
    "Kenward–Roger": ("kenward-roger-linear", "model"),
}


def replicate(rng: np.random.Generator, patients: int, cause: str) -> dict[str, float] | None:
    """Error and coverage of the mean in the last window; None where it has too few answers."""
    model = fit_window_means(answers(scores(rng, patients, cause)), ModelChoices())
    if model is None or LAST not in model.windows:
        return None
    weights = [[float(day == LAST) for day in model.windows]]
    found: dict[str, float] = {}
    for kind, (df, vcov) in KINDS.items():
        row = model.fit.contrast(weights, df=df, vcov=vcov).iloc[0]  # type: ignore[arg-type]
        found["error"] = row["estimate"] - TRUTH[-1]
        found[f"se {kind}"] = row["std_error"]
        found[kind] = row["conf_low"] <= TRUTH[-1] <= row["conf_high"]
    found["unstructured"] = model.covariance == "unstructured"
    return found


def summarise(patients: int, cause: str) -> dict[str, str]:
    """One line of the table."""
    rng = np.random.default_rng([SEED, patients, CAUSES.index(cause)])
    runs = (replicate(rng, patients, cause) for _ in range(REPLICATES))
    frame = pd.DataFrame([run for run in runs if run is not None]).astype(float)
    spread = frame["error"].std(ddof=1)
    line = {
        "left because of": cause,
        "patients": str(patients),
        "replicates": str(len(frame)),
        "unstructured": f"{frame['unstructured'].mean():.0%}",
        "bias": f"{frame['error'].mean():+.3f} ({spread / len(frame) ** 0.5:.3f})",
    }
    for kind in KINDS:
        ratio = frame[f"se {kind}"].mean() / spread
        line[kind] = f"{frame[kind].mean():.3f} (SE ratio {ratio:.2f})"
    return line


def section() -> str:
    """Section of docs/validation.md."""
    rows = [summarise(patients, cause) for cause in CAUSES for patients in SIZES]
    error = (0.95 * 0.05 / REPLICATES) ** 0.5
    return f"""## Means by window under drop-out

{dt.date.today().isoformat()}, seed {SEED}, {REPLICATES} replicates a line (fewer where the last
window had under 10 answers in some). Four windows, the mean of the last one estimated; about a
quarter leave at each step. Coverage of 95 % intervals, with a Monte Carlo error of {error:.3f},
and the mean standard error over the spread of the estimates. `tests/validate/trajectory.py`.

{table(pd.DataFrame(rows))}

Standard errors that take the covariance as known, Kenward–Roger's among them, are right where
people leave by chance, and too small where the last recorded score decides who leaves. Those from
the observed information are right in both. Nothing repairs drop-out by a score that was not
recorded: the bias is the reading.
"""
