"""Sustained strategies on a grid of subjects and periods: clones, means, a second model."""

from .clones import Followed, clone_weights, follow, weights_of_chance
from .e_value import e_value, e_value_of_difference
from .means import (
    PeriodMean,
    difference,
    leverage_of_difference,
    nobody,
    period_estimates,
    period_mean,
)
from .sequential import Sequential, sequential_mean, sequential_regression

__all__ = [
    "Followed",
    "PeriodMean",
    "Sequential",
    "clone_weights",
    "difference",
    "e_value",
    "e_value_of_difference",
    "follow",
    "leverage_of_difference",
    "nobody",
    "period_estimates",
    "period_mean",
    "sequential_mean",
    "sequential_regression",
    "weights_of_chance",
]
