"""No split by cadence without each group's starting pain and the sentence that says why."""

from __future__ import annotations

import pandas as pd

from outcomes.errors import DisclosureError
from outcomes.present import format as write
from outcomes.present.labels import group_label
from outcomes.results import AnalysisResult

CADENCE, STARTING_PAIN, MIX = "cadence", "starting_pain", "cadence_share"
_CAUTION_WORDS = "people who hurt come more often"


def require_caution(result: AnalysisResult) -> str:
    """Refuse a split by cadence that would mislead, and return its caution.

    Parameters
    ----------
    result : AnalysisResult
        Any result; one that is not split by cadence needs nothing.

    Returns
    -------
    str
        The sentence to print beside the split; empty where there is no such split.

    Raises
    ------
    DisclosureError
        If the caution is not among the notes of the result, or a group shown has no row for its
        starting pain.
    """
    estimates = result.estimates
    split = estimates[estimates["group_by"] == CADENCE]
    if split.empty:
        return ""
    caution = [note for note in result.notes if _CAUTION_WORDS in note.lower()]
    if not caution:
        raise DisclosureError(
            "A split by cadence came without the sentence that people who hurt come more often.",
            "Build the result with outcomes.analyses.assemble.",
        )
    # the mix itself may name a cadence at which nobody is; there is nobody then to have pain
    outcome = (split["status"] == "ok") & (split["term"] != MIX)
    shown = set(split.loc[outcome & (split["group"] != ""), "group"])
    started = set(split.loc[split["term"] == STARTING_PAIN, "group"])
    if shown - started:
        raise DisclosureError(
            f"{len(shown - started)} groups of a split by cadence came without starting pain.",
            "Build the result with outcomes.analyses.assemble.",
        )
    return caution[0]


def beside_cadence(result: AnalysisResult) -> tuple[str, ...]:
    """Write what must stand beside a split by cadence.

    Parameters
    ----------
    result : AnalysisResult
        Any result; one that is not split by cadence needs nothing.

    Returns
    -------
    tuple of str
        The caution, and each group's pain at the start of care with the number it is of; empty
        where there is no such split. Where a result has cadences of an earlier time too, theirs
        follow as another sentence.

    Raises
    ------
    DisclosureError
        As for `require_caution`.
    """
    caution = require_caution(result)
    if not caution:
        return ()
    rows = result.estimates[result.estimates["term"] == STARTING_PAIN]
    now = rows["landmark"] == "day 0"
    said = [f"Mean pain at the start of care: {_levels(rows[now])}."]
    for label, earlier in rows[~now].groupby("landmark", sort=False):
        end = write.period(str(label))
        said.append(
            f"Mean pain at the start, of those in care at the end of {end}: {_levels(earlier)}."
        )
    return caution, *said


def _levels(rows: pd.DataFrame) -> str:
    """Write the starting pain of each cadence."""
    levels = []
    for row in rows.to_dict("records"):
        group = group_label(CADENCE, row["group"]).lower()
        if row["status"] == "ok":
            counted = write.count(row["n_patients"], "patient")
            levels.append(f"{group} {write.score(row['estimate'])} ({counted})")
        else:
            levels.append(f"{group} {_REASONS.get(row['status'], 'not recorded')}")
    return write.listing(levels)


_REASONS = {"suppressed": "withheld, too few people"}
