"""The first page: whom it is about, the question, and what the records carry of an answer."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.rows import why_absent
from outcomes.present.schedules import contrasts_of, horizons_of, outcomes_of
from outcomes.present.sections.cover import subject_name
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Part, Section
from outcomes.present.sentences.schedules import (
    IF_ALL_RECORDED,
    effects_carried,
    schedule_sentence,
)
from outcomes.present.tables import Prose
from outcomes.settings import Settings


def schedule_cover(
    settings: Settings,
    *,
    clinics: Collection[str],
    clinic: str,
    therapist: str,
    as_of: pd.Timestamp,
) -> Prose:
    """Say whom a comparison of schedules is about and up to when.

    Parameters
    ----------
    settings : Settings
        For the printed names of clinics.
    clinics : collection of str
        Codes of the clinics in the data, an empty one where patients belong to none.
    clinic, therapist : str
        Whose patients; empty for all.
    as_of : Timestamp
        Last day of the records that were read.

    Returns
    -------
    Prose
        One line.
    """
    whose = subject_name(clinics, settings, clinic)
    if therapist:
        whose = f"{whose}, patients who began with therapist {therapist}"
    return Prose([f"{whose}. Records up to {write.date(as_of)}."], kind="about")


def schedule_answer(release: Release, name: str) -> Section:
    """Write what the comparison of schedules found.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        A sentence for each contrast in the primary weeks; what cannot be said yet; and what the
        sentences rest on.
    """
    result = release[name]
    reason = why_absent(result)
    if reason and not contrasts_of(result):
        said = ["These records do not carry a comparison of schedules yet.", told(reason)]
        return Section([Prose(said, kind="answer")])
    horizon = horizons_of(result)[0]
    outcome = outcomes_of(result, horizon)[0]
    sentences = [
        schedule_sentence(result, contrast, horizon, outcome, release.registry)
        for contrast in contrasts_of(result)
    ]
    said = [sentence.text for sentence in sentences if sentence.carried]
    withheld = [told(sentence.text) for sentence in sentences if not sentence.carried]
    parts: list[Part] = [
        Prose(said or ["These records do not carry an answer yet."], kind="answer")
    ]
    if withheld:
        parts.append(Prose(["What can't be said yet:"], kind="lead"))
        parts.append(Prose(withheld, kind="withheld", listed=len(withheld) > 1))
    if said:
        causal = any(each.carried for each in effects_carried(result, release.registry).values())
        words = (
            IF_ALL_RECORDED
            if causal
            else "Nothing here says what a schedule does: a check did not pass, so the differences "
            "are associations."
        )
        parts.append(Prose([words], kind="caution"))
    if not result.diagnostics.get("planned", True):
        parts.append(Prose([_unplanned(result.notes)], kind="caution"))
    return Section(parts)


def _unplanned(notes: Collection[str]) -> str:
    """Take the note that says what is not known without plans and which way that leans."""
    found = [note for note in notes if note.startswith("No plans are recorded")]
    return found[0] if found else "No plans are recorded, so what was intended is not known."


def schedule_question(release: Release, name: str) -> Section:
    """Spell out the estimand, as the choices of the analysis make it.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        The paragraph of every horizon; where the comparison was refused, the reason.
    """
    result = release[name]
    texts = [text for text in dict.fromkeys(result.estimates["estimand"]) if text]
    if not texts:
        reason = told(why_absent(result))
        return Section([Prose([f"The comparison was not made. {reason}"], kind="absent")])
    return Section([Prose(_parts(texts[0]), listed=True)])


def _parts(text: str) -> list[str]:
    """Split an estimand at the names of its parts."""
    names = ("Population: ", "Care compared: ", "Variable: ", "Intercurrent events: ", "Summary: ")
    places = sorted({text.find(name) for name in names if text.find(name) >= 0})
    ends = [*places[1:], len(text)]
    return [text[a:b].strip() for a, b in zip(places, ends, strict=True)] or [text]
