"""Rates and ratios from diaries with gaps, on patients whose true rates are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.diary_rates import RateChoices, estimate_rates

REPLICATES, PATIENTS = 150, 80
BEFORE, RATIO = 12.0, 0.55


def one_cohort(rng: np.random.Generator) -> pd.DataFrame:
    """Patients differ threefold in how often they ache, and each fills in 14 to 28 days."""
    own = np.exp(rng.normal(0, 0.4, PATIENTS) - 0.08)
    parts = []
    for span, rate in ((0, BEFORE), (84, BEFORE * RATIO)):
        days = rng.integers(14, 29, PATIENTS)
        share = np.clip(rate * own / 28, 0, 0.98)
        # Beta-binomial: the days of one patient are alike beyond his rate.
        aches = rng.binomial(days, rng.beta(6 * share, 6 * (1 - share)))
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": np.arange(PATIENTS).astype(str),
                    "group": "",
                    "span": span,
                    "days_observed": days.astype(float),
                    "headache_days": aches.astype(float),
                    "per_28": 28 * aches / days,
                    "sufficient": True,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def true_ratio() -> float:
    """Ratio of the mean rates, as clipping near every day of the month lowers the higher one."""
    own = np.exp(np.random.default_rng(1).normal(0, 0.4, 400_000) - 0.08)
    shares = [np.clip(rate * own / 28, 0, 0.98).mean() for rate in (BEFORE, BEFORE * RATIO)]
    return shares[1] / shares[0]


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    rng = np.random.default_rng(42)
    grid = pd.DataFrame({"group": ["", ""], "span": [0, 84], "n_eligible": [PATIENTS] * 2})
    choices = RateChoices(paired=True, min_patients=10, cr2_below=200, conf_level=0.95)
    rows = []
    for _ in range(REPLICATES):
        found = estimate_rates(one_cohort(rng), grid, choices).rows.set_index("term")
        rows.append(found.loc["rate_ratio", ["estimate", "conf_low", "conf_high", "std_error"]])
    return pd.DataFrame(rows).astype(float)


def test_the_ratio_is_recovered(runs: pd.DataFrame) -> None:
    error = np.log(runs["estimate"]) - np.log(true_ratio())
    assert abs(error.mean()) < 3 * error.std(ddof=1) / REPLICATES**0.5


def test_the_interval_covers_as_often_as_it_says(runs: pd.DataFrame) -> None:
    covers = runs["conf_low"].le(true_ratio()) & runs["conf_high"].ge(true_ratio())
    assert covers.mean() >= 0.896


def test_ignoring_that_days_are_alike_would_cover_too_seldom(runs: pd.DataFrame) -> None:
    # A Poisson error of the counts alone, as the guard of this test's own design.
    poisson = np.sqrt(1 / (BEFORE * 0.75 * PATIENTS) + 1 / (BEFORE * RATIO * 0.75 * PATIENTS))
    assert (runs["std_error"] / runs["estimate"]).mean() > 1.3 * poisson
