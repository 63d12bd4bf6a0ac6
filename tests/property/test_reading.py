"""Whatever a file holds: every row is accepted or rejected, and errors are clear ones.

The cells are drawn from what breaks readers: quotes, line ends, NUL, other encodings, dates that
are none, numbers that are none, ids that clash.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomes.errors import OutcomesError
from outcomes.io import import_csv, load, write_tables
from outcomes.io.csv_rows import CsvFormat, read_csv_rows
from outcomes.report.check import describe
from outcomes.schema import SCHEMAS

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
SECRET = "Zq7!"
NASTY = st.sampled_from(
    [
        SECRET,
        "",
        " ",
        "P1",
        "P2",
        "S1",
        "S2",
        "2024-01-05",
        "2024-02-30",
        "05/01/2024",
        "1899-12-31",
        "2101-01-01",
        "9999999999",
        "0",
        "1",
        "7",
        "-1",
        "0.5",
        "1e999",
        "NaN",
        "inf",
        "4,5",
        "nrs_pain",
        "ndi",
        "hit6",
        "37",
        "attended",
        "booked",
        "pre",
        "post",
        "remote",
        "weekly",
        "09:30",
        "24:00",
        "compression_hold;",
        ";;",
        "\0",
        "\r",
        "\n",
        "\r\n",
        '"',
        'a"b',
        "x,y",
        "=1+1",
        "<b>",
        "../",
        "🙂",
        "é",
        "a" * 200,
        "١",
        "½",
        "\ufeff",
        "True",
        "acute",
    ]
)
CELL = st.one_of(NASTY, st.text(max_size=6))
FITTING = {
    "patient_id": st.sampled_from(["P1", "P2", "P3"]),
    "session_id": st.sampled_from(["S1", "S2"]),
    "instrument": st.sampled_from(["nrs_pain", "peg"]),
    "date": st.sampled_from(["2024-01-05", "2024-01-06"]),
    "flag": st.sampled_from(["0", "1"]),
    "number": st.sampled_from(["1", "2", "7"]),
}


def cell(name: str, table: str) -> st.SearchStrategy[str]:
    """Mostly what the column wants, so that some rows get through."""
    column = SCHEMAS[table].column(name)
    kind = {"whole": "number"}.get(column.kind, column.kind)
    known = FITTING.get(name, FITTING.get(kind))
    fitting = st.sampled_from(["", *column.allowed]) if known is None else known
    return st.one_of(fitting, fitting, fitting, CELL)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Header and rows for patients and some other tables."""
    others = draw(st.lists(st.sampled_from(sorted(SCHEMAS)), unique=True, max_size=3))
    found = {}
    for name in dict.fromkeys(["patients", *others]):
        schema = SCHEMAS[name]
        optional = [each for each in schema.names if each not in schema.required_columns]
        if name == "assessments":
            optional += ["item_1", "item_2", "item_3"]
        chosen = st.lists(st.sampled_from(optional), unique=True, max_size=4)
        header = [*schema.required_columns, *(draw(chosen) if optional else [])]
        if name == "assessments":
            header = list(dict.fromkeys([*header, "value"]))
        row = st.tuples(*(cell(each, name) for each in header)).map(list)
        # A row of one empty cell is a blank line, and those are not rows.
        found[name] = (header, draw(st.lists(row.filter(lambda cells: cells != [""]), max_size=6)))
    return found


def as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8", "surrogatepass")


def assert_accounted(loaded: object) -> None:
    account = loaded.accounting
    assert (account["rows_read"] == account["rows_accepted"] + account["rows_rejected"]).all()
    for row in account.itertuples():
        assert len(getattr(loaded.tables, row.table)) == row.rows_accepted
        rejects = loaded.rejects[loaded.rejects["table"] == row.table]
        assert len(rejects) == row.rows_rejected
        assert not rejects["line"].duplicated().any()
        assert (rejects["reason"] != "").all()
        frame = getattr(loaded.tables, row.table)
        assert not frame.duplicated(list(SCHEMAS[row.table].key)).any()


@EXAMPLES
@given(tables())
def test_any_cells_are_accounted_for(content: dict) -> None:
    with TemporaryDirectory() as folder:
        for name, (header, rows) in content.items():
            (Path(folder) / f"{name}.csv").write_bytes(as_csv(header, rows))
        try:
            loaded = load(folder)
        except OutcomesError as error:
            assert SECRET not in str(error)
            return
        assert_accounted(loaded)
        assert SECRET not in describe(loaded)
        read = loaded.accounting.set_index("table")["rows_read"]
        for name, (_, rows) in content.items():
            assert read[name] == len(rows)


@settings(EXAMPLES, max_examples=25)
@given(tables())
def test_what_is_accepted_is_read_back_unchanged(content: dict) -> None:
    with TemporaryDirectory() as folder:
        for name, (header, rows) in content.items():
            (Path(folder) / f"{name}.csv").write_bytes(as_csv(header, rows))
        try:
            first = load(folder)
        except OutcomesError:
            return
        for kind in ("csv", "parquet"):
            out = Path(folder) / kind
            write_tables(first.tables, out, kind)
            second = load(out)
            assert second.accounting["rows_rejected"].sum() == 0
            for name in content:
                one, two = getattr(first.tables, name), getattr(second.tables, name)
                shared = [each for each in one.columns if each in two.columns]
                pd.testing.assert_frame_equal(one[shared], two[shared])
                assert one.drop(columns=shared).isna().all(axis=None)


@EXAMPLES
@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_any_bytes_end_in_accounts_or_a_clear_error(one: bytes, two: bytes, headed: bool) -> None:
    head = b"patient_id,clinic\n" if headed else b""
    with TemporaryDirectory() as folder:
        (Path(folder) / "patients.csv").write_bytes(head + one)
        (Path(folder) / "headache_diary.csv").write_bytes(b"patient_id,date,headache\n" + two)
        try:
            assert_accounted(load(folder))
        except OutcomesError:
            return


@EXAMPLES
@given(st.binary(max_size=200))
def test_any_bytes_as_parquet_end_in_a_clear_error(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "patients.parquet").write_bytes(content)
        try:
            load(folder)
        except OutcomesError:
            return
        raise AssertionError("a file of random bytes was read")


@EXAMPLES
@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_the_fast_reader_agrees_with_the_strict_one(rows: list, end: str, quoting: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *rows])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
        fast = read_csv_rows(path, lambda header: header)
        # Under another name of the encoding the plain reader does not take the file.
        strict = read_csv_rows(path, lambda header: header, CsvFormat(encoding="utf_8"))
    pd.testing.assert_frame_equal(fast.cells, strict.cells, check_dtype=False)
    assert fast.line.tolist() == strict.line.tolist()
    assert fast.broken == strict.broken
    if end == "\r\n":  # with "\n" the writer of Python leaves a lone "\r" unquoted
        assert strict.cells.to_numpy().tolist() == rows


PIECES = st.sampled_from(["a", ",", ",", '"', "\n", '""', '"a"', '"a,b"', ";", " ", "\r\n", "b"])


@settings(EXAMPLES, max_examples=300)
@given(st.lists(PIECES, max_size=25))
def test_the_two_readers_agree_on_quotes_in_any_place(pieces: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(("x,y\n" + "".join(pieces)).encode())
        fast = read_csv_rows(path, lambda header: header)
        strict = read_csv_rows(path, lambda header: header, CsvFormat(encoding="utf_8"))
    assert fast.cells.to_numpy().tolist() == strict.cells.to_numpy().tolist()
    assert fast.line.tolist() == strict.line.tolist()
    assert fast.broken == strict.broken


MAPPING = """
missing = ["NA"]
[patients]
one_row_per_key = true
patient_id = "id"
birth_year = { column = "n", factor = 10 }
index_date = { origin = "2000-01-01", days_column = "n" }
[assessments]
patient_id = "id"
instrument = { constant = "nrs_pain" }
date = { column = "d", date_format = "%d/%m/%Y" }
for_each = [
    { value = "n" },
    { value = { column = "m", decimal = ",", factor = 0.1 }, timing = { constant = "pre" } },
]
[[covariates]]
patient_id = "id"
name = { constant = "arm" }
value = { column = "m", values = { "0" = "control", "1" = "care" } }
where = { column = "m", filled = true }
"""


@EXAMPLES
@given(st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=8))
def test_any_source_row_is_accounted_for_in_every_table(rows: list) -> None:
    with TemporaryDirectory() as folder:
        source, mapping = Path(folder) / "source.csv", Path(folder) / "mapping.toml"
        source.write_bytes(as_csv(["id", "d", "n", "m"], rows))
        mapping.write_text(MAPPING)
        try:
            summary = import_csv(source, mapping, Path(folder) / "out", check=True)
        except OutcomesError:
            return
    account = summary.accounting.set_index("table")
    assert account["source_rows"].to_dict() == {
        "patients": len(rows),
        "assessments": 2 * len(rows),
        "covariates": len(rows),
    }
    parts = account["passed_over"] + account["repeated"] + account["rows_read"]
    assert (account["source_rows"] == parts).all()
    assert (account["rows_read"] == account["rows_accepted"] + account["rows_rejected"]).all()
    for name in account.index:
        frame = getattr(summary.loaded.tables, name)
        # of a table without a source row there is none
        accepted = 0 if frame is None else len(frame)
        assert accepted == account.loc[name, "rows_accepted"]
