"""What must not change, and what must add up, in the counts of a manager's report."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.ratios import ratio_of_totals
from outcomes.stats.survival import kaplan_meier

times = st.lists(st.integers(0, 60), min_size=1, max_size=40)


@given(times, st.data())
@settings(max_examples=60)
def test_survival_falls_in_any_order_and_unit(days: list[int], data: st.DataObject) -> None:
    events = data.draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days)))
    order = data.draw(st.permutations(range(len(days))))
    at = np.arange(0, 61, 5)
    found = kaplan_meier(days, events, at)
    known = found["estimate"].dropna().to_numpy()
    assert ((known >= 0) & (known <= 1)).all()
    assert (np.diff(known) <= 1e-12).all()
    shuffled = kaplan_meier([days[i] for i in order], [events[i] for i in order], at)
    np.testing.assert_allclose(found["estimate"], shuffled["estimate"])
    hours = kaplan_meier(np.array(days) * 24, events, at * 24)
    np.testing.assert_allclose(found["estimate"], hours["estimate"])


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 60))
@settings(max_examples=40)
def test_without_censoring_survival_is_a_share(days: list[int], at: int) -> None:
    found = kaplan_meier(days, [True] * len(days), [at])
    assert found["estimate"][0] == pytest.approx(np.mean(np.array(days) > at))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=2, max_size=30),
    st.floats(0.1, 20),
)
@settings(max_examples=60)
def test_a_ratio_of_totals_follows_its_units(pairs: list[tuple[int, int]], factor: float) -> None:
    top, bottom = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    group = ["g"] * len(pairs)
    found = ratio_of_totals(top, bottom, group).loc["g"]
    assert found["estimate"] == pytest.approx(top.sum() / bottom.sum())
    scaled = ratio_of_totals(factor * top, bottom, group).loc["g"]
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert scaled[name] == pytest.approx(factor * found[name], abs=1e-9)


def test_a_ratio_of_equal_denominators_is_a_mean() -> None:
    top = np.array([1.0, 4, 2, 7])
    found = ratio_of_totals(top, np.ones(4), ["g"] * 4).loc["g"]
    assert found["std_error"] == pytest.approx(top.std(ddof=1) / 2)


def test_missing_amounts_and_negative_times_are_refused() -> None:
    with pytest.raises(EstimationError):
        ratio_of_totals([1.0, np.nan], [1.0, 1.0], ["g", "g"])
    with pytest.raises(EstimationError):
        kaplan_meier([-1.0], [True], [0.0])
    with pytest.raises(EstimationError):
        kaplan_meier([1.0, 2.0], [True], [0.0])
