"""Patient resources: the id, sex, year of birth and clinic; nothing else of them is kept."""

from __future__ import annotations

import re

from outcomes.io.fhir.elements import Resource, part, parts, text
from outcomes.io.fhir.references import Addresses, Key

COLUMNS = ("id", "clinic", "gender", "birth_year")
_BIRTH = re.compile(r"([0-9]{4})(-[0-9]{2}){0,2}")


def replacement(patient: Resource) -> Resource | None:
    """Find the record that takes the place of this one.

    Parameters
    ----------
    patient : dict
        The Patient.

    Returns
    -------
    dict or None
        A reference to the other record.
    """
    for link in parts(patient.get("link")):
        if text(link.get("type")) == "replaced-by":
            return part(link.get("other"))
    return None


def patient_cells(
    patient: Resource, file: str, key: Key, own_id: str, addresses: Addresses
) -> tuple[dict[str, str], dict[str, str]]:
    """Take from a Patient what the table of patients holds.

    Parameters
    ----------
    patient : dict
        The Patient.
    file : str
        Name of its file.
    key : tuple of str
        Its type and id.
    own_id : str
        Id that an export of this project kept beside it; empty where there is none.
    addresses : Addresses
        To find the clinic.

    Returns
    -------
    cells, problems : dict of str to str
        By column. Of the date of birth only the year is looked at.
    """
    cells = {"id": own_id or key[1], "gender": text(patient.get("gender"))}
    problems = {}
    if not cells["id"]:
        problems["id"] = "has no id"
    managing = patient.get("managingOrganization")
    if part(managing):
        found = addresses.contained(file, managing, patient, "Organization")
        cells["clinic"] = addresses.name(found, managing)
    born = text(patient.get("birthDate"))
    if born:
        year = _BIRTH.fullmatch(born)
        if year is None:
            problems["birth_year"] = "is no date of FHIR"
        else:
            cells["birth_year"] = year[1]
    return cells, problems
