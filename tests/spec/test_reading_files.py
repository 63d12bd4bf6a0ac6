"""Files in every state: what can't be read is refused by name, a broken row by its line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from outcomes.errors import DataContractError
from outcomes.io import load, read_tables

PATIENTS = b"patient_id,clinic\nP1,Salem\nP2,Salem\n"
DIARY = b"patient_id,date,headache\n"


def folder_of(tmp_path: Path, **tables: bytes) -> Path:
    for name, content in {"patients": PATIENTS, **tables}.items():
        (tmp_path / f"{name}.csv").write_bytes(content)
    return tmp_path


def refusal(tmp_path: Path, **tables: bytes) -> DataContractError:
    with pytest.raises(DataContractError) as caught:
        load(folder_of(tmp_path, **tables))
    assert caught.value.remedy
    return caught.value


def rejected(tmp_path: Path, table: str, content: bytes) -> list[tuple[int, str]]:
    """Line and reason of the rows rejected, once the account of the table adds up."""
    loaded = load(folder_of(tmp_path, **{table: content}))
    rows = loaded.rejects[loaded.rejects["table"] == table]
    account = loaded.accounting.set_index("table").loc[table]
    assert account["rows_read"] == account["rows_accepted"] + len(rows)
    return list(zip(rows["line"], rows["reason"], strict=True))


def test_too_few_and_too_many_cells(tmp_path: Path) -> None:
    content = b"patient_id,clinic\nP1\nP2,a,b\nP3,a\n"
    assert rejected(tmp_path, "patients", content) == [
        (2, "too few cells: 1, but the header has 2"),
        (3, "too many cells: 3, but the header has 2"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_line_is_the_physical_one(tmp_path: Path, end: bytes) -> None:
    lines = [b"patient_id,clinic", b'P1,"two', b'lines"', b"", b"P2,b", b",c"]
    assert rejected(tmp_path, "patients", end.join(lines)) == [(6, "is empty")]
    text = load(tmp_path).tables.patients["clinic"].iloc[0]
    assert text == f"two{end.decode()}lines"


def test_blank_lines_before_the_header_count(tmp_path: Path) -> None:
    assert rejected(tmp_path, "patients", b"\n\npatient_id,clinic\nP1,a\n,b\n") == [(5, "is empty")]


@pytest.mark.parametrize(
    "line", [b'P2,"open', b'"P2,open', b'"P2","a"b', b'P2,"a" "b"'], ids=["last", "first", "x", "y"]
)
def test_a_quote_left_open_spoils_its_own_line_only(tmp_path: Path, line: bytes) -> None:
    rows = b"patient_id,clinic\nP1,a\n" + line + b"\nP3,c\nP4,d\n"
    ((at, reason),) = rejected(tmp_path, "patients", rows)
    assert at == 3
    assert "quote" in reason
    assert load(tmp_path).tables.patients["patient_id"].tolist() == ["P1", "P3", "P4"]


def test_long_files_keep_their_lines_whatever_stands_where(tmp_path: Path) -> None:
    rows = [b"patient_id,clinic", *(b"P%d,a" % number for number in range(6000))]
    rows[1999] = b'P1998,"over\nfour\n\nlines"'  # across the edge of a block of 2,000 lines
    rows[3000] = b"P2999"
    rows[4500] = b"P4499,\xe9"
    rows[5000] = b'P4999,"open'
    assert rejected(tmp_path, "patients", b"\n".join(rows)) == [
        (3000 + 1 + 3, "too few cells: 1, but the header has 2"),
        (4500 + 1 + 3, "is not UTF-8 text"),
        (5000 + 1 + 3, "a quote opens on this line and is not closed on it"),
    ]
    assert load(tmp_path).accounting["rows_read"].tolist() == [6000]


def test_a_quote_within_a_cell_is_text(tmp_path: Path) -> None:
    assert rejected(tmp_path, "patients", b'patient_id,clinic\nP1,5" deep\nP2,o"k\n') == []
    assert load(tmp_path).tables.patients["clinic"].tolist() == ['5" deep', 'o"k']


def test_bytes_of_another_encoding_reject_the_row(tmp_path: Path) -> None:
    content = "patient_id,clinic\nP1,Montréal\nP2,Salem\n".encode("latin-1")
    assert rejected(tmp_path, "patients", content) == [(2, "is not UTF-8 text")]


def test_bytes_of_another_encoding_in_a_column_not_read_do_no_harm(tmp_path: Path) -> None:
    content = "patient_id,note\nP1,Montréal\n".encode("latin-1")
    assert rejected(tmp_path, "patients", content) == []


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    assert rejected(tmp_path, "patients", b"\xef\xbb\xbf" + PATIENTS) == []


def test_utf16_is_refused_with_the_remedy(tmp_path: Path) -> None:
    error = refusal(tmp_path, patients=PATIENTS.decode().encode("utf-16"))
    assert "UTF-16" in error.problem
    assert "UTF-8" in error.remedy


def test_an_empty_file_of_another_table_holds_no_rows(tmp_path: Path) -> None:
    tables = ("sessions", "assessments", "headache_diary", "plans", "covariates")
    loaded = load(folder_of(tmp_path, **dict.fromkeys(tables, b"")))
    assert len(loaded.tables.patients) == 2
    assert loaded.tables.headache_diary.empty
    assert loaded.tables.headache_diary["date"].dtype == "datetime64[us]"
    for name in tables:
        assert getattr(loaded.tables, name).empty
        assert sum(f"{name}.csv is an empty file" in notice for notice in loaded.notices) == 1


def test_an_empty_file_of_patients_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, patients=b"").file == "patients.csv"


def test_another_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, headache_diary="pátient_id,date\n".encode("latin-1"))
    assert error.file == "headache_diary.csv"
    assert "UTF-8" in error.remedy


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    assert "empty" in refusal(tmp_path, headache_diary=b"\n\n").problem


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    tables = read_tables(folder_of(tmp_path, headache_diary=DIARY))
    assert tables.headache_diary.empty
    assert tables.headache_diary["date"].dtype == "datetime64[us]"
    assert "headache_diary" not in tables.absent


def test_no_accepted_patient_is_refused_with_the_next_step(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, patients=b"patient_id,birth_year\nP1,abc\n")
    assert load(folder).tables.patients.empty
    with pytest.raises(DataContractError, match=r"1 rows rejected of 1\. Run `outcomes check`"):
        read_tables(folder)


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, patients=b"patient_id,clinic,clinic\nP1,a,b\n")
    assert (error.file, error.line, error.column) == ("patients.csv", 1, "clinic")


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, headache_diary=b"patient_id,date\nP1,2024-01-05\n")
    assert (error.file, error.column) == ("headache_diary.csv", "headache")


def test_assessments_need_a_value_or_items(tmp_path: Path) -> None:
    error = refusal(tmp_path, assessments=b"patient_id,instrument,date\nP1,ndi,2024-01-05\n")
    assert error.column == "value"


def test_another_spelling_or_separator_is_recognised(tmp_path: Path) -> None:
    assert "spelling" in refusal(tmp_path, patients=b"Patient ID,clinic\nP1,a\n").remedy
    assert "delimiter" in refusal(tmp_path, patients=b"patient_id;clinic\nP1;a\n").remedy


def test_a_header_that_is_data_is_not_repeated(tmp_path: Path) -> None:
    error = refusal(tmp_path, patients=b"P1,Jane Roe\nP2,John Roe\n")
    assert "Roe" not in str(error)


def test_columns_outside_the_contract_are_not_read_and_named_once(tmp_path: Path) -> None:
    loaded = load(folder_of(tmp_path, patients=b"patient_id,phone,note\nP1,555,x\nP2,556,y\n"))
    named = "patients.csv: columns that are not part of the contract were not read: phone, note."
    assert loaded.notices.count(named) == 1
    assert "phone" not in loaded.tables.patients


def test_files_outside_the_contract_are_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "session.csv").write_text("x\n")
    (folder / "rejects.csv").write_text("x\n")
    named = "Files that are no table of the contract were not read: session.csv."
    assert named in load(folder).notices


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match=r"no folder nowhere\."):
        load(tmp_path / "nowhere")
    with pytest.raises(DataContractError, match=r"no patients\.csv"):
        load(tmp_path)
    (tmp_path / "Patients.csv").write_bytes(PATIENTS)
    if not (tmp_path / "patients.csv").exists():  # where names are told apart by case
        with pytest.raises(DataContractError, match="Rename"):
            load(tmp_path)


def test_csv_and_parquet_of_one_table_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    pd.DataFrame({"patient_id": ["P1"]}).to_parquet(folder / "patients.parquet")
    with pytest.raises(DataContractError, match="both there"):
        load(folder)


def test_what_is_no_table_at_all_is_refused_early(tmp_path: Path) -> None:
    assert "line" in refusal(tmp_path, patients=b"patient_id\n" + b"x" * 5_000_000).problem
    wide = ",".join(f"c{number}" for number in range(20_000)).encode()
    assert "20,000 columns" in refusal(tmp_path, patients=wide + b"\n").problem
    (tmp_path / "patients.csv").unlink()
    (tmp_path / "patients.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DataContractError, match="Parquet"):
        load(tmp_path)


def parquet(tmp_path: Path, name: str, **columns: pa.Array) -> Path:
    pa.parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    return tmp_path


def test_parquet_of_many_types_is_read_as_csv_would_be(tmp_path: Path) -> None:
    day = datetime.date(2024, 1, 5)
    parquet(
        tmp_path,
        "patients",
        patient_id=pa.array([1, 2], pa.int64()),
        clinic=pa.array(["Salem", None]).dictionary_encode(),
        birth_year=pa.array([1980.0, None]),
        whiplash=pa.array([True, None]),
        index_date=pa.array([day, None], pa.date32()),
    )
    parquet(
        tmp_path,
        "sessions",
        session_id=pa.array(["S1"]),
        patient_id=pa.array([1.0]),
        date=pa.array([datetime.datetime(2024, 1, 5)], pa.timestamp("ns")),
        time=pa.array([datetime.time(9, 30)], pa.time64("us")),
        status=pa.array(["attended"]),
        techniques=pa.array([["gliding_stroke", "compression_hold"]]),
        fee=pa.array([8050], pa.int32()).cast(pa.decimal128(12, 2)),
    )
    loaded = load(tmp_path)
    assert loaded.rejects.empty
    patients, session = loaded.tables.patients, loaded.tables.sessions.iloc[0]
    assert patients["patient_id"].tolist() == ["1", "2"]
    assert patients["whiplash"].fillna(-1).tolist() == [1.0, -1.0]
    assert patients["index_date"].tolist() == [pd.Timestamp(day), pd.NaT]
    assert session["techniques"] == "gliding_stroke;compression_hold"
    assert (session["time"], session["fee"]) == ("09:30", 8050.0)


def test_parquet_rows_are_rejected_by_number(tmp_path: Path) -> None:
    parquet(tmp_path, "patients", patient_id=pa.array(["P1", "P2", None]))
    moment = pa.array(
        [datetime.datetime(2024, 1, 5, 10), datetime.datetime(2024, 1, 5)], pa.timestamp("us")
    )
    parquet(
        tmp_path,
        "headache_diary",
        patient_id=pa.array(["P1", "P2"]),
        date=moment,
        headache=pa.array([1.0, float("inf")]),
    )
    loaded = load(tmp_path)
    assert list(zip(loaded.rejects["line"], loaded.rejects["reason"], strict=True)) == [
        (3, "is empty"),
        (1, "is a date with a time of day"),
        (2, "is neither 0 nor 1"),
    ]


def test_parquet_of_a_type_that_does_not_fit(tmp_path: Path) -> None:
    parquet(tmp_path, "patients", patient_id=pa.array([{"a": 1}]))
    with pytest.raises(DataContractError) as caught:
        load(tmp_path)
    assert caught.value.column == "patient_id"
    parquet(
        tmp_path,
        "patients",
        patient_id=pa.array(["P1", "P2"]),
        index_date=pa.array([1.0, None]),
        birth_year=pa.array([datetime.datetime(1980, 1, 1), None], pa.timestamp("us", tz="UTC")),
    )
    loaded = load(tmp_path)
    assert loaded.rejects["column"].tolist() == ["birth_year"]
    assert loaded.tables.patients["patient_id"].tolist() == ["P2"]
