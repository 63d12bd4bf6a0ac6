"""Visits that come when they are wanted: weights for their intensity, and how irregular it is."""

from .grid import visit_grid
from .irregularity import Irregularity, irregularity
from .weighting import at_random_test, visit_decision

__all__ = ["Irregularity", "at_random_test", "irregularity", "visit_decision", "visit_grid"]
