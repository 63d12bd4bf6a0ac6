"""Analysis of covariance of the headache trial against R lm, sandwich, emmeans and clubSandwich."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.linear import LinearFit, LinearVariance, fit_linear

# R prints 15 digits. Least squares leaves the last two to rounding, p-values the last four.
TOLERANCE = 1e-10
MODELS = [
    "ancova_pk1",
    "ancova_minimisation",
    "ancova_minimisation_practice_n",
    "ancova_practice",
    "ancova_interaction",
    "anova_unadjusted",
    "change_score",
]
ROBUST: dict[str, LinearVariance] = {
    "HC2": "hc2",
    "HC3": "hc3",
    "cluster_practice_CR0": "cr0",
    "cluster_practice_CR1": "cr1",
}


@pytest.fixture(scope="module")
def trial(shared: Path) -> pd.DataFrame:
    """Trial of Vickers 2004, with the size of each practice and weights that vary within it."""
    data = pd.read_csv(shared / "data" / "vickers2004_acupuncture_headache_wide.csv")
    return data.assign(
        practice_n=data.groupby("practice_id")["id"].transform("size"),
        w=0.5 + data["age"] / 40 + data["migraine"],
        row=np.arange(len(data)),
    )


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    """Numbers of h_ancova.json."""
    return json.loads((shared / "golden" / "h_ancova.json").read_text())["results"]


def _fit(trial: pd.DataFrame, golden: dict[str, Any], model: str) -> LinearFit:
    formula = golden[model]["formula"].replace("factor(", "C(")
    return fit_linear(formula, trial, cluster="practice_id")


@pytest.mark.parametrize("model", MODELS)
def test_coefficients(trial: pd.DataFrame, golden: dict[str, Any], model: str) -> None:
    expected = golden[model]
    fit = _fit(trial, golden, model)
    table = fit.coefficients()
    coef, ci = pd.DataFrame(expected["coef"]), pd.DataFrame(expected["ci"])
    names = coef["term"].str.replace("factor(", "C(")
    assert table["term"].tolist() == names.tolist()
    for column, reference in {
        "estimate": coef["Estimate"],
        "std_error": coef["Std. Error"],
        "t": coef["t value"],
        "p_value": coef["Pr(>|t|)"],
        "conf_low": ci["2.5 %"],
        "conf_high": ci["97.5 %"],
    }.items():
        np.testing.assert_allclose(table[column], reference, rtol=TOLERANCE, err_msg=column)
    assert fit.n == expected["n"]
    assert fit.sigma == pytest.approx(expected["sigma"], rel=TOLERANCE)
    assert fit.r_squared == pytest.approx(expected["r2"], rel=TOLERANCE)
    np.testing.assert_allclose(
        fit.uncertainty().covariance, expected["vcov"]["values"], rtol=TOLERANCE, atol=TOLERANCE
    )


@pytest.mark.parametrize("name", ROBUST)
@pytest.mark.parametrize("model", MODELS)
def test_robust(trial: pd.DataFrame, golden: dict[str, Any], model: str, name: str) -> None:
    fit = _fit(trial, golden, model)
    expected = pd.DataFrame(golden[model][name])["se"].astype(float)
    table = fit.coefficients(ROBUST[name])
    # With a dummy per practice some rows have leverage 1: R gives NaN for HC2 and HC3, so do we.
    np.testing.assert_allclose(table["std_error"], expected, rtol=TOLERANCE)
    if expected.isna().any():
        assert any("leverage 1" in note for note in fit.notes)


@pytest.mark.parametrize("model", MODELS)
def test_adjusted_means(trial: pd.DataFrame, golden: dict[str, Any], model: str) -> None:
    expected = pd.DataFrame(golden[model]["emmeans"])
    table = _fit(trial, golden, model).means(["group"])
    assert table["group"].tolist() == expected["group"].tolist()
    for column, reference in {
        "estimate": "emmean",
        "std_error": "SE",
        "df": "df",
        "conf_low": "lower.CL",
        "conf_high": "upper.CL",
    }.items():
        np.testing.assert_allclose(table[column], expected[reference], rtol=TOLERANCE)


def test_published_difference(trial: pd.DataFrame) -> None:
    # Vickers 2004 BMJ 328:744: 4.6 (2.2 to 7.0), adjusted for the minimisation variables; how
    # practice size entered is not published, hence one unit in the last digit.
    fit = fit_linear("pk5 ~ group + pk1 + age + sex + migraine + chronicity + practice_n", trial)
    row = -fit.differences("group")[["estimate", "conf_high", "conf_low"]].iloc[0]
    np.testing.assert_allclose(row, [4.6, 2.2, 7.0], atol=0.1)


CLUB_SANDWICH = {
    "ancova": ("pk5 ~ group + pk1", "practice_id", None),
    "interaction": ("pk5 ~ group * pk1 + age", "practice_id", None),
    "practice_dummies": ("pk5 ~ group + pk1 + C(practice_id)", "practice_id", None),
    "weighted": ("pk5 ~ group + pk1", "practice_id", "w"),
    "weighted_therapist": ("pk5 ~ group * pk1", "acupuncturist", "w"),
    "singletons": ("pk5 ~ group + pk1", "row", None),
}


@pytest.mark.parametrize("model", CLUB_SANDWICH)
def test_cr2(trial: pd.DataFrame, model: str) -> None:
    # See tests/golden/r/club_sandwich.R for the source of the numbers.
    expected = pd.read_csv(Path(__file__).parent / "club_sandwich.csv").query("model == @model")
    formula, cluster, weights = CLUB_SANDWICH[model]
    table = fit_linear(formula, trial, cluster=cluster, weights=weights).coefficients("cr2")
    table["term"] = table["term"].str.replace("C(", "factor(")
    both = expected.merge(table, on="term", suffixes=("_r", ""))
    assert len(both) == len(expected) == len(table)
    for column in ("estimate", "std_error", "df", "p_value"):
        np.testing.assert_allclose(both[column], both[f"{column}_r"], rtol=1e-8, err_msg=column)
