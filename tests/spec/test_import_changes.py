"""Importing again: what came, what changed, what went, and where clashing rows stand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outcomes.io import ImportSummary, import_csv, load

MAPPING = """
[patients]
one_row_per_key = true
patient_id = "id"
clinic = "clinic"
[assessments]
patient_id = "id"
instrument = { constant = "nrs_pain" }
date = "day"
value = "pain"
"""
FIRST = "id,clinic,day,pain\na,Salem,2024-01-05,7\nb,Salem,2024-01-06,5\nc,Salem,2024-01-07,2\n"
SECOND = (
    "id,clinic,day,pain\na,Gresham,2024-01-05,7.0\nb,Salem,2024-01-06,6\nd,Salem,2024-01-07,2\n"
)


def run(
    tmp_path: Path, *sources: str, mapping: str = MAPPING, format: str = "csv", check: bool = False
) -> ImportSummary:
    (tmp_path / "mapping.toml").write_text(mapping)
    paths = []
    for number, text in enumerate(sources):
        paths.append(tmp_path / f"source{number}.csv")
        paths[-1].write_text(text)
    return import_csv(
        paths, tmp_path / "mapping.toml", tmp_path / "out", format=format, check=check
    )


def counts(changes: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    return {row.table: (row.added, row.changed, row.removed) for row in changes.itertuples()}


EXPECTED = {"patients": (1, 1, 1), "assessments": (1, 1, 1)}


def test_what_came_changed_and_went_is_listed(tmp_path: Path) -> None:
    assert run(tmp_path, FIRST).changes.empty
    out = tmp_path / "out"
    assert not (out / "changes.csv").exists()
    summary = run(tmp_path, SECOND)
    assert counts(summary.changes) == EXPECTED
    assert "patients: 1 added, 1 changed, 1 removed" in str(summary)
    listed = pd.read_csv(out / "changes.csv", keep_default_na=False, dtype=str)
    people = listed[listed["table"] == "patients"].drop(columns="table")
    assert people.to_numpy().tolist() == [
        ["patient_id=c", "removed", "", "", ""],
        ["patient_id=a", "changed", "clinic", "Salem", "Gresham"],
    ]
    scores = listed[(listed["table"] == "assessments") & (listed["change"] == "changed")]
    assert scores[["column", "before", "after"]].to_numpy().tolist() == [["value", "5", "6"]]
    assert json.loads((out / "import.json").read_text())["changes"] == [
        {"table": "patients", "added": 1, "changed": 1, "removed": 1},
        {"table": "assessments", "added": 1, "changed": 1, "removed": 1},
    ]
    assert not any("changes.csv" in notice for notice in load(out).notices)


def test_the_same_again_changes_no_byte(tmp_path: Path) -> None:
    run(tmp_path, FIRST)
    run(tmp_path, SECOND)
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert run(tmp_path, SECOND).changes.empty
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == first


@pytest.mark.parametrize(("before", "after"), [("csv", "parquet"), ("parquet", "csv")])
def test_the_kind_of_file_is_no_change(tmp_path: Path, before: str, after: str) -> None:
    run(tmp_path, FIRST, format=before)
    assert run(tmp_path, FIRST, format=after).changes.empty
    assert counts(run(tmp_path, SECOND, format=before).changes) == EXPECTED


def test_a_trial_run_says_what_would_change(tmp_path: Path) -> None:
    run(tmp_path, FIRST)
    assert counts(run(tmp_path, SECOND, check=True).changes) == EXPECTED
    assert not (tmp_path / "out" / "changes.csv").exists()


def test_a_table_that_is_gone_is_removed_row_by_row(tmp_path: Path) -> None:
    run(tmp_path, FIRST)
    summary = run(tmp_path, FIRST, mapping='[patients]\npatient_id = "id"\nclinic = "clinic"\n')
    assert counts(summary.changes) == {"assessments": (0, 0, 3)}


def test_both_places_of_a_conflict_are_named(tmp_path: Path) -> None:
    one = "id,clinic,day,pain\na,Salem,2024-01-05,7\nb,Salem,2024-01-06,5\n"
    two = "id,clinic,day,pain\na,Gresham,2024-01-07,4\nb,Salem,2024-01-06,5\n"
    rejects = run(tmp_path, one, two).loaded.rejects
    people = rejects[rejects["table"] == "patients"]
    assert [(row.file, row.line) for row in people.itertuples()] == [
        ("source0.csv", 2),
        ("source1.csv", 2),
    ]
    assert people["reason"].tolist() == [
        "rows of one patient_id disagree (source1.csv, line 2)",
        "rows of one patient_id disagree (source0.csv, line 2)",
    ]
    scores = rejects[(rejects["table"] == "assessments") & (rejects["reason"].str.contains("same"))]
    assert [reason.rpartition("(")[2] for reason in scores["reason"]] == [
        "source1.csv, line 3)",
        "source0.csv, line 3)",
    ]


def test_reasons_are_counted_without_their_places(tmp_path: Path) -> None:
    rows = "".join(f"p{n},Salem,2024-01-05,7\np{n},Gresham,2024-01-06,7\n" for n in range(9))
    summary = run(tmp_path, "id,clinic,day,pain\nz,Salem,2024-01-05,7\n" + rows)
    assert "18 rejected: patients clinic: rows of one patient_id disagree\n" in str(summary)
