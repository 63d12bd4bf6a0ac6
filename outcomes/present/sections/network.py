"""The lines under the title of a report over very many patients."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Policy
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose


def network_cover(
    sizes: pd.Series, shown_less: Collection[str], as_of: pd.Timestamp, policy: Policy
) -> Section:
    """Say whom a report over a whole network is about.

    Parameters
    ----------
    sizes : Series of int
        Patients by clinic, of the whole network.
    shown_less : collection of str
        Clinics too small to be shown, whose patients are in no number.
    as_of : Timestamp
        Last day of the records that were read.
    policy : Policy
        For whom the report is; outside, the number of patients is rounded.

    Returns
    -------
    Section
        One line.
    """
    shown = sizes.drop(list(shown_less))
    patients = int(shown.sum())
    if policy.audience == "outside":
        patients = policy.round_to * round(patients / policy.round_to)
    clinics = int((shown.index != "").sum())
    of = f" of {write.count(clinics, 'clinic')}" if clinics else ""
    said = f"{write.count(patients, 'patient')}{of}, records up to {write.date(as_of)}."
    return Section([Prose([said], kind="about")])
