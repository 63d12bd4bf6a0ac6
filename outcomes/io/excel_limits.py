"""What a workbook unpacks to, measured before a library is trusted with it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NoReturn

from outcomes.errors import DataContractError
from outcomes.io.csv_rows import COLUMN_LIMIT

BYTES_LIMIT = 1 << 30
"""Unpacked size of a workbook; a million appointments take a fifth of it."""
CELLS_LIMIT = 20_000_000
"""Cells of the rectangle that a sheet spans, filled or not: they are held in memory."""
_CHUNK = 1 << 20
_OVERLAP = 1 << 10
_PLACE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_CELL = re.compile(rb"<(?:\w+:)?c[ />]")


def refuse_oversized(path: Path) -> None:
    """Refuse a file that is no workbook, or would fill the memory.

    Parameters
    ----------
    path : Path
        An ``.xlsx`` or ``.xlsm`` file.

    Raises
    ------
    DataContractError
        If it is no such file, unpacks to more than a gigabyte or to another size than it says, or a
        sheet has too many columns or spans too many cells.

    Notes
    -----
    A kilobyte can unpack to a gigabyte, and one cell in the last corner of a sheet makes a reader
    hold seventeen thousand million of them. So all parts are unpacked once in pieces, counted and
    forgotten.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            parts = archive.infolist()
            if "[Content_Types].xml" not in archive.namelist():
                raise zipfile.BadZipFile
            if sum(part.file_size for part in parts) > BYTES_LIMIT:
                _refuse_size(path)
            room = BYTES_LIMIT
            for part in parts:
                room -= _measure(_unpacked(raw, part), path, room)
    except OSError as error:
        raise DataContractError(
            f"the file can't be read ({error.strerror}).",
            "Check that it is there and that you may read it.",
            file=path.name,
        ) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError):
        raise DataContractError(
            "the file is no Excel workbook that can be read.",
            "Save it as .xlsx, without a password.",
            file=path.name,
        ) from None


def _unpacked(raw: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a part piece by piece, as far as its bytes go and not as far as its header says."""
    raw.seek(part.header_offset)
    head = raw.read(30)
    if len(head) < 30 or part.flag_bits & 1:
        raise zipfile.BadZipFile
    skip = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    raw.seek(skip, 1)
    left = part.compress_size
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    seen = 0
    while left or engine.unconsumed_tail:
        packed = engine.unconsumed_tail
        if not packed:
            packed = raw.read(min(left, _CHUNK))
            if not packed:
                raise zipfile.BadZipFile
            left -= len(packed)
        if part.compress_type == zipfile.ZIP_STORED:
            piece = packed
        elif part.compress_type == zipfile.ZIP_DEFLATED:
            piece = engine.decompress(packed, _CHUNK)
        else:
            raise zipfile.BadZipFile
        seen += len(piece)
        if seen > part.file_size:
            raise zipfile.BadZipFile
        yield piece
        if engine.eof:
            break


def _measure(pieces: Iterator[bytes], path: Path, room: int) -> int:
    """Count the bytes of a part, and refuse a sheet whose cells reach too far."""
    seen = columns = lines = unplaced = 0
    is_sheet = False
    tail = b""
    for piece in chain(pieces, (b"",)):
        seen += len(piece)
        if seen > room:
            _refuse_size(path)
        text = tail + piece
        # a tag that is cut off is left to the next piece, where it is whole
        cut = max(text.rfind(b"<"), len(text) - _OVERLAP) if piece else len(text)
        text, tail = text[:cut], text[cut:]
        found = _PLACE.findall(text)
        is_sheet = is_sheet or b"sheetData" in text
        unplaced += len(_CELL.findall(text)) - len(found)
        columns = max([columns, *(_number(name) for name in {name for name, _ in found})])
        lines = max([lines, *(int(line) for _, line in found)])
        if columns > COLUMN_LIMIT or columns * lines > CELLS_LIMIT:
            raise DataContractError(
                f"a sheet spans {lines:,} lines and {columns:,} columns; {COLUMN_LIMIT:,} columns "
                f"and {CELLS_LIMIT:,} cells are the most.",
                "Delete stray cells far from the table, or split the sheet.",
                file=path.name,
            )
    if is_sheet and unplaced:
        raise DataContractError(
            "cells of a sheet do not say where they stand.",
            "Open the file in Excel or LibreOffice and save it again.",
            file=path.name,
        )
    return seen


def _number(letters: bytes) -> int:
    """Count columns from their letters, A being 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_size(path: Path) -> NoReturn:
    raise DataContractError(
        "the workbook unpacks to more than a gigabyte.",
        "Remove pictures and sheets that are not needed, or save the sheets as CSV.",
        file=path.name,
    )
