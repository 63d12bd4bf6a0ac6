"""The score that care started from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import (
    day_numbers,
    first_of_each,
    order_of,
    pick,
    positions,
)
from outcomes.settings import CutPoints


def derive_baseline(
    assessments: pd.DataFrame | None,
    start: pd.DataFrame,
    instrument_code: str,
    cuts: CutPoints,
) -> pd.DataFrame:
    """Last valid score on or before the start of care.

    Parameters
    ----------
    assessments : DataFrame or None
        Scores as in the contract: patient_id, instrument, date, timing, session_id, value.
    start : DataFrame
        As made by `derive_start`.
    instrument_code : str
        Instrument to take.
    cuts : CutPoints
        `baseline_max_age` is used.

    Returns
    -------
    DataFrame
        One row a row of `start`, in its order: ``patient_id``, ``baseline`` (float64, in units of
        the instrument), ``baseline_date`` (datetime64[us]), ``baseline_timing`` (str); missing
        where there is no such score.

    Notes
    -----
    Eligible are scores that are not missing, dated from `baseline_max_age` (28) days before the
    start up to the start, and not taken after a session. On the day of the start a score linked to
    another session than the first is left out, since it followed the first. The latest date wins.
    On one day a score taken before a session wins over one answered at home, because the hour of
    the latter is not known and may lie after treatment.
    """
    if assessments is None:
        chosen = np.full(len(start), -1)
        taken = pd.DataFrame(
            {
                "value": pd.Series(dtype="float64"),
                "date": pd.Series(dtype="datetime64[us]"),
                "timing": pd.Series(dtype="str"),
            }
        )
    else:
        chosen = _chosen_rows(assessments, start, instrument_code, cuts)
        taken = assessments
    return pd.DataFrame(
        {
            "patient_id": start["patient_id"].reset_index(drop=True),
            "baseline": pick(taken["value"], chosen),
            "baseline_date": pick(taken["date"], chosen),
            "baseline_timing": pick(taken["timing"], chosen),
        }
    )


def _chosen_rows(
    assessments: pd.DataFrame, start: pd.DataFrame, instrument_code: str, cuts: CutPoints
) -> np.ndarray:
    """Row of `assessments` that is the baseline of each row of `start`, -1 for none."""
    chosen = np.full(len(start), -1)
    valid = (assessments["instrument"] == instrument_code) & assessments["value"].notna()
    rows = np.flatnonzero(valid)
    position = positions(assessments["patient_id"].iloc[rows], start["patient_id"])
    rows, position = rows[position >= 0], position[position >= 0]
    day = day_numbers(assessments["date"].iloc[rows])
    age = day_numbers(start["start"])[position] - day
    near = (age >= 0) & (age <= cuts.baseline_max_age)
    rows, position, age = rows[near], position[near], age[near]
    few = assessments.iloc[rows]
    before = (few["timing"] == "pre").to_numpy()
    session = few["session_id"]
    first = pick(start["first_session"], position)
    later = (age == 0) & before & session.notna().to_numpy() & first.notna().to_numpy()
    later &= session.to_numpy(dtype=object) != first.to_numpy(dtype=object)
    kept = np.flatnonzero(~later & (few["timing"] != "post").to_numpy())
    # smallest first: the patient, then the youngest, then a score before a session
    rank = age[kept] * 2 + ~before[kept]
    keys = position[kept] * (2 * cuts.baseline_max_age + 2) + rank
    order = kept[order_of(keys, few.iloc[kept], ["session_id"])]
    best = order[first_of_each(position[order])]
    chosen[position[best]] = rows[best]
    return chosen
