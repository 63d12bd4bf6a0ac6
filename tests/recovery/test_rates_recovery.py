"""Rates on simulated diaries: little bias, honest intervals, weights that repair what they can."""

from __future__ import annotations

from tests.validate.rates import (
    MISSING,
    REPEATED,
    SINGLE,
    diaries,
    performance,
    single_counts,
)

# 99.8 % band of 95 % coverage at 120 replicates: 88.8 % and more.


def test_repeated_counts() -> None:
    names = ["Poisson, exchangeable", "Poisson, model-based", "negative binomial, CR2"]
    chosen = {name: REPEATED[name] for name in names}
    found = performance(120, lambda rng: diaries(rng, 100), chosen).set_index("estimator")
    for name in ("Poisson, exchangeable", "negative binomial, CR2"):
        assert abs(found.loc[name, "bias"]) < 3.5 * found.loc[name, "mc_error"]
        assert found.loc[name, "coverage"] > 0.885
        assert 0.82 < found.loc[name, "std_error / spread"] < 1.25
    assert found.loc["Poisson, model-based", "coverage"] < 0.85


def test_likelihood_models() -> None:
    found = performance(120, lambda rng: single_counts(rng, 150), SINGLE, stream=2)
    for row in found.itertuples():
        assert abs(row.bias) < 3.5 * row.mc_error
        assert row.coverage > 0.885


def test_weights_repair_missing_periods() -> None:
    draw = lambda rng: diaries(rng, 400, missing=True)  # noqa: E731
    found = performance(60, draw, MISSING, stream=3).set_index("estimator")
    assert found.loc["unweighted", "bias"] < -4 * found.loc["unweighted", "mc_error"]
    assert abs(found.loc["weighted", "bias"]) < 3.5 * found.loc["weighted", "mc_error"]
