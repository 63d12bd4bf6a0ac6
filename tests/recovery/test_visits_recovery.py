"""Visits at random given the last score are repaired; visits by the present score are not."""

from __future__ import annotations

import pytest

from tests.validate.visits import bias, coverage, irregularity_of_known_processes


def test_weights_recover_the_average_over_time() -> None:
    found = bias(25, 800).set_index("estimator")
    ours = found.loc["inverse intensity"]
    assert abs(ours["bias"]) < 3.5 * ours["mc_error"]
    assert found.loc["plain mean of visits", "bias"] > 0.5
    assert ours["said not at random"] < 0.3


def test_visits_not_at_random_are_not_repaired_and_are_found_out() -> None:
    found = bias(8, 800, at_random=False).set_index("estimator")
    assert found.loc["inverse intensity", "bias"] > 0.3
    assert found.loc["inverse intensity", "said not at random"] == 1


def test_irregularity_of_known_processes() -> None:
    area = irregularity_of_known_processes(n=600).set_index("visits")["area"]
    assert area["protocol kept"] == 0
    assert area["protocol, within a quarter of the gap"] == 0
    assert area["Poisson"] == pytest.approx(0.25, abs=0.01)
    assert area["some often, some hardly"] > 0.28


def test_validation_of_coverage_runs() -> None:
    assert 0 <= coverage(2, 150, 20)["coverage"].iloc[0] <= 1
