"""The lines under the title: whom the report is about, and up to when."""

from __future__ import annotations

import pandas as pd

from outcomes.present import format as write
from outcomes.present.tables import Prose
from outcomes.settings import Settings


def cover(
    settings: Settings, *, clinic: str, therapist: str, period: tuple[str, str], as_of: pd.Timestamp
) -> Prose:
    """Say whom a report is about and which dates it covers.

    Parameters
    ----------
    settings : Settings
        For the printed names of clinics.
    clinic, therapist : str
        Whose patients; empty for all.
    period : tuple of str
        First and last day of the period looked at, ISO.
    as_of : Timestamp
        Last day of the records that were read.

    Returns
    -------
    Prose
        One line.
    """
    whose = settings.clinic_names.get(clinic, clinic) if clinic else "All patients"
    if therapist:
        whose = f"{whose}, patients who began with therapist {therapist}"
    dates = f"{write.dates(*period)}, records up to {write.date(as_of)}"
    return Prose([f"{whose}. {dates[0].upper()}{dates[1:]}."], kind="about")
