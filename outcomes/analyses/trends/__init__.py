"""Whether results change over time, judged by cohorts of entry, not by who came that month."""

from __future__ import annotations

from outcomes.analyses.trends.estimate import estimate_trends
from outcomes.analyses.trends.spec import TrendsSpec

__all__ = ["TrendsSpec", "estimate_trends"]
