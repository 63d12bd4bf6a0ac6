"""Turnbull and accelerated failure time models against R (survival, interval, icenReg)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.interval_censored import fit_aft, fit_turnbull


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "golden" / "d_survival.json").read_text())["results"]


@pytest.fixture(scope="module")
def cosmesis(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "data" / "bcos_interval_censored.csv")


def test_masses_equal_interval_icfit(golden: dict[str, Any], cosmesis: pd.DataFrame) -> None:
    limits = np.array(golden["bcos_interval_icfit"]["intmap"]["values"])
    masses = np.array(golden["bcos_interval_icfit"]["pf"])
    arms = [("Rad", slice(0, 8)), ("RadChem", slice(8, 19))]
    for arm, part in arms:
        rows = cosmesis[cosmesis["treatment"] == arm]
        fit = fit_turnbull(rows["left"], rows["right"])
        np.testing.assert_array_equal(fit.intervals[["left", "right"]], limits[part])
        # icfit stops its EM at an error of 1e-6 in the self-consistency equation
        np.testing.assert_allclose(fit.mass, masses[part], atol=2e-6)


def test_masses_equal_icenreg(golden: dict[str, Any], cosmesis: pd.DataFrame) -> None:
    peer = golden["bcos_icenreg_npmle"]
    fit = fit_turnbull(cosmesis["left"], cosmesis["right"])
    held = np.array(peer["p_hat"]) > 0
    limits = np.array(peer["T_bull_intervals"]["values"])[held]
    # icenReg opens its intervals by 2e-10 on the left
    np.testing.assert_allclose(fit.intervals[["left", "right"]], limits, atol=1e-9)
    np.testing.assert_allclose(fit.mass, np.array(peer["p_hat"])[held], atol=1e-6)
    assert fit.log_likelihood == pytest.approx(peer["llk"], abs=1e-9)
    assert fit.converged


def test_curve_equals_survfit(golden: dict[str, Any], cosmesis: pd.DataFrame) -> None:
    whole = fit_turnbull(cosmesis["left"], cosmesis["right"])
    curves = [("bcos_turnbull_all", "all", whole)]
    for arm, rows in cosmesis.groupby("treatment"):
        curves.append(
            ("bcos_turnbull", f"treatment={arm}", fit_turnbull(rows["left"], rows["right"]))
        )
    for name, strata, fit in curves:
        points = [row for row in golden[name] if row["strata"] == strata]
        times = np.array([row["time"] for row in points])
        theirs = np.array([row["surv"] for row in points])
        # survfit puts the mass of an interval at its middle and stops its EM early (7e-4 seen)
        middle = (fit.left + fit.right) / 2
        ours = 1 - (middle[None, :] <= times[:, None] + 1e-9) @ fit.mass
        np.testing.assert_allclose(ours, theirs, atol=7e-4)


def test_mouse_tumours(shared: Path) -> None:
    mice = pd.read_csv(shared / "data" / "miceData.csv")
    expected = {"ce": (0.83333, 0.77143, 0.33333), "ge": (1, 0.5, 0.25)}
    for group, survival in expected.items():
        rows = mice[mice["grp"] == group]
        found = fit_turnbull(rows["l"], rows["u"]).survival([400, 600, 800])
        np.testing.assert_allclose(found["estimate"], survival, atol=5e-6)
        np.testing.assert_allclose(found["low"], found["high"], atol=1e-12)


@pytest.mark.parametrize("shape", ["weibull", "loglogistic"])
def test_aft_equals_survreg(shape: str, golden: dict[str, Any], cosmesis: pd.DataFrame) -> None:
    peer = golden[f"bcos_{shape}"]
    fit = fit_aft("~ treatment", cosmesis, left="left", right="right", shape=shape)
    table = fit.coefficients()
    assert list(table["term"]) == [row["term"] for row in peer["coef"]]
    # survreg stops when its log-likelihood changes by less than 1e-9 of itself
    np.testing.assert_allclose(table["estimate"], [row["Value"] for row in peer["coef"]], atol=1e-7)
    np.testing.assert_allclose(
        table["std_error"], [row["Std. Error"] for row in peer["coef"]], rtol=1e-6
    )
    np.testing.assert_allclose(fit.covariance(), peer["vcov"]["values"], atol=1e-8)
    assert fit.log_likelihood == pytest.approx(peer["loglik"][1], abs=1e-9)
    assert fit.null_log_likelihood == pytest.approx(peer["loglik"][0], abs=1e-9)


def test_weibull_equals_icenreg_proportional_hazards(
    golden: dict[str, Any], cosmesis: pd.DataFrame
) -> None:
    peer = golden["bcos_icenreg_ph_weibull"]["coef"]
    fit = fit_aft("~ treatment", cosmesis, left="left", right="right", shape="weibull")
    # a Weibull is both: log hazard ratio = −β/σ, shape = 1/σ
    assert -np.log(fit.scale) == pytest.approx(peer["log_shape"], abs=1e-6)
    ratio = -fit.solution.coefficients[1] / fit.scale
    assert ratio == pytest.approx(peer["treatmentRadChem"], abs=1e-6)


def test_mixed_exact_and_interval_rows(shared: Path) -> None:
    """Other programs fail on these 731 rows, which mix exact, left- and interval-censored times."""
    rows = pd.read_csv(shared / "data" / "IR_diabetes.csv")
    fit = fit_aft("~ gender", rows, left="left", right="right", shape="lognormal")
    table = fit.coefficients().set_index("term")["estimate"]
    assert table["(Intercept)"] == pytest.approx(2.69982, abs=5e-6)
    assert table["gendermale"] == pytest.approx(0.086428, abs=5e-7)
    assert table["Log(scale)"] == pytest.approx(-0.95523, abs=5e-6)
    assert fit.log_likelihood == pytest.approx(-2026.1182, abs=5e-5)
    assert fit.times.counts() == {"exact": 595, "left": 1, "interval": 135, "right": 0}
