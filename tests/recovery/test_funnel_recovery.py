"""Funnels on simulated units: false alarms, power and intervals as measured before."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.stats.funnel import (
    detectable_difference,
    funnel_of_means,
    funnel_of_proportions,
    mean_alarms,
    paule_mandel,
    posterior,
    reference,
    simulated_detectable_difference,
    variance_interval,
)
from outcomes.stats.funnel.alarms import critical_values

TAU, SD = 0.25, 2.0


def units(rng: np.random.Generator, size: tuple[int, int], low: int, high: int) -> np.ndarray:
    """Standard errors of units whose sizes are log-uniform."""
    return np.asarray(SD / np.sqrt(np.exp(rng.uniform(np.log(low), np.log(high), size))))


def shares(dispersion: str, shift: float, replicates: int = 1500) -> np.ndarray:
    """Share of ordinary units outside, or of one shifted unit, at both levels."""
    rng = np.random.default_rng(17)
    s = units(rng, (replicates, 40), 20, 400)
    y = rng.normal(size=s.shape) * np.sqrt(TAU**2 + s**2)
    y[:, 0] += shift
    found = reference(y, s, dispersion)  # type: ignore[arg-type]
    outside = np.abs(y - found.centre) / found.spread > critical_values(found.df)[:, None, None]
    return np.asarray(outside[:, :, 0].mean(axis=1) if shift else outside.mean(axis=(1, 2)))


# 40 units of 20 to 400 subjects, none out of line: shares beyond 95 and 99.8 %, and power at
# 99.8 % for one unit a full point off. Errors: about .001, .0003 and .013 (docs/decisions/0130).
@pytest.mark.parametrize(
    ("dispersion", "at_95", "at_998", "power"),
    [
        ("none", 0.224, 0.069, 0.74),
        ("additive", 0.046, 0.0014, 0.26),
        ("additive_winsorised", 0.109, 0.015, 0.60),
        ("multiplicative", 0.115, 0.024, 0.56),
        ("leave_one_out", 0.050, 0.0019, 0.41),
    ],
)
def test_false_alarms_and_power(dispersion: str, at_95: float, at_998: float, power: float) -> None:
    false = shares(dispersion, 0.0)
    assert false[0] == pytest.approx(at_95, abs=0.008)
    assert false[1] == pytest.approx(at_998, abs=0.003 if at_998 > 0.01 else 0.0009)
    assert shares(dispersion, 1.0)[1] == pytest.approx(power, abs=0.05)


def test_eight_units_can_show_little() -> None:
    # One unit of 40 to 200 subjects a full point off among eight.
    rng = np.random.default_rng(5)
    s = units(rng, (3000, 8), 40, 200)
    y = rng.normal(size=s.shape) * np.sqrt(TAU**2 + s**2)
    y[:, 0] += 1.0
    found = reference(y, s)
    flagged = np.abs(y[:, 0] - found.centre[:, 0]) / found.spread[:, 0] > critical_values(6)[1]
    assert 0.05 < flagged.mean() < 0.12


def test_formula_and_simulation_agree_on_what_could_be_found() -> None:
    s = units(np.random.default_rng(2), (1, 40), 20, 400)[0]
    simulated = simulated_detectable_difference(s, TAU, replicates=2000)
    spread = np.sqrt(s**2 + TAU**2 + (s.mean() ** 2 + TAU**2) / 39)
    np.testing.assert_allclose(detectable_difference(spread, 38), simulated, rtol=0.06)
    # And a unit shifted by just that is flagged with the power asked for.
    shift = np.zeros(40)
    shift[7] = simulated[7]
    power = mean_alarms(s, TAU, shift=shift, replicates=2000, seed=9).by_unit[1, 7]
    assert power == pytest.approx(0.8, abs=0.03)


def test_false_alarms_of_a_funnel_are_those_of_its_own_units() -> None:
    rng = np.random.default_rng(4)
    n = rng.integers(40, 200, 12)
    means = funnel_of_means(range(12), rng.normal(size=12) * 0.3, n, sd=SD)
    found = means.false_alarms(replicates=1000)
    assert found.by_unit[0].mean() == pytest.approx(0.05, abs=0.012)
    assert found.by_unit[1].mean() < 0.004
    assert 0.2 < found.any_unit[0] < 0.6
    events = rng.binomial(n, 0.5)
    spread = funnel_of_proportions(range(12), events, n).false_alarms(tau=0.08, replicates=1000)
    assert spread.by_unit[0].mean() == pytest.approx(0.05, abs=0.012)
    # Units that differ by chance only are flagged less often than asked: a variance is never
    # estimated below 0.
    alike = funnel_of_proportions(range(12), events, n).false_alarms(tau=0.0, replicates=1000)
    assert 0.01 < alike.by_unit[0].mean() < 0.04
    exact = funnel_of_proportions(range(12), events, n, limits="exact", dispersion="none")
    found = exact.false_alarms(tau=0.0, replicates=1000)
    assert found.by_unit[0].mean() == pytest.approx(0.05, abs=0.012)
    assert found.by_unit[1].mean() == pytest.approx(0.002, abs=0.0015)


def test_shrunken_intervals_and_the_variance_interval_cover() -> None:
    rng = np.random.default_rng(12)
    inside, holds = [], []
    for _ in range(250):
        s = units(rng, (1, 8), 40, 200)[0]
        true = rng.normal(size=8) * TAU
        y = true + rng.normal(size=8) * s
        found = posterior(y, s)
        inside.append(((found.low <= true) & (true <= found.high)).mean())
        low, high = variance_interval(y, s**2)
        holds.append(low <= TAU**2 <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.025)
    assert np.mean(holds) == pytest.approx(0.95, abs=0.04)


def test_the_variance_between_units_is_recovered() -> None:
    rng = np.random.default_rng(21)
    s = units(rng, (2000, 40), 20, 400)
    y = rng.normal(size=s.shape) * np.sqrt(TAU**2 + s**2)
    assert paule_mandel(y, s**2).mean() == pytest.approx(TAU**2, rel=0.04)


def test_false_alarms_with_case_mix_follow_the_expectation_of_each_unit() -> None:
    # Expectations from 10 to 90 %: errors differ threefold, and the flags must not.
    n = np.full(12, 150)
    expected = n * np.linspace(0.1, 0.9, 12)
    funnel = funnel_of_proportions(
        range(12),
        np.round(expected),
        n,
        expected=expected,
        variance=0.8 * expected * (1 - expected / n),
    )
    share = funnel.false_alarms(tau=0.06, replicates=3000).by_unit[0]
    assert share.mean() == pytest.approx(0.05, abs=0.012)
    assert np.ptp(share) < 0.04
