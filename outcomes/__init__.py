"""Patient-reported outcomes by session cadence, for clinics that treat neck pain and headache.

The public names are fetched when they are first used, so that ``import outcomes`` and the command
line do not wait for libraries they may not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outcomes.analyses import (
        ClinicActivitySpec,
        GroupDifferenceSpec,
        HeadacheFrequencySpec,
        MaintenanceSchedulesSpec,
        PainReturnSpec,
        PainTrajectorySpec,
        RomChangeSpec,
        SessionsToImprovementSpec,
        estimate_clinic_activity,
        estimate_group_difference,
        estimate_headache_frequency,
        estimate_maintenance_schedules,
        estimate_pain_return,
        estimate_pain_trajectory,
        estimate_rom_change,
        estimate_sessions_to_improvement,
        plan_maintenance_schedules,
    )
    from outcomes.errors import (
        DataContractError,
        DisclosureError,
        EstimationError,
        OutcomesError,
    )
    from outcomes.io import (
        import_csv,
        import_excel,
        import_fhir,
        import_parquet,
        load,
        read_mapping,
        read_tables,
        write_tables,
    )
    from outcomes.present import Policy, disclose
    from outcomes.results import AnalysisResult
    from outcomes.settings import CutPoints, Settings
    from outcomes.simulate import SimulationSpec
    from outcomes.tables import Tables
    from outcomes.verdicts import Verdict, judge, judge_result

__version__ = "0.1.0"

_HOMES = {
    "outcomes.analyses": (
        "ClinicActivitySpec",
        "GroupDifferenceSpec",
        "HeadacheFrequencySpec",
        "MaintenanceSchedulesSpec",
        "PainReturnSpec",
        "PainTrajectorySpec",
        "RomChangeSpec",
        "SessionsToImprovementSpec",
        "estimate_clinic_activity",
        "estimate_group_difference",
        "estimate_headache_frequency",
        "estimate_maintenance_schedules",
        "estimate_pain_return",
        "estimate_pain_trajectory",
        "estimate_rom_change",
        "estimate_sessions_to_improvement",
        "plan_maintenance_schedules",
    ),
    "outcomes.errors": (
        "DataContractError",
        "DisclosureError",
        "EstimationError",
        "OutcomesError",
    ),
    "outcomes.io": (
        "import_csv",
        "import_excel",
        "import_fhir",
        "import_parquet",
        "load",
        "read_mapping",
        "read_tables",
        "write_tables",
    ),
    "outcomes.present": ("Policy", "disclose"),
    "outcomes.results": ("AnalysisResult",),
    "outcomes.settings": ("CutPoints", "Settings"),
    "outcomes.simulate": ("SimulationSpec",),
    "outcomes.tables": ("Tables",),
    "outcomes.verdicts": ("Verdict", "judge", "judge_result"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AnalysisResult",
    "ClinicActivitySpec",
    "CutPoints",
    "DataContractError",
    "DisclosureError",
    "EstimationError",
    "GroupDifferenceSpec",
    "HeadacheFrequencySpec",
    "MaintenanceSchedulesSpec",
    "OutcomesError",
    "PainReturnSpec",
    "PainTrajectorySpec",
    "Policy",
    "RomChangeSpec",
    "SessionsToImprovementSpec",
    "Settings",
    "SimulationSpec",
    "Tables",
    "Verdict",
    "__version__",
    "disclose",
    "estimate_clinic_activity",
    "estimate_group_difference",
    "estimate_headache_frequency",
    "estimate_maintenance_schedules",
    "estimate_pain_return",
    "estimate_pain_trajectory",
    "estimate_rom_change",
    "estimate_sessions_to_improvement",
    "import_csv",
    "import_excel",
    "import_fhir",
    "import_parquet",
    "judge",
    "judge_result",
    "load",
    "plan_maintenance_schedules",
    "read_mapping",
    "read_tables",
    "write_tables",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
