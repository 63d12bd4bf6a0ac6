"""What a control chart says of small series worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.control_charts import (
    chart_individuals,
    control_chart,
    cusum_threshold,
    every_period,
    false_alarms,
    find_autocorrelation,
    prediction_factor,
    risk_adjusted_cusum,
)


def test_a_missing_period_is_a_gap_and_never_a_zero() -> None:
    # Means and ranges by hand: mean of 4, 6, 5, 5 is 5; ranges 2 and 0, none across the gap.
    chart = control_chart([4.0, 6.0, np.nan, 5.0, 5.0], screened=False)
    points = chart.points
    assert points["centre"].tolist() == [5.0] * 5
    assert points["high"].iloc[0] == pytest.approx(5 + 3 * 1 / 1.128)
    assert points["plotted"].isna().tolist() == [False, False, True, False, False]
    assert chart.parts.loc[0, "n"] == 4
    assert "One period without a value is left as a gap." in chart.notes


def test_nobody_seen_is_a_gap_but_no_event_is_a_zero() -> None:
    chart = control_chart([3, 0, 0, 5], "p", denominators=[10, 20, 0, 10])
    np.testing.assert_allclose(chart.points["value"], [0.3, 0.0, np.nan, 0.5])
    # 8 of 40.
    np.testing.assert_allclose(chart.points["centre"], 0.2)
    assert chart.points["high"].iloc[0] == pytest.approx(0.2 + 3 * np.sqrt(0.2 * 0.8 / 10))
    assert chart.points["low"].iloc[0] == 0.0
    assert np.isnan(chart.points["high"].iloc[2])


def test_every_period_fills_the_calendar() -> None:
    months = pd.PeriodIndex(["2026-05", "2026-01", "2026-02"], freq="M")
    filled = every_period(pd.Series([5, 1, 2], index=months))
    assert filled.index.astype(str).tolist() == [f"2026-0{m}" for m in range(1, 6)]
    np.testing.assert_allclose(filled, [1, 2, np.nan, np.nan, 5])


def test_a_shift_is_marked_where_it_is_and_read_by_direction() -> None:
    low, high = [1.0, 2.0] * 10, [5.0, 6.0] * 5
    for better, word in (("higher", "better"), ("lower", "worse"), (None, "")):
        chart = control_chart(low + high, "run", better=better)  # type: ignore[arg-type]
        assert chart.signal
        after = chart.points["reading"].iloc[20:]
        assert (after == word).all()
    # The median is 2: ten points of 1 and ten high ones are useful, two runs of ten.
    assert chart.parts.loc[0, ["n_useful", "longest_run", "crossings"]].tolist() == [20, 10, 1]


def test_rebasing_and_freezing() -> None:
    values = [1.0, 2.0] * 10 + [5.0, 6.0] * 10
    frozen = control_chart(values, freeze=20)
    assert frozen.points["centre"].unique().tolist() == [1.5]
    # sigma = 1/1.128; 5 and 6 are 3.5 and 4.5 above the centre, the limit 2.66.
    assert (frozen.points["beyond"].iloc[20:] == 1).all()
    rebased = control_chart(values, rebase=[20])
    assert rebased.parts["centre"].tolist() == [1.5, 5.5]
    assert not rebased.signal


def test_limits_for_what_is_to_come_are_wider() -> None:
    values = np.random.default_rng(1).normal(size=40)
    plain, wide = (control_chart(values, freeze=20, prediction=p) for p in (False, True))
    ratio = (wide.points["high"] - wide.points["centre"]) / (
        plain.points["high"] - plain.points["centre"]
    )
    np.testing.assert_allclose(ratio, prediction_factor(20) / 3)
    assert prediction_factor(20) > prediction_factor(60) > prediction_factor(100_000) > 3
    assert prediction_factor(100_000) == pytest.approx(3, abs=1e-3)


def test_target_and_assurance() -> None:
    values = np.array([4.0, 6.0] * 10)
    # Limits 5 +- 3 * 2/1.128 = -0.3 to 10.3.
    for target, better, word in (
        (-1.0, "higher", "always"),
        (5.0, "higher", "sometimes"),
        (11.0, "higher", "never"),
        (11.0, "lower", "always"),
        (None, "lower", ""),
    ):
        chart = control_chart(values, better=better, target=target)  # type: ignore[arg-type]
        assert chart.assurance == word


def test_residuals_are_charted_where_neighbours_are_alike() -> None:
    rng = np.random.default_rng(3)
    fresh = rng.normal(size=80)
    series = np.zeros(80)
    for t in range(1, 80):
        series[t] = 0.7 * series[t - 1] + fresh[t]
    alike, apart = chart_individuals(10 + series), chart_individuals(10 + fresh)
    assert alike.layout.kind == "residual" and "autocorrelation" in alike.notes[0]
    assert apart.layout.kind == "individuals"
    assert find_autocorrelation(series).p_value < 0.001 < find_autocorrelation(fresh).p_value
    # In the unit of the values, about the same centre.
    assert alike.parts.loc[0, "centre"] == pytest.approx(10 + series.mean(), abs=0.1)
    few = chart_individuals([1.0, 2.0, 1.5, 3.0])
    assert few.layout.kind == "individuals" and "not tested" in few.notes[0]


def test_a_short_baseline_says_so() -> None:
    assert control_chart([1.0, 2, 3]).notes == ("Limits from 3 periods are provisional.",)
    values = np.random.default_rng(1).normal(size=40)
    assert "more false alarms" in control_chart(values, freeze=24).notes[0]
    assert control_chart(values, freeze=24, prediction=True).notes == ()


def test_sums_by_hand() -> None:
    # Shift 1: each step adds z - 1/2 (rise) or -z - 1/2 (fall).
    found = risk_adjusted_cusum([2.0, np.nan, 4.0, -1.0, 1.0], 2.0, threshold=1.5)
    np.testing.assert_allclose(found["score"], [1, np.nan, 2, -0.5, 0.5])
    np.testing.assert_allclose(found["higher"], [0.5, 0.5, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(found["lower"], [0, 0, 0, 0, 0])
    np.testing.assert_allclose(found["total"], [2, 2, 6, 5, 6])
    assert found["signal"].tolist() == [0, 0, 1, 0, 0]


def test_false_alarms_keep_the_chart_as_it_is() -> None:
    counts = [12.0, np.nan, 0, 9, 13, 20, 8, 18, 14, 10, 15, 13]
    sizes = [48.0, 52, 0, 45, 50, 58, 39, 62, 55, 47, 53, 49]
    steps: list[tuple[int, int]] = []
    chart = control_chart(counts, "p", denominators=sizes)
    found = false_alarms(chart, replicates=600, on_step=lambda a, b: steps.append((a, b)))
    assert found["rule"].tolist() == ["limits", "shift", "crossings", "any"]
    assert found.equals(false_alarms(chart, replicates=600))
    share = found.set_index("rule")["share"]
    assert share["limits"] < 0.1 and share["any"] >= share.iloc[:3].max()
    assert steps == [(500, 600), (600, 600)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: control_chart([1.0, 2.0], "pareto"),  # type: ignore[arg-type]
        lambda: control_chart([1.0]),
        lambda: control_chart([]),
        lambda: control_chart([1.0, np.inf]),
        lambda: control_chart([1.0, 2.0], "p"),
        lambda: control_chart([1.0, 2.0], denominators=[1, 2]),
        lambda: control_chart([3, 2], "p", denominators=[2, 2]),
        lambda: control_chart([-1, 2], "u", denominators=[2, 2]),
        lambda: control_chart([1, 2], "u", denominators=[2, 2, 2]),
        lambda: control_chart([1.0, 2, 3, 4], rebase=[2], freeze=2),
        lambda: control_chart([1.0, 2, 3, 4], rebase=[0]),
        lambda: control_chart([1.0, 2, 3, 4], rebase=[3]),
        lambda: control_chart([1.0, 2, 3, 4], prediction=True),
        lambda: control_chart([1.0, 2], periods=["a", "a"]),
        lambda: every_period(pd.Series([1.0, 2.0])),
        lambda: find_autocorrelation([1.0] * 20),
        lambda: risk_adjusted_cusum([1.0], 0.0, threshold=4),
        lambda: cusum_threshold(5),
    ],
)
def test_what_cannot_be_charted_is_refused(call: Any) -> None:
    with pytest.raises(EstimationError):
        call()


def test_a_series_that_never_varies_is_charted_on_its_centre() -> None:
    chart = control_chart([2.0] * 12 + [3.0], freeze=12)
    assert chart.points["high"].tolist() == [2.0] * 13
    assert chart.points["beyond"].tolist() == [0] * 12 + [1]
    none = control_chart([0.0] * 6, "p", denominators=[20] * 6)
    assert none.points["high"].tolist() == [0.0] * 6 and not none.signal


def test_periods_are_kept_as_they_are() -> None:
    months = pd.period_range("2026-01", periods=3, freq="M")
    chart = control_chart([1.0, 2.0, 1.0], periods=months)
    assert chart.points["period"].tolist() == list(months)


def test_months_that_share_one_value_make_no_run() -> None:
    """About the mean, 35 full months before one that is not would be a run of 35 better ones."""
    events = np.r_[np.full(35, 40.0), 32.0]
    chart = control_chart(events, "p", denominators=np.full(36, 40.0), better="higher")
    assert not chart.points["shift"].any()
    assert chart.parts.loc[0, "n_useful"] == 0
    assert list(chart.points["reading"])[-1] == "worse"
    assert (chart.points["reading"] != "").sum() == 1
    # months below full, here and there, all lie on one side: their order says nothing
    events = np.full(36, 40.0)
    events[[3, 7, 8, 14, 15, 20, 26, 27, 31, 33]] = 38.0
    chart = control_chart(events, "p", denominators=np.full(36, 40.0), better="higher")
    assert not chart.points["shift"].any()
    assert not chart.parts.loc[0, "few_crossings"]
    # where the shared value lies between others, runs are counted about it
    y = np.r_[np.full(20, 5.0), np.tile([4.0, 6.0], 4), np.full(8, 6.0)]
    about = control_chart(y)
    assert about.parts.loc[0, "n_useful"] == 16
    assert about.points["shift"].tolist() == [False] * 27 + [True] * 9


def test_runs_go_by_the_centre_where_values_differ() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=30)
    chart = control_chart(y)
    above = np.sign(y - y.mean())
    assert chart.parts.loc[0, "crossings"] == int((above[1:] != above[:-1]).sum())
