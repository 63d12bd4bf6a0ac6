"""One question each: a spec with every choice, and a function from tables to a result."""

from __future__ import annotations

from outcomes.analyses.pain_trajectory import PainTrajectorySpec, estimate_pain_trajectory

__all__ = ["PainTrajectorySpec", "estimate_pain_trajectory"]
