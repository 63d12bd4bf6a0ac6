"""Rates against geepack, MASS::glm.nb, glmmTMB and statsmodels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from outcomes.stats.rates import (
    RateFit,
    fit_beta_binomial,
    fit_negative_binomial,
    fit_proportion_gee,
    fit_rate_gee,
)

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    """Numbers of c_counts.json."""
    return json.loads((shared / "golden" / "c_counts.json").read_text())["results"]


@pytest.fixture(scope="module")
def seizures(shared: Path) -> pd.DataFrame:
    """Counts of 59 subjects: eight weeks before, four times two weeks after."""
    data = pd.read_csv(shared / "data" / "seizure_long.csv")
    return data.assign(lbase=np.log(data["base"] / 4))


def _compare(fit: RateFit, expected: list[dict[str, Any]], se: str, rtol: float) -> None:
    table, reference = fit.coefficients(), pd.DataFrame(expected)
    assert table["term"].tolist() == reference["term"].tolist()
    np.testing.assert_allclose(table["estimate"], reference["Estimate"], rtol=rtol)
    np.testing.assert_allclose(table["std_error"], reference[se], rtol=rtol)


@pytest.mark.parametrize(
    ("name", "correlation", "left_out"),
    [
        ("gee_exchangeable", "exchangeable", None),
        ("gee_independence", "independence", None),
        ("gee_exchangeable_without_id49", "exchangeable", 49),
    ],
)
def test_geepack(
    golden: dict[str, Any], seizures: pd.DataFrame, name: str, correlation: Any, left_out: Any
) -> None:
    data, expected = seizures[seizures["id"] != left_out], golden[name]
    formula = "y ~ post * trt"
    fits = [
        fit_rate_gee(
            formula,
            data,
            subject="id",
            exposure="weeks",
            correlation=correlation,
            variance=variance,
        )
        for variance in ("robust", "model")
    ]
    # geepack at its default stopping rule: this design converges to all digits.
    _compare(fits[0], expected["coef_robust"], "Std.err", 1e-9)
    reference = pd.DataFrame(expected["coef_robust"])
    np.testing.assert_allclose(fits[0].coefficients()["t"] ** 2, reference["Wald"], rtol=1e-9)
    np.testing.assert_allclose(
        fits[0].coefficients()["p_value"], reference["Pr(>|W|)"], rtol=1e-6, atol=1e-12
    )
    for fit, key in zip(fits, ("vcov_robust", "vcov_naive"), strict=True):
        np.testing.assert_allclose(
            fit.uncertainty.covariance, expected[key]["values"], rtol=1e-9, atol=1e-12
        )
    assert fits[0].scale == pytest.approx(expected["scale"]["(Intercept)"], rel=1e-9)
    if expected["alpha"]:
        assert fits[0].working_correlation == pytest.approx(expected["alpha"]["alpha"], rel=1e-9)


@pytest.mark.parametrize(
    ("model", "correlation", "weights"),
    [
        ("exchangeable", "exchangeable", None),
        ("independence", "independence", None),
        ("exchangeable_weighted", "exchangeable", "by_subject"),
        ("independence_weighted", "independence", "by_row"),
    ],
)
def test_geepack_unequal_and_weighted(
    seizures: pd.DataFrame, model: str, correlation: Any, weights: str | None
) -> None:
    # See tests/golden/r/geepack.R for the source of the numbers.
    expected = pd.read_csv(HERE / "geepack.csv").query("model == @model").set_index("term")
    subject, visit = seizures["id"], seizures["visit"]
    data = seizures.assign(
        by_subject=0.5 + (subject % 4) / 2, by_row=0.5 + ((subject + visit) % 3) / 2
    )[(visit < 2) | ((subject * 7 + visit * 3) % 5 > 1)]
    for variance, column in (("robust", "std_error"), ("model", "model_std_error")):
        fit = fit_rate_gee(
            "y ~ post * trt + age",
            data,
            subject="id",
            exposure="weeks",
            weights=weights,
            correlation=correlation,
            variance=variance,  # type: ignore[arg-type]
        )
        table = fit.coefficients().set_index("term")
        reference = expected.loc[table.index]
        np.testing.assert_allclose(table["estimate"], reference["estimate"], rtol=1e-9)
        np.testing.assert_allclose(table["std_error"], reference[column], rtol=1e-9)
        assert fit.scale == pytest.approx(reference["scale"].iloc[0], rel=1e-9)
        assert fit.working_correlation == pytest.approx(reference["alpha"].iloc[0], abs=1e-9)


def test_geepack_logistic(golden: dict[str, Any], shared: Path) -> None:
    diary = pd.read_csv(shared / "data" / "KosteckiDillon_migraine_diary.csv")
    diary = diary.assign(
        y=(diary["headache"] == "yes").astype(int), tt=(diary["time"] > 0).astype(int)
    )
    fit = fit_proportion_gee("y ~ tt + medication", diary, subject="id", correlation="exchangeable")
    expected = golden["kosteckidillon_gee_logit"]
    # geepack stopped at its default, 1e-4 in the coefficients; ours goes on.
    _compare(fit, expected["coef_robust"], "Std.err", 1e-5)
    assert fit.working_correlation == pytest.approx(expected["alpha"]["alpha"], rel=1e-6)


@pytest.mark.parametrize("name", ["glm_nb_total_offset", "glm_nb_long_offset"])
def test_glm_nb(golden: dict[str, Any], seizures: pd.DataFrame, name: str) -> None:
    data, expected = seizures[seizures["visit"] > 0], golden[name]
    if name == "glm_nb_total_offset":
        data = data.groupby(["id", "trt", "lbase"], as_index=False)[["y", "weeks"]].sum()
    fit = fit_negative_binomial("y ~ trt + lbase", data, exposure="weeks")
    # glm.nb alternates between theta and the coefficients and stops at 1e-8 relative.
    _compare(fit, expected["coef"], "Std. Error", 1e-8)
    assert fit.dispersion == pytest.approx(expected["theta"], rel=1e-8)
    # MASS takes theta's standard error one step before its last theta.
    assert fit.dispersion_std_error == pytest.approx(expected["theta_se"], rel=5e-5)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], rel=1e-10)
    np.testing.assert_allclose(
        fit.uncertainty.covariance, expected["vcov"]["values"], rtol=1e-6, atol=1e-10
    )


def test_observed_information(golden: dict[str, Any], seizures: pd.DataFrame) -> None:
    data = seizures[seizures["visit"] > 0]
    total = data.groupby(["id", "trt", "lbase"], as_index=False)[["y", "weeks"]].sum()
    fit = fit_negative_binomial("y ~ trt + lbase", total, exposure="weeks", information="observed")
    expected = golden["glmmTMB_nbinom2_total"]
    # glmmTMB's optimiser stops 5e-6 short (its log-likelihood is 5e-10 lower).
    _compare(fit, expected["coef"], "Std. Error", 1e-5)
    assert fit.log_likelihood >= expected["logLik"]
    assert fit.dispersion == pytest.approx(expected["sigma_dispersion"], rel=1e-5)


def test_beta_binomial(golden: dict[str, Any], shared: Path) -> None:
    trial = pd.read_csv(shared / "data" / "vickers2004_acupuncture_headache_wide.csv")
    trial = trial.assign(days=np.round(trial["f5"]), f1p=trial["f1"] / 28)
    fit = fit_beta_binomial("days ~ group + f1p", trial, trials=28)
    expected = golden["vickers_f5_betabinomial"]
    # Again glmmTMB's stopping rule, 1e-5 relative.
    _compare(fit, expected["coef"], "Std. Error", 1e-5)
    assert fit.dispersion == pytest.approx(expected["sigma_dispersion"], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-7)
    assert fit.log_likelihood >= expected["logLik"]
    by_column = fit_beta_binomial("days ~ group + f1p", trial.assign(n=28), trials="n")
    np.testing.assert_array_equal(by_column.beta, fit.beta)


def test_statsmodels_poisson(seizures: pd.DataFrame) -> None:
    formula = "y ~ post * trt + age"
    fit = fit_rate_gee(formula, seizures, subject="id", exposure="weeks")
    other = smf.gee(
        formula, "id", seizures, exposure=seizures["weeks"], family=sm.families.Poisson()
    ).fit(ctol=1e-12)
    np.testing.assert_allclose(fit.beta, other.params.to_numpy()[[0, 1, 2, 4, 3]], rtol=1e-7)
    np.testing.assert_allclose(
        fit.coefficients()["std_error"], other.bse.to_numpy()[[0, 1, 2, 4, 3]], rtol=1e-7
    )
