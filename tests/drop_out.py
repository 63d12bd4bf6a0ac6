"""Scores of people who leave because of their scores, and whose true means are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAYS = np.array([0, 42, 84, 182])
TRUTH = np.array([7.0, 4.5, 4.0, 3.5])
SPREAD = np.array([1.5, 2.0, 2.0, 2.2])
CAUSES = ("last recorded", "not recorded", "chance")


def scores(rng: np.random.Generator, patients: int, cause: str) -> np.ndarray:
    """One row a patient and one column a day; missing after leaving.

    About a quarter leave at each step: because of the last recorded score (missing at random), of
    the score that is then not recorded (not at random), or by chance (completely at random).
    """
    covariance = (0.55 + 0.45 * np.eye(4)) * np.outer(SPREAD, SPREAD)
    full = TRUTH + rng.multivariate_normal(np.zeros(4), covariance, patients)
    seen = np.ones(full.shape, dtype=bool)
    for t in range(1, 4):
        above = {
            "last recorded": full[:, t - 1] - TRUTH[t - 1],
            "not recorded": full[:, t] - TRUTH[t],
            "chance": np.zeros(patients),
        }[cause]
        leaves = rng.random(patients) < 1 / (1 + np.exp(1.2 - 0.9 * above))
        seen[:, t] = seen[:, t - 1] & ~leaves
    return np.where(seen, full, np.nan)


def answers(values: np.ndarray) -> pd.DataFrame:
    """One row a patient and window with an answer, as the models take them."""
    row, column = np.nonzero(~np.isnan(values))
    return pd.DataFrame(
        {
            "patient_id": row.astype(str),
            "group": "",
            "window": DAYS[column],
            "value": values[row, column],
        }
    )
