"""How many patients each clinic of a data set in parts has."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.derive.patient import derive_patients
from outcomes.io import Parts
from outcomes.scale.adding import add_up
from outcomes.tables import Tables


@dataclass(frozen=True)
class _Sizes:
    """Patients by clinic."""

    patients: pd.Series

    def __add__(self, other: _Sizes) -> _Sizes:
        """Add the patients of another part."""
        return _Sizes(self.patients.add(other.patients, fill_value=0).astype("int64"))


def clinic_sizes(data: Parts, *, scheduler: str = "", workers: int | None = None) -> pd.Series:
    """Count the patients of each clinic.

    Parameters
    ----------
    data : PartitionedData or WholeData
        The data set.
    scheduler, workers
        As for `add_up`.

    Returns
    -------
    Series
        Number of patients by clinic, sorted by name; those of no clinic under an empty one.

    Raises
    ------
    OutcomesError
        As for `add_up`.
    """
    sizes = add_up(data, _count, only=("sessions",), scheduler=scheduler, workers=workers)
    return sizes.patients.sort_index().rename("patients")


def _count(tables: Tables) -> _Sizes:
    return _Sizes(derive_patients(tables)["clinic"].fillna("").value_counts().astype("int64"))
