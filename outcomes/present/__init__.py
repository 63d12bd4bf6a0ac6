"""From released results to what people read: figures, tables, sentences and sections."""

from __future__ import annotations

from outcomes.present.disclosure import (
    Policy,
    Release,
    disclose,
    disclose_run,
    policy_of,
)
from outcomes.present.figures.clinic_trends import plot_clinic_trends
from outcomes.present.figures.control_chart import plot_trend
from outcomes.present.figures.course import plot_course
from outcomes.present.figures.funnel import plot_funnel
from outcomes.present.figures.movement import plot_movement
from outcomes.present.progress import Steps
from outcomes.present.sections.activity import period_comparison
from outcomes.present.sections.answer import answer
from outcomes.present.sections.benchmark import clinic_comparison, clinic_courses
from outcomes.present.sections.claims import claims_details, claims_page
from outcomes.present.sections.cohort_trend import cohort_trend
from outcomes.present.sections.completeness import answer_rates, who_answered
from outcomes.present.sections.context import published_figures
from outcomes.present.sections.cover import cover
from outcomes.present.sections.difference import group_differences
from outcomes.present.sections.front import front_page
from outcomes.present.sections.handout import handout
from outcomes.present.sections.headaches import headache_course
from outcomes.present.sections.missing import (
    not_recorded,
    records_read,
    too_small_to_show,
    who_is_missing,
)
from outcomes.present.sections.morning_page import morning_page
from outcomes.present.sections.movement import neck_movement
from outcomes.present.sections.network import network_cover
from outcomes.present.sections.pain import pain_course, pain_split
from outcomes.present.sections.patient_page import patient_page
from outcomes.present.sections.practice_patterns import practice_patterns
from outcomes.present.sections.responders import responders
from outcomes.present.sections.retention import (
    appointments_kept,
    cadence_over_time,
    lapsed_patients,
    plan_attendance,
    staying_in_care,
)
from outcomes.present.sections.safety import safety
from outcomes.present.sections.schedules.checks import schedule_checks
from outcomes.present.sections.schedules.courses import pain_return_section, sessions_section
from outcomes.present.sections.schedules.front import (
    schedule_answer,
    schedule_cover,
    schedule_question,
)
from outcomes.present.sections.schedules.limits import schedule_limits
from outcomes.present.sections.schedules.people import first_plan_table, schedule_flow
from outcomes.present.sections.schedules.results import (
    further_outcomes,
    later_weeks,
    naive_against_corrected,
    schedule_results,
)
from outcomes.present.sections.schedules.sensitivity import schedule_sensitivity
from outcomes.present.sections.schedules.target import target_statement
from outcomes.present.sections.terms import definitions
from outcomes.present.sections.trends import trend_charts
from outcomes.present.sections.value import value

__all__ = [
    "Policy",
    "Release",
    "Steps",
    "answer",
    "answer_rates",
    "appointments_kept",
    "cadence_over_time",
    "claims_details",
    "claims_page",
    "clinic_comparison",
    "clinic_courses",
    "cohort_trend",
    "cover",
    "definitions",
    "disclose",
    "disclose_run",
    "first_plan_table",
    "front_page",
    "further_outcomes",
    "group_differences",
    "handout",
    "headache_course",
    "lapsed_patients",
    "later_weeks",
    "morning_page",
    "naive_against_corrected",
    "neck_movement",
    "network_cover",
    "not_recorded",
    "pain_course",
    "pain_return_section",
    "pain_split",
    "patient_page",
    "period_comparison",
    "plan_attendance",
    "plot_clinic_trends",
    "plot_course",
    "plot_funnel",
    "plot_movement",
    "plot_trend",
    "policy_of",
    "practice_patterns",
    "published_figures",
    "records_read",
    "responders",
    "safety",
    "schedule_answer",
    "schedule_checks",
    "schedule_cover",
    "schedule_flow",
    "schedule_limits",
    "schedule_question",
    "schedule_results",
    "schedule_sensitivity",
    "sessions_section",
    "staying_in_care",
    "target_statement",
    "too_small_to_show",
    "trend_charts",
    "value",
    "who_answered",
    "who_is_missing",
]
