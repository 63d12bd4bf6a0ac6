"""Codes under which scores and items of instruments are found in FHIR."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outcomes.errors import DataContractError
from outcomes.instruments import InstrumentRegistry, check_digit_ok
from outcomes.io.fhir.elements import Resource, text

LOINC = "http://loinc.org"
OWN = "urn:outcomes:instrument"
"""Code system of the instruments by the codes of this project."""
TIMING = "urn:outcomes:timing"
"""Extension that says whether a score is from before or after a session, or from home."""
PATIENT_ID = "urn:outcomes:patient_id"
SESSION_ID = "urn:outcomes:session_id"
THERAPIST_ID = "urn:outcomes:therapist_id"
"""Systems of the identifiers in which exports keep ids that FHIR would not take."""
_ALSO_LOINC = ("https://loinc.org", "http://loinc.org/", "urn:oid:2.16.840.1.113883.6.1")
_TARGET = re.compile(r"([a-z][a-z0-9_]*)(?:\.item_([1-9][0-9]?))?")

NOT_KNOWN = "its code is of no instrument known here"
BAD_DIGIT = "its LOINC code fails its check digit"


@dataclass(frozen=True)
class Slot:
    """What a code stands for.

    Parameters
    ----------
    instrument : str
        Code of the instrument.
    item : int
        Number of the item; 0 for the score.
    """

    instrument: str
    item: int = 0


class CodeBook:
    """All codes known.

    Parameters
    ----------
    registry : InstrumentRegistry
        The instruments, with their LOINC codes.
    own : mapping of str to str
        Codes of the source: ``system|code``, or the code or linkId alone, to an instrument or to an
        item of one, such as ``hit6.item_1``.
    file : str
        Name of the mapping, for errors.

    Raises
    ------
    DataContractError
        If a code stands for something that is not there.
    """

    def __init__(
        self, registry: InstrumentRegistry, own: Mapping[str, str], file: str = ""
    ) -> None:
        self.registry = registry
        self._slots: dict[tuple[str, str], Slot] = {}
        self._alone: dict[str, Slot] = {}
        for each in registry:
            self._slots[OWN, each.code] = Slot(each.code)
            for number in range(1, (each.scoring.items if each.scoring else 0) + 1):
                self._slots[OWN, f"{each.code}.item_{number}"] = Slot(each.code, number)
            for code in each.loinc:
                self._slots[LOINC, code] = Slot(each.code)
            for number, code in enumerate(each.loinc_items, start=1):
                self._slots[LOINC, code] = Slot(each.code, number)
        self._stems = {code.partition("-")[0] for system, code in self._slots if system == LOINC}
        for key, target in own.items():
            slot = self._target(key, target, file)
            system, mark, code = key.rpartition("|")
            if mark:
                self._slots[_system(system), code] = slot
            else:
                self._alone[code] = slot

    @property
    def items(self) -> int:
        """Number of the highest item that a code stands for, at least 10."""
        slots = [*self._slots.values(), *self._alone.values()]
        return max(10, *(slot.item for slot in slots))

    def find(self, concept: Iterable[Resource]) -> tuple[Slot | None, str]:
        """Find what a concept stands for.

        Parameters
        ----------
        concept : iterable of dict
            Its codings.

        Returns
        -------
        slot : Slot or None
            None where no coding is known.
        reason : str
            Why there is none.
        """
        reason = NOT_KNOWN
        for coding in concept:
            system, code = _system(text(coding.get("system"))), text(coding.get("code"))
            slot = self._slots.get((system, code)) or self._alone.get(code)
            if slot is not None:
                return slot, ""
            if system == LOINC and code and not check_digit_ok(code):
                reason = BAD_DIGIT
        return None, reason

    def meant(self, concept: Iterable[Resource]) -> Slot | None:
        """Guess which instrument a LOINC code with a wrong check digit was meant for.

        Parameters
        ----------
        concept : iterable of dict
            Codings of which none is known.

        Returns
        -------
        Slot or None
            That of the code whose number is the same; such a score is rejected, not taken.
        """
        for coding in concept:
            stem, _, digit = text(coding.get("code")).partition("-")
            if _system(text(coding.get("system"))) == LOINC and digit and stem in self._stems:
                for (system, code), slot in self._slots.items():
                    if system == LOINC and code.partition("-")[0] == stem:
                        return slot
        return None

    def find_link(self, link: str) -> Slot | None:
        """Find what an item of a form stands for by its linkId alone.

        Parameters
        ----------
        link : str
            The linkId; forms made from LOINC panels use the code, or a path that ends in it.

        Returns
        -------
        Slot or None
            None where it is not known.
        """
        last = link.rpartition("/")[2]
        return self._alone.get(link) or self._slots.get((LOINC, last))

    def _target(self, key: str, target: str, file: str) -> Slot:
        found = _TARGET.fullmatch(target)
        if found is None or found[1] not in self.registry:
            raise DataContractError(
                "is no instrument or item of one.",
                'Write the like of "nrs_pain" or "hit6.item_1".',
                file=file,
                column=f"codes.{key}",
            )
        item = int(found[2] or 0)
        scoring = self.registry.get(found[1]).scoring
        if item and (scoring is None or item > scoring.items):
            raise DataContractError(
                f"{found[1]} has no rule to score such an item.",
                "Correct the number, or describe the instrument under [instruments].",
                file=file,
                column=f"codes.{key}",
            )
        return Slot(found[1], item)


def _system(address: str) -> str:
    return LOINC if address in _ALSO_LOINC else address
