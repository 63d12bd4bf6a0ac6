"""The same work on data sets too large for memory: partition by partition, here or on a cluster."""

from __future__ import annotations

from outcomes.scale.adding import add_up
from outcomes.scale.clinics import clinic_sizes
from outcomes.scale.questions import clinic_comparison, pain_course, trend_charts
from outcomes.scale.rounds import Question, ask

__all__ = [
    "Question",
    "add_up",
    "ask",
    "clinic_comparison",
    "clinic_sizes",
    "pain_course",
    "trend_charts",
]
