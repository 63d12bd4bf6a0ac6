"""What may not matter to an ordinal model, and what a distribution must be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outcomes.stats.ordinal import OrdinalFit, fit_ordinal


def sample(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of 0 to 10 and two columns, one of them mostly 0."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(3, 11, n), rng.random(n) < 0.1]).astype(float)
    y = np.clip(np.rint(0.6 * x[:, 0] + 2 * x[:, 1] + rng.normal(0, 2, n)), 0, 10)
    return y, x


def bent(y: np.ndarray, x: np.ndarray, w: np.ndarray | None = None) -> OrdinalFit:
    return fit_ordinal(y, x, w, departure=np.array([0.5, 0.0]))


@given(st.integers(0, 10_000))
def test_rows_may_stand_in_any_order_and_be_counted_or_repeated(seed: int) -> None:
    y, x = sample(seed)
    fit = bent(y, x)
    order = np.random.default_rng(seed).permutation(len(y))
    other = bent(y[order], x[order])
    np.testing.assert_allclose(other.slopes, fit.slopes, atol=1e-8)
    twice = bent(np.tile(y, 2), np.tile(x, (2, 1)))
    weighed = bent(y, x, np.full(len(y), 2.0))
    np.testing.assert_allclose(twice.slopes, weighed.slopes, atol=1e-8)


@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 10))
def test_columns_and_outcomes_may_be_shifted_and_stretched(
    seed: int, shift: float, stretch: float
) -> None:
    y, x = sample(seed)
    fit, other = bent(y, x), bent(y * stretch + shift, x * stretch + shift)
    np.testing.assert_allclose(
        other.distribution(x * stretch + shift), fit.distribution(x), atol=1e-6
    )


@given(st.integers(0, 10_000))
def test_distributions_rise_to_one_and_place_every_value(seed: int) -> None:
    y, x = sample(seed)
    fit = bent(y, x)
    table = fit.distribution(x)
    assert (np.diff(table, axis=1) >= 0).all()
    assert (table[:, -1] == 1).all()
    tail, mid = fit.tail(x, y), fit.mid_tail(x, y)
    assert ((mid > 0) & (mid <= tail) & (tail <= 1)).all()
    assert abs(mid.mean() - 0.5) < 0.03
    low, high = fit.quantile(x, 0.05), fit.quantile(x, 0.95)
    assert (low <= fit.quantile(x, 0.5)).all() and (fit.quantile(x, 0.5) <= high).all()
    assert np.isnan(fit.tail(x[:1], np.array([np.nan]))).all()
