"""Observations and QuestionnaireResponses as assessments: pieces found, put together, made rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from outcomes.io.fhir.account import Spot
from outcomes.io.fhir.answers import Ordinals, in_unit, read_value
from outcomes.io.fhir.codes import BAD_DIGIT, NOT_KNOWN, CodeBook, Slot
from outcomes.io.fhir.elements import (
    Moment,
    Resource,
    codings,
    part,
    parts,
    text,
    walk_items,
)
from outcomes.io.fhir.references import Key, contained_resource
from outcomes.io.fhir.visits import IN_ERROR

_FINAL = {
    "Observation": ("final", "amended", "corrected"),
    "QuestionnaireResponse": ("completed", "amended"),
}
NOTHING = "it holds no value"


@dataclass(frozen=True)
class Answer:
    """One number: a score, or the answer to an item.

    Parameters
    ----------
    slot : Slot
        What it is the number of.
    value : str
        The number; empty where there is a problem.
    problem : str
        Why it can't be read.
    """

    slot: Slot
    value: str
    problem: str = ""


@dataclass
class Piece:
    """A resource with the numbers found in it, on its way to becoming rows.

    Parameters
    ----------
    spot : tuple
        Where it stands.
    kind : str
        Its type.
    key : tuple of str
        Its type and id.
    patient : tuple of str
        The patient; empty where that is not known.
    encounter : tuple of str
        The encounter.
    when : Moment
        The day.
    timing, device : str
        As in the contract.
    answers : list of Answer
        Numbers found.
    members, derived_from : list of tuple
        Keys of resources that belong to it, or that it was reckoned from.
    """

    spot: Spot
    kind: str
    key: Key
    patient: Key
    encounter: Key
    when: Moment
    timing: str = ""
    device: str = ""
    answers: list[Answer] = field(default_factory=list)
    members: list[Key] = field(default_factory=list)
    derived_from: list[Key] = field(default_factory=list)


def why_no_score(resource: Resource) -> str:
    """Say why a resource is not to be scored, whatever it holds.

    Parameters
    ----------
    resource : dict
        An Observation or QuestionnaireResponse.

    Returns
    -------
    str
        The reason; empty where there is none.
    """
    status = text(resource.get("status"))
    if status == "entered-in-error":
        return IN_ERROR
    if status not in _FINAL[text(resource.get("resourceType"))]:
        return "its status is not final"
    return ""


def observed(observation: Resource, book: CodeBook, ordinals: Ordinals) -> tuple[list[Answer], str]:
    """Read the numbers of an Observation, its components and what is contained in it.

    Parameters
    ----------
    observation : dict
        The Observation.
    book : CodeBook
        Codes known.
    ordinals : Ordinals
        Numbers of answers that are codes.

    Returns
    -------
    answers : list of Answer
        Numbers found.
    reason : str
        Why there is none.
    """
    answers: list[Answer] = []
    reason = NOT_KNOWN
    for each in _with_parts(observation):
        concept = codings(each.get("code"))
        slot, why = book.find(concept)
        meant = book.meant(concept) if slot is None else None
        if slot is None and meant is None:
            reason = BAD_DIGIT if BAD_DIGIT in (why, reason) else reason
            continue
        value, unit, problem = read_value(each, ordinals)
        if slot is None:
            assert meant is not None
            answers.append(Answer(Slot(meant.instrument), value, BAD_DIGIT))
        elif value or problem:
            answers.append(_answer(slot, value, unit, problem, book))
        else:
            reason = NOTHING
    return answers, reason


def _with_parts(observation: Resource) -> Iterator[Resource]:
    yield observation
    yield from parts(observation.get("component"))
    for reference in parts(observation.get("hasMember")) + parts(observation.get("derivedFrom")):
        within = contained_resource(observation, text(reference.get("reference")))
        if text(within.get("resourceType")) == "Observation" and not why_no_score(within):
            yield within
            yield from parts(within.get("component"))


def _answer(slot: Slot, value: str, unit: str, problem: str, book: CodeBook) -> Answer:
    if not slot.item and not problem:
        value, problem = in_unit(value, unit, book.registry.get(slot.instrument))
    return Answer(slot, value, problem)


def answered(response: Resource, book: CodeBook, ordinals: Ordinals) -> tuple[list[Answer], str]:
    """Read the numbers of a QuestionnaireResponse.

    Parameters
    ----------
    response : dict
        The response.
    book, ordinals
        As for `observed`.

    Returns
    -------
    answers, reason
        As for `observed`.
    """
    form = response.get("questionnaire")
    # before R4 it was a reference
    name = text(form) or text(part(form).get("reference"))
    if name.startswith("#"):
        own = Ordinals()
        inside = contained_resource(response, name)
        own.learn({**inside, "url": name})
        ordinals = replace(
            ordinals,
            of_item={**ordinals.of_item, **own.of_item},
            codes_of_item={**ordinals.codes_of_item, **own.codes_of_item},
        )
    answers: list[Answer] = []
    reason = NOT_KNOWN
    for item in walk_items(response):
        link = text(item.get("linkId"))
        concept = codings(item.get("code")) + ordinals.codes(name, link)
        slot, why = book.find(concept)
        slot = slot or book.find_link(link)
        if slot is None:
            reason = BAD_DIGIT if BAD_DIGIT in (why, reason) else reason
            continue
        reason = NOTHING if reason == NOT_KNOWN else reason
        given = parts(item.get("answer"))
        found = [read_value(each, ordinals, name, link) for each in given]
        found = [each for each in found if each[0] or each[2]]
        if len(found) > 1:
            answers.append(Answer(slot, "", "has more than one answer"))
        elif found:
            answers.append(_answer(slot, *found[0], book))
    return answers, reason


@dataclass
class Score:
    """A row on its way: what the pieces of one occasion say of one instrument.

    Parameters
    ----------
    lead : Piece
        The piece that says whose and when it is.
    instrument : str
        Code of the instrument.
    pieces : list of Piece
        All that had a part in it.
    cells, problems : dict of str to str
        By column: value, item_1 and so on.
    """

    lead: Piece
    instrument: str
    pieces: list[Piece] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def take(self, piece: Piece, answer: Answer) -> None:
        """Add a number.

        Parameters
        ----------
        piece : Piece
            Where it is from.
        answer : Answer
            The number.
        """
        column = f"item_{answer.slot.item}" if answer.slot.item else "value"
        if all(piece is not each for each in self.pieces):
            self.pieces.append(piece)
        before = self.cells.get(column, "")
        if answer.problem:
            # a code that is wrong stands where the code is looked at: at the instrument
            at = "instrument" if answer.problem == BAD_DIGIT else column
            self.problems.setdefault(at, answer.problem)
        elif before and before != answer.value:
            self.problems.setdefault(column, "two parts of one record say different numbers")
        self.cells[column] = before or answer.value


def put_together(pieces: list[Piece]) -> list[Score]:
    """Make scores of pieces: panels with their members, totals with the answers they rest on.

    Parameters
    ----------
    pieces : list of Piece
        In the order read.

    Returns
    -------
    list of Score
        One for each occasion, patient and instrument.

    Notes
    -----
    Pieces hang together where one names another as its member or as what it was derived from. Items
    that nothing links belong together when they are of one patient, instrument, day and encounter;
    and so do answers to items and a score without items, where there is one of each.
    """
    by_key = {piece.key: piece for piece in pieces if piece.key[1]}
    above: dict[int, Piece] = {}
    for piece in pieces:
        for key in piece.members:
            if key in by_key:
                above.setdefault(id(by_key[key]), piece)
    for piece in pieces:
        for key in piece.derived_from:
            source = by_key.get(key)
            if source is None:
                continue
            if source.kind == "QuestionnaireResponse":
                above.setdefault(id(piece), source)
            else:
                above.setdefault(id(source), piece)
    scores: dict[tuple[Any, ...], Score] = {}
    for piece in pieces:
        lead = _lead(piece, above)
        for answer in piece.answers:
            who = piece.patient if piece.patient[1] else lead.patient
            occasion: tuple[Any, ...] = (id(lead),)
            alone = piece.kind == "Observation" and len(piece.answers) == 1
            if lead is piece and answer.slot.item and alone:
                occasion = (piece.when.day, piece.encounter, piece.kind)
            key_of = (*occasion, who, answer.slot.instrument)
            score = scores.setdefault(key_of, Score(lead, answer.slot.instrument))
            score.take(piece, answer)
    return _joined(list(scores.values()))


def _lead(piece: Piece, above: dict[int, Piece]) -> Piece:
    """Follow the links up, though never in a circle."""
    seen = {id(piece)}
    while id(piece) in above and id(above[id(piece)]) not in seen:
        piece = above[id(piece)]
        seen.add(id(piece))
    return piece


def _joined(scores: list[Score]) -> list[Score]:
    """Join answers to items with the one score of the same day that has none."""
    alike: dict[tuple[Any, ...], list[Score]] = {}
    for score in scores:
        day = score.lead.when.day
        alike.setdefault((score.lead.patient, score.instrument, day), []).append(score)
    gone: set[int] = set()
    for group in alike.values():
        bare = [each for each in group if set(each.cells) == {"value"}]
        items = [each for each in group if "value" not in each.cells]
        if len(group) != 2 or len(bare) != 1 or len(items) != 1:
            continue
        places = {each.lead.encounter for each in group if each.lead.encounter[1]}
        if len(places) < 2:
            items[0].cells |= bare[0].cells
            items[0].problems |= bare[0].problems
            items[0].pieces += bare[0].pieces
            if not items[0].lead.encounter[1]:
                items[0].lead = replace(items[0].lead, encounter=bare[0].lead.encounter)
            gone.add(id(bare[0]))
    return [score for score in scores if id(score) not in gone]
