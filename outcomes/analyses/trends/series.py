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


def count_entries(people: Members) -> pd.Series:
    """Count who began care, by group and month.

    Parameters
    ----------
    people : Members
        Patients and their groups.

    Returns
    -------
    Series
        Patients by (group, month of pandas); those of other sources can be added.
    """
    month = people.frame["start"].dt.to_period("M")
    return people.frame.groupby(["group", month]).size()


def choose_period(entries: pd.Series, every: str, enough: int) -> str:
    """Choose months where enough patients enter in one, else quarters.

    Parameters
    ----------
    entries : Series
        As made by `count_entries`.
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
    return "M" if len(entries) and entries.median() >= enough else "Q"


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


def count_sessions(tables: Tables, people: Members, measure: str) -> pd.DataFrame | None:
    """Count missed appointments, or unwanted events, by the month of the session.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients and their groups.
    measure : {"no_show", "adverse_events"}
        What is charted.

    Returns
    -------
    DataFrame or None
        By (group, month of pandas): events, n; n being appointments (kept or missed) or attended
        sessions. Those of other sources can be added. None where these are not recorded.
    """
    sessions = tables.sessions
    if sessions is None or (measure == ADVERSE and tables.adverse_events is None):
        return None
    if measure == NO_SHOW and "sessions.status=no_show" in tables.absent:
        return None
    wanted = _KEPT_OR_MISSED if measure == NO_SHOW else ("attended",)
    rows = sessions.loc[
        sessions["status"].isin(wanted) & (sessions["date"] <= tables.as_of),
        ["session_id", "patient_id", "date", "status"],
    ]
    rows = rows.assign(
        group=rows["patient_id"].map(people.group), period=rows["date"].dt.to_period("M")
    )
    rows = rows[rows["group"].notna()]
    if measure == NO_SHOW:
        events = (rows["status"] == NO_SHOW).astype("float64")
    else:
        by_session = tables.adverse_events["session_id"].value_counts()  # type: ignore[index]
        events = rows["session_id"].map(by_session).fillna(0.0).astype("float64")
    counted = rows.assign(events=events, n=1.0)
    return counted.groupby(["group", "period"])[["events", "n"]].sum()


def session_series(
    counts: pd.DataFrame,
    groups: Sequence[str],
    every: str,
    *,
    as_of: pd.Timestamp,
    minimum: int,
) -> pd.DataFrame | None:
    """Put sessions counted by month into the periods of a chart.

    Parameters
    ----------
    counts : DataFrame
        As made by `count_sessions`.
    groups : sequence of str
        Groups, in order.
    every : {"M", "Q"}
        Periods; the last one charted is over at the as-of date.
    as_of : Timestamp
        The as-of date.
    minimum : int
        Appointments that a period needs.

    Returns
    -------
    DataFrame or None
        As `cohort_series`, due being n; None where no period is over.
    """
    rows = counts.reset_index()
    rows["period"] = rows["period"].dt.asfreq(every)
    rows = rows[rows["period"].dt.end_time.dt.normalize() <= as_of]
    if rows.empty:
        return None
    table = rows.groupby(["group", "period"])[["events", "n"]].sum()
    return _in_grid(table.assign(due=table["n"]), groups, every, minimum)


def _gathered(seen: pd.DataFrame, groups: Sequence[str], every: str, minimum: int) -> pd.DataFrame:
    """Sum outcomes by group and period."""
    if seen.empty:
        return pd.DataFrame(columns=COLUMNS)
    grouped = seen.groupby(["group", "period"])
    table = pd.DataFrame(
        {
            "events": grouped["outcome"].sum(),
            "n": grouped["counted"].sum(),
            "due": grouped.size(),
        }
    )
    return _in_grid(table, groups, every, minimum)


def _in_grid(table: pd.DataFrame, groups: Sequence[str], every: str, minimum: int) -> pd.DataFrame:
    """Give every group every period; one with too few is a gap, never a zero."""
    held = table.index.get_level_values("period")
    periods = pd.period_range(held.min(), held.max(), freq=every)
    grid = pd.MultiIndex.from_product([list(groups), periods], names=["group", "period"])
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
