"""A comparison of schedules written to files that others can read, cite and compute again."""

from __future__ import annotations

from outcomes.report.comparison.make import ComparisonOrder, make_comparison

__all__ = ["ComparisonOrder", "make_comparison"]
