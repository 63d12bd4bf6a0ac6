# ruff: noqa: E501 - headers of exports are long
"""A draft is a valid mapping as far as it goes, asks what it can't know, and repeats no patient."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import xlsxwriter

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.io import import_csv, import_excel, read_mapping
from outcomes.io.draft import draft_mapping

STATES = ["Arrived", "No Show", "Cancelled", "Arrived", "Arrived", "No Show"]


def visits(days: list[str], delimiter: str = ";") -> str:
    head = ["Client number", "Client Name", "Appointment", "Start", "State", "Gender",
            "Pain before", "Pain after", "NDI"]  # fmt: skip
    rows = [
        [f"K{n:03d}", "Ann Example", f"A{n}", days[n % len(days)], STATES[n % 6], "FM"[n % 2],
         f"{n % 10},5", "3", "20"]
        for n in range(60)
    ]  # fmt: skip
    return "\n".join(delimiter.join(row) for row in [head, *rows]) + "\n"


def draft(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    path = tmp_path / "visits.csv"
    path.write_bytes(text.encode(encoding))
    return draft_mapping(path)


def test_a_draft_imports_what_it_is_sure_of(tmp_path: Path) -> None:
    text = draft(tmp_path, visits(["03.04.2024 09:05", "14.04.2024 10:00"]))
    (tmp_path / "mapping.toml").write_text(text)
    summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
    tables = summary.loaded.tables
    assert summary.loaded.rejects.empty
    assert tables.sessions is not None and tables.assessments is not None
    assert tables.sessions["status"].value_counts().to_dict() == {
        "attended": 30,
        "no_show": 20,
        "cancelled": 10,
    }
    assert tables.sessions["time"].iloc[0] == "09:05"
    assert set(tables.patients["sex"]) == {"female", "male"}
    assert set(tables.assessments["instrument"]) == {"nrs_pain", "ndi"}


def test_personal_columns_and_values_stay_out(tmp_path: Path) -> None:
    text = draft(tmp_path, visits(["14.04.2024 10:00"]))
    assert '"Client Name"' in text
    for value in ("Ann", "Example", "K001", "A17", "2024", "9,5"):
        assert value not in text


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (["03/04/2024", "14/04/2024"], 'date_format = "%d/%m/%Y"'),
        (["04/03/2024", "04/14/2024"], 'date_format = "%m/%d/%Y"'),
        (["03/04/2024", "05/04/2024"], "# ? date_format: every cell can be read as"),
        (["14/04/2024", "04/14/2024"], "# ? date_format: days come before months in some"),
        (["14/04/24"], "# ? date_format: years have two digits"),
        (["14/04/2024", "14.04.2024"], None),
        (["2024-04-14"], 'date = "Start"\n'),
        (["04/14/2024 1:30 PM"], 'date_format = "%m/%d/%Y %I:%M %p"'),
    ],
)
def test_a_date_format_only_where_it_is_certain(
    tmp_path: Path, days: list[str], found: str | None
) -> None:
    text = draft(tmp_path, visits(days))
    tomllib.loads(text)
    sure = [line for line in text.splitlines() if "date_format = " in line]
    if found is None or found.startswith("# ?"):
        assert sure == []
    if found is not None:
        assert found in text


def test_rare_values_are_asked_for_not_shown(tmp_path: Path) -> None:
    text = visits(["2024-04-14"]).replace("Arrived", "Miss Smith called", 2)
    text = draft(tmp_path, text)
    assert "Smith" not in text
    assert "1 further values are not shown" in text
    assert read_mapping_of(tmp_path, text)


def read_mapping_of(tmp_path: Path, text: str) -> bool:
    path = tmp_path / "again.toml"
    path.write_text(text)
    return bool(read_mapping(path).blocks)


def test_scores_without_a_date_and_units_are_questions(tmp_path: Path) -> None:
    text = draft(tmp_path, "Patient ID,VAS\n" + "".join(f"{n},{n}\n" for n in range(30)))
    assert "scores but no date" in text
    dated = "Patient ID,Date,VAS\n" + "".join(f"{n},2024-01-05,{n / 2}\n" for n in range(20))
    text = draft(tmp_path, dated)
    assert "# ? is it Pain (0–100 mm)?" in text


def test_sessions_without_an_id_are_commented_out(tmp_path: Path) -> None:
    source = "Patient,Date,Status\n" + "".join(f"{n},2024-01-05,Arrived\n" for n in range(9))
    text = draft(tmp_path, source)
    assert "# [[sessions]]" in text and "lack session_id" in text
    assert read_mapping_of(tmp_path, text)


def test_names_with_odd_characters_stay_valid_toml(tmp_path: Path) -> None:
    path = tmp_path / 'a*[1]"\n.csv'
    path.write_text('id,"Pa""in\n(NRS)",Date\n' + "1,3,2024-01-05\n" * 6)
    text = draft_mapping([path])
    assert tomllib.loads(text)["assessments"][0]["for_each"]


def test_another_encoding_is_a_question(tmp_path: Path) -> None:
    source = "Patient;Sex;Größe\n" + "1;weiblich;ü\n" * 6
    text = draft(tmp_path, source, encoding="cp1252")
    assert 'encoding = "cp1252"  # ?' in text
    assert tomllib.loads(text)["delimiter"] == ";"


def test_no_patient_id_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="id of a patient"):
        draft(tmp_path, "weather,day\nrain,2024-01-05\n")


def test_a_workbook_is_drafted_sheet_by_sheet(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "book.xlsx")
    people = book.add_worksheet("People")
    scores = book.add_worksheet("Scores")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    people.write_row(0, 0, ["Patient ID", "Clinic", "Whiplash"])
    scores.write_row(0, 0, ["Patient ID", "Date", "NRS pain"])
    for n in range(1, 9):
        people.write_row(n, 0, [n, "Salem", n % 2 == 0])
        scores.write_row(n, 0, [n, 45000 + n, n])
        scores.write(n, 1, 45000 + n, day)
    book.close()
    text = draft_mapping(tmp_path / "book.xlsx")
    assert "date_format" not in text
    (tmp_path / "mapping.toml").write_text(text)
    summary = import_excel(tmp_path / "book.xlsx", tmp_path / "mapping.toml", tmp_path / "out")
    counts = summary.accounting.set_index("table")["rows_accepted"]
    assert counts.to_dict() == {"patients": 8, "assessments": 8}


def test_the_command_writes_a_draft_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "visits.csv").write_text(visits(["2024-04-14"]))
    source, mapping = str(tmp_path / "visits.csv"), str(tmp_path / "mapping.toml")
    assert main(["import", "csv", source, "--draft-mapping"]) == 0
    shown = capsys.readouterr().out
    assert main(["import", "csv", source, "--draft-mapping", "--mapping", mapping]) == 0
    assert (tmp_path / "mapping.toml").read_text() == shown
    assert main(["import", "csv", source, "--draft-mapping", "--mapping", mapping]) == 2
    assert main(["import", "csv", source, "--mapping", mapping]) == 2
    assert main(["import", "csv", source, "--mapping", mapping, "--out", str(tmp_path / "o")]) == 0


FLAT = """study_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,dob,first_name,sex,enrolled_on,visit_dt,visit_status,tech___1,tech___2,pain_pre,pain_post,{items}
{rows}"""


def flat_export() -> str:
    """A longitudinal project with visits that repeat and have no number of their own."""
    items = [f"ndi_{number}" for number in range(1, 11)]
    rows = []
    for person in range(6):
        start = f"s{person},start_arm_1,,,1980-01-02,Ann,F,2024-01-0{person + 1},,,0,0,,"
        rows.append(f"{start},{','.join('1' * 10)}")
        rows += [
            f"s{person},care_arm_1,visit,{visit},,,,,2024-02-1{visit} 09:30,Attended,1,0,5,3{',' * 10}"
            for visit in (1, 2)
        ]
    return FLAT.format(items=",".join(items), rows="\n".join(rows)) + "\n"


def test_a_draft_for_redcap_tells_the_lines_of_each_form_apart(tmp_path: Path) -> None:
    text = draft(tmp_path, flat_export())
    assert '"dob", "first_name"' in text
    assert '# ? is tech techniques or muscles? techniques = { checked = { "tech___1" = "?"' in text
    (tmp_path / "mapping.toml").write_text(text)
    summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
    tables = summary.loaded.tables
    assert summary.loaded.rejects.empty
    assert tables.sessions is not None and tables.assessments is not None
    assert len(tables.patients) == 6
    assert tables.sessions["session_id"].iloc[0] == "s0-care_arm_1-visit-1"
    ndi = tables.assessments[tables.assessments["instrument"] == "ndi"]
    assert ndi["value"].eq(10).all()
    assert ndi["date"].dt.strftime("%Y-%m-%d").iloc[0] == "2024-01-01"
    assert len(tables.assessments) == 6 + 24


def test_moments_with_an_offset_ask_where_the_clinic_is(tmp_path: Path) -> None:
    rows = [f"{n},p{n // 2},2024-04-1{n}T01:30:00{'Z' if n % 2 else '-07:00'},arrived" for n in range(8)]  # fmt: skip
    text = draft(tmp_path, "id,patient_id,starts_at,status\n" + "\n".join(rows) + "\n")
    assert 'time_zone = "?"' in text
    (tmp_path / "mapping.toml").write_text(text.replace('"?"', '"America/Los_Angeles"'))
    summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
    sessions = summary.loaded.tables.sessions
    assert sessions is not None
    assert sessions["session_id"].tolist() == [str(n) for n in range(8)]
    assert sessions["time"].tolist() == ["01:30", "18:30"] * 4


def test_moments_written_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    rows = [f"{n},p{n},2024-03-1{n}T01:30:00{'Z' * (n % 2)},arrived" for n in range(8)]
    text = draft(tmp_path, "id,patient_id,starts_at,status\n" + "\n".join(rows) + "\n")
    assert 'date = "starts_at"  # ? date_format: moments are written in more than one way' in text


def test_two_scores_of_one_kind_in_a_row_are_asked_about(tmp_path: Path) -> None:
    rows = [f"p{n},2024-03-0{n + 1},{n},{n}" for n in range(8)]
    text = draft(tmp_path, "client,date,neck pain,shoulder pain\n" + "\n".join(rows) + "\n")
    assert text.count("say with timing when each was taken") == 1


def test_a_draft_finds_names_below_a_title_and_on_two_lines(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "messy.xlsx")
    sheet = book.add_worksheet("Visits")
    sheet.merge_range(0, 0, 0, 4, "Export of the clinic")
    for place, name in enumerate(("Client", "Date", "Status")):
        sheet.write(2, place, name)
    sheet.merge_range(2, 3, 2, 4, "Pain")
    sheet.write(3, 3, "before")
    sheet.write(3, 4, "after")
    sheet.write(2, 5, "Visit no")
    for row in range(10):
        for place, cell in enumerate((f"C{row // 2}", f"2024-01-1{row}", "Attended", 6, 4, row)):
            sheet.write(4 + row, place, cell)
    sheet.write(15, 0, "Total")
    book.close()
    text = draft_mapping(tmp_path / "messy.xlsx")
    assert text.count("header = [3, 4]") == 3
    (tmp_path / "mapping.toml").write_text(text)
    summary = import_excel(tmp_path / "messy.xlsx", tmp_path / "mapping.toml", tmp_path / "out")
    tables = summary.loaded.tables
    assert tables.sessions is not None and tables.assessments is not None
    assert (len(tables.patients), len(tables.sessions), len(tables.assessments)) == (5, 10, 20)
    reasons = summary.loaded.rejects.set_index("table")["reason"]
    assert reasons["patients"] == "looks like a line of totals, which is nobody"
