"""What is due: each reason to be listed, by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from outcomes.analyses import DueSpec, estimate_due
from outcomes.analyses.due import KINDS
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, table

AS_OF = pd.Timestamp("2026-06-30")


def data(text: str, said: str, *ids: str, plans: str = "", **flags: dict[str, float]) -> Tables:
    """Sessions, scores before sessions, and columns of patients."""
    people = patients(*ids)
    for column, values in flags.items():
        people[column] = people["patient_id"].map(values).astype("float64")
    return Tables(
        people,
        AS_OF,
        sessions=sessions(text),
        assessments=assessments(said),
        plans=table("plans", plans) if plans else None,
    )


def listed(tables: Tables, kind: str, spec: DueSpec | None = None) -> pd.DataFrame:
    lines = estimate_due(tables, spec).diagnostics["patients"]
    return lines[lines["kind"] == kind].set_index("patient_id")


SESSIONS = """
session patient date       status
a1      a       2026-06-01 attended
a2      a       2026-06-15 attended
b1      b       2026-06-01 attended
b2      b       2026-06-15 attended
b3      b       2026-07-06 booked
c1      c       2026-03-01 attended
d1      d       2026-03-02 attended
e1      e       2025-03-02 attended
f1      f       2026-07-01 booked
"""
SCORES = """
patient date       timing value session
a       2026-06-01 pre    3     a1
a       2026-06-15 pre    5     a2
b       2026-06-01 pre    3     b1
b       2026-06-15 pre    6     b2
c       2026-03-01 pre    7     c1
d       2026-03-02 pre    6     d1
d       2026-03-20 remote 1     .
e       2025-03-02 pre    9     e1
"""


def test_worse_and_nothing_booked_is_called_and_who_is_booked_is_not() -> None:
    found = listed(data(SESSIONS, SCORES, *"abcdef"), "worse_nothing_booked")
    assert found.index.tolist() == ["a"]
    assert found.loc["a", "value"] == 2
    assert "Pain 5 after 3" in found.loc["a", "reason"]
    assert listed(
        data(SESSIONS, SCORES, *"abcdef"), "worse_nothing_booked", DueSpec(worse_by=3)
    ).empty


def test_who_left_is_listed_by_the_last_score_even_from_home() -> None:
    tables = data(SESSIONS, SCORES, *"abcdef")
    assert listed(tables, "left_hurting").index.tolist() == ["c"]
    assert listed(tables, "left_well").index.tolist() == ["d"]
    # e left long ago, a and b are in care, f was never there
    assert set(estimate_due(tables).diagnostics["patients"]["patient_id"]) == set("acd")


def test_without_any_booking_nobody_is_called_for_having_none() -> None:
    tables = data(SESSIONS, SCORES, *"abcdef")
    sessions_ = tables.sessions
    assert sessions_ is not None
    none = replace(tables, sessions=sessions_[sessions_["status"] != "booked"])
    result = estimate_due(none)
    assert "worse_nothing_booked" not in set(result.estimates["term"])
    assert any("not known who has one" in note for note in result.notes)
    assert not estimate_due(tables).notes


def test_a_contraindication_needs_clearance_also_before_the_first_visit() -> None:
    tables = data(
        SESSIONS, SCORES, *"abcdef",
        anticoagulants={"a": 1, "b": 1, "f": 1, "c": 1},
        osteoporosis={"f": 1},
        cleared={"a": 1, "b": 0},
    )  # fmt: skip
    found = listed(tables, "clearance_missing")
    assert found.index.tolist() == ["b", "f"]
    assert found.loc["f", "value"] == 2
    assert found.loc["f", "reason"].startswith("Anticoagulants, osteoporosis recorded and no")


def test_plan_and_attendance_apart() -> None:
    weeks = pd.date_range("2026-04-13", AS_OF, freq="7D")
    text = ["session patient date"]
    text += [f"k{n} kept {day.date()}" for n, day in enumerate(weeks)]
    text += [
        "m0 missed 2026-04-10",
        "m1 missed 2026-06-20",
        "n0 new 2026-06-10",
        "n1 new 2026-06-25",
    ]
    plans = """
    patient date       plan
    kept    2026-04-10 weekly
    missed  2026-03-01 monthly
    missed  2026-04-10 weekly
    missed  2026-05-10 weekly
    new     2026-06-20 weekly
    """
    tables = data("\n".join(text), SCORES, "kept", "missed", "new", *"abcde", plans=plans)
    found = listed(tables, "plan_apart")
    assert found.index.tolist() == ["missed"]
    # 81 days of a weekly plan are 11.6 sessions; one was attended
    assert round(found.loc["missed", "value"], 1) == round(1 - 81 / 7, 1)
    assert "came 1 time." in found.loc["missed", "reason"]
    assert found.loc["missed", "date"] == pd.Timestamp("2026-04-10")


def test_measurements_are_due_where_they_were_taken_before() -> None:
    tables = data(SESSIONS, SCORES, *"abcdef")
    assert listed(tables, "reassessment_due").empty, "pain alone leaves nothing due"
    ndi = assessments(
        """
        patient date       timing value session
        a       2026-03-01 pre    30    a1
        b       2026-06-01 pre    30    b1
        """,
        "ndi",
    )
    rom = ndi.assign(instrument="rom_flexion")
    scores = pd.concat([tables.assessments, ndi, rom], ignore_index=True)
    found = listed(replace(tables, assessments=scores), "reassessment_due")
    assert found.index.tolist() == ["a"]
    assert found.loc["a", "value"] == 121
    assert "Neck disability, movement" in found.loc["a", "reason"]


def test_every_kind_is_counted_also_where_nobody_is_listed() -> None:
    tables = Tables(patients("a"), AS_OF)
    result = estimate_due(tables)
    assert result.scope in ("patient", "aggregate")
    assert result.curve["kind"].tolist() == list(KINDS)
    assert result.curve["n_patients"].sum() == 0
