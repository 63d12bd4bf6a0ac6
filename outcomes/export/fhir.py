"""Scores as FHIR R4 Observations, with the patients and visits they refer to, as bulk NDJSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from outcomes.instruments import Instrument, InstrumentRegistry
from outcomes.io.fhir.codes import LOINC, OWN, PATIENT_ID, SESSION_ID, THERAPIST_ID, TIMING

RESOURCES = ("Patient", "Encounter", "Observation")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_UCUM = {"mm": "mm", "degrees": "deg", "kPa": "kPa", "percentage points": "%"}
_MEASURED = ("degrees", "kPa")
_GENDERS = ("male", "female", "other")
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

Resource = dict[str, Any]


def fhir_resources(
    frames: Mapping[str, pd.DataFrame], registry: InstrumentRegistry
) -> dict[str, Iterator[Resource]]:
    """Make resources of a data set.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables of the contract: patients, and sessions and assessments where there are any.
    registry : InstrumentRegistry
        Its instruments.

    Returns
    -------
    dict of str to iterator
        Resources by type, as plain JSON.

    Notes
    -----
    A score is an Observation whose code is that of LOINC, where the instrument has one, and the
    project's own. Attended sessions are Encounters. Times of day are left out: FHIR takes none
    without a time zone. An id that FHIR would not take stands as identifier beside a hash.

    References
    ----------
    HL7 FHIR R4 (4.0.1), Observation, Encounter, Patient.
    """
    made = {"Patient": _patients(frames["patients"])}
    if "sessions" in frames:
        sessions = frames["sessions"]
        made["Encounter"] = _encounters(sessions[sessions["status"] == "attended"])
    if "assessments" in frames:
        made["Observation"] = _observations(frames["assessments"], registry)
    return made


def as_line(resource: Resource) -> str:
    """Write a resource as a line of NDJSON.

    Parameters
    ----------
    resource : dict
        The resource.

    Returns
    -------
    str
        One line, with its end.
    """
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows with what is recorded in them only."""
    names = [str(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield {name: cell for name, cell in zip(names, row, strict=True) if not pd.isna(cell)}


def _identity(identifier: str, system: str) -> Resource:
    if _ID.fullmatch(identifier):
        return {"id": identifier}
    return {"id": _hashed(identifier), "identifier": [{"system": system, "value": identifier}]}


def _hashed(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def _reference(kind: str, identifier: str) -> Resource:
    name = identifier if _ID.fullmatch(identifier) else _hashed(identifier)
    return {"reference": f"{kind}/{name}"}


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def _patients(patients: pd.DataFrame) -> Iterator[Resource]:
    for row in _rows(patients):
        made: Resource = {"resourceType": "Patient", **_identity(row["patient_id"], PATIENT_ID)}
        if row.get("sex") in _GENDERS:
            made["gender"] = row["sex"]
        if "birth_year" in row:
            made["birthDate"] = f"{row['birth_year']:.0f}"
        if "clinic" in row:
            made["managingOrganization"] = {"display": row["clinic"]}
        yield made


def _encounters(sessions: pd.DataFrame) -> Iterator[Resource]:
    for row in _rows(sessions):
        made: Resource = {
            "resourceType": "Encounter",
            **_identity(row["session_id"], SESSION_ID),
            "status": "finished",
            "class": {"system": _CLASS, "code": "AMB"},
            "subject": _reference("Patient", row["patient_id"]),
            "period": {"start": f"{row['date']:%Y-%m-%d}"},
        }
        if "minutes" in row:
            made["length"] = {
                "value": _number(row["minutes"]), "unit": "min",
                "system": "http://unitsofmeasure.org", "code": "min",
            }  # fmt: skip
        if "therapist_id" in row:
            who = {"system": THERAPIST_ID, "value": row["therapist_id"]}
            made["participant"] = [{"individual": {"type": "Practitioner", "identifier": who}}]
        if "clinic" in row:
            made["serviceProvider"] = {"display": row["clinic"]}
        yield made


def _observations(assessments: pd.DataFrame, registry: InstrumentRegistry) -> Iterator[Resource]:
    coded = {code: _coded(registry.get(code)) for code in assessments["instrument"].unique()}
    units = {code: _unit(registry.get(code)) for code in coded}
    key = ("patient_id", "instrument", "timing", "session_id")
    for row in _rows(assessments):
        day, code = f"{row['date']:%Y-%m-%d}", row["instrument"]
        made: Resource = {
            "resourceType": "Observation",
            "id": _hashed(day, *(str(row.get(name, "")) for name in key)),
            "status": "final",
            **coded[code],
            "subject": _reference("Patient", row["patient_id"]),
            "effectiveDateTime": day,
            "valueQuantity": {"value": _number(row["value"]), **units[code]},
        }
        if "timing" in row:
            made["extension"] = [{"url": TIMING, "valueCode": row["timing"]}]
        if "session_id" in row:
            made["encounter"] = _reference("Encounter", row["session_id"])
        if "device" in row:
            made["device"] = {"display": row["device"]}
        yield made


def _coded(instrument: Instrument) -> Resource:
    codings = [{"system": LOINC, "code": code} for code in instrument.loinc[:1]]
    codings.append({"system": OWN, "code": instrument.code, "display": instrument.label})
    category = "exam" if instrument.unit in _MEASURED else "survey"
    return {
        "category": [{"coding": [{"system": _CATEGORY, "code": category}]}],
        "code": {"coding": codings, "text": instrument.label},
    }


def _unit(instrument: Instrument) -> Resource:
    code = _UCUM.get(instrument.unit, "{score}")
    return {"unit": instrument.unit, "system": "http://unitsofmeasure.org", "code": code}
