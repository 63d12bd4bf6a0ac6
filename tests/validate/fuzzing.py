"""Imports of files made to break them: no fault, no hang, no row lost."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from outcomes.errors import OutcomesError
from outcomes.instruments import default_registry
from outcomes.io import import_csv, import_excel, import_fhir, import_parquet, read_mapping
from outcomes.io.csv_rows import read_csv_rows
from outcomes.io.excel_rows import ExcelFile
from outcomes.io.fhir.account import UNREADABLE
from outcomes.io.fhir.codes import CodeBook
from outcomes.io.fhir.reader import FhirReader
from outcomes.io.importing import ImportSummary
from outcomes.io.mapping import Mapping
from outcomes.io.parquet_rows import read_parquet_rows

from . import _fuzz_cases as cases
from .interval_censored import table

SEED = 7
WHOLE = 20
"""Of so many files that can be read one goes through the whole import."""
SLOW = 20.0
MEMORY = 3 * 2**30
COLUMNS = ("id", "day", "pain", "when")
OWN = """
[patients]
one_row_per_key = true
patient_id = "id"
[assessments]
patient_id = "id"
instrument = { constant = "nrs_pain" }
date = "day"
value = { column = "pain", decimal = "," }
"""
REDCAP = """
[patients]
where = { column = "redcap_event_name", is = ["", "visit"] }
one_row_per_key = true
patient_id = "record_id"
[sessions]
where = { column = "redcap_repeat_instrument", is = ["visit"] }
session_id = "visit_date"
patient_id = "record_id"
date = "visit_date"
status = { constant = "attended" }
techniques = { checked = { "tech___1" = "compression_hold", "tech___2" = "gliding_stroke" } }
[assessments]
where = { column = "pain", filled = true }
patient_id = "record_id"
date = "visit_date"
instrument = { constant = "nrs_pain" }
value = "pain"
"""


@dataclass(frozen=True)
class Target:
    """One way in: how files for it are made, read, and imported as a whole."""

    ending: str
    make: Callable[[cases.Choices], bytes]
    read: Callable[[Path], object]
    whole: Callable[[Path, Path], ImportSummary]
    runs: int


def _mapping(text: str) -> Mapping:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return read_mapping(path)


def _read_csv(path: Path) -> None:
    rows = read_csv_rows(path, lambda header: list(dict.fromkeys(header))[:9])
    assert len(rows.cells) == len(rows.line) == len(set(rows.line))
    assert all(0 <= row.position < len(rows) for row in rows.broken)


def _read_parquet(path: Path) -> None:
    rows = read_parquet_rows(path, lambda header: header)
    assert len(rows.cells) == len(rows.line)


def _read_excel(path: Path) -> None:
    book = ExcelFile(path)
    for sheet in book.filled():
        rows = book.read(sheet, lambda header: list(dict.fromkeys(header))[:9])
        assert len(rows.cells) == len(rows.line)


def _read_fhir(path: Path) -> None:
    reader = FhirReader(CodeBook(default_registry(), {}))
    reader.read(path)
    made = sum(len(rows) for rows in reader.rows())
    account = reader.account
    used = Counter((file, kind) for file, kind, _, _ in account.used)
    for (file, kind, _), count in account.skipped.items():
        used[file, kind] += count
    for (file, _), _ in account.unreadable:
        used[file, UNREADABLE] += 1
    assert used == account.read
    assert made or not account.used


def _whole_mapping(path: Path, out: Path) -> ImportSummary:
    source = path.with_suffix(".csv")
    source.write_text("id,day,pain,when\nP1,2024-01-05,3,09:00\nP2,05/01/2024,x,\n")
    return import_csv(source, path, out, check=True)


def targets() -> dict[str, Target]:
    """All ways in, by name."""
    own, redcap = _mapping(OWN), _mapping(REDCAP)

    def with_own(run: Callable[..., ImportSummary], mapping: Mapping) -> Callable:
        return lambda path, out: run(path, mapping, out, check=True)

    fhir = read_mapping("fhir")
    return {
        "CSV": Target(".csv", cases.csv_file, _read_csv, with_own(import_csv, own), 30_000),
        "REDCap flat export": Target(
            ".csv", cases.redcap_file, _read_csv, with_own(import_csv, redcap), 12_000
        ),
        "mapping (TOML)": Target(
            ".toml", cases.mapping_file, read_mapping, _whole_mapping, 24_000
        ),
        "FHIR": Target(
            ".json", cases.fhir_file, _read_fhir,
            lambda path, out: import_fhir(path, out, fhir, check=True), 24_000,
        ),
        "Excel": Target(
            ".xlsx", cases.workbook, _read_excel, with_own(import_excel, own), 12_000
        ),
        "Parquet": Target(
            ".parquet", cases.parquet_file, _read_parquet, with_own(import_parquet, own), 12_000
        ),
    }  # fmt: skip


class Harness:
    """One way in, fed with bytes; it counts what came of them."""

    def __init__(self, name: str, folder: Path) -> None:
        self.target = targets()[name]
        self.folder = folder
        self.counts = {"files": 0, "read": 0, "refused": 0, "whole": 0, "rows": 0}
        self.slowest = 0.0

    def __call__(self, data: bytes) -> None:
        """Make a file of bytes, read it, and hold what comes of it against the promises."""
        content = self.target.make(cases.Choices(data))
        packed = ".gz" if content.startswith(b"\x1f\x8b") else ""
        path = self.folder / f"f{self.target.ending}{packed}"
        path.write_bytes(content)
        self.counts["files"] += 1
        begun = time.perf_counter()
        try:
            self.target.read(path)
            self.counts["read"] += 1
            if self.counts["read"] % WHOLE == 0:
                self._import(path)
        except OutcomesError as error:
            assert error.problem, "an error without words"
            assert error.remedy, "an error without a remedy"
            assert "\n" not in str(error), "an error of more than one line"
            self.counts["refused"] += 1
        took = time.perf_counter() - begun
        self.slowest = max(self.slowest, took)
        assert took < SLOW, f"took {took:.0f} s"

    def _import(self, path: Path) -> None:
        self.counts["whole"] += 1
        summary = self.target.whole(path, self.folder / "out")
        account = summary.accounting
        parts = account["passed_over"] + account["repeated"] + account["rows_read"]
        assert (account["source_rows"] == parts).all(), "rows lost on the way in"
        judged = account["rows_accepted"] + account["rows_rejected"]
        assert (account["rows_read"] == judged).all(), "rows lost in the checks"
        rejected = account["rows_rejected"].sum()
        if (resources := summary.resources) is not None:
            # of no table, as nobody can tell what they were
            unread = resources["resource"] == UNREADABLE
            rejected += resources.loc[unread, "rejected"].sum()
        assert len(summary.loaded.rejects) == rejected, "rejects not listed"
        if summary.resources is not None:
            whole = summary.resources[["accepted", "rejected", "skipped"]].sum(axis=1)
            assert (summary.resources["read"] == whole).all(), "resources lost"
        assert not (self.folder / "out").exists(), "a trial run wrote something"
        self.counts["rows"] += int(account["source_rows"].sum())


@contextmanager
def _bounded() -> Iterator[None]:
    """Let nothing take more memory than any real file needs."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def by_hypothesis(name: str, runs: int, number: int = SEED) -> Harness:
    """Feed a way in with bytes that Hypothesis thinks up."""
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(name, Path(folder))

        @seed(number)
        @settings(
            max_examples=runs, deadline=None, database=None, derandomize=False,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(st.binary(max_size=300))
        def check(data: bytes) -> None:
            harness(data)

        check()
    return harness


def by_atheris(name: str, runs: int, report: Path) -> None:
    """Feed a way in with bytes that atheris steers by what code they reach; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["outcomes.io.fhir", "outcomes.io.csv_lines"]):
        importlib.invalidate_caches()
    folder = Path(tempfile.mkdtemp())
    harness = Harness(name, folder)
    for module in ("stream", "elements", "references", "answers", "scores", "visits", "reader"):
        _instrument(atheris, sys.modules[f"outcomes.io.fhir.{module}"])
    for module in ("csv_lines", "csv_rows", "mapping_file", "mapping_cells", "excel_rows"):
        _instrument(atheris, sys.modules[f"outcomes.io.{module}"])

    def check(data: bytes) -> None:
        harness(data)
        if harness.counts["files"] == runs:
            report.write_text(json.dumps([harness.counts, harness.slowest]), encoding="utf-8")

    draw = random.Random(SEED)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number in range(60):
        (corpus / str(number)).write_bytes(draw.randbytes(10 + 5 * number))
    # more than are counted, as some are spent on the first look at the corpus
    options = [f"-runs={runs + 100}", f"-seed={SEED}", "-max_len=400", "-len_control=0",
               f"-timeout={SLOW:.0f}",
               "-rss_limit_mb=3000", f"-artifact_prefix={folder}/", "-verbosity=0"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], check)
    atheris.Fuzz()


def _instrument(atheris: object, module: object) -> None:
    """Put coverage into the functions of a module that is loaded already."""
    for name, value in list(vars(module).items()):
        own = getattr(value, "__module__", "") == module.__name__  # type: ignore[attr-defined]
        if own and hasattr(value, "__code__"):
            setattr(module, name, atheris.instrument_func(value))  # type: ignore[attr-defined]


def by_chance(name: str, runs: int, number: int = SEED) -> Harness:
    """Feed a way in with random bytes, where there is no atheris."""
    draw = random.Random(number)
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(name, Path(folder))
        for _ in range(runs):
            harness(draw.randbytes(draw.randint(1, 300)))
    return harness


def _one(name: str, runs: int, report: Path) -> None:
    """Run in a process of its own: a fifth by Hypothesis, the rest by atheris."""
    with _bounded():
        first = by_hypothesis(name, runs // 5)
        if importlib.util.find_spec("atheris") is None:
            second = by_chance(name, runs - runs // 5)
            found = [[first.counts, first.slowest], [second.counts, second.slowest]]
            report.write_text(json.dumps(found), encoding="utf-8")
            return
    report.with_suffix(".first").write_text(json.dumps([first.counts, first.slowest]))
    by_atheris(name, runs - runs // 5, report)


def section(runs: int | None = None) -> str:
    """Fuzz every way in; what is done is kept, so that an interrupted run goes on."""
    kept = Path(tempfile.gettempdir()) / "outcomes-fuzzing"
    kept.mkdir(exist_ok=True)
    rows = []
    for name, target in targets().items():
        number = runs or target.runs
        report = kept / f"{name.split()[0]}-{number}-{SEED}.json"
        if not report.exists():
            command = [
                sys.executable,
                "-m",
                "tests.validate.fuzzing",
                name,
                str(number),
                str(report),
            ]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
            if not report.exists():
                raise RuntimeError(f"{name}: {done.stdout[-1500:]}{done.stderr[-4000:]}")
        found = json.loads(report.read_text())
        first = report.with_suffix(".first")
        both = [json.loads(first.read_text()), found] if first.exists() else found
        counts = {key: sum(part[0][key] for part in both) for key in both[0][0]}
        rows.append({"way in": name, **counts, "slowest s": max(part[1] for part in both)})
    total = sum(row["files"] for row in rows)
    by = "the rest steered by atheris"
    if importlib.util.find_spec("atheris") is None:
        by = "the rest random, as there is no atheris here"
    gigabytes = MEMORY / 2**30
    for path in kept.iterdir():
        path.unlink()
    kept.rmdir()
    return f"""## Imports of files made to break them

{dt.date.today()}, seed {SEED}, {total:,} files: a fifth thought up by Hypothesis,
{by}. Each file is read; of those that can be, one in {WHOLE} goes
through the whole import. Refused means one line that names problem and remedy. Any other fault,
more than {SLOW:.0f} s or {gigabytes:.0f} GB, or a row or resource missing from the account stops
the run. There was none.

{table(pd.DataFrame(rows))}

Databases and the interface of REDCap are tested with servers that fail half-way (`tests/spec`).
"""


if __name__ == "__main__":
    _one(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
