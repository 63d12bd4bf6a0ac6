"""What must and must not change a distribution of bracketed times."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.stats.interval_censored import fit_aft, fit_turnbull
from outcomes.stats.interval_censored.npmle import innermost
from outcomes.stats.interval_censored.rows import censored_times

Row = tuple[float, float]


@st.composite
def rows(draw: st.DrawFn, smallest: int = 1) -> list[Row]:
    """Rows of every kind on a coarse grid, so that ties and nested intervals are common."""
    kinds = st.sampled_from(["exact", "left", "right", "between"])
    found = []
    for _ in range(draw(st.integers(smallest, 25))):
        kind = draw(kinds)
        a = float(draw(st.integers(1, 12)))
        b = a + draw(st.integers(1, 8))
        found.append(
            {"exact": (a, a), "left": (0.0, a), "right": (a, np.inf), "between": (a, b)}[kind]
        )
    return found


def columns(data: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in data]), np.array([row[1] for row in data])


@given(rows())
@settings(max_examples=150, deadline=None)
def test_the_maximum_is_one(data: list[Row]) -> None:
    left, right = columns(data)
    fit = fit_turnbull(left, right)
    assert fit.converged
    assert abs(fit.mass.sum() - 1) < 1e-12
    # self-consistency: the mass of an interval is the average of what its rows give it
    held = (fit.left[None, :] >= left[:, None]) & (fit.right[None, :] <= right[:, None])
    exact = (fit.left == fit.right)[None, :] & (fit.left[None, :] <= left[:, None])
    held &= ~(exact & (left != right)[:, None])
    share = held * fit.mass
    expected = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(expected, fit.mass, atol=1e-7)


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_row_order_and_repeated_rows(data: list[Row], random: np.random.Generator) -> None:
    left, right = columns(data)
    fit = fit_turnbull(left, right)
    order = list(range(len(data)))
    random.shuffle(order)
    shuffled = fit_turnbull(left[order], right[order])
    twice = fit_turnbull(np.tile(left, 2), np.tile(right, 2))
    weighted = fit_turnbull(left, right, np.full(len(data), 2.0))
    for other in (shuffled, twice, weighted):
        np.testing.assert_array_equal(other.left, fit.left)
        np.testing.assert_allclose(other.mass, fit.mass, atol=1e-8)


@given(rows(), st.sampled_from([7.0, 0.25, 1e-3]))
@settings(max_examples=40, deadline=None)
def test_unit_of_time(data: list[Row], unit: float) -> None:
    left, right = columns(data)
    fit, other = fit_turnbull(left, right), fit_turnbull(left * unit, right * unit)
    np.testing.assert_allclose(other.mass, fit.mass, atol=1e-8)
    np.testing.assert_allclose(other.left, fit.left * unit)
    np.testing.assert_allclose(other.rmst(9 * unit)["low"], fit.rmst(9)["low"] * unit)


@given(rows(), st.floats(0, 25))
@settings(max_examples=60, deadline=None)
def test_limits_hold_the_estimate(data: list[Row], time: float) -> None:
    fit = fit_turnbull(*columns(data))
    found = fit.cdf([time]).iloc[0]
    assert -1e-12 <= found["low"] <= found["high"] <= 1 + 1e-12
    if np.isfinite(found["estimate"]):
        assert found["low"] - 1e-12 <= found["estimate"] <= found["high"] + 1e-12
    mean = fit.rmst(10)
    assert mean["low"] - 1e-12 <= mean["high"] <= 10 + 1e-12
    later = fit.cdf([time, time + 1])
    assert later["low"].is_monotonic_increasing
    assert later["high"].is_monotonic_increasing


@given(rows())
@settings(max_examples=60, deadline=None)
def test_every_row_covers_what_lies_within_it(data: list[Row]) -> None:
    times = censored_times(*columns(data))
    cover = innermost(times)
    assert (cover.first < cover.stop).all()
    assert cover.weight.sum() == len(data)
    assert (cover.left <= cover.right).all()
    assert (cover.right[:-1] <= cover.left[1:]).all()


@given(st.integers(0, 10_000), st.sampled_from(["lognormal", "weibull", "loglogistic"]))
@settings(max_examples=40, deadline=None)
def test_aft_moves_as_it_must(seed: int, shape: str) -> None:
    rng = np.random.default_rng(seed)
    n = 80
    x, group = rng.normal(size=n), rng.choice(["a", "b"], n)
    time = np.exp(2 + 0.3 * x + 0.5 * rng.normal(size=n))
    left, right = np.floor(time), np.floor(time) + 1
    kind = rng.integers(0, 4, n)
    left = np.where(kind == 1, 0, left)
    right = np.where(kind == 2, np.inf, right)
    left, right = (np.where(kind == 3, time, limit) for limit in (left, right))
    data = pd.DataFrame({"left": left, "right": right, "x": x, "group": group})
    fit = fit_aft("~ x + group", data, left="left", right="right", shape=shape)
    base = fit.solution.coefficients
    # the score is zero at the maximum
    np.testing.assert_allclose(fit.solution.scores.sum(axis=0), 0, atol=1e-5)
    order = rng.permutation(n)
    again = fit_aft("~ x + group", data.iloc[order], left="left", right="right", shape=shape)
    np.testing.assert_allclose(again.solution.coefficients, base, atol=1e-7)
    weeks = data.assign(left=data["left"] / 7, right=data["right"] / 7, x=10 + 2 * data["x"])
    moved = fit_aft("~ x + group", weeks, left="left", right="right", shape=shape)
    slope = base[1] / 2
    expected = base + np.array([-np.log(7) - 10 * slope, slope - base[1], 0, 0])
    np.testing.assert_allclose(moved.solution.coefficients, expected, atol=1e-6)
    exact = int((left == right).sum())
    shift = exact * np.log(7)
    np.testing.assert_allclose(moved.log_likelihood, fit.log_likelihood + shift, atol=1e-7)


@given(st.integers(0, 10_000), st.sampled_from(["lognormal", "weibull", "loglogistic"]))
@settings(max_examples=25, deadline=None)
def test_aft_information_is_the_slope_of_the_score(seed: int, shape: str) -> None:
    """The observed information, against differences of the log-likelihood of a second route."""
    from scipy import stats

    rng = np.random.default_rng(seed)
    time = np.exp(1.5 + 0.7 * rng.normal(size=60))
    exact = rng.random(60) < 0.4
    left = np.where(exact, time, np.floor(time))
    right = np.where(exact, time, np.floor(time) + 1)
    data = pd.DataFrame({"left": left, "right": right})
    fit = fit_aft("~ 1", data, left="left", right="right", shape=shape)

    def log_likelihood(point: np.ndarray) -> float:
        mu, sigma = point[0], np.exp(point[1])
        law = {
            "lognormal": stats.lognorm(sigma, scale=np.exp(mu)),
            "weibull": stats.weibull_min(1 / sigma, scale=np.exp(mu)),
            "loglogistic": stats.fisk(1 / sigma, scale=np.exp(mu)),
        }[shape]
        chance = np.where(exact, law.pdf(time), law.cdf(right) - law.cdf(left))
        value = np.log(chance)
        return float(value.sum())

    top = fit.solution.coefficients
    assert abs(log_likelihood(top) - fit.log_likelihood) < 1e-8
    h = 1e-4
    information = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            e, f = np.eye(2)[i] * h, np.eye(2)[j] * h
            information[i, j] = -(
                log_likelihood(top + e + f)
                - log_likelihood(top + e - f)
                - log_likelihood(top - e + f)
                + log_likelihood(top - e - f)
            ) / (4 * h * h)
    np.testing.assert_allclose(np.linalg.inv(information), fit.covariance(), rtol=2e-4, atol=1e-7)
