"""Immortal time: classing people by the sessions they came to have makes effects out of nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from outcomes.stats.strategies import clone_weights, follow
from outcomes.stats.weights import Decision, WeightModels

from ._schedules import keep_runs
from .interval_censored import table

SEED = 26_000
WEEKS, DECIDED = 26, 12
BLOCK = 4


def cohort(rng: np.random.Generator, n: int, effect: float) -> dict[str, np.ndarray]:
    """Weekly sessions that depend on who one is, and a return of pain that may depend on them."""
    x = rng.normal(size=n)
    keen = rng.random(n) < 1 / (1 + np.exp(-(0.2 + 0.5 * x)))
    session, returned = np.zeros((n, WEEKS), bool), np.full(n, WEEKS + 1)
    recent = np.zeros(n)
    for week in range(WEEKS):
        here = returned > week
        session[:, week] = here & (rng.random(n) < np.where(keen, 0.38, 0.05))
        recent = 0.8 * recent + session[:, week]
        hazard = 0.025 * np.exp(0.5 * x + effect * (recent > 0))
        returned = np.where(here & (rng.random(n) < hazard), week, returned)
    return {"x": x, "keen": keen.astype(float), "session": session, "returned": returned}


def truth(rng: np.random.Generator, n: int, effect: float) -> float:
    """Risk difference had everyone come in each block, in a random week without one, or never."""
    x = rng.normal(size=n)
    risks = []
    for comes in (True, False):
        recent, free = np.zeros(n), np.ones(n)
        had = np.zeros(n, bool)
        keen = rng.random(n) < 1 / (1 + np.exp(-(0.2 + 0.5 * x)))
        for week in range(WEEKS):
            now = rng.random(n) < np.where(keen, 0.38, 0.05)
            had = had & (week % BLOCK != 0)
            if week < DECIDED:
                due = (week % BLOCK == BLOCK - 1) & ~had
                now = (now | due) if comes else np.zeros(n, bool)
            had |= now
            recent = 0.8 * recent + now
            free *= 1 - 0.025 * np.exp(0.5 * x + effect * (recent > 0))
        risks.append(1 - free.mean())
    return risks[0] - risks[1]


def weights_of(
    data: dict[str, np.ndarray], formula: str, came: np.ndarray, alive: np.ndarray, code: int
) -> np.ndarray:
    """Weights through each period of clones that must have a session in all of them, or in none."""
    n, periods = came.shape
    person, period = np.nonzero(alive)
    so_far = (came.cumsum(axis=1) - came) / np.maximum(np.arange(periods), 1)
    rows = pd.DataFrame(
        {
            "id": person,
            "period": period,
            "x": data["x"][person],
            "keen": data["keen"][person],
            "came": came[person, period].astype(int),
            "share": so_far[person, period],
        }
    )
    decision = Decision("came", "came", formula, None)
    models = WeightModels(rows, [decision], subject="id", period="period")
    chance = np.full((n, periods, 2), 0.5)
    chance[person, period] = models.fit().probabilities["came"]
    codes = np.where(alive, came.astype(int), -1)
    return clone_weights(follow(codes, [code]), [code], chance)


def clones_risk(data: dict[str, np.ndarray], formula: str) -> tuple[float, float, float]:
    """Risk difference by clones, weights and censoring; naive; and from a landmark at week 12."""
    session, returned = data["session"][:, :DECIDED], data["returned"]
    n, blocks = len(returned), DECIDED // BLOCK
    # Coming is judged when a block is over, of those who have not returned; staying away weekly.
    came = session.reshape(n, blocks, BLOCK).any(axis=2)
    over = returned[:, None] >= BLOCK * np.arange(1, blocks + 1)
    through = weights_of(data, formula, came, over, 1)
    coming = np.ones((n, WEEKS))
    for block in range(blocks):
        coming[:, BLOCK * (block + 1) :] = through[:, [block]]
    away = weights_of(data, formula, session, returned[:, None] >= np.arange(DECIDED), 0)
    away = np.concatenate([away, np.repeat(away[:, -1:], WEEKS - DECIDED, axis=1)], axis=1)
    risks = []
    for weights in (coming, away):
        free = 1.0
        for week in range(WEEKS):
            here = weights[:, week] * (returned >= week)
            free *= 1 - here[returned == week].sum() / here.sum()
        risks.append(1 - free)
    event = returned < WEEKS
    every, none = came.all(axis=1), ~came.any(axis=1)
    naive = event[every].mean() - event[none].mean()
    there = returned >= DECIDED
    landmark = event[every & there].mean() - event[none & there].mean()
    return risks[0] - risks[1], float(naive), float(landmark)


def run(effect: float, total: int, n: int = 5_000) -> pd.DataFrame:
    """Replicates of one scenario."""

    def one(number: int) -> dict[str, Any]:
        data = cohort(np.random.default_rng([SEED, number]), n, effect)
        seen = clones_risk(data, "C(period) * share + x")
        told = clones_risk(data, "x * keen")
        return {
            "intention recorded": told[0],
            "intention not recorded": seen[0],
            "sessions had by week 12": seen[1],
            "the same, from a landmark": seen[2],
        }

    return keep_runs(f"immortal_time_{effect:g}", total, one)


def section() -> str:
    """Run the validation and write it up."""
    parts = [
        f"""## Immortal time

{dt.date.today().isoformat()}, seed {SEED}. Risk of return by week 26 of 5,000 people, a session in
each of the first three four-week blocks against none; 400 replicates. Who means to come differs.
"""
    ]
    for effect, name in ((0.0, "no effect"), (-0.7, "an effect")):
        runs = run(effect, 400)
        target = truth(np.random.default_rng(SEED), 400_000, effect)
        rows = [
            {
                "estimator": column,
                "mean risk difference": f"{runs[column].mean():+.4f}",
                "mc error": f"{runs[column].std(ddof=1) / np.sqrt(len(runs)):.4f}",
            }
            for column in runs
        ]
        parts.append(f"Scenario {name}, truth {target:+.4f}:\n\n{table(pd.DataFrame(rows))}\n")
    return "\n".join(parts)
