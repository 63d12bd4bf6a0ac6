"""Rows of sources into a data set, through a mapping: what every kind of import has in common."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.changes import NO_CHANGES, Changes, changes_between
from outcomes.io.checking import Loaded, check_rows
from outcomes.io.digest import file_sha256
from outcomes.io.forgotten import Forgotten, read_forgotten
from outcomes.io.load import (
    CHANGES_FILE,
    IMPORT_FILE,
    REJECTS_FILE,
    read_import_record,
    with_unrecorded,
)
from outcomes.io.mapping import Mapping
from outcomes.io.personal import reject_personal
from outcomes.io.place import placed_together, read_whole
from outcomes.io.records import make_records
from outcomes.io.rows import Rows, stack
from outcomes.io.settings_file import settings_to_write
from outcomes.io.write import (
    frames_of,
    partitions_on_record,
    record_partitions,
    table_files,
    write_frames,
)
from outcomes.schema import SCHEMAS
from outcomes.settings import SETTINGS_FILE, read_settings, settings_from

MAPPING_FILE = "mapping.toml"
_REASONS = 15
# without a row they still say what the others are checked against
_KEPT = ("patients", "sessions", "assessments")


@dataclass(frozen=True)
class Fetched:
    """A source that is no file, such as the rows that a database gave.

    Parameters
    ----------
    name : str
        Name of the source.
    sha256 : str
        Digest of what it gave.
    """

    name: str
    sha256: str


class ResourceAccount(Protocol):
    """Account of things that rows were made of, such as the resources of FHIR."""

    def settle(self, rejects: pd.DataFrame) -> pd.DataFrame:
        """Say what became of each, once their rows have been judged."""

    def rejects(self) -> pd.DataFrame:
        """List what could not be read, in the columns of rejected rows."""

    def reasons(self) -> pd.DataFrame:
        """List those that were skipped, with why."""


@dataclass(frozen=True)
class ImportSummary:
    """What an import made of its sources, or would make.

    Parameters
    ----------
    accounting : DataFrame
        A row for each table and source: table, file, source_rows (places where a row of the table
        could stand: rows of the source times records made of each), passed_over (nothing recorded
        there, or about something else), repeated (said before by another row), joined (part of the
        row that another began), rows_read, rows_accepted, rows_rejected. source_rows = passed_over
        + repeated + joined + rows_read, and rows_read = rows_accepted + rows_rejected.
    loaded : Loaded
        The data set with its rejects and notices.
    written : bool
        False for a trial run.
    changes : DataFrame
        A row for each table that differs from the import before: table, added, changed, removed.
    resources : DataFrame, optional
        Of a FHIR source, a row for each file and type of resource: file, resource, read, accepted,
        rejected, skipped; read is the sum of the other three.
    skipped : DataFrame, optional
        Why resources were skipped: file, resource, reason, resources.
    """

    accounting: pd.DataFrame
    loaded: Loaded
    written: bool
    changes: pd.DataFrame
    resources: pd.DataFrame | None = None
    skipped: pd.DataFrame | None = None

    def __str__(self) -> str:
        """Write the counts, the most frequent reasons and the notices as plain text."""
        lines = ["Written." if self.written else "A trial run: nothing was written.", ""]
        shown = self.accounting.rename(columns=lambda name: name.replace("rows_", ""))
        lines += [shown.to_string(index=False), ""]
        if self.resources is not None and self.skipped is not None:
            lines += [self.resources.to_string(index=False), ""]
            why = self.skipped.groupby(["resource", "reason"], as_index=False)["resources"].sum()
            lines += [
                f"{row.resources:,} {row.resource} skipped: {row.reason}"
                for row in why.itertuples()
            ]
        rejects = self.loaded.rejects
        where = rejects["table"] + " " + rejects["column"]
        reasons = rejects["reason"].str.replace(r" \((?:[^()]*, )?line \d+\)$", "", regex=True)
        counts = (where.str.strip() + ": " + reasons).value_counts().head(_REASONS)
        lines += [f"{rows:,} rejected: {why}" for why, rows in counts.items()]
        lines += [
            f"{row.table}: {row.added:,} added, {row.changed:,} changed, {row.removed:,} removed "
            "since the last import."
            for row in self.changes.itertuples()
        ]
        return "\n".join([*lines, *self.loaded.notices]).rstrip()


def import_rows(
    read: Sequence[Rows],
    sources: Sequence[Path | Fetched],
    mapping: Mapping,
    out: Path,
    *,
    check: bool,
    format: str,
    resources: ResourceAccount | None = None,
) -> ImportSummary:
    """Make a data set of rows that were read from sources.

    Parameters
    ----------
    read : sequence of Rows
        Rows of each source, with the columns that the mapping names.
    sources : sequence of Path or Fetched
        The files they are from, for their hashes; or what was fetched from elsewhere.
    mapping : Mapping
        What becomes of their columns.
    out : Path
        Folder of the data set.
    check : bool
        Only say what would happen.
    format : {"csv", "parquet"}
        Kind of the files written.
    resources : ResourceAccount, optional
        Where rows were made of several resources: what became of each of these.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices.

    Raises
    ------
    DataContractError
        As for `import_csv`.
    """
    forgotten = read_forgotten(out)
    made, passed_by = forgotten.leave_out(
        [make_records(block, read) for block in mapping.blocks],
        [block.table.name for block in mapping.blocks],
    )
    notices = tuple(notice for rows in read for notice in rows.notices)
    # a million rows are held once at a time: the callers keep no rows of their own
    del read
    by_table = {
        name: reject_personal(
            schema,
            stack(
                [
                    each.rows
                    for each, block in zip(made, mapping.blocks, strict=True)
                    if block.table.name == name
                ]
            ),
        )
        for name, schema in SCHEMAS.items()
        if any(block.table.name == name for block in mapping.blocks)
    }
    counts = pd.concat([each.counts for each in made], ignore_index=True)
    del made
    accounted = dict(by_table)
    silent = [name for name, rows in by_table.items() if name not in _KEPT and not len(rows)]
    for name in silent:
        # a sheet of events that nobody fills in would read as care without any event
        del by_table[name]
    if silent:
        notices += (
            f"The sources hold no row of {', '.join(silent)}, so the data set has no such table: "
            "that counts as not recorded, which is something else than none.",
        )
    with read_whole(out):
        before = _imported_before(out)
        settings = settings_to_write(mapping.settings, out, before.get(SETTINGS_FILE), mapping.file)
    loaded = check_rows(
        by_table,
        read_settings(out) if settings is None else settings_from(mapping.settings),
        complete_to=pd.Timestamp(mapping.complete_to) if mapping.complete_to else None,
        source=mapping.name or out.resolve().name,
    )
    not_recorded = mapping.not_recorded
    notices = (*notices, *loaded.notices, *passed_by)
    loaded = with_unrecorded(replace(loaded, notices=notices), not_recorded)
    accounting = _account(counts, accounted, loaded.rejects)
    settled = None if resources is None else resources.settle(loaded.rejects)
    skipped = None if resources is None else resources.reasons()
    if resources is not None and len(unread := resources.rejects()):
        rejects = pd.concat([loaded.rejects, unread.astype(loaded.rejects.dtypes)])
        loaded = replace(loaded, rejects=rejects.reset_index(drop=True))
    if check:
        _obsolete(out, by_table, format)
        with read_whole(out):
            changed = _changes(out, frames_of(loaded.tables), {}).counts
    else:
        if loaded.tables.patients.empty:
            reason = loaded.rejects.loc[loaded.rejects["table"] == "patients", "reason"]
            most = f", most often because: {reason.mode()[0]}" if len(reason) else ""
            raise DataContractError(
                f"no patient could be imported{most}.",
                "Run the import with --check to see all reasons; nothing was written.",
                file=mapping.file,
                column="patients",
            )
        record = {
            "name": mapping.name,
            "origin": mapping.origin,
            "complete_to": mapping.complete_to,
            "not_recorded": list(not_recorded),
            "sources": [{"file": each.name, "sha256": _digest(each)} for each in sources],
            "accounting": json.loads(accounting.to_json(orient="records")),
        }
        if settled is not None and skipped is not None:
            record["resources"] = json.loads(settled.to_json(orient="records"))
            record["skipped"] = json.loads(skipped.to_json(orient="records"))
        changed = _write(loaded, mapping, settings, record, forgotten, out, format)
    return ImportSummary(accounting, loaded, not check, changed, resources=settled, skipped=skipped)


def _account(
    counts: pd.DataFrame, by_table: dict[str, Rows], rejects: pd.DataFrame
) -> pd.DataFrame:
    """Add up what became of every place in the sources."""
    account = counts.groupby(["table", "file"], sort=False, as_index=False).sum()
    account["rows_read"] = [
        int((by_table[table].file == by_table[table].files.index(file)).sum())
        for table, file in zip(account["table"], account["file"], strict=True)
    ]
    rejected = rejects.groupby(["table", "file"]).size()
    keys = pd.MultiIndex.from_frame(account[["table", "file"]])
    account["rows_rejected"] = rejected.reindex(keys, fill_value=0).to_numpy()
    account["rows_accepted"] = account["rows_read"] - account["rows_rejected"]
    return account


def _write(
    loaded: Loaded,
    mapping: Mapping,
    settings: str | None,
    record: dict[str, Any],
    forgotten: Forgotten,
    out: Path,
    format: str,
) -> pd.DataFrame:
    """Put the data set in place, take away tables that are no more, and count what changed."""
    frames = frames_of(loaded.tables)

    def obsolete() -> list[str]:
        forgotten.refuse_if_changed(out)
        return _obsolete(out, frames, format)

    with placed_together(out, obsolete) as stage:
        write_frames(frames, stage, format)
        if format == "parquet":
            record_partitions(loaded.tables, stage)
        loaded.rejects.to_csv(stage / REJECTS_FILE, index=False, encoding="utf-8")
        (stage / MAPPING_FILE).write_text(mapping.text, encoding="utf-8", newline="\n")
        if settings is not None:
            (stage / SETTINGS_FILE).write_text(settings, encoding="utf-8", newline="\n")
        hashes = {path.name: file_sha256(path) for path in sorted(stage.iterdir())}
        if settings is None and (written := _imported_before(out).get(SETTINGS_FILE)):
            hashes[SETTINGS_FILE] = written
        with read_whole(out):
            changes = _changes(out, frames, hashes)
            told = read_import_record(out).get("changes", [])
        if len(changes.counts):
            # an import that changes nothing keeps what the one before it said
            told = json.loads(changes.counts.to_json(orient="records"))
            changes.rows.to_csv(stage / CHANGES_FILE, index=False, encoding="utf-8")
        whole = {**record, "changes": told, "files": hashes}
        text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
        (stage / IMPORT_FILE).write_text(text, encoding="utf-8", newline="\n")
    return changes.counts


def _changes(
    out: Path, frames: Dictionary[str, pd.DataFrame], hashes: Dictionary[str, str]
) -> Changes:
    """Compare with the import before; files that are the same byte for byte need no look."""
    before = _imported_before(out)
    if not before:
        return NO_CHANGES
    same = [name.partition(".")[0] for name in hashes if before.get(name) == hashes[name]]
    return changes_between(out, frames, same)


def _obsolete(out: Path, frames: Collection[str], format: str) -> list[str]:
    """Files of tables that an earlier import wrote and this one does not write again."""
    before = _imported_before(out)
    there = [path.name for path in table_files(out)]
    foreign = [name for name in there if name not in before]
    if foreign:
        raise DataContractError(
            f"the folder holds tables that no import wrote: {', '.join(foreign)}.",
            "Choose another folder for the import.",
            file=out.name,
        )
    left = [name for name in there if name not in {f"{table}.{format}" for table in frames}]
    return left if format == "parquet" else [*left, *partitions_on_record(out)]


def _imported_before(out: Path) -> dict[str, str]:
    """Files that an earlier import wrote, with their hashes."""
    files = read_import_record(out).get("files", {})
    return {str(name): str(digest) for name, digest in files.items()}


def _digest(source: Path | Fetched) -> str:
    return source.sha256 if isinstance(source, Fetched) else file_sha256(source)
