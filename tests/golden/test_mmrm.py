"""Equal to R mmrm 0.3.18 (and SAS) on fev_data and on the headache trial of Vickers 2004.

The expected numbers are estimates at an optimum polished with nlminb (rel.tol 1e-15); coefficients
and standard errors agree within 1e-5 relative and degrees of freedom within 1e-3.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from outcomes.stats.mmrm import MmrmResult, fit_mmrm

FORMULA = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"


@pytest.fixture(scope="module")
def fev(shared: Path) -> pd.DataFrame:
    data = pd.read_csv(shared / "data" / "fev_data.csv")
    return data.assign(SEX=pd.Categorical(data["SEX"], categories=["Male", "Female"]))


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict:
    return json.loads((shared / "golden" / "a_mmrm_fev.json").read_text())["results"]


def fit(data: pd.DataFrame, **choices: object) -> MmrmResult:
    return fit_mmrm(FORMULA, data, subject="USUBJID", visit="AVISIT", **choices)


def assert_coefficients(ours: pd.DataFrame, theirs: list[dict], df: float = 1e-3) -> None:
    theirs = pd.DataFrame(theirs)
    assert list(ours.iloc[:, 0]) == list(theirs["term"])
    np.testing.assert_allclose(ours["estimate"], theirs["Estimate"], rtol=1e-5)
    np.testing.assert_allclose(ours["std_error"], theirs["Std. Error"], rtol=1e-5)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=df)
    assert_p_belongs_to_t_and_df(ours)


def assert_p_belongs_to_t_and_df(ours: pd.DataFrame) -> None:
    np.testing.assert_allclose(ours["t"], ours["estimate"] / ours["std_error"], rtol=1e-12)
    np.testing.assert_allclose(
        ours["p_value"], 2 * stats.t.sf(ours["t"].abs(), ours["df"]), rtol=1e-12
    )


def test_unstructured_reml_log_likelihood(fev: pd.DataFrame) -> None:
    assert -2 * fit(fev).log_likelihood == pytest.approx(3386.449871, rel=1e-6)


CASES = [
    ("fev_us_reml", {}),
    ("fev_us_ml", {"reml": False}),
    ("fev_us_grouped_by_arm", {"group": "ARMCD"}),
    ("fev_cs_reml", {"covariance": "compound-symmetry"}),
    ("fev_csh_reml", {"covariance": "heterogeneous-compound-symmetry"}),
    ("fev_ar1_reml", {"covariance": "ar1"}),
    ("fev_ar1h_reml", {"covariance": "heterogeneous-ar1"}),
    ("fev_toep_reml", {"covariance": "toeplitz"}),
    ("fev_toeph_reml", {"covariance": "heterogeneous-toeplitz"}),
    ("fev_ad_reml", {"covariance": "ante-dependence"}),
    ("fev_adh_reml", {"covariance": "heterogeneous-ante-dependence"}),
]


@pytest.mark.parametrize(("case", "choices"), CASES)
def test_each_structure_with_satterthwaite(
    fev: pd.DataFrame, expected: dict, case: str, choices: dict
) -> None:
    model = fit(fev, **choices)
    theirs = expected[case]
    assert model.converged, model.problems
    assert model.log_likelihood == pytest.approx(theirs["logLik"], rel=1e-8)
    assert model.aic == pytest.approx(theirs["AIC"], rel=1e-8)
    assert model.bic == pytest.approx(theirs["BIC"], rel=1e-8)
    assert_coefficients(model.coefficients(), theirs["Satterthwaite"]["coef"])
    covariance = model.covariance
    values = list(covariance.values()) if isinstance(covariance, dict) else [covariance]
    np.testing.assert_allclose(
        np.squeeze(values), np.squeeze(theirs["Sigma"]["values"]), rtol=1e-4, atol=1e-5
    )


def test_nlme_agrees_on_the_likelihood(fev: pd.DataFrame, expected: dict) -> None:
    assert fit(fev).log_likelihood == pytest.approx(expected["fev_gls"]["logLik"], abs=1e-6)
