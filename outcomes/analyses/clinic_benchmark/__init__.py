"""How clinics compare once whom they treat is allowed for, and what a comparison can show."""

from __future__ import annotations

from outcomes.analyses.clinic_benchmark.estimate import estimate_clinic_benchmark
from outcomes.analyses.clinic_benchmark.published import (
    adjusted_gains,
    provider_flags,
    read_providers,
    read_records,
)
from outcomes.analyses.clinic_benchmark.spec import ClinicBenchmarkSpec

__all__ = [
    "ClinicBenchmarkSpec",
    "adjusted_gains",
    "estimate_clinic_benchmark",
    "provider_flags",
    "read_providers",
    "read_records",
]
