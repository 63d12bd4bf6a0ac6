"""Two scores of one person, one after the other, and whether a session lay between."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.home_scores import derive_home_scores
from outcomes.derive.patient_days import day_numbers, pack, positions, sorted_keys
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables


def derive_score_pairs(
    tables: Tables, start: pd.DataFrame, instrument: str, apart: tuple[int, int]
) -> pd.DataFrame:
    """Pair each score with the next one that was given the same way.

    Parameters
    ----------
    tables : Tables
        The data set.
    start : DataFrame
        As made by `derive_start`; patients without a start are left out.
    instrument : str
        Code of the instrument.
    apart : tuple of int
        Fewest and most days between the two; other pairs are left out.

    Returns
    -------
    DataFrame
        One row a pair: ``patient_id``, ``timing`` (pre, remote, or ``before``: both up to the day
        care began, whichever way they were given), ``first``, ``second`` (scores), ``first_day``,
        ``second_day`` (days from the start of care), ``sessions`` (attended from the day of the
        first score to the day of the second; a session that a score was taken before counts as
        after it).

    Notes
    -----
    Scores after a session, and at home within two days of one, are left out. Of two scores of one
    day and timing one counts, that before a session before one at home.
    """
    scores = SCHEMAS["assessments"].empty() if tables.assessments is None else tables.assessments
    mine = scores[
        (scores["instrument"] == instrument)
        & (scores["timing"] == "pre")
        & scores["value"].notna()
        & scores["date"].notna()
    ]
    known = start[start["start"].notna()].reset_index(drop=True)
    # soreness of a session is no fluctuation, and its end no recovery
    home = derive_home_scores(tables, known["patient_id"], instrument).assign(timing="remote")
    mine = pd.concat([mine[list(home.columns)], home])
    place = positions(mine["patient_id"], known["patient_id"])
    mine, place = mine[place >= 0], place[place >= 0]
    origin = day_numbers(known["start"])
    frame = pd.DataFrame(
        {
            "place": place,
            "timing": mine["timing"].to_numpy(),
            "date": day_numbers(mine["date"]),
            "value": mine["value"].to_numpy(dtype="float64"),
        }
    )
    frame["timing"] = frame["timing"].where(frame["date"] > origin[place], "before")
    frame = frame.drop_duplicates(["place", "timing", "date"])
    frame = frame.sort_values(["place", "timing", "date"], kind="stable", ignore_index=True)
    after = frame.shift(-1)
    same = (after["place"] == frame["place"]) & (after["timing"] == frame["timing"])
    days = after["date"] - frame["date"]
    kept = (same & days.between(*apart)).to_numpy()
    first, second = frame[kept].reset_index(drop=True), after[kept].reset_index(drop=True)
    who, begins = first["place"].to_numpy(), first["date"].to_numpy()
    ends = second["date"].to_numpy(dtype="int64")
    # a score before a session comes before it on the same day
    pre = first["timing"].isin(["pre", "before"]).to_numpy()
    return pd.DataFrame(
        {
            "patient_id": known["patient_id"].to_numpy()[who],
            "timing": first["timing"].to_numpy(),
            "first": first["value"].to_numpy(),
            "second": second["value"].to_numpy(),
            "first_day": (begins - origin[who]).astype("float64"),
            "second_day": (ends - origin[who]).astype("float64"),
            "sessions": _attended(tables, known["patient_id"], who, begins, ends - pre),
        }
    )


def _attended(
    tables: Tables, ids: pd.Series, who: np.ndarray, begins: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Sessions attended from one day to another, both counted."""
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    held = held[(held["status"] == "attended") & held["date"].notna()]
    place = positions(held["patient_id"], ids)
    keys = sorted_keys(pack(place[place >= 0], day_numbers(held["date"])[place >= 0]))
    to = np.searchsorted(keys, pack(who, ends), side="right")
    return (to - np.searchsorted(keys, pack(who, begins), side="left")).astype("float64")
