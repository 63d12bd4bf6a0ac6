"""The numbers that statements are held to, taken from the results of other analyses."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.claims.rules import Found
from outcomes.analyses.claims.statement import Check
from outcomes.results import AnalysisResult

Row = dict[str, Any]


def result_for(check: Check, results: Mapping[str, AnalysisResult]) -> AnalysisResult | None:
    """Find the result that a number comes from, by its question and split.

    Parameters
    ----------
    check : Check
        What is looked for.
    results : mapping of str to AnalysisResult
        Results of a report, under any names.

    Returns
    -------
    AnalysisResult or None
        The first that fits; for headaches that of tension-type headache only.
    """
    for result in results.values():
        if result.question != check.question:
            continue
        if getattr(result.spec, "group_by", check.split) != check.split:
            continue
        if check.question == "headache_frequency" and result.spec.headache_type != "tension":
            continue
        return result
    return None


def row_for(check: Check, result: AnalysisResult) -> Row | None:
    """Take the row of estimates that a number stands in, or make it from rows that do.

    Parameters
    ----------
    check : Check
        What is looked for.
    result : AnalysisResult
        The result it comes from.

    Returns
    -------
    dict or None
        A row with columns of estimates; None where the result has none. It keeps outcome, group and
        landmark of its source, so that whoever withholds the source withholds it too.
    """
    if check.term == "completers":
        return _completers(check, result)
    if check.term == "onset_difference":
        return _onset_difference(check, result)
    if check.term == "outside":
        return _outside(check, result)
    rows = result.estimates
    rows = rows[rows["term"] == check.term]
    for column in ("group_by", "group"):
        rows = rows[rows[column] == getattr(check, column)]
    for column in ("landmark", "outcome"):
        wanted = getattr(check, column)
        rows = rows[rows[column] == wanted] if wanted else rows
    if check.method:
        rows = rows[rows["method"].str.contains(check.method, regex=False)]
        # weighted for those who went back to care, where that could be done
        weighted = rows[rows["method"].str.contains("weighted") & (rows["status"] == "ok")]
        rows = weighted if len(weighted) else rows
    return _as_row(rows.iloc[0]) if len(rows) else None


def found_in(row: Row, check: Check) -> Found:
    """Read a row as a number to judge.

    Parameters
    ----------
    row : dict
        As made by `row_for`.
    check : Check
        What it is for.

    Returns
    -------
    Found
        Number, interval and counts; nobody is missing where the check says so.
    """
    return Found(
        row["estimate"],
        row["conf_low"],
        row["conf_high"],
        row["n_patients"],
        row["n_eligible"] if check.complete else nan,
        row["n_events"],
        row["status"],
    )


def start_of(check: Check, result: AnalysisResult) -> float:
    """Mean at the start of the group that a change is of; missing where it is not known."""
    rows = result.estimates
    here = (rows["term"] == "mean") & (rows["landmark"] == "day 0")
    here &= (rows["group"] == check.group) & (rows["status"] == "ok")
    return float(rows.loc[here, "estimate"].iloc[0]) if here.any() else nan


def _as_row(row: pd.Series) -> Row:
    return {str(name): value for name, value in row.items()}


def _completers(check: Check, result: AnalysisResult) -> Row | None:
    """Change of those who answered to the end, from the curve and their group's start."""
    curve = result.curve
    if curve.empty or "series" not in curve:
        return None
    day = int(check.landmark.removeprefix("day "))
    here = curve[(curve["series"] == "completers") & (curve["group"] == check.group)]
    now, start = here[here["window"] == day], here[here["window"] == 0]
    if now.empty or start.empty or now["estimate"].isna().all():
        return None
    last = now.iloc[0]
    # an interval of the level is wider than that of the change, whose correlation is not in a curve
    return {
        "outcome": last["outcome"],
        "group_by": check.group_by,
        "group": check.group,
        "landmark": check.landmark,
        "term": "change",
        "estimate": float(last["estimate"] - start["estimate"].iloc[0]),
        "conf_low": nan,
        "conf_high": nan,
        "conf_level": nan,
        "n_eligible": float(last["n_eligible"]),
        "n_patients": float(last["n_patients"]),
        "n_events": nan,
        "unit": "points",
        "method": "mean of those who answered to the end",
        "status": "ok",
    }


def _onset_difference(check: Check, result: AnalysisResult) -> Row | None:
    """Change of chronic less that of acute complaints: two groups of different people."""
    rows = result.estimates
    rows = rows[(rows["term"] == "change") & (rows["landmark"] == check.landmark)]
    pair = [rows[rows["group"] == group] for group in ("chronic", "acute")]
    if any(each.empty for each in pair):
        return None
    chronic, acute = (_as_row(each.iloc[0]) for each in pair)
    smaller = min((chronic, acute), key=lambda row: row["n_patients"])
    # standard errors from the intervals, as each may have degrees of freedom of its own
    half = np.hypot(*((row["conf_high"] - row["conf_low"]) / 2 for row in (chronic, acute)))
    difference = chronic["estimate"] - acute["estimate"]
    return smaller | {
        "term": "difference",
        "estimate": difference,
        "std_error": nan,
        "df": nan,
        "p_value": nan,
        "conf_low": difference - half,
        "conf_high": difference + half,
        "status": "ok" if chronic["status"] == acute["status"] == "ok" else "refused",
        "method": "difference of two groups",
    }


def _outside(check: Check, result: AnalysisResult) -> Row | None:
    """Count clinics outside the 99.8 % limits of the funnel, of those plotted."""
    curve = result.curve
    if curve.empty or "position" not in curve:
        return None
    plotted = curve[(curve["series"] == "point") & (curve["measure"] == "improvement")]
    plotted = plotted[plotted["position"].notna()]
    if plotted.empty:
        return None
    outside = plotted["position"].str.endswith("_998").sum()
    total = float(plotted["n_patients"].sum())
    return {
        "outcome": plotted["outcome"].iloc[0],
        "group_by": check.group_by,
        "group": "",
        "landmark": check.landmark,
        "term": "outside",
        "estimate": float(outside),
        "conf_low": nan,
        "conf_high": nan,
        "conf_level": nan,
        "n_eligible": total,
        "n_patients": total,
        "n_events": float(outside),
        "unit": f"of {len(plotted)} clinics",
        "method": "funnel",
        "status": "ok" if len(plotted) > 1 else "refused",
    }
