"""How long patients stay: the end of the first course of care, those still in it censored."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions
from outcomes.stats.survival import kaplan_meier
from outcomes.tables import Tables

LEVEL = 0.95
STEP, LONGEST = 7, 1092
"""Days between points of the curve, and its last day."""


def course_lengths(tables: Tables, people: pd.DataFrame) -> pd.DataFrame:
    """Find how long each first course of care lasted, or has lasted so far.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : DataFrame
        Patients: patient_id, start, first_session, group.

    Returns
    -------
    DataFrame
        One row a patient with an attended session long enough ago to be judged: patient_id, group,
        days (from the first to the last session of the first course, or as far as is known), left.

    Notes
    -----
    A course is over when no session follows for `episode_gap` (90) days, so the last 90 days before
    the as-of date are not judged: everyone is watched up to 90 days before it, and who attended
    later than that was still in care then. Leaving is dated to the last session.
    """
    assert tables.sessions is not None
    cuts = tables.settings.cut_points
    needed = ["patient_id", "session_id", "date", "time", "status"]
    attended = derive_sessions(tables.sessions[needed], cuts)
    last = attended[attended["episode"] == 1].groupby("patient_id")["date"].max()
    came = people[people["first_session"].notna()]
    ended = pd.Series(last.reindex(came["patient_id"]).to_numpy(), came.index)
    watched = (tables.as_of - came["start"]).dt.days - cuts.episode_gap
    lasted = (ended - came["start"]).dt.days
    left = lasted <= watched
    return pd.DataFrame(
        {
            "patient_id": came["patient_id"],
            "group": came["group"],
            "days": np.where(left, lasted, watched),
            "left": left,
        }
    )[watched >= 0].reset_index(drop=True)


def staying_rows(
    courses: pd.DataFrame, grid: pd.DataFrame, days: tuple[int, ...], minimum: int
) -> pd.DataFrame:
    """Estimate the share still in care after given times.

    Parameters
    ----------
    courses : DataFrame
        As made by `course_lengths`.
    grid : DataFrame
        One row a group.
    days : tuple of int
        Days from the first session.
    minimum : int
        Patients still watched at a time that a share needs; below it the row is refused.

    Returns
    -------
    DataFrame
        Parts of estimates: term ``still_in_care``; n_patients were in care and watched up to then,
        n_eligible is everyone judged, n_events left by then.
    """
    parts = []
    for group in grid["group"]:
        own = courses[courses["group"] == group]
        found = kaplan_meier(own["days"], own["left"], list(days), LEVEL)
        few = (found["n_at_risk"] < minimum) | found["estimate"].isna()
        counted = found["n_at_risk"].astype("str")
        numbers = found[["estimate", "std_error", "conf_low", "conf_high"]].copy()
        numbers.loc[few] = np.nan
        parts.append(
            numbers.assign(
                group=group,
                landmark=[f"day {day}" for day in days],
                conf_level=LEVEL,
                n_patients=found["n_at_risk"],
                n_eligible=len(own),
                n_events=found["n_events"],
                status=np.where(few, "refused", "ok"),
                note=(counted + f" watched so long; at least {minimum} are needed").where(few, ""),
            )
        )
    return pd.concat(parts, ignore_index=True).assign(
        term="still_in_care", unit="share", method="product limit (Kaplan–Meier)"
    )


def staying_curve(courses: pd.DataFrame, grid: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Draw-ready shares still in care, week by week, as long as enough are watched.

    Parameters
    ----------
    courses, grid, minimum
        As for `staying_rows`.

    Returns
    -------
    DataFrame
        group, day, estimate, conf_low, conf_high, n_patients (watched up to then), n_eligible.
    """
    days = tuple(range(0, LONGEST + 1, STEP))
    rows = staying_rows(courses, grid, days, minimum)
    rows = rows[rows["status"] == "ok"]
    return rows.assign(day=rows["landmark"].str.removeprefix("day ").astype("int64"))[
        ["group", "day", "estimate", "conf_low", "conf_high", "n_patients", "n_eligible"]
    ].reset_index(drop=True)
