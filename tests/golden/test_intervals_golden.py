"""Intervals against R's binom functions and worked values from the sources cited."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.intervals import clopper_pearson, mean_interval, rule_of_three, wilson

# golden/f_proportions.json gives 15 digits; the functions are closed forms.
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def groups(shared: Path) -> pd.DataFrame:
    """Responders among subjects seen by each therapist of the headache trial."""
    text = (shared / "golden" / "f_proportions.json").read_text()
    return pd.DataFrame(json.loads(text)["results"]["clinics"])


def test_wilson(groups: pd.DataFrame) -> None:
    low, high = wilson(groups["resp"], groups["n"])
    np.testing.assert_allclose(low, groups["wilson_lo"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(high, groups["wilson_hi"], rtol=0, atol=TOLERANCE)


def test_clopper_pearson(groups: pd.DataFrame) -> None:
    low, high = clopper_pearson(groups["resp"], groups["n"])
    np.testing.assert_allclose(low, groups["cp_lo"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(high, groups["cp_hi"], rtol=0, atol=TOLERANCE)


def test_wilson_published() -> None:
    # Newcombe RG. Stat Med 1998;17:857-872, table I: 81/263, 15/148, 0/20, 1/29.
    low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0000, 0.0061], atol=6e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718], atol=6e-5)


def test_clopper_pearson_published() -> None:
    # Newcombe 1998, table I, method 5.
    low, high = clopper_pearson([81, 15, 0, 1], [263, 148, 20, 29])
    np.testing.assert_allclose(low, [0.2527, 0.0578, 0.0000, 0.0009], atol=6e-5)
    np.testing.assert_allclose(high, [0.3676, 0.1617, 0.1684, 0.1776], atol=6e-5)


def test_rule_of_three() -> None:
    # Exact 1 - 0.05^(1/n); Hanley and Lippman-Hand 1983 give 26 % for n = 10 and 3 % for n = 100.
    np.testing.assert_allclose(rule_of_three([10, 100]), [0.258866, 0.029513], atol=1e-6)


def test_mean_interval() -> None:
    # R: 20 + c(-1, 1) * qt(.975, 9) * 5 / sqrt(10)
    low, high = mean_interval(20, 5, 10)
    assert low == pytest.approx(16.4232154701, abs=1e-9)
    assert high == pytest.approx(23.5767845299, abs=1e-9)
