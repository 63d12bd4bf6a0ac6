"""Curves for outside: every point from rounded counts, or gone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.present.disclosure.counts import nearest, rounded
from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.withholding import among
from outcomes.results import AnalysisResult

COUNTS = ("n_eligible", "n_patients", "n_assessments", "n_events")
_SIGNAL = "drift_signal"
_LEVELS = ("estimate", "plotted", "value")
_LIMITS = ("conf_low", "conf_high", "low", "high")
# A limit printed finer than this says how many people it is of.
_GRAIN = 0.01


def shown_curve(result: AnalysisResult, gone: set[tuple[str, ...]], policy: Policy) -> pd.DataFrame:
    """Keep points on enough people, and take what is a share from rounded counts.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    gone : set of tuple
        Groups and times withheld in any result.
    policy : Policy
        Rules.

    Returns
    -------
    DataFrame
        The curve without points on few people, or where few have, or have not, what is counted.

    Notes
    -----
    A step of a curve of shares is a share of some people. It is moved to the nearest multiple of
    `round_to` people, and the distances of its limits to the nearest hundredth, so that steps of
    single people can't be read off.
    """
    curve = result.curve
    if curve.empty:
        return curve
    curve = curve.reset_index(drop=True)
    counts = [name for name in COUNTS if name in curve]
    small = (curve[counts] < policy.minimum).any(axis=1)
    if {"outcome", "group_by", "group", "window"} <= set(curve.columns):
        landmark = "day " + curve["window"].astype("str")
        small |= among(curve[["outcome", "group_by", "group"]].assign(landmark=landmark), gone)
    shown = rounded(curve, policy.round_to)
    if {"n_events", "n_patients"} <= set(curve.columns):
        small |= _few_without(curve, policy)
        if "estimate" in curve:
            shown = _shares_of_rounded(curve, shown)
    else:
        small |= _steps(result, curve, shown, policy)
    # Sums of standardised differences say how many people each point is of.
    sums = [name for name in map(str, shown) if name.startswith("drift_") and name != _SIGNAL]
    shown[sums] = np.nan
    for level in ("start_pain", "start_level"):
        if f"{level}_n" in curve:
            few = curve[f"{level}_n"] < policy.minimum
            shown.loc[few, [level, f"{level}_n"]] = np.nan
    return shown[~small].reset_index(drop=True)


def step_shares(share: pd.Series, n: pd.Series, step: int) -> pd.Series:
    """Move shares to the nearest multiple of some people.

    Parameters
    ----------
    share : Series
        From 0 to 1.
    n : Series
        Of how many people.
    step : int
        Multiple.

    Returns
    -------
    Series
        Shares of the rounded number of people.
    """
    whole = nearest(n, step)
    return (nearest(share * n, step) / whole.where(whole > 0)).clip(upper=1.0)


def _few_without(curve: pd.DataFrame, policy: Policy) -> pd.Series:
    left = curve["n_patients"] - curve["n_events"]
    shares = curve["n_events"] <= curve["n_patients"]
    if "estimate" in curve:
        exact = curve["n_events"] / curve["n_patients"].where(curve["n_patients"] > 0)
        shares &= (curve["estimate"] - exact).abs() < 1e-9
    if "measure" in curve:
        # a session may have several events, so that these are no people
        shares &= curve["measure"] != "adverse_events"
    return shares & (left < policy.minimum)


def _steps(
    result: AnalysisResult, curve: pd.DataFrame, shown: pd.DataFrame, policy: Policy
) -> pd.Series:
    """Shares in a curve without events: move them, and say where few have or have not the thing."""
    few = pd.Series(False, index=curve.index)
    level = next((name for name in _LEVELS if name in curve), "")
    if not level:
        return few
    if "n_eligible" in curve and "day" in curve:
        n = curve["n_eligible"].astype("float64")
    elif "n_patients" in curve:
        n = curve["n_patients"].astype("float64")
        of_people = (curve[level] * n - (curve[level] * n).round()).abs() < 1e-6
        n = n.where(of_people & curve[level].between(0.0, 1.0) & (level == "value"))
    elif result.question == "pain_return":
        most = result.estimates["n_patients"].max()
        n = pd.Series(float(most), index=curve.index)
    else:
        return few
    share = n.notna() & curve[level].notna()
    moved = step_shares(curve[level], n, policy.round_to)
    for name in _LIMITS:
        if name in curve:
            away = ((curve[name] - curve[level]) / _GRAIN).round() * _GRAIN
            shown.loc[share, name] = (moved + away).clip(0.0, 1.0)[share]
    shown.loc[share, level] = moved[share]
    if level == "value" and "n_patients" in curve:
        have = curve[level] * n
        few = share & ((have < policy.minimum) | (n - have < policy.minimum))
    return few


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
