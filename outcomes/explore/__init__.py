"""The day, the cohort and single patients, live in a notebook or as the app, still in a report."""

from __future__ import annotations

from outcomes.explore.live import Explorer, explore

__all__ = ["Explorer", "explore"]
