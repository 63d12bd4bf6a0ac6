"""Standard error distributions of log time, and the log-likelihood of bracketed rows under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Shape:
    """A log-concave standard distribution G of (log t − x'β)/σ.

    Parameters
    ----------
    name : str
        What T is then called.
    log_density, log_below, log_above : callable
        log g, log G and log(1 − G), exact in both tails.
    slope, bend : callable
        First and second derivative of log g.
    quantile : callable
        Inverse of G.
    """

    name: str
    log_density: Callable[[Floats], Floats]
    log_below: Callable[[Floats], Floats]
    log_above: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    bend: Callable[[Floats], Floats]
    quantile: Callable[[Floats], Floats]


def _exp(z: Floats) -> Floats:
    # Beyond e^700 a float overflows; the probability there is 0 or 1 to all digits anyway.
    return np.exp(np.minimum(z, 700.0))


SHAPES = {
    "lognormal": Shape(
        "log-normal",
        log_density=lambda z: -0.5 * z * z - _LOG_ROOT_2PI,
        log_below=special.log_ndtr,
        log_above=lambda z: special.log_ndtr(-z),
        slope=lambda z: -z,
        bend=lambda z: -np.ones_like(z),
        quantile=special.ndtri,
    ),
    "weibull": Shape(
        "Weibull",
        log_density=lambda z: z - _exp(z),
        log_below=lambda z: np.log(-np.expm1(-_exp(z))),
        log_above=lambda z: -_exp(z),
        slope=lambda z: 1 - _exp(z),
        bend=lambda z: -_exp(z),
        quantile=lambda p: np.log(-np.log1p(-p)),
    ),
    "loglogistic": Shape(
        "log-logistic",
        log_density=lambda z: special.log_expit(z) + special.log_expit(-z),
        log_below=special.log_expit,
        log_above=lambda z: special.log_expit(-z),
        slope=lambda z: 1 - 2 * special.expit(z),
        bend=lambda z: -2 * special.expit(z) * special.expit(-z),
        quantile=special.logit,
    ),
}


@dataclass(frozen=True)
class RowTerms:
    """Log-likelihood of rows and its derivatives by their two standardised limits.

    Parameters
    ----------
    value : ndarray of float, shape (n,)
        Log-likelihood, without the terms of the scale and of log t of exact rows.
    by_left, by_right : ndarray of float
        First derivatives; an exact row has all of it in `by_left`.
    left_left, left_right, right_right : ndarray of float
        Second derivatives.
    """

    value: Floats
    by_left: Floats
    by_right: Floats
    left_left: Floats
    left_right: Floats
    right_right: Floats


def row_terms(shape: Shape, a: Floats, b: Floats, exact: NDArray[np.bool_]) -> RowTerms:
    """Evaluate log(G(b) − G(a)), or log g(a) for exact rows, with derivatives.

    Parameters
    ----------
    shape : Shape
        The standard distribution.
    a, b : ndarray of float, shape (n,)
        Standardised limits, possibly infinite; equal in exact rows.
    exact : ndarray of bool, shape (n,)
        Rows whose time is known.

    Returns
    -------
    RowTerms
        Value and derivatives of each row.
    """
    at_a, slope_a, bend_a = _density(shape, a)
    at_b, slope_b, _ = _density(shape, b)
    inside = _log_between(shape, a, b)
    with np.errstate(over="ignore"):
        from_a, from_b = np.exp(at_a - inside), np.exp(at_b - inside)
    from_a, from_b = (np.where(exact, 0.0, part) for part in (from_a, from_b))
    return RowTerms(
        value=np.where(exact, at_a, inside),
        by_left=np.where(exact, slope_a, -from_a),
        by_right=from_b,
        left_left=np.where(exact, bend_a, -from_a * slope_a - from_a**2),
        left_right=from_a * from_b,
        right_right=from_b * slope_b - from_b**2,
    )


def _density(shape: Shape, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Log density and its derivatives; 0 at an infinite limit, whose slope is then not used."""
    finite = np.isfinite(z)
    held = np.where(finite, z, 0.0)
    return (
        np.where(finite, shape.log_density(held), -np.inf),
        np.where(finite, shape.slope(held), 0.0),
        shape.bend(held),
    )


def _log_between(shape: Shape, a: Floats, b: Floats) -> Floats:
    """log(G(b) − G(a)) from the tail in which the difference keeps its digits."""
    upper = np.where(np.isinf(a), np.isposinf(a), a > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        large = np.where(upper, shape.log_above(a), shape.log_below(b))
        small = np.where(upper, shape.log_above(b), shape.log_below(a))
        gap = np.where(np.isneginf(small), np.inf, large - small)
        return large + np.log(-np.expm1(-gap))
