"""What was recommended against what was attended."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.observed import share_rows
from outcomes.derive.patient_days import day_number, day_numbers, pack, positions, sorted_keys
from outcomes.stats.ratios import ratio_of_totals
from outcomes.tables import Tables

LEVEL = 0.95
PLANS = ("weekly", "twice_monthly", "monthly", "on_demand", "discharged")
INTERVALS = {"weekly": 7.0, "twice_monthly": 14.0, "monthly": 28.0}
"""Days between sessions of a plan that does not give its own."""


def plan_periods(tables: Tables, ids: pd.Series, longest: int) -> pd.DataFrame:
    """Count sessions planned and attended while each recommendation stood.

    Parameters
    ----------
    tables : Tables
        The data set, with plans and sessions.
    ids : Series of str
        Patients to take.
    longest : int
        Days that a recommendation stands for at most, if no other follows.

    Returns
    -------
    DataFrame
        A row a patient and plan: patient_id, plan, days, planned (missing where a plan has no
        interval), attended.

    Notes
    -----
    A recommendation stands from its date to the next one or the as-of date. Attended are the
    sessions after its date up to its last day; planned are days / interval, so half a session at
    the end counts as half.
    """
    assert tables.plans is not None and tables.sessions is not None
    known = ids.drop_duplicates().sort_values(ignore_index=True)
    rows = tables.plans[tables.plans["patient_id"].isin(known)]
    rows = rows[rows["date"].notna() & (rows["date"] <= tables.as_of)]
    place, day = positions(rows["patient_id"], known), day_numbers(rows["date"])
    order = np.argsort(pack(place, day), kind="stable")
    rows, place, day = rows.iloc[order], place[order], day[order]
    last = day_number(tables.as_of)
    following = np.append(day[1:], last)
    changes = np.append(place[1:] != place[:-1], True)[: len(place)]
    end = np.minimum(np.where(changes, last, following), day + longest)
    came = tables.sessions[tables.sessions["status"] == "attended"]
    whose = positions(came["patient_id"], known)
    held = sorted_keys(pack(whose[whose >= 0], day_numbers(came["date"])[whose >= 0]))
    attended = np.searchsorted(held, pack(place, end), side="right") - np.searchsorted(
        held, pack(place, day), side="right"
    )
    own = rows["interval_days"].where(rows["interval_days"] > 0)
    interval = own.fillna(rows["plan"].map(INTERVALS)).where(rows["plan"].isin(INTERVALS))
    frame = pd.DataFrame(
        {
            "patient_id": rows["patient_id"].to_numpy(),
            "plan": rows["plan"].to_numpy(),
            "days": (end - day).astype("float64"),
            "planned": (end - day) / interval.to_numpy(dtype="float64"),
            "attended": attended.astype("float64"),
        }
    )
    grouped = frame[frame["days"] > 0].groupby(["patient_id", "plan"])
    return grouped[["days", "planned", "attended"]].sum(min_count=1).reset_index()


def plan_rows(periods: pd.DataFrame, per_days: int, kept: float, minimum: int) -> pd.DataFrame:
    """Set attendance against each plan.

    Parameters
    ----------
    periods : DataFrame
        As made by `plan_periods`.
    per_days : int
        Days that sessions are counted per.
    kept : float
        Share of planned sessions from which a patient kept a plan.
    minimum : int
        Patients that a ratio needs.

    Returns
    -------
    DataFrame
        Parts of estimates by plan: ``planned_sessions`` and ``attended_sessions`` (per `per_days`
        days), ``attended_of_planned`` (ratio; above 1 is more than planned) and ``kept_plan`` (of
        patients with at least one session planned, those who attended `kept` of them).
    """
    grid = pd.DataFrame({"group": [each for each in PLANS if (periods["plan"] == each).any()]})
    firm = periods[periods["planned"].notna()]
    spans = (
        ("planned_sessions", firm["planned"], firm["days"] / per_days, firm["plan"]),
        ("attended_sessions", periods["attended"], periods["days"] / per_days, periods["plan"]),
        ("attended_of_planned", firm["attended"], firm["planned"], firm["plan"]),
    )
    parts = []
    for term, top, bottom, plan in spans:
        found = ratio_of_totals(top, bottom, plan, LEVEL).reindex(grid["group"])
        few = (found["n"].fillna(0) < minimum).to_numpy()
        absent = found["n"].isna().to_numpy()
        rows = found[["estimate", "std_error", "conf_low", "conf_high", "df"]].copy()
        rows.loc[few] = np.nan
        rows = rows.rename_axis("group").reset_index()
        parts.append(
            rows.assign(
                term=term,
                conf_level=LEVEL,
                n_patients=found["n"].fillna(0).to_numpy(),
                status=np.where(few, "refused", "ok"),
                note=np.where(absent, "no schedule is planned", np.where(few, "too few", "")),
                unit="ratio" if term == "attended_of_planned" else f"sessions per {per_days} days",
                method="ratio of totals",
            )
        )
    enough = firm[firm["planned"] >= 1]
    seen = enough.rename(columns={"plan": "group"}).assign(
        event=enough["attended"] >= kept * enough["planned"]
    )
    share = share_rows(seen, grid, ["group"], 1, LEVEL).assign(
        term="kept_plan", method=f"attended {kept:.0%} of the sessions planned, Wilson"
    )
    return pd.concat([*parts, share], ignore_index=True).assign(group_by="plan")
