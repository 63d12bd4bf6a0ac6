"""Pain return: brackets from home scores, and what visits alone make of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.simulate import SCENARIOS, intervene
from outcomes.stats.interval_censored import fit_aft, fit_turnbull

from .interval_censored import table

SEED = 17_000
WEEKS = 52
LEFT_AT, RETURNED = 4.0, 5.0
TIMES = (4.0, 8.0, 17.0)


def returns(seed: int, patients: int) -> np.ndarray:
    """Weeks until pain reaches the threshold without any session; infinite if it does not."""
    spec = replace(SCENARIOS["effect"], blocks=WEEKS // 4, truth_patients=patients, seed=seed)
    pain = intervene(spec, "none", own_clinics=False).course.pain[:, 6:]
    pain = pain[pain[:, 0] < LEFT_AT, 1 : WEEKS + 1]
    reached = pain >= RETURNED
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def looked(times: np.ndarray, looks: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Last look before the return, and first look at or after it."""
    left = np.where(held & (looks < times[:, None]), looks, 0.0).max(axis=1)
    right = np.where(held & (looks >= times[:, None]), looks, np.inf).min(axis=1)
    return left, right


def estimates(rng: np.random.Generator, times: np.ndarray) -> dict[str, np.ndarray]:
    """F(t) from home scores once a month, and from visits, by each way of counting."""
    n, at = len(times), np.array(TIMES)
    months = np.arange(4.0, WEEKS + 1, 4)
    left, right = looked(times, months, rng.random((n, len(months))) < 0.7)
    data = pd.DataFrame({"left": left, "right": right})
    weeks = np.arange(1.0, WEEKS + 1)
    chance = np.where(weeks >= times[:, None], 0.30, 0.03)
    visit_left, visit_right = looked(times, weeks, rng.random((n, WEEKS)) < chance)
    return {
        "home scores, Turnbull": fit_turnbull(left, right).cdf(at)["estimate"].to_numpy(),
        "home scores, log-normal": fit_aft("~ 1", data, left="left", right="right")
        .mean_cdf(at)["estimate"]
        .to_numpy(),
        "visits, Turnbull": fit_turnbull(visit_left, visit_right).cdf(at)["high"].to_numpy(),
        "visits, when found": (visit_right[:, None] <= at).mean(axis=0),
    }


def errors(replicates: int, patients: int = 3_000) -> pd.DataFrame:
    """Mean difference of each from the share of the same patients that has returned."""
    found: dict[str, list[np.ndarray]] = {}
    truth = []
    for number in range(replicates):
        times = returns(SEED + number, patients)
        own = (times[:, None] <= np.array(TIMES)).mean(axis=0)
        truth.append(own)
        rng = np.random.default_rng([SEED, number])
        for name, values in estimates(rng, times).items():
            found.setdefault(name, []).append(values - own)
    rows = []
    for name, kept in found.items():
        apart = np.array(kept)
        row: dict[str, object] = {"estimator": name}
        for j, time in enumerate(TIMES):
            row[f"F({time:g})"] = float(apart[:, j].mean())
            row[f"mc error {time:g}"] = float(apart[:, j].std(ddof=1) / np.sqrt(replicates))
        rows.append(row)
    shares = np.array(truth).mean(axis=0)
    rows.append(
        {"estimator": "truth"} | {f"F({t:g})": float(shares[j]) for j, t in enumerate(TIMES)}
    )
    return pd.DataFrame(rows)


def section() -> str:
    """Run the validation and write it up."""
    return f"""## Pain return

{dt.date.today().isoformat()}, seed {SEED}. 25 cohorts of 3,000 patients without any session after
week 6, those whose pain was then under {LEFT_AT:g}; return is the first week at {RETURNED:g} or
more. Home scores every four weeks, 70 % answered; visits in 3 % of weeks before the return and 30 %
after it. Mean error of the share that has returned; F(17) from home scores must lie within .015,
and visits must hold the truth between them.

{table(errors(25))}
"""
