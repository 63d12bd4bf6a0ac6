"""Weights that undo selection: who was treated how, who stayed, who answered."""

from .balance import balance_sequence, entropy_balance
from .diagnostics import (
    effective_sample_size,
    standardised_differences,
    truncate,
    weight_table,
    weighted_mean,
)
from .stabilised import Decision, WeightFit, WeightModels

__all__ = [
    "Decision",
    "WeightFit",
    "WeightModels",
    "balance_sequence",
    "effective_sample_size",
    "entropy_balance",
    "standardised_differences",
    "truncate",
    "weight_table",
    "weighted_mean",
]
