"""Words for people in place of codes."""

from __future__ import annotations

from outcomes.instruments import Instrument, InstrumentRegistry, default_registry
from outcomes.present import format as write
from outcomes.results import AnalysisResult

HEADACHES = "headache_days"
_MEASURES = {HEADACHES: "Headache days per 28 days"}
"""Names of outcomes that are not instruments."""

GROUPS: dict[str, dict[str, str]] = {
    "": {"": "All patients"},
    "cadence": {
        "weekly": "Weekly",
        "twice_monthly": "Twice a month",
        "monthly": "Monthly",
        "sparse": "Less than monthly",
        "lapsed": "Lapsed",
    },
    "onset": {
        "acute": "Acute (under 6 weeks)",
        "subacute": "Subacute (6 to 12 weeks)",
        "chronic": "Chronic (over 12 weeks)",
    },
}


def group_label(group_by: str, group: str) -> str:
    """Name a group for people.

    Parameters
    ----------
    group_by : str
        What the groups are: ``cadence``, ``onset``, ``clinic``, …; empty for everyone.
    group : str
        Code of the group, or its name where it has one of its own.

    Returns
    -------
    str
        Such as ``Twice a month``.
    """
    known = GROUPS.get(group_by, {})
    return known.get(group) or group.replace("_", " ")


def instrument_of(outcome: str, registry: InstrumentRegistry | None = None) -> Instrument | None:
    """Look up what is known about an outcome.

    Parameters
    ----------
    outcome : str
        Instrument code.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Instrument or None
        None for an outcome that is no instrument.
    """
    known = registry or default_registry()
    return known.get(outcome) if outcome in known else None


def outcome_label(outcome: str, registry: InstrumentRegistry | None = None) -> str:
    """Name an outcome for people.

    Parameters
    ----------
    outcome : str
        Instrument code, or the code of another measure.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    str
        Such as ``Pain (0 to 10)`` or ``Rotation to the left``.
    """
    known = instrument_of(outcome, registry)
    return known.label if known else _MEASURES.get(outcome, outcome.replace("_", " "))


_TIMINGS = {"remote": "answered at home", "pre": "taken before a session"}


def timing_words(result: AnalysisResult) -> str:
    """Say which scores a result is made of, because one timing serves a whole analysis.

    Parameters
    ----------
    result : AnalysisResult
        The result.

    Returns
    -------
    str
        A sentence; empty for a result that is not made of scores.
    """
    timing = result.diagnostics.get("timing") or getattr(result.spec, "timing", "")
    return f"Follow-up scores are those {_TIMINGS[timing]}." if timing in _TIMINGS else ""


def split_words(result: AnalysisResult) -> str:
    """Say what a result is split by, as the end of a title.

    Parameters
    ----------
    result : AnalysisResult
        The result.

    Returns
    -------
    str
        Such as ``by how often patients came in the weeks before 6 months``; ``all patients
        together`` where there is no split.
    """
    estimates = result.estimates
    group_by = str(estimates["group_by"].iloc[0]) if len(estimates) else ""
    if group_by == "cadence":
        day = getattr(result.spec, "landmark", None)
        days = result.diagnostics.get("cadence_window")
        if not day or not days:
            return "by how often patients came in the weeks before"
        if days >= day:
            return f"by how often patients came in the first {write.follow_up(day)}"
        return f"by how often patients came in the {_span(days)} up to {write.follow_up(day)}"
    return {
        "": "all patients together",
        "onset": "by how long the complaint had lasted at the start",
        "clinic": "by clinic, not adjusted for who goes there",
    }.get(group_by, f"by {group_by.replace('_', ' ')}")


def _span(days: int) -> str:
    """Write a number of days, in weeks where they are whole."""
    if days % 7:
        return f"{write.number(days)} days"
    return write.count(days // 7, "week")
