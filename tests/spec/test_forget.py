# ruff: noqa: E501 - rows of sources are long
"""A person taken out of a data set: from every file, for good, and only that person."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.io import import_csv, load, write_tables
from outcomes.io.forget import find_id, forget_person

MAPPING = """
[patients]
file = "people.csv"
patient_id = "id"
clinic = "clinic"
[sessions]
file = "visits.csv"
session_id = "visit"
patient_id = "id"
date = "day"
status = { constant = "attended" }
[assessments]
file = "scores.csv"
patient_id = "id"
instrument = { constant = "nrs_pain" }
date = "day"
value = "pain"
[adverse_events]
file = "events.csv"
event_id = "event"
session_id = "visit"
symptom = "what"
serious = { constant = 0 }
"""
SOURCES = {
    "people.csv": "id,clinic\nmaren-7,Salem\nmaren-70,Salem\ntomas,Gresham\n",
    "visits.csv": "visit,id,day\nv1,maren-7,2024-01-01\nv2,tomas,2024-01-02\nv3,maren-70,2024-01-03\n",
    "scores.csv": "id,day,pain\nmaren-7,2024-01-01,7\nmaren-70,2024-01-03,5\nmaren-7,2024-02-31,99\n"
    "tomas,2024-01-02,x\nnobody,2024-01-01,4\n",
    "events.csv": "event,visit,what\ne1,v1,soreness of maren\ne2,v2,soreness\n",
}
ID = "maren-7"


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTCOMES_KEY", str(tmp_path / "own" / "key"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own" / "key"


def imported(tmp_path: Path, format: str = "csv") -> Path:
    (tmp_path / "mapping.toml").write_text(MAPPING)
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    import_csv(
        [tmp_path / name for name in SOURCES],
        tmp_path / "mapping.toml",
        tmp_path / "data",
        format=format,
    )
    return tmp_path / "data"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_every_row_goes_and_nothing_is_left(tmp_path: Path, format: str, key: Path) -> None:
    data = imported(tmp_path, format)
    removal = forget_person(data, ID)
    assert removal.rows == {
        f"{name}.{format}": 1 for name in ("patients", "sessions", "assessments", "adverse_events")
    }
    assert (removal.still_in, removal.unread) == ((), ())
    assert set(removal.sources) == set(SOURCES)
    tables = load(data).tables
    assert tables.patients["patient_id"].tolist() == ["maren-70", "tomas"]
    assert tables.sessions["session_id"].tolist() == ["v2", "v3"]
    assert tables.adverse_events["event_id"].tolist() == ["e2"]
    for path in data.iterdir():
        content = path.read_bytes().replace(b"maren-70", b"")
        assert b"maren" not in content, path.name
    rejects = pd.read_csv(data / "rejects.csv", dtype=str, keep_default_na=False)
    assert len(rejects) == 3 and set(rejects["value"]) <= {"(withheld)", ""}
    assert key.stat().st_mode & 0o077 == 0
    assert json.loads((data / "forgotten.json").read_text()).keys() == {"hashes"}


def test_an_import_does_not_bring_the_person_back(tmp_path: Path) -> None:
    data = imported(tmp_path)
    forget_person(data, ID)
    summary = import_csv([tmp_path / name for name in SOURCES], tmp_path / "mapping.toml", data)
    assert summary.changes.empty
    assert any("5 rows of people who were taken out" in each for each in summary.loaded.notices)
    account = summary.accounting
    parts = account[["passed_over", "repeated", "joined", "rows_read"]].sum(axis=1)
    assert (account["source_rows"] == parts).all()
    assert account.set_index("table")["passed_over"].to_dict() == {
        "patients": 1,
        "sessions": 1,
        "assessments": 2,
        "adverse_events": 1,
    }
    assert find_id(data, ID, {"v1"})[1] == ()
    before = contents(data)
    import_csv([tmp_path / name for name in SOURCES], tmp_path / "mapping.toml", data)
    assert contents(data) == before


def test_without_the_key_nothing_is_imported(tmp_path: Path, key: Path) -> None:
    data = imported(tmp_path)
    forget_person(data, ID)
    before = contents(data)
    key.unlink()
    for check in (True, False):
        with pytest.raises(DataContractError, match="bring them back"):
            import_csv(
                [tmp_path / name for name in SOURCES],
                tmp_path / "mapping.toml",
                data,
                check=check,
            )
    assert contents(data) == before
    (data / "forgotten.json").write_text("{}")
    with pytest.raises(DataContractError, match="can't be read"):
        forget_person(data, "tomas")


def test_a_second_person_and_a_wrong_id(tmp_path: Path) -> None:
    data = imported(tmp_path)
    before = contents(data)
    with pytest.raises(DataContractError, match="nobody") as caught:
        forget_person(data, "maren")
    assert "maren" not in str(caught.value) and contents(data) == before
    forget_person(data, ID)
    forget_person(data, "tomas")
    assert len(json.loads((data / "forgotten.json").read_text())["hashes"]) == 2
    summary = import_csv([tmp_path / name for name in SOURCES], tmp_path / "mapping.toml", data)
    assert summary.loaded.tables.patients["patient_id"].tolist() == ["maren-70"]


def test_a_run_that_breaks_off_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = imported(tmp_path)
    before = contents(data)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(DataContractError, match="can't write"):
        forget_person(data, ID)
    assert contents(data) == before


def test_an_import_that_began_before_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = imported(tmp_path)
    from outcomes.io import importing

    real = importing.write_frames

    def meanwhile(*arguments: object) -> None:
        monkeypatch.setattr(importing, "write_frames", real)
        forget_person(data, ID)
        real(*arguments)

    monkeypatch.setattr(importing, "write_frames", meanwhile)
    with pytest.raises(DataContractError, match="in the meantime"):
        import_csv([tmp_path / name for name in SOURCES], tmp_path / "mapping.toml", data)
    assert load(data).tables.patients["patient_id"].tolist() == ["maren-70", "tomas"]


def test_a_data_set_written_by_hand(tmp_path: Path) -> None:
    people = pd.DataFrame({"patient_id": ["7", "8"]}, dtype="str")
    write_tables({"patients": people}, tmp_path / "data")
    with (tmp_path / "data" / "patients.csv").open("a") as stream:
        stream.write('9,too,many\n7,"too\nmany"\n')
    (tmp_path / "data" / "notes.txt").write_text("call 7 back\n")
    (tmp_path / "data" / "old.xlsx").write_bytes(b"PK")
    removal = forget_person(tmp_path / "data", "7")
    assert removal.rows == {"patients.csv": 2}
    assert removal.still_in == ("notes.txt",) and removal.unread == ("old.xlsx",)
    assert (tmp_path / "data" / "patients.csv").read_text() == "patient_id\n8\n9,too,many\n"


def test_the_command_says_where_the_person_still_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = imported(tmp_path)
    for name, text in (("knew", f"<td>{ID}</td>"), ("counted", "<td>maren-70</td>")):
        folder = tmp_path / "reports" / "inside" / name
        folder.mkdir(parents=True)
        (folder / "report.html").write_text(text)
        entry = dict.fromkeys(
            ("title", "subject", "audience", "period", "as_of", "imprint", "order"), ""
        )
        (folder / "report.json").write_text(json.dumps({**entry, "synthetic": False}))
    assert main(["forget", str(data), ID]) == 0
    told = capsys.readouterr().out
    assert "It is in none of them" in told and "people.csv" in told
    assert "shows the id: reports/inside/knew/report.html" in told
    assert "counts the person: reports/inside/counted/report.html" in told
    assert main(["forget", str(data), ID]) == 1
