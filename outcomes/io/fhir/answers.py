"""The number in an Observation or in an answer, whatever shape it has, in the instrument's unit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from outcomes.instruments import Instrument
from outcomes.io.fhir.elements import (
    Resource,
    codings,
    number,
    part,
    parts,
    text,
    walk_items,
    weight,
)

_FACTORS: dict[str, dict[str, str]] = {
    "mm": {"mm": "1", "cm": "10"},
    "degrees": {"deg": "1", "°": "1", "degree": "1", "degrees": "1"},
    "kPa": {"kPa": "1", "N/cm2": "10", "kgf/cm2": "98.0665", "kg/cm2": "98.0665"},
    "percentage points": {"%": "1"},
    "days per 28": {"d": "1", "d/(28.d)": "1"},
    "days per 3 months": {"d": "1"},
}
"""What a number of each UCUM unit is worth in the unit of an instrument."""
_PHYSICAL = {unit for table in _FACTORS.values() for unit in table}
NO_NUMBER = "its answer carries no number"


@dataclass
class Ordinals:
    """Numbers of answers that stand in questionnaires and lists of codes, not beside the answer.

    Parameters
    ----------
    of_item : dict
        Number by questionnaire, linkId and code of the answer.
    of_code : dict
        Numbers by system and code of the answer; one list may give a code another number than the
        next, and then none of them counts.
    codes_of_item : dict
        Codings by questionnaire and linkId.
    """

    of_item: dict[tuple[str, str, str], str] = field(default_factory=dict)
    of_code: defaultdict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    codes_of_item: dict[tuple[str, str], list[Resource]] = field(default_factory=dict)

    def learn(self, resource: Resource) -> None:
        """Take in what a Questionnaire, ValueSet or CodeSystem says.

        Parameters
        ----------
        resource : dict
            The resource; others say nothing.
        """
        kind, address = text(resource.get("resourceType")), text(resource.get("url"))
        if kind == "CodeSystem":
            self._concepts(address, resource.get("concept"))
        elif kind == "ValueSet":
            for include in parts(part(resource.get("compose")).get("include")):
                self._concepts(text(include.get("system")), include.get("concept"))
            for each in parts(part(resource.get("expansion")).get("contains")):
                self._concepts(text(each.get("system")), [each])
        elif kind == "Questionnaire":
            names = {address, f"Questionnaire/{text(resource.get('id'))}"} - {""}
            for item in walk_items(resource):
                link = text(item.get("linkId"))
                for name in names:
                    self.codes_of_item[name, link] = codings(item.get("code"))
                for option in parts(item.get("answerOption")):
                    coding = part(option.get("valueCoding"))
                    worth, code = weight(coding) or weight(option), text(coding.get("code"))
                    if worth and code:
                        self.of_code[text(coding.get("system")), code].add(worth)
                        for name in names:
                            self.of_item[name, link, code] = worth

    def _concepts(self, system: str, concepts: Any) -> None:
        waiting = list(parts(concepts))
        while waiting:
            each = waiting.pop()
            waiting += parts(each.get("concept"))
            if worth := weight(each):
                self.of_code[system, text(each.get("code"))].add(worth)

    def codes(self, questionnaire: str, link: str) -> list[Resource]:
        """Codings of an item.

        Parameters
        ----------
        questionnaire : str
            Address of the questionnaire, with or without its version.
        link : str
            linkId of the item.

        Returns
        -------
        list of dict
            Codings; empty where the questionnaire is not in the files.
        """
        return self.codes_of_item.get((_named(questionnaire), link), [])

    def worth(self, coding: Resource, questionnaire: str = "", link: str = "") -> str:
        """Find the number of an answer that is a code.

        Parameters
        ----------
        coding : dict
            The answer.
        questionnaire, link : str
            The item that it answers.

        Returns
        -------
        str
            The number beside it, else that of its questionnaire, else that of its list, else
            what it shows, if that is a number. Empty where there is none.
        """
        code = text(coding.get("code"))
        listed = self.of_code.get((text(coding.get("system")), code), set())
        return (
            weight(coding)
            or self.of_item.get((_named(questionnaire), link, code), "")
            or (next(iter(listed)) if len(listed) == 1 else "")
            or number(coding.get("display"))
        )


def _named(questionnaire: str) -> str:
    address = questionnaire.partition("|")[0]
    if "://" not in address and "Questionnaire/" in address:
        return "Questionnaire/" + address.rpartition("/")[2]
    return address


def read_value(
    element: Resource, ordinals: Ordinals, questionnaire: str = "", link: str = ""
) -> tuple[str, str, str]:
    """Read the number of an Observation, a component or an answer.

    Parameters
    ----------
    element : dict
        What holds ``value[x]``.
    ordinals : Ordinals
        Numbers of answers that are codes.
    questionnaire, link : str
        The item that is answered.

    Returns
    -------
    value, unit, problem : str
        All empty where nothing was answered.
    """
    for key in ("valueInteger", "valueDecimal", "valueString"):
        if key in element:
            found = number(element[key])
            return found, "", "" if found or not text(element[key]) else NO_NUMBER
    if part(element.get("valueQuantity")):
        quantity = part(element["valueQuantity"])
        if text(quantity.get("comparator")):
            return "", "", "is only known to be above or below a number"
        unit = text(quantity.get("code")) or text(quantity.get("unit"))
        found = number(quantity.get("value"))
        return found, unit, "" if found or "value" not in quantity else NO_NUMBER
    for key in ("valueCoding", "valueCodeableConcept"):
        if key in element:
            concept = part(element[key])
            # the standard puts it on the coding; some servers on the answer around it
            found = weight(concept) or weight(element)
            for coding in codings(concept):
                found = found or ordinals.worth(coding, questionnaire, link)
            return (
                found or number(concept.get("text")),
                "",
                "" if found else ("" if number(concept.get("text")) else NO_NUMBER),
            )
    if any(key.startswith("value") for key in element):
        return "", "", NO_NUMBER
    return "", "", ""


def in_unit(value: str, unit: str, instrument: Instrument) -> tuple[str, str]:
    """Bring a score to the unit of its instrument.

    Parameters
    ----------
    value : str
        The number.
    unit : str
        UCUM code or word of its unit; may be empty.
    instrument : Instrument
        The instrument.

    Returns
    -------
    value, problem : str
        The number, and why it can't be read where it can't.
    """
    unit = unit.replace("²", "2").replace("^2", "2").replace("[", "").replace("]", "")
    if not value or unit in ("", "1") or (unit.startswith("{") and unit.endswith("}")):
        return value, ""
    factor = _FACTORS.get(instrument.unit, {}).get(unit)
    if factor == "1":
        return value, ""
    if factor is not None:
        return f"{(Decimal(value) * Decimal(factor)).normalize():f}", ""
    if instrument.unit in _FACTORS or unit in _PHYSICAL:
        return value, f"is in another unit than {instrument.unit}"
    return value, ""
