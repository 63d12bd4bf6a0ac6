"""Encounters and Appointments as appointments of the contract."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from outcomes.io.fhir.elements import (
    Moment,
    Resource,
    codings,
    minutes_between,
    moment,
    number,
    part,
    parts,
    text,
)
from outcomes.io.fhir.references import NOWHERE, Addresses, Key, contained_resource

COLUMNS = (
    "id", "patient", "clinic", "therapist", "date", "time", "booked_on", "status", "minutes",
    "type", "service",
)  # fmt: skip
STATUS = {
    "Encounter": {
        "planned": "booked",
        "arrived": "attended",
        "triaged": "attended",
        "in-progress": "attended",
        "onleave": "attended",
        "finished": "attended",
        "cancelled": "cancelled",
        # the words of R5
        "on-hold": "attended",
        "discharged": "attended",
        "completed": "attended",
    },
    "Appointment": {
        "booked": "booked",
        "arrived": "attended",
        "checked-in": "attended",
        "fulfilled": "attended",
        "cancelled": "cancelled",
        "noshow": "no_show",
    },
}
"""What a status means in the contract; one that is not here is no appointment that was agreed."""
IN_ERROR = "entered in error"
_AWAY = {
    "IMP": "a stay in hospital",
    "ACUTE": "a stay in hospital",
    "NONAC": "a stay in hospital",
    "OBSENC": "a stay in hospital",
    "EMER": "an emergency",
    "PRENC": "before admission to hospital",
    "VR": "not in person",
}
_PERFORMERS = ("PPRF", "ATND", "SPRF")


def why_no_visit(resource: Resource) -> str:
    """Say why a resource is no appointment of the clinic.

    Parameters
    ----------
    resource : dict
        An Encounter or Appointment.

    Returns
    -------
    str
        The reason; empty where it is one.
    """
    kind, status = text(resource.get("resourceType")), text(resource.get("status"))
    if status == "entered-in-error":
        return IN_ERROR
    if status and status not in STATUS[kind]:
        return "its status says that nothing was agreed or known"
    for coding in codings(resource.get("class")) if kind == "Encounter" else []:
        if (code := text(coding.get("code"))) in _AWAY:
            return f"{_AWAY[code]} (class {code})"
    return ""


def visit_cells(
    visit: Resource, file: str, key: Key, own_id: str, addresses: Addresses, zone: ZoneInfo | None
) -> tuple[dict[str, str], dict[str, str], list[Any], Moment]:
    """Take from an Encounter or Appointment what the table of sessions holds.

    Parameters
    ----------
    visit : dict
        The resource.
    file : str
        Name of its file.
    key : tuple of str
        Its type and id.
    own_id : str
        Id that an export of this project kept beside it; empty where there is none.
    addresses : Addresses
        To find therapist and clinic.
    zone : ZoneInfo, optional
        Where the clinic is.

    Returns
    -------
    cells, problems : dict of str to str
        By column, without the patient.
    patients : list
        References to patients.
    start : Moment
        When it began.
    """
    booked = key[0] == "Appointment"
    period = visit if booked else part(visit.get("period") or visit.get("actualPeriod"))
    start, end = moment(period.get("start"), zone), moment(period.get("end"), zone)
    made = moment(visit.get("created"), zone) if booked else Moment()
    status = STATUS[key[0]].get(text(visit.get("status")), "")
    cells = {
        "id": own_id or key[1],
        "date": start.day,
        "time": start.clock,
        "booked_on": made.day,
        "status": status,
        "type": _first_code(visit.get("appointmentType") if booked else visit.get("type")),
        "service": _first_code(visit.get("serviceType")),
    }
    problems = {"date": start.problem, "booked_on": made.problem}
    if status == "attended":
        given = number(visit.get("minutesDuration")) if booked else _length(visit)
        cells["minutes"] = given or minutes_between(start, end)
    patients = [] if booked else parts(visit.get("subject"))
    for each in parts(visit.get("participant")):
        actor = each.get("actor") or each.get("individual")
        if booked and _type_of(addresses, file, actor, visit) == "Patient":
            patients.append(part(actor))
    cells["therapist"] = _therapist(visit, file, addresses)
    cells["clinic"] = _clinic(visit, file, addresses)
    return cells, {name: why for name, why in problems.items() if why}, patients, start


def _first_code(concept: Any) -> str:
    found = [text(coding.get("code")) for coding in codings(concept)]
    return next((code for code in found if code), "")


def _length(visit: Resource) -> str:
    length = part(visit.get("length"))
    unit = text(length.get("code")) or text(length.get("unit"))
    return number(length.get("value")) if unit in ("min", "minute", "minutes") else ""


def _type_of(addresses: Addresses, file: str, reference: Any, visit: Resource) -> str:
    address = text(part(reference).get("reference"))
    if address.startswith("#"):
        return text(contained_resource(visit, address).get("resourceType"))
    return addresses.find(file, reference, text(part(reference).get("type")))[0]


def _therapist(visit: Resource, file: str, addresses: Addresses) -> str:
    """Id of who treated: of several the one named as performer, else the first."""
    found: list[tuple[bool, str]] = []
    for each in parts(visit.get("participant")):
        actor = each.get("actor") or each.get("individual")
        kind = _type_of(addresses, file, actor, visit)
        if kind not in ("Practitioner", "PractitionerRole"):
            continue
        who = addresses.contained(file, actor, visit, kind)
        roles = {text(coding.get("code")) for coding in codings(each.get("type"))}
        if who != NOWHERE:
            found.append((not roles.intersection(_PERFORMERS), who[1]))
    return min(found, key=lambda each: each[0])[1] if found else ""


def _clinic(visit: Resource, file: str, addresses: Addresses) -> str:
    """Name of the organisation that saw the patient, else of the place."""
    candidates = [(visit.get("serviceProvider"), "Organization")]
    candidates += [(each.get("location"), "Location") for each in parts(visit.get("location"))]
    for each in parts(visit.get("participant")):
        if _type_of(addresses, file, each.get("actor"), visit) == "Location":
            candidates.append((each.get("actor"), "Location"))
    for reference, kind in candidates:
        if part(reference):
            key = addresses.contained(file, reference, visit, kind)
            address = text(part(reference).get("reference"))
            own = text(contained_resource(visit, address).get("name"))
            if own or (name := addresses.name(key, reference)):
                return own or name
    return ""
