"""With few clusters CR2 with t and cluster means keep 5 %, and the tempting ways do not."""

from __future__ import annotations

import numpy as np

from outcomes.stats.linear import fit_linear
from tests.validate.clusters import clustered_data, linear_p_values, rate_p_values, type_one

# 99.8 % band of 5 % at 200 replicates is 0.2 to 9.8 %; CR2 is allowed 4 to 7 % itself. The long run
# of tests/validate/clusters.py is what narrows it.
LOW, HIGH = 0.005, 0.115


def test_type_one_error() -> None:
    for clusters in (8, 20):
        share = type_one(200, clusters, linear_p_values).set_index("method")["type I"]
        assert LOW < share["CR2, Satterthwaite t"] < HIGH
        assert LOW < share["cluster means, t(g − 2)"] < HIGH
        assert share["least squares"] > 0.14
    assert share["CR0, normal"] > share["CR2, Satterthwaite t"]


def test_type_one_error_of_rates() -> None:
    share = type_one(150, 8, rate_p_values).set_index("method")["type I"]
    assert 0.0 < share["CR2, Satterthwaite t"] < 0.12
    assert share["robust, normal"] > 0.08


def test_intervals_cover_an_effect() -> None:
    rng = np.random.default_rng(7)
    covered, estimates = [], []
    for _ in range(150):
        data = clustered_data(rng, 12, effect=0.5)
        row = fit_linear("y ~ exposed + x", data, cluster="cluster").coefficients("cr2").iloc[1]
        estimates.append(row["estimate"])
        covered.append(row["conf_low"] < 0.5 < row["conf_high"])
    error = np.std(estimates, ddof=1) / np.sqrt(150)
    assert abs(np.mean(estimates) - 0.5) < 3.1 * error
    assert np.mean(covered) > 0.89
