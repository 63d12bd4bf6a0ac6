"""What nobody recorded: visits for pain that no score shows, and causes of both plan and pain."""

from __future__ import annotations

from typing import Any

import numpy as np

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.panel import arms_of, pairs, panel_row
from outcomes.analyses.maintenance_schedules.prepare import Prepared
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.analyses.maintenance_schedules.visits import visit_means
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_numbers
from outcomes.errors import EstimationError
from outcomes.stats.strategies import difference, e_value_of_difference, period_mean
from outcomes.tables import Tables

# Coming because of pain can only make pain at visits higher, so the check looks one way, at 5 %.
ONE_SIDED = 1.645
NOT_AT_RANDOM = (
    "Pain at visits, weighted for visiting, is higher than pain answered at home (by {by:.1f} "
    "points on demand): patients come for pain the last score does not show. Visits are not at "
    "random, and nothing can be told from them alone."
)
BEFORE_SESSIONS = (
    "pain just before a session is not pain over time: it is higher the longer ago the last one "
    "was, and it is seen of those who came only"
)
FAILED_CONTROL = (
    "Schedules after the decision 'change' pain before it by {by:+.2f} points ({group}): patients "
    "differ in ways the weights do not correct."
)


def visit_rows(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec, notes: list[str]
) -> list[dict[str, Any]]:
    """Compare pain before sessions, weighted for visiting, with pain answered at home.

    Parameters
    ----------
    tables : Tables
        The data set.
    primary : Prepared
        The primary horizon.
    spec : MaintenanceSchedulesSpec
        Choices.
    notes : list of str
        Gains a sentence if visits are not at random.

    Returns
    -------
    list of dict
        Lines of the panel.
    """
    comparison = primary.comparison
    try:
        arms = visit_means(tables, primary, spec)
    except EstimationError as error:
        return [
            {
                "analysis": "visits weighted for their intensity",
                "choice": "scores before sessions",
                "group": "",
                "status": "refused",
                "note": error.problem,
            }
        ]
    home = arms_of(comparison)
    for s in comparison.strategies:
        strategy = next(each for each in spec.strategies if each.name == s)
        if strategy.every is None and s in arms:
            by, spread, _ = difference(arms[s], home[s])
            if by > ONE_SIDED * spread:
                notes.append(NOT_AT_RANDOM.format(by=by))
    choice = "scores before sessions, weighted 1/P(visit in the week)"
    return [
        panel_row(
            spec,
            "visits weighted for their intensity",
            choice,
            group,
            pair,
            comparison.grid.n,
            note=BEFORE_SESSIONS,
        )
        for group, _, _, pair in pairs(spec, arms)
    ]


def control_rows(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec, notes: list[str]
) -> list[dict[str, Any]]:
    """Compare pain in the middle of the active phase, which no later schedule could change.

    Parameters
    ----------
    tables : Tables
        The data set.
    primary : Prepared
        The primary horizon.
    spec : MaintenanceSchedulesSpec
        Choices.
    notes : list of str
        Gains a sentence if the control fails.

    Returns
    -------
    list of dict
        Lines of the panel.

    References
    ----------
    Lipsitch M, Tchetgen Tchetgen E, Cohen T. Negative controls. Epidemiology 2010;21:383–388.
    """
    comparison, grid = primary.comparison, primary.comparison.grid
    first = grid.frame[grid.frame["block"] == 1].reset_index(drop=True)
    scores = score_events(tables.assessments, first["patient_id"], spec.instrument, ("pre",))
    place = np.arange(grid.n)
    # The second score before the last one that the models know: not among what is adjusted for.
    last = scores.last(place, day_numbers(first["decision"]))
    past = scores.value(scores.of(place, scores.of(place, last - 2)))
    known = ~np.isnan(past)
    block = comparison.outcomes[0].periods[-1]
    fitted = comparison.whole
    y = np.where(known, past, 0.0)[:, None]
    arms = {}
    for s in comparison.strategies:
        w = np.where(known, fitted.weights[s][:, block], 0.0)[:, None]
        if (w > 0).any():
            arms[s] = period_mean(y, w)
    rows = []
    for group, _, _, pair in pairs(spec, arms):
        row = panel_row(
            spec,
            "negative control",
            "pain in the active phase, before any schedule",
            group,
            pair,
            grid.n,
        )
        rows.append(row)
        if row["status"] == "ok" and row["conf_low"] * row["conf_high"] > 0:
            notes.append(FAILED_CONTROL.format(by=row["estimate"], group=group.replace("_", " ")))
    return rows


def e_value_rows(comparison: Comparison, spec: MaintenanceSchedulesSpec) -> list[dict[str, Any]]:
    """Say how strong an unmeasured confounder would have to be.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.
    spec : MaintenanceSchedulesSpec
        Contrasts.

    Returns
    -------
    list of dict
        Lines whose note has the E-values of the estimate and of the limit nearer to 0.
    """
    y = comparison.outcomes[0].y
    sd = float(np.nanstd(y))
    rows = []
    for group, _, _, pair in pairs(spec, arms_of(comparison)):
        row = panel_row(spec, "E-value", "unmeasured confounder", group, pair, comparison.grid.n)
        if row["status"] == "ok" and sd > 0:
            at, limit = e_value_of_difference(
                row["estimate"], row["conf_low"], row["conf_high"], sd
            )
            row["note"] = f"{at:.2f} for the estimate, {limit:.2f} for the limit nearer to 0"
        rows.append(row)
    return rows
