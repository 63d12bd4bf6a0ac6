"""A flat REDCap export with events, repeating instruments and checkboxes, through a mapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomes.errors import DataContractError
from outcomes.io import import_csv, read_mapping

HEADER = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,site,"
    "visit_id,visit_date,tech___1,tech___2,pain\n"
)
ROWS = """1,baseline_arm_1,,,Salem,,,,,
1,visits_arm_1,visit,1,,v1,2024-01-05,1,0,
1,visits_arm_1,visit,2,,v2,2024-01-12,1,1,
1,visits_arm_1,visit,3,,v3,2024-01-19,0,0,
1,visits_arm_1,visit,4,,v4,2024-01-26,maybe,0,
1,followup_arm_1,,1,,,2024-02-02,,,3
1,followup_arm_1,,2,,,2024-02-16,,,2
2,baseline_arm_1,,,Gresham,,,,,
"""
MAPPING = """
[patients]
where = { column = "redcap_event_name", is = ["baseline_arm_1"] }
patient_id = "record_id"
clinic = "site"
[sessions]
where = { column = "redcap_repeat_instrument", is = ["visit"] }
session_id = "visit_id"
patient_id = "record_id"
date = "visit_date"
status = { constant = "attended" }
techniques = { checked = { "tech___1" = "compression_hold", "tech___2" = "gliding_stroke" } }
[assessments]
where = [
    { column = "redcap_event_name", is = ["followup_arm_1"] },
    { column = "redcap_repeat_instrument", is = [""] },
]
patient_id = "record_id"
instrument = { constant = "nrs_pain" }
date = "visit_date"
value = "pain"
"""


def test_events_instruments_and_checkboxes(tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text(HEADER + ROWS)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    summary = import_csv(tmp_path / "flat.csv", tmp_path / "mapping.toml", tmp_path / "out")
    tables = summary.loaded.tables
    assert tables.patients["clinic"].tolist() == ["Salem", "Gresham"]
    assert tables.sessions is not None and tables.assessments is not None
    assert tables.sessions["techniques"].fillna("").tolist() == [
        "compression_hold",
        "compression_hold;gliding_stroke",
        "",
    ]
    assert tables.assessments["value"].tolist() == [3, 2]
    rejects = summary.loaded.rejects
    assert (rejects["line"].tolist(), rejects["column"].tolist()) == ([6], ["techniques"])
    assert "tech___1" in rejects["reason"].iloc[0]
    account = summary.accounting
    parts = account["passed_over"] + account["repeated"] + account["rows_read"]
    assert (account["source_rows"] == parts).all()


@pytest.mark.parametrize(
    "cell",
    ["{ checked = {} }", '{ column = "a", checked = { a = "b" } }', "{ checked = { a = [1] } }"],
)
def test_checkboxes_that_make_no_sense(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "mapping.toml"
    sessions = 'session_id = "s"\npatient_id = "p"\ndate = "d"\nstatus = "a"\n'
    path.write_text(f'[patients]\npatient_id = "p"\n[sessions]\n{sessions}techniques = {cell}\n')
    with pytest.raises(DataContractError):
        read_mapping(path)
