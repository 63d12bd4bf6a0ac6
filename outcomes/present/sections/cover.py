"""The lines under the title: whom the report is about, and up to when."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.tables import Prose
from outcomes.settings import Settings


def cover(
    release: Release,
    settings: Settings,
    *,
    clinics: Collection[str],
    clinic: str,
    therapist: str,
    as_of: pd.Timestamp,
) -> Prose:
    """Say whom a report is about and which dates it covers.

    Parameters
    ----------
    release : Release
        What may be shown; its result ``period`` names the period looked at.
    settings : Settings
        For the printed names of clinics.
    clinics : collection of str
        Codes of the clinics in the data, an empty one where patients belong to none.
    clinic, therapist : str
        Whose patients; empty for all.
    as_of : Timestamp
        Last day of the records that were read.

    Returns
    -------
    Prose
        One line.
    """
    whose = subject_name(clinics, settings, clinic)
    if therapist:
        whose = f"{whose}, patients who began with therapist {therapist}"
    period = write.period(release["period"].diagnostics["period"])
    said = f"{whose}. {period}, records up to {write.date(as_of)}."
    return Prose([said], kind="about")


def subject_name(clinics: Collection[str], settings: Settings, clinic: str = "") -> str:
    """Name whom a report is about, the same in its title and under it.

    Parameters
    ----------
    clinics : collection of str
        Codes of the clinics in the data, an empty one where patients belong to none.
    settings : Settings
        For the printed names of clinics.
    clinic : str
        Code of the clinic reported on; empty for all.

    Returns
    -------
    str
        The clinic, also where the data have no other and every patient belongs to it; all clinics,
        or all patients where the data name none or not for each of them.
    """
    if not clinic and len(clinics) == 1:
        clinic = next(iter(clinics))
    if clinic:
        return settings.clinic_names.get(clinic, clinic)
    return "All patients" if "" in clinics or not clinics else "All clinics"
