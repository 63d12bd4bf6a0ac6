"""A kit that is filled in comes back whole, and prints without anything from elsewhere."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.export.kit_paper import PAGES, paper_pages
from outcomes.export.kit_redcap import HEADER, redcap_dictionary
from outcomes.export.kit_workbook import write_kit_workbook
from outcomes.instruments import default_registry
from outcomes.io import import_csv, import_excel, read_mapping
from outcomes.report.kit import make_kit
from outcomes.report.pdf import pdf_maker
from outcomes.schema import SCHEMAS

FILLED: dict[str, list[dict[str, Any]]] = {
    "patients": [
        {"patient_id": "0012", "clinic": "Salem", "onset": "chronic", "whiplash": 1},
        {"patient_id": 13, "birth_year": 1980, "onset_date": date(2023, 12, 24)},
    ],
    "sessions": [
        {"session_id": "v1", "patient_id": "0012", "date": date(2024, 1, 5), "time": time(9, 30),
         "status": "attended", "techniques": "gliding_stroke; compression_hold", "fee": 60.5},
        {"session_id": "v2", "patient_id": 13, "date": date(2024, 1, 6), "status": "no_show"},
    ],
    "assessments": [
        {"patient_id": "0012", "instrument": "nrs_pain", "date": date(2024, 1, 5),
         "timing": "pre", "value": 7, "session_id": "v1"},
    ],
    "headache_diary": [
        {"patient_id": 13, "date": date(2024, 1, 7), "headache": 1, "intensity": 4.5},
    ],
    "headache_periods": [
        {"patient_id": 13, "start": date(2023, 12, 1), "days_observed": 28, "headache_days": 9},
    ],
    "plans": [{"patient_id": "0012", "date": date(2024, 1, 5), "plan": "weekly"}],
    "adverse_events": [
        {"event_id": "e1", "session_id": "v1", "symptom": "soreness", "serious": 0},
    ],
    "trigger_points": [
        {"session_id": "v1", "muscle": "scalenes", "side": "left", "active": 1, "reproduced": 0},
    ],
    "exercises": [
        {"patient_id": 13, "date": date(2024, 1, 7), "exercise": "chin_tuck", "prescribed": 10,
         "done": 5},
    ],
    "covariates": [{"patient_id": 13, "name": "pillow", "value": "none"}],
}  # fmt: skip


def filled_in(kit: Path, path: Path) -> Path:
    """The workbook with lines typed in below its own headers, as Excel would save them."""
    book = CalamineWorkbook.from_path(kit)
    with xlsxwriter.Workbook(path) as copy:
        day = copy.add_format({"num_format": "yyyy-mm-dd"})
        clock = copy.add_format({"num_format": "hh:mm"})
        for name in book.sheet_names:
            page = copy.add_worksheet(name)
            lines = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for line, cells in enumerate(lines):
                page.write_row(line, 0, cells)
            for line, cells in enumerate(FILLED.get(name, []), start=1):
                for column, value in cells.items():
                    place = (line, lines[0].index(column))
                    if isinstance(value, date):
                        page.write_datetime(*place, value, day)
                    elif isinstance(value, time):
                        page.write_datetime(*place, value, clock)
                    else:
                        page.write(*place, value)
    return path


def test_a_workbook_that_is_filled_in_comes_back_whole(tmp_path: Path) -> None:
    write_kit_workbook(tmp_path / "kit.xlsx")
    path = filled_in(tmp_path / "kit.xlsx", tmp_path / "records.xlsx")
    summary = import_excel(path, "starter_workbook", tmp_path / "out")
    assert summary.loaded.rejects.empty, summary.loaded.rejects
    for name, lines in FILLED.items():
        table = getattr(summary.loaded.tables, name)
        assert len(table) == len(lines)
        for position, cells in enumerate(lines):
            for column, value in cells.items():
                got = table[column].iloc[position]
                if isinstance(value, date):
                    assert got == pd.Timestamp(value)
                elif isinstance(value, time):
                    assert got == f"{value:%H:%M}"
                elif column == "techniques":
                    assert got == "gliding_stroke;compression_hold"
                else:
                    same = str(value) if isinstance(got, str) else value
                    assert got == same, (name, column)


def test_an_empty_kit_is_no_data_set(tmp_path: Path) -> None:
    write_kit_workbook(tmp_path / "records.xlsx")
    with pytest.raises(DataContractError, match="no patient"):
        import_excel(tmp_path / "records.xlsx", "starter_workbook", tmp_path / "out")


def test_cells_are_checked_as_the_contract_says(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_kit_workbook(path)
    first = path.read_bytes()
    write_kit_workbook(path)
    assert path.read_bytes() == first
    with zipfile.ZipFile(path) as archive:
        sheets = {
            name: archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            for number, name in enumerate(SCHEMAS, start=2)
        }
    assert '"attended,no_show,cancelled,booked"' in sheets["sessions"]
    assert "VLOOKUP" in sheets["assessments"]
    for name, schema in SCHEMAS.items():
        checked = [
            c for c in schema.columns if c.kind in ("code", "flag", "date", "number", "time")
        ]
        assert sheets[name].count("<dataValidation ") >= len(checked), name


@pytest.mark.parametrize("mapping", ["starter_workbook", "redcap_kit"])
def test_the_shipped_mappings_know_every_column(mapping: str) -> None:
    blocks = {block.table.name: block for block in read_mapping(mapping).blocks}
    assert set(blocks) == set(SCHEMAS)
    for name, schema in SCHEMAS.items():
        assert set(blocks[name].records[0]) == set(schema.names)


def test_the_dictionary_is_what_redcap_takes() -> None:
    rows = list(csv.reader(io.StringIO(redcap_dictionary())))
    assert tuple(rows[0]) == HEADER
    fields = [dict(zip(HEADER, row, strict=True)) for row in rows[1:]]
    names = [field["Variable / Field Name"] for field in fields]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,25}", name) for name in names)
    assert {field["Form Name"] for field in fields} == set(SCHEMAS)
    choices = "Choices, Calculations, OR Slider Labels"
    for field in fields:
        assert (field["Field Type"] == "dropdown") == bool(field[choices])
        if field[choices]:
            codes = [part.split(",")[0].strip() for part in field[choices].split("|")]
            assert all(re.fullmatch("[a-z0-9_]+", code) for code in codes)
    instrument = next(f for f in fields if f["Variable / Field Name"] == "asm_instrument")
    assert instrument[choices].count("|") == len(default_registry().codes) - 1


def test_a_flat_export_of_the_redcap_project_comes_back(tmp_path: Path) -> None:
    names = [row[0] for row in csv.reader(io.StringIO(redcap_dictionary()))][1:]
    header = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", *names[1:]]
    rows = [
        {"record_id": "1", "pat_clinic": "Salem", "pat_whiplash": "1"},
        {"record_id": "1", "redcap_repeat_instrument": "sessions", "redcap_repeat_instance": "1",
         "ses_session_id": "s1", "ses_date": "2024-01-05", "ses_status": "attended"},
        {"record_id": "1", "redcap_repeat_instrument": "assessments",
         "redcap_repeat_instance": "1", "asm_instrument": "nrs_pain", "asm_date": "2024-01-05",
         "asm_value": "7"},
        {"record_id": "1", "redcap_repeat_instrument": "plans", "redcap_repeat_instance": "1",
         "pla_date": "2024-01-05", "pla_plan": "weekly"},
    ]  # fmt: skip
    with (tmp_path / "flat.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    summary = import_csv(tmp_path / "flat.csv", "redcap_kit", tmp_path / "out")
    assert summary.loaded.rejects.empty
    counts = summary.accounting.set_index("table")["rows_accepted"]
    assert counts[counts > 0].to_dict() == {
        "patients": 1,
        "sessions": 1,
        "assessments": 1,
        "plans": 1,
    }


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_whole_and_ask_for_nothing_from_elsewhere(name: str) -> None:
    page = paper_pages()[name]
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {tag for tag, _ in tags.seen} & {"script", "link", "img", "iframe"}
    assert "http" not in page and "url(" not in page
    assert [tag for tag, _ in tags.seen].count("h1") == 1
    assert ("html", {"lang": "en"}) in tags.seen


def test_the_page_on_asking_names_every_follow_up_time() -> None:
    page = paper_pages("letter")["asking"]
    for day in (14, 28, 42, 56, 84, 182, 364, 546, 728, 910, 1092):
        assert re.search(rf"\b{day}\s+\(±", page), day
    assert "size: letter" in page
    assert paper_pages()["diary"].count('scope="row"') == 28


def test_no_question_of_others_is_printed() -> None:
    text = " ".join(paper_pages().values()).lower()
    for owned in ("neck disability", "hit-6", "midas", "promis", "bournemouth", "northwick"):
        assert owned not in text


def test_the_kit_overwrites_nothing(tmp_path: Path) -> None:
    made = make_kit(tmp_path / "kit", pdf=False)
    assert all(path.is_file() for path in made)
    before = (tmp_path / "kit" / "records.xlsx").read_bytes()
    with pytest.raises(DataContractError, match="filled in"):
        make_kit(tmp_path / "kit", pdf=False)
    assert (tmp_path / "kit" / "records.xlsx").read_bytes() == before
    assert main(["kit", "--out", str(tmp_path / "kit"), "--no-pdf"]) == 1


def test_sheets_come_as_pdf_where_the_library_is(tmp_path: Path) -> None:
    if pdf_maker() is None:
        pytest.skip("needs pango")
    make_kit(tmp_path / "kit")
    for name in PAGES:
        assert (tmp_path / "kit" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
