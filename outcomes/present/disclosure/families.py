"""Which counts add up to which: what a reader can subtract, declared for every term."""

from __future__ import annotations

import re

PARTS: tuple[tuple[str, ...], ...] = (
    ("responders_{}_of_all", "not_{}_of_all", "missing_{}_of_all"),
    ("better", "same", "worse"),
)
"""Terms whose events add up to the people they are of. ``{}`` is the name of a threshold."""

SAME_EVENTS: tuple[tuple[str, ...], ...] = (
    ("responders_{}", "responders_{}_of_start", "responders_{}_of_all"),
    ("fees_per_responder", "sessions_per_responder"),
)
"""Terms that count the same events, so that one of them gives the others away."""

LEVELS = (
    "cadence_share",
    "duration",
    "lapsed_by_last_pain",
    "sessions_by_worst",
    "severity",
)
"""Terms whose groups are levels of one thing: their events add up to the people of any of them."""

OVERLAPPING = ("flagged_by", "sessions_by_symptom", "share_of")
"""Terms whose groups overlap, so that they add up to nothing."""


def family_of(term: str) -> str:
    """Say what the counts of a term are tied to besides groups and clinics.

    Parameters
    ----------
    term : str
        Term of an estimate.

    Returns
    -------
    str
        ``parts``, ``same events``, ``levels``, ``overlapping``; empty for a term that stands alone:
        its groups and clinics still add up where the numbers do.
    """
    if term in LEVELS:
        return "levels"
    if term in OVERLAPPING:
        return "overlapping"
    for name, families in (("parts", PARTS), ("same events", SAME_EVENTS)):
        if any(threshold_in(term, each) is not None for family in families for each in family):
            return name
    return ""


def threshold_in(term: str, template: str) -> str | None:
    """Name the threshold that a term of a family speaks of.

    Parameters
    ----------
    term : str
        Such as ``not_moderate_of_all``.
    template : str
        Such as ``not_{}_of_all``.

    Returns
    -------
    str or None
        Such as ``moderate``, empty where the template has none; None if the term is another.
    """
    if "{}" not in template:
        return "" if term == template else None
    before, after = template.split("{}")
    found = re.fullmatch(f"{re.escape(before)}(.+?){re.escape(after)}", term)
    # a shorter template must not take the terms of a longer one for thresholds
    if found is None or (not after and found.group(1).endswith(("_of_all", "_of_start"))):
        return None
    return found.group(1)
