"""What must hold of any interval, whatever the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.intervals import (
    clopper_pearson,
    mean_interval,
    normal_interval,
    rule_of_three,
    t_interval,
    wilson,
)

counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)


@given(counts, levels)
def test_proportions_contain_the_estimate_and_mirror(kn: tuple[int, int], level: float) -> None:
    k, n = kn
    for method in (wilson, clopper_pearson):
        low, high = method(k, n, level)
        assert 0 <= low <= k / n <= high <= 1
        mirrored = method(n - k, n, level)
        np.testing.assert_allclose([1 - high, 1 - low], mirrored, atol=1e-9)


@given(counts)
def test_exact_interval_is_wider_at_a_higher_level(kn: tuple[int, int]) -> None:
    narrow, wide = clopper_pearson(*kn, 0.9), clopper_pearson(*kn, 0.99)
    assert wide[0] <= narrow[0] and wide[1] >= narrow[1]


@given(st.integers(1, 100_000))
def test_rule_of_three_is_the_one_sided_exact_limit(n: int) -> None:
    # A two-sided 90 % interval has 5 % in its upper tail.
    assert rule_of_three(n) == pytest.approx(clopper_pearson(0, n, 0.9)[1], rel=1e-9)
    assert rule_of_three(n) <= 3 / n


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0.5, 1e4), st.floats(-1e3, 1e3))
def test_t_interval_moves_and_scales(mean: float, se: float, df: float, shift: float) -> None:
    low, high = t_interval(mean, se, df)
    moved = t_interval(mean + shift, se, df)
    np.testing.assert_allclose(moved, (low + shift, high + shift), atol=1e-8)
    normal = normal_interval(mean, se)
    assert low <= normal[0] + 1e-9 and high >= normal[1] - 1e-9


def test_arrays_broadcast_and_the_unknown_stays_unknown() -> None:
    low, high = wilson([0, 3, np.nan], [[8], [10]])
    assert low.shape == high.shape == (2, 3)
    assert np.isnan(low).tolist() == [[False, False, True], [False, False, True]]
    assert np.isnan(wilson(0, 0)).all() and np.isnan(clopper_pearson(0, 0)).all()
    assert np.isnan(mean_interval([1.0, 1.0], [0.5, 0.5], [1, 2])[0]).tolist() == [True, False]
    assert np.isnan(t_interval(0.0, 1.0, 0.0)[0])


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5), (1, np.inf), (np.inf, np.inf)], ids=str)
def test_impossible_counts_are_refused(events: float, n: float) -> None:
    for method in (wilson, clopper_pearson):
        with pytest.raises(EstimationError):
            method(events, n)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, np.nan])
def test_impossible_levels_are_refused(level: float) -> None:
    with pytest.raises(EstimationError, match="between 0 and 1"):
        wilson(1, 2, level)
