"""What is felt after sessions, and found at the first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.simulate.records.calendar import Appointments
from outcomes.simulate.records.frames import choose, frame

ZONES = {
    "suboccipitals": "band around the head",
    "upper_trapezius": "temple",
    "levator_scapulae": "angle of the neck",
    "scalenes": "arm",
}
"""Muscles palpated, and where a point in each refers pain to."""


def draw_reactions(
    rows: Appointments, sessions: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Write down what patients felt after sessions.

    Parameters
    ----------
    rows : Appointments
        The appointments.
    sessions : DataFrame
        Table ``sessions`` of the same rows.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``adverse_events``: soreness after about one attended session in eight, more with firm
        pressure and at first; other symptoms after 2 %; one in 100,000 serious.
    """
    pressure = sessions["pressure"].fillna(0).to_numpy()
    odds = np.exp(-2.2 + 0.3 * (pressure - 6) + 0.8 * (rows.week == 0))
    symptoms = ("soreness", "lightheadedness", "swelling", "headache", "bruising")
    sore = rows.attended & (rng.random(len(rows.week)) < odds / (1 + odds))
    rare = rows.attended & (rng.random(len(rows.week)) < 0.02)
    serious = rows.attended & (rng.random(len(rows.week)) < 1e-5)
    where = np.concatenate([np.flatnonzero(sore), np.flatnonzero(rare), np.flatnonzero(serious)])
    n_sore, n_rare, n_serious = int(sore.sum()), int(rare.sum()), int(serious.sum())
    symptom = np.concatenate(
        [
            np.full(n_sore, symptoms[0]),
            choose(symptoms[1:], (0.40, 0.20, 0.25, 0.15), n_rare, rng),
            np.full(n_serious, "arm weakness"),
        ]
    )
    n = len(where)
    # Two in three soreness lasts a day or two.
    hours = np.where(
        symptom == "soreness", rng.lognormal(np.log(30), 0.35, n), rng.lognormal(np.log(6), 0.8, n)
    )
    grave = symptom == "arm weakness"
    return frame(
        "adverse_events",
        {
            "event_id": np.char.add("E", sessions["session_id"].to_numpy(str)[where])
            + np.where(np.arange(n) < n_sore, "", np.where(grave, "S", "R")),
            "session_id": sessions["session_id"].to_numpy(str)[where],
            "symptom": symptom,
            "onset_hours": np.clip(np.rint(rng.exponential(6, n)), 0, 47),
            "duration_hours": np.where(grave, 96, np.clip(np.rint(hours), 1, 120)),
            "severity": np.where(grave, 8, np.clip(np.rint(rng.normal(2.6, 1.2, n)), 1, 8)),
            "serious": grave,
        },
    ).sort_values(["session_id", "event_id"], ignore_index=True)


def draw_trigger_points(sessions: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Write down points palpated at intake in about half of the patients.

    Parameters
    ----------
    sessions : DataFrame
        Table ``sessions``.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``trigger_points``.
    """
    intake = sessions.loc[sessions["visit_type"] == "intake", "session_id"].to_numpy(str)
    intake = intake[rng.random(len(intake)) < 0.5]
    found = rng.random((len(intake), len(ZONES), 2)) < 0.3
    row, muscle, side = np.nonzero(found)
    active = rng.random(len(row)) < 0.65
    reproduced = active & (rng.random(len(row)) < 0.75)
    return frame(
        "trigger_points",
        {
            "session_id": intake[row],
            "muscle": np.array(list(ZONES))[muscle],
            "side": np.array(["left", "right"])[side],
            "active": active,
            "reproduced": reproduced,
            "referral_zone": np.where(active, np.array(list(ZONES.values()))[muscle], ""),
        },
    )
