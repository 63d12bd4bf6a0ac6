"""Imputation finds the effect its assumption names, with the right spread."""

from __future__ import annotations

import numpy as np

from outcomes.stats.imputation import Imputation
from tests.validate.imputation import ANALYSIS, FORMULA, cohort, compare, target


def test_each_assumption_is_right_in_its_own_world() -> None:
    rng = np.random.default_rng(20)
    for after, right in (("mar", "mar"), ("reference", "jump-to-reference")):
        aim = target(after, 40_000)
        found = {"mar": [], "jump-to-reference": []}
        for _ in range(14):
            data = cohort(rng, 160, after=after)
            for strategy, kept in found.items():
                done = Imputation(
                    FORMULA,
                    data,
                    subject="id",
                    visit="visit",
                    group="arm",
                    reference="control",
                    strategy=strategy,
                ).complete()
                kept.append(ANALYSIS(done).estimate[0] - aim)
        own = np.array(found[right])
        assert abs(own.mean()) < 3.5 * own.std(ddof=1) / np.sqrt(len(own))
        wrong = np.array(found["jump-to-reference" if right == "mar" else "mar"])
        apart = wrong - own
        assert abs(apart.mean()) > 5 * apart.std(ddof=1) / np.sqrt(len(apart))


def test_information_anchoring_is_wider_than_the_spread() -> None:
    imputation = Imputation(
        FORMULA,
        cohort(np.random.default_rng(2), 120, after="reference", leave=1.5),
        subject="id",
        visit="visit",
        group="arm",
        reference="control",
        strategy="jump-to-reference",
    )
    anchored = imputation.multiple(ANALYSIS, imputations=15, seed=1).loc[0, "std_error"]
    repeated = imputation.conditional_mean(ANALYSIS, groups=30, seed=1).loc[0, "std_error"]
    assert repeated < 0.95 * anchored


def test_validation_runs() -> None:
    found = compare(2, 60, after="mar", imputations=2, n_target=2000)
    assert (found["mean_se"] > 0).all()
