"""Means by window on cohorts whose true means are known, when people leave because of their scores.

Drop-out follows the last recorded score, as in a clinic where the well and the disappointed stop
coming. The model must recover the mean of everybody; the completers' mean must be seen to miss it.
Where drop-out follows the score that was not recorded, the model must be seen to miss it too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.observed import completers_means
from outcomes.analyses.window_means import ModelChoices, fit_window_means

DAYS = np.array([0, 42, 84, 182])
TRUTH = np.array([7.0, 4.5, 4.0, 3.5])
SPREAD = np.array([1.5, 2.0, 2.0, 2.2])
REPLICATES, PATIENTS = 150, 200


def one_cohort(rng: np.random.Generator, *, by_recorded: bool) -> np.ndarray:
    """Scores with the tail of those who left missing."""
    correlation = 0.55 + 0.45 * np.eye(4)
    covariance = correlation * np.outer(SPREAD, SPREAD)
    full = TRUTH + rng.multivariate_normal(np.zeros(4), covariance, PATIENTS)
    seen = np.ones(full.shape, dtype=bool)
    for t in range(1, 4):
        cause = full[:, t - 1] if by_recorded else full[:, t]
        usual = TRUTH[t - 1] if by_recorded else TRUTH[t]
        leaves = rng.random(PATIENTS) < 1 / (1 + np.exp(1.2 - 0.9 * (cause - usual)))
        seen[:, t] = seen[:, t - 1] & ~leaves
    return np.where(seen, full, np.nan)


def answers_of(scores: np.ndarray) -> pd.DataFrame:
    row, column = np.nonzero(~np.isnan(scores))
    return pd.DataFrame(
        {
            "patient_id": row.astype(str),
            "group": "",
            "window": DAYS[column],
            "value": scores[row, column],
        }
    )


def run(seed: int, replicates: int, *, by_recorded: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(replicates):
        answers = answers_of(one_cohort(rng, by_recorded=by_recorded))
        model = fit_window_means(answers, ModelChoices())
        assert model is not None and model.covariance == "unstructured"
        mean = model.means([182]).iloc[0]
        change = model.changes([182]).iloc[0]
        usual = model.fit.contrast([[0, 0, 0, 1]]).iloc[0]
        stayed = completers_means(answers, {"": 182}).set_index("window")
        rows.append(
            {
                "mean": mean["estimate"] - TRUTH[3],
                "std_error": mean["std_error"],
                "covers": mean["conf_low"] <= TRUTH[3] <= mean["conf_high"],
                "change": change["estimate"] - (TRUTH[3] - TRUTH[0]),
                "change_covers": change["conf_low"] <= TRUTH[3] - TRUTH[0] <= change["conf_high"],
                "usual_covers": usual["conf_low"] <= TRUTH[3] <= usual["conf_high"],
                "completers": stayed.loc[182, "estimate"] - TRUTH[3],
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def missing_at_random() -> pd.DataFrame:
    return run(20260714, REPLICATES, by_recorded=True)


def test_the_model_recovers_the_mean_of_everybody(missing_at_random: pd.DataFrame) -> None:
    for term in ("mean", "change"):
        error = missing_at_random[term].std(ddof=1) / REPLICATES**0.5
        assert abs(missing_at_random[term].mean()) < 3 * error, term
        assert abs(missing_at_random[term].mean()) < 0.1, term


def test_the_completers_miss_it(missing_at_random: pd.DataFrame) -> None:
    # Those with high scores left, so those who stayed look better than everybody is.
    assert missing_at_random["completers"].mean() < -0.5


def test_intervals_cover_as_often_as_they_say(missing_at_random: pd.DataFrame) -> None:
    # 95 % ± 3 Monte Carlo standard errors at 150 replicates.
    for term in ("covers", "change_covers"):
        assert missing_at_random[term].mean() >= 0.896, term


def test_taking_the_covariance_as_known_would_cover_too_seldom(
    missing_at_random: pd.DataFrame,
) -> None:
    # The usual standard errors of mixed models are for visits missing completely at random.
    assert missing_at_random["usual_covers"].mean() < 0.896


def test_standard_errors_are_the_spread_of_the_estimates(missing_at_random: pd.DataFrame) -> None:
    ratio = missing_at_random["std_error"].mean() / missing_at_random["mean"].std(ddof=1)
    # The spread itself is known to 1/√(2 · 150) = 6 %.
    assert 0.83 < ratio < 1.2


def test_drop_out_by_what_was_not_recorded_is_not_repaired() -> None:
    missing_not_at_random = run(7, 30, by_recorded=False)
    assert missing_not_at_random["mean"].mean() < -0.3
    assert missing_not_at_random["covers"].mean() < 0.8
