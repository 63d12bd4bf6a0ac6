"""Choices about what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KINDS = (
    "clearance_missing",
    "worse_nothing_booked",
    "left_hurting",
    "left_well",
    "plan_apart",
    "reassessment_due",
)
"""What a patient can be listed for, most pressing first."""

INTERVALS: Mapping[str, float] = MappingProxyType(
    {"weekly": 7.0, "twice_monthly": 14.0, "monthly": 28.0}
)


@dataclass(frozen=True)
class DueSpec:
    """Choices about what is due.

    Parameters
    ----------
    instrument : str
        Pain instrument; empty for that of the settings.
    current_days : int
        A current patient attended within so many days, or has an appointment booked.
    worse_by : float
        Points worse than at the last score that make a patient worth a call.
    well, in_pain : float
        Last scores up to which a patient left doing well, and from which one left hurting.
    recent_days : int
        Days before the as-of date in which the last session and the last score of one who left lie.
    plan_days : int
        Days that a plan must have held before attendance is compared with it.
    fewer, more : float
        Attended over planned sessions below which, and above which, they are apart.
    apart_by : float
        Sessions that they must differ by as well.
    reassess_days : int
        Days after which measurements other than pain are due again.
    intervals : mapping of str to float
        Days between sessions of a plan that does not give its own.
    """

    instrument: str = ""
    current_days: int = 60
    worse_by: float = 2.0
    well: float = 2.0
    in_pain: float = 5.0
    recent_days: int = 182
    plan_days: int = 28
    fewer: float = 0.5
    more: float = 1.5
    apart_by: float = 2.0
    reassess_days: int = 84
    intervals: Mapping[str, float] = field(default_factory=lambda: INTERVALS)
