"""Weight models against statsmodels, and weights against proportions worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from outcomes.stats.weights import (
    Decision,
    WeightModels,
    effective_sample_size,
    entropy_balance,
    standardised_differences,
    weight_table,
    weighted_mean,
)
from outcomes.stats.weights.choice import ChoiceModel
from outcomes.stats.weights.columns import columns_of


def rows(n: int = 4000) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(11)
    data = pd.DataFrame(
        {
            "x": rng.normal(5, 3, n),
            "z": rng.normal(size=n),
            "site": rng.choice(list("abcdef"), n),
            "wave": rng.integers(1, 5, n),
        }
    )
    eta = np.stack([0 * data["x"], 0.3 * data["x"] - 2, 0.5 * data["z"] + (data["site"] == "c")])
    choice = (eta + rng.gumbel(size=eta.shape)).argmax(axis=0)
    return data, choice


@pytest.mark.parametrize("weighted", [False, True])
def test_multinomial_equals_statsmodels(weighted: bool) -> None:
    data, choice = rows()
    columns = columns_of("x * z + site + C(wave)", data)
    X = columns.matrix(slice(None))
    model = ChoiceModel(columns, choice, ("none", "one", "two"))
    counts = np.random.default_rng(2).integers(0, 4, len(data)) if weighted else None
    fit = model.fit(None if counts is None else counts.astype(float))
    at = np.arange(len(data)) if counts is None else np.repeat(np.arange(len(data)), counts)
    peer = sm.MNLogit(choice[at], X[at]).fit(method="newton", disp=0, tol=1e-12)
    error = np.asarray(peer.bse)
    # the ridge of 1e-4 moves an estimate by some 1e-5 standard errors
    np.testing.assert_allclose((fit.coefficients - np.asarray(peer.params)) / error, 0, atol=2e-4)
    table = model.table(fit, None if counts is None else counts.astype(float))
    np.testing.assert_allclose(table["std_error"], error.T.ravel(), rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(peer.llf, rel=1e-9)
    np.testing.assert_allclose(model.probabilities(fit)[at], peer.predict(X[at]), atol=1e-6)
    assert table["determined"].all()
    assert {"(Intercept)", "siteb", "C(wave)2", "x:z"} <= set(table["term"])


def test_logistic_equals_statsmodels() -> None:
    data, choice = rows()
    columns = columns_of("x + z + site", data)
    y = (choice == 1).astype(int)
    fit = ChoiceModel(columns, y, ("no", "yes")).fit()
    peer = sm.Logit(y, columns.matrix(slice(None))).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose((fit.coefficients[:, 0] - peer.params) / peer.bse, 0, atol=2e-4)


def test_saturated_weights_are_inverse_proportions() -> None:
    """Two periods by hand: each factor is a proportion among those with the same history."""
    # id, period, high (confounder), treated, left
    table = [
        *[(i, 0, 0, 1, 0) for i in range(2)],
        *[(i, 0, 0, 0, 0) for i in range(2, 8)],
        *[(i, 0, 1, 1, 0) for i in range(8, 17)],
        *[(i, 0, 1, 0, 0) for i in range(17, 20)],
        *[(i, 1, 0, i % 2, 0) for i in range(10)],
        *[(i, 1, 1, int(i % 5 != 0), int(i >= 16)) for i in range(10, 20)],
    ]
    data = pd.DataFrame(table, columns=["id", "period", "high", "treated", "left"])
    models = WeightModels(
        data,
        [Decision("treatment", "treated", "C(high) * C(period)", numerator="C(period)")],
        subject="id",
        period="period",
    )
    fit = models.fit()
    cell = data.groupby(["period", "high", "treated"])["id"].transform("size")
    group = data.groupby(["period", "high"])["id"].transform("size")
    chosen = data.groupby(["period", "treated"])["id"].transform("size")
    whole = data.groupby("period")["id"].transform("size")
    factor = (chosen / whole) / (cell / group)
    np.testing.assert_allclose(fit.factors["treatment"], factor, rtol=1e-4)
    expected = factor.groupby(data["id"]).cumprod()
    np.testing.assert_allclose(fit.weights, expected, rtol=2e-4)
    np.testing.assert_allclose(fit.observed, cell / group, rtol=1e-4)


def test_diagnostics_by_hand() -> None:
    assert effective_sample_size([1, 1, 2, 0]) == pytest.approx(16 / 6)
    mean, error = weighted_mean([1, 3, 5, np.nan], [1, 1, 2, 0])
    assert mean == pytest.approx(3.5)
    assert error == pytest.approx(np.sqrt(2.5**2 + 0.5**2 + 4 * 1.5**2) / 4)
    _, larger = weighted_mean([1, 3, 5, np.nan], [1, 1, 2, 0], leverage=True)
    assert larger == pytest.approx(
        np.sqrt((2.5 / 0.75) ** 2 + (0.5 / 0.75) ** 2 + (2 * 1.5 / 0.5) ** 2) / 4
    )
    table = weight_table([1.0, 3, 0, 2], pd.DataFrame({"period": [0, 0, 0, 1]}), [0.5, 0.2, 0.9, 1])
    first = table.iloc[0]
    assert first[["n", "n_weighted", "sum_over_n", "mean", "max", "ess"]].tolist() == pytest.approx(
        [3, 2, 4 / 3, 2, 3, 1.6]
    )
    assert first["smallest_probability"] == 0.2
    covariates = pd.DataFrame({"x": [0.0, 2, 4, 6], "g": ["a", "a", "b", "b"]})
    found = standardised_differences(covariates, [1.0, 3, 0, 0], np.ones(4)).set_index("level")
    assert found.loc["", "smd"] == pytest.approx((1.5 - 3) / np.sqrt(5))
    assert found.loc["", "smd_unweighted"] == pytest.approx((1 - 3) / np.sqrt(5))
    assert found.loc["b", "smd"] == pytest.approx(-1)


def test_entropy_balance_of_one_indicator_is_post_stratification() -> None:
    x = np.array([0.0, 0, 0, 1])
    np.testing.assert_allclose(entropy_balance(x, [0.5]), [2 / 3, 2 / 3, 2 / 3, 2], atol=1e-7)
    # two values and a base: w ∝ base within a value
    base = np.array([1.0, 2, 3, 6])
    np.testing.assert_allclose(entropy_balance(x, [0.25], base), [1.5, 3, 4.5, 3], atol=1e-7)
