"""What is due: whom to ask, to call, to measure, and who needs clearance."""

from __future__ import annotations

from .estimate import estimate_due
from .spec import KINDS, DueSpec

__all__ = ["KINDS", "DueSpec", "estimate_due"]
