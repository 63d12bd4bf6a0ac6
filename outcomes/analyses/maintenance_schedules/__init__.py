"""Whether one maintenance schedule is better than another, as a target trial from records."""

from __future__ import annotations

from outcomes.analyses.maintenance_schedules.baseline_table import describe_first_plans
from outcomes.analyses.maintenance_schedules.estimate import estimate_maintenance_schedules
from outcomes.analyses.maintenance_schedules.planning import plan_maintenance_schedules
from outcomes.analyses.maintenance_schedules.spec import (
    MONTHS_10_12,
    STRATEGIES,
    WEEKS_13_24,
    Horizon,
    MaintenanceSchedulesSpec,
    Strategy,
    settled_spec,
)

__all__ = [
    "MONTHS_10_12",
    "STRATEGIES",
    "WEEKS_13_24",
    "Horizon",
    "MaintenanceSchedulesSpec",
    "Strategy",
    "describe_first_plans",
    "estimate_maintenance_schedules",
    "plan_maintenance_schedules",
    "settled_spec",
]
