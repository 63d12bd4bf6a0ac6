"""As things stand: who has no appointment ahead, and the pain that lapsed patients left with."""

from __future__ import annotations

import pandas as pd

from outcomes.analyses.groups import START_COLUMNS
from outcomes.analyses.observed import share_rows
from outcomes.derive.cadence import cadence_at
from outcomes.tables import Tables

LEVEL = 0.95
NO_SCORE = "not known"


def standing(tables: Tables, people: pd.DataFrame) -> pd.DataFrame:
    """Look up how patients stand on the as-of date.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : DataFrame
        Patients: patient_id, start, first_session, group, last_session.

    Returns
    -------
    DataFrame
        Those columns and: cadence, booked, n_recent (sessions in the days cadence looks back on).
    """
    found = cadence_at(
        people[["patient_id"]].assign(date=tables.as_of),
        tables.sessions,
        people[START_COLUMNS],
        tables.settings.cut_points,
        tables.as_of,
    )
    kept = found[["cadence", "n_sessions", "booked"]].set_axis(people.index)
    return pd.concat([people, kept.rename(columns={"n_sessions": "n_recent"})], axis=1)


def booking_rows(tables: Tables, now: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Count patients in care without an appointment ahead.

    Parameters
    ----------
    tables : Tables
        The data set.
    now : DataFrame
        As made by `standing`.
    grid : DataFrame
        One row a group.

    Returns
    -------
    DataFrame
        Parts of estimates: ``no_future_booking``, of patients with a session in the days that
        cadence looks back on. Refused where no appointment ahead is recorded of anybody.
    """
    assert tables.sessions is not None
    if not (tables.sessions["status"] == "booked").any():
        note = "no appointment ahead is recorded of anybody"
        return grid.assign(term="no_future_booking", status="refused", note=note)
    in_care = now[now["n_recent"] >= 1]
    return share_rows(
        in_care.assign(event=in_care["booked"] == 0), grid, ["group"], 1, LEVEL
    ).assign(term="no_future_booking", method="of patients in care on the as-of date, Wilson")


def lapsed_rows(
    tables: Tables,
    now: pd.DataFrame,
    grid: pd.DataFrame,
    *,
    within: int,
    before: int,
    in_pain: float,
    scheme: str,
) -> pd.DataFrame:
    """Count lapsed patients by the last pain that is known of them.

    Parameters
    ----------
    tables : Tables
        The data set.
    now : DataFrame
        As made by `standing`.
    grid : DataFrame
        One row a group.
    within : int
        Days before the as-of date in which the last session of a lapsed patient must lie.
    before : int
        Days before the last session from which a score counts.
    in_pain : float
        Score from which a patient left in pain.
    scheme : str
        Name of the bands; empty for the first of the instrument.

    Returns
    -------
    DataFrame
        Parts of estimates. For all together ``lapsed_by_last_pain`` (``group_by`` ``last_pain``, a
        row a band and one for those without a score, of all lapsed). For each group ``lapsed``
        (of patients who attended in the `within` days), and ``lapsed_in_pain`` (of the lapsed with
        a score).
    """
    recent = now[now["last_session"] > tables.as_of - pd.Timedelta(days=within)]
    lapsed = recent["cadence"] == "lapsed"
    gone = recent[lapsed]
    value = _last_score(tables, gone, before)
    shares = share_rows(recent.assign(event=lapsed), grid, ["group"], 1, LEVEL).assign(
        term="lapsed", method=f"of patients who attended in the last {within} days, Wilson"
    )
    known = gone.assign(event=value >= in_pain)[value.notna()]
    counts = gone.groupby("group").size()
    pain = share_rows(known, grid, ["group"], 1, LEVEL).assign(
        term="lapsed_in_pain",
        n_eligible=grid["group"].map(counts).fillna(0).to_numpy(),
        method=f"{in_pain:g} or more, of lapsed patients with a last score, Wilson",
    )
    instrument = tables.registry.get(tables.settings.pain_instrument)
    parts = [shares, pain]
    if instrument.bands:
        bands = instrument.bands[scheme or next(iter(instrument.bands))]
        labels = bands.label(value).fillna(NO_SCORE).to_numpy()
        cells = pd.DataFrame({"group": [*(band.label for band in bands), NO_SCORE]})
        every = pd.DataFrame({"band": labels}).merge(cells, how="cross")
        every["event"] = every["band"] == every["group"]
        parts.append(
            share_rows(every, cells, ["group"], 1, LEVEL).assign(
                term="lapsed_by_last_pain",
                group_by="last_pain",
                method=f"of lapsed patients, bands {bands.name}, Wilson",
            )
        )
    return pd.concat(parts, ignore_index=True)


def _last_score(tables: Tables, gone: pd.DataFrame, before: int) -> pd.Series:
    """Last pain score of each patient from some days before the last session on."""
    empty = pd.Series(float("nan"), index=gone.index)
    scores = tables.assessments
    if scores is None or gone.empty:
        return empty
    usable = (
        (scores["instrument"] == tables.settings.pain_instrument)
        & (scores["timing"] != "post")
        & scores["value"].notna()
        & (scores["date"] <= tables.as_of)
    )
    theirs = scores[usable].merge(gone[["patient_id", "last_session"]], on="patient_id")
    theirs = theirs[theirs["date"] >= theirs["last_session"] - pd.Timedelta(days=before)]
    ordered = theirs.sort_values(["date", "timing", "session_id"], kind="stable")
    last = ordered.drop_duplicates("patient_id", keep="last").set_index("patient_id")["value"]
    return gone["patient_id"].map(last).astype("float64")
