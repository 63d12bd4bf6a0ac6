"""All files of an import read into rows of patients, visits and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from outcomes.io.fhir import people, visits
from outcomes.io.fhir.account import Account, Spot
from outcomes.io.fhir.answers import Ordinals
from outcomes.io.fhir.codes import PATIENT_ID, SESSION_ID, TIMING, CodeBook
from outcomes.io.fhir.collected import Collected
from outcomes.io.fhir.elements import (
    Moment,
    Resource,
    extension_code,
    moment,
    part,
    parts,
    text,
)
from outcomes.io.fhir.references import NOWHERE, Addresses, Key
from outcomes.io.fhir.scores import Piece, answered, observed, put_together, why_no_score
from outcomes.io.fhir.stream import Found, read_resources
from outcomes.io.rows import Rows

KINDS = ("patients", "visits", "scores")
SCORE_COLUMNS = ("patient", "instrument", "date", "timing", "value", "session", "device")
_VISITS = ("Encounter", "Appointment")
_SCORES = ("Observation", "QuestionnaireResponse")
_TAUGHT = ("Questionnaire", "ValueSet", "CodeSystem")
_NAMED = ("Organization", "Location")
NO_PLACE = "nothing of it belongs in a data set"
_LISTED = 5


@dataclass
class _Kept:
    """A resource kept until all files are read."""

    spot: Spot
    kind: str
    key: Key
    resource: Resource
    updated: str


@dataclass
class FhirReader:
    """Reads files and makes rows of them once all are read.

    Parameters
    ----------
    book : CodeBook
        Codes known.
    zone : ZoneInfo, optional
        Where the clinic is.
    """

    book: CodeBook
    zone: ZoneInfo | None = None
    account: Account = field(default_factory=Account)
    notices: list[str] = field(default_factory=list)
    _files: list[str] = field(default_factory=list)
    _addresses: Addresses = field(default_factory=Addresses)
    _ordinals: Ordinals = field(default_factory=Ordinals)
    _kept: dict[str, list[_Kept]] = field(default_factory=dict)
    _universal: int = 0
    _own_ids: dict[Key, str] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """Read a file.

        Parameters
        ----------
        path : Path
            The file.

        Raises
        ------
        DataContractError
            As for `read_resources`.
        """
        file = path.name
        self._files.append(file)
        versions: dict[Key, _Kept] = {}
        deleted: set[Key] = set()
        unreadable: list[int] = []
        for found in read_resources(path):
            self._take(file, found, versions, deleted, unreadable)
        for key, kept in versions.items():
            if key in deleted:
                self.account.skip(file, kept.kind, "deleted, as another entry says")
            else:
                self._kept.setdefault(kept.kind, []).append(kept)
        if unreadable:
            listed = ", ".join(map(str, unreadable[:_LISTED]))
            more = f" and {len(unreadable) - _LISTED:,} more" if len(unreadable) > _LISTED else ""
            self.notices.append(f"{file}: no resource could be read at {listed}{more}.")

    def _take(
        self,
        file: str,
        found: Found,
        versions: dict[Key, _Kept],
        deleted: set[Key],
        unreadable: list[int],
    ) -> None:
        """Count a resource, and keep what will be needed of it."""
        if found.deleted:
            kind, _, name = found.deleted.rpartition("/")
            deleted.add((kind.rpartition("/")[2], name))
            self.account.skip(file, self.account.count(file, kind), "an entry that deletes")
            return
        if found.problem:
            self.account.reject((file, found.place), found.problem)
            unreadable.append(found.place)
            return
        resource = found.resource
        kind = self.account.count(file, text(resource.get("resourceType")))
        name = text(resource.get("id"))
        if not name and found.full_url:
            name = found.full_url.rstrip("/").rpartition("/")[2].rpartition(":")[2]
        key = (kind, name)
        if kind in _TAUGHT:
            self._ordinals.learn(resource)
        if name and kind in (*_VISITS, *_SCORES, *_NAMED, "Patient", "Practitioner"):
            self._addresses.enter(file, key, found.full_url, resource)
        if kind in _NAMED:
            self._addresses.names[key] = text(resource.get("name"))
        if kind == "Patient" and (link := people.replacement(resource)) is not None and name:
            self._addresses.replaced[key] = (file, link)
            self.account.skip(file, kind, "another record took its place")
            return
        if kind not in ("Patient", *_VISITS, *_SCORES):
            self.account.skip(file, kind, NO_PLACE)
            return
        updated = text(part(resource.get("meta")).get("lastUpdated"))
        kept = _Kept((file, found.place), kind, key, self._needed(kind, resource), updated)
        # without an id nothing is a version of something else
        slot = key if name else (kind, f"\0{found.place}:{len(versions)}")
        before = versions.get(slot)
        if before is not None:
            newer = kept.updated >= before.updated
            self.account.skip(file, kind, "a newer version of it is there too")
            kept = kept if newer else before
        versions[slot] = kept

    def _needed(self, kind: str, resource: Resource) -> Resource:
        """Drop what is long and not needed, so that millions of resources fit into memory."""
        if kind == "Patient":
            wanted = ("resourceType", "id", "gender", "birthDate", "managingOrganization",
                      "contained", "identifier")  # fmt: skip
            return {name: resource[name] for name in wanted if name in resource}
        return {name: value for name, value in resource.items() if name not in ("text", "meta")}

    def rows(self) -> list[Rows]:
        """Make the rows of all files read.

        Returns
        -------
        list of Rows
            By file and kind of row.
        """
        collected = {
            "patients": Collected("patients", people.COLUMNS),
            "visits": Collected("visits", visits.COLUMNS),
            "scores": Collected(
                "scores",
                (*SCORE_COLUMNS, *(f"item_{number}" for number in range(1, self.book.items + 1))),
            ),
        }
        for kept in self._kept.get("Patient", []):
            self._patient(kept, collected["patients"])
        refused = self._visits(collected["visits"])
        self._scores(collected["scores"], refused)
        if self._universal:
            self.notices.append(
                f"{self._universal:,} times are in universal time and were taken as they are "
                "written: near midnight the day may be another. Give time_zone in a mapping."
            )
        return [rows for kind in KINDS for rows in collected[kind].sources(self._files)]

    def _own_id(self, kept: _Kept, system: str) -> str:
        """Id that an export of this project kept beside one that FHIR takes."""
        for each in parts(kept.resource.get("identifier")):
            if text(each.get("system")) == system and text(each.get("value")):
                self._own_ids[kept.key] = text(each.get("value"))
        return self._own_ids.get(kept.key, "")

    def _patient(self, kept: _Kept, rows: Collected) -> None:
        cells, problems = people.patient_cells(
            kept.resource, kept.spot[0], kept.key, self._own_id(kept, PATIENT_ID), self._addresses
        )
        rows.add(kept.spot, cells, problems)
        self.account.use(kept.spot[0], kept.kind, "patients", kept.spot)

    def _visits(self, rows: Collected) -> set[Key]:
        """Add visits; an appointment that became an encounter is one visit with it."""
        refused: set[Key] = set()
        made: dict[Key, tuple[_Kept, dict[str, str], dict[str, str]]] = {}
        for kept in self._kept.get("Appointment", []) + self._kept.get("Encounter", []):
            reason = visits.why_no_visit(kept.resource)
            if reason:
                refused.add(kept.key)
                self.account.skip(kept.spot[0], kept.kind, reason)
                continue
            file, key = kept.spot[0], kept.key
            own_id = self._own_id(kept, SESSION_ID)
            cells, problems, patients, start = visits.visit_cells(
                kept.resource, file, key, own_id, self._addresses, self.zone
            )
            self._universal += start.universal
            who, problem = self._whose(file, kept.resource, patients)
            cells["patient"] = who
            if problem:
                problems["patient"] = problem
            if not cells["id"]:
                problems["id"] = "has no id"
            made[key if key[1] else (kept.kind, f"\0{id(kept)}")] = (kept, cells, problems)
        became = self._appointments_met(made)
        for key, (kept, cells, problems) in made.items():
            if key in became:
                encounter = made[became[key]][0]
                self.account.use(kept.spot[0], kept.kind, "visits", encounter.spot)
                continue
            rows.add(kept.spot, cells, problems)
            self.account.use(kept.spot[0], kept.kind, "visits", kept.spot)
        return refused

    def _appointments_met(
        self, made: Mapping[Key, tuple[_Kept, dict[str, str], dict[str, str]]]
    ) -> dict[Key, Key]:
        """Find the appointments that encounters came of, and hand over what only they know."""
        became: dict[Key, Key] = {}
        for key, (kept, cells, problems) in made.items():
            if kept.kind != "Encounter":
                continue
            for reference in parts(kept.resource.get("appointment")):
                booked = self._addresses.find(kept.spot[0], reference, "Appointment")
                if booked not in made or booked in became:
                    continue
                if made[booked][1]["patient"] != cells["patient"]:
                    continue
                became[booked] = key
                for name in ("booked_on", "therapist", "clinic", "time", "service", "type"):
                    cells[name] = cells[name] or made[booked][1][name]
                if "booked_on" in made[booked][2]:
                    problems["booked_on"] = made[booked][2]["booked_on"]
        return became

    def _whose(self, file: str, resource: Resource, references: Sequence[Any]) -> tuple[str, str]:
        """Id of the patient, and why there is none."""
        found = {
            self._addresses.contained(file, reference, resource, "Patient")
            for reference in references
        } - {NOWHERE}
        if len(found) > 1:
            return "", "is about several patients"
        if not found:
            return "", "its patient can't be found" if references else "names no patient"
        (key,) = found
        if key[0] != "Patient":
            return "", "is not about a patient"
        return self._own_ids.get(key, key[1]), ""

    def _scores(self, rows: Collected, refused: set[Key]) -> None:
        """Add scores, and account for each resource by the rows it had a part in."""
        pieces: list[Piece] = []
        waiting: list[tuple[_Kept, Piece, str]] = []
        for kind in ("QuestionnaireResponse", "Observation"):
            for kept in self._kept.get(kind, []):
                reason = why_no_score(kept.resource)
                piece = None if reason else self._piece(kept)
                if piece is not None and piece.encounter in refused:
                    reason = "its encounter is no visit of the data set"
                if reason or piece is None:
                    self.account.skip(kept.spot[0], kept.kind, reason)
                    continue
                read = observed if kind == "Observation" else answered
                piece.answers, why = read(kept.resource, self.book, self._ordinals)
                pieces.append(piece)
                waiting.append((kept, piece, why))
        part_of: dict[int, list[Spot]] = {}
        for score in put_together(pieces):
            lead = score.lead
            told = next((each for each in (lead, *score.pieces) if each.patient[1]), lead)
            dated = next((each for each in (lead, *score.pieces) if each.when.day), lead)
            self._universal += dated.when.universal
            encounter = next(
                (each.encounter for each in (lead, *score.pieces) if each.encounter[1]), NOWHERE
            )
            cells = {
                "patient": self._own_ids.get(told.patient, told.patient[1]),
                "instrument": score.instrument,
                "date": dated.when.day,
                "timing": next((p.timing for p in (lead, *score.pieces) if p.timing), ""),
                "device": next((p.device for p in (lead, *score.pieces) if p.device), ""),
                "session": self._own_ids.get(encounter, encounter[1]),
                **score.cells,
            }
            problems = dict(score.problems)
            if dated.when.problem:
                problems["date"] = dated.when.problem
            if not told.patient[1]:
                problems["patient"] = "its patient can't be found"
            elif told.patient[0] != "Patient":
                problems["patient"] = "is not about a patient"
            rows.add(lead.spot, cells, problems)
            for each in (lead, *score.pieces):
                part_of.setdefault(id(each), []).append(lead.spot)
        for kept, piece, why in waiting:
            spots = part_of.get(id(piece))
            if spots:
                self.account.use(kept.spot[0], kept.kind, "scores", *spots)
            else:
                self.account.skip(kept.spot[0], kept.kind, why)

    def _piece(self, kept: _Kept) -> Piece:
        """Take from a resource what places its numbers."""
        resource, file = kept.resource, kept.spot[0]
        if kept.kind == "Observation":
            period = part(resource.get("effectivePeriod"))
            timing = resource.get("effectiveTiming")
            event = part(timing).get("event")
            written = (
                resource.get("effectiveDateTime")
                or resource.get("effectiveInstant")
                or period.get("start")
                or (event[0] if isinstance(event, list) and event else None)
            )
        else:
            written = resource.get("authored")
        when = moment(written, self.zone)
        find = self._addresses.contained
        encounter = resource.get("encounter") or resource.get("context")
        return Piece(
            spot=kept.spot,
            kind=kept.kind,
            key=kept.key,
            patient=find(file, resource.get("subject"), resource, "Patient"),
            encounter=find(file, encounter, resource, "Encounter"),
            when=when if when.day else Moment(),
            timing=extension_code(resource, TIMING),
            device=text(part(resource.get("device")).get("display")),
            members=[
                find(file, each, resource, "Observation")
                for each in parts(resource.get("hasMember"))
            ],
            derived_from=[
                find(file, each, resource, "Observation")
                for each in parts(resource.get("derivedFrom"))
            ],
        )
