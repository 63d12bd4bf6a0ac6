"""Who had a reason not to be treated, who was cleared, and of whom it is not known."""

from __future__ import annotations

import pandas as pd

CONTRAINDICATIONS = ("anticoagulants", "osteoporosis", "recent_surgery", "skin_infection")
"""Columns of patients that ask for clearance before treatment."""


def derive_clearance(patients: pd.DataFrame) -> pd.DataFrame:
    """Screen patients for contraindications.

    Parameters
    ----------
    patients : DataFrame
        ``patient_id``, the columns of `CONTRAINDICATIONS` and ``cleared`` (flags, 0 or 1).

    Returns
    -------
    DataFrame
        One row a patient, in order: ``patient_id``; ``screened`` (bool, at least one was asked);
        ``flagged`` (bool, at least one is there); ``cleared`` (float64, 1 cleared in spite of it,
        0 not, missing where not recorded).

    Notes
    -----
    What was not asked is not taken as absent: who was asked none is not screened, and who was asked
    some is flagged by those.
    """
    flags = patients[list(CONTRAINDICATIONS)]
    return pd.DataFrame(
        {
            "patient_id": patients["patient_id"],
            "screened": flags.notna().any(axis=1),
            "flagged": (flags == 1).any(axis=1),
            "cleared": patients["cleared"].astype("float64"),
        }
    )
