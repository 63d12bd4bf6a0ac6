"""A person taken out of a data set: every table, and whatever else an import left beside them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from outcomes.errors import DataContractError
from outcomes.io.digest import file_sha256
from outcomes.io.forgotten import FORGOTTEN_FILE, Forgotten, read_forgotten
from outcomes.io.keys import make_key, own_key_file, read_key
from outcomes.io.load import CHANGES_FILE, IMPORT_FILE, REJECTS_FILE, read_import_record
from outcomes.io.parquet_rows import read_parquet_rows
from outcomes.io.partitions import write_manifest_anew
from outcomes.io.personal import WITHHELD
from outcomes.io.place import placed_together, read_whole
from outcomes.io.write import partitions_on_record, table_files

_PACKED = (".xlsx", ".xlsm", ".zip", ".gz", ".pdf", ".docx", ".db", ".duckdb", ".sqlite")


@dataclass(frozen=True)
class Removal:
    """What was done to take a person out.

    Parameters
    ----------
    rows : dict of str to int
        Rows removed by file.
    looked_through : int
        Files of the folder that were looked through afterwards.
    still_in : tuple of str
        Files in which the id still stands as a word.
    unread : tuple of str
        Files that can't be looked into.
    sources : tuple of str
        Sources of the last import, which still hold the person.
    """

    rows: dict[str, int]
    looked_through: int
    still_in: tuple[str, ...]
    unread: tuple[str, ...]
    sources: tuple[str, ...]


def forget_person(folder: Path | str, patient_id: str) -> Removal:
    """Take a person out of a data set.

    Parameters
    ----------
    folder : Path or str
        Folder of the data set.
    patient_id : str
        Id of the person in that data set.

    Returns
    -------
    Removal
        What was removed, and where the id still stands.

    Raises
    ------
    DataContractError
        If nobody has that id, a file can't be read, or the folder can't be written to; then nothing
        has changed.

    Notes
    -----
    Rows of the person, and of the person's sessions, go from every table. A row that can't be split
    into cells goes where one of them is the id. ``rejects.csv`` keeps its rows, but not their
    values, as it does not say whose they are; ``changes.csv`` goes, and so do files that a killed
    run left. The id itself is kept nowhere: a keyed hash stops imports from bringing the person
    back, and its key lies in the user's own folder. All files change together, or none.
    """
    folder, patient_id = Path(folder), patient_id.strip()
    with read_whole(folder):
        paths = table_files(folder)
        if not any(path.stem == "patients" for path in paths):
            raise DataContractError(
                "the folder is no data set: it holds no patients.", "Correct its name."
            )
        before = _digests(folder)
        record = read_import_record(folder)
        forgotten = _list_of(folder)
        sessions = _sessions_of(paths, patient_id)

    def obsolete() -> list[str]:
        if _digests(folder) != before:
            raise DataContractError(
                "the data set changed in the meantime; nobody was taken out.", "Run it again."
            )
        there = (folder / CHANGES_FILE).is_file()
        return [*partitions_on_record(folder), *([CHANGES_FILE] if there else [])]

    with placed_together(folder, obsolete) as stage:
        rows: dict[str, int] = {}
        for path in paths:
            take_out = _take_out_csv if path.suffix == ".csv" else _take_out_parquet
            rows[path.name] = take_out(path, stage / path.name, patient_id, sessions)
        if not any(rows.values()):
            raise DataContractError(
                "nobody in the data set has this id.", "Write it as patients has it."
            )
        write_manifest_anew(folder, stage)
        if (folder / REJECTS_FILE).is_file():
            _withhold_values(folder / REJECTS_FILE, stage / REJECTS_FILE)
        (stage / FORGOTTEN_FILE).write_text(
            forgotten.with_id(patient_id).text(), encoding="utf-8", newline="\n"
        )
        if record:
            text = json.dumps(_recorded_anew(record, stage), indent=2, ensure_ascii=False)
            (stage / IMPORT_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
    looked, still, unread = find_id(folder, patient_id, sessions)
    sources = tuple(str(each.get("file", "")) for each in record.get("sources", []))
    gone = {name: count for name, count in rows.items() if count}
    return Removal(gone, looked, still, unread, sources)


def find_id(
    folder: Path, patient_id: str, sessions: Collection[str] = ()
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Look for an id in all files of a folder.

    Parameters
    ----------
    folder : Path
        The folder, with all below it.
    patient_id : str
        The id.
    sessions : collection of str
        Ids of the person's sessions, looked for in tables too.

    Returns
    -------
    int
        Files looked through.
    tuple of str
        Those in which it stands: in tables as a cell of a column of ids, elsewhere as a word.
    tuple of str
        Files that can't be looked into.
    """
    known = {path.resolve() for path in table_files(folder)}
    looked, still, unread = 0, [], []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.resolve() in known:
            found = bool(_theirs(path, patient_id, set(sessions)))
        elif path.suffix.lower() == ".parquet":
            found = _in_parquet(path, patient_id)
        elif path.suffix.lower() in _PACKED:
            unread.append(name)
            continue
        else:
            found = _in_text(path, patient_id)
        looked += 1
        still += [name] if found else []
    return looked, tuple(still), tuple(unread)


def _list_of(folder: Path) -> Forgotten:
    """List of those taken out before, with its key; a new key where there is none yet."""
    forgotten = read_forgotten(folder)
    if forgotten.key:
        return forgotten
    path = own_key_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_key(path, away_from=(folder,))
    return Forgotten(key=read_key(path, away_from=(folder,)))


def _digests(folder: Path) -> dict[str, str]:
    names = [
        *(path.name for path in table_files(folder)),
        IMPORT_FILE,
        REJECTS_FILE,
        FORGOTTEN_FILE,
    ]
    paths = [folder / name for name in names]
    return {path.name: file_sha256(path) for path in paths if path.is_file()}


def _sessions_of(paths: list[Path], patient_id: str) -> set[str]:
    """Ids of the person's sessions."""
    path = next((each for each in paths if each.stem == "sessions"), None)
    if path is None:
        return set()
    if path.suffix == ".parquet":
        frame = read_parquet_rows(path, lambda names: [n for n in _IDS if n in names]).cells
        cells = frame.astype("str").apply(lambda column: column.str.strip())
    else:
        header, *rows = _lines(path)
        cells = pd.DataFrame(
            [dict(zip(header, map(str.strip, row), strict=False)) for row in rows], dtype="str"
        )
    if not set(_IDS) <= set(cells.columns):
        return set()
    return set(cells.loc[cells["patient_id"] == patient_id, "session_id"].dropna()) - {""}


_IDS = ("patient_id", "session_id")


def _lines(path: Path) -> list[list[str]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    return [[name.strip() for name in rows[0]], *rows[1:]] if rows else [[]]


def _is_theirs(header: list[str], patient_id: str, sessions: set[str]) -> Callable[[Any], bool]:
    at = {name: header.index(name) for name in _IDS if name in header}

    def theirs(row: list[str]) -> bool:
        if len(row) != len(header):
            # nobody can tell whose it is
            return any(cell.strip() == patient_id or cell.strip() in sessions for cell in row)
        if "patient_id" in at and row[at["patient_id"]].strip() == patient_id:
            return True
        return "session_id" in at and row[at["session_id"]].strip() in sessions

    return theirs


def _theirs(path: Path, patient_id: str, sessions: set[str]) -> int:
    """Count the person's rows in a table."""
    if path.suffix == ".parquet":
        return int(pc.sum(_mask(pa.parquet.read_table(path), patient_id, sessions)).as_py() or 0)
    header, *rows = _lines(path)
    return sum(map(_is_theirs(header, patient_id, sessions), rows))


def _take_out_csv(path: Path, target: Path, patient_id: str, sessions: set[str]) -> int:
    header, *rows = _lines(path)
    theirs = _is_theirs(header, patient_id, sessions)
    kept = [row for row in rows if not theirs(row)]
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *kept] if header else [])
    return len(rows) - len(kept)


def _mask(table: pa.Table, patient_id: str, sessions: set[str]) -> pa.Array:
    mask = pa.repeat(False, table.num_rows)
    for name, ids in zip(_IDS, ({patient_id}, sessions), strict=True):
        if name in table.column_names and ids:
            texts = pc.utf8_trim_whitespace(table[name].cast(pa.large_string()))
            found = pc.is_in(texts, value_set=pa.array(sorted(ids), pa.large_string()))
            mask = pc.or_(mask, found)
    return mask


def _take_out_parquet(path: Path, target: Path, patient_id: str, sessions: set[str]) -> int:
    gone = 0
    with (
        pa.parquet.ParquetFile(path) as file,
        pa.parquet.ParquetWriter(target, file.schema_arrow) as writer,
    ):
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            kept = table.filter(pc.invert(_mask(table, patient_id, sessions)))
            gone += table.num_rows - kept.num_rows
            writer.write_table(kept, row_group_size=max(kept.num_rows, 1))
    return gone


def _withhold_values(path: Path, target: Path) -> None:
    """Keep the list of rejects without what stood in the rows."""
    header, *rows = _lines(path)
    if "value" in header:
        at = header.index("value")
        rows = [
            [*row[:at], WITHHELD if row[at] else "", *row[at + 1 :]]
            for row in rows
            if len(row) == len(header)
        ]
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def _recorded_anew(record: dict[str, Any], stage: Path) -> dict[str, Any]:
    """Record of the import with the hashes of what is there now."""
    files = dict(record["files"])
    for path in stage.iterdir():
        if path.name in files:
            files[path.name] = file_sha256(path)
    return {**record, "changes": [], "files": files}


def _in_text(path: Path, patient_id: str) -> bool:
    word = re.compile(rf"(?<![\w-]){re.escape(patient_id)}(?![\w-])")
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix.lower() == ".json":
        try:
            return any(word.search(each) for each in _texts_in(json.loads(text)))
        except ValueError:
            pass
    return word.search(text) is not None


def _texts_in(content: Any) -> list[str]:
    """All texts in what JSON holds; numbers are counts there."""
    if isinstance(content, dict):
        return [each for pair in content.items() for part in pair for each in _texts_in(part)]
    if isinstance(content, list):
        return [each for part in content for each in _texts_in(part)]
    return [content] if isinstance(content, str) else []


def _in_parquet(path: Path, patient_id: str) -> bool:
    try:
        table = pa.parquet.read_table(path)
    except (pa.ArrowException, OSError):
        return True
    texts = [name for name in table.column_names if pa.types.is_string(table[name].type)]
    texts += [name for name in table.column_names if pa.types.is_large_string(table[name].type)]
    return any(pc.any(pc.equal(table[name], patient_id)).as_py() for name in texts)
