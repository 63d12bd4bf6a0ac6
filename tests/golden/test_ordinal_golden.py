"""Ordinal models against published numbers; many associations against models one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.miscmodels.ordinal_model import OrderedModel

from outcomes.stats.associations import associations
from outcomes.stats.linear import fit_linear
from outcomes.stats.ordinal import fit_ordinal

# Satisfaction of 1,681 tenants in Copenhagen (Madsen 1976), as printed by Venables and Ripley
# (Modern Applied Statistics with S, 2002, section 7.3): satisfaction low, medium, high in each row.
HOUSING = """
    21 21 28  34 22 36  10 11 36
    61 23 17  43 35 40  26 18 54
    13  9 10   8  8 12   6  7  9
    18  6  7  15 13 13   7  5 11
    14 19 37  17 23 40   3  5 23
    78 46 43  48 45 86  15 25 62
    20 23 20  10 22 24   7 10 21
    57 23 13  31 21 13   5  6 13
"""


def housing() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Satisfaction; influence (2), type (3), contact (1); frequency."""
    count = np.array(HOUSING.split(), dtype=float)
    cell = np.arange(len(count))
    satisfied, influence = cell % 3, cell // 3 % 3
    kind, contact = cell // 9 % 4, cell // 36
    columns = [influence == 1, influence == 2, *(kind == k for k in (1, 2, 3)), contact == 1]
    return satisfied.astype(float), np.column_stack(columns).astype(float), count


def test_proportional_odds_as_published() -> None:
    y, x, count = housing()
    assert count.sum() == 1681
    fit = fit_ordinal(y, x, count)
    published = [0.5664, 1.2888, -0.5724, -0.3662, -1.0910, 0.3603]
    # four printed decimals, and a ridge that moves slopes by about 1e-5
    assert fit.slopes[0] == pytest.approx(published, abs=1e-4)
    assert fit.thresholds == pytest.approx([-0.4961, 0.6907], abs=1e-4)
    assert -2 * fit.log_likelihood == pytest.approx(3479.149, abs=1e-3)
    errors = np.sqrt(np.diag(fit.covariance))
    assert errors[:2] == pytest.approx([0.1248, 0.1255], abs=1e-4)
    printed = [0.10465, 0.12716, 0.11924, 0.15517, 0.15149, 0.09554]
    assert errors[2:] == pytest.approx(printed, abs=1e-4)


def test_proportional_odds_as_statsmodels() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(800, 2)) * [1.0, 3.0]
    y = np.clip(np.rint(x @ [1.0, -0.4] + rng.logistic(size=800)), -3, 3)
    other = OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8)
    fit = fit_ordinal(y, x)
    assert fit.slopes[0] == pytest.approx(other.params[:2], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(other.llf, abs=1e-4)
    predicted = np.diff(fit.distribution(x[:20]), axis=1, prepend=0.0)
    assert predicted == pytest.approx(other.predict(x[:20]), abs=1e-4)


def test_associations_are_those_of_models_with_dummies() -> None:
    rng = np.random.default_rng(6)
    n = 400
    data = pd.DataFrame(
        {
            "group": rng.integers(0, 6, n),
            "cluster": rng.integers(0, 40, n),
            "c": rng.normal(size=n),
            "a": (rng.random(n) < 0.3).astype(float),
            "b": rng.normal(size=n),
        }
    )
    data["y"] = 0.5 * data["a"] + data["c"] + 0.3 * data["group"] + rng.normal(size=n)
    found = associations(
        data["y"].to_numpy(),
        data[["a", "b"]].to_numpy(),
        data[["c"]].to_numpy(),
        group=data["group"].to_numpy(),
        cluster=data["cluster"].to_numpy(),
    )
    for row, name in enumerate(["a", "b"]):
        fit = fit_linear(f"y ~ {name} + c + C(group)", data, cluster="cluster")
        table = fit.coefficients("cr1").set_index("term").loc[name]
        for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            assert found.loc[row, column] == pytest.approx(table[column], rel=1e-9, abs=1e-12)


def test_a_predictor_that_groups_explain_has_no_association() -> None:
    group = np.repeat(np.arange(4), 5)
    found = associations(
        np.arange(20.0),
        np.column_stack([group, np.arange(20) % 3]).astype(float),
        np.zeros((20, 1)),
        group=group,
        cluster=np.arange(20),
    )
    assert found["estimate"].isna().tolist() == [True, False]
