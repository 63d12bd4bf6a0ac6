"""Workbooks as clinics keep them: typed cells, merged headers, stray spaces, and hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from outcomes.errors import DataContractError
from outcomes.io import ImportSummary, import_excel, read_tables
from outcomes.io.excel_limits import BYTES_LIMIT, refuse_oversized

Fill = Callable[[xlsxwriter.Workbook], None]


def sheet(book: xlsxwriter.Workbook, name: str, lines: list[list[Any]]) -> Any:
    page = book.add_worksheet(name)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    clock = book.add_format({"num_format": "hh:mm"})
    for row, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime | date):
                page.write_datetime(row, column, cell, day)
            elif isinstance(cell, time):
                page.write_datetime(row, column, cell, clock)
            elif cell is not None:
                page.write(row, column, cell)
    return page


def run(tmp_path: Path, mapping: str, fill: Fill, name: str = "book.xlsx") -> ImportSummary:
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    book = xlsxwriter.Workbook(tmp_path / name)
    fill(book)
    book.close()
    return import_excel(tmp_path / name, tmp_path / "mapping.toml", tmp_path / "out")


def rejected(summary: ImportSummary) -> list[tuple[str, int, str, str]]:
    rows = summary.loaded.rejects
    return list(zip(rows["table"], rows["line"], rows["column"], rows["value"], strict=True))


VISITS = """
decimal = ","
date_format = "%d/%m/%Y"
[patients]
sheet = "People"
patient_id = "id"
whiplash = "whiplash"
[sessions]
sheet = "Visits*"
header = [2, 3]
session_id = "No"
patient_id = "Client"
date = "When day"
time = "When at"
status = { constant = "attended" }
fee = "Fee"
"""


def messy(book: xlsxwriter.Workbook) -> None:
    sheet(book, "People ", [[" id ", "whiplash"], [1, True], ["2", False], [None, None], ["3", 1]])
    page = sheet(
        book,
        "Visits 2024",
        [
            ["Our clinic"],
            ["No", "Client", "When", None, "Fee"],
            [None, None, "day", "at "],
            ["a", 1, date(2024, 4, 3), time(9, 5), 60.5],
            ["b", "2 ", "04/04/2024", datetime(2024, 4, 4, 17, 30), "60,5"],
            ["c", 2, 45000, time(9, 0), 60],
            ["d", 2, "04/05/2024", time(9, 0), "60.5"],
            ["e", 1234567890123456789, date(2024, 4, 3), time(9, 0), 1],
        ],
    )
    page.merge_range(1, 2, 1, 3, "When")
    page.merge_range(1, 0, 2, 0, "No")


def test_typed_cells_and_text_stand_in_one_column(tmp_path: Path) -> None:
    summary = run(tmp_path, VISITS, messy)
    tables = read_tables(tmp_path / "out")
    assert tables.patients["patient_id"].tolist() == ["1", "2", "3"]
    assert tables.patients["whiplash"].tolist() == [1, 0, 1]
    sessions = tables.sessions
    assert sessions is not None
    assert sessions["session_id"].tolist() == ["a", "b"]
    assert sessions["patient_id"].tolist() == ["1", "2"]
    assert sessions["date"].tolist() == [pd.Timestamp("2024-04-03"), pd.Timestamp("2024-04-04")]
    assert sessions["time"].tolist() == ["09:05", "17:30"]
    assert sessions["fee"].tolist() == [60.5, 60.5]
    assert rejected(summary) == [
        ("sessions", 6, "date", "45000"),
        ("sessions", 7, "fee", "60.5"),
        ("sessions", 8, "patient_id", ""),
    ]
    reasons = summary.loaded.rejects["reason"].tolist()
    assert "format the cells as dates" in reasons[0]
    assert "decimal comma" in reasons[1]
    assert "15 digits" in reasons[2]


def test_every_line_is_accounted_for_by_sheet(tmp_path: Path) -> None:
    account = run(tmp_path, VISITS, messy).accounting.set_index("file")
    visits = account.loc["book.xlsx [Visits 2024]"]
    assert (visits["source_rows"], visits["rows_accepted"], visits["rows_rejected"]) == (5, 2, 3)
    assert account.loc["book.xlsx [People ]", "rows_read"] == 3


def test_which_sheet_is_meant_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(DataContractError) as caught:
        run(tmp_path, '[patients]\npatient_id = "id"\n', messy)
    assert caught.value.column == "patients.sheet"
    assert "'Visits 2024'" in caught.value.remedy
    with pytest.raises(DataContractError, match="no sheet"):
        run(tmp_path, '[patients]\npatient_id = "id"\nsheet = "Persons"\n', messy)


def test_the_only_filled_sheet_needs_no_name(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet(book, "a", [["id"], ["x"]])
        sheet(book, "b", [])

    prefixed = 'id_prefix = "{file}-"\n[patients]\npatient_id = "id"\n'
    run(tmp_path, prefixed, fill, name="Salem v1.2.xlsx")
    assert read_tables(tmp_path / "out").patients["patient_id"].tolist() == ["Salem v1.2-x"]


def test_headers_named_on_different_lines_are_refused(tmp_path: Path) -> None:
    mapping = '[patients]\npatient_id = "id"\n[covariates]\nheader = 2\npatient_id = "id"\n'
    mapping += 'name = { constant = "a" }\nvalue = "id"\n'
    with pytest.raises(DataContractError) as caught:
        run(tmp_path, mapping, lambda book: sheet(book, "a", [["id"], ["x"]]))
    assert caught.value.column == "covariates.header"


def test_merged_cells_below_the_header_are_named(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = sheet(book, "a", [["id", "arm"], ["x", "one"], [None, "two"], ["y", "one"]])
        page.merge_range(1, 0, 2, 0, "x")

    summary = run(tmp_path, '[patients]\npatient_id = "id"\nclinic = "arm"\n', fill)
    assert rejected(summary) == [("patients", 3, "patient_id", "")]
    assert "merged" in summary.loaded.rejects["reason"].iloc[0]


@pytest.mark.parametrize("header", ["0", "true", "[2, 1]", "[1, 2, 3]", '"1"', "1000000"])
def test_a_header_that_is_no_line(tmp_path: Path, header: str) -> None:
    mapping = f'[patients]\nheader = {header}\npatient_id = "id"\n'
    with pytest.raises(DataContractError) as caught:
        run(tmp_path, mapping, lambda book: sheet(book, "a", [["id"], ["x"]]))
    assert caught.value.column == "patients.header"


def repacked(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == part else content)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    book = xlsxwriter.Workbook(tmp_path / "small.xlsx")
    sheet(book, "a", [["id"], ["x"]])
    book.close()
    refuse_oversized(tmp_path / "small.xlsx")
    return tmp_path / "small.xlsx"


FIRST = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("corner", ['"XFD1"', '"T1048576"', "'XFD1'"])
def test_cells_that_reach_too_far_are_refused(small: Path, corner: str) -> None:
    far = f"<row r='9'><c r={corner}><v>1</v></c></row></sheetData>".encode()
    repacked(small, FIRST, lambda text: text.replace(b"</sheetData>", far))
    with pytest.raises(DataContractError, match=r"spans|where they stand"):
        refuse_oversized(small)


def test_a_bomb_is_refused_without_unpacking_it(small: Path) -> None:
    repacked(small, FIRST, lambda text: text + b" " * (1 << 26))
    with zipfile.ZipFile(small, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(BYTES_LIMIT >> 26):
            archive.writestr(f"xl/media/{number}.xml", b" " * (1 << 26), compresslevel=1)
    with pytest.raises(DataContractError, match="gigabyte"):
        refuse_oversized(small)


def test_a_part_larger_than_it_says_is_refused(small: Path) -> None:
    repacked(small, FIRST, lambda text: text + b" " * 100_000)
    data = small.read_bytes()
    with zipfile.ZipFile(small) as archive:
        size = archive.getinfo(FIRST).file_size
    small.write_bytes(data.replace(size.to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    with pytest.raises(DataContractError, match="no Excel workbook"):
        refuse_oversized(small)


@pytest.mark.parametrize("content", [b"", b"id,x\n1,2\n", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0"])
def test_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataContractError, match=r"save|Save"):
        refuse_oversized(path)


def test_old_workbooks_are_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "mapping.toml").write_text('[patients]\npatient_id = "id"\n')
    with pytest.raises(DataContractError, match=r"Save it as \.xlsx"):
        import_excel(tmp_path / "a.xls", tmp_path / "mapping.toml", tmp_path / "out")
