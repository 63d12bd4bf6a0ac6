"""What one part of a report shows: sentences, figures and tables in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outcomes.present import format as write
from outcomes.present.board import Part
from outcomes.present.labels import GROUPS
from outcomes.present.rows import why_absent
from outcomes.present.tables import Prose
from outcomes.results import AnalysisResult


@dataclass(frozen=True)
class Section:
    """Parts of a report that belong together.

    Parameters
    ----------
    parts : sequence of Part
        Figures, tables, sentences and boards of them, in order.
    """

    parts: Sequence[Part]

    def __repr__(self) -> str:
        return "\n".join(repr(part) for part in self.parts)

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)


def absent(result: AnalysisResult, what: str) -> Section | None:
    """Say in a line that something is left out, where a result has nothing to show.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    what : str
        What would have been shown, as words within a sentence.

    Returns
    -------
    Section or None
        None where there is something to show.
    """
    reason = why_absent(result)
    if not reason:
        return None
    return Section([Prose([in_words(f"Left out: {what}. {reason}")], kind="absent")])


def in_words(note: str) -> str:
    """Write a note of an analysis for people: times and groups by their names.

    Parameters
    ----------
    note : str
        As the analysis wrote it.

    Returns
    -------
    str
        The same sentence.
    """
    note = re.sub(r"\bday (\d+)", lambda found: write.follow_up(int(found[1])), note)
    note = note.replace("the as-of date", "the end of the records")
    names = {code.replace("_", " "): label for code, label in GROUPS["cadence"].items()}
    pattern = "|".join(re.escape(name) for name in names)
    return re.sub(rf"\b({pattern})\b", lambda found: names[found[1]].lower(), note)


def notes_of(result: AnalysisResult, *, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Collect what a reader must know beside the numbers of a result, each thing once.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    without : iterable of str
        Notes that are shown elsewhere.

    Returns
    -------
    tuple of str
        Notes that differ only in the group or outcome they begin with are put together.
    """
    known = set(without)
    about: dict[str, list[str]] = {}
    for note in result.notes:
        if note in known:
            continue
        *where, text = re.split(r"(?<=[\w)]): (?=[A-Z])", note)
        about.setdefault(text, [])
        place = in_words(", ".join(where))
        if place and place not in about[text]:
            about[text].append(place)
    return tuple(
        in_words(f"{write.listing(places).capitalize()}: {text}" if places else text)
        for text, places in about.items()
    )
