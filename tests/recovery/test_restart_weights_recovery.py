"""Going back to scheduled sessions because it hurts hides returns; weights bring them back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.restart_weights import RestartWeights
from outcomes.stats.interval_censored import fit_turnbull

MONTHS = 7


def cohort(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, float]:
    """Scores every four weeks; who hurts more goes back to scheduled sessions before it returns."""
    rng = np.random.default_rng(seed)
    slope = rng.normal(0.6, 0.6, n)
    score = np.clip(np.round(2 + np.outer(slope, np.arange(MONTHS + 1))), 0, 10)
    score += rng.integers(-1, 2, score.shape) * (score > 0)
    high = score >= 5
    month = np.where(high.any(axis=1), high.argmax(axis=1), np.inf)
    back = rng.random(score.shape) < 1 / (1 + np.exp(4.5 - 1.1 * score))
    # Decided after a score and before the next one.
    went = np.where(back.any(axis=1), back.argmax(axis=1) + 0.5, np.inf)
    seen = month < went
    right = np.where(seen, 4 * month, np.inf)
    left = np.where(seen, 4 * (month - 1), np.minimum(4 * np.floor(went), 4.0 * MONTHS))
    place, week = np.repeat(np.arange(n), 4 * MONTHS), np.tile(np.arange(1, 4 * MONTHS + 1), n)
    free = (week - 1 < right[place]) & (week - 1 < 4 * went[place])
    known = (week - 1) // 4
    weeks = pd.DataFrame(
        {
            "subject": place,
            "week": week,
            "last": score[place, known],
            "age": (week - 1) % 4,
            "restarted": (4 * went[place] <= week).astype(int),
        }
    )[free]
    return weeks.reset_index(drop=True), left, right, 4 * went, float((month <= 4).mean())


def test_weights_undo_restarting_because_of_pain() -> None:
    weeks, left, right, went, truth = cohort(6_000, 3)
    weights = RestartWeights(weeks, left, right, went, 1.0)
    assert weights.informative
    plain = fit_turnbull(left, right).cdf([16.0])["estimate"][0]
    weighted = weights.estimates(weights.whole, [16.0], 26.0)[0]
    assert plain < truth - 0.05
    assert abs(weighted - truth) < 0.03


def test_nobody_who_went_back_counts_afterwards() -> None:
    weeks, left, right, went, _ = cohort(800, 4)
    weights = RestartWeights(weeks, left, right, went, 1.0)
    w = weights.weights(weights.whole, 12.0)
    assert (w[(went < 12) & (right > 12)] == 0).all()
    assert (w[(went >= 12) | (right <= 12)] >= 1).all()
    draws = weights.resample([8.0, 16.0], 26.0, 20, 1)
    assert draws.replicates.shape == (20, 3)
    assert (draws.std_error > 0).all()
