"""Which rows must be withheld: small ones, and those that would give small ones away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.present.disclosure.policy import Policy

SAME_PEOPLE = ("outcome", "group_by", "group", "landmark")
"""Columns that say which people a row is of."""
_PEOPLE = ("n_eligible", "n_patients", "n_assessments")
_OF_A_PERSON = {"min", "max", "minimum", "maximum", "range"}
_OF_CURVE = "^(?:product limit|cumulative incidence|Turnbull)"
_FAMILY = ("outcome", "estimand", "group_by", "landmark", "term")


def hidden_rows(estimates: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Say which rows must be withheld.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of one result.
    policy : Policy
        Rules.

    Returns
    -------
    DataFrame
        Flags ``people`` (because of the people a row is of) and ``events`` (of those it counts).
    """
    few = (estimates[list(_PEOPLE)] < policy.minimum).any(axis=1)
    few |= is_count(estimates) & (estimates["estimate"] < policy.minimum)
    share = is_share(estimates)
    rest = estimates["n_patients"] - estimates["n_events"]
    rare = share & ((estimates["n_events"] < policy.minimum) | (rest < policy.minimum))
    # the same of shares that are read off a curve, and of what one responder took
    reached = estimates["estimate"] * estimates["n_eligible"].fillna(estimates["n_patients"])
    unreached = (1.0 - estimates["estimate"]) * estimates["n_eligible"].fillna(
        estimates["n_patients"]
    )
    rare |= is_step(estimates) & ((reached < policy.minimum) | (unreached < policy.minimum))
    per = estimates["term"].str.endswith("_per_responder")
    rare |= per & ((estimates["n_events"] < policy.minimum) | (rest < policy.minimum))
    return pd.DataFrame(
        {
            "people": few
            | estimates["term"].isin(_OF_A_PERSON)
            | _second(estimates, few, "n_patients", policy),
            "events": rare | _second(estimates, (few | rare) & share, "n_events", policy),
        }
    )


def is_count(estimates: pd.DataFrame) -> pd.Series:
    """Find rows whose estimate is itself a count of people or of what they did.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of one result.

    Returns
    -------
    Series of bool
        True for counts.
    """
    of_events = (estimates["estimate"] == estimates["n_events"]) & ~is_share(estimates)
    return (estimates["method"] == "count") | of_events


def is_share(estimates: pd.DataFrame) -> pd.Series:
    """Find rows that count people with something among people; other events are not people.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of one result.

    Returns
    -------
    Series of bool
        True for shares, those without an estimate among them.
    """
    ratio = estimates["n_events"] / estimates["n_patients"].where(estimates["n_patients"] > 0)
    counted = estimates["n_events"].notna() & (estimates["n_patients"] >= estimates["n_events"])
    exact = (estimates["estimate"] - ratio).abs() < 1e-9
    return counted & (exact | estimates["estimate"].isna())


def is_step(estimates: pd.DataFrame) -> pd.Series:
    """Find shares that are read off a curve of people who left or reached something in time.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of one result.

    Returns
    -------
    Series of bool
        True for them; they are of people, but are no ratio of two counts.
    """
    of_curve = estimates["method"].str.contains(_OF_CURVE, regex=True)
    return of_curve & (estimates["unit"] == "share") & ~is_share(estimates)


def _second(frame: pd.DataFrame, small: pd.Series, size: str, policy: Policy) -> pd.Series:
    """Rows to withhold beside the small ones of a family, so that no total gives those away.

    Groups of a family add up to everyone. A single group withheld is everyone less the others, so
    the smallest of the others goes too, until what is withheld is large enough together.
    """
    extra = np.zeros(len(frame), dtype=bool)
    counts = frame[size].to_numpy(dtype="float64")
    lost = small.to_numpy(dtype=bool)
    split = (frame["group"] != "").to_numpy()
    family = frame.groupby(list(_FAMILY), sort=False).ngroup().to_numpy()
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


def among(rows: pd.DataFrame, gone: set[tuple[str, ...]]) -> pd.Series:
    """Find rows about people whose rows are withheld elsewhere.

    Parameters
    ----------
    rows : DataFrame
        Columns `SAME_PEOPLE`.
    gone : set of tuple
        What is withheld.

    Returns
    -------
    Series of bool
        True where a row must go too.
    """
    return pd.Series([tuple(row) in gone for row in rows.to_numpy()], index=rows.index, dtype=bool)
