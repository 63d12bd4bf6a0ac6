"""Adjustments against R 4.2.2: p.adjust(p, "holm") and p.adjust(p, "BH")."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.multiplicity import benjamini_hochberg, holm


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.04, 0.001, 0.03, 0.5], [0.09, 0.004, 0.09, 0.5]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([], []),
    ],
)
def test_equal_to_r(p: list[float], adjusted: list[float]) -> None:
    assert holm(p) == pytest.approx(adjusted, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05] * 5),
        ([0.04, 0.001, 0.03, 0.5], [0.16 / 3, 0.004, 0.16 / 3, 0.5]),
        ([], []),
    ],
)
def test_false_discovery_rate_equal_to_r(p: list[float], adjusted: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(adjusted, abs=1e-12)


def test_false_discovery_rate_published() -> None:
    # Benjamini and Hochberg 1995, section 3.2: of fifteen p values four are found at 5 %.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    assert (holm(p) <= 0.05).sum() == 3


def test_a_test_that_could_not_be_done_is_not_counted() -> None:
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    found = benjamini_hochberg([0.01, np.nan, 0.04])
    assert found == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(EstimationError):
        holm([0.5, 1.2])
    with pytest.raises(EstimationError):
        benjamini_hochberg([0.5, -0.1])
