"""What must hold of any funnel, whatever the units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.funnel import (
    best_predictions,
    binomial_limits,
    detectable_difference,
    funnel_of_means,
    funnel_of_proportions,
    mean_alarms,
    paule_mandel,
    posterior,
    reference,
    variance_interval,
    weighted_mean,
)

METHODS = ("leave_one_out", "additive", "additive_winsorised", "multiplicative", "none")
LIMITS = ["low_95", "high_95", "low_998", "high_998", "centre", "value"]
units = st.lists(
    st.tuples(st.integers(-300, 300).map(lambda v: v / 100), st.integers(5, 400)),
    min_size=3,
    max_size=12,
)
methods = st.sampled_from(METHODS)


def build(rows: list[tuple[float, int]], dispersion: Any, sd: float = 2.0) -> Any:
    value, n = np.array(rows, float).T
    return funnel_of_means(np.arange(len(rows)), value, n, sd=sd, dispersion=dispersion)


@given(units, methods, st.floats(-50, 50))
@settings(max_examples=30, deadline=None)
def test_a_shift_moves_everything_and_flags_nobody_else(
    rows: list[tuple[float, int]], dispersion: str, shift: float
) -> None:
    before = build(rows, dispersion).units
    after = build([(v + shift, n) for v, n in rows], dispersion).units
    np.testing.assert_allclose(after[LIMITS], before[LIMITS] + shift, atol=1e-6)
    np.testing.assert_allclose(after["reliability"], before["reliability"], atol=1e-6)
    np.testing.assert_allclose(after["shrunken"], before["shrunken"] + shift, atol=1e-4)


@given(units, methods, st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_a_change_of_unit_scales_and_a_flip_mirrors(
    rows: list[tuple[float, int]], dispersion: str, factor: float
) -> None:
    before = build(rows, dispersion).units
    scaled = build([(v * factor, n) for v, n in rows], dispersion, 2.0 * factor).units
    np.testing.assert_allclose(scaled[LIMITS], before[LIMITS] * factor, rtol=1e-6, atol=1e-6)
    flipped = build([(-v, n) for v, n in rows], dispersion).units
    np.testing.assert_allclose(flipped["low_95"], -before["high_95"], atol=1e-8)
    np.testing.assert_allclose(flipped["deviate"], -before["deviate"], atol=1e-8)


@given(units, methods, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_units_does_not_matter(
    rows: list[tuple[float, int]], dispersion: str, random: Any
) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    before = build(rows, dispersion).units.iloc[order].reset_index(drop=True)
    after = build([rows[i] for i in order], dispersion).units
    numbers = [*LIMITS, "deviate", "p_value", "shrunken", "shrunken_low", "reliability"]
    np.testing.assert_allclose(after[numbers], before[numbers], atol=1e-8)
    assert (after["position"] == before["position"]).all()


@given(units)
@settings(max_examples=30, deadline=None)
def test_the_variance_solves_its_equation(rows: list[tuple[float, int]]) -> None:
    y, n = np.array(rows, float).T
    v = 4 / n
    between = float(paule_mandel(y, v))
    centre, _ = weighted_mean(y, v + between)
    excess = ((y - centre) ** 2 / (v + between)).sum()
    if between > 0:
        assert excess == pytest.approx(len(y) - 1, rel=1e-8)
    else:
        assert excess <= len(y) - 1
    low, high = variance_interval(y, v)
    assert 0 <= low <= high
    # The mean of a chi square lies between its quantiles, so the estimate lies between the limits.
    assert low - 1e-9 <= between <= high + 1e-9 or between == 0


@given(units)
@settings(max_examples=40, deadline=None)
def test_shrunken_values_lie_between_their_own_and_the_others(
    rows: list[tuple[float, int]],
) -> None:
    y, n = np.array(rows, float).T
    for found in (posterior(y, 2 / np.sqrt(n)), best_predictions(y, 2 / np.sqrt(n))):
        assert (found.estimate >= y.min() - 1e-9).all() and (found.estimate <= y.max() + 1e-9).all()
        assert (found.low <= found.estimate).all() and (found.estimate <= found.high).all()


@given(st.floats(0.02, 0.98), st.integers(1, 2000))
def test_exact_limits_are_nested_and_mirror(target: float, n: int) -> None:
    low, high = binomial_limits(target, n, 0.95)
    lower, higher = binomial_limits(target, n, 0.998)
    assert lower <= low <= high <= higher
    mirrored = binomial_limits(1 - target, n, 0.95)
    # Interpolated on the other side of the same step: at most one step apart.
    assert abs((1 - high) - mirrored[0]) <= 1 / n + 1e-9


def test_an_outlying_unit_cannot_widen_its_own_limits() -> None:
    n = np.full(10, 100.0)
    quiet = np.linspace(-0.2, 0.2, 10)
    for far in (1.0, 10.0):
        value = quiet.copy()
        value[0] = far
        found = reference(value, 2 / np.sqrt(n))
        assert found.spread[0] == reference(quiet, 2 / np.sqrt(n)).spread[0]
    assert build(list(zip(value, n.astype(int), strict=True)), "leave_one_out").units[
        "position"
    ].tolist() == ["above_998", *["inside"] * 9]


def test_lines_agree_with_the_limits_of_units_where_there_is_one_set() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(20, 300, 15)
    for dispersion in ("additive", "multiplicative", "none"):
        funnel = funnel_of_means(
            range(15),
            rng.normal(size=15),
            n,
            sd=2.0,
            dispersion=dispersion,  # type: ignore[arg-type]
        )
        columns = ["low_95", "high_95", "low_998", "high_998"]
        np.testing.assert_allclose(funnel.curve(n)[columns], funnel.units[columns], atol=1e-12)


def test_units_without_a_value_stay_in_the_table() -> None:
    funnel = funnel_of_means(
        ["a", "b", "c", "d", "e"], [0.1, np.nan, 0.3, -0.2, 0.0], [50, 0, 40, 60, 0], sd=2.0
    )
    assert funnel.units["position"].tolist() == [
        "inside",
        "not_compared",
        "inside",
        "inside",
        "not_compared",
    ]
    assert funnel.units["low_95"].isna().tolist() == [False, True, False, False, True]
    assert funnel.notes == ("2 unit(s) have no value and are not compared.",)
    assert np.isnan(funnel.simulated_detectable(replicates=100)).tolist() == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_case_mix_moves_the_value_by_what_was_expected() -> None:
    plain = funnel_of_proportions(list("abcd"), [10, 20, 30, 40], [50, 60, 70, 80])
    same = np.array([50, 60, 70, 80]) * 100 / 260
    expected = funnel_of_proportions(
        list("abcd"), [10, 20, 30, 40], [50, 60, 70, 80], expected=same
    )
    numbers = ["value", "std_error", "low_95", "high_998", "deviate"]
    np.testing.assert_allclose(plain.units[numbers], expected.units[numbers], atol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: funnel_of_means(["a", "a"], [1, 2], [3, 4], sd=1),
        lambda: funnel_of_means(["a", "b"], [1, 2], [3, 4], sd=1),
        lambda: funnel_of_means(["a"], [1], [3], sd=1, dispersion="additive"),
        lambda: funnel_of_means(["a", "b", "c"], [1, 2, 3], [3, 4, 5], sd=0),
        lambda: funnel_of_means(["a", "b", "c"], [1, 2, 3], [3, 4, 5], sd=1, target=0.0),
        lambda: funnel_of_means(["a", "b", "c"], [1, 2, 3], [3, 4, 5], sd=1, dispersion="loo"),  # type: ignore[arg-type]
        lambda: funnel_of_proportions(["a", "b", "c"], [0, 0, 0], [3, 4, 5]),
        lambda: funnel_of_proportions(["a", "b", "c"], [4, 0, 0], [3, 4, 5]),
        lambda: funnel_of_proportions(["a", "b", "c"], [1, 2, 3], [3, 4, 5], limits="exact"),
        lambda: funnel_of_proportions(
            ["a", "b", "c"], [1, 2, 3], [3, 4, 5], expected=[1, 2, 3], limits="arcsine"
        ),
        lambda: binomial_limits(0, 10),
        lambda: binomial_limits(0.5, 0),
        lambda: variance_interval([1.0], [1.0]),
        lambda: posterior([1.0, 2.0], [1.0, 1.0]),
        lambda: detectable_difference([1.0], 6, power=1.0),
    ],
)
def test_what_cannot_be_compared_is_refused(call: Any) -> None:
    with pytest.raises(EstimationError):
        call()


def test_simulation_repeats_itself_and_reports_progress() -> None:
    steps: list[tuple[int, int]] = []
    first = mean_alarms([0.2] * 8, 0.25, replicates=700, on_step=lambda a, b: steps.append((a, b)))
    again = mean_alarms([0.2] * 8, 0.25, replicates=700)
    assert first.table.equals(again.table)
    assert steps == [(500, 700), (700, 700)]
