"""One value a period: cohorts by the month of entry into care, sessions by their own month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.analyses.case_mix import IMPROVEMENT, Outcomes, expected
from outcomes.analyses.groups import Members
from outcomes.analyses.trends.spec import ADVERSE, ANSWERED, DIFFERENCE, NO_SHOW, RESPONDER
from outcomes.stats.case_mix import CaseMix
from outcomes.tables import Tables

COLUMNS = ["group", "period", "value", "events", "n", "due"]
_KEPT_OR_MISSED = ("attended", "no_show")


def choose_period(people: pd.DataFrame, every: str, enough: int) -> str:
    """Choose months where enough patients enter in one, else quarters.

    Parameters
    ----------
    people : DataFrame
        Members: group, start.
    every : {"", "M", "Q"}
        The choice, if it was made.
    enough : int
        Median number a month (and group) from which months are chosen.

    Returns
    -------
    str
        ``M`` or ``Q``.
    """
    if every:
        return every
    month = people["start"].dt.to_period("M")
    counts = people.groupby(["group", month]).size()
    return "M" if len(counts) and counts.median() >= enough else "Q"


def cohort_series(
    found: Outcomes,
    measure: str,
    groups: Sequence[str],
    every: str,
    *,
    last: pd.Timestamp,
    minimum: int,
) -> tuple[pd.DataFrame, CaseMix | None]:
    """Judge cohorts by the period in which they entered care.

    Parameters
    ----------
    found : Outcomes
        Outcomes and starts at one follow-up time.
    measure : {"difference", "responder", "answered"}
        What is charted.
    groups : sequence of str
        Groups, in order.
    every : {"M", "Q"}
        Periods.
    last : Timestamp
        Last day of entry whose follow-up time is over; only periods that end by it are charted.
    minimum : int
        Patients that a period needs.

    Returns
    -------
    series : DataFrame
        One row a group and period, without holes: group, period (of pandas), value (missing in a
        gap), events, n (patients behind the value), due.
    mix : CaseMix or None
        What was expected, for ``difference``.
    """
    frame = found.frame.assign(period=found.frame["start"].dt.to_period(every))
    frame = frame[frame["period"].dt.end_time.dt.normalize() <= last]
    mix = None
    if measure == DIFFERENCE:
        # The expectation rests on everyone whose outcome is known, also of the newest cohorts.
        mix = expected(found, IMPROVEMENT)
        away = (mix.rows["observed"] - mix.rows["expected"]).reindex(frame.index)
        seen = frame.assign(outcome=away, counted=away.notna())
    elif measure == ANSWERED:
        seen = frame.assign(outcome=frame["answered"].astype("float64"), counted=True)
    else:
        seen = frame.assign(outcome=frame["responder"], counted=frame["responder"].notna())
    table = _gathered(seen, groups, every, minimum)
    if measure == DIFFERENCE:
        table["events"] = np.nan
    return table, mix


def session_series(
    tables: Tables, people: Members, measure: str, every: str, *, minimum: int
) -> pd.DataFrame | None:
    """Count missed appointments, or unwanted events, by the period of the session.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients and their groups.
    measure : {"no_show", "adverse_events"}
        What is charted.
    every : {"M", "Q"}
        Periods; the last one charted is over at the as-of date.
    minimum : int
        Appointments that a period needs.

    Returns
    -------
    DataFrame or None
        As `cohort_series`, n and due being appointments (kept or missed) or attended sessions; None
        where these are not recorded.
    """
    sessions = tables.sessions
    if sessions is None or (measure == ADVERSE and tables.adverse_events is None):
        return None
    wanted = _KEPT_OR_MISSED if measure == NO_SHOW else ("attended",)
    rows = sessions.loc[
        sessions["status"].isin(wanted) & (sessions["date"] <= tables.as_of),
        ["session_id", "patient_id", "date", "status"],
    ]
    rows = rows.assign(
        group=rows["patient_id"].map(people.group), period=rows["date"].dt.to_period(every)
    )
    rows = rows[rows["group"].notna() & (rows["period"].dt.end_time.dt.normalize() <= tables.as_of)]
    if rows.empty:
        return None
    if measure == NO_SHOW:
        rows = rows.assign(outcome=(rows["status"] == NO_SHOW).astype("float64"))
    else:
        events = tables.adverse_events["session_id"].value_counts()  # type: ignore[index]
        rows = rows.assign(outcome=rows["session_id"].map(events).fillna(0.0))
    return _gathered(rows.assign(counted=True), people.order, every, minimum)


def _gathered(seen: pd.DataFrame, groups: Sequence[str], every: str, minimum: int) -> pd.DataFrame:
    """Sum outcomes by group and period; a period with too few is a gap, never a zero."""
    if seen.empty:
        return pd.DataFrame(columns=COLUMNS)
    periods = pd.period_range(seen["period"].min(), seen["period"].max(), freq=every)
    grid = pd.MultiIndex.from_product([list(groups), periods], names=["group", "period"])
    grouped = seen.groupby(["group", "period"])
    table = pd.DataFrame(
        {
            "events": grouped["outcome"].sum(),
            "n": grouped["counted"].sum(),
            "due": grouped.size(),
        }
    )
    table = table.reindex(grid).fillna(0.0).reset_index()
    enough = table["n"] >= max(1, minimum)
    table["value"] = (table["events"] / table["n"].where(table["n"] > 0)).where(enough)
    return table[COLUMNS]


def is_share(measure: str) -> bool:
    """Say whether a measure is a share of people or appointments.

    Parameters
    ----------
    measure : str
        The measure.

    Returns
    -------
    bool
        True for shares.
    """
    return measure in (RESPONDER, ANSWERED, NO_SHOW)
