"""What must and must not change a weight."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.stats.weights import (
    WeightModels,
    effective_sample_size,
    entropy_balance,
    standardised_differences,
    truncate,
)
from tests.validate.weights import DECISIONS, cohort


def weights(data: pd.DataFrame) -> pd.Series:
    fit = WeightModels(data, DECISIONS, subject="id", period="period").fit()
    return pd.Series(fit.weights, index=data.index)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_row_order_names_and_units_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = cohort(rng, 300)
    base = weights(data)
    shuffled = data.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(weights(shuffled).loc[data.index], base, rtol=1e-5)
    renamed = data.assign(id="s" + data["id"].astype(str), period=data["period"] * 4 + 1)
    np.testing.assert_allclose(weights(renamed), base, rtol=1e-5)
    moved = data.assign(score=100 - 25 * data["score"], after=1e3 * data["after"] - 40)
    np.testing.assert_allclose(weights(moved), base, rtol=1e-5)


@given(st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_rows_left_out_of_a_resample_change_no_more_than_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    models = WeightModels(cohort(rng, 300), DECISIONS, subject="id", period="period")
    whole = models.fit()
    counts = rng.multinomial(models.n_subjects, np.full(models.n_subjects, 1 / models.n_subjects))
    quick = models.fit(counts, whole)
    # A subject that hardly counts keeps its rows among those that are looked at.
    all_rows = models.fit(np.maximum(counts, 1e-12), whole)
    np.testing.assert_allclose(quick.weights, all_rows.weights, rtol=1e-4)


positive = st.lists(st.floats(0.01, 100), min_size=1, max_size=40)


@given(positive, st.floats(0.01, 100))
def test_effective_sample_size(w: list[float], factor: float) -> None:
    found = effective_sample_size(w)
    assert 1 - 1e-9 <= found <= len(w) + 1e-9
    assert abs(effective_sample_size(np.array(w) * factor) - found) < 1e-8 * found
    assert abs(effective_sample_size([*w, 0.0]) - found) < 1e-12 * found
    assert effective_sample_size(np.full(len(w), factor)) > len(w) - 1e-6


@given(positive, st.floats(0.55, 1))
def test_truncation_only_lowers_and_helps_the_effective_size(w: list[float], q: float) -> None:
    found = truncate(w, q)
    assert (found <= np.array(w)).all()
    assert (np.diff(found[np.argsort(w)]) >= -1e-12).all()
    assert effective_sample_size(found) >= effective_sample_size(w) - 1e-9
    np.testing.assert_array_equal(truncate(w, 1.0), w)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_entropy_balance_hits_its_target_and_no_unit_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 3))
    base = rng.uniform(0.2, 3, 60)
    aim = rng.dirichlet(np.full(60, 2.0)) @ x
    w = entropy_balance(x, aim, base)
    np.testing.assert_allclose(w @ x / w.sum(), aim, atol=1e-7)
    scaled = entropy_balance(x * [10, 1, 0.1] + [5, 0, -3], aim * [10, 1, 0.1] + [5, 0, -3], base)
    np.testing.assert_allclose(scaled, w, rtol=1e-5)
    # already balanced: nothing to do
    level = np.average(x, axis=0, weights=base)
    np.testing.assert_allclose(entropy_balance(x, level, base), base, rtol=1e-6)
    found = standardised_differences(pd.DataFrame(x), w, base)
    assert found["smd"].notna().all()
