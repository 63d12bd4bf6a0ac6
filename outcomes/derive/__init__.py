"""The words of the glossary as functions from frames to frames, without a loop over patients."""

from __future__ import annotations

from outcomes.derive.baseline import derive_baseline
from outcomes.derive.cadence import cadence_at, landmark_dates, rolling_cadence
from outcomes.derive.change import derive_change
from outcomes.derive.episode import derive_sessions, derive_start
from outcomes.derive.headache_days import derive_headache_days
from outcomes.derive.patient import derive_patients
from outcomes.derive.phases import PHASES, derive_phases, derive_time_zero
from outcomes.derive.responder import derive_responder
from outcomes.derive.windows import TimingChoice, choose_timing, derive_windows

__all__ = [
    "PHASES",
    "TimingChoice",
    "cadence_at",
    "choose_timing",
    "derive_baseline",
    "derive_change",
    "derive_headache_days",
    "derive_patients",
    "derive_phases",
    "derive_responder",
    "derive_sessions",
    "derive_start",
    "derive_time_zero",
    "derive_windows",
    "landmark_dates",
    "rolling_cadence",
]
