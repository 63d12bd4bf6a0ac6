"""What the parts of a comparison of schedules ask of its result."""

from __future__ import annotations

from typing import Any

import pandas as pd

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.rows import Row
from outcomes.results import AnalysisResult

DIFFERENCE, SECOND, FIRST_PLAN = "difference", "second_estimator", "first_plan_difference"
MODEL_DEPENDENT = "model-dependent"
TOO_FEW = "Too few effective patients."
"""What a refusal says where its own words would tell how many there were."""


def horizons_of(result: AnalysisResult) -> list[str]:
    """List the weeks that were compared, the primary ones first.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    list of str
        Landmarks.
    """
    return [each for each in dict.fromkeys(result.estimates["landmark"]) if each]


def contrasts_of(result: AnalysisResult) -> list[str]:
    """List the contrasts that rows are about, the primary one first.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    list of str
        Groups with ``vs`` between the names of two schedules.
    """
    rows = result.estimates
    groups = dict.fromkeys(rows.loc[rows["term"] == DIFFERENCE, "group"])
    return [group for group in groups if " vs " in group]


def strategies_of(result: AnalysisResult) -> list[str]:
    """List the schedules that have a mean.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    list of str
        Names, in the order of the choices.
    """
    rows = result.estimates
    return list(dict.fromkeys(rows.loc[rows["term"] == "mean", "group"]))


def outcomes_of(result: AnalysisResult, horizon: str) -> list[str]:
    """List the outcomes of some weeks, the primary one first.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    horizon : str
        The weeks.

    Returns
    -------
    list of str
        Codes.
    """
    rows = result.estimates
    here = (rows["landmark"] == horizon) & (rows["term"] == "mean")
    return list(dict.fromkeys(rows.loc[here, "outcome"]))


def row_of(result: AnalysisResult, term: str, group: str, horizon: str, outcome: str) -> Row | None:
    """Find one estimate.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    term, group, horizon, outcome : str
        What it is of.

    Returns
    -------
    dict or None
        The row; None where there is none.
    """
    rows = result.estimates
    here = (rows["term"] == term) & (rows["group"] == group)
    here &= (rows["landmark"] == horizon) & (rows["outcome"] == outcome)
    found = rows[here].to_dict("records")
    return {str(name): value for name, value in found[0].items()} if found else None


def shown_strategies(result: AnalysisResult) -> list[str]:
    """List the schedules whose mean of the primary outcome is not refused.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    list of str
        Names; of others no number may be drawn either.
    """
    horizon = horizons_of(result)[0] if horizons_of(result) else ""
    outcomes = outcomes_of(result, horizon)
    found = {s: row_of(result, "mean", s, horizon, outcomes[0]) for s in strategies_of(result)}
    return [s for s, row in found.items() if row is not None and row["status"] == "ok"]


def level_of(result: AnalysisResult) -> str:
    """Name the intervals of a comparison.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    str
        Such as ``95% CI``.
    """
    return write.confidence(result.spec.conf_level)


def frame_of(result: AnalysisResult, name: str) -> pd.DataFrame:
    """Take a frame of the diagnostics.

    Parameters
    ----------
    result : AnalysisResult
        A result.
    name : str
        Name of the frame.

    Returns
    -------
    DataFrame
        Empty where the result has none, as when it was refused or the frame stays inside.
    """
    found: Any = result.diagnostics.get(name)
    return found if isinstance(found, pd.DataFrame) else pd.DataFrame()


def weeks_of(block: int) -> str:
    """Name the weeks of a block.

    Parameters
    ----------
    block : int
        Counted from 1.

    Returns
    -------
    str
        Such as ``1–4``, not to be broken at the dash.
    """
    return f"{4 * block - 3}\u2060–\u2060{4 * block}"


def cell_of(row: Row | None, *, change: bool) -> str:
    """Write an estimate of a score or of a share for a cell.

    Parameters
    ----------
    row : dict or None
        One estimate.
    change : bool
        Whether it is a difference.

    Returns
    -------
    str
        Shares in percent, or in points of percent for a difference; scores with one decimal,
        differences of them with two, as this is what the comparison is about.
    """
    if row is None or row["unit"] != "share" or row["status"] != "ok":
        return cells.change(row, 2) if change else cells.mean(row)
    hundred: Row = dict(row)
    for name in ("estimate", "conf_low", "conf_high"):
        hundred[name] = 100 * row[name]
    return cells.change(hundred, 0, "%") if change else f"{cells.mean(hundred, 0)} %"


def why_refused(row: Row | None) -> str:
    """Say why there is no number.

    Parameters
    ----------
    row : dict or None
        One estimate.

    Returns
    -------
    str
        A sentence; empty where there is a number.
    """
    if row is None:
        return "This was not compared."
    if row["status"] == "ok":
        return ""
    if row["status"] == "suppressed":
        return "Withheld: too few people."
    note = str(row["note"]).split("; ")[0]
    return f"{note[:1].upper()}{note[1:]}." if note else TOO_FEW


def level(value: float, unit: str) -> str:
    """Write one level of a score or share without its interval.

    Parameters
    ----------
    value : float
        The level.
    unit : str
        Its unit.

    Returns
    -------
    str
        Text.
    """
    return write.proportion(value) if unit == "share" else write.score(value)
