"""Outcomes that were not seen: imputed at random, by reference, or shifted until it matters."""

from .analysis import Analysed, Ancova
from .imputation import Imputation
from .rubin import pool
from .strategies import STRATEGIES
from .tipping import TippingPoint

__all__ = ["STRATEGIES", "Analysed", "Ancova", "Imputation", "TippingPoint", "pool"]
