"""The score that care started from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.coded import holds
from outcomes.derive.patient_days import (
    NO_DAY,
    day_numbers,
    first_of_each,
    order_of,
    pack,
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
            "baseline_timing": pick(taken["timing"], chosen).astype("str"),
        }
    )


def _chosen_rows(
    assessments: pd.DataFrame, start: pd.DataFrame, instrument_code: str, cuts: CutPoints
) -> np.ndarray:
    """Row of `assessments` that is the baseline of each row of `start`, -1 for none."""
    chosen = np.full(len(start), -1)
    valid = holds(assessments["instrument"], instrument_code)
    valid &= assessments["value"].notna().to_numpy()
    rows = np.flatnonzero(valid & ~holds(assessments["timing"], "post"))
    place = positions(assessments["patient_id"], start["patient_id"])[rows]
    origin = np.append(day_numbers(start["start"]), NO_DAY)[place]
    day = day_numbers(assessments["date"])[rows]
    near = (day <= origin) & (day >= origin - cuts.baseline_max_age) & (origin != NO_DAY)
    near &= place >= 0
    rows, place, age = rows[near], place[near], (origin - day)[near]
    before = holds(assessments["timing"], "pre")[rows]
    # on the day of the start, only what belongs to the first session came before treatment
    doubtful = np.flatnonzero((age == 0) & before)
    session = assessments["session_id"].iloc[rows[doubtful]].to_numpy(dtype=object)
    first = pick(start["first_session"], place[doubtful]).to_numpy(dtype=object)
    later = np.zeros(len(rows), dtype=bool)
    later[doubtful] = (session != first) & pd.notna(session) & pd.notna(first)
    rows, place, rank = (each[~later] for each in (rows, place, age * 2 + ~before))
    # smallest first: the patient, then the youngest, then a score before a session
    keys = pack(place, rank)
    order = order_of(keys, assessments, rows, ["session_id"])
    best = order[first_of_each(place[order])]
    chosen[place[best]] = rows[best]
    return chosen
