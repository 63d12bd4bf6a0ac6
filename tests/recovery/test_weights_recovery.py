"""Under time-varying confounding the weights recover the truth and the tempting ways do not."""

from __future__ import annotations

import numpy as np

from outcomes.stats.bootstrap import bootstrap
from tests.validate.weights import Contrast, bias, cohort, coverage


def test_weights_recover_and_the_rest_does_not() -> None:
    for effect in (-0.6, 0.0):
        found = bias(30, 1200, effect=effect).set_index("estimator")
        for good in ("weights", "calibrated"):
            assert abs(found.loc[good, "bias"]) < 3.5 * found.loc[good, "mc_error"] + 0.02
        for bad in ("confounder left out", "followers unweighted"):
            assert found.loc[bad, "bias"] > 0.25


def test_refitting_bootstrap_knows_the_spread_between_cohorts() -> None:
    rng = np.random.default_rng(8)
    contrasts = [Contrast(cohort(rng, 1200)) for _ in range(60)]
    between = np.std([each.from_weights(each.whole.weights)[0] for each in contrasts], ddof=1)
    within = [
        bootstrap(each.refit, each.models.n_subjects, replicates=40, seed=1).std_error[0]
        for each in contrasts[:4]
    ]
    assert 0.65 < np.mean(within) / between < 1.4


def test_intervals_of_the_validation_hold_their_estimate() -> None:
    found = coverage(2, 800, 20)
    assert (found["mean_width"] > 0).all()
