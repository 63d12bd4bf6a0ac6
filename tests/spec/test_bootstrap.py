"""The bootstrap repeats itself exactly, and says what failed."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.errors import EstimationError
from outcomes.stats import one_thread
from outcomes.stats.bootstrap import bootstrap, draw

VALUES = np.random.default_rng(0).normal(3, 2, 200)


def mean(counts: np.ndarray) -> float:
    return float(counts @ VALUES / counts.sum())


def mean_with_error(counts: np.ndarray) -> tuple[list[float], list[float]]:
    m = counts @ VALUES / counts.sum()
    v = counts @ (VALUES - m) ** 2 / (counts.sum() - 1)
    return [m], [float(np.sqrt(v / counts.sum()))]


def test_workers_do_not_change_the_numbers() -> None:
    runs = [bootstrap(mean, 200, replicates=60, seed=5, workers=w).replicates for w in (1, 2, 5)]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])
    other = bootstrap(mean, 200, replicates=60, seed=6).replicates
    assert not np.array_equal(runs[0], other)


def test_a_run_is_taken_up_where_it_ended() -> None:
    begun = bootstrap(mean, 200, replicates=25, seed=5)
    calls: list[tuple[int, int]] = []
    taken_up = bootstrap(
        mean, 200, replicates=60, seed=5, done=begun, on_step=lambda d, t: calls.append((d, t))
    )
    whole = bootstrap(mean, 200, replicates=60, seed=5)
    np.testing.assert_array_equal(taken_up.replicates, whole.replicates)
    assert calls[0] == (26, 60)
    assert calls[-1] == (60, 60)
    with pytest.raises(EstimationError, match="seed"):
        bootstrap(mean, 200, replicates=60, seed=6, done=begun)


def test_draws_keep_the_number_of_units_and_of_each_stratum() -> None:
    assert draw(50, 1, 0).sum() == 50
    strata = np.array([0] * 10 + [1] * 40)[np.random.default_rng(2).permutation(50)]
    for replicate in range(5):
        counts = draw(50, 1, replicate, strata)
        assert counts[strata == 0].sum() == 10
        assert counts[strata == 1].sum() == 40


def test_standard_error_and_intervals_of_a_mean() -> None:
    found = bootstrap(mean_with_error, 200, replicates=2000, seed=1)
    expected = VALUES.std(ddof=1) / np.sqrt(200)
    assert found.std_error[0] == pytest.approx(expected, rel=0.06)
    for kind in ("percentile", "basic", "normal", "studentised"):
        low, high = found.interval(kind=kind)
        assert low[0] == pytest.approx(found.point[0] - 1.96 * expected, abs=0.04), kind
        assert high[0] == pytest.approx(found.point[0] + 1.96 * expected, abs=0.04), kind


def test_failures_are_counted_with_their_reason() -> None:
    def fragile(counts: np.ndarray) -> float:
        if counts[0] == 0:
            raise EstimationError("Unit one is not there.", "Draw it.")
        return mean(counts)

    found = bootstrap(fragile, 200, replicates=100, seed=3)
    assert found.n_failed == found.failures["Unit one is not there."] > 20
    assert np.isnan(found.replicates).sum() == found.n_failed
    with pytest.raises(EstimationError, match="Only"):
        bootstrap(fragile, 200, replicates=20, seed=3).interval()


def test_bad_calls_are_refused() -> None:
    with pytest.raises(EstimationError, match="cannot be resampled"):
        bootstrap(mean, 1)
    found = bootstrap(mean, 200, replicates=30)
    with pytest.raises(EstimationError, match="kind"):
        found.interval(kind="bca")
    with pytest.raises(EstimationError, match="level"):
        found.interval(level=95)
    with pytest.raises(EstimationError, match="no standard errors"):
        found.interval(kind="studentised")
    with pytest.raises(EstimationError, match="one-dimensional"):
        bootstrap(lambda counts: np.ones((2, 2)), 200)


def test_linear_algebra_keeps_to_one_thread_while_ours_share_the_work() -> None:
    controls = one_thread._controls()
    if not controls:
        pytest.skip("no OpenBLAS whose threads could be counted")
    before = [get() for _, get in controls]
    for put, _ in controls:
        put(2)
    seen: list[int] = []

    def statistic(counts: np.ndarray) -> float:
        seen.extend(get() for _, get in controls)
        return float(counts @ np.arange(5))

    bootstrap(statistic, 5, replicates=4, workers=2)
    with one_thread.one_thread_each():
        with one_thread.one_thread_each():
            pass
        within = [get() for _, get in controls]
    after = [get() for _, get in controls]
    for (put, _), threads in zip(controls, before, strict=True):
        put(threads)
    # The first call is the estimate itself, before there are threads of ours.
    assert set(seen[len(controls) :]) == {1}
    assert set(within) == {1}
    assert set(after) == {2}
