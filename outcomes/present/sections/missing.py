"""Who is not in the numbers, and what the data set does not have."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Policy, Release
from outcomes.present.labels import outcome_label
from outcomes.present.sections.section import Section, in_words
from outcomes.present.tables import Prose, Table

# What each table or column feeds; the last part of a sentence that begins with its absence.
_FEEDS = {
    "sessions": "visits, how often patients come, and the period comparison are left out",
    "assessments": "pain and neck movement are left out",
    "plans": "what was recommended is not known, only what was attended",
    "patients.onset": "acute and chronic complaints are not told apart",
    "sessions.booked_on": "appointments ahead count as booked only at the end of the records",
    "sessions.therapist_id": "nothing can be said by therapist",
}
# Saying that this is absent would say little where that is absent too.
_NEEDS = {"plans": ("sessions",)}
_SPLITS = {"by cadence": "by how often they come", "by onset": "by how long it had lasted"}
_NAMES = {
    "sessions": "appointments",
    "assessments": "scores",
    "plans": "recommended schedules",
    "patients.onset": "onset of the complaint",
    "sessions.booked_on": "date an appointment was booked on",
    "sessions.therapist_id": "therapist",
}


def who_is_missing(release: Release) -> Section:
    """Show at which step patients left each analysis.

    Parameters
    ----------
    release : Release
        What may be shown; its names are those that the table has.

    Returns
    -------
    Section
        A table of the steps at which someone was left out; a sentence where nobody was, or where
        every number is withheld.
    """
    steps = [
        (name, *step)
        for name, result in release.items()
        for step in result.exclusions.itertuples(index=False, name=None)
    ]
    # many analyses leave out the same people for the same reason: said once
    about: dict[tuple[str, ...], list[str]] = {}
    for name, step, reason, before, after in steps:
        if before != after and not (pd.isna(before) and pd.isna(after)):
            said = (in_words(step), in_words(reason), _count(before), _count(after))
            about.setdefault(said, []).append(_name(name, release))
    rows = [
        (_listed(names), _sentence_case(step), reason, before, after)
        for (step, reason, before, after), names in about.items()
    ]
    hidden = any(pd.isna(before) and pd.isna(after) for *_, before, after in steps)
    if not rows and hidden:
        return Section([Prose(["How many were left out is withheld: too few people."])])
    if not rows:
        return Section([Prose(["No patient was left out of any analysis."])])
    columns = ("Analysis", "Step", "Left out because", "Before", "After")
    note = (
        "Before and after: patients entering a step and staying in. A patient without a score at a "
        "follow-up time is not counted as better or worse."
    )
    notes = (note, "Steps with too few people to be shown are not listed.") if hidden else (note,)
    return Section(
        [Table("Patients left out of each analysis", columns, rows, notes, numeric=False)]
    )


def _listed(names: list[str]) -> str:
    """List analyses; of many the first two and how many more."""
    names = list(dict.fromkeys(names))
    if len(names) > 3:
        names = [*names[:2], f"{write.number(len(names) - 2)} more"]
    return write.listing([names[0], *(f"{each[:1].lower()}{each[1:]}" for each in names[1:])])


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
    absent = set(absent)
    said = [
        f"There is no record of {_NAMES[name]}, so {consequence}."
        for name, consequence in _FEEDS.items()
        if name in absent
        and not ({name.partition(".")[0], *_NEEDS.get(name, ())} - {name}) & absent
    ]
    if {"headache_diary", "headache_periods"} <= absent:
        said.append("There is neither a headache diary nor counts, so headaches are left out.")
    return Section([Prose(said, kind="absent", listed=len(said) > 1)] if said else [])


def too_small_to_show(clinics: Collection[str]) -> Section:
    """Say that the patients of small clinics are left out of a release.

    Parameters
    ----------
    clinics : collection of str
        Clinics left out, which are not named.

    Returns
    -------
    Section
        A sentence; empty where no clinic was left out.
    """
    said = "Patients of clinics too small to be shown are in no number of this release."
    return Section([Prose([said])] if clinics else [])


def records_read(accounting: pd.DataFrame | None, policy: Policy) -> Section:
    """Say how many rows of the data set were read and rejected.

    Parameters
    ----------
    accounting : DataFrame or None
        A row a table: table, rows_read, rows_accepted, rows_rejected, rejected_at_import; None
        where not known.
    policy : Policy
        For whom the report is.

    Returns
    -------
    Section
        A sentence, and a table where rows were rejected; nothing for outside, as the rows of small
        clinics are among them.
    """
    if accounting is None or accounting.empty or policy.audience == "outside":
        return Section([])
    read, rejected = int(accounting["rows_read"].sum()), int(accounting["rows_rejected"].sum())
    before = int(accounting["rejected_at_import"].sum())
    earlier = (
        [f"{write.count(before, 'row')} had been rejected when the records were imported."]
        if before
        else []
    )
    if not rejected:
        said = f"All {write.count(read, 'row')} in the files were read."
        return Section([Prose([" ".join([said, *earlier])])])
    said = f"{write.share(rejected, read)} rows in the files were rejected and are in no number."
    said = " ".join([said, *earlier])
    rows = [
        (name.replace("_", " ").capitalize(), *map(write.number, counts))
        for name, *counts in accounting[
            ["table", "rows_read", "rows_accepted", "rows_rejected"]
        ].itertuples(index=False, name=None)
        if counts[0]
    ]
    note = "Run outcomes check on the data to see each rejected row with its reason."
    columns = ("Records", "Read", "Accepted", "Rejected")
    return Section([Prose([said]), Table("Rows in the files", columns, rows, (note,))])


def _name(name: str, release: Release) -> str:
    """Name an analysis; where its name holds the code of an outcome, by the words for it."""
    for code, words in _SPLITS.items():
        name = name.replace(code, words)
    first, joiner, code = name.partition(" in ")
    return _sentence_case(
        f"{first}{joiner}{outcome_label(code, release.registry)}" if joiner else name
    )


def _count(value: float) -> str:
    return write.number(value) if pd.notna(value) else "withheld"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
