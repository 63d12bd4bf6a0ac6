"""What goes with what in practice: pressure, techniques, muscles and therapists."""

from __future__ import annotations

from .estimate import estimate_practice_patterns
from .spec import PracticePatternsSpec

__all__ = ["PracticePatternsSpec", "estimate_practice_patterns"]
