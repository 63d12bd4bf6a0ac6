"""Sources of an import: which files, and which of their columns a mapping names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from outcomes.errors import DataContractError
from outcomes.io.load import FORMATS
from outcomes.io.mapping import Block, Mapping
from outcomes.io.rows import Rows


def source_paths(
    sources: Path | str | Sequence[Path | str], endings: Collection[str], mapping: Mapping
) -> list[Path]:
    """List the files to import, once they can be told apart and the mapping is about each.

    Parameters
    ----------
    sources : path or sequence of paths
        Files; a folder stands for the files in it with one of the endings, save hidden ones and
        those that Excel keeps of an open workbook.
    endings : collection of str
        Such as ``.csv``.
    mapping : Mapping
        What becomes of them.

    Returns
    -------
    list of Path
        In the order given, those of a folder by name.

    Raises
    ------
    DataContractError
        If there is none, two have one name, or a file and the mapping know nothing of each other.
    """
    given = [sources] if isinstance(sources, Path | str) else list(sources)
    paths: list[Path] = []
    for each in map(Path, given):
        inside = sorted(each.iterdir()) if each.is_dir() else [each]
        paths += [
            path
            for path in inside
            if not each.is_dir()
            or (path.suffix.lower() in endings and not path.name.startswith((".", "~$")))
        ]
    if not paths:
        raise DataContractError("no source was given.", "Name the files to import.")
    names = [path.name for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataContractError(
            "two sources have the same name, so their rows can't be told apart.",
            "Rename one of them.",
            file=twice[0],
        )
    for block in mapping.blocks:
        for key, given_key in (("sheet", block.sheet), ("header", block.header)):
            kinds = {".xlsx", ".ndjson"} if key == "sheet" else {".xlsx"}
            if given_key and kinds.isdisjoint(endings):
                raise DataContractError(
                    "is about sheets of workbooks, and these sources have none.",
                    "Leave it out.",
                    file=mapping.file,
                    column=f"{block.key}.{key}",
                )
        if not any(block.fits_file(name) for name in names):
            raise DataContractError(
                "no source fits this pattern.",
                "Correct it, or give the file too.",
                file=mapping.file,
                column=f"{block.key}.file",
            )
    for name in names:
        if not any(block.fits_file(name) for block in mapping.blocks):
            raise DataContractError(
                f"no table of the mapping is about the source {name}.",
                "Correct the pattern under the key file, or leave the source out.",
                file=mapping.file,
            )
    return paths


def known_format(format: str) -> None:
    """Refuse a kind of file that a data set is not written in.

    Parameters
    ----------
    format : str
        Name of the kind.

    Raises
    ------
    DataContractError
        If it is neither ``csv`` nor ``parquet``.
    """
    if format not in FORMATS:
        raise DataContractError(
            f"tables can't be written as {format}.", f"Use one of: {', '.join(FORMATS)}."
        )


def read_named(
    name: str,
    blocks: Sequence[Block],
    mapping: Mapping,
    read: Callable[[Callable[[list[str]], list[str]]], Rows],
    line: int = 1,
) -> Rows:
    """Read of one source the columns that a mapping names.

    Parameters
    ----------
    name : str
        Name of the source.
    blocks : sequence of Block
        Blocks that are about it.
    mapping : Mapping
        The mapping, for errors.
    read : callable
        Reads the source, given a function that picks columns of its header.
    line : int
        Line of the header, for errors.

    Returns
    -------
    Rows
        The rows, with a notice that names columns left unread.

    Raises
    ------
    DataContractError
        If a column that the mapping names is missing or there twice, or the source can't be read.
    """
    needs: dict[str, str] = {}
    for block in blocks:
        needs = {**block.needs, **needs}
    unread: list[str] = []
    rows = read(_pick(needs, mapping, name, unread, line))
    if not unread:
        return rows
    notice = f"{name}: columns that the mapping does not name were not read: "
    return replace(rows, notices=(*rows.notices, notice + ", ".join(unread) + "."))


def _pick(
    needs: dict[str, str], mapping: Mapping, file: str, unread: list[str], line: int
) -> Callable[[list[str]], list[str]]:
    """Make the function that picks the columns which the mapping names."""

    def wanted(header: list[str]) -> list[str]:
        for name, key in needs.items():
            if name not in header:
                close = difflib.get_close_matches(name, header, n=1)
                raise DataContractError(
                    f"the source {file} has no column {name!r}.",
                    f"Correct the name; the closest is {close[0]!r}."
                    if close
                    else "Correct the name, or the delimiter if the columns are not told apart.",
                    file=mapping.file,
                    column=key,
                )
            if header.count(name) > 1:
                raise DataContractError(
                    "the header names this column twice.",
                    "Rename one of the two.",
                    file=file,
                    line=line,
                    column=name,
                )
        unread.extend(dict.fromkeys(name for name in header if name and name not in needs))
        return [name for name in header if name in needs]

    return wanted
