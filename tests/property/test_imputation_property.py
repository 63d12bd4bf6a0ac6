"""What must and must not change an imputed estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.stats.imputation import STRATEGIES, Imputation, pool
from outcomes.stats.imputation.strategies import covariance, means
from tests.validate.imputation import ANALYSIS, FORMULA, cohort


def estimate(data: pd.DataFrame, strategy: str) -> float:
    done = Imputation(
        FORMULA,
        data,
        subject="id",
        visit="visit",
        group="arm",
        reference="control",
        strategy=strategy,
    ).complete()
    return float(ANALYSIS(done).estimate[0])


@given(st.integers(0, 1000), st.sampled_from(STRATEGIES))
@settings(max_examples=6, deadline=None)
def test_order_names_and_scale(seed: int, strategy: str) -> None:
    data = cohort(np.random.default_rng(seed), 60)
    base = estimate(data, strategy)
    assert abs(estimate(data.sample(frac=1, random_state=seed), strategy) - base) < 1e-6
    named = data.assign(id="s" + data["id"].astype(str))
    assert abs(estimate(named, strategy) - base) < 1e-6
    scaled = data.assign(score=10 * data["score"] - 3, base=data["base"] / 7)
    assert abs(estimate(scaled, strategy) - 10 * base) < 1e-5


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_strategies_of_equal_groups_are_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=(5, 4))
    event = rng.integers(0, 5, 5)
    root = rng.normal(size=(4, 4))
    sigma = root @ root.T + np.eye(4)
    for strategy in ("mar", "jump-to-reference", "copy-reference", "copy-increments"):
        np.testing.assert_allclose(means(strategy, mean, mean, event), mean)
        for at in range(5):
            np.testing.assert_allclose(covariance(strategy, sigma, sigma.copy(), at), sigma)


@given(st.integers(0, 10_000), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_joined_covariance_is_one_and_keeps_both_parts(seed: int, event: int) -> None:
    rng = np.random.default_rng(seed)
    own, reference = (
        root @ root.T + 0.1 * np.eye(4) for root in (rng.normal(size=(4, 4)) for _ in range(2))
    )
    found = covariance("jump-to-reference", own, reference, event)
    a, b = slice(0, event), slice(event, 4)
    np.testing.assert_allclose(found[a, a], own[a, a])
    slope = np.linalg.solve(found[a, a], found[a, b])
    np.testing.assert_allclose(slope, np.linalg.solve(reference[a, a], reference[a, b]))
    rest = found[b, b] - found[b, a] @ slope
    expected = reference[b, b] - reference[b, a] @ np.linalg.solve(reference[a, a], reference[a, b])
    np.testing.assert_allclose(rest, expected, atol=1e-10)
    assert (np.linalg.eigvalsh(found) > 0).all()


values = st.lists(st.floats(-50, 50), min_size=2, max_size=12)


@given(values, st.floats(0.01, 20), st.floats(3, 500), st.floats(-5, 5), st.floats(0.1, 9))
def test_rubin_moves_as_it_must(
    draws: list[float], error: float, df: float, shift: float, factor: float
) -> None:
    estimates = np.array(draws)[:, None]
    errors = np.full_like(estimates, error)
    base = pool(estimates, errors, df=df).iloc[0]
    moved = pool(factor * estimates + shift, factor * errors, df=df).iloc[0]
    np.testing.assert_allclose(moved["estimate"], factor * base["estimate"] + shift, atol=1e-8)
    np.testing.assert_allclose(moved["std_error"], factor * base["std_error"], rtol=1e-7)
    np.testing.assert_allclose(moved["df"], base["df"], rtol=1e-5)
    assert base["std_error"] >= error * (1 - 1e-12)
    assert 0 <= base["lambda"] < 1
    assert base["df"] <= df
    reverse = pool(estimates[::-1], errors, df=df).iloc[0]
    np.testing.assert_allclose(reverse["std_error"], base["std_error"], rtol=1e-9)
