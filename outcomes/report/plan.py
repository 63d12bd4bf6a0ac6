"""What a comparison of schedules could show, and when, before anybody looks at results."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from outcomes.analyses.maintenance_schedules import (
    MaintenanceSchedulesSpec,
    plan_maintenance_schedules,
    settled_spec,
)
from outcomes.analyses.maintenance_schedules.planning import smallest_differences
from outcomes.present.format import count, date, number, score
from outcomes.report.completeness import find_topics
from outcomes.tables import Tables


def describe_plan(tables: Tables, spec: MaintenanceSchedulesSpec | None = None) -> str:
    """Describe what can be compared now and what later, for the person who plans it.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec, optional
        Choices of the comparison; unless given those of the settings.

    Returns
    -------
    str
        For each horizon and schedule the patients there are, those still needed and the months
        until then; the smallest difference each contrast could show; and what else can be answered
        now. No outcome of any schedule is looked at.
    """
    spec = spec or settled_spec(tables.settings)
    title = f"{tables.source}, {count(len(tables.patients), 'patient')}, as of {date(tables.as_of)}"
    parts = [title]
    if tables.synthetic:
        parts.append("These records are simulated and are evidence of nothing.")
    parts.append(
        "Comparison of maintenance schedules. No result has been looked at: scores count as what "
        "was known when a schedule was chosen, answers only as given or not."
    )
    plan = plan_maintenance_schedules(tables, spec)
    unit = tables.registry.get(spec.instrument or tables.settings.pain_instrument).unit
    found = smallest_differences(plan, spec.contrasts)
    for horizon, rows in plan.groupby("horizon", sort=False):
        parts.append(_horizon(str(horizon), rows, found[found["horizon"] == horizon], unit, spec))
    topics = find_topics(tables)
    now = [topic.label for topic in topics if not topic.missing]
    later = [f"{topic.label}: {topic.missing}" for topic in topics if topic.missing]
    parts.append(_section("What else can be answered now", now or ["Nothing yet."]))
    if later:
        parts.append(_section("What cannot be answered yet", later))
    return "\n\n".join(parts)


def _section(heading: str, lines: list[str]) -> str:
    return "\n".join([heading, *(f"  {line}" for line in lines)])


def _horizon(
    name: str,
    rows: pd.DataFrame,
    contrasts: pd.DataFrame,
    unit: str,
    spec: MaintenanceSchedulesSpec,
) -> str:
    heading = name[0].upper() + name[1:]
    if (rows["status"] == "not_possible").all():
        return _section(heading, [f"Not yet: {rows['note'].iloc[0]}"])
    lines = []
    for row in rows.to_dict("records"):
        strategy = str(row["strategy"]).replace("_", " ")
        lines.append(
            f"{strategy}: {count(row['n_eligible'], 'eligible patient')}, "
            f"{number(row['n_following'])} kept to it and answered, who count "
            f"as {number(round(row['ess']))} (effective patients)"
        )
        lines.append(f"  {_until(row, spec)}")
    if len(contrasts):
        lines.append("Smallest difference that could be shown (8 times in 10, at 5 %):")
    for row in contrasts.to_dict("records"):
        least = row["smallest_difference"]
        said = "none, with nobody on one of the two" if math.isnan(least) else score(least, 2)
        group = str(row["contrast"]).replace("_", " ").replace(" vs ", " against ")
        lines.append(f"  {group}: {said}{'' if math.isnan(least) else f' {unit}'}")
    return _section(heading, lines)


def _until(row: dict[Hashable, Any], spec: MaintenanceSchedulesSpec) -> str:
    """Say what is missing until a schedule is dependable."""
    goal, note = f"{number(spec.warn_ess)} effective patients", str(row["note"])
    if row["status"] == "refused" and "chance" in note:
        return f"refused however many there are: {note}"
    needed, months = float(row["patients_needed"]), float(row["months_needed"])
    if row["status"] == "ok":
        return f"enough: {goal} are reached"
    state = (
        "refused until then" if row["status"] == "refused" else "shown with a warning until then"
    )
    if math.isnan(needed):
        return f"nobody keeps to it, so nothing tells when {goal} are reached"
    when = (
        f"in about {count(months, 'month')} at the pace of the last year"
        if math.isfinite(months)
        else "no month can be named, as nobody became eligible in the last year"
    )
    return f"{goal} need about {number(needed)} eligible patients, {when}; {state}"
