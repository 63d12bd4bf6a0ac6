"""Answers gathered into forms lose no row, and forgetting takes one person and nobody else."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from unittest import mock

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.io import import_csv, write_tables
from outcomes.io.forget import find_id, forget_person

MAPPING = """
[patients]
file = "people.csv"
patient_id = "id"
[[assessments]]
file = "answers.csv"
answers = { question = "q", answer = "a", of = ["form"] }
where = { column = "kind", is = ["x"] }
patient_id = "id"
date = "day"
instrument = { constant = "nrs_pain" }
value = { answer_to = "pain" }
"""
CELLS = {
    "form": st.sampled_from(["1", "2", "3", "", " 1"]),
    "kind": st.sampled_from(["x", "x", "y"]),
    "id": st.sampled_from(["p", "p", "q"]),
    "day": st.sampled_from(["2024-01-05", "2024-01-05", "5/1/2024"]),
    "q": st.sampled_from(["pain", "pain", " pain ", "sleep", ""]),
    "a": st.sampled_from(["3", "3", "7", "", "x"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), max_size=12)


def expected(rows: list[dict[str, str]]) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """Count forms and their fates by looking at one row after the other."""
    forms: dict[object, list[dict[str, str]]] = {}
    for number, row in enumerate(rows):
        if row["kind"] == "x" and row["q"].strip() == "pain":
            forms.setdefault(row["form"].strip() or number, []).append(row)
    good: dict[tuple[str, str], int] = {}
    for found in forms.values():
        answers = {row["a"] for row in found if row["a"]}
        people, days = {row["id"] for row in found}, {row["day"] for row in found}
        one = len(people) == len(days) == len(answers) == 1 and days == {"2024-01-05"}
        if one and answers <= {"3", "7"}:
            key = (people.pop(), answers.pop())
            good[key] = good.get(key, 0) + 1
    read = len(forms)
    kept = sum(len(found) for found in forms.values())
    # two scores of one person on one day share a key, and both are rejected
    single = {key for key in good if sum(n for each, n in good.items() if each[0] == key[0]) == 1}
    counts = {"passed_over": len(rows) - kept, "joined": kept - read, "rows_read": read}
    return counts, single


@settings(max_examples=40)
@given(rows=ROWS)
def test_every_answer_is_accounted_for(rows: list[dict[str, str]]) -> None:
    counts, single = expected(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m.toml").write_text(MAPPING)
        (folder / "people.csv").write_text("id\np\nq\n")
        with (folder / "answers.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(CELLS))
            writer.writeheader()
            writer.writerows(rows)
        sources = [folder / "people.csv", folder / "answers.csv"]
        summary = import_csv(sources, folder / "m.toml", folder / "out", check=True)
    account = summary.accounting.set_index("table").loc["assessments"]
    assert {name: int(account[name]) for name in counts} == counts
    assert account["source_rows"] == len(rows)
    assert account["rows_accepted"] + account["rows_rejected"] == account["rows_read"]
    scores = summary.loaded.tables.assessments
    found = set(zip(scores["patient_id"], scores["value"].map("{:g}".format), strict=True))
    assert found == {key for key in single if _alone(rows, key[0])}


def _alone(rows: list[dict[str, str]], person: str) -> bool:
    """Say whether no other form that can be read clashes with the person's one score of the day."""
    forms: dict[object, list[dict[str, str]]] = {}
    for number, row in enumerate(rows):
        if row["kind"] == "x" and row["q"].strip() == "pain":
            forms.setdefault(row["form"].strip() or number, []).append(row)
    # of a form that disagrees with itself the first row says whose it is
    return (
        sum(
            found[0]["id"] == person and found[0]["day"] == "2024-01-05" for found in forms.values()
        )
        == 1
    )


IDS = st.text(st.sampled_from("ab1-. ü,\"'"), min_size=1, max_size=5).map(str.strip).filter(bool)


@settings(max_examples=40)
@given(
    ids=st.lists(IDS, min_size=2, max_size=8, unique=True),
    format=st.sampled_from(["csv", "parquet"]),
)
def test_one_person_goes_and_the_others_stay(ids: list[str], format: str) -> None:
    people = pd.DataFrame({"patient_id": ids}, dtype="str")
    sessions = pd.DataFrame(
        {
            "session_id": [f"s{number}" for number in range(2 * len(ids))],
            "patient_id": ids * 2,
            "date": pd.Timestamp("2024-01-05"),
            "status": "attended",
        }
    )
    events = pd.DataFrame(
        {"event_id": ids, "session_id": sessions["session_id"][: len(ids)], "symptom": "sore"}
    ).assign(serious=0.0)
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        tables = {"patients": people, "sessions": sessions, "adverse_events": events}
        write_tables(tables, data, format)
        before = _cells(data, format)
        with mock.patch.dict(os.environ, {"OUTCOMES_KEY": str(Path(name) / "own" / "key")}):
            removal = forget_person(data, ids[0])
        after = _cells(data, format)
        left = find_id(data, ids[0], {"s0", f"s{len(ids)}"})[1]
    assert sum(removal.rows.values()) == 4 and left == ()
    assert after["patients"] == before["patients"][1:]
    assert after["sessions"] == [row for row in before["sessions"] if row["patient_id"] != ids[0]]
    assert after["adverse_events"] == before["adverse_events"][1:]


def _cells(data: Path, format: str) -> dict[str, list[dict[str, object]]]:
    read = pd.read_parquet if format == "parquet" else _read_csv
    return {
        name: read(data / f"{name}.{format}").to_dict("records")
        for name in ("patients", "sessions", "adverse_events")
    }


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)
