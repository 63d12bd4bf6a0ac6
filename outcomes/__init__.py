"""Patient-reported outcomes by session cadence, for clinics that treat neck pain and headache.

The public names below are imported when they are first used, so that ``import outcomes`` and
``outcomes --help`` do not wait for the numerical libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from outcomes.analyses import (
        ClinicActivitySpec,
        GroupDifferenceSpec,
        HeadacheFrequencySpec,
        PainTrajectorySpec,
        RomChangeSpec,
        estimate_clinic_activity,
        estimate_group_difference,
        estimate_headache_frequency,
        estimate_pain_trajectory,
        estimate_rom_change,
    )
    from outcomes.errors import (
        DataContractError,
        DisclosureError,
        EstimationError,
        OutcomesError,
    )
    from outcomes.instruments import default_registry
    from outcomes.io import import_csv, load, read_mapping, read_tables, write_tables
    from outcomes.results import AnalysisResult
    from outcomes.settings import CutPoints, Settings
    from outcomes.tables import Tables

__all__ = [
    "AnalysisResult",
    "ClinicActivitySpec",
    "CutPoints",
    "DataContractError",
    "DisclosureError",
    "EstimationError",
    "GroupDifferenceSpec",
    "HeadacheFrequencySpec",
    "OutcomesError",
    "PainTrajectorySpec",
    "RomChangeSpec",
    "Settings",
    "Tables",
    "default_registry",
    "estimate_clinic_activity",
    "estimate_group_difference",
    "estimate_headache_frequency",
    "estimate_pain_trajectory",
    "estimate_rom_change",
    "import_csv",
    "load",
    "read_mapping",
    "read_tables",
    "write_tables",
]

_HOMES = (
    "outcomes.errors",
    "outcomes.results",
    "outcomes.settings",
    "outcomes.tables",
    "outcomes.instruments",
    "outcomes.io",
    "outcomes.analyses",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in _HOMES:
            module = importlib.import_module(home)
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'outcomes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
