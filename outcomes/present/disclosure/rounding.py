"""What is left of a result for outside: rounded counts, shares of them, no telltale number."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from outcomes.present.disclosure.checks import shown_diagnostics
from outcomes.present.disclosure.counts import nearest, rounded, tells
from outcomes.present.disclosure.curves import COUNTS, shown_curve, step_shares
from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.withholding import is_count, is_share, is_step
from outcomes.results import AnalysisResult

WITHHELD = "withheld: too few people"
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
    shown = rounded(estimates, policy.round_to)
    counted = is_count(estimates)
    shown.loc[counted, "estimate"] = nearest(estimates["estimate"], policy.round_to)[counted]
    share = is_share(estimates) & estimates["estimate"].notna()
    events, n = shown.loc[share, "n_events"], shown.loc[share, "n_patients"]
    low, high = _wilson(events, n, shown.loc[share, "conf_level"].fillna(0.95))
    shown.loc[share, "estimate"] = events / n
    shown.loc[share, "conf_low"], shown.loc[share, "conf_high"] = low, high
    _move_steps(estimates, shown, policy)
    _per_rounded(estimates, shown)
    shown.loc[:, list(_TELLTALE)] = np.nan
    shown.loc[hidden, [*COUNTS, *_NUMBERS]] = np.nan
    shown.loc[hidden, "status"] = "suppressed"
    shown["note"] = shown["note"].where(~shown["note"].map(tells), "")
    shown.loc[hidden, "note"] = WITHHELD
    return result.replace(
        estimates=shown,
        curve=shown_curve(result, gone, policy),
        exclusions=_exclusions(result.exclusions, policy),
        diagnostics=shown_diagnostics(result.diagnostics, policy),
        notes=[note for note in result.notes if not tells(note)],
    )


def _move_steps(estimates: pd.DataFrame, shown: pd.DataFrame, policy: Policy) -> None:
    """Shares read off a curve: to the nearest multiple of people, limits to the hundredth."""
    step = is_step(estimates)
    people = estimates["n_eligible"].fillna(estimates["n_patients"])
    moved = step_shares(estimates["estimate"], people, policy.round_to)
    for limit in ("conf_low", "conf_high"):
        away = (estimates[limit] - estimates["estimate"]).round(2)
        shown.loc[step, limit] = (moved + away).clip(0.0, 1.0)[step]
    shown.loc[step, "estimate"] = moved[step]


def _per_rounded(estimates: pd.DataFrame, shown: pd.DataFrame) -> None:
    """Take what one responder cost by the rounded share: beside the mean it would tell."""
    per = estimates["term"].str.endswith("_per_responder") & (shown["n_events"] > 0)
    exact = estimates["n_events"] / estimates["n_patients"]
    factor = exact / (shown["n_events"] / shown["n_patients"])
    for name in ("estimate", "conf_low", "conf_high"):
        shown.loc[per, name] = (estimates[name] * factor)[per]


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
