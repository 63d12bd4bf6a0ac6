"""CSV files into cells of text, each row with the line it stands on."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from outcomes.errors import DataContractError
from outcomes.io.csv_lines import LINE_LIMIT, split_rows
from outcomes.io.rows import Broken, Rows, rows_of_file

COLUMN_LIMIT = 10_000
# Small, so that the rows of one are gone before the garbage collector minds them.
_CHUNK = 2_000
# A letter has four bytes at the most.
_LINE_BYTES = 4 * LINE_LIMIT
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is written.

    Parameters
    ----------
    delimiter : str
        Character between cells.
    encoding : str
        Name of the encoding; a byte-order mark is skipped.
    """

    delimiter: str = ","
    encoding: str = "utf-8"


CONTRACT_FORMAT = CsvFormat()


def read_header(path: Path, style: CsvFormat = CONTRACT_FORMAT) -> list[str]:
    """Read the names in the first line of a CSV file.

    Parameters
    ----------
    path : Path
        The file.
    style : CsvFormat
        How it is written.

    Returns
    -------
    list of str
        Names in order, without spaces around them.

    Raises
    ------
    DataContractError
        If the file can't be read, is empty, or its first line is no header.
    """
    with _opened(path, style) as stream:
        for _, cells, _ in split_rows(stream, path.name, style.delimiter):
            return _checked_header(cells, path.name)
    raise DataContractError(
        "the file is empty.",
        "Write the header line, or remove the file if there is nothing to record.",
        file=path.name,
    )


def read_csv_rows(
    path: Path, wanted: Callable[[list[str]], list[str]], style: CsvFormat = CONTRACT_FORMAT
) -> Rows:
    """Read the wanted columns of a CSV file as text.

    Parameters
    ----------
    path : Path
        The file.
    wanted : callable
        Receives the header and returns the columns to keep; what it raises is passed on.
    style : CsvFormat
        How the file is written.

    Returns
    -------
    Rows
        Cells as they are written, empty where nothing is; rows with too few or too many cells, a
        quote left open or bytes of another encoding are marked broken. Blank lines are not rows.

    Raises
    ------
    DataContractError
        If the file can't be read, is empty, or its first line is no header.

    Notes
    -----
    A quote that is never closed spoils its own line only: reading resumes on the next one.
    """
    header = read_header(path, style)
    keep = wanted(header)
    positions = [header.index(name) for name in keep]
    plain = _read_plain(path, header, positions, style)
    if plain is not None:
        table, lines = plain, np.arange(2, plain.num_rows + 2)
        broken: tuple[Broken, ...] = ()
    else:
        table, lines, broken = _read_any(path, len(header), positions, keep, style)
    cells = pd.DataFrame(index=range(len(lines)))
    if keep:
        cells = table.rename_columns(keep).to_pandas()
    return rows_of_file(cells, lines, path.name, broken)


@contextmanager
def _opened(path: Path, style: CsvFormat) -> Iterator[TextIO]:
    """Open a file as text; bytes that are none become lone surrogates, to be found by row."""
    encoding = "utf-8-sig" if style.encoding.lower() in ("utf-8", "utf8") else style.encoding
    try:
        with path.open("rb") as raw:
            if raw.read(2) in _UTF16 and encoding == "utf-8-sig":
                raise DataContractError(
                    "the file is UTF-16.", "Save it as CSV UTF-8.", file=path.name
                )
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
            yield stream
    except OSError as error:
        raise DataContractError(
            f"the file can't be read ({error.strerror}).",
            "Check that it is there and that you may read it.",
            file=path.name,
        ) from None
    except UnicodeError:
        raise DataContractError(
            f"the file is not text in the encoding {style.encoding}.",
            "Save it as CSV UTF-8, or name its encoding in the mapping.",
            file=path.name,
        ) from None


def _checked_header(cells: list[str] | None, file: str) -> list[str]:
    if cells is None or any(_SURROGATE.search(name) for name in cells):
        raise DataContractError(
            "the header can't be read as UTF-8 text.", "Save it as CSV UTF-8.", file=file, line=1
        )
    if len(cells) > COLUMN_LIMIT:
        raise DataContractError(
            f"the header has {len(cells):,} columns; {COLUMN_LIMIT:,} are the most.",
            "Check that rows and columns are the right way round.",
            file=file,
            line=1,
        )
    return [name.strip() for name in cells]


def _read_plain(
    path: Path, header: list[str], positions: list[int], style: CsvFormat
) -> pa.Table | None:
    """Read a file in which every line is one whole row; None where it is not that plain.

    Ten times as fast as reading row by row, which stays the judge of everything out of order.
    """
    ascii_mark = len(style.delimiter.encode()) == 1
    if style.encoding.lower() not in ("utf-8", "utf8") or not ascii_mark or not positions:
        return None
    if _endless_line(path):
        return None
    data = path.read_bytes()
    first = data.split(b"\n", 1)[0].removeprefix(codecs.BOM_UTF8)
    lone_returns = data.count(b"\r") != data.count(b"\r\n")
    if lone_returns or not first.strip() or first.count(b'"') % 2 or not _well_quoted(data, style):
        return None
    physical = data.rstrip(b"\r\n").count(b"\n") + 1
    names = [str(position) for position in range(len(header))]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=pa.csv.ParseOptions(
                delimiter=style.delimiter, newlines_in_values=b'"' in data
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types={names[position]: pa.large_string() for position in positions},
                include_columns=[names[position] for position in positions],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows + 1 == physical else None


def _endless_line(path: Path) -> bool:
    """Whether a line is longer than any row, found without holding the file in memory."""
    with path.open("rb") as stream:
        while len(chunk := stream.read(_LINE_BYTES)) == _LINE_BYTES:
            if b"\n" not in chunk:
                return True
    return False


def _well_quoted(data: bytes, style: CsvFormat) -> bool:
    """Whether every quote opens, closes or doubles where it should; readers differ otherwise."""
    if b'"' not in data:
        return True
    delimiter, quote, returned, newline = *style.delimiter.encode(), *b'"\r\n'
    text = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(text == quote)
    before, after = quotes[0::2] - 1, quotes[1::2] + 1
    opens = np.isin(text[before[before >= 0]], (delimiter, newline, quote)).all()
    closes = np.isin(text[after[after < len(text)]], (delimiter, returned, newline, quote)).all()
    return len(quotes) % 2 == 0 and bool(opens) and bool(closes)


def _read_any(
    path: Path, width: int, positions: list[int], keep: list[str], style: CsvFormat
) -> tuple[pa.Table, np.ndarray, tuple[Broken, ...]]:
    """Read a file row by row, whatever is wrong with it."""
    lines: list[int] = []
    broken: list[Broken] = []
    chunks: list[pa.Table] = []
    blank = [""] * width
    with _opened(path, style) as stream:
        records = islice(split_rows(stream, path.name, style.delimiter), 1, None)
        while block := list(islice(records, _CHUNK)):
            start = len(lines)
            broken += [
                Broken(start + place, "", reason)
                for place, (_, cells, reason) in enumerate(block)
                if cells is None
            ]
            lines += [line for line, _, _ in block]
            columns = list(zip(*(cells or blank for _, cells, _ in block), strict=True))
            arrays = [_text(columns[position]) for position in positions]
            for name, (_, bad) in zip(keep, arrays, strict=True):
                broken += [Broken(start + place, name, "is not UTF-8 text") for place in bad]
            chunks.append(pa.table([array for array, _ in arrays], names=keep))
    schema = pa.schema([(name, pa.large_string()) for name in keep])
    table = pa.concat_tables(chunks) if chunks else schema.empty_table()
    return table, np.array(lines, dtype=np.int64), tuple(broken)


def _text(cells: tuple[str, ...]) -> tuple[pa.Array, list[int]]:
    """Cells as an array, and the places of those with bytes that are no text."""
    try:
        return pa.array(cells, pa.large_string()), []
    except UnicodeEncodeError:
        bad = [place for place, cell in enumerate(cells) if _SURROGATE.search(cell)]
        clean = [_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", cell) for cell in cells]
        return pa.array(clean, pa.large_string()), bad
