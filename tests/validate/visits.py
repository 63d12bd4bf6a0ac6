"""Visits that come because of the last score, and visits that come because of the present one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from outcomes.stats.bootstrap import bootstrap
from outcomes.stats.visits import at_random_test, irregularity, visit_decision, visit_grid
from outcomes.stats.weights import WeightModels, weighted_mean

from .interval_censored import table

SEED = 122
WEEKS = 26
INTENSITY = "last_score"


def cohort(
    rng: np.random.Generator, n: int, *, at_random: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Visits, follow-up with answers from home, and the mean score over all subjects and weeks."""
    level = 4 + rng.normal(size=n)
    score = level + rng.normal(size=n)
    last = score + 0.5 * rng.normal(size=n)
    visits = [pd.DataFrame({"id": np.arange(n), "time": 0.0, "score": last})]
    home, total = [], 0.0
    for week in range(1, WEEKS + 1):
        score = score + 0.25 * (level - score) + 0.7 * rng.normal(size=n)
        total += score.mean() / WEEKS
        driver = last if at_random else score
        came = rng.random(n) < 1 / (1 + np.exp(5.0 - 0.7 * driver))
        measured = score + 0.5 * rng.normal(size=n)
        visits.append(pd.DataFrame({"id": np.arange(n), "time": week, "score": measured})[came])
        if week % 4 == 0:
            home.append(pd.DataFrame({"id": np.arange(n), "week": week, "home": score}))
        last = np.where(came, measured, last)
    people = pd.DataFrame({"id": np.arange(n), "end": float(WEEKS)})
    return pd.concat(visits), people.merge(pd.concat(home), on="id"), total


class Average:
    """Mean score over all weeks, from the weeks with a visit."""

    def __init__(self, visits: pd.DataFrame, people: pd.DataFrame) -> None:
        follow_up = people[["id", "end"]].drop_duplicates()
        self.grid = visit_grid(
            visits, follow_up, subject="id", time="time", end="end", values=["score"]
        )
        home = people[["id", "week", "home"]]
        self.grid = self.grid.merge(home, on=["id", "week"], how="left")
        self.models = WeightModels(
            self.grid, [visit_decision(INTENSITY)], subject="id", period="week"
        )
        self.whole = self.models.fit()

    def refit(self, counts: np.ndarray) -> float:
        """Everything again for a resample."""
        fit = self.models.fit(counts, start=self.whole)
        return weighted_mean(self.grid["score"], fit.weights * counts[self.models.unit])[0]


def bias(replicates: int, n: int, *, at_random: bool = True, seed: int = SEED) -> pd.DataFrame:
    """Mean error of the weighted and the plain mean, and how often the test says not at random."""
    rng = np.random.default_rng(seed)
    found = np.empty((replicates, 2))
    flagged = np.empty(replicates)
    for r in range(replicates):
        visits, people, target = cohort(rng, n, at_random=at_random)
        average = Average(visits, people)
        seen = average.grid["visit"].astype(float)
        found[r, 0] = weighted_mean(average.grid["score"], average.whole.weights)[0] - target
        found[r, 1] = weighted_mean(average.grid["score"], seen)[0] - target
        test = at_random_test(average.grid, INTENSITY, "home", subject="id")
        flagged[r] = test["p_value"] < 0.05
    return pd.DataFrame(
        {
            "estimator": ["inverse intensity", "plain mean of visits"],
            "bias": found.mean(axis=0),
            "mc_error": found.std(axis=0, ddof=1) / np.sqrt(replicates),
            "said not at random": flagged.mean(),
        }
    )


def coverage(replicates: int, n: int, resamples: int, seed: int = SEED) -> pd.DataFrame:
    """Coverage of 95 % bootstrap limits of the average over all weeks."""
    rng = np.random.default_rng(seed)
    target = np.mean([cohort(np.random.default_rng(i), 4000)[2] for i in range(20)])
    cover = np.empty(replicates)
    for r in range(replicates):
        visits, people, _ = cohort(rng, n)
        average = Average(visits, people)
        draws = bootstrap(
            average.refit, average.models.n_subjects, replicates=resamples, seed=r, workers=1
        )
        low, high = draws.interval(kind="normal")
        cover[r] = low[0] <= target <= high[0]
    share = cover.mean()
    return pd.DataFrame(
        {"coverage": [share], "mc_error": [np.sqrt(share * (1 - share) / replicates)]}
    )


def irregularity_of_known_processes(seed: int = SEED, n: int = 1500) -> pd.DataFrame:
    """Area of visits by protocol, jittered protocol, Poisson, and in clusters."""
    rng = np.random.default_rng(seed)
    everyone = pd.Series(1.0, index=range(n))
    planned = np.arange(1, 9) / 8.5
    who = np.repeat(np.arange(n), 8)
    chance = np.repeat(np.arange(n), rng.poisson(8, n))
    rate = np.repeat(np.arange(n), rng.poisson(rng.gamma(0.7, 8 / 0.7, n)))
    rows = {
        "protocol kept": (who, np.tile(planned, n), None),
        "protocol, within a quarter of the gap": (
            who,
            np.tile(planned, n) + rng.uniform(-0.25, 0.25, len(who)) / 8.5,
            planned,
        ),
        "Poisson": (chance, 1 - rng.random(len(chance)), None),
        "some often, some hardly": (rate, 1 - rng.random(len(rate)), None),
    }
    found = [
        (name, *_area(subject, time, everyone, scheduled))
        for name, (subject, time, scheduled) in rows.items()
    ]
    return pd.DataFrame(found, columns=["visits", "area", "transformed"])


def _area(
    subject: np.ndarray, time: np.ndarray, everyone: pd.Series, scheduled: np.ndarray | None
) -> tuple[float, float]:
    found = irregularity(
        subject,
        time,
        end=1.0,
        follow_up=everyone,
        scheduled=None if scheduled is None else list(scheduled),
        most_bins=80,
    )
    return found.auc, found.transformed


def section() -> str:
    """Run the validation and write it up."""
    return f"""## Visits when they are wanted

{dt.date.today().isoformat()}, seed {SEED}. {WEEKS} weeks; the mean score over all of them from the
weeks with a visit. n = 1,000, 200 replicates. The chance to come follows the last recorded score:

{table(bias(200, 1000))}

The chance to come follows the present score, which no visit shows beforehand: weights fail, and
answers from home say so.

{table(bias(200, 1000, at_random=False))}

Coverage of 95 % bootstrap limits, visits at random, n = 300, 400 replicates of 100 resamples (band
92.8–97.2 %):

{table(coverage(400, 300, 100))}

Irregularity of known processes (0: protocol, 0.25: Poisson):

{table(irregularity_of_known_processes())}
"""
