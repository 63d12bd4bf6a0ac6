"""Small tables in, verdicts out: one rule of the contract at a time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.io import Loaded, load, read_tables

PATIENTS = "patient_id,clinic,birth_year\nP1,Salem,1980\nP2,Salem,\n"
SESSIONS = (
    "session_id,patient_id,date,status\n"
    "S1,P1,2024-01-05,attended\n"
    "S2,P2,2024-01-06,attended\n"
    "S3,P1,2024-01-12,cancelled\n"
)


def folder_of(tmp_path: Path, **tables: str) -> Path:
    """A data set with these tables and, unless given, two patients."""
    for name, text in {"patients": PATIENTS, **tables}.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return tmp_path


def verdicts(loaded: Loaded, table: str) -> list[tuple[int, str, str]]:
    """Line, column and reason of the rejected rows of a table."""
    rows = loaded.rejects[loaded.rejects["table"] == table]
    return list(zip(rows["line"], rows["column"], rows["reason"], strict=True))


RULES = [
    # table, header, row, column at fault, reason
    ("patients", "patient_id,birth_year", ",1980", "patient_id", "is empty"),
    ("patients", "patient_id,birth_year", "P9,1850", "birth_year", "is below 1900"),
    ("patients", "patient_id,birth_year", "P9,1980.5", "birth_year", "is not a whole number"),
    ("patients", "patient_id,birth_year", "P9,1e999", "birth_year", "is not a finite number"),
    ("patients", "patient_id,birth_year", "P9,NaN", "birth_year", "is not a number"),
    ("patients", "patient_id,birth_year", "P9,inf", "birth_year", "is not a number"),
    ("patients", "patient_id,birth_year", "P9,1_980", "birth_year", "is not a number"),
    ("patients", "patient_id,birth_year", "P9,١٩٨٠", "birth_year", "is not a number"),
    (
        "patients",
        "patient_id,onset",
        "P9,Chronic",
        "onset",
        "is not one of acute, subacute, chronic",
    ),
    ("patients", "patient_id,whiplash", "P9,yes", "whiplash", "is neither 0 nor 1"),
    ("patients", "patient_id,whiplash", "P9,2", "whiplash", "is neither 0 nor 1"),
    ("patients", "patient_id,desk_hours", "P9,25", "desk_hours", "is above 24"),
    ("patients", "patient_id,index_date", "P9,05/01/2024", "index_date", "is not a date written"),
    ("patients", "patient_id,index_date", "P9,20240105", "index_date", "is not a date written"),
    ("patients", "patient_id,index_date", "P9,2024-1-5", "index_date", "is not a date written"),
    (
        "patients",
        "patient_id,index_date",
        "P9,2024-01-05 10:00",
        "index_date",
        "is not a date written",
    ),
    ("patients", "patient_id,index_date", "P9,2023-02-29", "index_date", "is not a day of the cal"),
    ("patients", "patient_id,index_date", "P9,1899-12-31", "index_date", "is before 1900"),
    ("patients", "patient_id,index_date", "P9,2101-01-01", "index_date", "is after 2100"),
    (
        "patients",
        "patient_id,birth_year,onset_date",
        "P9,2000,1999-06-01",
        "onset_date",
        "is before the year of birth",
    ),
    (
        "patients",
        "patient_id,birth_year,index_date",
        "P9,2000,1999-06-01",
        "index_date",
        "is before the year of birth",
    ),
    ("patients", "patient_id,clinic", "P9,a\0b", "clinic", "contains a NUL character"),
    (
        "sessions",
        "session_id,patient_id,date,status,booked_on",
        "S9,P1,2024-01-05,attended,2024-01-06",
        "booked_on",
        "is after the appointment",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status",
        "S9,P1,1979-12-31,attended",
        "date",
        "is before the patient's year of birth",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status",
        "S9,P9,2024-01-05,attended",
        "patient_id",
        "is not in patients",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status",
        "S9,P1,2024-01-05,came",
        "status",
        "is not one of attended, no_show, cancelled, booked",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status,time",
        "S9,P1,2024-01-05,attended,24:00",
        "time",
        "is not a time written HH:MM",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status,techniques",
        "S9,P1,2024-01-05,attended,gliding_stroke;cupping",
        "techniques",
        "names something other than",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status,pressure",
        "S9,P1,2024-01-05,attended,0",
        "pressure",
        "is below 1",
    ),
    (
        "sessions",
        "session_id,patient_id,date,status,fee",
        'S9,P1,2024-01-05,attended,"80,50"',
        "fee",
        "is written with a decimal comma",
    ),
    (
        "headache_diary",
        "patient_id,date,headache",
        "P1,2024-01-05,",
        "headache",
        "is empty",
    ),
    (
        "headache_diary",
        "patient_id,date,headache,intensity",
        "P1,2024-01-05,1,11",
        "intensity",
        "is above 10",
    ),
    (
        "headache_periods",
        "patient_id,start,days_observed,headache_days",
        "P1,2024-01-05,28,28.5",
        "headache_days",
        "is more than days_observed",
    ),
    (
        "headache_periods",
        "patient_id,start,days_observed,headache_days",
        "P1,2024-01-05,0,0",
        "days_observed",
        "is below 1",
    ),
    (
        "plans",
        "patient_id,date,plan",
        "P1,2024-01-05,fortnightly",
        "plan",
        "is not one of weekly, twice_monthly, monthly, on_demand, discharged",
    ),
    (
        "adverse_events",
        "event_id,session_id,symptom,serious",
        "E1,S1,soreness,0",
        "session_id",
        "there is no table sessions to find it in",
    ),
    ("covariates", "patient_id,name,value", "P1,arm,", "value", "is empty"),
    (
        "exercises",
        "patient_id,date,exercise,prescribed,done",
        "P1,1979-01-05,chin_tuck,1,1",
        "date",
        "is before the patient's year of birth",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value",
        "P1,moodscale,2024-01-05,3",
        "instrument",
        "is not a known instrument",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value",
        "P1,nrs_pain,2024-01-05,11",
        "value",
        "nrs_pain: outside 0 to 10",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value",
        "P1,hit6,2024-01-05,37",
        "value",
        "hit6: not a total that its items can give",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value",
        "P1,nrs_pain,2024-01-05,",
        "value",
        "is empty, and there are no items to score",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value,timing",
        "P1,nrs_pain,2024-01-05,3,before",
        "timing",
        "is not one of pre, post, remote",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value,item_1,item_2,item_3",
        "P1,peg,2024-01-05,6,1,2,3",
        "value",
        "is not what the items score to",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value,item_1,item_2,item_3",
        "P1,peg,2024-01-05,,1,2,",
        "value",
        "too few items are answered: a score needs at least 3 of 3 items",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value,item_1,item_2,item_3",
        "P1,peg,2024-01-05,2,1,11,3",
        "item_2",
        "is not an answer of peg",
    ),
    (
        "assessments",
        "patient_id,instrument,date,value,item_1",
        "P1,nrs_pain,2024-01-05,,4",
        "value",
        "is empty, and no rule is known to score the items",
    ),
]


@pytest.mark.parametrize(("table", "header", "row", "column", "reason"), RULES)
def test_a_row_that_breaks_one_rule_is_rejected_by_name(
    tmp_path: Path, table: str, header: str, row: str, column: str, reason: str
) -> None:
    loaded = load(folder_of(tmp_path, **{table: f"{header}\n{row}\n"}))
    ((line, at, why),) = verdicts(loaded, table)
    assert (line, at) == (2, column)
    assert why.startswith(reason)
    account = loaded.accounting.set_index("table").loc[table]
    assert (account["rows_read"], account["rows_accepted"], account["rows_rejected"]) == (1, 0, 1)
    value = loaded.rejects["value"].iloc[0]
    assert value not in why or value == ""


def test_a_row_in_order_is_accepted_with_its_types(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        sessions="session_id,patient_id,date,time,status,techniques,pressure,visit_type\n"
        "S1,P1,2024-01-05,09:30,attended,gliding_stroke; compression_hold;,6.5,intake\n",
    )
    tables = read_tables(folder)
    session = tables.sessions.iloc[0]
    assert session["date"] == pd.Timestamp("2024-01-05")
    assert session["techniques"] == "gliding_stroke;compression_hold"
    assert (session["time"], session["pressure"]) == ("09:30", 6.5)
    assert tables.sessions["date"].dtype == "datetime64[us]"
    assert tables.sessions["minutes"].isna().all()
    assert tables.patients["birth_year"].tolist()[0] == 1980.0


def test_a_column_without_any_value_is_read_as_missing(tmp_path: Path) -> None:
    optional = "time,booked_on,minutes,visit_type,techniques,muscles,fee"
    sessions = f"session_id,patient_id,date,status,{optional}\nS1,P1,2024-01-05,attended,,,,,,,\n"
    tables = read_tables(folder_of(tmp_path, sessions=sessions))
    assert tables.sessions[optional.split(",")].isna().all(axis=None)


def test_two_rows_with_one_key_are_both_rejected_and_name_each_other(tmp_path: Path) -> None:
    diary = "patient_id,date,headache\nP1,2024-01-05,1\nP2,2024-01-05,1\nP1,2024-01-05,0\n"
    loaded = load(folder_of(tmp_path, headache_diary=diary))
    words = "another row has the same patient_id, date"
    assert verdicts(loaded, "headache_diary") == [
        (2, "", f"{words} (line 4)"),
        (4, "", f"{words} (line 2)"),
    ]
    assert loaded.tables.headache_diary["patient_id"].tolist() == ["P2"]


def test_a_key_is_taken_also_by_a_row_that_is_rejected_otherwise(tmp_path: Path) -> None:
    diary = "patient_id,date,headache\nP1,2024-01-05,1\nP1,2024-01-05,seven\n"
    loaded = load(folder_of(tmp_path, headache_diary=diary))
    assert [line for line, _, _ in verdicts(loaded, "headache_diary")] == [2, 3]


def test_rows_of_a_rejected_patient_say_so(tmp_path: Path) -> None:
    patients = "patient_id,birth_year\nP1,abc\nP2,1980\n"
    sessions = "session_id,patient_id,date,status\nS1,P1,2024-01-05,attended\n"
    events = "event_id,session_id,symptom,serious\nE1,S1,soreness,0\nE2,S7,soreness,0\n"
    loaded = load(folder_of(tmp_path, patients=patients, sessions=sessions, adverse_events=events))
    assert verdicts(loaded, "sessions") == [
        (2, "patient_id", "the row of its patient was rejected")
    ]
    assert verdicts(loaded, "adverse_events") == [
        (2, "session_id", "the row of its session was rejected"),
        (3, "session_id", "is not in sessions"),
    ]


@pytest.mark.parametrize("column", ["clinic", "sex", "birth_year"])
def test_one_id_for_two_people_refuses_the_folder(tmp_path: Path, column: str) -> None:
    one = {"clinic": "Salem", "sex": "female", "birth_year": "1980"}
    two = {**one, column: {"clinic": "Gresham", "sex": "male", "birth_year": "1990"}[column]}
    rows = [",".join(["P1", *each.values()]) for each in (one, two)]
    patients = "\n".join(["patient_id,clinic,sex,birth_year", "P2,x,y,1950", *rows, ""])
    with pytest.raises(DataContractError, match="prefix") as caught:
        load(folder_of(tmp_path, patients=patients))
    assert (caught.value.file, caught.value.line, caught.value.column) == (
        "patients.csv",
        3,
        column,
    )
    for value in ("P1", "Gresham", "1990"):
        assert value not in str(caught.value)


def test_a_patient_listed_twice_alike_is_rejected_not_refused(tmp_path: Path) -> None:
    loaded = load(folder_of(tmp_path, patients="patient_id,clinic\nP1,a\nP1,a\nP2,a\nP3,\nP3,b\n"))
    assert [line for line, _, _ in verdicts(loaded, "patients")] == [2, 3, 5, 6]


def test_empty_timing_is_pre_on_a_session_day_else_remote(tmp_path: Path) -> None:
    scores = (
        "patient_id,instrument,date,value\n"
        "P1,nrs_pain,2024-01-05,7\n"  # attended
        "P1,nrs_pain,2024-01-06,6\n"  # another patient's session day
        "P1,nrs_pain,2024-01-12,5\n"  # cancelled
    )
    tables = read_tables(folder_of(tmp_path, sessions=SESSIONS, assessments=scores))
    assert tables.assessments["timing"].tolist() == ["pre", "remote", "remote"]


def test_a_rejected_session_still_makes_its_day_a_session_day(tmp_path: Path) -> None:
    sessions = "session_id,patient_id,date,status,fee\nS1,P1,2024-01-05,attended,eighty\n"
    scores = "patient_id,instrument,date,value\nP1,nrs_pain,2024-01-05,7\n"
    tables = read_tables(folder_of(tmp_path, sessions=sessions, assessments=scores))
    assert tables.sessions.empty
    assert tables.assessments["timing"].tolist() == ["pre"]


def test_filled_in_timing_is_part_of_the_key(tmp_path: Path) -> None:
    scores = (
        "patient_id,instrument,date,timing,value\n"
        "P1,nrs_pain,2024-01-05,,7\n"
        "P1,nrs_pain,2024-01-05,pre,6\n"
        "P1,nrs_pain,2024-01-05,post,5\n"
    )
    loaded = load(folder_of(tmp_path, sessions=SESSIONS, assessments=scores))
    assert [line for line, _, _ in verdicts(loaded, "assessments")] == [2, 3]


def test_a_score_must_agree_with_the_session_it_names(tmp_path: Path) -> None:
    scores = (
        "patient_id,instrument,date,timing,value,session_id\n"
        "P1,nrs_pain,2024-01-05,pre,7,S1\n"
        "P1,nrs_pain,2024-01-06,pre,7,S1\n"
        "P1,nrs_pain,2024-01-06,post,7,S2\n"
        "P1,nrs_pain,2024-01-12,post,7,S3\n"
        "P1,nrs_pain,2024-01-07,remote,7,S1\n"
        "P1,nrs_pain,2024-01-08,pre,7,S8\n"
    )
    loaded = load(folder_of(tmp_path, sessions=SESSIONS, assessments=scores))
    assert verdicts(loaded, "assessments") == [
        (3, "date", "is not the day of its session"),
        (4, "session_id", "is another patient's"),
        (5, "session_id", "is a session that was not attended"),
        (7, "session_id", "is not in sessions"),
    ]


def test_pre_scores_without_a_session_are_kept_and_counted(tmp_path: Path) -> None:
    scores = "patient_id,instrument,date,timing,value\nP1,nrs_pain,2023-01-05,pre,7\n"
    loaded = load(folder_of(tmp_path, sessions=SESSIONS, assessments=scores))
    assert len(loaded.tables.assessments) == 1
    assert any("1 scores are marked pre or post" in notice for notice in loaded.notices)


def test_session_id_is_not_checked_without_sessions(tmp_path: Path) -> None:
    scores = "patient_id,instrument,date,timing,value,session_id\nP1,nrs_pain,2024-01-05,,7,S1\n"
    loaded = load(folder_of(tmp_path, assessments=scores))
    assert loaded.tables.assessments["timing"].tolist() == ["remote"]
    assert any("no table sessions" in notice for notice in loaded.notices)


def test_items_are_scored_by_the_instrument(tmp_path: Path) -> None:
    items = ",".join(f"item_{number}" for number in range(1, 11))
    scores = (
        f"patient_id,instrument,date,value,{items}\n"
        "P1,peg,2024-01-05,,1,2,6,,,,,,,\n"
        "P1,peg,2024-01-06,3.3,1,3,6,,,,,,,\n"
        "P1,ndi,2024-01-05,,2,2,2,2,2,2,2,2,2,\n"
    )
    tables = read_tables(folder_of(tmp_path, assessments=scores))
    assert tables.assessments["value"].tolist() == [3.0, 3.3, 20.0]


def test_own_instruments_are_known(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "[instruments.mood]\nlabel = 'Mood'\nunit = 'points'\nminimum = 0\nmaximum = 5\n"
        "lower_is_better = false\n"
    )
    scores = "patient_id,instrument,date,value\nP1,mood,2024-01-05,5\nP1,mood,2024-01-06,6\n"
    loaded = load(folder_of(tmp_path, assessments=scores))
    assert loaded.tables.assessments["value"].tolist() == [5.0]
    assert "mood" in loaded.tables.registry


def test_as_of_is_the_last_day_on_which_anything_was_observed(tmp_path: Path) -> None:
    sessions = (
        "session_id,patient_id,date,status,booked_on\n"
        "S1,P1,2024-01-05,attended,2023-12-01\n"
        "S2,P1,2024-03-01,booked,2024-01-08\n"
        "S3,P1,2024-04-01,cancelled,2024-01-02\n"
    )
    folder = folder_of(tmp_path, sessions=sessions)
    assert read_tables(folder).as_of == pd.Timestamp("2024-01-08")
    periods = "patient_id,start,days_observed,headache_days\nP1,2024-01-01,28,4\n"
    folder_of(tmp_path, sessions=sessions, headache_periods=periods)
    assert read_tables(folder).as_of == pd.Timestamp("2024-01-28")


def test_a_given_as_of_date_shuts_out_what_is_later(tmp_path: Path) -> None:
    scores = (
        "patient_id,instrument,date,value\nP1,nrs_pain,2024-01-05,7\nP1,nrs_pain,2024-02-05,3\n"
    )
    folder = folder_of(tmp_path, sessions=SESSIONS, assessments=scores)
    loaded = load(folder, as_of="2024-01-31")
    assert loaded.tables.assessments["value"].tolist() == [7.0]
    assert loaded.tables.as_of == pd.Timestamp("2024-01-31")
    assert loaded.accounting["rows_accepted"].tolist() == [2, 3, 2]
    assert read_tables(folder, as_of="2030-01-01").as_of == pd.Timestamp("2030-01-01")
    with pytest.raises(DataContractError, match="YYYY-MM-DD"):
        load(folder, as_of="31.01.2024")


def test_absent_tables_and_columns_are_listed(tmp_path: Path) -> None:
    tables = read_tables(folder_of(tmp_path, sessions=SESSIONS))
    assert {"assessments", "plans", "sessions.booked_on", "patients.sex"} <= set(tables.absent)
    assert "patients.clinic" not in tables.absent


def test_a_folder_with_truth_is_synthetic(tmp_path: Path) -> None:
    assert not read_tables(folder_of(tmp_path)).synthetic
    (tmp_path / "truth.json").write_text("{}")
    assert read_tables(tmp_path).synthetic


def test_odd_names_survive_unchanged(tmp_path: Path) -> None:
    names = [
        'say "hi"',
        "<b>bold</b>",
        "../../etc",
        "🙂 clinic",
        "x" * 200,
        " spaced ",
        "=1+1",
        "a;b",
    ]
    ids = [f"{name}#1" for name in names]
    rows = "".join(
        '"{}","{}"\n'.format(each.replace('"', '""'), name.replace('"', '""'))
        for each, name in zip(ids, names, strict=True)
    )
    tables = read_tables(folder_of(tmp_path, patients=f"patient_id,clinic\n{rows}"))
    assert tables.patients["clinic"].tolist() == names
    assert tables.patients["patient_id"].tolist() == ids


def test_a_date_far_ahead_of_the_clock_is_pointed_out(tmp_path: Path) -> None:
    diary = "patient_id,date,headache\nP1,2099-01-05,1\n"
    loaded = load(folder_of(tmp_path, headache_diary=diary))
    assert any("ahead of this computer's clock" in notice for notice in loaded.notices)


def test_an_as_of_date_ahead_of_the_clock_is_not_blamed_on_the_records(tmp_path: Path) -> None:
    diary = "patient_id,date,headache\nP1,2024-01-05,1\n"
    loaded = load(folder_of(tmp_path, headache_diary=diary), as_of="2099-01-05")
    (notice,) = [each for each in loaded.notices if "ahead of this computer's clock" in each]
    assert notice.startswith("The as-of date given")
    assert "records" not in notice
