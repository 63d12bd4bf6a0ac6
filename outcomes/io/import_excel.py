"""Excel workbooks of any layout into a data set, through a mapping that names the sheets."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from outcomes.errors import DataContractError
from outcomes.io.excel_rows import ENDINGS, ExcelFile
from outcomes.io.importing import ImportSummary, import_rows
from outcomes.io.mapping import Block, Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.rows import Rows, sheet_name
from outcomes.io.sources import known_format, read_named, source_paths


def import_excel(
    sources: Path | str | Sequence[Path | str],
    mapping: Mapping | Path | str,
    out: Path | str,
    *,
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring Excel workbooks into a data set.

    Parameters
    ----------
    sources : path or sequence of paths
        The workbooks (``.xlsx``, ``.xlsm``); a folder stands for those in it.
    mapping, out, check, format
        As for `import_csv`.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices; a source is a sheet, such as ``visits.xlsx [2024]``.

    Raises
    ------
    DataContractError
        As for `import_csv`; and if a workbook has several filled sheets and the mapping does not
        say which, or would fill the memory.

    Notes
    -----
    Cells that are dates or numbers by their type are understood as such; what the mapping says of
    the date format and the decimal mark is for text.
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    paths = source_paths(sources, ENDINGS, mapping)
    read: list[Rows] = []
    found: set[str] = set()
    sheets: list[str] = []
    for path in paths:
        book = ExcelFile(path)
        sheets += book.sheets
        for sheet, blocks in _chosen(book, mapping).items():
            lines = _header(blocks, mapping)
            read.append(
                read_named(
                    sheet_name(path.name, sheet),
                    blocks,
                    mapping,
                    lambda wanted, book=book, sheet=sheet, lines=lines: book.read(  # type: ignore[misc]
                        sheet, wanted, lines
                    ),
                    line=lines[-1] if lines else 1,
                )
            )
            found |= {block.key for block in blocks}
    for block in mapping.blocks:
        if block.key not in found:
            close = difflib.get_close_matches(block.sheet, sheets, n=1) or sheets[:20]
            raise DataContractError(
                "no sheet of the workbook fits.",
                f"Write the name of one: {', '.join(map(repr, close))}.",
                file=mapping.file,
                column=f"{block.key}.sheet",
            )
    return import_rows(read, paths, mapping, Path(out), check=check, format=format)


def _chosen(book: ExcelFile, mapping: Mapping) -> dict[str, list[Block]]:
    """Sheets that the mapping is about, with the blocks that are about each."""
    file = book.path.name
    about_file = [block for block in mapping.blocks if block.fits_file(file)]
    unnamed = [block for block in about_file if not block.sheet]
    names = list(book.sheets)
    if unnamed:
        names = book.filled()
        if len(names) != 1:
            raise DataContractError(
                f"the workbook {file} has {len(names)} sheets with something in them, and the "
                "mapping does not say which is meant.",
                f"Add sheet = one of: {', '.join(map(repr, names[:20]))}.",
                file=mapping.file,
                column=f"{unnamed[0].key}.sheet",
            )
    chosen = {
        name: [block for block in about_file if block.is_about(sheet_name(file, name))]
        for name in names
    }
    return {name: blocks for name, blocks in chosen.items() if blocks}


def _header(blocks: list[Block], mapping: Mapping) -> tuple[int, ...]:
    """Lines of the header, on which all blocks about a sheet must agree."""
    said = {block.header for block in blocks}
    if len(said) > 1:
        raise DataContractError(
            "tables made of one sheet name different lines as its header.",
            "Write the same header in each.",
            file=mapping.file,
            column=f"{blocks[-1].key}.header",
        )
    return blocks[0].header
