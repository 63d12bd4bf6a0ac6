"""The one place where an analysis becomes a result, so that no caution can be forgotten.

A split by cadence never leaves here without each group's starting pain and the sentence that says
why the groups differ. A contract test holds every analysis to building its results with `assemble`
or `refuse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.groups import CADENCE, MemberCounts, Members, starting_pain
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult, estimates_frame, exclusions_frame
from outcomes.stats.intervals import mean_interval
from outcomes.tables import Tables

CADENCE_CAUTION = (
    "People who hurt come more often, so the groups differ before care does anything: "
    "compare each group with its own start, not with the others."
)
STARTING_PAIN = "starting_pain"


def assemble(
    question: str,
    spec: Any,
    tables: Tables,
    people: Members | MemberCounts,
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    group_by: str,
    estimand: str,
    curve: pd.DataFrame | None = None,
    steps: Sequence[tuple[str, str, int, int]] = (),
    diagnostics: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    scope: str = "aggregate",
) -> AnalysisResult:
    """Build a result, with the starting pain of every group beside it.

    Parameters
    ----------
    question : str
        Name of the analysis.
    spec : object
        The frozen dataclass with every choice made.
    tables : Tables
        The data set, to take the starting pain from.
    people : Members or MemberCounts
        The patients of the analysis in the groups that the rows speak of, or their numbers.
    rows : DataFrame or sequence of mappings
        Estimates, keyed by the columns of `outcomes.results.ESTIMATE_COLUMNS`.
    group_by : str
        Grouping of the rows.
    estimand : str
        The paragraph that `estimand.describe` made; also put on every row that has none.
    curve : DataFrame, optional
        Rows to plot; with a column group they gain start_pain and start_pain_n.
    steps : sequence of (step, reason, n_in, n_out), optional
        Exclusions after those that `people` brings.
    diagnostics : mapping, optional
        Named facts; starting_pain is added.
    notes : sequence of str, optional
        Sentences that a reader must see.
    scope : {"aggregate", "patient"}
        Whether the rows speak of many people or each of one.

    Returns
    -------
    AnalysisResult
        For a split by cadence: with a row ``starting_pain`` for each group, and the caution first
        among the notes.

    Notes
    -----
    Starting pain is a plain mean of the members with a baseline, and says how many that are. Where
    pain is not recorded its rows are refused with a note, and the caution stays.
    """
    start = starting_pain(tables, people)
    estimates = pd.DataFrame(rows)
    if "estimand" not in estimates:
        estimates["estimand"] = estimand
    said = list(notes)
    split = "group_by" in estimates and bool((estimates["group_by"] == CADENCE).any())
    if split or group_by == CADENCE:
        said.insert(0, CADENCE_CAUTION)
        beside = starting_rows(start, tables).assign(estimand=estimand)
        estimates = pd.concat([beside, estimates], ignore_index=True)
    if curve is not None and "group" in curve:
        curve = curve.merge(start[["group", "start_pain", "start_pain_n"]], on="group", how="left")
    return AnalysisResult(
        question,
        spec,
        estimates_frame(estimates, scope=scope),
        curve=curve,
        exclusions=exclusions_frame([*people.steps, *steps]),
        diagnostics={
            "cadence_window": tables.settings.cut_points.cadence_window,
            **(diagnostics or {}),
            STARTING_PAIN: start,
        },
        estimand=estimand,
        notes=tuple(dict.fromkeys(note for note in said if note)),
    )


def refuse(
    question: str,
    spec: Any,
    tables: Tables,
    people: Members | MemberCounts,
    reason: str,
    *,
    group_by: str = "",
    outcome: str = "",
    scope: str = "aggregate",
) -> AnalysisResult:
    """Build a result that gives no number and says why.

    Parameters
    ----------
    question : str
        Name of the analysis.
    spec : object
        The frozen dataclass with every choice made.
    tables : Tables
        The data set.
    people : Members or MemberCounts
        The patients that were there to analyse, or their numbers.
    reason : str
        What is missing, as a sentence.
    group_by : str
        Grouping that was asked for.
    outcome : str
        What was to be estimated.
    scope : {"aggregate", "patient"}
        Of the rows that would have been there.

    Returns
    -------
    AnalysisResult
        One row with status ``refused`` and the reason as its note, and an empty curve.
    """
    row = {
        "outcome": outcome,
        "group_by": group_by,
        "n_eligible": people.size,
        "status": "refused",
        "note": reason,
    }
    return assemble(
        question,
        spec,
        tables,
        people,
        [row],
        group_by=group_by,
        estimand="",
        notes=(reason,),
        scope=scope,
    )


def gather(
    question: str,
    spec: Any,
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    estimand: str,
    curve: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> AnalysisResult:
    """Build a result from rows of other results, without a data set.

    Parameters
    ----------
    question : str
        Name of the analysis.
    spec : object
        The frozen dataclass with every choice made.
    rows : DataFrame or sequence of mappings
        Rows of estimates, as their analyses made them.
    estimand : str
        What the rows have in common.
    curve : DataFrame, optional
        Rows to show beside them.
    notes : sequence of str, optional
        Sentences that a reader must see.

    Returns
    -------
    AnalysisResult
        Without exclusions or diagnostics, which are those of the results the rows come from.

    Raises
    ------
    EstimationError
        For a row split by cadence: without its own result it would lose starting pain and caution.
    """
    estimates = estimates_frame(rows)
    if (estimates["group_by"] == CADENCE).any():
        raise EstimationError(
            "A row split by cadence was taken out of its result.",
            "Show it with the starting pain and the caution that stand there.",
        )
    return AnalysisResult(
        question, spec, estimates, curve=curve, estimand=estimand, notes=tuple(notes)
    )


def starting_rows(start: pd.DataFrame, tables: Tables, *, landmark: str = "day 0") -> pd.DataFrame:
    """Turn the starting pain of each cadence into estimates.

    Parameters
    ----------
    start : DataFrame
        As made by `starting_pain`.
    tables : Tables
        The data set.
    landmark : str
        Whom the rows are of, where an analysis has cadences at several times.

    Returns
    -------
    DataFrame
        Parts of estimates, a row a group.
    """
    code = tables.settings.pain_instrument
    n = start["start_pain_n"]
    low, high = mean_interval(start["start_pain"], start["start_pain_sd"].fillna(0), n)
    missing = n == 0
    return pd.DataFrame(
        {
            "outcome": code,
            "group_by": CADENCE,
            "group": start["group"],
            "landmark": landmark,
            "term": STARTING_PAIN,
            "estimate": start["start_pain"],
            "std_error": start["start_pain_sd"] / np.sqrt(n),
            "conf_low": low,
            "conf_high": high,
            "conf_level": 0.95,
            "df": (n - 1).clip(lower=0),
            "n_eligible": start["members"],
            "n_patients": n,
            "n_assessments": n,
            "unit": tables.registry.get(code).unit,
            "method": "mean of those with a baseline",
            "status": np.where(missing, "refused", "ok"),
            "note": np.where(missing, "no baseline pain is recorded in this group", ""),
        }
    )
