"""A data set brought up to date as it was set up: its import, then its reports.

Made for a job that runs at night: one at a time, one summary, and what can't be made leaves the
last good one where it is.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from outcomes.errors import DataContractError, OutcomesError
from outcomes.instruments.toml_table import TomlTable
from outcomes.io.importing import ImportSummary
from outcomes.io.kinds import DEFAULT_MAPPINGS, KINDS, ImportOrder, import_as_ordered
from outcomes.io.load import FORMATS, read_import_record
from outcomes.report.make import OnStep, ReportOrder, Say, make_reports
from outcomes.report.places import readers

REFRESH_FILE = "refresh.toml"
"""Says how a data set is brought up to date."""
STATE_FILE = "refresh.json"
"""What the last refresh did: steps and counts, no value of a record."""
_LOCK = ".outcomes-refresh.lock"
_IMPORT_KEYS = {
    "kind": str, "sources": list, "mapping": str, "url": str, "dictionary": str,
    "format": str, "most_removed_percent": float,
}  # fmt: skip
_MOST_REMOVED = 20.0
_FEW = 5
"""Rows that may always go."""
_REPORT_KEYS = {
    "for": str, "clinic": str, "therapist": str, "compare": str, "audience": str, "paper": str,
    "pdf": bool, "word": bool, "out": str,
}  # fmt: skip
_CHOICES = {
    "compare": ("previous", "year"), "audience": ("inside", "outside"), "paper": ("a4", "letter"),
}  # fmt: skip


@dataclass(frozen=True)
class Refresh:
    """How a data set is brought up to date.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    order : ImportOrder, optional
        The import; None where the tables are kept up to date in another way.
    reports : tuple of ReportOrder
        The reports.
    most_removed : float
        Share of a table's rows, in percent, that an import may take away; more looks like a source
        that was cut short.
    """

    data: Path
    order: ImportOrder | None
    reports: tuple[ReportOrder, ...]
    most_removed: float = _MOST_REMOVED


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did.

    Parameters
    ----------
    lines : tuple of str
        The summary, one line a step.
    failed : int
        Steps that did not come about.
    """

    lines: tuple[str, ...]
    failed: int


def read_refresh(data: Path) -> Refresh:
    """Read how a data set is brought up to date.

    Parameters
    ----------
    data : Path
        Folder with ``refresh.toml``. Paths in it count from that folder.

    Returns
    -------
    Refresh
        The import and the reports.

    Raises
    ------
    DataContractError
        If the file is missing or a key does not fit.
    """
    path = data / REFRESH_FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataContractError(
            f"it can't be read ({error.strerror}).",
            f"Write {REFRESH_FILE} beside the data, as docs/refresh.md shows.",
            file=REFRESH_FILE,
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataContractError(
            f"not valid TOML: {error}.", "Mend the line named.", file=REFRESH_FILE
        ) from None
    unknown = sorted(set(content) - {"import", "reports"})
    if unknown or not content:
        raise DataContractError(
            "unknown key." if unknown else "says nothing.",
            "Write [import] and [[reports]].",
            file=REFRESH_FILE,
            column=unknown[0] if unknown else "",
        )
    order, most = None, _MOST_REMOVED
    if "import" in content:
        here = TomlTable(content["import"], "import", REFRESH_FILE)
        order = _import(data, here)
        most = float(here.content.get("most_removed_percent", most))
    orders = content.get("reports", [])
    tables = [
        TomlTable(each, f"reports[{number}]", REFRESH_FILE)
        for number, each in enumerate(orders if isinstance(orders, list) else [orders], start=1)
    ]
    return Refresh(data, order, tuple(_report(data, each) for each in tables), most)


def _import(data: Path, here: TomlTable) -> ImportOrder:
    values = here.check(_IMPORT_KEYS, ("kind",))
    kind = values["kind"]
    if kind not in KINDS:
        here.refuse("kind", "is no kind of source.", f"Use one of: {', '.join(KINDS)}.")
    mapping: str | Path = values.get("mapping", DEFAULT_MAPPINGS.get(kind, ""))
    if not mapping:
        here.refuse("mapping", "is missing.", 'Add mapping = "file.toml".')
    if (data / mapping).is_file():
        mapping = data / mapping
    if values.get("format", FORMATS[0]) not in FORMATS:
        here.refuse("format", "is no kind of file.", f"Use one of: {', '.join(FORMATS)}.")
    dictionary = values.get("dictionary")
    return ImportOrder(
        kind=kind,
        mapping=mapping,
        sources=tuple(data / str(each) for each in values.get("sources", [])),
        url=values.get("url", ""),
        dictionary=None if dictionary is None else data / dictionary,
        format=values.get("format", ""),
    )


def _report(data: Path, here: TomlTable) -> ReportOrder:
    values = here.check(_REPORT_KEYS, ("out",))
    for key, allowed in _CHOICES.items():
        if values.get(key, allowed[0]) not in allowed:
            here.refuse(key, "is not known.", f"Use one of: {', '.join(allowed)}.")
    known = readers()
    reader = values.get("for", known[0])
    if reader not in (*known, "all"):
        here.refuse("for", "is no reader.", f"Use one of: {', '.join(known)}, all.")
    return ReportOrder(
        data=data,
        out=data / values["out"],
        readers=known if reader == "all" else (reader,),
        clinic=values.get("clinic", ""),
        therapist=values.get("therapist", ""),
        compare=values.get("compare", "previous"),
        audience=values.get("audience", "inside"),
        paper=values.get("paper", "a4"),
        pdf=values.get("pdf", True),
        word=values.get("word", False),
    )


def refresh(data: Path | str, *, say: Say, on_step: OnStep) -> Refreshed:
    """Bring a data set and its reports up to date.

    Parameters
    ----------
    data : Path or str
        Folder with ``refresh.toml``.
    say : callable
        Takes lines for the person who waits.
    on_step : callable
        Called with the number of steps done and of all.

    Returns
    -------
    Refreshed
        The summary. Where the import failed no report is made: the last good data and reports stay.
        A report that can't be made leaves the last good one, and the others are made all the same.

    Raises
    ------
    DataContractError
        If ``refresh.toml`` does not fit, or another refresh of the folder is under way.
    """
    data = Path(data)
    plan = read_refresh(data)
    with _alone(data):
        refreshed = _run(plan, say, on_step)
        state = {
            "ended": datetime.now().astimezone().isoformat(timespec="seconds"),
            "failed": refreshed.failed,
            "steps": list(refreshed.lines),
        }
        text = json.dumps(state, indent=2, ensure_ascii=False) + "\n"
        (data / STATE_FILE).write_text(text, encoding="utf-8")
    return refreshed


def _run(plan: Refresh, say: Say, on_step: OnStep) -> Refreshed:
    lines: list[str] = []
    failed = 0
    if plan.order is not None:
        try:
            again = _refuse_shrinking(plan, plan.order)
            lines.append(_imported(import_as_ordered(plan.order, plan.data), again=again))
        except (OutcomesError, OSError) as error:
            lines.append(f"import failed: {_in_words(error)}")
            kept = len(plan.reports)
            lines.append(f"reports not made ({kept}): the data and the reports of before stay.")
            return Refreshed(tuple(lines), 1)
    for number, order in enumerate(plan.reports):

        def step(done: int, total: int, before: int = number) -> None:
            on_step(before * total + done, len(plan.reports) * total)

        name = f"reports for {', '.join(order.readers)} ({order.audience})"
        try:
            make_reports(order, say=say, on_step=step)
            lines.append(f"{name}: made.")
        except (OutcomesError, OSError) as error:
            failed += 1
            lines.append(f"{name} failed, those of before stay: {_in_words(error)}")
    return Refreshed(tuple(lines), failed)


def _refuse_shrinking(plan: Refresh, order: ImportOrder) -> bool:
    """Refuse to take away more than a source loses in a night; say if this is not the first."""
    before: dict[str, int] = {}
    for row in read_import_record(plan.data).get("accounting", []):
        before[row["table"]] = before.get(row["table"], 0) + int(row["rows_accepted"])
    if not before:
        return False
    changes = import_as_ordered(order, plan.data, check=True).changes
    for table, removed in zip(changes["table"], changes["removed"].astype("int64"), strict=True):
        had = before.get(table, 0)
        if removed > max(had * plan.most_removed / 100, _FEW):
            raise DataContractError(
                f"{removed:,} of {had:,} rows would go, so the source looks cut short; "
                "nothing was written.",
                "Look at the source. If it is right, import by hand once, or raise "
                f"most_removed_percent in {REFRESH_FILE}.",
                column=table,
            )
    return True


def _imported(summary: ImportSummary, *, again: bool) -> str:
    """Say in one line what an import did."""
    counts = summary.accounting[["rows_read", "rows_accepted", "rows_rejected"]].sum()
    read, accepted, rejected = (int(count) for count in counts)
    changed = summary.changes[["added", "changed", "removed"]].sum()
    news = ", ".join(f"{int(count):,} {name}" for name, count in changed.items() if count)
    if not again:
        news = "the first import"
    return (
        f"import: {read:,} rows read, {accepted:,} accepted, {rejected:,} rejected; "
        f"{news or 'no row differs from those of before'}."
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}."
    return " ".join(str(error).split())


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Refuse a second refresh of a folder while one is under way."""
    path = data / _LOCK
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(handle):
            raise DataContractError(
                "another refresh of this folder is under way.", "Wait for its end.", file=data.name
            )
        yield
    finally:
        # the system lets go of the lock with the file, also of a run that is killed
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
