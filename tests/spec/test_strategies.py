"""Clones, period means, sequential regression and E-values, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.strategies import (
    clone_weights,
    difference,
    e_value,
    e_value_of_difference,
    follow,
    period_estimates,
    period_mean,
    sequential_mean,
    sequential_regression,
)

CODES = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 0], [0, 0, -1, -1]])


def test_without_grace_a_clone_is_cut_at_the_first_other_code() -> None:
    kept = follow(CODES, [0]).kept
    assert kept.tolist() == [
        [True] * 4,
        [True, False, False, False],
        [True, False, False, False],
        [False] * 4,
        [True, True, False, False],
    ]


def test_grace_allows_periods_off_in_a_row_but_not_the_first() -> None:
    found = follow(CODES, [0], grace=1)
    assert found.kept[:, 3].tolist() == [True, True, False, False, False]
    assert found.kept[2].tolist() == [True, True, False, False]
    # After a period off the strategy the clone must come back.
    assert found.bound[1].tolist() == [True, False, True, False]


def test_binding_the_first_period_only_compares_what_was_begun() -> None:
    kept = follow(CODES, [0], periods=1).kept
    assert kept[:, 3].tolist() == [True, True, True, False, False]


def test_codes_that_several_strategies_share_are_allowed_in_each() -> None:
    codes = np.array([[0, 2], [1, 2], [2, 2]])
    assert follow(codes, [0, 2]).kept[:, 1].tolist() == [True, False, True]
    assert follow(codes, [1, 2]).kept[:, 1].tolist() == [False, True, True]


def test_weights_are_inverse_probabilities_of_what_was_bound() -> None:
    followed = follow(CODES, [0], grace=1)
    probabilities = np.zeros((5, 4, 2))
    probabilities[:, :, 0], probabilities[:, :, 1] = 0.25, 0.75
    weights = clone_weights(followed, [0], probabilities, np.full((5, 4), 0.5))
    assert weights[1].tolist() == [8.0, 16.0, 128.0, 256.0]
    assert weights[3].tolist() == [0.0] * 4


def test_nothing_allowed_and_negative_grace_are_refused() -> None:
    with pytest.raises(EstimationError):
        follow(CODES, [])
    with pytest.raises(EstimationError):
        follow(CODES, [0], grace=-1)


def test_mean_over_periods_is_the_mean_of_their_means() -> None:
    values = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 9.0]])
    weights = np.array([[1.0, 0.0], [3.0, 1.0], [0.0, 1.0]])
    arm = period_mean(values, weights)
    assert arm.estimate == pytest.approx((2.5 + 7.0) / 2)
    assert (arm.n, arm.n_values) == (3, 4)
    assert arm.ess == pytest.approx(min(16 / 10, 2.0))
    assert arm.share.sum() == pytest.approx(1.0)


def test_standard_error_of_equal_weights_is_that_of_hc3() -> None:
    y = np.random.default_rng(1).normal(size=50)
    arm = period_mean(y[:, None], np.ones((50, 1)))
    leverage = (y - y.mean()) / (1 - 1 / 50)
    assert arm.std_error == pytest.approx(np.sqrt(leverage @ leverage) / 50)
    assert arm.df == pytest.approx(50)


def test_degrees_of_freedom_fall_where_few_carry_the_weight() -> None:
    weights = np.ones((100, 1))
    weights[:5] = 30.0
    arm = period_mean(np.arange(100.0)[:, None], weights)
    assert arm.df < 6


def test_a_subject_in_both_arms_does_not_count_twice() -> None:
    y = np.arange(10.0)[:, None]
    arm = period_mean(y, np.ones((10, 1)))
    estimate, error, _ = difference(arm, arm)
    assert estimate == 0
    assert error == 0


def test_a_period_without_anyone_is_refused() -> None:
    with pytest.raises(EstimationError):
        period_mean(np.ones((3, 2)), np.array([[1.0, 0.0]] * 3))


def test_sequential_regression_with_a_constant_alone_is_the_chain_of_weighted_means() -> None:
    rng = np.random.default_rng(2)
    kept = np.ones((200, 2), dtype=bool)
    kept[::3, 1] = False
    weights = rng.uniform(1, 3, (200, 2))
    y = rng.normal(size=(200, 1))
    found = sequential_regression(
        y, [1], kept, np.ones_like(kept), weights, np.ones((200, 1)), np.ones((200, 2, 1))
    )
    w = weights[:, 1] * kept[:, 1]
    assert found.estimate == pytest.approx(w @ y[:, 0] / w.sum(), rel=1e-5)


def test_estimates_for_resamples_are_those_of_the_whole_estimators() -> None:
    rng = np.random.default_rng(8)
    n, blocks, periods = 300, 5, [2, 3, 4]
    codes = np.where(rng.random((n, blocks)) < 0.8, 0, 1)
    codes[rng.random(n) < 0.1, 3:] = -1
    clones = follow(codes, [0])
    observed = codes >= 0
    at_risk = np.column_stack([np.ones(n, dtype=bool), observed[:, :-1]])
    history = np.dstack([np.ones((n, blocks)), rng.normal(size=(n, blocks, 2))])
    weights = np.cumprod(np.where(clones.kept, rng.uniform(1, 2, (n, blocks)), 0), axis=1)
    answered = observed[:, periods] & (rng.random((n, 3)) < 0.7)
    answering = np.where(answered, rng.uniform(1, 2, (n, 3)), 0.0)
    y = np.where(answered, history[:, periods, 1] + rng.normal(size=(n, 3)), np.nan)
    counts = np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
    whole = sequential_regression(
        y, periods, clones.kept, at_risk, weights, answering, history, counts=counts
    )
    alone = sequential_mean(
        y, periods, clones.kept, at_risk, weights, answering, history.swapaxes(0, 1), counts
    )
    assert alone == pytest.approx(whole.estimate, rel=1e-12)

    w = weights[:, periods] * answering * counts[:, None]
    both = np.stack([y, y**2])
    found = period_estimates(np.nan_to_num(both), (~np.isnan(both)).astype(float), w)
    each = [period_mean(one, w).estimate for one in both]
    np.testing.assert_allclose(found, each, rtol=1e-12)
    w[:, 1] = 0
    assert np.isnan(period_estimates(np.nan_to_num(both), np.ones_like(both), w)).all()


def test_shifting_those_who_leave_adds_delta_times_their_share() -> None:
    kept = np.ones((100, 2), dtype=bool)
    kept[:20, 1] = False
    y = np.random.default_rng(3).normal(size=(100, 1))
    staying = np.column_stack([np.ones(100), np.full(100, 0.8)])
    arguments = (y, [1], kept, np.ones_like(kept), np.ones((100, 2)), np.ones((100, 1)))
    history = np.ones((100, 2, 1))
    plain = sequential_regression(*arguments, history)
    moved = sequential_regression(*arguments, history, staying=staying, shift=3.0)
    assert moved.estimate - plain.estimate == pytest.approx(0.6, rel=1e-4)
    jumped = sequential_regression(
        *arguments, history, staying=staying, reference=np.full((100, 2, 1), 9.0)
    )
    assert jumped.estimate == pytest.approx(0.8 * plain.estimate + 0.2 * 9.0, rel=1e-4)


def test_e_value_of_the_published_example() -> None:
    # VanderWeele & Ding 2017: a risk ratio of 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0.
    assert e_value(3.9) == pytest.approx(7.26, abs=0.01)
    assert e_value(1.8) == pytest.approx(3.0, abs=0.01)
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value_of_difference(0.5, -0.1, 1.1, 1.0)[1] == 1.0
    assert e_value_of_difference(0.0, -1, 1, 1.0)[0] == 1.0
