"""Scores as FHIR Observations: what is written is FHIR, and comes back as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli.main import main
from outcomes.export import Pseudonyms, export_data, make_key, read_key
from outcomes.instruments import check_digit_ok
from outcomes.io import import_fhir, read_tables, write_tables

PATIENTS = "patient_id,clinic,sex,birth_year\nP 1/ä,Salem,female,1980\nb,,other,\nc,North,,1999\n"
SESSIONS = """session_id,patient_id,clinic,therapist_id,date,time,status,minutes
s 1,P 1/ä,Salem,t/1,2024-01-10,09:00,attended,45
s2,b,North,t2,2024-01-24,,attended,
s3,b,North,t2,2024-02-24,,cancelled,
"""
SCORES = """patient_id,instrument,date,timing,value,session_id,device
P 1/ä,nrs_pain,2024-01-10,pre,8,s 1,
P 1/ä,nrs_pain,2024-01-10,post,5.5,s 1,
P 1/ä,rom_flexion,2024-01-10,pre,42.5,s 1,CROM
b,vas_pain,2024-01-24,pre,61,,
b,ndi,2024-02-24,remote,17,,
c,pgic,2024-01-24,remote,2,,
c,ppt_kpa,2024-01-24,remote,310.25,,algometer
c,npq,2024-01-24,remote,40.5,,
c,promis_pi_4a,2024-01-24,remote,55.6,,
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in (("patients", PATIENTS), ("sessions", SESSIONS), ("assessments", SCORES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def assert_same(one: pd.DataFrame | None, two: pd.DataFrame | None, key: list[str]) -> None:
    assert one is not None
    assert two is not None
    pd.testing.assert_frame_equal(
        one.sort_values(key, ignore_index=True), two.sort_values(key, ignore_index=True)
    )


def test_what_is_written_comes_back(data: Path, tmp_path: Path) -> None:
    rows = export_data(data, tmp_path / "fhir", "fhir")
    assert rows == {"Patient": 3, "Encounter": 2, "Observation": 9}
    summary = import_fhir(sorted((tmp_path / "fhir").glob("*.ndjson")), tmp_path / "again")
    assert not len(summary.loaded.rejects)
    before, again = read_tables(data), read_tables(tmp_path / "again")
    keys = ["patient_id", "instrument", "date", "timing"]
    assert_same(before.assessments, again.assessments, keys)
    assert_same(before.patients, again.patients, ["patient_id"])
    assert before.sessions is not None
    # times need a zone that is not recorded, and FHIR's Encounters are those that took place
    attended = before.sessions[before.sessions["status"] == "attended"]
    assert_same(attended.assign(time=pd.Series(dtype="str")), again.sessions, ["session_id"])


def test_patients_of_the_sample_come_back(repository: Path, tmp_path: Path) -> None:
    tables = read_tables(repository / "data" / "sample")
    sample = tmp_path / "sample"
    write_tables(tables.restrict(tables.patients["patient_id"].head(60)), sample)
    export_data(sample, tmp_path / "fhir", "fhir")
    import_fhir(sorted((tmp_path / "fhir").glob("*.ndjson")), tmp_path / "again")
    before, again = read_tables(sample), read_tables(tmp_path / "again")
    keys = ["patient_id", "instrument", "date", "timing", "session_id"]
    assert_same(before.assessments, again.assessments, keys)


def test_every_resource_is_as_fhir_has_it(data: Path, tmp_path: Path) -> None:
    export_data(data, tmp_path / "fhir", "fhir")
    ids: set[str] = set()
    for path in (tmp_path / "fhir").glob("*.ndjson"):
        for line in path.read_text(encoding="utf-8").splitlines():
            resource = json.loads(line)
            assert resource["resourceType"] == path.stem
            assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])
            assert (path.stem, resource["id"]) not in ids
            ids.add((path.stem, resource["id"]))
            for coding in resource.get("code", {}).get("coding", []):
                assert coding["system"] != "http://loinc.org" or check_digit_ok(coding["code"])
    patients = (tmp_path / "fhir" / "Patient.ndjson").read_text(encoding="utf-8")
    assert '"birthDate":"1980"' in patients


def test_pseudonyms_and_shifted_dates(data: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "key", away_from=())
    secret = read_key(tmp_path / "key", away_from=())
    export_data(data, tmp_path / "fhir", "fhir", pseudonyms=Pseudonyms(secret, shift=True))
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "fhir").iterdir())
    assert "P 1" not in text
    assert "2024-01-10" not in text
    import_fhir(sorted((tmp_path / "fhir").glob("*.ndjson")), tmp_path / "again")
    before, again = read_tables(data).assessments, read_tables(tmp_path / "again").assessments
    assert before is not None
    assert again is not None
    assert sorted(before["value"]) == sorted(again["value"])
    ids = Pseudonyms(secret).ids(before["patient_id"], "patient_id")
    assert set(again["patient_id"]) == set(ids)


def test_the_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "fhir", str(data), "--out", str(tmp_path / "out")]) == 0
    assert "Observation: 9 rows" in capsys.readouterr().out
