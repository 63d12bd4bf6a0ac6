"""What leaves the house: ADaM's arithmetic, harmless text, pseudonyms and shifted dates."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.export import KINDS, Pseudonyms, derive_bds, export_data, make_key, read_key
from outcomes.export.adam import VARIABLES
from outcomes.export.spreadsheet import neutralised
from outcomes.io import read_tables

PATIENTS = "patient_id,clinic,birth_year,index_date\na,Salem,1980,\nb,=1+1,,2024-01-10\nc,,,\n"
SESSIONS = """session_id,patient_id,date,time,status,therapist_id
s1,a,2024-01-10,09:00,attended,t1
s2,a,2024-01-24,09:00,attended,@t2
"""
SCORES = """patient_id,instrument,date,timing,value,session_id
a,nrs_pain,2024-01-01,remote,9,
a,nrs_pain,2024-01-10,pre,8,s1
a,nrs_pain,2024-01-10,post,5,s1
a,nrs_pain,2024-01-24,pre,6,s2
a,nrs_pain,2024-01-24,post,2,s2
a,nrs_pain,2024-05-20,pre,1,
a,pgic,2024-01-24,pre,2,s2
b,nrs_pain,2024-01-10,remote,0,
b,nrs_pain,2024-01-24,remote,3,
c,nrs_pain,2024-01-24,remote,3,
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in (("patients", PATIENTS), ("sessions", SESSIONS), ("assessments", SCORES)):
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    make_key(path, away_from=())
    return path


def score(data: Path, patient: str, day: str, timing: str, code: str = "NRSPAIN") -> pd.Series:
    rows = derive_bds(read_tables(data))
    here = (rows["USUBJID"] == patient) & (rows["ADT"] == day) & (rows["ATPT"] == timing)
    found = rows[here & (rows["PARAMCD"] == code)]
    assert len(found) == 1
    return found.iloc[0]


def test_change_and_percent_are_reckoned_from_the_baseline(data: Path) -> None:
    later = score(data, "a", "2024-01-24", "PRE")
    assert later[["AVAL", "BASE", "CHG", "PCHG"]].tolist() == [6, 8, -2, -25]
    assert later[["ADY", "AVISITN", "AVISIT", "ANL01FL"]].tolist() == [15, 14, "Day 14", "Y"]
    first = score(data, "a", "2024-01-10", "PRE")
    assert first[["ABLFL", "AVISIT", "ADY"]].tolist() == ["Y", "Baseline", 1]
    assert np.isnan(first["CHG"])


def test_percent_of_a_baseline_of_zero_is_empty(data: Path) -> None:
    row = score(data, "b", "2024-01-24", "REMOTE")
    assert row[["BASE", "CHG"]].tolist() == [0, 3]
    assert np.isnan(row["PCHG"])


def test_there_is_no_day_zero(data: Path) -> None:
    assert score(data, "a", "2024-01-01", "REMOTE")["ADY"] == -9


def test_scores_after_a_session_and_outside_windows_stand_for_none(data: Path) -> None:
    for place in (("a", "2024-01-24", "POST"), ("a", "2024-05-20", "PRE")):
        row = score(data, *place)
        assert row[["AVISIT", "ANL01FL", "ABLFL"]].isna().all()
        assert row["CHG"] == row["AVAL"] - 8


def test_without_a_start_there_is_no_baseline(data: Path) -> None:
    row = score(data, "c", "2024-01-24", "REMOTE")
    assert row[["BASE", "CHG", "ADY", "AVISITN"]].isna().all()


def test_a_rating_of_change_has_no_baseline(data: Path) -> None:
    rating = score(data, "a", "2024-01-24", "PRE", "PGIC")
    assert rating["AVAL"] == 2
    assert rating[["BASE", "CHG", "PCHG", "ABLFL"]].isna().all()


def test_the_sample_agrees_with_the_derivations(repository: Path) -> None:
    tables = read_tables(repository / "data" / "sample")
    some = tables.restrict(tables.patients["patient_id"].iloc[:300])
    rows = derive_bds(some)
    assert rows["PARAMCD"].str.fullmatch(r"[A-Z][A-Z0-9]{0,7}").all()
    flagged = rows[rows["ABLFL"] == "Y"]
    assert len(flagged) > 300
    assert not flagged.duplicated(["USUBJID", "PARAMCD"]).any()
    assert (flagged["AVAL"] == flagged["BASE"]).all()
    visits = rows[rows["ANL01FL"] == "Y"]
    assert not visits.duplicated(["USUBJID", "PARAMCD", "AVISITN"]).any()
    assert not (visits["ATPT"] == "POST").any()
    has_base = rows.groupby(["USUBJID", "PARAMCD"])["BASE"].first().notna()
    assert has_base.sum() == len(flagged)
    assert some.assessments is not None
    assert len(rows.drop_duplicates(["USUBJID", "PARAMCD", "ADT", "ATPT", "AVAL"])) <= len(
        some.assessments
    )
    assert len(rows) >= some.assessments["value"].notna().sum()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "＝1", "\r=1", '=LINK("x",A1)', "a;=1", 'a; "=1'],
)
def test_text_that_acts_is_neutralised(text: str) -> None:
    written = neutralised(pd.Series([text], dtype="str")).iloc[0]
    assert written != text
    for cell in [written, *written.split(";")]:
        assert re.match(r'[\s"]*[=+\-@＝]', cell) is None


@pytest.mark.parametrize("text", ["a=b", "3-4", "suboccipital;scalenes", "", "mail@home"])
def test_other_text_stays(text: str) -> None:
    assert neutralised(pd.Series([text], dtype="str")).iloc[0] == text


def test_csv_and_workbook_hold_no_formula(data: Path, tmp_path: Path) -> None:
    export_data(data, tmp_path / "csv", "csv")
    with (tmp_path / "csv" / "patients.csv").open(encoding="utf-8") as stream:
        assert [row["clinic"] for row in csv.DictReader(stream)] == ["Salem", "'=1+1", ""]
    export_data(data, tmp_path / "excel", "excel")
    book = CalamineWorkbook.from_path(tmp_path / "excel" / "tables.xlsx")
    cells = book.get_sheet_by_name("patients").to_python()
    assert "=1+1" in cells[2]
    sessions = book.get_sheet_by_name("sessions").to_python()
    day = sessions[0].index("date")
    assert f"{sessions[1][day]:%Y-%m-%d}" == "2024-01-10"


def test_parquet_comes_back_letter_by_letter(data: Path, tmp_path: Path) -> None:
    rows = export_data(data, tmp_path / "out", "parquet")
    assert rows == {"patients": 3, "sessions": 2, "assessments": 10}
    again, before = read_tables(tmp_path / "out"), read_tables(data)
    pd.testing.assert_frame_equal(again.patients, before.patients)
    pd.testing.assert_frame_equal(again.assessments, before.assessments)


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_can_be_repeated_and_touches_nothing_else(
    data: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    export_data(data, out, kind)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    export_data(data, out, kind)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    (out / "mine.txt").write_text("mine")
    with pytest.raises(DataContractError, match=r"mine\.txt"):
        export_data(data, out, kind)
    with pytest.raises(DataContractError, match="mix"):
        export_data(data, data, kind)


def test_pseudonyms_join_tables_and_hide_ids(data: Path, tmp_path: Path, key: Path) -> None:
    secret = read_key(key, away_from=(data,))
    export_data(data, tmp_path / "out", "parquet", pseudonyms=Pseudonyms(secret))
    again, before = read_tables(tmp_path / "out"), read_tables(data)
    assert not set(again.patients["patient_id"]) & set(before.patients["patient_id"])
    assert again.patients["patient_id"].str.fullmatch("[0-9a-f]{20}").all()
    assert again.accounting["rows_rejected"].sum() == 0
    assert again.sessions["therapist_id"].nunique() == 2
    assert (again.assessments["date"] == before.assessments["date"]).all()
    ids = Pseudonyms(secret).ids(before.patients["patient_id"], "patient_id")
    assert ids.tolist() == again.patients["patient_id"].tolist()
    other = Pseudonyms(b"x" * 32).ids(before.patients["patient_id"], "patient_id")
    assert not set(ids) & set(other)
    assert not set(ids) & set(Pseudonyms(secret).ids(before.patients["patient_id"], "session_id"))


def test_shifted_dates_keep_their_distances(data: Path, tmp_path: Path, key: Path) -> None:
    pseudonyms = Pseudonyms(read_key(key, away_from=(data,)), shift=True)
    export_data(data, tmp_path / "out", "parquet", pseudonyms=pseudonyms)
    again, before = read_tables(tmp_path / "out"), read_tables(data)
    moved = (before.assessments["date"] - again.assessments["date"]).dt.days
    assert moved.between(1, 364).all()
    assert moved.groupby(before.assessments["patient_id"]).nunique().tolist() == [1, 1, 1]
    assert (before.sessions["date"] - again.sessions["date"]).dt.days.eq(moved.iloc[0]).all()
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    assert record["pseudonymised"] and record["dates_shifted"] and record["as_of"] is None


def test_adam_is_the_same_for_shifted_dates_save_the_dates(
    data: Path, tmp_path: Path, key: Path
) -> None:
    pseudonyms = Pseudonyms(read_key(key, away_from=()), shift=True)
    export_data(data, tmp_path / "plain", "adam")
    export_data(data, tmp_path / "out", "adam", pseudonyms=pseudonyms)
    plain = pd.read_csv(tmp_path / "plain" / "adqs.csv")
    out = pd.read_csv(tmp_path / "out" / "adqs.csv")
    assert list(out) == [name for name, _ in VARIABLES["adqs"]]
    kept = ["PARAMCD", "AVAL", "BASE", "CHG", "PCHG", "ADY", "AVISIT", "ABLFL", "ANL01FL"]
    pd.testing.assert_frame_equal(out[kept], plain[kept])
    assert not set(out["USUBJID"]) & {"a", "b", "c"}
    assert not set(out["ADT"]) & set(plain["ADT"])


@pytest.mark.skipif(os.name != "posix", reason="needs permission bits")
def test_a_key_that_others_may_read_is_refused(data: Path, key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    for mode in (0o604, 0o640, 0o666):
        key.chmod(mode)
        with pytest.raises(DataContractError, match="chmod 600"):
            read_key(key, away_from=(data,))


def test_a_key_beside_the_data_is_refused(data: Path, tmp_path: Path, key: Path) -> None:
    (data / "link").symlink_to(key)
    (data / "below").mkdir()
    for inside in (data / "key", data / "below" / ".." / "key"):
        with pytest.raises(DataContractError, match="travel"):
            make_key(inside, away_from=(data,))
        assert not inside.exists()
    with pytest.raises(DataContractError, match="travel"):
        read_key(key, away_from=(tmp_path,))


def test_a_short_or_missing_key(tmp_path: Path, key: Path) -> None:
    with pytest.raises(DataContractError, match="--new-key"):
        read_key(tmp_path / "none", away_from=())
    with pytest.raises(DataContractError, match="never overwritten"):
        make_key(key, away_from=())
    key.write_text("short")
    with pytest.raises(DataContractError, match="guessed"):
        read_key(key, away_from=())
    with pytest.raises(DataContractError, match="need a key"):
        Pseudonyms(shift=True)


def test_the_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, key = str(tmp_path / "out"), str(tmp_path / "key")
    asked = ["export", "csv", str(data), "--out", out]
    assert main([*asked, "--shift-dates"]) == 2
    assert main([*asked, "--pseudonyms", key]) == 1
    assert main([*asked, "--pseudonyms", key, "--new-key", "--shift-dates"]) == 0
    shown = capsys.readouterr().out
    assert "pseudonymised" in shown and "de-identified" not in shown
