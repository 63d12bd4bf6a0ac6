"""Columns of a design: their names as in R, and how each depends on the visit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from formulaic.model_spec import ModelSpec

from .variables import Variable

Pieces = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Column:
    """How one design column depends on the visit.

    Parameters
    ----------
    key : str
        Name of the part that does not depend on the visit itself.
    visit : int or None
        The only visit at which the column is not zero; None for any.
    varies : bool
        Whether the part named by `key` may differ between the visits of a subject.
    pieces : tuple of (variable, level or None), or None
        The part as a product of numbers and of indicators of levels; None where it is something
        else, such as a function of a variable.
    """

    key: str
    visit: int | None
    varies: bool
    pieces: Pieces | None


def split_pieces(column: str) -> list[str]:
    """Split a column name at the colons outside brackets."""
    pieces, depth, start = [], 0, 0
    for i, letter in enumerate(column):
        if letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
        elif letter == ":" and depth == 0:
            pieces.append(column[start:i])
            start = i + 1
    return [*pieces, column[start:]]


def _split_level(piece: str, factors: list[str]) -> tuple[str, str | None]:
    """Split a piece "factor[T.level]" of a column name into factor and level."""
    for factor in factors:
        if piece == factor:
            return factor, None
        if piece.startswith(factor + "[") and piece.endswith("]"):
            return factor, piece[len(factor) + 1 : -1]
    return piece, None


def _factors(spec: ModelSpec) -> list[str]:
    return sorted(map(str, spec.factors), key=len, reverse=True)


def r_name(column: str, spec: ModelSpec) -> str:
    """Coefficient name as in R: "arm[T.B]:visit[T.2]" is "armB:visit2"."""
    if column == "Intercept":
        return "(Intercept)"
    factors, pieces = _factors(spec), []
    for piece in split_pieces(column):
        factor, level = _split_level(piece, factors)
        if level is not None:
            level = re.sub(r"^(-?\d+)\.0$", r"\1", re.sub(r"^[A-Z]\.", "", level))
        pieces.append(factor + (level or ""))
    return ":".join(pieces)


def describe_columns(
    spec: ModelSpec, visit: str, variables: Mapping[str, Variable], varying: set[str]
) -> tuple[Column, ...]:
    """Read from each column's name, and the variables that vary in time, how it hangs on visits."""
    labels = variables[visit].labels
    reads = {str(factor): {str(v) for v in used} for factor, used in spec.factor_variables.items()}
    factors = _factors(spec)
    columns = []
    for name in spec.column_names:
        if name == "Intercept":
            columns.append(Column("1", None, False, ()))
            continue
        at, varies = None, False
        key: list[str] = []
        pieces: list[tuple[str, int | None]] | None = []
        for piece in split_pieces(name):
            factor, level = _split_level(piece, factors)
            used = reads.get(factor, {visit})
            code = _level_code(factor, level, variables)
            if used == {visit} and at is None and (plain := _visit_code(level, labels)) is not None:
                at = plain
                continue
            key.append(piece)
            varies = varies or bool(used & (varying | {visit}))
            if pieces is not None and factor in variables and (level is None) == (code is None):
                pieces.append((factor, code))
            else:
                pieces = None
        found = tuple(pieces) if pieces is not None else None
        columns.append(Column(":".join(key) or "1", at, varies, found))
    return tuple(columns)


def _visit_code(level: str | None, labels: list[str]) -> int | None:
    """Visit of an indicator column, which treatment coding marks [T.level] or, in full, [level]."""
    plain = re.sub(r"^T\.", "", level) if level is not None else ""
    return labels.index(plain) if plain in labels else None


def _level_code(factor: str, level: str | None, variables: Mapping[str, Variable]) -> int | None:
    if level is None or factor not in variables:
        return None
    plain = re.sub(r"^T\.", "", level)
    labels = variables[factor].labels
    return labels.index(plain) if plain in labels else None
