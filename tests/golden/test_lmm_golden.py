"""Random intercepts and slopes against lme4, lmerTest and pbkrtest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.lmm import LmmFit, fit_lmm, profile_intervals

HERE = Path(__file__).parent
CASES = [
    "sleepstudy_reml",
    "sleepstudy_ml",
    "sleepstudy_uncorrelated",
    "sleepstudy_intercept",
    "orthodont_age",
    "orthodont_intercept",
]
# The likelihood is flat at its top: equal to 1e-12 there, the polished lmer fit is still 1.2e-6
# away in a variance of orthodont_age, where the closed form below agrees with us to 1e-10.
LIKELIHOOD, VARIANCE, ERROR, DF = 1e-9, 2e-6, 1e-6, 1e-6


def _fit(formula: str, data: pd.DataFrame, reml: bool) -> LmmFit:
    """Read lme4's formula."""
    fixed, random = formula.split(" + (")
    slope = random.split("|")[0].strip()
    return fit_lmm(
        fixed,
        data,
        subject="Subject",
        slope=None if slope == "1" else slope,
        correlated="||" not in random,
        reml=reml,
    )


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    """Numbers of b_lmer.json."""
    return json.loads((shared / "golden" / "b_lmer.json").read_text())["results"]


@pytest.fixture(scope="module")
def data(shared: Path) -> dict[str, pd.DataFrame]:
    """Both data sets, factor levels as in R."""
    teeth = pd.read_csv(shared / "data" / "Orthodont.csv")
    teeth["Sex"] = pd.Categorical(teeth["Sex"], ["Male", "Female"])
    return {
        "sleepstudy": pd.read_csv(shared / "data" / "sleepstudy.csv"),
        "orthodont": teeth,
    }


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest, golden: dict[str, Any], data: dict[str, pd.DataFrame]
) -> tuple[LmmFit, dict[str, Any]]:
    """A fit and what lmer says."""
    expected = golden[request.param]
    frame = data[request.param.split("_")[0]]
    return _fit(expected["formula"], frame, expected["REML"]), expected


def test_likelihood(case: tuple[LmmFit, dict[str, Any]]) -> None:
    fit, expected = case
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=LIKELIHOOD)
    assert fit.deviance == pytest.approx(expected["criterion"], abs=2 * LIKELIHOOD)
    assert fit.aic == pytest.approx(expected["AIC"], abs=1e-8)
    assert fit.bic == pytest.approx(expected["BIC"], abs=1e-8)
    assert (fit.n, fit.n_subjects) == (expected["nobs"], expected["ngroups"])
    assert fit.converged and not fit.boundary and not fit.notes and not expected["singular"]


def test_variance_components(case: tuple[LmmFit, dict[str, Any]]) -> None:
    fit, expected = case
    table, reference = fit.variance_components(), pd.DataFrame(expected["varcomp"])
    assert len(table) == len(reference)
    np.testing.assert_allclose(table["variance"], reference["vcov"], rtol=VARIANCE)
    np.testing.assert_allclose(table["sd_or_correlation"], reference["sdcor"], rtol=VARIANCE)
    assert fit.sigma == pytest.approx(expected["sigma"], rel=VARIANCE)


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_fixed_effects(case: tuple[LmmFit, dict[str, Any]], df: Any) -> None:
    fit, expected = case
    reference = expected[f"fixef_{df.replace('-', '_')}"]
    if reference is None:
        with pytest.raises(EstimationError, match="REML"):
            fit.coefficients(df)
        return
    table, reference = fit.coefficients(df), pd.DataFrame(reference)
    assert table["term"].tolist() == reference["term"].tolist()
    np.testing.assert_allclose(table["estimate"], reference["Estimate"], rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], reference["Std. Error"], rtol=ERROR)
    np.testing.assert_allclose(table["df"], reference["df"], rtol=DF)
    np.testing.assert_allclose(table["t"], reference["t value"], rtol=ERROR)
    # A p of 1e-17 moves by t times the relative error of t.
    np.testing.assert_allclose(table["p_value"], reference["Pr(>|t|)"], rtol=1e-5)


def test_covariance_and_random_effects(case: tuple[LmmFit, dict[str, Any]]) -> None:
    fit, expected = case
    np.testing.assert_allclose(
        fit.uncertainty().covariance, expected["vcov"]["values"], rtol=1e-6, atol=1e-8
    )
    reference = (
        pd.DataFrame(expected["ranef"]).set_index("group").drop(columns="_row", errors="ignore")
    )
    table = fit.random_effects().set_index("Subject")
    table.index = table.index.astype(str)
    for column in reference:
        np.testing.assert_allclose(
            table.loc[reference.index, column], reference[column], rtol=1e-5, atol=1e-6
        )


def test_closed_form(data: dict[str, pd.DataFrame]) -> None:
    # Complete data on one grid: REML is the residual mean square about the subjects' own lines,
    # and the covariance of those lines less their sampling error.
    teeth = data["orthodont"].sort_values(["Subject", "age"])
    Y = teeth["distance"].to_numpy().reshape(27, 4)
    Z = np.column_stack([np.ones(4), [8.0, 10.0, 12.0, 14.0]])
    sampling = np.linalg.inv(Z.T @ Z)
    lines = Y @ Z @ sampling
    sigma2 = np.sum((Y - lines @ Z.T) ** 2) / (27 * 2)
    fit = fit_lmm("distance ~ age", teeth, subject="Subject", slope="age")
    assert fit.sigma2 == pytest.approx(sigma2, rel=1e-10)
    np.testing.assert_allclose(
        fit.random_covariance, np.cov(lines.T) - sigma2 * sampling, rtol=1e-9
    )
    np.testing.assert_allclose(fit.beta, lines.mean(axis=0), rtol=1e-12)


@pytest.fixture(scope="module")
def made(data: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The unbalanced and degenerate outcomes of tests/golden/r/lmer.R, by the same rules."""
    s = data["sleepstudy"]
    i = np.arange(len(s))
    subject = pd.factorize(s["Subject"], sort=True)[0] + 1
    noise, u = ((i * 7919) % 101) / 101 - 0.5, ((subject * 29) % 19) / 19 - 0.5
    days = s["Days"]
    return s.assign(
        group=np.where(subject % 3 == 0, "b", "a"),
        when=days + ((i * 37) % 11) / 20,
        flat=10 + 0.1 * days + noise,
        together=10 + 3 * u * (1 + 0.4 * days) + noise,
        opposed=10 + 3 * u * (1 - 0.2 * days) + noise,
        slope_only=10 + 2 * u * days + noise,
        level_only=10 + 5 * u + 0.1 * days + noise,
    )[(i * 13) % 17 > 3]


BOUNDARY = {
    "unbalanced": "",
    "unbalanced_ml": "",
    "unbalanced_uncorrelated": "",
    "unbalanced_intercept": "",
    "flat": "the variance between subjects is zero",
    "flat_uncorrelated": "the variance between subjects is zero",
    "flat_intercept": "the variance between subjects is zero",
    "together": "the correlation of intercept and slope is +1",
    "opposed": "the correlation of intercept and slope is -1",
    "slope_only": "the correlation of intercept and slope is +1",
    "slope_only_uncorrelated": "the variance of the intercept is zero",
    "level_only": "the correlation of intercept and slope is -1",
    "level_only_uncorrelated": "the variance of the slope is zero",
}


@pytest.mark.parametrize("name", BOUNDARY)
def test_unbalanced_and_degenerate(made: pd.DataFrame, name: str) -> None:
    # See tests/golden/r/lmer.R for the source of the numbers. bobyqa stops a little short of the
    # optimum, 1e-10 in the log-likelihood, hence 1e-6 in variances and 1e-5 in df.
    expected = json.loads((HERE / "lmer.json").read_text())[name]
    fit = _fit(expected["formula"], made, expected["REML"])
    assert fit.converged
    assert fit.boundary == BOUNDARY[name]
    assert bool(fit.boundary) == expected["singular"]
    assert bool(fit.notes) == expected["singular"]
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-9)
    scale = expected["sigma"] ** 2
    reference = pd.DataFrame(expected["variance"])
    np.testing.assert_allclose(
        fit.variance_components()["variance"], reference["vcov"], rtol=2e-6, atol=1e-6 * scale
    )
    for df in ("satterthwaite", "kenward-roger"):
        if df.replace("-", "_") not in expected:
            continue
        lmer = pd.DataFrame(expected[df.replace("-", "_")], index=expected["term"])
        table = fit.coefficients(df).set_index("term").loc[expected["term"]]  # type: ignore[arg-type]
        np.testing.assert_allclose(table["estimate"], lmer["Estimate"], rtol=1e-6)
        np.testing.assert_allclose(table["std_error"], lmer["Std. Error"], rtol=2e-6)
        np.testing.assert_allclose(table["df"], lmer["df"], rtol=1e-5)
    blups = np.asarray(expected["ranef"], dtype=float)
    table = fit.random_effects().sort_values("Subject")
    columns = [c for c in ("(Intercept)", fit.slope) if c in table]
    np.testing.assert_allclose(table[columns], blups, rtol=1e-4, atol=1e-4 * fit.sigma)


@pytest.mark.parametrize("name", ["sleepstudy_reml", "orthodont_age", "orthodont_intercept"])
def test_profile_intervals(
    golden: dict[str, Any], data: dict[str, pd.DataFrame], name: str
) -> None:
    expected = golden[name]
    fit = _fit(expected["formula"], data[name.split("_")[0]], expected["REML"])
    table, reference = profile_intervals(fit), pd.DataFrame(expected["profile_ci"])
    # lme4 interpolates its profile with splines: a thousandth of the interval. The correlation in
    # orthodont_age is another matter: zero lies within the interval of a standard deviation.
    open_ended = (table["kind"] == "correlation") & (table["conf_low"] == -1)
    assert open_ended.any() == (expected["formula"] == "distance ~ age + (age | Subject)")
    width = (reference["97.5 %"] - reference["2.5 %"])[~open_ended]
    for ours, theirs in (("conf_low", "2.5 %"), ("conf_high", "97.5 %")):
        gap = (table[ours] - reference[theirs])[~open_ended].abs()
        assert (gap < 1e-3 * width).all()
