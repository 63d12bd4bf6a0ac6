"""What may leave the clinic: disclosure control over all results of a report at once.

Inside the clinic nothing is changed. For outside, small counts are withheld, the rest are rounded,
and what could give a withheld count away by subtraction is withheld as well. Everything a report
shows is rendered from the release that `disclose` returns, so no number goes another way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from outcomes.errors import DisclosureError
from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.results import AnalysisResult

AUDIENCES = ("inside", "outside")
WITHHELD = "withheld: too few people"
COUNTS = ("n_eligible", "n_patients", "n_assessments", "n_events")
_PEOPLE = ("n_eligible", "n_patients", "n_assessments")
# Numbers that say exactly how many there were to those who know the formula.
_TELLTALE = ("std_error", "df", "ess", "p_value")
_NUMBERS = ("estimate", "conf_low", "conf_high", *_TELLTALE)
_OF_A_PERSON = {"min", "max", "minimum", "maximum", "range"}
_FAMILY = ("outcome", "estimand", "group_by", "landmark", "term")
_SAME_PEOPLE = ("outcome", "group_by", "group", "landmark")


@dataclass(frozen=True)
class Policy:
    """Rules of a release.

    Parameters
    ----------
    audience : {"inside", "outside"}
        Inside nothing is withheld.
    minimum : int
        Smallest number of people that may be shown.
    round_to : int
        Counts are rounded to a multiple of this.
    """

    audience: str = "inside"
    minimum: int = 8
    round_to: int = 5

    def __post_init__(self) -> None:
        if self.audience not in AUDIENCES:
            raise DisclosureError(
                f"There is no audience {self.audience!r}.", f"Use one of {', '.join(AUDIENCES)}."
            )
        if self.minimum < 1 or self.round_to < 1:
            raise DisclosureError("minimum and round_to must be at least 1.", "Correct the policy.")


@dataclass(frozen=True)
class Release(Mapping[str, AnalysisResult]):
    """Results that may be shown, by name.

    Parameters
    ----------
    policy : Policy
        Rules they were released under.
    results : mapping of str to AnalysisResult
        What is left of each result.
    registry : InstrumentRegistry
        Instruments of the data set, to name outcomes by.
    withheld : int
        Number of estimates withheld.
    """

    policy: Policy
    results: Mapping[str, AnalysisResult]
    registry: InstrumentRegistry
    withheld: int = 0

    def __getitem__(self, name: str) -> AnalysisResult:
        return self.results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def disclose(
    results: Mapping[str, AnalysisResult],
    policy: Policy,
    registry: InstrumentRegistry | None = None,
) -> Release:
    """Decide what of a report may be shown.

    Parameters
    ----------
    results : mapping of str to AnalysisResult
        All results of the report.
    policy : Policy
        Rules; for inside the results come back as they are.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Release
        For outside: rows on fewer than `minimum` people or events are withheld (status
        ``suppressed``, no number left); a group that could be had by subtracting the others from
        the total takes the smallest other group with it; counts are rounded; shares and their
        intervals are computed again from the rounded counts; standard errors, degrees of freedom
        and p values are taken out; of the diagnostics only convergence stays.

    Raises
    ------
    DisclosureError
        If a result speaks of one patient and the release is for outside.

    Notes
    -----
    A share k/n has the Wilson interval of the rounded k and n. Means keep estimate and interval,
    which are printed with one decimal; where their n is withheld they are too. A count of none is
    withheld like other small ones, because showing it would narrow down the rest.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209–212.
    """
    if policy.audience == "inside":
        return Release(policy, dict(results), registry or default_registry())
    personal = sorted(name for name, result in results.items() if result.scope == "patient")
    if personal:
        raise DisclosureError(
            f"{len(personal)} results speak of single patients: {', '.join(personal)}.",
            "Leave them out of what is made for outside.",
        )
    hidden = {name: _hidden(result.estimates, policy) for name, result in results.items()}
    gone: set[tuple[str, ...]] = set()
    for name, result in results.items():
        people = hidden[name]["people"]
        gone |= set(map(tuple, result.estimates.loc[people, list(_SAME_PEOPLE)].to_numpy()))
    released, withheld = {}, 0
    for name, result in results.items():
        # a group withheld in one result must not be shown by another of the same report
        rows = hidden[name].any(axis=1) | _among(result.estimates[list(_SAME_PEOPLE)], gone)
        released[name] = _release(result, rows, gone, policy)
        withheld += int(rows.sum())
    return Release(policy, released, registry or default_registry(), withheld)


def _hidden(estimates: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Rows to withhold because of the people they are of (``people``) or of their events."""
    few = (estimates[list(_PEOPLE)] < policy.minimum).any(axis=1)
    few |= _counted(estimates) & (estimates["estimate"] < policy.minimum)
    share = _share(estimates)
    rest = estimates["n_patients"] - estimates["n_events"]
    rare = share & ((estimates["n_events"] < policy.minimum) | (rest < policy.minimum))
    return pd.DataFrame(
        {
            "people": few
            | estimates["term"].isin(_OF_A_PERSON)
            | _second(estimates, few, "n_patients", policy),
            "events": rare | _second(estimates, (few | rare) & share, "n_events", policy),
        }
    )


def _counted(estimates: pd.DataFrame) -> pd.Series:
    """Rows whose estimate is itself a count of people or of what they did."""
    return estimates["method"] == "count"


def _share(estimates: pd.DataFrame) -> pd.Series:
    """Rows that count people with something among people; other events are not people."""
    ratio = estimates["n_events"] / estimates["n_patients"].where(estimates["n_patients"] > 0)
    counted = estimates["n_events"].notna() & (estimates["n_patients"] >= estimates["n_events"])
    exact = (estimates["estimate"] - ratio).abs() < 1e-9
    return counted & (exact | estimates["estimate"].isna())


def _second(frame: pd.DataFrame, small: pd.Series, size: str, policy: Policy) -> pd.Series:
    """Rows to withhold beside the small ones of a family, so that no total gives those away.

    Groups of a family add up to everyone. A single group withheld is everyone less the others, so
    the smallest of the others goes too, until what is withheld is large enough together.
    """
    extra = np.zeros(len(frame), dtype=bool)
    counts = frame[size].to_numpy(dtype="float64")
    lost = small.to_numpy(dtype=bool)
    split = (frame["group"] != "").to_numpy()
    family = frame[list(_FAMILY)].astype("str").agg("\x00".join, axis=1).to_numpy()
    for each in np.unique(family[lost & split]):
        rows = np.flatnonzero((family == each) & split & ~np.isnan(counts))
        gone, others = rows[lost[rows]], rows[~lost[rows]]
        together, number = counts[gone].sum(), len(gone)
        for row in others[np.argsort(counts[others], kind="stable")]:
            if number >= 2 and together >= policy.minimum:
                break
            extra[row] = True
            together, number = together + counts[row], number + 1
    return pd.Series(extra, index=frame.index)


def _among(rows: pd.DataFrame, gone: set[tuple[str, ...]]) -> pd.Series:
    return pd.Series([tuple(row) in gone for row in rows.to_numpy()], index=rows.index, dtype=bool)


def _release(
    result: AnalysisResult, hidden: pd.Series, gone: set[tuple[str, ...]], policy: Policy
) -> AnalysisResult:
    estimates = result.estimates
    shown = _rounded(estimates, policy)
    counted = _counted(estimates)
    shown.loc[counted, "estimate"] = _nearest(estimates["estimate"], policy.round_to)[counted]
    share = _share(estimates) & estimates["estimate"].notna()
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
        small |= _among(curve[["outcome", "group_by", "group"]].assign(landmark=landmark), gone)
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
        elif isinstance(value, str) and not _tells(value):
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
