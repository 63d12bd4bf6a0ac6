"""What happened in a clinic in a period, counted from the records known at its end."""

from __future__ import annotations

import pandas as pd

from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.analyses.periods import Period
from outcomes.derive.cadence import cadence_at
from outcomes.derive.event_grade import derive_event_grade
from outcomes.derive.responder import derive_responder
from outcomes.derive.windows import derive_windows
from outcomes.instruments import Instrument
from outcomes.tables import Tables

KEYS = ["group"]
LEVEL = 0.95
APPOINTMENTS = "share of appointments"
NOT_KEPT = "the source does not keep such appointments, so their share is not recorded"


def count_row(people: pd.DataFrame, grid: pd.DataFrame, term: str, unit: str) -> pd.DataFrame:
    """Count rows by group.

    Parameters
    ----------
    people : DataFrame
        One row for each that is counted: group and patient_id.
    grid : DataFrame
        One row a group: group.
    term, unit : str
        Name and unit of the count.

    Returns
    -------
    DataFrame
        Parts of estimates; estimate is the count and n_patients the number of people in it.
    """
    grouped = people.groupby("group")["patient_id"]
    counts = _by_group(grid, grouped.size())
    persons = _by_group(grid, grouped.nunique())
    return grid.assign(term=term, estimate=counts, n_patients=persons, unit=unit, method="count")


def appointment_rows(
    tables: Tables, people: pd.DataFrame, grid: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """Count sessions, patients seen, and appointments missed and cancelled.

    Parameters
    ----------
    tables : Tables
        The data set as known at the end of the period.
    people : DataFrame
        Patients: patient_id, group, start.
    grid : DataFrame
        One row a group.
    period : Period
        The period.

    Returns
    -------
    DataFrame
        Parts of estimates. In shares of appointments n_patients counts appointments. A share of
        appointments that the source deletes is refused: that none is left does not say none.
    """
    sessions = tables.sessions
    assert sessions is not None
    held = sessions[period.holds(sessions["date"]) & (sessions["status"] != "booked")]
    held = held[["patient_id", "status"]].merge(people[["patient_id", "group"]], on="patient_id")
    attended = held[held["status"] == "attended"]
    seen = attended.drop_duplicates("patient_id")
    due = held[held["status"] != "cancelled"]
    missed = share_rows(due.assign(event=due["status"] == "no_show"), grid, KEYS, 1, LEVEL)
    off = share_rows(held.assign(event=held["status"] == "cancelled"), grid, KEYS, 1, LEVEL)
    missed = missed.assign(
        term="no_show", unit=APPOINTMENTS, method="of attended and missed, Wilson"
    )
    off = off.assign(term="cancelled", unit=APPOINTMENTS, method="of all made, Wilson")
    return pd.concat(
        [
            count_row(attended, grid, "sessions_attended", "sessions"),
            count_row(seen, grid, "patients_seen", "patients"),
            *(
                grid.assign(term=term, status="refused", note=NOT_KEPT)
                if f"sessions.status={term}" in tables.absent
                else rows
                for term, rows in (("no_show", missed), ("cancelled", off))
            ),
        ]
    )


def window_rows(
    tables: Tables,
    people: pd.DataFrame,
    grid: pd.DataFrame,
    period: Period,
    timing: str,
    window: int,
    *,
    minimum: int,
) -> pd.DataFrame:
    """Count scores that fell due in the period and were answered, and the improvement then.

    Parameters
    ----------
    tables : Tables
        The data set as known at the end of the period.
    people : DataFrame
        Patients: patient_id, group, start, first_session.
    grid : DataFrame
        One row a group.
    period : Period
        The period.
    timing : str
        Timing of the scores.
    window : int
        Window whose improvement is shown.
    minimum : int
        Patients with both scores that the mean needs; below it the row is refused.

    Returns
    -------
    DataFrame
        Terms ``answered_day_N`` for each window, ``answered`` over all of them (n_patients counts
        scores due), and ``mean_improvement`` and ``responders`` at `window`.

    Notes
    -----
    A score falls due on the last day of its window. Improvement is that of patients with a baseline
    and a score, so n_patients of n_eligible tells how many it speaks of.
    """
    cuts = tables.settings.cut_points
    code = tables.settings.pain_instrument
    start = people[["patient_id", "start", "first_session"]]
    scores = derive_windows(
        tables.assessments,
        start,
        code,
        timing=timing,
        sessions=tables.sessions,
        cuts=cuts,
        as_of=tables.as_of,
    ).merge(people[["patient_id", "group", "start"]], on="patient_id")
    lasts = {each.day: each.last for each in cuts.windows if each.day}
    closing = scores["start"] + pd.to_timedelta(scores["window"].map(lasts), unit="D")
    due = scores[period.holds(closing)].assign(event=lambda rows: rows["answered"])
    parts = [
        share_rows(due, grid, KEYS, 1, LEVEL).assign(term="answered", unit="share of scores due")
    ]
    for day in sorted(due["window"].unique()):
        here = due[due["window"] == day]
        parts.append(share_rows(here, grid, KEYS, 1, LEVEL).assign(term=f"answered_day_{day}"))
    answered = pd.concat(parts).assign(method="answered of those whose window ended, Wilson")
    instrument = tables.registry.get(code)
    baseline = scores[scores["window"] == 0].set_index("patient_id")["value"]
    here = due[due["window"] == window]
    before = here["patient_id"].map(baseline).astype("float64")
    gain = instrument.improvement(before, here["value"])
    better = _means(here.assign(value=gain), grid, minimum).assign(
        term="mean_improvement",
        unit=instrument.unit,
        n_eligible=_by_group(grid, here.groupby("group").size()).to_numpy(),
        method=f"mean improvement at day {window} of those with both scores",
    )
    if not instrument.thresholds:
        return pd.concat([answered, better])
    return pd.concat([answered, better, _responders(here.assign(before=before), grid, instrument)])


def _responders(due: pd.DataFrame, grid: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Share who reached the main threshold of the instrument, of those whose answer tells."""
    reached = derive_responder(due["before"], due["value"], instrument, instrument.threshold())
    seen = due.assign(event=reached == "yes")[reached != "missing"]
    return share_rows(seen, grid, KEYS, 1, LEVEL).assign(
        term="responders",
        n_eligible=_by_group(grid, due.groupby("group").size()).to_numpy(),
        method="of those whose answer tells, Wilson",
    )


def serious_rows(
    tables: Tables, people: pd.DataFrame, grid: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """Count sessions of the period that a serious event is recorded after.

    Parameters
    ----------
    tables : Tables
        The data set as known at the end of the period, with sessions and adverse events.
    people : DataFrame
        Patients: patient_id, group.
    grid : DataFrame
        One row a group.
    period : Period
        The period.

    Returns
    -------
    DataFrame
        Term ``serious``; n_patients counts attended sessions.
    """
    sessions, events = tables.sessions, tables.adverse_events
    assert sessions is not None
    assert events is not None
    held = sessions[period.holds(sessions["date"]) & (sessions["status"] == "attended")]
    held = held[["session_id", "patient_id"]].merge(
        people[["patient_id", "group"]], on="patient_id"
    )
    grave = events.loc[derive_event_grade(events) == "serious", "session_id"]
    seen = held.assign(event=held["session_id"].isin(grave))
    return share_rows(seen, grid, KEYS, 1, LEVEL).assign(
        term="serious", unit="share of sessions", method="of attended sessions, Wilson"
    )


def lapsed_rows(
    tables: Tables,
    people: pd.DataFrame,
    grid: pd.DataFrame,
    period: Period,
    *,
    in_pain: float,
    recent_days: int,
    minimum: int,
) -> pd.DataFrame:
    """Count patients who lapsed in the period, and the pain they were last known to have.

    Parameters
    ----------
    tables : Tables
        The data set as known at the end of the period.
    people : DataFrame
        Patients: patient_id, group, start, first_session.
    grid : DataFrame
        One row a group.
    period : Period
        The period.
    in_pain : float
        Score from which a patient left in pain.
    recent_days : int
        Days up to the end of the period in which the last score must lie.
    minimum : int
        Scores that the mean needs; below it the row is refused.

    Returns
    -------
    DataFrame
        Terms ``lapsed`` (count), ``last_known_pain`` (mean) and ``lapsed_in_pain`` (share of those
        with a score).

    Notes
    -----
    Lapsed at the end of the period and not the day before it began. The last known score is the
    last one of the days up to the end of the period that was not taken after a session; an older
    one, such as a baseline from years ago, says nothing of how a patient left.
    """
    before = cadence_on(tables, people, period.first - pd.Timedelta(days=1))
    after = cadence_on(tables, people, period.last)
    left = people[((after == "lapsed") & (before != "lapsed")).to_numpy()]
    last = left.assign(
        value=left["patient_id"].map(_last_scores(tables, recent_days)).astype("float64")
    )
    known = last[last["value"].notna()]
    code = tables.settings.pain_instrument
    n_left = _by_group(grid, left.groupby("group").size()).to_numpy()
    means = _means(known, grid, minimum).assign(
        term="last_known_pain",
        unit=tables.registry.get(code).unit,
        n_eligible=n_left,
        method=f"mean of those with a score in {recent_days} days",
    )
    shares = share_rows(known.assign(event=known["value"] >= in_pain), grid, KEYS, 1, LEVEL)
    shares = shares.assign(
        term="lapsed_in_pain",
        n_eligible=n_left,
        method=f"{in_pain:g} or more, of those with a score in {recent_days} days, Wilson",
    )
    return pd.concat([count_row(left, grid, "lapsed", "patients"), means, shares])


def cadence_on(tables: Tables, people: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Look up the cadence of each patient on a day.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : DataFrame
        Patients: patient_id, start, first_session.
    day : Timestamp
        The day.

    Returns
    -------
    Series of str
        On the index of `people`; missing before the first attended session.
    """
    found = cadence_at(
        people[["patient_id"]].assign(date=day),
        tables.sessions,
        people[["patient_id", "start", "first_session"]],
        tables.settings.cut_points,
        tables.as_of,
    )
    return found["cadence"].set_axis(people.index)


def _by_group(grid: pd.DataFrame, counts: pd.Series) -> pd.Series:
    """Look up the count of each group, 0 where there is none."""
    return grid["group"].map(counts).astype("float64").fillna(0)


def _means(seen: pd.DataFrame, grid: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Means by group; those of too few are refused."""
    rows = mean_rows(seen, grid, KEYS, minimum, LEVEL)
    refused = rows["status"] == "refused"
    rows.loc[refused, "note"] = "too few: " + rows.loc[refused, "note"]
    return rows


def _last_scores(tables: Tables, days: int) -> pd.Series:
    """Last pain score of each patient in some days that did not follow a session, by id."""
    scores = tables.assessments
    if scores is None:
        return pd.Series(dtype="float64")
    usable = (
        (scores["instrument"] == tables.settings.pain_instrument)
        & (scores["timing"] != "post")
        & scores["value"].notna()
        & (scores["date"] <= tables.as_of)
        & (scores["date"] > tables.as_of - pd.Timedelta(days=days))
    )
    ordered = scores[usable].sort_values(["date", "timing", "session_id"], kind="stable")
    return ordered.drop_duplicates("patient_id", keep="last").set_index("patient_id")["value"]
