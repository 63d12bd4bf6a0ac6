"""What the interval-censored estimators return, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.interval_censored import (
    bootstrap_turnbull,
    censored_times,
    fit_aft,
    fit_turnbull,
)

INF = np.inf


def test_exact_times_give_the_empirical_distribution() -> None:
    fit = fit_turnbull([1, 2, 2, 4], [1, 2, 2, 4])
    found = fit.cdf([0.5, 1, 2, 3.9, 4])
    np.testing.assert_allclose(found["estimate"], [0, 0.25, 0.75, 0.75, 1])
    np.testing.assert_array_equal(found["low"], found["high"])
    assert fit.rmst(3)["estimate"] == pytest.approx((1 + 2 + 2 + 3) / 4)


def test_right_censored_exact_times_give_kaplan_meier() -> None:
    # times 1, 2+, 3, 4+, 5: S(1) = 4/5, S(3) = 4/5 · 2/3, S(5) = 0
    fit = fit_turnbull([1, 2, 3, 4, 5], [1, INF, 3, INF, 5])
    np.testing.assert_allclose(fit.survival([1, 3, 5])["estimate"], [0.8, 0.8 * 2 / 3, 0])


def test_a_tie_of_event_and_censoring_counts_the_event_first() -> None:
    fit = fit_turnbull([2, 2], [2, INF])
    np.testing.assert_allclose(fit.survival([2])["estimate"], 0.5)


def test_mass_inside_an_interval_is_bounded_not_guessed() -> None:
    fit = fit_turnbull([0, 4, 4, 8], [4, 8, 8, INF])
    found = fit.cdf([2, 4, 6, 8, 9]).set_index("time")
    assert found.loc[2].tolist() == pytest.approx([0.125, 0, 0.25])
    assert found.loc[4].tolist() == pytest.approx([0.25, 0.25, 0.25])
    assert found.loc[6].tolist() == pytest.approx([0.5, 0.25, 0.75])
    assert np.isnan(found.loc[9, "estimate"])
    assert found.loc[9, ["low", "high"]].tolist() == pytest.approx([0.75, 1])
    mean = fit.rmst(6)
    # (0,4] · ¼ + (4,8] cut at 6 · ½ + beyond · ¼
    assert mean["estimate"] == pytest.approx(0.25 * 2 + 0.5 * 5.5 + 0.25 * 6)
    assert (mean["low"], mean["high"]) == (pytest.approx(3.5), pytest.approx(5.5))
    assert np.isnan(fit.rmst(10)["estimate"])
    assert fit.quantile([0.2, 0.5, 0.9])[["low", "high"]].to_numpy().tolist() == [
        [0, 4],
        [4, 8],
        [8, INF],
    ]


def test_a_row_without_information_changes_nothing() -> None:
    with_it = fit_turnbull([0, 4, 4, 0], [4, 8, 8, INF])
    without = fit_turnbull([0, 4, 4], [4, 8, 8])
    np.testing.assert_allclose(with_it.mass, without.mass, atol=1e-9)


@pytest.mark.parametrize("tiny", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_row_of_tiny_weight_keeps_its_mass(tiny: float) -> None:
    fit = fit_turnbull([1, 2, 3], [1, 2, 3], [1.0, tiny, 1.0])
    total = 2 + tiny
    np.testing.assert_allclose(fit.mass, [1 / total, tiny / total, 1 / total], rtol=1e-4)
    assert fit.converged


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ([3.0], [2.0], "end before they begin"),
        ([-1.0], [2.0], "negative"),
        ([np.nan], [np.nan], "neither limit"),
        ([INF], [INF], "begin at infinity"),
        ([0.0, 1.0], [2.0], "shapes"),
    ],
)
def test_limits_that_contradict_are_refused(
    left: list[float], right: list[float], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        censored_times(left, right)
    assert caught.value.remedy


def test_weights_must_be_weights() -> None:
    for weight in ([-1.0, 1], [np.nan, 1], [0.0, 0]):
        with pytest.raises(EstimationError, match="weight"):
            fit_turnbull([1, 2], [2, 3], weight)


def test_bootstrap_rows_and_clusters() -> None:
    rng = np.random.default_rng(1)
    left = rng.integers(0, 6, 60) * 4.0
    found = bootstrap_turnbull(
        left,
        left + 4,
        times=[8, 12],
        horizon=16,
        cluster=np.repeat(np.arange(12), 5),
        replicates=40,
    )
    assert list(found.estimates["term"]) == ["F(8)", "F(12)", "rmst"]
    table = found.estimates
    assert (table["conf_low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["conf_high"]).all()
    assert (table["outer_low"] <= table["conf_low"]).all()
    assert (table["outer_high"] >= table["conf_high"]).all()
    assert found.draws.n_failed == 0
    with pytest.raises(EstimationError, match="no cluster"):
        bootstrap_turnbull([1, 2], [2, 3], times=[2], cluster=[None, "a"])


def frame(n: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b"], n)
    time = np.exp(2 + 0.4 * (group == "b") + 0.5 * rng.normal(size=n))
    left = np.floor(time / 4) * 4
    return pd.DataFrame({"left": left, "right": left + 4, "group": group})


def test_aft_of_exact_times_is_the_normal_model_of_their_logs() -> None:
    rng = np.random.default_rng(6)
    time = np.exp(1.5 + 0.7 * rng.normal(size=50))
    fit = fit_aft("~ 1", pd.DataFrame({"t": time}), left="t", right="t")
    logs = np.log(time)
    sigma = logs.std()
    np.testing.assert_allclose(fit.solution.coefficients, [logs.mean(), np.log(sigma)], atol=1e-9)
    # information of a normal mean and log standard deviation
    np.testing.assert_allclose(fit.covariance(), np.diag([sigma**2 / 50, 1 / 100]), atol=1e-9)


def test_aft_weights_repeat_rows_and_clusters_widen() -> None:
    data = frame(80).assign(w=np.arange(80) % 3, family=np.arange(80) // 4)
    fit = fit_aft("~ group", data, left="left", right="right", weight="w", cluster="family")
    copies = data.loc[np.repeat(data.index, data["w"])]
    repeated = fit_aft("~ group", copies, left="left", right="right", cluster="family")
    np.testing.assert_allclose(fit.solution.coefficients, repeated.solution.coefficients, atol=1e-8)
    np.testing.assert_allclose(fit.covariance("robust"), repeated.covariance("robust"), atol=1e-9)
    assert fit.n_clusters == 20


def test_aft_takes_missing_limits_and_counts_missing_covariates() -> None:
    data = frame()
    data.loc[0, "left"] = np.nan
    data.loc[1, "right"] = np.nan
    data.loc[2, "group"] = None
    fit = fit_aft("~ group", data, left="left", right="right")
    counts = fit.times.counts()
    assert sum(counts.values()) == 59
    assert counts["right"] == 1
    assert "1 row(s) left out" in fit.summary()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"right": INF}, "never seen"),
        ({"left": 0.0}, "before the first look"),
        ({"left": 2.0, "right": 9.0}, "spread cannot be estimated"),
        ({"left": 0.0, "right": 0.0}, "no logarithm"),
    ],
)
def test_aft_without_a_maximum_is_refused(change: dict[str, float], words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        fit_aft("~ 1", frame().assign(**change), left="left", right="right")
    assert caught.value.remedy


def test_aft_group_without_events_is_refused() -> None:
    data = frame()
    data.loc[data["group"] == "b", "right"] = INF
    with pytest.raises(EstimationError, match="no maximum"):
        fit_aft("~ group", data, left="left", right="right")


def test_aft_names_what_is_wrong_with_the_call() -> None:
    with pytest.raises(EstimationError, match="Unknown shape"):
        fit_aft("~ 1", frame(), left="left", right="right", shape="gamma")
    with pytest.raises(EstimationError, match="no column until"):
        fit_aft("~ 1", frame(), left="left", right="until")
    fit = fit_aft("~ group", frame(), left="left", right="right")
    with pytest.raises(EstimationError, match="positive and finite"):
        fit.cdf([0.0])
    with pytest.raises(EstimationError, match="covariance"):
        fit.coefficients("sandwich")


@pytest.mark.parametrize("shape", ["lognormal", "weibull", "loglogistic"])
def test_aft_predictions_hang_together(shape: str) -> None:
    data = frame(120)
    fit = fit_aft("~ group", data, left="left", right="right", shape=shape)
    median = fit.quantile([0.5], data.iloc[:3])
    for row, time in enumerate(median["estimate"]):
        found = fit.cdf([time], data.iloc[[row]]).iloc[0]
        assert found["estimate"] == pytest.approx(0.5)
        assert found["conf_low"] < 0.5 < found["conf_high"]
    # the restricted mean is the area under 1 − F, here by a fine sum
    grid = np.linspace(0, 16, 4001)[1:]
    area = np.trapezoid(np.append(1, 1 - fit.mean_cdf(grid)["estimate"]), np.append(0, grid))
    assert fit.mean_rmst(16)["estimate"] == pytest.approx(area, abs=1e-4)


def test_cox_snell_of_the_right_shape_is_exponential() -> None:
    rng = np.random.default_rng(9)
    time = np.exp(2 + 0.6 * rng.normal(size=3000))
    left = np.floor(time)
    data = pd.DataFrame({"left": left, "right": left + 1})
    hazard = fit_aft("~ 1", data, left="left", right="right").cox_snell()
    found = fit_turnbull(hazard["left"], hazard["right"]).cdf([0.5, 1, 2])
    np.testing.assert_allclose(found["estimate"], 1 - np.exp([-0.5, -1, -2]), atol=0.03)
