"""From released results to what people read: figures, tables, sentences and sections."""

from __future__ import annotations

from outcomes.present.disclosure import Policy, Release, disclose
from outcomes.present.figures.course import plot_course
from outcomes.present.figures.movement import plot_movement
from outcomes.present.sections.activity import period_comparison
from outcomes.present.sections.answer import answer
from outcomes.present.sections.context import published_figures
from outcomes.present.sections.cover import cover
from outcomes.present.sections.difference import group_differences
from outcomes.present.sections.headaches import headache_course
from outcomes.present.sections.missing import (
    not_recorded,
    records_read,
    too_small_to_show,
    who_is_missing,
)
from outcomes.present.sections.movement import neck_movement
from outcomes.present.sections.pain import pain_course, pain_split
from outcomes.present.sections.terms import definitions

__all__ = [
    "Policy",
    "Release",
    "answer",
    "cover",
    "definitions",
    "disclose",
    "group_differences",
    "headache_course",
    "neck_movement",
    "not_recorded",
    "pain_course",
    "pain_split",
    "period_comparison",
    "plot_course",
    "plot_movement",
    "published_figures",
    "records_read",
    "too_small_to_show",
    "who_is_missing",
]
