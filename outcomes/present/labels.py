"""Words for people in place of codes."""

from __future__ import annotations

from outcomes.instruments import Instrument, InstrumentRegistry, default_registry
from outcomes.present import format as write
from outcomes.results import AnalysisResult

HEADACHES = "headache_days"
_MEASURES = {
    HEADACHES: "Headache days per 28 days",
    "pain_at_decision": "Pain at the decision",
    "baseline": "Pain at the start of care",
    "age": "Age (years)",
    "sex": "Sex",
    "onset": "Onset",
    "distress": "Distress",
    "clinic": "Clinic",
}
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
    "strategy": {
        "twice_monthly": "Twice a month",
        "monthly": "Monthly",
        "on_demand": "On demand",
        "other": "Another plan",
    },
    "onset": {
        "acute": "Acute (under 6 weeks)",
        "subacute": "Subacute (6 to 12 weeks)",
        "chronic": "Chronic (over 12 weeks)",
    },
    "plan": {
        "weekly": "Weekly",
        "twice_monthly": "Twice a month",
        "monthly": "Monthly",
        "on_demand": "When needed",
        "discharged": "Discharged",
    },
    "grade": {
        "short_minor": "Minor, under 24 hours",
        "long_minor": "Minor, 24 hours or longer",
        "short_moderate": "Moderate, under 24 hours",
        "long_moderate": "Moderate, 24 hours or longer",
        "serious": "Serious",
        "ungraded": "Not graded",
    },
    "duration": {
        "under_24_hours": "Under 24 hours",
        "24_to_48_hours": "24 to 48 hours",
        "over_48_hours": "Over 48 hours",
        "not_known": "Not known",
    },
    "contraindication": {
        "anticoagulants": "Anticoagulants",
        "osteoporosis": "Osteoporosis",
        "recent_surgery": "Recent surgery",
        "skin_infection": "Skin infection",
    },
    "answered": {"answered": "Answered", "not_answered": "Did not answer"},
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
    if known is None and ":" in outcome:
        code, name = outcome.split(":", 1)
        scale = instrument_of(code, registry)
        if scale is not None and name in scale.thresholds:
            return f"Share with {scale.thresholds[name].label}"
    return known.label if known else _MEASURES.get(outcome, outcome.replace("_", " "))


def strategy_label(name: str) -> str:
    """Name a maintenance schedule for people.

    Parameters
    ----------
    name : str
        Name of the strategy.

    Returns
    -------
    str
        Such as ``Twice a month``.
    """
    label = group_label("strategy", name)
    return label[:1].upper() + label[1:]


_KEPT = {
    "twice_monthly": "sessions twice a month",
    "monthly": "monthly sessions",
    "on_demand": "coming on demand",
}


def strategy_words(name: str) -> str:
    """Name what everyone would keep to, within a sentence.

    Parameters
    ----------
    name : str
        Name of the strategy.

    Returns
    -------
    str
        Such as ``sessions twice a month``.
    """
    return _KEPT.get(name, f"the schedule “{strategy_label(name).lower()}”")


def contrast_label(contrast: str) -> str:
    """Name a contrast of two maintenance schedules for people.

    Parameters
    ----------
    contrast : str
        Two names with ``vs`` between.

    Returns
    -------
    str
        Such as ``Twice a month against on demand``.
    """
    first, _, second = contrast.partition(" vs ")
    return f"{strategy_label(first)} against {strategy_label(second).lower()}"


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
