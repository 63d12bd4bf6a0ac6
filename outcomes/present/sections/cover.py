"""The lines under the title: whom the report is about, and up to when."""

from __future__ import annotations

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.tables import Prose
from outcomes.settings import Settings


def cover(
    release: Release, settings: Settings, *, clinic: str, therapist: str, as_of: pd.Timestamp
) -> Prose:
    """Say whom a report is about and which dates it covers.

    Parameters
    ----------
    release : Release
        What may be shown; its result ``period`` names the period looked at.
    settings : Settings
        For the printed names of clinics.
    clinic, therapist : str
        Whose patients; empty for all.
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
    period = write.period(release["period"].diagnostics["period"])
    said = f"{whose}. {period}, records up to {write.date(as_of)}."
    return Prose([said], kind="about")
