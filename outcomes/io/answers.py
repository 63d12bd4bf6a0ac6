"""Answers listed one a row, gathered into the forms that were filled in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.io.mapping import Block
from outcomes.io.mapping_cells import answer_column
from outcomes.io.rows import Broken, Rows

_TWICE = "is answered in two ways"
_AT_ODDS = "rows of one form disagree"


@dataclass(frozen=True)
class Gathered:
    """Filled-in forms made of listed answers.

    Parameters
    ----------
    rows : Rows
        One row a form, with the line of its first answer.
    joined : int
        Rows of the source that became part of the row of another.
    """

    rows: Rows
    joined: int


def gather_answers(block: Block, source: Rows) -> Gathered:
    """Make one row of all answers to a form.

    Parameters
    ----------
    block : Block
        A block with `answers`.
    source : Rows
        Rows with one answer each.

    Returns
    -------
    Gathered
        Forms with a column for each question that the block names. Questions that it does not
        name, and rows that its conditions leave out, are passed over; a question that was answered
        in two ways spoils its form.
    """
    listed = block.answers
    assert listed is not None
    cells = source.cells
    cellsources = [cell for record in block.records for cell in record.values()]
    questions = sorted({cell.question for cell in cellsources if cell.question})
    asked = cells[listed.question].str.strip().str.replace(r"\s+", " ", regex=True)
    split = np.ones(len(source), dtype=bool)
    split[[row.position for row in source.broken if not row.column]] = False
    kept = asked.isin(questions).to_numpy(copy=True)
    for condition in block.where:
        kept &= condition.chosen(cells)
    kept |= ~split
    at = np.flatnonzero(kept)
    named = cells[list(listed.of)].apply(lambda column: column.str.strip())
    keyed = (named != "").any(axis=1).to_numpy() & split
    # a row without a form, or one that could not be read, is a form of its own: it will be rejected
    form = named.groupby(list(listed.of), sort=False).ngroup().to_numpy().copy()
    form[~keyed] = len(source) + np.flatnonzero(~keyed)
    codes, _ = pd.factorize(form[at])
    count = int(codes.max()) + 1 if len(codes) else 0
    first = np.zeros(count, dtype=np.intp)
    first[codes[::-1]] = at[::-1]
    broken = _carried(source, at, codes)
    columns = {name: cells[name].to_numpy()[first] for name in cells.columns}
    typed = {name: mask[first] for name, mask in source.typed.items()}
    answers = cells[listed.answer].str.strip()
    typed_answer = source.typed.get(listed.answer, np.zeros(len(source), dtype=bool))
    for question in questions:
        of_it = np.flatnonzero((asked.to_numpy()[at] == question) & (answers.to_numpy()[at] != ""))
        place, where = codes[of_it], at[of_it]
        name = answer_column(question)
        column = np.full(count, "", dtype=object)
        column[place[::-1]] = answers.to_numpy()[where[::-1]]
        columns[name] = column
        mask = np.zeros(count, dtype=bool)
        mask[place[::-1]] = typed_answer[where[::-1]]
        typed[name] = mask
        broken += _differing(column, place, answers.to_numpy(), where, name, source, _TWICE)
    for name in dict.fromkeys(n for cell in cellsources if not cell.question for n in cell.needs):
        texts = cells[name].to_numpy()
        broken += _differing(columns[name], codes, texts, at, name, source, _AT_ODDS)
    missing = [name for name in questions if not (asked == name).any()]
    notices = [
        f"{source.files[0]}: no row has the question {name!r} that {block.key} names."
        for name in missing
    ]
    frame = pd.DataFrame(columns, index=range(count)).astype("str")
    rows = Rows(
        cells=frame,
        line=source.line[first],
        files=source.files,
        file=source.file[first],
        broken=tuple(broken),
        notices=tuple(notices),
        typed=typed,
    )
    return Gathered(rows, len(at) - count)


def _carried(source: Rows, at: np.ndarray, codes: np.ndarray) -> list[Broken]:
    """Carry over to forms what was wrong with their rows."""
    form_of = np.full(len(source), -1)
    form_of[at] = codes
    return [
        Broken(int(form_of[row.position]), row.column, row.reason)
        for row in source.broken
        if form_of[row.position] >= 0
    ]


def _differing(
    taken: np.ndarray,
    place: np.ndarray,
    texts: np.ndarray,
    where: np.ndarray,
    column: str,
    source: Rows,
    reason: str,
) -> list[Broken]:
    """Forms in which a row says something else than the first one, with the line of that row."""
    odd = np.flatnonzero(texts[where] != taken[place])
    found = dict(zip(place[odd][::-1], where[odd][::-1], strict=True))
    return [
        Broken(int(form), column, f"{reason} (line {source.line[row]})")
        for form, row in sorted(found.items())
    ]
