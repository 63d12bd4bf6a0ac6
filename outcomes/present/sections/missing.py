"""Who is not in the numbers, and what the data set does not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from outcomes.present import format as write
from outcomes.present.sections.section import Section, in_words
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

# What each table or column feeds; the last part of a sentence that begins with its absence.
_FEEDS = {
    "sessions": "visits, how often patients come, and the period comparison are left out",
    "assessments": "pain and neck movement are left out",
    "plans": "what was recommended is not known, only what was attended",
    "patients.onset": "acute and chronic complaints are not told apart",
    "sessions.booked_on": "appointments ahead count as booked only at the end of the records",
    "sessions.therapist_id": "nothing can be said by therapist",
}
_NAMES = {
    "sessions": "appointments",
    "assessments": "scores",
    "plans": "recommended schedules",
    "patients.onset": "onset of the complaint",
    "sessions.booked_on": "date an appointment was booked on",
    "sessions.therapist_id": "therapist",
}


def who_is_missing(results: Mapping[str, AnalysisResult]) -> Section:
    """Show at which step patients left each analysis.

    Parameters
    ----------
    results : mapping of str to AnalysisResult
        Released results by their name for people.

    Returns
    -------
    Section
        A table of the steps at which someone was left out; a sentence where nobody was.
    """
    rows = [
        (name, _sentence_case(in_words(step)), in_words(reason), _count(before), _count(after))
        for name, result in results.items()
        for step, reason, before, after in result.exclusions.itertuples(index=False, name=None)
        if pd.isna(before) or pd.isna(after) or before != after
    ]
    if not rows:
        return Section([Prose(["No patient was left out of any analysis."])])
    columns = ("Analysis", "Step", "Left out because", "Before", "After")
    note = (
        "Before and after: patients entering a step and staying in. A patient without a score at a "
        "follow-up time is not counted as better or worse."
    )
    return Section(
        [Table("Patients left out of each analysis", columns, rows, (note,), numeric=False)]
    )


def not_recorded(absent: Collection[str]) -> Section:
    """Say what the data set does not have and what is left out for that.

    Parameters
    ----------
    absent : collection of str
        Tables and columns (``table`` or ``table.column``) that the source lacks.

    Returns
    -------
    Section
        A sentence for each that a report would use; empty where nothing is lacking.
    """
    said = [
        f"There is no record of {_NAMES[name]}, so {consequence}."
        for name, consequence in _FEEDS.items()
        if name in absent and name.partition(".")[0] not in set(absent) - {name}
    ]
    if {"headache_diary", "headache_periods"} <= set(absent):
        said.append("There is neither a headache diary nor counts, so headaches are left out.")
    return Section([Prose(said, kind="absent", listed=len(said) > 1)] if said else [])


def _count(value: float) -> str:
    return write.number(value) if pd.notna(value) else "withheld"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
