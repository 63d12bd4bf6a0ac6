"""Means by window on cohorts whose true means are known, when people leave because of their scores.

Drop-out follows the last recorded score, as in a clinic where the well and the disappointed stop
coming. The model must recover the mean of everybody; the completers' mean must be seen to miss it.
Where drop-out follows the score that was not recorded, the model must be seen to miss it too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.observed import completers_of, means_of_sums, sum_answers
from outcomes.analyses.window_means import ModelChoices, fit_window_means
from tests.drop_out import TRUTH, answers, scores

REPLICATES, PATIENTS = 150, 200


def run(seed: int, replicates: int, cause: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(replicates):
        given = answers(scores(rng, PATIENTS, cause))
        model = fit_window_means(given, ModelChoices())
        assert model is not None and model.covariance == "unstructured"
        mean = model.means([182]).iloc[0]
        change = model.changes([182]).iloc[0]
        usual = model.fit.contrast([[0, 0, 0, 1]]).iloc[0]
        stayed = means_of_sums(sum_answers(completers_of(given, {"": 182})), 0.0)
        stayed = stayed.set_index("window")
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
    return run(20260714, REPLICATES, "last recorded")


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
    missing_not_at_random = run(7, 30, "not recorded")
    assert missing_not_at_random["mean"].mean() < -0.3
    assert missing_not_at_random["covers"].mean() < 0.8
