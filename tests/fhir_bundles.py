"""Synthetic FHIR resources laid out as Synthea and other servers lay them out."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
LOINC = "http://loinc.org"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
NPI = "http://hl7.org/fhir/sid/us-npi"
NDI_ITEMS = (
    "82227-0", "82228-8", "82229-6", "82230-4", "82231-2",
    "82232-0", "82233-8", "82234-6", "82235-3", "82236-1",
)  # fmt: skip
SECRETS = ("Gutmann", "Main Street", "555-201-8437", "999-12-3456", "1971-05-17", "Dr. Hayes")


def loinc(code: str) -> Resource:
    """Concept with one LOINC code."""
    return {"coding": [{"system": LOINC, "code": code, "display": "shown"}], "text": "shown"}


def patient(name: str, **more: Any) -> Resource:
    """Patient with everything that must not leave the reader."""
    return {
        "resourceType": "Patient",
        "id": name,
        "identifier": [
            {"system": "https://github.com/synthetichealth/synthea", "value": name},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"},
        ],
        "name": [{"use": "official", "family": "Gutmann", "given": ["Ada"], "prefix": ["Ms."]}],
        "telecom": [{"system": "phone", "value": "555-201-8437", "use": "home"}],
        "address": [{"line": ["12 Main Street"], "city": "Salem", "postalCode": "97301"}],
        "gender": "female",
        "birthDate": "1971-05-17",
        **more,
    }


def encounter(name: str, who: str, start: str, end: str = "", **more: Any) -> Resource:
    """Ambulatory visit."""
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "185347001"}]}],
        "subject": {"reference": who, "display": "Ms. Ada Gutmann"},
        "participant": [
            {"individual": {"reference": f"Practitioner?identifier={NPI}|9999947495",
                            "display": "Dr. Hayes"}}
        ],
        "period": {"start": start, **({"end": end} if end else {})},
        "serviceProvider": {
            "reference": "Organization?identifier=https://github.com/synthetichealth/synthea|org-1",
            "display": "SALEM NECK CLINIC",
        },
        **more,
    }  # fmt: skip


def score(name: str, who: str, on: str, value: Any, code: str = "72514-3", **more: Any) -> Resource:
    """Observation of a score."""
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": loinc(code),
        "subject": {"reference": who},
        "effectiveDateTime": on,
        "valueQuantity": {"value": value, "unit": "{score}", "code": "{score}"},
        **more,
    }


def ndi(name: str, who: str, on: str, answers: Iterable[int], shape: str = "ordinal") -> Resource:
    """Response to the neck disability index, its answers in one of the shapes found."""
    items = [
        {"linkId": f"/82226-2/{code}", "answer": [_answer(value, shape)]}
        for code, value in zip(NDI_ITEMS, answers, strict=False)
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": name,
        "questionnaire": "http://example.org/Questionnaire/ndi|1.0",
        "status": "completed",
        "subject": {"reference": who},
        "authored": on,
        "item": [{"linkId": "group", "text": "Neck", "item": items}],
    }


def _answer(value: int, shape: str) -> Resource:
    coding: Resource = {"system": "http://example.org/answers", "code": f"a{value}"}
    if shape == "integer":
        return {"valueInteger": value}
    if shape == "ordinal":
        coding["extension"] = [{"url": ORDINAL, "valueDecimal": value}]
    elif shape == "weight":
        coding["extension"] = [{"url": WEIGHT, "valueDecimal": float(value)}]
    return {"valueCoding": coding}


def bundle(resources: Iterable[Resource], kind: str = "transaction") -> Resource:
    """Bundle whose entries have addresses and, as transactions have them, requests."""
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            {
                "fullUrl": f"urn:uuid:{each['id']}",
                "resource": each,
                "request": {"method": "POST", "url": each["resourceType"]},
            }
            for each in resources
        ],
    }


def write_bundle(path: Path, resources: Iterable[Resource], kind: str = "transaction") -> Path:
    """Write a Bundle as Synthea does, indented."""
    path.write_text(json.dumps(bundle(resources, kind), indent=2), encoding="utf-8")
    return path


def write_lines(path: Path, resources: Iterable[Resource]) -> Path:
    """Write bulk NDJSON."""
    path.write_text("".join(json.dumps(each) + "\n" for each in resources), encoding="utf-8")
    return path


def synthea_folder(folder: Path, people: int, seed: int = 7) -> dict[str, int]:
    """Write a folder as Synthea leaves it, and say how many resources of each kind it holds."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}

    def made() -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    organisation = {"resourceType": "Organization", "id": made(), "name": "SALEM NECK CLINIC",
                    "identifier": [{"system": "https://github.com/synthetichealth/synthea",
                                    "value": "org-1"}]}  # fmt: skip
    place = {"resourceType": "Location", "id": made(), "name": "SALEM NECK CLINIC"}
    practitioner = {"resourceType": "Practitioner", "id": made(), "name": [{"family": "Hayes"}],
                    "identifier": [{"system": NPI, "value": "9999947495"}]}  # fmt: skip
    files = {
        "hospitalInformation1.json": [organisation, place],
        "practitionerInformation1.json": [practitioner],
    }
    for number in range(people):
        who = made()
        about = f"urn:uuid:{who}"
        resources = [patient(who, gender=rng.choice(["male", "female"]))]
        resources[0]["name"][0]["family"] = f"Gutmann{number}"
        for visit in range(rng.randint(3, 8)):
            day = f"20{18 + visit // 4:02}-{1 + (3 * visit) % 12:02}-{rng.randint(1, 28):02}"
            away = {"class": {"code": rng.choice(["EMER", "IMP"])}} if visit == 2 else {}
            came = encounter(
                made(), about, f"{day}T09:15:00-04:00", f"{day}T09:45:00-04:00", **away
            )
            at = {"encounter": {"reference": f"urn:uuid:{came['id']}"}}
            pain = round(rng.uniform(0, 10), 4)
            resources += [
                came,
                {"resourceType": "Condition", "id": made(), "subject": {"reference": about}, **at},
                score(made(), about, f"{day}T09:15:00-04:00", pain, **at),
                score(made(), about, f"{day}T09:15:00-04:00", 171.2, "8302-2", **at),
                {"resourceType": "Claim", "id": made(), "patient": {"reference": about}},
            ]
        files[f"Ada{number}_Gutmann{number}_{who}.json"] = resources
    for name, resources in files.items():
        write_bundle(folder / name, resources)
        for each in resources:
            counts[each["resourceType"]] = counts.get(each["resourceType"], 0) + 1
    return counts
