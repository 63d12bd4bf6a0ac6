"""Control charts on series that do not change: false alarms as measured before and as printed."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.stats.control_charts import (
    autoregressive,
    control_chart,
    cusum_threshold,
    false_alarms,
    find_autocorrelation,
    mean_run_length,
    phi_estimate,
    risk_adjusted_cusum,
    simulate_charts,
)
from outcomes.stats.control_charts.limits import range_sigma


def beyond_limits(kind: str, phi: float, replicates: int = 3000, **how: bool) -> float:
    """Share of charts with a point beyond limits in 24 months, limits from the 24 before."""
    layout = control_chart(np.arange(48) % 2, kind, freeze=24, **how).layout  # type: ignore[arg-type]
    found = simulate_charts(layout, autoregressive(48, phi), replicates=replicates, seed=3)
    return float(found.set_index("rule").loc["limits", "share"])


# Monte Carlo error: .007 here and .006 to .008 of the figures, which are from 4,000 charts.
@pytest.mark.parametrize(("phi", "rate"), [(0.0, 0.159), (0.3, 0.339), (0.5, 0.573), (0.7, 0.821)])
def test_an_individuals_chart_cries_wolf_when_neighbours_are_alike(phi: float, rate: float) -> None:
    assert beyond_limits("individuals", phi, screened=False) == pytest.approx(rate, abs=0.03)


# A residual chart with uncorrected coefficient gave .205, .231, .242 and .283.
@pytest.mark.parametrize(
    ("phi", "uncorrected"), [(0.0, 0.205), (0.3, 0.231), (0.5, 0.242), (0.7, 0.283)]
)
def test_a_residual_chart_does_not(phi: float, uncorrected: float) -> None:
    rate = beyond_limits("residual", phi, screened=False)
    assert 0.15 < rate < uncorrected + 0.015
    if phi > 0.4:
        assert rate < uncorrected - 0.02


@pytest.mark.parametrize(("kind", "phi"), [("individuals", 0.0), ("residual", 0.0)])
def test_limits_for_what_is_to_come_keep_their_promise(kind: str, phi: float) -> None:
    # Known limits would give 1 - .9973^24 = .063.
    assert beyond_limits(kind, phi, prediction=True) == pytest.approx(0.063, abs=0.025)


def test_the_degrees_of_freedom_of_a_mean_moving_range() -> None:
    for points in (12, 24, 48):
        drawn = np.random.default_rng(points).normal(size=(20_000, points))
        sigma = range_sigma(drawn, screened=False)
        assert sigma.mean() == pytest.approx(1.0, abs=0.005)
        freedom = sigma.mean() ** 2 / (2 * sigma.var())
        assert freedom / (points - 1) == pytest.approx(0.62, abs=0.03)


def test_the_rules_about_runs_err_in_about_one_chart_of_twenty() -> None:
    # Anhoj and Olesen 2014: about 5 % with either rule, at 10 to 40 points about a known centre;
    # here the median is estimated, which makes a long run less likely.
    for points in (12, 24, 36):
        layout = control_chart(np.arange(points) % 2, "run").layout
        found = simulate_charts(layout, autoregressive(points, 0.0), replicates=3000)
        assert 0.01 < found.set_index("rule").loc["any", "share"] < 0.09


@pytest.mark.parametrize("kind", ["p", "p_prime", "u", "u_prime"])
def test_the_printed_rate_is_that_of_fresh_series(kind: str) -> None:
    rng = np.random.default_rng(11)
    n = rng.integers(30, 80, 24).astype(float)
    n[5] = np.nan
    whole = np.nan_to_num(n, nan=1).astype(int)

    def counts() -> np.ndarray:
        level = 0.3
        drawn = rng.binomial(whole, level) if kind[0] == "p" else rng.poisson(level * whole)
        return np.where(np.isfinite(n), drawn, np.nan)

    chart = control_chart(counts(), kind, denominators=n)  # type: ignore[arg-type]
    printed = false_alarms(chart, replicates=2000).set_index("rule")
    seen = np.mean(
        [
            (control_chart(counts(), kind, denominators=n).points["beyond"] != 0).any()  # type: ignore[arg-type]
            for _ in range(400)
        ]
    )
    error = np.sqrt(seen * (1 - seen) / 400 + printed.loc["limits", "mc_error"] ** 2)
    # The centre of the one chart is itself an estimate, which moves its rate a little.
    assert printed.loc["limits", "share"] == pytest.approx(seen, abs=3 * error + 0.01)


def test_the_test_of_autocorrelation_keeps_its_level_and_its_estimate_is_unbiased() -> None:
    for phi in (0.0, 0.5):
        series = autoregressive(30, phi)(np.random.default_rng(4), 2000)
        series[:, 11] = np.nan
        assert phi_estimate(series).mean() == pytest.approx(phi, abs=0.035)
        share = np.mean([find_autocorrelation(row).p_value < 0.05 for row in series])
        if phi:
            assert share > 0.6
        else:
            assert share == pytest.approx(0.05, abs=0.015)


def test_a_threshold_gives_the_run_length_asked_for() -> None:
    for run_length, shift in ((100.0, 1.0), (100.0, 0.5), (300.0, 1.0)):
        h = cusum_threshold(run_length, shift=shift)
        mean, error = mean_run_length(h, shift=shift, seed=99)
        assert mean == pytest.approx(run_length, abs=3.5 * np.sqrt(2) * error)


def test_a_slow_drift_is_found_by_the_sum_before_any_single_period() -> None:
    rng = np.random.default_rng(6)
    h = cusum_threshold(200.0)
    by_sum, by_limit = [], []
    for _ in range(300):
        z = rng.normal(size=60)
        z[30:] += 1.0
        found = risk_adjusted_cusum(z, 1.0, threshold=h)["signal"].to_numpy()
        late = np.flatnonzero(found[30:] == 1)
        by_sum.append(late[0] if late.size else 30)
        far = np.flatnonzero(z[30:] > 3)
        by_limit.append(far[0] if far.size else 30)
    assert np.mean(by_sum) < 10 < np.mean(by_limit)
