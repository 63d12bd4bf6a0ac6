"""Who does not follow the course expected of people who started alike, and how flags fare."""

from __future__ import annotations

from .accuracy import estimate_off_track_accuracy
from .estimate import estimate_off_track
from .reference import OffTrackReference, fit_off_track_reference
from .spec import OffTrackSpec

__all__ = [
    "OffTrackReference",
    "OffTrackSpec",
    "estimate_off_track",
    "estimate_off_track_accuracy",
    "fit_off_track_reference",
]
