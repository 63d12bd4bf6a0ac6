"""One function for each reason to list a patient; each gives patient, date, value and sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.due.people import FLAGS
from outcomes.analyses.due.spec import DueSpec
from outcomes.derive.known import events
from outcomes.derive.patient_days import day_number, day_numbers, positions, to_dates
from outcomes.tables import Tables

COLUMNS = ["patient_id", "date", "value", "reason"]
MOVEMENT = "movement"


def clearance_missing(people: pd.DataFrame) -> pd.DataFrame:
    """List current patients with a contraindication and no clearance.

    Parameters
    ----------
    people : DataFrame
        As made by `due_people`.

    Returns
    -------
    DataFrame
        patient_id, date (last session), value (contraindications recorded), reason.
    """
    found = people[list(FLAGS)].eq(1)
    here = people["current"] & found.any(axis=1) & ~people["cleared"].eq(1)
    listed, flags = people[here], found[here]
    names = [name.replace("_", " ") for name in FLAGS]
    said = np.full(len(listed), "", dtype=object)
    for column, name in zip(FLAGS, names, strict=True):
        recorded = flags[column].to_numpy(dtype=bool)
        said = np.where(recorded, said + np.where(said == "", name, ", " + name), said)
    reason = (
        pd.Series(said, index=listed.index, dtype="str").str.capitalize()
        + " recorded and no clearance. Ask before treating."
    )
    return _listed(listed, listed["last_session"], flags.sum(axis=1), reason)


def worse_nothing_booked(people: pd.DataFrame, spec: DueSpec) -> pd.DataFrame:
    """List current patients who were worse at the last visit and have nothing booked.

    Parameters
    ----------
    people : DataFrame
        As made by `due_people`.
    spec : DueSpec
        Points.

    Returns
    -------
    DataFrame
        patient_id, date (of the score), value (points worse), reason.
    """
    worse = people["score"] - people["previous"]
    listed = people[people["current"] & ~people["booked"] & (worse >= spec.worse_by)]
    said = _numbers(listed["score"]) + " after " + _numbers(listed["previous"])
    reason = "Pain " + said + " the time before, and nothing is booked. Call and ask."
    return _listed(listed, listed["scored_on"], listed["score"] - listed["previous"], reason)


def left(tables: Tables, people: pd.DataFrame, spec: DueSpec, *, hurting: bool) -> pd.DataFrame:
    """List patients who stopped coming, by how they were when last heard of.

    Parameters
    ----------
    tables : Tables
        For the as-of date.
    people : DataFrame
        As made by `due_people`.
    spec : DueSpec
        Scores and days.
    hurting : bool
        Those in pain, or those who were well.

    Returns
    -------
    DataFrame
        patient_id, date (last session), value (last score), reason.
    """
    since = tables.as_of - pd.Timedelta(days=spec.recent_days)
    known = people["left"] & (people["last_session"] > since) & (people["last_score_on"] > since)
    score = people["last_score"]
    listed = people[known & (score.ge(spec.in_pain) if hurting else score.le(spec.well))]
    ago = (tables.as_of - listed["last_session"]).dt.days
    ask = "Ask how it is." if hurting else "Nothing to do; say that they may come back."
    reason = "Last came " + _numbers(ago) + " days ago, last pain " + _numbers(listed["last_score"])
    return _listed(listed, listed["last_session"], listed["last_score"], reason + ". " + ask)


def plan_apart(tables: Tables, people: pd.DataFrame, spec: DueSpec) -> pd.DataFrame:
    """List current patients who come much less, or much more, often than planned.

    Parameters
    ----------
    tables : Tables
        Plans and sessions.
    people : DataFrame
        As made by `due_people`.
    spec : DueSpec
        Ratios and days.

    Returns
    -------
    DataFrame
        patient_id, date (from which on they are compared), value (attended less planned), reason.

    Notes
    -----
    Compared are the sessions since the plan that now holds was first given without another in
    between, at most the days that cadence looks back on. A plan without a schedule (on demand,
    discharged) promises no number of sessions and is not compared.
    """
    if tables.plans is None or tables.sessions is None or tables.plans.empty:
        return _nothing()
    ids, as_of = people["patient_id"], day_number(tables.as_of)
    plans = tables.plans.sort_values(["patient_id", "date"], kind="stable")
    plans = plans[positions(plans["patient_id"], ids) >= 0]
    other = plans["patient_id"].ne(plans["patient_id"].shift())
    other |= plans["plan"].ne(plans["plan"].shift())
    began = plans["date"].where(other).ffill()
    now = plans.assign(began=began).groupby("patient_id").tail(1)
    days = now["interval_days"].fillna(now["plan"].map(dict(spec.intervals)).astype("float64"))
    now = now.assign(days=days)
    now = now[now["plan"].isin(list(spec.intervals)) & now["days"].notna()]
    place = positions(now["patient_id"], ids)
    window = tables.settings.cut_points.cadence_window
    first = np.maximum(day_numbers(now["began"]), as_of - window)
    length = as_of - first
    attended = events(tables.sessions[tables.sessions["status"] == "attended"], ids)
    count, _ = attended.within(place, first, np.full(len(first), as_of))
    planned = length / now["days"].to_numpy(dtype=float)
    gap = count - planned
    apart = (length >= spec.plan_days) & (np.abs(gap) >= spec.apart_by)
    apart &= (count < spec.fewer * planned) | (count > spec.more * planned)
    apart &= people["current"].to_numpy()[place]
    listed = pd.DataFrame(
        {
            "patient_id": now["patient_id"].to_numpy(),
            "plan": now["plan"].str.replace("_", " ").to_numpy(),
            "date": to_dates(first),
            "count": count,
            "planned": np.rint(planned),
            "length": length,
            "gap": gap,
        }
    )[apart]
    reason = "Planned " + listed["plan"].astype("str") + ", about " + _numbers(listed["planned"])
    reason = reason + " sessions in " + _numbers(listed["length"]) + " days; came "
    times = pd.Series(np.where(listed["count"] == 1, " time", " times"), index=listed.index)
    reason = reason + _numbers(listed["count"]) + times.astype("str")
    reason = reason + ". Ask which of the two should change."
    return _listed(listed, listed["date"], listed["gap"], reason)


def reassessment_due(tables: Tables, people: pd.DataFrame, spec: DueSpec) -> pd.DataFrame:
    """List current patients whose measurements other than pain are old.

    Parameters
    ----------
    tables : Tables
        Scores.
    people : DataFrame
        As made by `due_people`.
    spec : DueSpec
        Days.

    Returns
    -------
    DataFrame
        patient_id, date (of the oldest last measurement), value (days since), reason.

    Notes
    -----
    Only what was measured of this patient before, and only where the patient came since: a clinic
    that records pain alone has nothing due.
    """
    if tables.assessments is None:
        return _nothing()
    ids = people["patient_id"]
    scores = tables.assessments
    scores = scores[(scores["instrument"] != spec.instrument) & scores["value"].notna()]
    pain = {"nrs_pain", "vas_pain", tables.settings.pain_instrument}
    scores = scores[~scores["instrument"].isin(sorted(pain))]
    last = scores.groupby(["patient_id", "instrument"], as_index=False)["date"].max()
    last["name"] = last["instrument"].map(
        {code: _name(tables, code) for code in last["instrument"].unique()}
    )
    last = last.groupby(["patient_id", "name"], as_index=False)["date"].min()
    place = positions(last["patient_id"], ids)
    last, place = last[place >= 0], place[place >= 0]
    came = people["last_session"].to_numpy()[place]
    old = last["date"] <= tables.as_of - pd.Timedelta(days=spec.reassess_days)
    old &= people["current"].to_numpy()[place] & (came > last["date"].to_numpy())
    due = last[old].sort_values(["patient_id", "name"])
    listed = due.groupby("patient_id", as_index=False).agg(
        date=("date", "min"), names=("name", ", ".join)
    )
    ago = (tables.as_of - listed["date"]).dt.days
    reason = "Measure again: " + listed["names"].astype("str")
    return _listed(listed, listed["date"], ago, reason + " (" + _age(ago) + ").")


def _name(tables: Tables, code: str) -> str:
    """Name of an instrument for people; the six movements are one visit to the goniometer."""
    return MOVEMENT if code.startswith("rom_") else tables.registry.get(code).short_label


def _age(days: pd.Series) -> pd.Series:
    """Time since, as people say it: in whole weeks, in months from half a year on."""
    weeks = (days / 7).round().map("{:g} weeks old".format)
    months = (days / 30.4375).round().map("{:g} months old".format)
    return weeks.where(days < 182, months).astype("str")


def _numbers(values: pd.Series) -> pd.Series:
    """Numbers as text, decimals only where there are any."""
    return values.map("{:g}".format).astype("str")


def _listed(
    people: pd.DataFrame, date: pd.Series, value: pd.Series, reason: pd.Series
) -> pd.DataFrame:
    out = {
        "patient_id": people["patient_id"].astype("str"),
        "date": date.astype("datetime64[us]"),
        "value": value.astype("float64"),
        "reason": reason.astype("str"),
    }
    return pd.DataFrame(out).reset_index(drop=True)


def _nothing() -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})
    return empty.astype({"date": "datetime64[us]", "value": "float64"})
