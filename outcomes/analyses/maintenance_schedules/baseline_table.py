"""What patients were like when their first schedule was decided, by that schedule (table 1).

``estimates`` holds, for each characteristic (``outcome``) and first plan (``landmark``), the terms
``baseline_characteristic`` and ``baseline_sd`` of a number, ``baseline_share`` of each level
(``group``) of a word, and ``not_recorded``; and ``smd``, the standardised difference between two
first plans, whose names are in ``landmark``.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.maintenance_schedules.grid import ScheduleGrid, make_grid
from outcomes.analyses.maintenance_schedules.prepare import known_at_start, settle, with_range
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.derive.blocks import derive_blocks
from outcomes.derive.decisions import ELIGIBLE, derive_decisions
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "first_plan_baseline"
PAIN_NOW, OTHER = "pain_at_decision", "other"
METHOD = "tableone"


def describe_first_plans(
    tables: Tables, spec: MaintenanceSchedulesSpec | None = None
) -> AnalysisResult:
    """Describe eligible patients by the schedule they began with.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec, optional
        Choices of the comparison; unless given those of the settings.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where fewer than two first plans have
        two patients each.

    Raises
    ------
    EstimationError
        For an instrument without a range.

    Notes
    -----
    Plain means, standard deviations and shares of those with a value, before any weight. The
    standardised difference of two means is over √((s₁² + s₂²)/2), that of a word over all of its
    levels at once. Patients who began none of the schedules compared are the first plan ``other``.

    References
    ----------
    Pollard TJ, Johnson AEW, Raffa JD, Mark RG. tableone. JAMIA Open 2018;1:26–31. Yang D, Dalton
    JE. A unified approach to measuring the effect size between two groups. SAS Global Forum 2012.
    """
    spec, planned = settle(tables, spec)
    instrument = with_range(tables, spec.instrument)
    everyone = members(tables, "", 0)
    decisions = derive_decisions(
        tables,
        spec.instrument,
        blocks=spec.horizons[0].last,
        wait=spec.wait,
        recent=spec.recent,
        use_plans=planned,
    )
    chosen = decisions.loc[decisions["status"] == ELIGIBLE, "patient_id"]
    if len(chosen) < 2:
        reason = f"{len(chosen)} patients are eligible, so no first plans can be set side by side."
        return refuse(QUESTION, spec, tables, everyone, reason)
    known = known_at_start(tables, spec)
    blocks = derive_blocks(tables, decisions, spec.instrument, 1)
    grid = make_grid(blocks, known, instrument, spec, planned)
    frame, numbers, words = _characteristics(grid, known, spec)
    sizes = frame["plan"].value_counts()
    plans = [s for s in (*grid.allowed, OTHER) if sizes.get(s, 0) >= 2]
    frame = frame[frame["plan"].isin(plans)].reset_index(drop=True)
    numbers = [name for name in numbers if len(frame[name].dropna().unique()) > 1]
    words = [name for name in words if len(frame[name].dropna().unique()) > 1]
    if len(plans) < 2 or not numbers + words:
        reason = "Fewer than two first plans have patients with something recorded to compare."
        return refuse(QUESTION, spec, tables, everyone, reason)
    return assemble(
        QUESTION,
        spec,
        tables,
        everyone.keep(
            everyone.frame["patient_id"].isin(chosen),
            "eligible",
            "see the exclusions of the comparison",
        ),
        _rows(frame, plans, numbers, words),
        group_by="",
        estimand=describe(
            population="patients eligible for the comparison of schedules",
            strategies="the first maintenance schedule, as it was decided",
            variable="what was known on the day of the decision",
            intercurrent="none, as nothing later is looked at",
            summary="means, shares and standardised differences before weighting",
        ),
        diagnostics={"planned": planned},
    )


def _characteristics(
    grid: ScheduleGrid, known: pd.DataFrame, spec: MaintenanceSchedulesSpec
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Put the values of eligible patients beside their first plan, gaps left as gaps."""
    frame = grid.frame[["patient_id", "score"]].rename(columns={"score": PAIN_NOW})
    there = [name for name in ("baseline", *spec.confounders) if name in known]
    frame = frame.merge(known[["patient_id", *there]], on="patient_id", how="left")
    plan = np.full(grid.n, OTHER, dtype=object)
    for name, codes in grid.allowed.items():
        plan[np.isin(grid.codes[:, 0], codes)] = name
    frame["plan"] = plan
    numbers, words = [PAIN_NOW], []
    for name in there:
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            numbers.append(name)
        else:
            words.append(name)
            frame[name] = frame[name].astype("object").where(frame[name].fillna("") != "", None)
    return frame, numbers, words


def _rows(
    frame: pd.DataFrame, plans: list[str], numbers: list[str], words: list[str]
) -> list[dict[str, Any]]:
    # imported here: it takes a second, and sets a seed of NumPy that nothing else should see
    from tableone import TableOne

    columns = [*numbers, *words]
    table = TableOne(
        frame[[*columns, "plan"]],
        columns=columns,
        categorical=words,
        continuous=numbers,
        groupby="plan",
        smd=True,
        missing=True,
        include_null=False,
    )
    rows: list[dict[str, Any]] = []
    size = frame["plan"].value_counts()
    for name in columns:
        for plan in plans:
            whole = int(size[plan])
            some = frame.loc[frame["plan"] == plan, name]
            n = int(some.notna().sum())
            here = {"outcome": name, "landmark": plan, "n_patients": n, "n_eligible": whole}
            here |= {"method": METHOD, "status": "ok" if n else "refused"}
            if name in numbers:
                mean, sd = (table.cont_describe.loc[name, (part, plan)] for part in ("mean", "std"))
                rows.append(here | {"term": "baseline_characteristic", "estimate": float(mean)})
                rows.append(here | {"term": "baseline_sd", "estimate": float(sd)})
            else:
                for level, count in table.cat_describe.loc[name]["freq"][plan].items():
                    events = 0 if pd.isna(count) else int(count)
                    rows.append(
                        here
                        | {
                            "term": "baseline_share",
                            "group_by": name,
                            "group": str(level),
                            "estimate": events / n if n else np.nan,
                            "n_events": events,
                            "unit": "share",
                        }
                    )
            if n < whole:
                rows.append(
                    here
                    | {
                        "term": "not_recorded",
                        "estimate": 1 - n / whole,
                        "n_patients": whole,
                        "n_events": whole - n,
                        "unit": "share",
                        "status": "ok",
                    }
                )
        for a, b in combinations([p for p in plans if p != OTHER], 2):
            column = next(
                label
                for label in (f"SMD ({a},{b})", f"SMD ({b},{a})")
                if label in table.smd_table.columns
            )
            # tableone takes the first from the second, and contrasts here the second from the first
            sign = -1 if column == f"SMD ({a},{b})" else 1
            value = float(table.smd_table.loc[name, column])
            rows.append(
                {
                    "outcome": name,
                    "landmark": f"{a} vs {b}",
                    "term": "smd",
                    "estimate": sign * value if name in numbers else abs(value),
                    # of the smaller of the two, so that it is withheld where that is too small
                    "n_patients": int(min(size[a], size[b])),
                    "n_eligible": int(size[a] + size[b]),
                    "unit": "standard deviations",
                    "method": METHOD,
                    "status": "refused" if np.isnan(value) else "ok",
                    "note": "not recorded in one of the two" if np.isnan(value) else "",
                }
            )
    return rows
