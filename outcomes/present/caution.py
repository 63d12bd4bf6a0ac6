"""No split by cadence without each group's starting pain and the sentence that says why."""

from __future__ import annotations

from outcomes.errors import DisclosureError
from outcomes.results import AnalysisResult

CADENCE, STARTING_PAIN = "cadence", "starting_pain"
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
    shown = set(split.loc[(split["status"] == "ok") & (split["group"] != ""), "group"])
    started = set(split.loc[split["term"] == STARTING_PAIN, "group"])
    if shown - started:
        raise DisclosureError(
            f"{len(shown - started)} groups of a split by cadence came without starting pain.",
            "Build the result with outcomes.analyses.assemble.",
        )
    return caution[0]
