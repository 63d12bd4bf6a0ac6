"""Picking rows of a result by what they speak of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from outcomes.present import format as write
from outcomes.results import AnalysisResult

Row = dict[str, Any]
"""One estimate: value by column."""

_BESIDE = ("starting_pain", "short_diaries", "kept_diary")
"""Terms that stand beside an answer and are none themselves."""


def rows_of(
    result: AnalysisResult, term: str, *, day: int | None = None, group: str | None = None
) -> pd.DataFrame:
    """Pick the estimates of a term.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    term : str
        Such as ``mean`` or ``change``.
    day : int, optional
        Only at this follow-up time.
    group : str, optional
        Only of this group.

    Returns
    -------
    DataFrame
        The rows, with the follow-up time as a number in ``day``.
    """
    rows = result.estimates
    rows = rows[rows["term"] == term].copy()
    rows["day"] = pd.to_numeric(rows["landmark"].str.removeprefix("day "), errors="coerce")
    if day is not None:
        rows = rows[rows["day"] == day]
    if group is not None:
        rows = rows[rows["group"] == group]
    return rows


def days_of(result: AnalysisResult, term: str) -> list[int]:
    """List the follow-up times at which a term was estimated for some group.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    term : str
        Such as ``mean``.

    Returns
    -------
    list of int
        Target days, rising.
    """
    rows = rows_of(result, term)
    known = rows.loc[(rows["status"] == "ok") & rows["day"].notna(), "day"]
    return sorted(int(day) for day in known.unique())


def split_of(result: AnalysisResult) -> str:
    """Name what a result is split by.

    Parameters
    ----------
    result : AnalysisResult
        The result.

    Returns
    -------
    str
        The grouping; empty for everyone together.
    """
    estimates = result.estimates
    return str(estimates["group_by"].iloc[0]) if len(estimates) else ""


def outcome_of(result: AnalysisResult) -> str:
    """Name the outcome that the mean or rate of a result is of.

    Parameters
    ----------
    result : AnalysisResult
        A result on one outcome, starting pain beside it aside.

    Returns
    -------
    str
        Code of the outcome; empty where there is none.
    """
    estimates = result.estimates
    own = estimates.loc[estimates["term"] != "starting_pain", "outcome"]
    return str(own.iloc[0]) if len(own) else ""


def interval_of(result: AnalysisResult) -> str:
    """Name the intervals of a result by the level they were asked for.

    Parameters
    ----------
    result : AnalysisResult
        The result.

    Returns
    -------
    str
        Such as ``95% CI``; ``CI`` where the rows are of several levels or say none.
    """
    estimates = result.estimates
    own = ~estimates["term"].isin(_BESIDE) & (estimates["status"] == "ok")
    levels = estimates.loc[own, "conf_level"].dropna().unique()
    return write.confidence(float(levels[0]) if len(levels) == 1 else float("nan"))


def why_absent(result: AnalysisResult) -> str:
    """Say why a result has no number to show.

    Parameters
    ----------
    result : AnalysisResult
        A result, perhaps without an estimate that answers its question.

    Returns
    -------
    str
        A sentence; empty if there is a number to show.
    """
    estimates = result.estimates
    estimates = estimates[~estimates["term"].isin(_BESIDE)]
    if (estimates["status"] == "ok").any():
        return ""
    steps = result.exclusions
    emptied = steps[(steps["n_in"] > 0) & (steps["n_out"] == 0)]
    if len(emptied):
        return f"Nobody is in this analysis: {emptied['reason'].iloc[0]}."
    if (estimates["status"] == "suppressed").any():
        return "Withheld: there are too few people to show this outside the clinic."
    notes = list(dict.fromkeys(note for note in estimates["note"] if note))
    if not notes:
        if len(steps) and steps["n_out"].iloc[-1] > 0:
            return "Nobody has a record of it at a follow-up time."
        return "This was not recorded."
    if len(notes) > 1:
        # what one group or one time lacks is no reason for them all
        later = estimates[~estimates["landmark"].isin(["", "day 0"])]
        most = (later if len(later) else estimates)["n_patients"].max()
        if most > 0:
            counted = write.count(int(most), "patient")
            when = "at one follow-up time" if len(later) else "at one time"
            return f"There are too few records for any number: at most {counted} {when}."
        if len(later) and estimates["n_patients"].max() > 0:
            return "Nobody has a score after the start of care."
        return "There are too few records for any number."
    text = notes[0].strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}."


def lookup(rows: pd.DataFrame, *keys: str) -> dict[tuple[Any, ...], Row]:
    """Arrange rows to be found by their keys.

    Parameters
    ----------
    rows : DataFrame
        Rows of estimates.
    *keys : str
        Columns.

    Returns
    -------
    dict
        Each row as a mapping, by the values of its keys.
    """
    return {tuple(row[key] for key in keys): row for row in records(rows)}


def records(rows: pd.DataFrame) -> list[Row]:
    """List rows as mappings from column to value.

    Parameters
    ----------
    rows : DataFrame
        Rows of estimates.

    Returns
    -------
    list of dict
        In order.
    """
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
