"""One question each: a spec with every choice, and a function from tables to a result."""

from __future__ import annotations

from outcomes.analyses.care_rhythm import CareRhythmSpec, estimate_care_rhythm
from outcomes.analyses.claims import ClaimsSpec, judge_claims
from outcomes.analyses.clinic_activity import ClinicActivitySpec, estimate_clinic_activity
from outcomes.analyses.clinic_benchmark import ClinicBenchmarkSpec, estimate_clinic_benchmark
from outcomes.analyses.cohort_trend import CohortTrendSpec, estimate_cohort_trend
from outcomes.analyses.combined_care import CombinedCareSpec, estimate_combined_care
from outcomes.analyses.completeness import CompletenessSpec, estimate_completeness
from outcomes.analyses.day_list import DayListSpec, estimate_day_list
from outcomes.analyses.due import DueSpec, estimate_due
from outcomes.analyses.first_visits import FirstVisitsSpec, estimate_first_visits
from outcomes.analyses.group_difference import GroupDifferenceSpec, estimate_group_difference
from outcomes.analyses.headache_frequency import (
    HeadacheFrequencySpec,
    estimate_headache_frequency,
)
from outcomes.analyses.intake import IntakeSpec, estimate_intake
from outcomes.analyses.maintained_pain import MaintainedPainSpec, estimate_maintained_pain
from outcomes.analyses.maintenance_schedules import (
    MaintenanceSchedulesSpec,
    estimate_maintenance_schedules,
    plan_maintenance_schedules,
)
from outcomes.analyses.natural_course import NaturalCourseSpec, estimate_natural_course
from outcomes.analyses.off_track import (
    OffTrackReference,
    OffTrackSpec,
    estimate_off_track,
    estimate_off_track_accuracy,
    fit_off_track_reference,
)
from outcomes.analyses.pain_return import PainReturnSpec, estimate_pain_return
from outcomes.analyses.pain_trajectory import PainTrajectorySpec, estimate_pain_trajectory
from outcomes.analyses.patient_course import PatientCourseSpec, estimate_patient_course
from outcomes.analyses.practice_patterns import (
    PracticePatternsSpec,
    estimate_practice_patterns,
)
from outcomes.analyses.pressure_optimum import PressureOptimumSpec, estimate_pressure_optimum
from outcomes.analyses.regression_to_mean import RegressionToMeanSpec, estimate_regression_to_mean
from outcomes.analyses.responders import RespondersSpec, estimate_responders
from outcomes.analyses.retention import RetentionSpec, estimate_retention
from outcomes.analyses.rom_change import RomChangeSpec, estimate_rom_change
from outcomes.analyses.safety import SafetySpec, estimate_safety
from outcomes.analyses.self_care import SelfCareSpec, estimate_self_care
from outcomes.analyses.sessions_to_improvement import (
    SessionsToImprovementSpec,
    estimate_sessions_to_improvement,
)
from outcomes.analyses.trends import TrendsSpec, estimate_trends
from outcomes.analyses.value import ValueSpec, estimate_value
from outcomes.analyses.window_means import ModelChoices

__all__ = [
    "CareRhythmSpec",
    "ClaimsSpec",
    "ClinicActivitySpec",
    "ClinicBenchmarkSpec",
    "CohortTrendSpec",
    "CombinedCareSpec",
    "CompletenessSpec",
    "DayListSpec",
    "DueSpec",
    "FirstVisitsSpec",
    "GroupDifferenceSpec",
    "HeadacheFrequencySpec",
    "IntakeSpec",
    "MaintainedPainSpec",
    "MaintenanceSchedulesSpec",
    "ModelChoices",
    "NaturalCourseSpec",
    "OffTrackReference",
    "OffTrackSpec",
    "PainReturnSpec",
    "PainTrajectorySpec",
    "PatientCourseSpec",
    "PracticePatternsSpec",
    "PressureOptimumSpec",
    "RegressionToMeanSpec",
    "RespondersSpec",
    "RetentionSpec",
    "RomChangeSpec",
    "SafetySpec",
    "SelfCareSpec",
    "SessionsToImprovementSpec",
    "TrendsSpec",
    "ValueSpec",
    "estimate_care_rhythm",
    "estimate_clinic_activity",
    "estimate_clinic_benchmark",
    "estimate_cohort_trend",
    "estimate_combined_care",
    "estimate_completeness",
    "estimate_day_list",
    "estimate_due",
    "estimate_first_visits",
    "estimate_group_difference",
    "estimate_headache_frequency",
    "estimate_intake",
    "estimate_maintained_pain",
    "estimate_maintenance_schedules",
    "estimate_natural_course",
    "estimate_off_track",
    "estimate_off_track_accuracy",
    "estimate_pain_return",
    "estimate_pain_trajectory",
    "estimate_patient_course",
    "estimate_practice_patterns",
    "estimate_pressure_optimum",
    "estimate_regression_to_mean",
    "estimate_responders",
    "estimate_retention",
    "estimate_rom_change",
    "estimate_safety",
    "estimate_self_care",
    "estimate_sessions_to_improvement",
    "estimate_trends",
    "estimate_value",
    "fit_off_track_reference",
    "judge_claims",
    "plan_maintenance_schedules",
]
