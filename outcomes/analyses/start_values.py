"""What is known of a patient at the start of care: own columns and the table of covariates."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from outcomes.derive.patient import derive_patients
from outcomes.errors import EstimationError
from outcomes.tables import Tables

# Derived columns that lie after the start may not adjust anything.
AFTER_START = ("time_zero", "n_sessions", "last_session", "last_contact")


def start_values(tables: Tables, names: Sequence[str]) -> pd.DataFrame:
    """Collect values known at the start, one column a name.

    Parameters
    ----------
    tables : Tables
        The data set.
    names : sequence of str
        Names in the table of covariates, or columns of patients (age, sex, onset, clinic,
        therapist_id, distress, …). A covariate goes before a column of the same name.

    Returns
    -------
    DataFrame
        One row a patient: patient_id and a column for each name. A column is numeric if every value
        in it is a number, else text; not recorded is missing.

    Raises
    ------
    EstimationError
        For a name that is in neither, or that is not known at the start.
    """
    values = recorded_at_start(tables, names)
    numbers = [as_numbers(values[name]) for name in names]
    return pd.concat([values["patient_id"], *numbers], axis=1)


def recorded_at_start(tables: Tables, names: Sequence[str]) -> pd.DataFrame:
    """Collect values known at the start as they are recorded.

    Parameters
    ----------
    tables : Tables
        The data set.
    names : sequence of str
        As for `start_values`.

    Returns
    -------
    DataFrame
        As `start_values` gives, before it is seen which columns are numbers.

    Raises
    ------
    EstimationError
        As for `start_values`.
    """
    derived = derive_patients(tables).drop(columns=[*AFTER_START, "start"])
    own = tables.patients[[c for c in tables.patients if c not in derived or c == "patient_id"]]
    known = derived.merge(own, on="patient_id")
    covariates = tables.covariates
    recorded = set() if covariates is None else set(covariates["name"])
    columns = [known["patient_id"]]
    for name in names:
        if covariates is not None and name in recorded:
            rows = covariates[covariates["name"] == name]
            values = known["patient_id"].map(rows.set_index("patient_id")["value"])
        elif name in known and name != "patient_id":
            values = known[name]
        else:
            there = ", ".join(sorted(recorded | set(known.columns) - {"patient_id"}))
            raise EstimationError(
                f"{name!r} is not known at the start of care.", f"There are: {there}."
            )
        columns.append(values.rename(name))
    return pd.concat(columns, axis=1)


def as_numbers(values: pd.Series) -> pd.Series:
    """Take values for numbers where every one of them is one, else for text.

    Parameters
    ----------
    values : Series
        As recorded.

    Returns
    -------
    Series
        Numbers, or the values as they are.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().equals(values.notna()) and numbers.notna().any() else values
