"""Random slopes recover what made the data, and fail where they must."""

from __future__ import annotations

import pytest

from tests.validate.lmm import performance, type_one


def test_missing_at_random() -> None:
    found = performance(120, 150, "score").set_index("quantity")
    for row in found.itertuples():
        assert abs(row.bias) < 3.5 * row.mc_error
    # 99.8 % band of 95 % at 120 replicates.
    assert found.loc["difference in slopes", "coverage"] > 0.885
    assert found.loc["difference in slopes", "std_error / spread"] == pytest.approx(1, abs=0.21)


def test_not_at_random_must_fail() -> None:
    found = performance(40, 200, "hidden").set_index("quantity")
    assert abs(found.loc["difference in slopes", "bias"]) > 0.08
    assert found.loc["difference in slopes", "coverage"] < 0.7


def test_type_one_error() -> None:
    share = type_one(120, 24).set_index("reference")["share"]
    assert share["Kenward–Roger"] < 0.12  # 99.8 % band of 5 % at 120 replicates
    assert share["Kenward–Roger"] <= share["Satterthwaite"] + 0.01 <= share["normal"] + 0.02
    assert share["random intercept only"] > share["Kenward–Roger"]


def test_no_variance_in_slopes_is_reported() -> None:
    # The maximum lies on the boundary in about half of such samples.
    share = type_one(60, 24, slope_variance=0.0).set_index("reference")["share"]
    assert 0.3 < share["on the boundary"] < 0.95
