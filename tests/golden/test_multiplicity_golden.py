"""Holm's adjustment against R 4.2.2: p.adjust(p, "holm")."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.multiplicity import holm


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


def test_a_test_that_could_not_be_done_is_not_counted() -> None:
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(EstimationError):
        holm([0.5, 1.2])
