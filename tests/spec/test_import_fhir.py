"""FHIR R4 into a data set: every shape read, every resource accounted for, nobody named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from outcomes.cli.main import main
from outcomes.errors import DataContractError
from outcomes.io import ImportSummary, import_fhir, read_mapping
from tests.fhir_bundles import (
    LOINC,
    NDI_ITEMS,
    SECRETS,
    bundle,
    encounter,
    loinc,
    ndi,
    patient,
    score,
    synthea_folder,
    write_bundle,
    write_lines,
)

P = "Patient/p1"
DAY = "2024-05-01"


def run(tmp_path: Path, *resources: dict[str, Any], mapping: str = "") -> ImportSummary:
    source = write_lines(tmp_path / "all.ndjson", resources)
    if not mapping:
        return import_fhir(source, tmp_path / "out")
    own = tmp_path / "own.toml"
    shipped = read_mapping("fhir").text
    own.write_text(mapping.replace("[codes]", shipped + "\n[codes]") if "[codes]" in mapping
                   else mapping + shipped)  # fmt: skip
    return import_fhir(source, tmp_path / "out", own)


def scores(summary: ImportSummary) -> pd.DataFrame:
    found = summary.loaded.tables.assessments
    assert found is not None
    return found


def resource(summary: ImportSummary, kind: str) -> tuple[int, int, int, int]:
    assert summary.resources is not None
    row = summary.resources[summary.resources["resource"] == kind]
    assert (row["read"] == row["accepted"] + row["rejected"] + row["skipped"]).all()
    return tuple(int(row[name].sum()) for name in ("read", "accepted", "rejected", "skipped"))  # type: ignore[return-value]


def reasons(summary: ImportSummary) -> dict[str, int]:
    assert summary.skipped is not None
    return summary.skipped.groupby("reason")["resources"].sum().to_dict()


def rejected(summary: ImportSummary) -> list[tuple[str, str]]:
    return list(
        zip(summary.loaded.rejects["column"], summary.loaded.rejects["reason"], strict=True)
    )


def test_a_folder_as_synthea_leaves_it(tmp_path: Path) -> None:
    counts = synthea_folder(tmp_path / "fhir", 6)
    summary = import_fhir(tmp_path / "fhir", tmp_path / "out")
    assert summary.resources is not None
    read = summary.resources.groupby("resource")["read"].sum().to_dict()
    assert read == counts
    assert resource(summary, "Patient") == (6, 6, 0, 0)
    visits = counts["Encounter"]
    assert resource(summary, "Encounter") == (visits, visits - 6, 0, 6)
    assert resource(summary, "Observation") == (2 * visits, visits - 6, 0, visits + 6)
    assert resource(summary, "Claim") == (visits, 0, 0, visits)
    sessions = summary.loaded.tables.sessions
    assert sessions is not None
    assert set(sessions["status"]) == {"attended"}
    assert set(sessions["minutes"]) == {30.0}
    assert set(sessions["clinic"]) == {"SALEM NECK CLINIC"}
    # the practitioner is in a file of its own and found by its number
    assert len(set(sessions["therapist_id"])) == 1
    assert set(scores(summary)["timing"]) == {"pre"}
    assert scores(summary)["session_id"].isin(sessions["session_id"]).all()


def test_nothing_that_says_who_somebody_is_gets_out(tmp_path: Path) -> None:
    synthea_folder(tmp_path / "fhir", 2)
    summary = import_fhir(tmp_path / "fhir", tmp_path / "out")
    written = [path.read_text() for path in (tmp_path / "out").iterdir()] + [str(summary)]
    for text in written:
        # names of files are the clinic's own; they stand in the account of what was read
        text = text.replace("_Gutmann", "").replace("Ada", "")
        for secret in (*SECRETS, "97301", "Ms."):
            assert secret not in text.replace("Gutmann0", "").replace("Gutmann1", ""), secret
    assert set(summary.loaded.tables.patients["birth_year"]) == {1971}


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    synthea_folder(tmp_path / "fhir", 3)
    import_fhir(tmp_path / "fhir", tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    again = import_fhir(tmp_path / "fhir", tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert again.changes.empty
    record = json.loads(before["import.json"])
    assert {"resources", "skipped", "accounting", "sources"} <= set(record)


def test_a_bundle_and_its_lines_say_the_same(tmp_path: Path) -> None:
    resources = [
        patient("p1"),
        encounter("e1", P, f"{DAY}T09:00:00-07:00"),
        score("o1", P, f"{DAY}T09:00:00-07:00", 4, encounter={"reference": "Encounter/e1"}),
        ndi("q1", P, DAY, range(5)),
    ]
    whole = write_bundle(tmp_path / "whole.json", resources, "collection")
    flat = tmp_path / "flat.json"
    flat.write_text(json.dumps(bundle(resources)))
    parts = tmp_path / "parts"
    parts.mkdir()
    for each in resources:
        write_lines(parts / f"{each['resourceType']}.ndjson", [each])
    packed = tmp_path / "packed.ndjson.gz"
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, resources)).encode()))
    tables = []
    for number, source in enumerate((whole, flat, parts, packed)):
        summary = import_fhir(source, tmp_path / f"out{number}")
        assert not len(summary.loaded.rejects)
        tables.append(summary.loaded.tables)
    for other in tables[1:]:
        for name in ("patients", "sessions", "assessments"):
            first, second = (
                getattr(each, name).sort_values([*getattr(each, name)], ignore_index=True)
                for each in (tables[0], other)
            )
            pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": P},
        {"reference": "http://server.example/fhir/Patient/p1"},
        {"reference": "http://server.example/fhir/Patient/p1/_history/3"},
        {"reference": "urn:uuid:p1"},
        {"reference": "Patient?identifier=https://github.com/synthetichealth/synthea|p1"},
        {"identifier": {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}},
        {"type": "Patient", "identifier": {"system": "http://hl7.org/fhir/sid/us-ssn",
                                           "value": "999-12-3456"}},
    ],
)  # fmt: skip
def test_every_way_to_point_to_a_patient(tmp_path: Path, reference: dict[str, Any]) -> None:
    given = score("o1", P, DAY, 4) | {"subject": reference}
    summary = run(tmp_path, given, patient("p1"))
    assert scores(summary)["patient_id"].tolist() == ["p1"]


def test_a_contained_patient_is_found_by_its_identifier(tmp_path: Path) -> None:
    inside = patient("local")
    given = score("o1", "#local", DAY, 4, contained=[inside])
    lost = score("o2", "#local", DAY, 5, contained=[{**inside, "identifier": []}])
    summary = run(tmp_path, patient("p1"), given, lost)
    assert scores(summary)["patient_id"].tolist() == ["p1"]
    assert rejected(summary) == [("patient_id", "its patient can't be found")]


def test_a_national_number_never_stands_for_a_patient(tmp_path: Path) -> None:
    stray = score("o1", P, DAY, 4)
    stray["subject"] = {"identifier": {"system": "ssn", "value": "999-00-0000"}}
    summary = run(tmp_path, patient("p1"), score("o2", P, DAY, 4), stray)
    assert rejected(summary) == [("patient_id", "its patient can't be found")]
    assert "999-00-0000" not in "".join(p.read_text() for p in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("shape", ["integer", "ordinal", "weight"])
def test_the_answers_of_a_form_are_scored(tmp_path: Path, shape: str) -> None:
    summary = run(tmp_path, patient("p1"), ndi("q1", P, DAY, [1, 2, 3, 4, 5] * 2, shape))
    assert scores(summary)["value"].tolist() == [30]
    assert resource(summary, "QuestionnaireResponse") == (1, 1, 0, 0)


def test_answers_get_their_numbers_from_the_questionnaire(tmp_path: Path) -> None:
    form = {
        "resourceType": "Questionnaire",
        "id": "ndi",
        "url": "http://example.org/Questionnaire/ndi",
        "item": [
            {
                "linkId": f"q{number}",
                "code": [{"system": LOINC, "code": code}],
                "answerOption": [
                    {"valueCoding": {"code": f"a{value}", "extension": [
                        {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue",
                         "valueDecimal": value}]}}
                    for value in range(6)
                ],
            }
            for number, code in enumerate(NDI_ITEMS)
        ],
    }  # fmt: skip
    given = ndi("q1", P, DAY, [2] * 10, "code")
    for number, item in enumerate(given["item"][0]["item"]):
        item["linkId"] = f"q{number}"
    summary = run(tmp_path, given, patient("p1"), form)
    assert scores(summary)["value"].tolist() == [20]


def test_a_number_beside_the_coding_counts_too(tmp_path: Path) -> None:
    given = ndi("q1", P, DAY, [2] * 10, "code")
    beside = {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 3}
    for item in given["item"][0]["item"]:
        item["answer"][0]["extension"] = [beside]
    assert scores(run(tmp_path, given, patient("p1")))["value"].tolist() == [30]


def test_answers_without_numbers_are_rejected_not_guessed(tmp_path: Path) -> None:
    summary = run(tmp_path, patient("p1"), ndi("q1", P, DAY, [2] * 10, "code"))
    assert rejected(summary) == [("item_1", "its answer carries no number")]
    assert resource(summary, "QuestionnaireResponse") == (1, 0, 1, 0)


@pytest.mark.parametrize(
    "total", [{"valueDecimal": 20}, {"valueCoding": {"code": "t", "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueDecimal": 20}]}}]
)  # fmt: skip
def test_a_total_among_the_answers_is_held_against_them(
    tmp_path: Path, total: dict[str, Any]
) -> None:
    right = ndi("q1", P, DAY, [2] * 10)
    right["item"].append({"linkId": "82237-9", "answer": [total]})
    wrong = ndi("q2", P, "2024-06-01", [1] * 10)
    wrong["item"].append({"linkId": "82237-9", "answer": [total]})
    alone = {**ndi("q3", P, "2024-07-01", []), "item": right["item"][1:]}
    summary = run(tmp_path, patient("p1"), right, wrong, alone)
    assert scores(summary)["value"].tolist() == [20, 20]
    assert resource(summary, "QuestionnaireResponse") == (3, 2, 1, 0)


def test_a_total_derived_from_a_form_is_one_score_with_it(tmp_path: Path) -> None:
    total = score("o1", P, f"{DAY}T10:00:00Z", 20, "82237-9")
    total["derivedFrom"] = [{"reference": "QuestionnaireResponse/q1"}]
    summary = run(tmp_path, total, ndi("q1", P, DAY, [2] * 10), patient("p1"))
    assert scores(summary)["value"].tolist() == [20]
    assert resource(summary, "Observation") == (1, 1, 0, 0)
    assert resource(summary, "QuestionnaireResponse") == (1, 1, 0, 0)


def test_a_total_beside_a_form_of_the_same_day_is_one_score_with_it(tmp_path: Path) -> None:
    summary = run(
        tmp_path, patient("p1"), ndi("q1", P, DAY, [2] * 10), score("o1", P, DAY, 20, "82237-9")
    )
    assert scores(summary)["value"].tolist() == [20]


def test_a_total_that_its_form_contradicts_is_rejected_with_it(tmp_path: Path) -> None:
    total = score("o1", P, DAY, 21, "82237-9")
    total["derivedFrom"] = [{"reference": "QuestionnaireResponse/q1"}]
    summary = run(tmp_path, patient("p1"), ndi("q1", P, DAY, [2] * 10), total)
    assert len(scores(summary)) == 0
    assert resource(summary, "Observation") == (1, 0, 1, 0)
    assert resource(summary, "QuestionnaireResponse") == (1, 0, 1, 0)


def test_a_panel_with_components(tmp_path: Path) -> None:
    panel = score("o1", P, DAY, 0, "82226-2")
    del panel["valueQuantity"]
    panel["component"] = [{"code": loinc(code), "valueInteger": 3} for code in NDI_ITEMS[:9]] + [
        {"code": loinc(NDI_ITEMS[9]), "dataAbsentReason": {"text": "left out"}}
    ]
    summary = run(tmp_path, patient("p1"), panel)
    assert scores(summary)["value"].tolist() == [30]


@pytest.mark.parametrize("linked", ["hasMember", "derivedFrom", ""])
def test_items_that_are_observations_of_their_own(tmp_path: Path, linked: str) -> None:
    items = [score(f"i{n}", P, DAY, 2, code) for n, code in enumerate(NDI_ITEMS)]
    total = score("total", P, DAY, 20, "82237-9")
    if linked:
        total[linked] = [{"reference": f"Observation/{each['id']}"} for each in items]
        for each in items:
            del each["subject"]
    summary = run(tmp_path, patient("p1"), *items, total)
    assert scores(summary)["value"].tolist() == [20]
    assert resource(summary, "Observation") == (11, 11, 0, 0)


def test_a_panel_that_holds_nothing_itself_is_used_with_its_members(tmp_path: Path) -> None:
    items = [score(f"i{n}", P, DAY, 1, code) for n, code in enumerate(NDI_ITEMS)]
    panel = score("panel", P, DAY, 0, "82226-2")
    del panel["valueQuantity"]
    panel["hasMember"] = [{"reference": f"Observation/{each['id']}"} for each in items]
    summary = run(tmp_path, patient("p1"), panel, *items)
    assert scores(summary)["value"].tolist() == [10]
    assert resource(summary, "Observation") == (11, 11, 0, 0)


def test_members_may_be_contained(tmp_path: Path) -> None:
    inside = [score(f"i{n}", P, DAY, 1, code) for n, code in enumerate(NDI_ITEMS)]
    panel = score("panel", P, DAY, 0, "82226-2", contained=inside)
    del panel["valueQuantity"]
    panel["hasMember"] = [{"reference": f"#{each['id']}"} for each in inside]
    summary = run(tmp_path, patient("p1"), panel)
    assert scores(summary)["value"].tolist() == [10]


def test_what_was_entered_in_error_or_is_not_final_is_skipped_and_counted(tmp_path: Path) -> None:
    summary = run(
        tmp_path,
        patient("p1"),
        score("o1", P, DAY, 4, status="entered-in-error"),
        score("o2", P, DAY, 4, status="preliminary"),
        score("o3", P, DAY, 5, status="amended"),
        {**ndi("q1", P, DAY, [1] * 10), "status": "entered-in-error"},
        {**ndi("q2", P, DAY, [1] * 10), "status": "in-progress"},
        encounter("e1", P, DAY, status="entered-in-error"),
        score("o4", P, DAY, 9, encounter={"reference": "Encounter/e1"}),
    )
    assert scores(summary)["value"].tolist() == [5]
    assert reasons(summary) == {
        "entered in error": 3,
        "its status is not final": 2,
        "its encounter is no visit of the data set": 1,
    }


def test_a_code_with_a_wrong_check_digit_is_not_taken(tmp_path: Path) -> None:
    summary = run(
        tmp_path,
        patient("p1"),
        score("o1", P, DAY, 55.6, "71961-7"),
        score("o2", P, "2024-06-01", 55.6, "71961-0"),
        score("o3", P, "2024-06-01", 55.6, "71965-1"),
        score("o4", P, "2024-06-01", 55.6, "71965-8"),
    )
    assert scores(summary)["instrument"].tolist() == ["promis_pi_4a"]
    assert rejected(summary) == [("instrument", "its LOINC code fails its check digit")]
    assert reasons(summary) == {
        "its LOINC code fails its check digit": 1,
        "its code is of no instrument known here": 1,
    }


def test_the_system_of_a_code_counts(tmp_path: Path) -> None:
    other = score("o1", P, DAY, 4)
    other["code"]["coding"][0]["system"] = "http://example.org"
    both = score("o2", P, DAY, 6)
    both["code"]["coding"].insert(0, {"system": "http://example.org", "code": "pain"})
    summary = run(tmp_path, patient("p1"), other, both)
    assert scores(summary)["value"].tolist() == [6]


def test_units_are_brought_to_those_of_the_instrument_or_refused(tmp_path: Path) -> None:
    def vas(name: str, on: str, value: float, unit: str) -> dict[str, Any]:
        return score(name, P, on, value, "38214-3", valueQuantity={"value": value, "code": unit})

    summary = run(
        tmp_path,
        patient("p1"),
        vas("o1", "2024-01-01", 45, "mm"),
        vas("o2", "2024-01-02", 4.57, "cm"),
        vas("o3", "2024-01-03", 45, "%"),
        score("o4", P, "2024-01-04", 40, valueQuantity={"value": 4, "comparator": "<"}),
        score("o5", P, "2024-01-05", 40, "72514-3"),
    )
    assert scores(summary)["value"].tolist() == [45, 45.7]
    assert resource(summary, "Observation") == (5, 2, 3, 0)


def test_statuses_of_appointments_and_encounters(tmp_path: Path) -> None:
    given = [patient("p1")]
    for status in ("booked", "fulfilled", "noshow", "cancelled", "proposed", "waitlist"):
        given.append(
            {
                "resourceType": "Appointment",
                "id": f"a-{status}",
                "status": status,
                "start": "2024-05-01T09:00:00-07:00",
                "minutesDuration": 45,
                "created": "2024-04-20",
                "participant": [
                    {"actor": {"reference": P}},
                    {"actor": {"reference": "Practitioner/dr1", "display": "Dr. Hayes"}},
                    {"actor": {"reference": "Location/l1", "display": "Room 1"}},
                ],
            }
        )
    given += [encounter(f"e-{s}", P, DAY, status=s) for s in ("planned", "cancelled", "unknown")]
    summary = run(tmp_path, *given)
    sessions = summary.loaded.tables.sessions
    assert sessions is not None
    found = sessions.set_index("session_id")
    assert found["status"].to_dict() == {
        "a-booked": "booked",
        "a-fulfilled": "attended",
        "a-noshow": "no_show",
        "a-cancelled": "cancelled",
        "e-planned": "booked",
        "e-cancelled": "cancelled",
    }
    assert found.loc["a-fulfilled", "minutes"] == 45
    assert found.loc["a-noshow", "therapist_id"] == "dr1"
    assert found.loc["a-noshow", "clinic"] == "Room 1"
    assert f"{found.loc['a-booked', 'booked_on']:%F}" == "2024-04-20"
    assert resource(summary, "Appointment") == (6, 4, 0, 2)


def test_an_appointment_and_the_encounter_it_became_are_one_visit(tmp_path: Path) -> None:
    booked = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "fulfilled",
        "start": f"{DAY}T09:00:00-07:00",
        "created": "2024-04-20",
        "participant": [{"actor": {"reference": P}}],
    }
    came = encounter(
        "e1", P, f"{DAY}T09:05:00-07:00", appointment=[{"reference": "Appointment/a1"}]
    )
    summary = run(tmp_path, booked, came, patient("p1"))
    sessions = summary.loaded.tables.sessions
    assert sessions is not None
    assert sessions["session_id"].tolist() == ["e1"]
    assert f"{sessions['booked_on'][0]:%F}" == "2024-04-20"
    assert resource(summary, "Appointment") == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("written", "zone", "day"),
    [
        ("2024-05-01T23:30:00-07:00", "", "2024-05-01"),
        ("2024-05-02T06:30:00Z", "America/Los_Angeles", "2024-05-01"),
        ("2024-05-02T06:30:00.123456789+00:00", "America/Los_Angeles", "2024-05-01"),
        ("2024-05-01T23:30:00-07:00", "Europe/Berlin", "2024-05-02"),
        ("2024-05-01", "America/Los_Angeles", "2024-05-01"),
        ("2024-05-02T06:30:00Z", "", "2024-05-02"),
    ],
)
def test_the_day_is_that_of_the_clinic(tmp_path: Path, written: str, zone: str, day: str) -> None:
    mapping = f'time_zone = "{zone}"\n' if zone else ""
    summary = run(tmp_path, patient("p1"), score("o1", P, written, 4), mapping=mapping)
    assert scores(summary)["date"].dt.strftime("%F").tolist() == [day]
    warned = any("universal time" in notice for notice in summary.loaded.notices)
    assert warned == (not zone and written.endswith("Z"))


@pytest.mark.parametrize("written", ["2024", "2024-05", "2024-02-30", "01/05/2024", None])
def test_a_score_without_a_day_is_rejected(tmp_path: Path, written: str | None) -> None:
    summary = run(tmp_path, patient("p1"), score("o1", P, written or "", 4), score("o2", P, DAY, 1))
    assert resource(summary, "Observation") == (2, 1, 1, 0)


def test_versions_replacements_and_deletions(tmp_path: Path) -> None:
    old = score("o1", P, DAY, 4, meta={"lastUpdated": "2024-05-01T10:00:00Z"})
    new = score("o1", P, DAY, 6, meta={"lastUpdated": "2024-05-03T10:00:00Z"})
    double = patient("p0", link=[{"type": "replaced-by", "other": {"reference": P}}])
    entries = bundle([new, old, patient("p1"), double, score("o2", "Patient/p0", "2024-06-01", 3),
                      score("o3", P, "2024-06-02", 9)], "history")  # fmt: skip
    entries["entry"].append({"request": {"method": "DELETE", "url": "Observation/o3"}})
    source = tmp_path / "history.json"
    source.write_text(json.dumps(entries))
    summary = import_fhir(source, tmp_path / "out")
    assert scores(summary)["value"].tolist() == [6, 3]
    assert set(scores(summary)["patient_id"]) == {"p1"}
    assert resource(summary, "Patient") == (2, 1, 0, 1)
    assert resource(summary, "Observation") == (5, 2, 0, 3)


def test_own_codes_and_forms(tmp_path: Path) -> None:
    bend = score("o1", P, DAY, 50, valueQuantity={"value": 50, "code": "deg"})
    bend["code"] = {"coding": [{"system": "http://clinic.example", "code": "flex"}]}
    form = {**ndi("q1", P, DAY, []), "questionnaire": "http://clinic.example/hit6"}
    form["item"] = [{"linkId": f"h{n}", "answer": [{"valueInteger": 10}]} for n in range(1, 7)]
    codes = '"http://clinic.example|flex" = "rom_flexion"\n'
    codes += "".join(f'h{n} = "hit6.item_{n}"\n' for n in range(1, 7))
    summary = run(tmp_path, patient("p1"), bend, form, mapping="[codes]\n" + codes)
    found = scores(summary).set_index("instrument")["value"].to_dict()
    assert found == {"rom_flexion": 50, "hit6": 60}


@pytest.mark.parametrize("target", ["nowhere", "hit6.item_7", "nrs_pain.item_1", ""])
def test_a_code_for_something_that_is_not_there_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(DataContractError, match=r"codes\.x"):
        run(tmp_path, patient("p1"), mapping=f'[codes]\nx = "{target}"\n')


def test_lines_that_are_no_resources_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "all.ndjson"
    lines = [json.dumps(patient("p1")), "{broken", "[]", "", '{"id": "x"}', "[" * 100_000]
    lines.append(json.dumps(score("o1", P, DAY, 4)))
    source.write_bytes("\n".join(lines).encode() + b'\n{"resourceType": "\xff"}\n')
    summary = import_fhir(source, tmp_path / "out")
    assert resource(summary, "(unreadable)") == (5, 0, 5, 0)
    assert len(scores(summary)) == 1
    listed = pd.read_csv(tmp_path / "out" / "rejects.csv", keep_default_na=False)
    assert listed[["table", "file", "line", "reason"]].to_numpy().tolist() == [
        ["(unreadable)", "all.ndjson", 2, "is not valid JSON"],
        ["(unreadable)", "all.ndjson", 3, "is no resource"],
        ["(unreadable)", "all.ndjson", 5, "is no resource"],
        ["(unreadable)", "all.ndjson", 6, "is not valid JSON"],
        ["(unreadable)", "all.ndjson", 8, "is not UTF-8 text"],
    ]
    assert "1 rejected: (unreadable): is not UTF-8 text" in str(summary)
    assert "all.ndjson: no resource could be read at 2, 3, 5, 6, 8." in summary.loaded.notices


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no JSON"),
        (b"<Bundle/>", "is XML"),
        (b'{"resourceType": "Bundle", "entry": [', "is no valid JSON"),
        (b'{"resourceType": "Bundle", "entry": []} x', "goes on after its end"),
        (b'{"resourceType": "Bundle", "entry": []}', "hold no Patient"),
        (b'{"a": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"resourceType": "Bundle", "a": "\xff"}', "not UTF-8"),
        (b'{"a": NaN}', "is no valid JSON"),
        (b"\xef\xbb\xbf[]", "hold no Patient"),
    ],
)
def test_a_file_that_is_no_fhir_is_refused_in_one_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataContractError, match=words):
        import_fhir(tmp_path / "x.json", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_packed_bomb_and_a_torn_file_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.ndjson.gz"
    for content, words in ((b"\n", "empty lines"), (b" " * 999 + b"\n", "unpacks to more than")):
        bomb.write_bytes(gzip.compress(content * (100_000_000 // len(content))))
        with pytest.raises(DataContractError, match=words):
            import_fhir(bomb, tmp_path / "out")
    whole = gzip.compress(json.dumps(patient("p1")).encode())
    for content in (whole[:-12], b"no gzip at all", whole[:20] + b"x" * 20):
        (tmp_path / "torn.json.gz").write_bytes(content)
        with pytest.raises(DataContractError, match=r"can't be read|not UTF-8|no JSON"):
            import_fhir(tmp_path / "torn.json.gz", tmp_path / "out")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_lines(tmp_path / "all.ndjson", [patient("p1"), score("o1", P, DAY, 4)])
    arguments = ["import", "fhir", str(source), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--check"]) == 0
    assert not (tmp_path / "out").exists()
    assert main(arguments) == 0
    assert "Observation     1         1         0        0" in capsys.readouterr().out
