"""Month by month: the mix of cadences, appointments missed, and sessions that led to the next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.groups import CADENCE, ORDER, START_COLUMNS
from outcomes.analyses.observed import share_rows
from outcomes.analyses.periods import Period
from outcomes.derive.cadence import cadence_at
from outcomes.stats.intervals import wilson
from outcomes.tables import Tables

LEVEL = 0.95
NO_SESSION = "no session was recorded in this month"
NO_BOOKING_DATES = "the day an appointment was booked on is not recorded"


def monthly_cadence(
    tables: Tables, people: pd.DataFrame, months: tuple[Period, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the mix of cadences at the end of each month.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : DataFrame
        Patients: patient_id, start, first_session.
    months : tuple of Period
        Whole months.

    Returns
    -------
    rows : DataFrame
        Parts of estimates: term ``cadence_share`` by month and cadence, of the patients with an
        attended session in the days that cadence looks back on. A month without an attended session
        is refused, so that a figure leaves a gap.
    latest : DataFrame
        Each patient of the mix once, with the cadence held last: patient_id, group.
    """
    assert tables.sessions is not None
    ends = pd.DataFrame(
        {"date": [each.last for each in months], "landmark": [each.label for each in months]}
    ).astype({"date": "datetime64[us]"})
    asked = people[["patient_id"]].merge(ends, how="cross")
    found = cadence_at(
        asked[["patient_id", "date"]],
        tables.sessions,
        people[START_COLUMNS],
        tables.settings.cut_points,
        tables.as_of,
    )
    in_care = asked.assign(cadence=found["cadence"])[found["n_sessions"] >= 1]
    used = _attended(tables, people, months)["landmark"].unique()
    held = in_care[in_care["landmark"].isin(used)]
    order = list(ORDER[CADENCE])
    grid = ends[["landmark"]].merge(pd.DataFrame({"group": order}), how="cross")
    sizes = held.groupby("landmark").size()
    counts = held.groupby(["landmark", "cadence"]).size()
    n = grid["landmark"].map(sizes).fillna(0).astype("float64")
    events = pd.Series(
        counts.reindex(pd.MultiIndex.from_frame(grid), fill_value=0).to_numpy(dtype="float64")
    )
    low, high = wilson(events, n, LEVEL)
    rows = grid.assign(
        term="cadence_share",
        group_by=CADENCE,
        estimate=events / n.where(n > 0),
        conf_low=low,
        conf_high=high,
        conf_level=LEVEL,
        n_events=events,
        n_patients=n,
        unit="share",
        method="of patients in care at the end of the month, Wilson",
        status=np.where(n > 0, "ok", "refused"),
        note=np.where(n > 0, "", NO_SESSION),
    )
    # months rise within a patient, so the last row is the latest cadence
    latest = held.drop_duplicates("patient_id", keep="last")
    return rows, latest[["patient_id", "cadence"]].rename(columns={"cadence": "group"})


def monthly_appointments(
    tables: Tables, people: pd.DataFrame, grid: pd.DataFrame, months: tuple[Period, ...]
) -> pd.DataFrame:
    """Count appointments missed and cancelled, and sessions after which the next was booked.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : DataFrame
        Patients: patient_id, start, first_session, group.
    grid : DataFrame
        One row a group.
    months : tuple of Period
        Whole months.

    Returns
    -------
    DataFrame
        Parts of estimates by month and over all of them (``landmark`` empty): ``no_show`` (of
        attended and missed), ``cancelled`` (of all made), ``rebooked`` (of attended, those after
        which an appointment stood booked at the end of the day). n_patients counts appointments.
    """
    held = _appointments(tables, people, months)
    cells = pd.DataFrame({"landmark": ["", *(each.label for each in months)]}).merge(
        grid, how="cross"
    )
    due = held[held["status"] != "cancelled"]
    parts = [
        _shares(due.assign(event=due["status"] == "no_show"), cells).assign(
            term="no_show", method="of attended and missed, Wilson"
        ),
        _shares(held.assign(event=held["status"] == "cancelled"), cells).assign(
            term="cancelled", method="of all made, Wilson"
        ),
    ]
    came = held[held["status"] == "attended"]
    booked = cadence_at(
        came[["patient_id", "date"]],
        tables.sessions,
        people[START_COLUMNS],
        tables.settings.cut_points,
        tables.as_of,
    )["booked"].set_axis(came.index)
    # without dates of booking only the last day of the records would be known, and mislead
    known = booked.notna() & (came["date"] < tables.as_of)
    if not known.any() and len(came):
        parts.append(cells.assign(term="rebooked", status="refused", note=NO_BOOKING_DATES))
    else:
        again = came[known].assign(event=booked[known] == 1)
        parts.append(
            _shares(again, cells).assign(term="rebooked", method="of attended sessions, Wilson")
        )
    return pd.concat(parts, ignore_index=True).assign(unit="share of appointments")


def _shares(seen: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Shares by month and over all months."""
    twice = pd.concat([seen, seen.assign(landmark="")])
    rows = share_rows(twice, cells, ["landmark", "group"], 1, LEVEL)
    rows.loc[rows["status"] == "refused", "note"] = NO_SESSION
    return rows


def _appointments(tables: Tables, people: pd.DataFrame, months: tuple[Period, ...]) -> pd.DataFrame:
    """Appointments of these patients that were held, missed or cancelled, with their month."""
    assert tables.sessions is not None
    labels = {f"{each.first:%Y-%m}": each.label for each in months}
    rows = tables.sessions
    rows = rows[
        (rows["status"] != "booked")
        & (rows["date"] >= months[0].first)
        & (rows["date"] <= months[-1].last)
    ][["patient_id", "date", "status"]]
    known = people[["patient_id"]].assign(group=people["group"])
    rows = rows.merge(known, on="patient_id")
    return rows.assign(landmark=rows["date"].dt.strftime("%Y-%m").map(labels).astype("str"))


def _attended(tables: Tables, people: pd.DataFrame, months: tuple[Period, ...]) -> pd.DataFrame:
    rows = _appointments(tables, people, months)
    return rows[rows["status"] == "attended"]
