"""Rows of a source into rows of the tables, each one accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.io.answers import gather_answers
from outcomes.io.mapping import Block, CellSource
from outcomes.io.rows import Broken, Coded, Rows, stack
from outcomes.io.transform import Rewritten, rewrite

COUNTS = ("table", "file", "source_rows", "passed_over", "repeated", "joined")


@dataclass(frozen=True)
class Records:
    """Rows of one table made from sources.

    Parameters
    ----------
    rows : Rows
        With the line of the source that each came from.
    counts : DataFrame
        Columns table, file, source_rows, passed_over, repeated, joined: places in the source where
        a row of the table could stand, those where nothing was recorded or the row is about
        something else, those that say again what another row says, and those that are part of the
        row that another began, as answers to one form are.
    """

    rows: Rows
    counts: pd.DataFrame


def make_records(block: Block, sources: Sequence[Rows]) -> Records:
    """Make the rows that one block of a mapping describes.

    Parameters
    ----------
    block : Block
        The block.
    sources : sequence of Rows
        One for each source; those whose name does not fit the block are passed by.

    Returns
    -------
    Records
        Rows of the block's table.
    """
    parts: list[Rows] = []
    counts: list[tuple[str, str, int, int, int, int]] = []
    for source in sources:
        if not block.is_about(source.files[0]):
            continue
        places, joined = len(source) * len(block.records), 0
        notices: tuple[str, ...] = ()
        if block.answers is not None:
            gathered = gather_answers(block, source)
            source, joined = gathered.rows, gathered.joined * len(block.records)
            notices = source.notices
        # what all records take from one column in one way is rewritten once
        done: list[tuple[str, CellSource, Rewritten]] = []
        made = [_one_record(block, number, source, done) for number in range(len(block.records))]
        kept = sum(len(part) for part in made)
        if notices:
            made[0] = replace(made[0], notices=notices).remember(made[0].known)
        parts += made
        passed = places - joined - kept
        counts.append((block.table.name, source.files[0], places, passed, 0, joined))
    rows = stack(parts)
    table = pd.DataFrame(counts, columns=list(COUNTS))
    if block.one_row_per_key:
        rows, repeated = _merge_repeats(block, rows)
        table["repeated"] = [repeated[rows.files.index(name)] for name in table["file"]]
    return Records(rows, table)


def _one_record(
    block: Block, number: int, source: Rows, done: list[tuple[str, CellSource, Rewritten]]
) -> Rows:
    """Rows that one record of a block makes of a source."""
    record, varying = block.records[number], block.varying[number]
    broken_at = np.zeros(len(source), dtype=bool)
    broken_at[[row.position for row in source.broken if not row.column]] = True
    written = {}
    for name, cell in record.items():
        found = next((each for to, way, each in done if to == name and way == cell), None)
        if found is None:
            found = rewrite(cell, block.table.column(name), source)
            done.append((name, cell, found))
        written[name] = found
    cells = pd.DataFrame({name: column.cells for name, column in written.items()})
    meant = np.ones(len(source), dtype=bool)
    for condition in block.where:
        meant &= condition.chosen(source.cells)
    if varying:
        meant &= (cells[list(varying)] != "").any(axis=1).to_numpy()
    meant |= broken_at
    place = np.cumsum(meant) - 1
    named: dict[str, list[str]] = {}
    for name, cell in record.items():
        for needed in cell.needs:
            named.setdefault(needed, []).append(name)
    broken = [
        replace(row, position=int(place[row.position]), column=target)
        for row in source.broken
        for target in (named.get(row.column, []) if row.column else [""])
        if meant[row.position]
    ]
    for name, column in written.items():
        for mask, reason in column.problems:
            at = place[np.flatnonzero(mask & meant)]
            broken += [Broken(int(position), name, reason) for position in at]
    return Rows(
        cells=cells[meant].reset_index(drop=True),
        line=source.line[meant],
        files=source.files,
        file=source.file[meant],
        broken=tuple(broken),
    ).remember(
        {
            name: Coded(column.coded.codes[meant], column.coded.texts)
            for name, column in written.items()
            if column.coded is not None
        }
    )


def _merge_repeats(block: Block, rows: Rows) -> tuple[Rows, list[int]]:
    """Keep one of the rows that agree; mark all rows of a key whose rows do not."""
    key = list(block.table.key)
    split = np.ones(len(rows), dtype=bool)
    split[[row.position for row in rows.broken if not row.column]] = False
    key = [name for name in key if name in rows.cells]
    keyed = (rows.cells[key] != "").any(axis=1).to_numpy() & split
    cells = rows.cells[keyed]
    distinct = cells.drop_duplicates()
    clash = distinct[distinct.duplicated(key, keep=False)]
    differing = clash.groupby(key, sort=False).nunique().gt(1)
    at_odds = cells.set_index(key).index.isin(differing.index)
    again = np.zeros(len(rows), dtype=bool)
    again[np.flatnonzero(keyed)] = cells.duplicated().to_numpy() & ~at_odds
    broken = list(rows.broken)
    if len(clash):
        first = differing.columns[differing.to_numpy().argmax(axis=1)]
        column_of = pd.Series(first, index=differing.index)
        own = cells[at_odds].set_index(key).index
        words = f"rows of one {', '.join(key)} disagree"
        places = np.flatnonzero(keyed)[at_odds]
        others = _contradicting(cells[at_odds], key, places)
        broken += [
            Broken(int(at), str(column), words, int(other))
            for at, column, other in zip(places, column_of.reindex(own), others, strict=True)
        ]
    stays = ~again
    merged = replace(rows, broken=tuple(broken)).kept(stays)
    repeated = np.bincount(rows.file[again], minlength=len(rows.files))
    return merged, [int(count) for count in repeated]


def _contradicting(cells: pd.DataFrame, key: list[str], places: np.ndarray) -> np.ndarray:
    """Place of a row of the same key that says something else, for each row."""
    key_of = cells.groupby(key, sort=False).ngroup().to_numpy()
    said = cells.groupby(list(cells.columns), sort=False).ngroup().to_numpy()
    rows = pd.DataFrame({"key": key_of, "said": said, "place": places})
    first = rows.groupby("key")[["said", "place"]].transform("first")
    differs = rows["said"] != first["said"]
    elsewhere = rows["place"].where(differs).groupby(rows["key"]).transform("min")
    return first["place"].where(differs, elsewhere).astype("int64").to_numpy()
