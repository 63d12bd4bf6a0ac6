"""What `outcomes check` says of a data set."""

from __future__ import annotations

import json
from pathlib import Path

from outcomes.io import load
from outcomes.report.check import describe


def folder_of(tmp_path: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def section(text: str, title: str) -> list[str]:
    (part,) = [part for part in text.split("\n\n") if part.startswith(title)]
    return [line.strip() for line in part.split("\n")[1:]]


def test_rows_reasons_and_notices(tmp_path: Path) -> None:
    diary = "patient_id,date,headache\n" + "Zelda,2024-01-05,maybe\n" * 3 + "Zelda,2024-02-30,1\n"
    folder = folder_of(tmp_path, patients="patient_id,phone\nZelda,555\n", headache_diary=diary)
    text = describe(load(folder))
    assert [line.split() for line in section(text, "Rows")] == [
        ["read", "accepted", "rejected"],
        ["patients", "1", "1", "0"],
        ["headache_diary", "4", "0", "4"],
    ]
    assert section(text, "Why rows were rejected") == [
        "3  headache_diary, headache: is neither 0 nor 1",
        "1  headache_diary, date: is not a day of the calendar",
    ]
    assert any("phone" in line for line in section(text, "Please note"))
    assert section(text, "Can be reported") == ["Nothing yet."]
    for value in ("Zelda", "maybe", "555", "2024-02-30"):
        assert value not in text


def test_completeness_and_what_can_be_reported(tmp_path: Path) -> None:
    ids = [f"P{number}" for number in range(40)]
    sessions = "session_id,patient_id,date,status\n"
    sessions += "".join(f"S{each},{each},2024-01-05,attended\n" for each in ids)
    scores = "patient_id,instrument,date,value\n"
    scores += "".join(f"{each},nrs_pain,2024-01-05,7\n" for each in ids[:36])
    scores += "".join(f"{each},nrs_pain,2024-01-19,4\n" for each in ids[:31])
    scores += "P0,ndi,2024-03-01,4\n"
    folder = folder_of(
        tmp_path,
        patients="patient_id\n" + "\n".join(ids) + "\n",
        sessions=sessions,
        assessments=scores,
        plans="patient_id,date,plan\nP0,2024-01-05,weekly\n",
    )
    text = describe(load(folder))
    recorded = [line.split("  ") for line in section(text, "Recorded")]
    found = {line[0]: line[-1].strip() for line in recorded}
    assert found == {
        "Start of care known": "40 of 40 (100%)",
        "Pain at the start": "36 of 40 (90%)",
        "Pain at home at 2 weeks": "31 of 40 (78%)",
        "Pain at home at 4 weeks": "0 of 40 (0%)",
        "Pain at home at 6 weeks": "0 of 40 (0%)",
        "A recommended schedule": "1 of 40 (3%)",
    }
    assert section(text, "Can be reported") == [
        "Pain over time",
        "Pain by how often patients come",
    ]
    cannot = section(text, "Cannot be reported")
    assert [line.partition(":")[0] for line in cannot] == [
        "Neck movement",
        "Headache days",
        "Groups known at the start, such as the arms of a trial",
    ], "a report has no other part"
    assert "Headache days: A headache diary or count is recorded for 0 patients; " in cannot[1]
    assert cannot[1].endswith("a table needs 10, a sentence 30.")


def test_ten_patients_are_enough_for_a_table_and_outcomes_have_names(tmp_path: Path) -> None:
    ids = [f"P{number}" for number in range(12)]
    texts = {
        "patients": "patient_id,index_date\n" + "".join(f"{each},2024-01-05\n" for each in ids),
        "covariates": "patient_id,name,value\n",
    }
    for n, said in ((9, False), (10, True)):
        scores = "patient_id,instrument,date,value\n"
        scores += "".join(f"{each},nrs_pain,2024-01-19,4\n" for each in ids[:n])
        text = describe(load(folder_of(tmp_path, **texts, assessments=scores)))
        assert ("Pain over time" in section(text, "Can be reported")) == said
        assert "a table needs 10 patients at a time, a sentence 30" in text
        assert "nrs_pain" not in text
        assert "named arm" not in text


def test_a_synthetic_data_set_says_so_loudly(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, patients="patient_id\nP1\n")
    assert "evidence of nothing" not in describe(load(folder))
    (folder / "truth.json").write_text("{}")
    assert "simulated and are evidence of nothing" in describe(load(folder))


def test_without_an_accepted_patient_the_reasons_are_shown(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, patients="patient_id,birth_year\nP1,abc\n")
    assert section(describe(load(folder)), "Why rows were rejected") == [
        "1  patients, birth_year: is not a number"
    ]


def test_rows_that_an_import_had_rejected_are_counted(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, patients="patient_id\nZelda\n")
    record = {
        "files": {},
        "accounting": [{"table": "patients", "rows_rejected": 3}],
    }
    (folder / "import.json").write_text(json.dumps(record))
    loaded = load(folder)
    assert loaded.tables.accounting["rejected_at_import"].tolist() == [3]
    (told,) = section(describe(loaded), "Rows")[2:]
    assert told == "3 more had been rejected when the records were imported."
