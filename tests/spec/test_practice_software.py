# ruff: noqa: E501 - lines of exports are long
"""Exports of practice software: status in several columns, answers one a row, clocks elsewhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomes.analyses import estimate_clinic_activity
from outcomes.errors import DataContractError
from outcomes.io import ImportSummary, import_csv, load, read_mapping

CLIENTS = """Patient Number,First Name,Last Name,Preferred Name,Email,Mobile Phone,Birth Date,Sex,Location
1001,Maren,Okafor,,maren@example.com,503-555-0101,1984-02-29,Female,Salem
1002,Tomas,Lindqvist,Tom,tomas@example.com,,1979-11-03,Male,Salem
1003,Ines,Duarte,,ines@example.com,503-555-0119,1990-07-17,Not specified,Gresham
1004,Wren,Abara,,,,17 Jul 1990,Female,Gresham
"""
APPOINTMENTS = """Appointment ID,Patient Number,Patient,Start At,End At,Duration (min),Staff Member,Staff ID,Discipline,Treatment,Location,Booked At,State,Arrived At,Checked Out At,No Show At,Fee
90001,1001,Maren Okafor,2024-03-04 12:15 AM,2024-03-04 1:00 AM,45,A. Staff,7,Massage Therapy,Massage Therapy - Initial,Salem,2024-02-28 9:00 AM,Arrived,2024-03-04 12:10 AM,,,95.00
90002,1001,Maren Okafor,2024-03-11 2:30 PM,2024-03-11 3:15 PM,45,A. Staff,7,Massage Therapy,Massage Therapy - 45 min,Salem,2024-03-04 1:00 AM,Arrived,2024-03-11 2:29 PM,2024-03-11 3:20 PM,2024-03-11 2:40 PM,95.00
90003,1002,Tom Lindqvist,2024-03-05 9:00 AM,2024-03-05 9:45 AM,45,B. Staff,9,Chiropractic,Chiropractic - Initial,Salem,2024-03-01 9:00 AM,Arrived,,2024-03-05 9:50 AM,,80.00
90004,1002,Tom Lindqvist,2024-03-12 9:00 AM,2024-03-12 9:45 AM,45,B. Staff,9,Chiropractic,Adjustment,Salem,2024-03-05 9:50 AM,No Show,,,2024-03-12 9:20 AM,0.00
90005,1003,Ines Duarte,2024-03-06 4:00 PM,2024-03-06 5:00 PM,60,A. Staff,7,Acupuncture,Reassessment,Gresham,2024-03-05 9:50 AM,Confirmed,,,,
90006,1003,Ines Duarte,2024-03-07 4:00 PM,2024-03-07 5:00 PM,60,A. Staff,7,Pilates,Class,Gresham,2024-03-05 9:50 AM,Rescheduled,,,,
"""
ANSWERS = """Form ID,Patient Number,Form,Completed At,Question,Answer
f1,1001,Weekly pain check-in,2024-03-08 8:05 PM,"Neck pain right now (0 = none,  10 = worst)",6
f1,1001,Weekly pain check-in,2024-03-08 8:05 PM,Anything to tell us?,Slept badly
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 1,2
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 2,1
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 3,3
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 4,2
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 5,2
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 6,1
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 7,2
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 8,Does not apply
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 9,3
f2,1001,Neck questionnaire,2024-03-09 7:00 AM,Section 10,2
f3,1002,Weekly pain check-in,2024-03-10 6:00 PM,"Neck pain right now (0 = none, 10 = worst)",5
f3,1002,Weekly pain check-in,2024-03-10 6:00 PM,"Neck pain right now (0 = none, 10 = worst)",7
f4,1003,Weekly pain check-in,2024-03-10 6:00 PM,"Neck pain right now (0 = none, 10 = worst)",3
f4,1003,Weekly pain check-in,2024-03-10 6:00 PM,"Neck pain right now (0 = none, 10 = worst)",3
"""


def balanced(summary: ImportSummary) -> bool:
    account = summary.accounting
    parts = account[["passed_over", "repeated", "joined", "rows_read"]].sum(axis=1)
    read = account["rows_accepted"] + account["rows_rejected"]
    return bool((account["source_rows"] == parts).all() and (account["rows_read"] == read).all())


@pytest.fixture(scope="module")
def jane(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportSummary]:
    folder = tmp_path_factory.mktemp("jane")
    (folder / "exports").mkdir()
    (folder / "exports" / "clients.csv").write_text(CLIENTS, encoding="utf-8-sig")
    (folder / "exports" / "appointments_2024.csv").write_text(APPOINTMENTS, encoding="utf-8-sig")
    (folder / "exports" / "form_answers.csv").write_text(ANSWERS, encoding="utf-8-sig")
    return folder / "data", import_csv(folder / "exports", "jane_like", folder / "data")


def test_the_first_status_that_is_true_wins(jane: tuple[Path, ImportSummary]) -> None:
    _, summary = jane
    sessions = summary.loaded.tables.sessions.set_index("session_id")
    # 90002 was marked as missed and then arrived after all: the mapping names the no-show first
    assert sessions["status"].to_dict() == {
        "90001": "attended",
        "90002": "no_show",
        "90003": "attended",
        "90004": "no_show",
        "90005": "booked",
    }
    assert sessions.loc["90001", ["time", "visit_type", "discipline"]].tolist() == [
        "00:15",
        "intake",
        "massage",
    ]
    assert sessions.loc["90005", "visit_type"] == "reassessment"
    assert sessions.loc[["90003", "90004"], "fee"].fillna(-1).tolist() == [80, -1]
    rejects = summary.loaded.rejects
    row = rejects[rejects["table"] == "sessions"].iloc[0]
    assert (row["line"], row["column"]) == (7, "status")
    assert "none of the cases" in row["reason"]
    assert balanced(summary)


def test_only_the_year_of_a_birth_date_is_kept_and_nobody_is_named(
    jane: tuple[Path, ImportSummary],
) -> None:
    out, summary = jane
    assert summary.loaded.tables.patients["birth_year"].tolist() == [1984, 1979, 1990]
    written = "".join(path.read_text(encoding="utf-8") for path in out.glob("*.csv"))
    for personal in ("Okafor", "example.com", "555", "1984-02", "Jul", "Slept"):
        assert personal not in written
    assert "(withheld)" in (out / "rejects.csv").read_text()


def test_answers_become_one_score_of_each_form(jane: tuple[Path, ImportSummary]) -> None:
    _, summary = jane
    scores = summary.loaded.tables.assessments
    found = scores[["patient_id", "instrument", "date", "timing", "value"]].to_numpy().tolist()
    assert found == [
        ["1001", "nrs_pain", pd.Timestamp("2024-03-08"), "remote", 6],
        ["1003", "nrs_pain", pd.Timestamp("2024-03-10"), "remote", 3],
        ["1001", "ndi", pd.Timestamp("2024-03-09"), "remote", 20],
    ]
    reject = summary.loaded.rejects.query("table == 'assessments'").iloc[0]
    assert (reject["line"], reject["column"]) == (14, "value")
    assert reject["reason"] == "is answered in two ways (line 15)"
    account = summary.accounting.query("table == 'assessments'").iloc[0]
    # 16 rows are looked at for each of the two forms
    assert account[["source_rows", "passed_over", "joined", "rows_read"]].tolist() == [
        32,
        17,
        11,
        4,
    ]


def test_what_the_source_deletes_is_not_recorded_rather_than_none(
    jane: tuple[Path, ImportSummary],
) -> None:
    out, summary = jane
    for loaded in (summary.loaded, load(out)):
        assert "sessions.status=cancelled" in loaded.tables.absent
        assert any("cancelled" in notice and "not recorded" in notice for notice in loaded.notices)
    result = estimate_clinic_activity(load(out).tables)
    assert any("does not keep appointments" in note for note in result.notes)
    rows = result.estimates
    cancelled = rows[rows["term"] == "cancelled"]
    assert (cancelled["status"] == "refused").all() and cancelled["estimate"].isna().all()
    assert "does not keep" in cancelled["note"].iloc[0]
    missed = rows[rows["term"] == "no_show"]
    assert not missed["note"].str.contains("does not keep").any()


CLINIKO = {
    "patients.csv": """id,first_name,last_name,date_of_birth,gender_identity,email
501,Ada,Quill,1971-05-05,Woman,a@example.com
502,Bo,Renn,,Man,
""",
    "appointments.csv": """id,patient_id,practitioner_id,appointment_type,business,starts_at,ends_at,created_at,cancelled_at,cancellation_reason,did_not_arrive,patient_arrived
1,501,31,Initial consultation,Main St,2024-03-10T06:30:00Z,2024-03-10T07:00:00Z,2024-03-01T18:00:00Z,,,false,true
2,501,31,Standard,Main St,2024-03-11T06:30:00Z,2024-03-11T07:00:00Z,2024-03-01T18:00:00Z,,,false,true
3,502,31,Standard,Main St,2024-03-12T17:00:00Z,2024-03-12T17:30:00Z,2024-03-01T18:00:00Z,2024-03-11T20:00:00Z,Feeling better,true,false
4,502,31,Review,Main St,2024-03-13T17:00:00+00:00,2024-03-13T17:30:00Z,2024-03-01T18:00:00Z,,,true,false
5,502,31,Review,Main St,2024-04-13T17:00:00Z,2024-04-13T17:30:00Z,2024-03-01T18:00:00Z,,,false,false
""",
    "form_answers.csv": """form_id,patient_id,completed_at,question,answer
1,501,2024-03-15T03:00:00Z,How bad is your pain now?,None
2,502,2024-03-16T03:00:00Z,How bad is your pain now?,4
3,502,2024-03-17T03:00:00Z,How bad is your pain now?,about 4
""",
}


def test_moments_in_utc_become_days_of_the_clinic(tmp_path: Path) -> None:
    for name, text in CLINIKO.items():
        (tmp_path / name).write_text(text)
    summary = import_csv([tmp_path / name for name in CLINIKO], "cliniko_like", tmp_path / "out")
    sessions = summary.loaded.tables.sessions
    # summer time began at 10:00 UTC on 10 March: eight hours behind before, seven after
    assert sessions["date"].dt.strftime("%m-%d").tolist()[:2] == ["03-09", "03-10"]
    assert sessions["time"].tolist()[:2] == ["22:30", "23:30"]
    statuses = ["attended", "attended", "cancelled", "no_show", "booked"]
    assert sessions["status"].tolist() == statuses
    scores = summary.loaded.tables.assessments
    assert scores["value"].tolist() == [0, 4]
    assert scores["date"].dt.strftime("%m-%d").tolist() == ["03-14", "03-15"]
    assert balanced(summary)


ZONED = """
time_zone = "America/Los_Angeles"
[patients]
one_row_per_key = true
patient_id = "id"
[sessions]
session_id = "s"
patient_id = "id"
date = { column = "at", date_format = "%Y-%m-%d %H:%M", time_zone = "Europe/Berlin" }
time = { column = "at", date_format = "%Y-%m-%d %H:%M", time_zone = "Europe/Berlin" }
status = { constant = "attended" }
"""


def test_a_time_that_a_clock_skips_or_shows_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(ZONED)
    (tmp_path / "s.csv").write_text(
        "id,s,at\np,1,2024-01-01 03:00\np,2,2024-03-31 02:30\np,3,2024-10-27 02:30\n"
        "p,4,2024-10-27 09:30\np,5,31.3.2024\n"
    )
    summary = import_csv(tmp_path / "s.csv", tmp_path / "m.toml", tmp_path / "out")
    sessions = summary.loaded.tables.sessions
    assert sessions["date"].dt.strftime("%Y-%m-%d").tolist() == ["2023-12-31", "2024-10-27"]
    assert sessions["time"].tolist() == ["18:00", "01:30"]
    reasons = summary.loaded.rejects["reason"].tolist()
    assert ["skip or show twice" in reason for reason in reasons] == [True, True, False]


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ('value = { answer_to = "q" }', "assessments.answers"),
        (
            'value = "v"\nanswers = { question = "q", answer = "a", of = ["f"] }',
            "assessments.answers",
        ),
        (
            'value = { answer_to = "q" }\nanswers = { question = "q", answer = "a", of = [] }',
            "assessments.answers.of",
        ),
        ('value = { first = [{ column = "a", then = 1 }] }', "assessments.value.first[1]"),
        ("value = { first = [] }", "assessments.value.first"),
        ('value = { column = "a", otherwise = 1 }', "assessments.value.otherwise"),
        ('value = "v"\nnot_recorded = ["cancelled"]', "assessments.not_recorded"),
        ('value = { column = "v", time_zone = "UTC" }', "assessments.value.time_zone"),
        ('value = "v"\ntiming = { column = "t", date_format = "%I:%M" }', "assessments.timing"),
    ],
)
def test_keys_that_make_no_sense_are_named(tmp_path: Path, block: str, key: str) -> None:
    top = '[patients]\npatient_id = "p"\n[assessments]\npatient_id = "p"\ninstrument = "i"\n'
    (tmp_path / "m.toml").write_text(f'{top}date = "d"\n{block}\n')
    with pytest.raises(DataContractError) as caught:
        read_mapping(tmp_path / "m.toml")
    assert str(caught.value.column).startswith(key)


def test_half_a_day_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(ZONED.replace("%H:%M", "%I:%M"))
    with pytest.raises(DataContractError, match="half of the day"):
        read_mapping(tmp_path / "m.toml")


def test_a_question_nobody_was_asked_is_said(tmp_path: Path) -> None:
    files = {**CLINIKO, "form_answers.csv": CLINIKO["form_answers.csv"].replace("bad", "strong")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    summary = import_csv([tmp_path / name for name in files], "cliniko_like", tmp_path / "out")
    assert any("no row has the question" in notice for notice in summary.loaded.notices)
    assert summary.loaded.tables.assessments.empty
    assert balanced(summary)
