"""The answer in sentences, how complete it is, and what cannot be said yet."""

from __future__ import annotations

from outcomes.present.disclosure import Release
from outcomes.present.rows import why_absent
from outcomes.present.sections.difference import compared
from outcomes.present.sections.section import Section, in_words
from outcomes.present.sentences import (
    BY_CHANCE,
    NO_COMPARISON,
    Sentence,
    change_sentence,
    completeness_sentence,
    diary_sentence,
    difference_sentence,
    headache_sentence,
    movement_sentence,
    responder_sentence,
    spoken_days,
)
from outcomes.present.tables import Prose

_TOPICS = ("pain", "headaches", "movement")
_PAIN_DAYS = (84, 364, 1092)
_HEADACHE_DAYS = (182,)
_MOVEMENT_DAYS = (182,)
_COMPLETE_DAYS = (0, 84, 364)
_DIARY_DAYS = (0, 182)


def answer(release: Release) -> Section:
    """Write the answer of a report.

    Parameters
    ----------
    release : Release
        Released results: ``pain``, ``headaches`` and ``movement``, everyone together, and any
        comparison of groups formed at the start.

    Returns
    -------
    Section
        The sentences that the data carry, the most asked-for first; how complete the scores are;
        what cannot be said yet and what would do; and what no number here can say.
    """
    sentences = sentences_of(release)
    said = [sentence.text for sentence in sentences if sentence.carried]
    withheld = [sentence.text for sentence in sentences if not sentence.carried]
    if not said:
        reasons = ((name, why_absent(release[name])) for name in _TOPICS)
        withheld += [
            f"{name.capitalize()}: {in_words(reason)}" for name, reason in reasons if reason
        ]
    parts = []
    if said:
        parts.append(Prose(said, kind="answer"))
    else:
        nothing = "These records do not carry an answer yet."
        parts.append(Prose([nothing], kind="answer"))
    complete = _complete(release)
    if complete:
        parts.append(Prose(complete))
    if withheld:
        parts.append(Prose(["What can't be said yet:"], kind="lead"))
        parts.append(Prose(withheld, kind="withheld", listed=len(withheld) > 1))
    if said:
        caution = BY_CHANCE if compared(release) else NO_COMPARISON
        parts.append(Prose([caution], kind="caution"))
    return Section(parts)


def sentences_of(release: Release) -> list[Sentence]:
    """List the sentences of an answer, carried or not, the most asked-for first.

    Parameters
    ----------
    release : Release
        Released results: ``pain``, ``headaches`` and ``movement``, and any comparison of groups.

    Returns
    -------
    list of Sentence
        In order.
    """
    pain, headaches, movement = release["pain"], release["headaches"], release["movement"]
    registry = release.registry
    found = [difference_sentence(result, registry) for result in compared(release)]
    if not why_absent(pain):
        days = spoken_days(pain, "change", _PAIN_DAYS)
        for day in days:
            told = bool(found) and found[-1].carried and day != days[0]
            found.append(change_sentence(pain, day, registry, follows=told))
    if not why_absent(headaches):
        for day in spoken_days(headaches, "rate_ratio", _HEADACHE_DAYS):
            found += [headache_sentence(headaches, day), responder_sentence(headaches, day)]
    if not why_absent(movement):
        days = spoken_days(movement, "change", _MOVEMENT_DAYS)
        found += [movement_sentence(movement, day, registry) for day in days]
    return found


def _complete(release: Release) -> list[str]:
    sentences = (
        completeness_sentence(release["pain"], _COMPLETE_DAYS, release.registry),
        diary_sentence(release["headaches"], _DIARY_DAYS),
    )
    return [sentence.text for sentence in sentences if sentence.carried]
