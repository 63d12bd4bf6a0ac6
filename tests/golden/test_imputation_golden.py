"""Rubin's rules against R's mice; imputed estimates against closed forms and the mixed model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.imputation import Ancova, Imputation, pool
from outcomes.stats.mmrm import fit_mmrm
from tests.validate.imputation import ANALYSIS, FORMULA, cohort

# Printed by R, mice::pool, for mammalsleep (m = 5) and airquality (m = 50). The draws were its
# own: only the rule is compared, not the imputation.
MICE = [
    # m, estimate, ubar, b, t, dfcom, df, riv, lambda, fmi
    (
        5,
        10.0739157,
        0.71206627,
        0.83964136,
        1.7196359,
        59,
        7.805051,
        1.4149942,
        0.5859203,
        0.6625659,
    ),
    (
        5,
        -1.4513424,
        0.10052200,
        0.30175131,
        0.4626236,
        59,
        4.277824,
        3.6022121,
        0.7827132,
        0.8424252,
    ),
    (
        5,
        -0.5504494,
        0.08902854,
        0.01146902,
        0.1027914,
        59,
        40.480414,
        0.1545889,
        0.1338909,
        0.1737299,
    ),
    (
        50,
        -61.74901609,
        386.0658,
        152.5150,
        541.6310,
        149,
        89.08804,
        0.4029502,
        0.2872163,
        0.3026968,
    ),
]


@pytest.mark.parametrize("row", MICE)
def test_rubin_equals_mice(row: tuple[float, ...]) -> None:
    m, estimate, within, between, total, complete, df, riv, share, fmi = row
    spread = np.linspace(-1, 1, int(m))
    draws = estimate + spread * np.sqrt(between / spread.var(ddof=1))
    found = pool(draws[:, None], np.full((int(m), 1), np.sqrt(within)), df=complete).iloc[0]
    assert found["estimate"] == pytest.approx(estimate, rel=1e-10)
    assert found["std_error"] ** 2 == pytest.approx(total, rel=1e-6)
    # the printed variances have seven or eight digits
    assert found["df"] == pytest.approx(df, rel=2e-6)
    assert found["riv"] == pytest.approx(riv, rel=1e-6)
    assert found["lambda"] == pytest.approx(share, rel=1e-6)
    assert found["fmi"] == pytest.approx(fmi, rel=1e-6)


def test_rubin_at_its_ends() -> None:
    same = pool([[1.0], [1.0], [1.0]], [[0.5], [0.5], [0.5]], df=20).iloc[0]
    assert same["df"] == pytest.approx(21 / 23 * 20)
    assert same["std_error"] == pytest.approx(0.5)
    large = pool([[1.0], [2.0], [3.0]], [[1.0], [1.0], [1.0]]).iloc[0]
    # with complete data of any size it is Rubin's own (M − 1)/λ²
    assert large["lambda"] == pytest.approx((4 / 3) / (1 + 4 / 3))
    assert large["df"] == pytest.approx(2 / (4 / 7) ** 2)


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return cohort(np.random.default_rng(3), 90)


def impute(data: pd.DataFrame, strategy: str, formula: str = FORMULA, **more: bool) -> Imputation:
    return Imputation(
        formula,
        data,
        subject="id",
        visit="visit",
        group="arm",
        reference="control",
        strategy=strategy,
        **more,  # type: ignore[arg-type]
    )


def test_mar_equals_the_mixed_model(data: pd.DataFrame) -> None:
    """With the same regressors at all visits the two estimates are one (EM's fixed point)."""
    found = ANALYSIS(impute(data, "mar").complete())
    fit = fit_mmrm(FORMULA, data, subject="id", visit="visit")
    peer = fit.differences("arm", ["visit"], reference="control").set_index("visit")
    assert found.estimate[0] == pytest.approx(peer.loc[4, "estimate"], abs=1e-7)


def test_mar_equals_the_mixed_model_on_fev(shared: Path) -> None:
    fev = pd.read_csv(shared / "data" / "fev_data.csv")
    golden = json.loads((shared / "golden" / "a_mmrm_fev.json").read_text())
    assert golden  # the fit itself is held to R in the tests of the mixed model
    fev = fev[["USUBJID", "AVISIT", "ARMCD", "SEX", "FEV1"]]
    formula = "FEV1 ~ ARMCD * AVISIT + SEX * AVISIT"
    imputation = Imputation(
        formula, fev, subject="USUBJID", visit="AVISIT", group="ARMCD", reference="PBO"
    )
    analysis = Ancova("FEV1", "AVISIT", "VIS4", "ARMCD", "PBO", ["SEX"])
    fit = fit_mmrm(formula, fev, subject="USUBJID", visit="AVISIT")
    peer = fit.differences("ARMCD", ["AVISIT"], reference="PBO").set_index("AVISIT")
    found = analysis(imputation.complete())
    assert found.estimate[0] == pytest.approx(peer.loc["VIS4", "estimate"], abs=1e-6)


def test_two_visits_have_a_closed_form() -> None:
    """Maximum likelihood of a monotone pair: regress the second on the first, then average."""
    rng = np.random.default_rng(5)
    n = 60
    first = rng.normal(5, 2, n)
    second = 1 + 0.6 * first + rng.normal(size=n)
    second[first > 6] = np.nan
    wide = np.column_stack([first, second])
    rows = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 2),
            "visit": np.tile([1, 2], n),
            "arm": np.repeat(rng.choice(["a", "b"], n), 2),
            "y": wide.ravel(),
        }
    )
    imputation = Imputation(
        "y ~ visit", rows, subject="id", visit="visit", group="arm", reference="a", reml=False
    )
    seen = ~np.isnan(second)
    slope = np.cov(first[seen], second[seen])[0, 1] / first[seen].var(ddof=1)
    expected = second[seen].mean() + slope * (first - first[seen].mean())
    found = imputation.complete()["y"].to_numpy().reshape(n, 2)
    np.testing.assert_allclose(found[~seen, 1], expected[~seen], atol=1e-6)
    np.testing.assert_array_equal(found[seen], wide[seen])


def test_reference_based_means_by_their_algebra(data: pd.DataFrame) -> None:
    """Conditional means differ from those under MAR by sums of the model's own group effects."""
    fit = fit_mmrm(FORMULA, data, subject="id", visit="visit")
    effect = fit.differences("arm", ["visit"], reference="control")["estimate"].to_numpy()
    mar = impute(data, "mar").complete()["score"].to_numpy().reshape(-1, 4)
    first = data.drop_duplicates("id").sort_values("id")
    active = (first["arm"] == "active").to_numpy()
    hole = data.sort_values(["id", "visit"])["score"].isna().to_numpy().reshape(-1, 4)
    gone = 4 - hole.sum(axis=1)
    sigma = fit.covariance.to_numpy()
    # jump to reference: the own effect of each visit is taken away
    jump = mar - np.where(hole & active[:, None], effect, 0)
    # copy increments: so is what the effect has grown since the last visit seen
    since = effect - effect[gone - 1][:, None]
    increments = mar - np.where(hole & active[:, None], since, 0)
    # copy reference: as jump, and what was seen is then better than expected by the effect
    copy = jump.copy()
    for k in range(1, 4):
        here = np.flatnonzero((gone == k) & active)
        slope = np.linalg.solve(sigma[:k, :k], sigma[:k, k:])
        copy[np.ix_(here, np.arange(k, 4))] += effect[:k] @ slope
    for strategy, expected in (
        ("jump-to-reference", jump),
        ("copy-increments", increments),
        ("copy-reference", copy),
    ):
        found = impute(data, strategy).complete()["score"].to_numpy().reshape(-1, 4)
        np.testing.assert_allclose(found, expected, atol=1e-7, err_msg=strategy)


def test_multiple_imputation_goes_to_the_conditional_mean(data: pd.DataFrame) -> None:
    imputation = impute(data, "mar")
    pooled = imputation.multiple(ANALYSIS, imputations=40, seed=4).iloc[0]
    mean = ANALYSIS(imputation.complete()).estimate[0]
    assert pooled["estimate"] == pytest.approx(mean, abs=4 * pooled["monte_carlo_error"])
    fit = fit_mmrm(FORMULA, data, subject="id", visit="visit")
    peer = fit.differences("arm", ["visit"], reference="control").set_index("visit")
    assert pooled["std_error"] == pytest.approx(peer.loc[4, "std_error"], rel=0.12)
