"""What is left of a result for outside: rounded counts, shares of them, no telltale number."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from outcomes.present.disclosure.checks import shown_diagnostics
from outcomes.present.disclosure.counts import nearest, tells
from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.withholding import among, is_count, is_share
from outcomes.results import AnalysisResult

WITHHELD = "withheld: too few people"
COUNTS = ("n_eligible", "n_patients", "n_assessments", "n_events")
# Numbers that say exactly how many there were to those who know the formula.
_TELLTALE = ("std_error", "df", "ess", "p_value")
_SIGNAL = "drift_signal"
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
    shown.loc[counted, "estimate"] = nearest(estimates["estimate"], policy.round_to)[counted]
    share = is_share(estimates) & estimates["estimate"].notna()
    events, n = shown.loc[share, "n_events"], shown.loc[share, "n_patients"]
    low, high = _wilson(events, n, shown.loc[share, "conf_level"].fillna(0.95))
    shown.loc[share, "estimate"] = events / n
    shown.loc[share, "conf_low"], shown.loc[share, "conf_high"] = low, high
    shown.loc[:, list(_TELLTALE)] = np.nan
    shown.loc[hidden, [*COUNTS, *_NUMBERS]] = np.nan
    shown.loc[hidden, "status"] = "suppressed"
    shown["note"] = shown["note"].where(~shown["note"].map(tells), "")
    shown.loc[hidden, "note"] = WITHHELD
    return result.replace(
        estimates=shown,
        curve=_curve(result.curve, gone, policy),
        exclusions=_exclusions(result.exclusions, policy),
        diagnostics=shown_diagnostics(result.diagnostics, policy),
        notes=[note for note in result.notes if not tells(note)],
    )


def _rounded(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    frame = frame.copy()
    for column in [
        name for name in frame.columns if str(name).startswith("n_") or str(name).endswith("_n")
    ]:
        frame[column] = nearest(frame[column], policy.round_to)
    return frame


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
    if {"n_events", "n_patients", "estimate"} <= set(curve.columns):
        shown = _shares_of_rounded(curve, shown)
    # Sums of standardised differences say how many people each point is of.
    sums = [name for name in map(str, shown) if name.startswith("drift_") and name != _SIGNAL]
    shown[sums] = np.nan
    for level in ("start_pain", "start_level"):
        if f"{level}_n" in curve:
            few = curve[f"{level}_n"] < policy.minimum
            shown.loc[few, [level, f"{level}_n"]] = np.nan
    return shown[~small].reset_index(drop=True)


def _shares_of_rounded(curve: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Take points that are shares or rates, and their limits, from the rounded counts."""
    n, events = shown["n_patients"], shown["n_events"]
    exact = curve["n_events"] / curve["n_patients"].where(curve["n_patients"] > 0)
    share = curve["n_events"].notna() & ((curve["estimate"] - exact).abs() < 1e-9) & (n > 0)
    for name in ("estimate", "plotted"):
        if name in shown:
            shown.loc[share, name] = (events / n)[share]
    if {"centre", "low", "high"} <= set(shown.columns):
        wider = np.sqrt(curve["n_patients"] / n.where(n > 0))[share]
        for name in ("low", "high"):
            away = (shown[name] - shown["centre"])[share]
            shown.loc[share, name] = (shown["centre"][share] + away * wider).clip(lower=0.0)
    return shown


def _exclusions(exclusions: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    shown = exclusions.copy()
    for column in ("n_in", "n_out"):
        counts = pd.to_numeric(shown[column]).astype("float64")
        shown[column] = nearest(counts, policy.round_to).where(counts >= policy.minimum)
    return shown


def _wilson(events: pd.Series, n: pd.Series, level: pd.Series) -> tuple[pd.Series, pd.Series]:
    z = level.map(lambda each: NormalDist().inv_cdf((1 + each) / 2)).astype("float64")
    p = events / n
    centre = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
