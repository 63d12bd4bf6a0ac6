"""What must hold of any control chart, whatever the series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.stats.control_charts import (
    control_chart,
    find_autocorrelation,
    find_runs,
    risk_adjusted_cusum,
)
from outcomes.stats.control_charts.judge import judge

LINES = ["plotted", "centre", "low", "high", "low_inner", "high_inner"]
value = st.integers(-1000, 1000).map(lambda v: v / 100)
series = st.lists(st.one_of(value, st.just(float("nan"))), min_size=8, max_size=40).filter(
    lambda rows: len({v for v in rows[:6] if v == v}) > 1 and np.isfinite(rows).sum() > 5
)
measured = st.sampled_from(["individuals", "run", "residual"])
events = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=4,
    max_size=30,
).filter(lambda rows: sum(n > 0 for _, n in rows) > 1)


def drawn(rows: list[float], kind: Any, **how: Any) -> Any:
    return control_chart(rows, kind, **how)


@given(series, measured, st.floats(-100, 100), st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_lines_move_and_scale_with_the_values(
    rows: list[float], kind: str, shift: float, factor: float
) -> None:
    before, after = drawn(rows, kind), drawn(list(shift + factor * np.array(rows)), kind)
    np.testing.assert_allclose(
        after.points[LINES], shift + factor * before.points[LINES], rtol=1e-7, atol=1e-7
    )


@given(series, st.sampled_from(["individuals", "run"]))
@settings(max_examples=60, deadline=None)
def test_a_mirror_swaps_high_and_low(rows: list[float], kind: str) -> None:
    before, after = drawn(rows, kind), drawn([-v for v in rows], kind)
    np.testing.assert_allclose(after.points["high"], -before.points["low"], atol=1e-9)
    assert (after.points["shift"] == before.points["shift"]).all()
    assert after.parts[["longest_run", "crossings"]].equals(
        before.parts[["longest_run", "crossings"]]
    )


@given(series)
@settings(max_examples=60, deadline=None)
def test_runs_are_those_of_a_plain_count(rows: list[float]) -> None:
    y = np.array(rows)
    sides = [v > 0 for v in y if v == v and v != 0]
    longest = run = crossings = 0
    for i, side in enumerate(sides):
        run = run + 1 if i and side == sides[i - 1] else 1
        crossings += int(i > 0 and side != sides[i - 1])
        longest = max(longest, run)
    found = find_runs(y, np.zeros(1))
    assert (found.useful, found.longest, found.crossings) == (len(sides), longest, crossings)


@given(series, measured, st.integers(6, 8))
@settings(max_examples=40, deadline=None)
def test_many_charts_at_once_are_each_chart_alone(rows: list[float], kind: str, k: int) -> None:
    how: dict[str, Any] = {"freeze": k} if np.isfinite(rows[:k]).sum() > 1 else {}
    one = drawn(rows, kind, **how)
    batch = judge(one.layout, np.array([rows, [2 * v for v in rows]]))
    np.testing.assert_allclose(batch.high[0], one.points["high"], atol=1e-12)
    assert (batch.beyond[0] == one.points["beyond"]).all()
    assert batch.runs[0].longest[0] == one.parts.loc[0, "longest_run"]


@given(series, st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_what_comes_after_a_freeze_does_not_move_its_limits(rows: list[float], tail: int) -> None:
    if np.isfinite(rows[:6]).sum() < 2:
        return
    before = drawn(rows, "individuals", freeze=6)
    after = drawn([*rows, *[50.0] * tail], "individuals", freeze=6)
    np.testing.assert_array_equal(
        before.points[LINES[1:]], after.points[LINES[1:]].iloc[: len(rows)]
    )


@given(events, st.sampled_from(["p", "p_prime", "u", "u_prime"]))
@settings(max_examples=60, deadline=None)
def test_lines_of_counts_stay_within_what_can_be(rows: list[tuple[int, int]], kind: str) -> None:
    k, n = np.array(rows, float).T
    points = control_chart(k, kind, denominators=n).points  # type: ignore[arg-type]
    total = k.sum() / n.sum()
    np.testing.assert_allclose(points["centre"], total)
    assert (points["value"].isna() == (n == 0)).all()
    known = points[points["high"].notna()]
    assert (known["low"] >= 0).all() and (known["low"] <= total + 1e-12).all()
    if kind in ("p", "p_prime"):
        assert (known["high"] <= 1).all()


def test_a_new_part_is_a_chart_of_its_own() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=15), 3 + rng.normal(size=12)
    both = control_chart([*a, *b], rebase=[15])
    for rows, alone in ((slice(0, 15), a), (slice(15, 27), b)):
        np.testing.assert_allclose(
            both.points[LINES].iloc[rows], control_chart(alone).points[LINES], atol=1e-12
        )


@given(series)
@settings(max_examples=40, deadline=None)
def test_sums_mirror_and_a_gap_changes_nothing(rows: list[float]) -> None:
    found = risk_adjusted_cusum(rows, 2.0, threshold=3.0)
    mirrored = risk_adjusted_cusum([-v for v in rows], 2.0, threshold=3.0)
    np.testing.assert_allclose(found["higher"], mirrored["lower"], atol=1e-12)
    known = [v for v in rows if v == v]
    without = risk_adjusted_cusum(known, 2.0, threshold=3.0)
    np.testing.assert_allclose(found["higher"][np.isfinite(rows)], without["higher"], atol=1e-12)
    assert (found[["higher", "lower"]] >= 0).all().all()


def test_autocorrelation_does_not_reach_across_a_gap() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=40)
    y[20] = np.nan
    assert find_autocorrelation(y).pairs == 37
    whole = find_autocorrelation(np.delete(y, 20))
    assert whole.pairs == 38
    # By hand: mean product of neighbours over mean square.
    z = y - np.nanmean(y)
    expected = np.nanmean(z[1:] * z[:-1]) / np.nanmean(z**2)
    assert find_autocorrelation(y).r == pytest.approx(expected, abs=1e-12)
