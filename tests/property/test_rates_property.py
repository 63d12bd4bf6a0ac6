"""What must hold of models of rates on any data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.rates import (
    fit_beta_binomial,
    fit_negative_binomial,
    fit_proportion_gee,
    fit_rate_gee,
)

FORMULA = "y ~ arm + x"
NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
seeds = st.integers(0, 2**31)
options = st.fixed_dictionaries(
    {
        "family": st.sampled_from(["poisson", "negative_binomial"]),
        "correlation": st.sampled_from(["independence", "exchangeable"]),
        "variance": st.sampled_from(["robust", "cr2", "model"]),
    }
)
# With the seed it stands beside, the working correlation belongs at the edge of what is possible.
EDGE = {"family": "poisson", "correlation": "exchangeable", "variance": "robust"}


def _data(seed: int, subjects: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 6, subjects)
    subject = np.repeat(np.arange(subjects), rows)
    n = len(subject)
    x, days = rng.normal(size=n), rng.integers(14, 29, n).astype(float)
    level = rng.gamma(2, 0.5, subjects)[subject]
    y = rng.poisson(level * days / 28 * np.exp(1 + 0.2 * x))
    y[:2] += 1  # never a data set without events in either arm
    arm = np.array(["a", "b"])[subject % 2]
    y[np.flatnonzero(arm == "b")[:1]] += 1
    return pd.DataFrame(
        {
            "subject": subject,
            "y": y,
            "x": x,
            "arm": arm,
            "days": days,
            "headache": rng.binomial(28, rng.beta(2, 4, n)),
            "yes": rng.binomial(1, 0.4, n),
            "w": rng.uniform(0.5, 2, subjects)[subject],
        }
    )


@settings(max_examples=20, deadline=None)
@given(seeds, options, st.booleans())
@example(21050, EDGE, True)
def test_order_and_names_change_nothing(seed: int, option: dict[str, Any], weighted: bool) -> None:
    data, weights = _data(seed), "w" if weighted else None
    before = fit_rate_gee(
        FORMULA, data, subject="subject", exposure="days", weights=weights, **option
    )
    shuffled = data.sample(frac=1, random_state=seed % 1000).assign(
        subject=lambda d: "s" + ((d["subject"] * 7 + 3) % 41).astype(str)
    )
    after = fit_rate_gee(
        FORMULA, shuffled, subject="subject", exposure="days", weights=weights, **option
    )
    np.testing.assert_allclose(
        after.coefficients()[NUMBERS], before.coefficients()[NUMBERS], rtol=1e-7, atol=1e-9
    )


@settings(max_examples=20, deadline=None)
@given(seeds, options, st.floats(0.01, 100))
def test_unit_of_exposure_moves_the_intercept_only(
    seed: int, option: dict[str, Any], unit: float
) -> None:
    data = _data(seed)
    before = fit_rate_gee(FORMULA, data, subject="subject", exposure="days", **option)
    after = fit_rate_gee(
        FORMULA, data.assign(days=data["days"] * unit), subject="subject", exposure="days", **option
    )
    np.testing.assert_allclose(after.beta[1:], before.beta[1:], rtol=1e-6, atol=1e-8)
    assert after.beta[0] == pytest.approx(before.beta[0] - np.log(unit), abs=1e-7)
    np.testing.assert_allclose(
        after.means(["arm"], per=unit)["estimate"], before.means(["arm"])["estimate"], rtol=1e-6
    )


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_rows_twice_leave_the_estimate(seed: int) -> None:
    data = _data(seed)
    once = fit_rate_gee(FORMULA, data, subject="subject", exposure="days")
    again = fit_rate_gee(FORMULA, pd.concat([data, data]), subject="subject", exposure="days")
    np.testing.assert_allclose(again.beta, once.beta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        again.uncertainty.covariance, once.uncertainty.covariance, rtol=1e-6, atol=1e-10
    )


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_crude_model_gives_crude_rates(seed: int) -> None:
    data = _data(seed)
    fit = fit_rate_gee("y ~ arm", data, subject="subject", exposure="days")
    sums = data.groupby("arm")[["y", "days"]].sum()
    crude = (sums["y"] / sums["days"]).to_numpy() * 28
    for average in ("observed", "grid"):
        means = fit.means(["arm"], average=average, per=28)  # type: ignore[arg-type]
        np.testing.assert_allclose(means["estimate"], crude, rtol=1e-8)
        assert (means["conf_low"] > 0).all()
    ratio = fit.compare("arm").iloc[0]
    assert ratio["estimate"] == pytest.approx(crude[1] / crude[0], rel=1e-8)
    same = fit.ratios().iloc[0]
    for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert ratio[column] == pytest.approx(same[column], rel=1e-8, abs=1e-12)
    difference = fit.compare("arm", scale="difference", per=28).iloc[0]
    assert difference["estimate"] == pytest.approx(crude[1] - crude[0], rel=1e-6, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_beta_binomial_mirrors(seed: int) -> None:
    data = _data(seed).assign(free=lambda d: 28 - d["headache"])
    days = fit_beta_binomial("headache ~ arm + x", data, trials=28)
    free = fit_beta_binomial("free ~ arm + x", data, trials=28)
    np.testing.assert_allclose(free.beta, -days.beta, atol=1e-7)
    assert free.dispersion == pytest.approx(days.dispersion, rel=1e-6)
    assert free.log_likelihood == pytest.approx(days.log_likelihood, rel=1e-10)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_proportions_mirror(seed: int) -> None:
    data = _data(seed).assign(no=lambda d: 1 - d["yes"])
    yes = fit_proportion_gee("yes ~ arm", data, subject="subject", variance="cr2")
    no = fit_proportion_gee("no ~ arm", data, subject="subject", variance="cr2")
    np.testing.assert_allclose(
        yes.compare("arm", scale="difference")["estimate"],
        -no.compare("arm", scale="difference")["estimate"],
        atol=1e-9,
    )
    crude = data.groupby("arm")["yes"].mean()
    np.testing.assert_allclose(yes.means(["arm"])["estimate"], crude, rtol=1e-7)


def test_no_excess_variance_is_said() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=300)})
    data["y"] = rng.binomial(10, 0.3, 300)  # less spread than Poisson
    fit = fit_negative_binomial("y ~ x", data)
    poisson = fit_rate_gee("y ~ x", data.assign(row=range(300)), subject="row")
    assert fit.dispersion == np.inf
    assert any("no more than Poisson" in note for note in fit.notes)
    np.testing.assert_allclose(fit.beta, poisson.beta, atol=1e-8)
    binomial = fit_beta_binomial("y ~ x", data.assign(y=data.index % 10), trials=100)
    assert binomial.dispersion > 0
    even = pd.DataFrame({"x": rng.normal(size=50), "y": [5, 5, 5, 5, 6] * 10})
    flat = fit_beta_binomial("y ~ x", even, trials=10)
    assert flat.dispersion == np.inf
    assert any("no more than binomial" in note for note in flat.notes)


def test_impossible_working_correlation_is_said() -> None:
    # Four rows that must add up: residuals of a subject repel each other.
    data = pd.DataFrame(
        {"subject": np.repeat(range(50), 4), "y": [0, 0, 0, 8] * 50, "x": [1, 2, 3, 4] * 50}
    )
    data["y"] = [8 if (i % 4) == (i // 4) % 4 else 0 for i in range(200)]
    fit = fit_rate_gee("y ~ 1", data, subject="subject", correlation="exchangeable")
    assert any("impossible" in note for note in fit.notes)
    assert fit.working_correlation == 0


def test_few_subjects_are_warned_of() -> None:
    data = _data(4, subjects=12)
    robust = fit_rate_gee(FORMULA, data, subject="subject")
    assert any("variance='cr2'" in note for note in robust.notes)
    cr2 = fit_rate_gee(FORMULA, data, subject="subject", variance="cr2")
    assert not cr2.notes
    assert (cr2.coefficients()["std_error"] > robust.coefficients()["std_error"]).all()
    assert (cr2.coefficients()["df"] < 12).all()
    assert "12 subjects" in robust.summary() and robust.notes[0] in robust.summary()


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"days": 0.0}, {}, "Exposure days is zero"),
        ({"days": np.inf}, {}, "Exposure days is zero, negative or infinite"),
        ({"w": -1.0}, {"weights": "w"}, "Weight w is zero, negative"),
        ({"y": -1}, {}, "negative"),
        ({"y": np.nan}, {}, "missing in every row"),
        ({"y": 0}, {}, "not a single event"),
        ({"x": np.inf}, {}, "Infinite"),
        ({"subject": 1}, {}, "1 cluster"),
        ({"x": 3.0}, {}, "rank-deficient: x follow"),
        ({}, {"family": "gamma"}, "Unknown family"),
        ({}, {"variance": "hc3"}, "Unknown variance"),
        ({}, {"correlation": "ar1"}, "Unknown correlation"),
    ],
    ids=str,
)
def test_bad_input_is_refused(change: dict, arguments: dict, message: str) -> None:
    data = _data(9).assign(**change)
    with pytest.raises(EstimationError, match=message) as error:
        fit_rate_gee(FORMULA, data, subject="subject", exposure="days", **arguments)
    assert error.value.remedy


def test_separation_is_refused_by_name() -> None:
    data = _data(10)
    silent = data.assign(y=data["y"].where(data["arm"] == "a", 0))
    with pytest.raises(EstimationError, match="armb has no event"):
        fit_rate_gee(FORMULA, silent, subject="subject")
    with pytest.raises(EstimationError, match="armb has no event"):
        fit_negative_binomial(FORMULA, silent)
    sure = data.assign(yes=(data["arm"] == "b").astype(int))
    with pytest.raises(EstimationError, match=r"never or always|did not converge"):
        fit_proportion_gee("yes ~ arm", sure, subject="subject")
    none = data.assign(headache=data["headache"].where(data["arm"] == "a", 0))
    with pytest.raises(EstimationError, match=r"never or always|did not converge"):
        fit_beta_binomial("headache ~ arm", none, trials=28)
    with pytest.raises(EstimationError, match="same in every row"):
        fit_proportion_gee("yes ~ arm", data.assign(yes=1), subject="subject")
    with pytest.raises(EstimationError, match="not within 0 and 1"):
        fit_proportion_gee("y ~ arm", data.assign(y=5), subject="subject")
    with pytest.raises(EstimationError, match="outside 0 to"):
        fit_beta_binomial("headache ~ arm", data, trials=3)


def test_rows_without_events_that_do_span_are_no_separation() -> None:
    # One arm has zeros only below x = 0; the likelihood still has a maximum.
    data = pd.DataFrame({"x": [-2, -1, 0, 1, 2, -2, -1, 0, 1, 2.0], "arm": list("aaaaabbbbb")})
    data["y"] = [0, 0, 1, 2, 1, 0, 0, 0, 0, 3]
    fit = fit_rate_gee("y ~ arm + x", data.assign(row=range(10)), subject="row")
    assert np.isfinite(fit.beta).all()


def test_weights_that_vary_within_a_subject_need_independence() -> None:
    data = _data(11)
    data["w"] = np.linspace(0.5, 2, len(data))
    with pytest.raises(EstimationError, match="vary within a subject"):
        fit_rate_gee(FORMULA, data, subject="subject", weights="w", correlation="exchangeable")
    fit_rate_gee(FORMULA, data, subject="subject", weights="w")


def test_fractional_counts_need_poisson() -> None:
    data = _data(12)
    data["y"] = data["y"] + 0.5
    fit_rate_gee(FORMULA, data, subject="subject")
    with pytest.raises(EstimationError, match="whole counts"):
        fit_negative_binomial(FORMULA, data)
