"""The same work on data sets too large for memory: partition by partition, here or on a cluster."""

from __future__ import annotations

from outcomes.scale.adding import add_up

__all__ = ["add_up"]
