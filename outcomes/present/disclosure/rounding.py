"""What is left of a result for outside: rounded counts, shares of them, no telltale number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.withholding import among, is_count, is_share
from outcomes.results import AnalysisResult

WITHHELD = "withheld: too few people"
COUNTS = ("n_eligible", "n_patients", "n_assessments", "n_events")
# Numbers that say exactly how many there were to those who know the formula.
_TELLTALE = ("std_error", "df", "ess", "p_value")
_NUMBERS = ("estimate", "conf_low", "conf_high", *_TELLTALE)


def released(
    result: AnalysisResult, hidden: pd.Series, gone: set[tuple[str, ...]], policy: Policy
) -> AnalysisResult:
    """Take out of a result what must not be shown.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    hidden : Series of bool
        Rows to withhold.
    gone : set of tuple
        Groups and times withheld in any result.
    policy : Policy
        Rules.

    Returns
    -------
    AnalysisResult
        What may be shown of it.
    """
    estimates = result.estimates
    shown = _rounded(estimates, policy)
    counted = is_count(estimates)
    shown.loc[counted, "estimate"] = _nearest(estimates["estimate"], policy.round_to)[counted]
    share = is_share(estimates) & estimates["estimate"].notna()
    events, n = shown.loc[share, "n_events"], shown.loc[share, "n_patients"]
    low, high = _wilson(events, n, shown.loc[share, "conf_level"].fillna(0.95))
    shown.loc[share, "estimate"] = events / n
    shown.loc[share, "conf_low"], shown.loc[share, "conf_high"] = low, high
    shown.loc[:, list(_TELLTALE)] = np.nan
    shown.loc[hidden, [*COUNTS, *_NUMBERS]] = np.nan
    shown.loc[hidden, "status"] = "suppressed"
    shown["note"] = shown["note"].where(~shown["note"].map(_tells), "")
    shown.loc[hidden, "note"] = WITHHELD
    return result.replace(
        estimates=shown,
        curve=_curve(result.curve, gone, policy),
        exclusions=_exclusions(result.exclusions, policy),
        diagnostics=_diagnostics(result.diagnostics),
        notes=[note for note in result.notes if not _tells(note)],
    )


def _rounded(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    frame = frame.copy()
    for column in [
        name for name in frame.columns if str(name).startswith("n_") or str(name).endswith("_n")
    ]:
        frame[column] = _nearest(frame[column], policy.round_to)
    return frame


def _nearest(counts: pd.Series, step: int) -> pd.Series:
    return np.floor(pd.to_numeric(counts) / step + 0.5) * step


def _curve(curve: pd.DataFrame, gone: set[tuple[str, ...]], policy: Policy) -> pd.DataFrame:
    """Points on enough people; the starting level only of groups that have enough."""
    if curve.empty:
        return curve
    counts = [name for name in COUNTS if name in curve]
    small = (curve[counts] < policy.minimum).any(axis=1)
    if {"outcome", "group_by", "group", "window"} <= set(curve.columns):
        landmark = "day " + curve["window"].astype("str")
        small |= among(curve[["outcome", "group_by", "group"]].assign(landmark=landmark), gone)
    shown = _rounded(curve, policy)
    for level in ("start_pain", "start_level"):
        if f"{level}_n" in curve:
            few = curve[f"{level}_n"] < policy.minimum
            shown.loc[few, [level, f"{level}_n"]] = np.nan
    return shown[~small].reset_index(drop=True)


def _exclusions(exclusions: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    shown = exclusions.copy()
    for column in ("n_in", "n_out"):
        counts = pd.to_numeric(shown[column]).astype("float64")
        shown[column] = _nearest(counts, policy.round_to).where(counts >= policy.minimum)
    return shown


CHOICES = ("cadence_window",)
"""Diagnostics that are cut points of the settings and count nobody."""


def _diagnostics(diagnostics: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what says how an estimate came about without saying how many people it is of."""
    kept: dict[str, Any] = {}
    for name, value in diagnostics.items():
        if isinstance(value, pd.DataFrame):
            columns = [
                column for column in value.columns if column in ("outcome", "group", "converged")
            ]
            if "converged" in columns:
                kept[name] = value[columns]
        elif name in CHOICES or (isinstance(value, str) and not _tells(value)):
            kept[name] = value
    return kept


def _tells(text: str) -> bool:
    """Whether a sentence may hold a count of people."""
    return bool(
        re.search(r"\d[\d,]*\s+(?:of\s+\d|\w*\s*(?:patients?|people|persons?|answer))", text)
    )


def _wilson(events: pd.Series, n: pd.Series, level: pd.Series) -> tuple[pd.Series, pd.Series]:
    z = level.map(lambda each: NormalDist().inv_cdf((1 + each) / 2)).astype("float64")
    p = events / n
    centre = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
