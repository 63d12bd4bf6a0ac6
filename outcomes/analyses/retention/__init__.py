"""Who stays in care: how often patients come, whether plans are kept, and who leaves."""

from __future__ import annotations

from outcomes.analyses.retention.estimate import RetentionSpec, estimate_retention

__all__ = ["RetentionSpec", "estimate_retention"]
