"""Numbers and times as people read them. Nothing is rounded anywhere else."""

from __future__ import annotations

from outcomes.present.format.numbers import (
    NOT_KNOWN,
    confidence,
    count,
    estimate,
    interval,
    listing,
    number,
    p_value,
    percent,
    proportion,
    proportion_interval,
    score,
    share,
    short_number,
    signed,
)
from outcomes.present.format.times import date, dates, ends, follow_up, period

__all__ = [
    "NOT_KNOWN",
    "confidence",
    "count",
    "date",
    "dates",
    "ends",
    "estimate",
    "follow_up",
    "interval",
    "listing",
    "number",
    "p_value",
    "percent",
    "period",
    "proportion",
    "proportion_interval",
    "score",
    "share",
    "short_number",
    "signed",
]
