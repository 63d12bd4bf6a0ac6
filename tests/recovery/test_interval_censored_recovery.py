"""Bracketed times: the truth comes back, and does not where the assumption fails."""

from __future__ import annotations

from tests.validate.interval_censored import (
    aft_recovery,
    looks_that_come_too_soon,
    turnbull_bias,
    turnbull_coverage,
)


def test_turnbull_has_no_bias_and_counting_at_detection_has() -> None:
    found = turnbull_bias(120, 400)
    ours = found[(found["estimator"] == "Turnbull") & (found["quantity"] != "F(17)")]
    assert (ours["bias"].abs() < 3.5 * ours["mc_error"]).all()
    between = found[(found["estimator"] == "Turnbull") & (found["quantity"] == "F(17)")]
    assert (between["bias"].abs() < 0.015).all()
    naive = found[(found["estimator"] == "first seen") & (found["quantity"] == "F(8)")]
    assert naive["bias"].iloc[0] < -0.03


def test_bootstrap_intervals_cover() -> None:
    found = turnbull_coverage(30, 100, 40)
    assert found["coverage"].between(0.8, 1).all()


def test_lognormal_model_recovers_its_truth() -> None:
    found = aft_recovery(150, 200)
    # the maximum likelihood scale is biased by about −p/2n
    slopes = found[found["term"] != "log scale"]
    assert (slopes["bias"].abs() < 3.5 * slopes["mc_error"]).all()
    assert found["coverage"].between(0.89, 0.995).all()
    assert found["se_ratio"].between(0.85, 1.15).all()


def test_looks_prompted_by_the_event_are_not_repaired() -> None:
    found = looks_that_come_too_soon(40, 400).set_index(["estimator", "quantity"])["bias"]
    assert found["Turnbull", "F(17)"] > 0.03
    assert found["first seen", "F(17)"] < -0.03
