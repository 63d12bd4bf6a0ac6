"""Funnels against R (metafor, FunnelPlotR, qbinom) and published meta-analyses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.funnel import (
    best_predictions,
    binomial_limits,
    funnel_of_means,
    funnel_of_proportions,
    moment_variance,
    normal_limits,
    paule_mandel,
    posterior,
    reference,
    variance_interval,
    weighted_mean,
    winsorise,
)

# 15 digits are given; everything but an iteration is a closed form.
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    """Responders and mean change among subjects of each therapist of the headache trial."""
    found: dict[str, Any] = json.loads((shared / "golden" / "f_proportions.json").read_text())
    return found["results"]


@pytest.fixture(scope="module")
def groups(golden: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(golden["clinics"])


@pytest.fixture(scope="module")
def changes(golden: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    rows = [row for row in golden["change_by_clinic"] if row["vi"] is not None]
    return np.array([r["change"] for r in rows]), np.array([r["vi"] for r in rows])


@pytest.mark.parametrize(("level", "name"), [(0.95, "95"), (0.998, "998")])
def test_limits_of_a_proportion(
    golden: dict[str, Any], groups: pd.DataFrame, level: float, name: str
) -> None:
    exact = binomial_limits(golden["p0"], groups["n"], level)
    normal = normal_limits(golden["p0"], groups["se0"], level)
    for ours, kind in ((exact, "spiegelhalter"), (normal, "normal")):
        np.testing.assert_allclose(ours[0], groups[f"{kind}_lo{name}"], rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(ours[1], groups[f"{kind}_hi{name}"], rtol=0, atol=TOLERANCE)


def test_funnels_of_proportions(golden: dict[str, Any], groups: pd.DataFrame) -> None:
    names, events, n = groups["acupuncturist"], groups["resp"], groups["n"]
    plain = funnel_of_proportions(names, events, n, dispersion="none").units
    np.testing.assert_allclose(plain["std_error"], groups["se0"], atol=TOLERANCE)
    np.testing.assert_allclose(plain["low_95"], groups["normal_lo95"], atol=TOLERANCE)
    np.testing.assert_allclose(plain["high_998"], groups["normal_hi998"], atol=TOLERANCE)
    exact = funnel_of_proportions(names, events, n, dispersion="none", limits="exact")
    np.testing.assert_allclose(exact.units["low_998"], groups["spiegelhalter_lo998"], atol=1e-12)
    np.testing.assert_allclose(exact.units["high_95"], groups["spiegelhalter_hi95"], atol=1e-12)
    np.testing.assert_allclose(exact.curve(n)["high_95"], exact.units["high_95"], atol=1e-12)


def test_over_dispersion_on_the_arcsine_scale(golden: dict[str, Any], groups: pd.DataFrame) -> None:
    plotted = pd.DataFrame(golden["funnelplotr"]["aggregated"])
    for dispersion in ("multiplicative", "additive_winsorised"):
        funnel = funnel_of_proportions(
            groups["acupuncturist"],
            groups["resp"],
            groups["n"],
            limits="arcsine",
            dispersion=dispersion,  # type: ignore[arg-type]
        )
        np.testing.assert_allclose(
            funnel.units["deviate"], golden["overdispersion"]["z"], atol=1e-10
        )
        assert funnel.tau2 == golden["funnelplotr"]["tau2"] == 0
        # FunnelPlotR multiplies by 1.959964 and 3.090232: it agrees to six digits.
        for ours, theirs in (("low_95", "OD95LCL"), ("high_95", "OD95UCL")):
            np.testing.assert_allclose(funnel.units[ours], plotted[theirs], atol=1e-6)
        lines = pd.DataFrame(golden["funnelplotr"]["limits_head"])
        curve = funnel.curve(lines["number_seq"])
        np.testing.assert_allclose(curve["low_95"], lines["odll95"], atol=1e-6)
        # An angle beyond a right one is a limit of 1; FunnelPlotR lets it turn back at n = 2.
        inside = curve["high_998"] < 1
        assert (~inside).sum() == 2
        np.testing.assert_allclose(curve["high_998"][inside], lines["odul998"][inside], atol=1e-6)
        if dispersion == "multiplicative":
            phi = golden["overdispersion"]["phi"]
            assert funnel.reference.phi == pytest.approx(phi, abs=1e-12)
    z = golden["overdispersion"]["z"]
    np.testing.assert_allclose(winsorise(z), golden["overdispersion"]["z_winsorised"], atol=1e-12)


def test_variance_between_units(
    golden: dict[str, Any], changes: tuple[np.ndarray, np.ndarray]
) -> None:
    y, v = changes
    centre, _ = weighted_mean(y, v)
    excess = ((y - centre) ** 2 / v).sum()
    assert excess == pytest.approx(golden["rma_change_DL"]["QE"], abs=1e-10)
    moments = moment_variance(excess, v)
    assert moments == pytest.approx(golden["rma_change_DL"]["tau2"], abs=1e-10)
    # metafor's iteration stops at 1e-5 of its score; ours goes on.
    assert paule_mandel(y, v) == pytest.approx(golden["rma_change_EB"]["tau2"], abs=1e-6)
    funnel = funnel_of_means(range(11), y, np.ones(11), sd=np.sqrt(v), dispersion="additive")
    assert funnel.tau2 == pytest.approx(golden["rma_change_DL"]["tau2"], abs=1e-10)
    assert funnel.units["centre"].iloc[0] == pytest.approx(golden["rma_change_DL"]["b"], abs=1e-10)


@pytest.mark.parametrize("method", ["REML", "DL", "EB"])
def test_predictions(
    golden: dict[str, Any], changes: tuple[np.ndarray, np.ndarray], method: str
) -> None:
    y, v = changes
    fitted = golden[f"rma_change_{method}"]
    theirs = pd.DataFrame(fitted["blup"])
    ours = best_predictions(y, np.sqrt(v), fitted["tau2"])
    np.testing.assert_allclose(ours.estimate, theirs["pred"], atol=TOLERANCE)
    np.testing.assert_allclose(ours.std_error, theirs["se"], atol=TOLERANCE)
    np.testing.assert_allclose(ours.low, theirs["pi.lb"], atol=TOLERANCE)
    np.testing.assert_allclose(ours.high, theirs["pi.ub"], atol=TOLERANCE)


def test_interval_of_the_variance_published() -> None:
    # Thirteen trials of BCG vaccine: Viechtbauer W. J Stat Softw 2010;36(3), section 3: tau^2 has
    # the 95 % limits 0.1197 and 1.1115.
    ill = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
    well = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
    ill_0 = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
    well_0 = np.array(
        [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825]
    )
    y = np.log(ill / (ill + well)) - np.log(ill_0 / (ill_0 + well_0))
    v = 1 / ill - 1 / (ill + well) + 1 / ill_0 - 1 / (ill_0 + well_0)
    low, high = variance_interval(y, v)
    assert low == pytest.approx(0.1197, abs=5e-5)
    assert high == pytest.approx(1.1115, abs=5e-5)


EIGHT_SCHOOLS = ([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])


def test_posterior_published() -> None:
    # Coaching in eight schools, flat prior on tau. Gelman A et al. Bayesian data analysis. 3rd ed.
    # 2013, table 5.3: whole points, from 200 draws, so medians are good to about one point and
    # outer quantiles to two.
    medians = posterior(*EIGHT_SCHOOLS, level=1e-9).low
    np.testing.assert_allclose(medians, [10, 8, 7, 8, 5, 6, 10, 8], atol=1)
    low = posterior(*EIGHT_SCHOOLS).low
    np.testing.assert_allclose(low, [-2, -5, -11, -7, -9, -7, -1, -6], atol=2)


def test_posterior_by_brute_force() -> None:
    y, s = (np.array(part, float) for part in EIGHT_SCHOOLS)
    mean, tau = np.meshgrid(np.linspace(-60, 80, 281), (np.arange(600) + 0.5) / 4)
    spread = np.sqrt(s**2 + tau[..., None] ** 2)
    density = np.exp(-0.5 * ((y - mean[..., None]) / spread) ** 2) / spread
    weight = density.prod(axis=-1)
    weight /= weight.sum()
    share = tau[..., None] ** 2 / spread**2
    truth = (weight[..., None] * (share * y + (1 - share) * mean[..., None])).sum(axis=(0, 1))
    # The flat prior on tau has a long tail, cut at 150 here.
    np.testing.assert_allclose(posterior(y, s).estimate, truth, atol=0.01)


def test_leave_one_out_is_a_refit_without_the_unit(changes: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = changes
    found = reference(y, np.sqrt(v))
    for i in range(len(y)):
        others = np.arange(len(y)) != i
        between = paule_mandel(y[others], v[others])
        mean, error = weighted_mean(y[others], v[others] + between)
        assert found.centre[i] == pytest.approx(float(mean), abs=1e-10)
        assert found.spread[i] ** 2 == pytest.approx(float(v[i] + between + error), abs=1e-10)
    assert found.df == len(y) - 2
