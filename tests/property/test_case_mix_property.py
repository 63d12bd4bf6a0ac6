"""What must hold of expected values, and their agreement with plain regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from outcomes.errors import EstimationError
from outcomes.stats.case_mix import CaseMix, fit_case_mix, observed_minus_expected
from outcomes.stats.linear import fit_linear
from outcomes.stats.rates import fit_proportion_gee


def subjects(seed: int, n: int = 240, units: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    unit = rng.integers(0, units, n)
    x = rng.normal(size=n) + 0.5 * unit
    group = rng.choice(list("abc"), n)
    y = 5 + 0.7 * x + (group == "b") + 0.4 * unit + rng.normal(size=n)
    chance = expit(0.6 * x - 0.3 * unit)
    return pd.DataFrame(
        {
            "unit": unit.astype(str),
            "x": x,
            "group": group,
            "y": y,
            "event": (rng.uniform(size=n) < chance).astype(int),
            "weight": rng.uniform(0.5, 2, n),
        }
    )


def test_slopes_are_those_of_regression_with_and_without_units() -> None:
    data = subjects(1)
    for weights in (None, "weight"):
        pooled = fit_case_mix(
            "y ~ x + group", data, unit="unit", within_units=False, weights=weights
        )
        plain = fit_linear("y ~ x + group", data, weights=weights)
        np.testing.assert_allclose(pooled.coefficients["estimate"], plain.beta[1:], atol=1e-10)
        within = fit_case_mix("y ~ x + group", data, unit="unit", weights=weights)
        dummies = fit_linear("y ~ x + group + unit", data, weights=weights)
        named = dict(zip(dummies.design.names, dummies.beta, strict=True))
        theirs = [named[term] for term in within.coefficients["term"]]
        np.testing.assert_allclose(within.coefficients["estimate"], theirs, atol=1e-10)
        # With weights of mean 1 the pooled residual is that of the regression with units.
        share = np.sqrt(data["weight"].mean()) if weights else 1.0
        assert within.sd == pytest.approx(dummies.sigma / share, rel=1e-10)


def test_log_odds_are_those_of_logistic_regression() -> None:
    data = subjects(2, n=600)
    for formula, within in (("event ~ x + group", False), ("event ~ x + group + unit", True)):
        ours = fit_case_mix(
            "event ~ x + group", data, unit="unit", kind="logistic", within_units=within
        )
        theirs = fit_proportion_gee(formula, data.assign(row=range(600)), subject="row")
        named = dict(zip(theirs.design.names, theirs.beta, strict=True))
        np.testing.assert_allclose(
            ours.coefficients["estimate"],
            [named[term] for term in ours.coefficients["term"]],
            atol=1e-8,
        )


def test_a_unit_of_all_or_none_is_judged_and_does_not_bend_the_slope() -> None:
    data = subjects(3, n=600)
    alone = data[data["unit"] != "0"]
    data.loc[data["unit"] == "0", "event"] = 0
    ours = fit_case_mix("event ~ x", data, unit="unit", kind="logistic")
    without = fit_case_mix("event ~ x", alone, unit="unit", kind="logistic")
    np.testing.assert_allclose(ours.coefficients["estimate"], without.coefficients["estimate"])
    assert ours.notes == ("1 unit(s) say nothing about case-mix: all or none have the outcome.",)
    table = ours.units().set_index("unit")
    assert table.loc["0", "observed"] == 0 and table.loc["0", "expected"] > 0


def fitted(data: pd.DataFrame, kind: Any = "linear", weights: str | None = None) -> CaseMix:
    outcome = "y" if kind == "linear" else "event"
    return fit_case_mix(f"{outcome} ~ x + group", data, unit="unit", kind=kind, weights=weights)


@given(st.integers(0, 10_000), st.sampled_from(["linear", "logistic"]), st.booleans())
@settings(max_examples=15, deadline=None)
def test_expected_and_observed_agree_over_all_and_row_order_does_not_matter(
    seed: int, kind: str, weighted: bool
) -> None:
    data = subjects(seed)
    weights = "weight" if weighted else None
    found = fitted(data, kind, weights)
    rows = found.rows
    assert np.average(rows["expected"], weights=rows["weight"]) == pytest.approx(
        np.average(rows["observed"], weights=rows["weight"]), abs=1e-9
    )
    table = found.units().set_index("unit").sort_index()
    again = fitted(data.sample(frac=1, random_state=seed), kind, weights)
    shuffled = again.units().set_index("unit").sort_index()
    np.testing.assert_allclose(table, shuffled, atol=1e-8)
    np.testing.assert_allclose(found.calibration()["n"].sum(), len(data))


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.1, 10))
@settings(max_examples=15, deadline=None)
def test_units_of_measurement_change_what_they_must(seed: int, shift: float, factor: float) -> None:
    data = subjects(seed)
    before = fitted(data).units()
    after = fitted(data.assign(y=shift + factor * data["y"], x=3 * data["x"] - 1)).units()
    for name in ("difference", "std_error"):
        np.testing.assert_allclose(after[name], factor * before[name], rtol=1e-6, atol=1e-8)
    moved = shift + factor * before["standardised"]
    np.testing.assert_allclose(after["standardised"], moved, atol=1e-6)


def test_merit_is_not_counted_as_case_mix() -> None:
    # Units whose subjects have higher x are better by 0.4 each: within units the slope is 0.7.
    data = subjects(5, n=6000)
    within = fit_case_mix("y ~ x + group", data, unit="unit")
    pooled = fit_case_mix("y ~ x + group", data, unit="unit", within_units=False)
    true = 0.4 * (np.arange(6) - 2.5)

    def differences(fit: CaseMix) -> pd.Series:
        return fit.units().set_index("unit").sort_index()["difference"]

    np.testing.assert_allclose(differences(within), true, atol=0.15)
    assert differences(pooled).iloc[-1] < 0.7 * true[-1]


def test_rows_without_a_value_are_left_out_and_counted() -> None:
    data = subjects(6)
    data.loc[[3, 8], "x"] = np.nan
    found = fitted(data)
    assert len(found.rows) == 238
    assert found.notes == ("2 row(s) left out: a value in the model is missing.",)


def test_no_case_mix_is_the_difference_from_the_mean() -> None:
    data = subjects(7)
    for kind, outcome in (("linear", "y"), ("logistic", "event")):
        found = fit_case_mix(f"{outcome} ~ 1", data, unit="unit", kind=kind)  # type: ignore[arg-type]
        mean = data.groupby("unit", sort=False)[outcome].mean() - data[outcome].mean()
        np.testing.assert_allclose(found.units()["difference"], mean, atol=1e-10)


@pytest.mark.parametrize(
    "call",
    [
        lambda d: fit_case_mix("y ~ level", d.assign(level=d["unit"].astype(float)), unit="unit"),
        lambda d: fit_case_mix("y ~ x", d, unit="unit", kind="probit"),
        lambda d: fit_case_mix("y ~ x", d, unit="unit", kind="logistic"),
        lambda d: fit_case_mix("y ~ x + group", d.head(5), unit="unit"),
        lambda d: fit_case_mix(
            "event ~ sure", d.assign(sure=d["event"]), unit="unit", kind="logistic"
        ),
        lambda d: observed_minus_expected([1.0], [np.nan], ["a"]),
        lambda d: observed_minus_expected([1.0], [1.0], ["a"], weights=[0.0]),
    ],
)
def test_what_has_no_answer_is_refused(call: Any) -> None:
    with pytest.raises(EstimationError):
        call(subjects(8))
