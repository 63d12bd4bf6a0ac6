"""Drop-out at random and by reference: bias, standard errors and coverage of two imputations."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from outcomes.stats.imputation import Ancova, Imputation

from .interval_censored import table

SEED = 123
VISITS = 4
FORMULA = "score ~ arm * visit + base * visit"
ANALYSIS = Ancova("score", "visit", VISITS, "arm", "control", ["base"])
EFFECT = -0.3
SLOPE = -0.1


def cohort(
    rng: np.random.Generator, n: int, *, after: str = "mar", leave: float = 2.4
) -> pd.DataFrame:
    """Two arms over four visits; the higher the last score, the likelier to leave.

    `after` says what became of those who left: ``mar`` as those who stayed, or ``reference`` with
    the increments of the reference from then on, as jump to reference has it.
    """
    arm = rng.permutation(np.arange(n) % 2)
    base = rng.normal(6, 1.5, n)
    steps = np.arange(1, VISITS + 1)
    own = 2 + 0.5 * base[:, None] + (SLOPE + EFFECT * arm[:, None]) * steps
    reference = 2 + 0.5 * base[:, None] + SLOPE * steps
    noise = rng.normal(0, 0.8, (n, VISITS)) + rng.normal(0, 0.9, n)[:, None]
    y = own + noise
    gone = np.full(n, VISITS)
    for visit in range(1, VISITS):
        leaves = rng.random(n) < 1 / (1 + np.exp(leave - 0.5 * (y[:, visit - 1] - 4)))
        gone = np.where((gone == VISITS) & leaves, visit, gone)
        if after == "reference":
            now = (gone <= visit)[:, None] & (np.arange(VISITS) >= visit)
            y = np.where(now, reference + noise, y)
    rows = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), VISITS),
            "visit": np.tile(steps, n),
            "arm": np.where(np.repeat(arm, VISITS) == 1, "active", "control"),
            "base": np.repeat(base, VISITS),
            "truth": y.ravel(),
        }
    )
    seen = np.arange(VISITS) < gone[:, None]
    return rows.assign(score=rows["truth"].where(seen.ravel()))


def target(after: str, n: int = 200_000) -> float:
    """Effect at the last visit in a large cohort without missing outcomes."""
    rows = cohort(np.random.default_rng(SEED + 1), n, after=after)
    found = ANALYSIS(rows.assign(score=rows["truth"]))
    return float(found.estimate[0])


def compare(
    replicates: int,
    n: int,
    *,
    after: str,
    imputations: int = 20,
    n_target: int = 200_000,
    seed: int = SEED,
) -> pd.DataFrame:
    """Bias, spread, standard error and coverage of both methods, under two assumptions each."""
    rng = np.random.default_rng(seed)
    aim = target(after, n_target)
    strategies = ["mar", "jump-to-reference"]
    methods = ["multiple imputation", "conditional mean, jackknife"]
    found = np.empty((replicates, len(strategies), len(methods), 4))
    for r in range(replicates):
        data = cohort(rng, n, after=after)
        for i, strategy in enumerate(strategies):
            imputation = Imputation(
                FORMULA,
                data,
                subject="id",
                visit="visit",
                group="arm",
                reference="control",
                strategy=strategy,
            )
            tables = [
                imputation.multiple(ANALYSIS, imputations=imputations, seed=r),
                imputation.conditional_mean(ANALYSIS, groups=40, seed=r),
            ]
            for j, one in enumerate(tables):
                columns = ["estimate", "std_error", "conf_low", "conf_high"]
                found[r, i, j] = one.loc[0, columns].to_numpy(dtype=float)
    rows = []
    for i, strategy in enumerate(strategies):
        for j, method in enumerate(methods):
            estimate, error, low, high = found[:, i, j].T
            cover = float(((low <= aim) & (aim <= high)).mean())
            rows.append(
                {
                    "assumption": strategy,
                    "method": method,
                    "bias": estimate.mean() - aim,
                    "mc_error": estimate.std(ddof=1) / np.sqrt(replicates),
                    "sd": estimate.std(ddof=1),
                    "mean_se": error.mean(),
                    "coverage": cover,
                    "mc_error_coverage": np.sqrt(cover * (1 - cover) / replicates),
                }
            )
    return pd.DataFrame(rows)


def section() -> str:
    """Run the validation and write it up."""
    return f"""## Imputation of outcomes over visits

{dt.date.today().isoformat()}, seed {SEED}. Two arms of 60 over four visits, drop-out
likelier after a high score; effect at the last visit by covariance analysis, 400 replicates of 20
imputations, and conditional means with a jackknife of 40 groups (band 92.8–97.2 %).

Those who left went on as those who stayed:

{table(compare(400, 120, after="mar"))}

Those who left went on as the reference. Imputation by reference has no bias; Rubin's standard error
is that of information anchoring and wider than the spread, the jackknife's is the spread.

{table(compare(400, 120, after="reference"))}
"""
