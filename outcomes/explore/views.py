"""What is shown for a choice, with everything kept that the next choice may need again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import pandas as pd

from outcomes.analyses.cohort_trend import estimate_cohort_trend
from outcomes.analyses.cohorts import select_cohort
from outcomes.analyses.day_list import DayListSpec, estimate_day_list
from outcomes.analyses.due import estimate_due
from outcomes.analyses.off_track import (
    OffTrackReference,
    estimate_off_track,
    fit_off_track_reference,
)
from outcomes.analyses.patient_course import PatientCourseSpec, estimate_patient_course
from outcomes.analyses.practice_patterns import estimate_practice_patterns
from outcomes.analyses.selection import clinics_of, select_patients
from outcomes.errors import EstimationError
from outcomes.explore.choice import Choice
from outcomes.present import format as write
from outcomes.present.disclosure import Policy, Release, disclose
from outcomes.present.sections.cohort_trend import cohort_trend
from outcomes.present.sections.cover import subject_name
from outcomes.present.sections.handout import handout
from outcomes.present.sections.morning_page import morning_page
from outcomes.present.sections.patient_page import patient_page
from outcomes.present.sections.practice_patterns import practice_patterns
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

MOST_PAGES = 40
"""Patients of a day for whom pages of their own are made unasked."""
_KEPT = {"at": 3, "chosen": 4, "learned": 16}
_KEPT_OTHERS = 24
"""How many of each kind are kept: records at a day are large."""
_NOBODY = Prose(["No appointment is booked."], kind="absent")
_HOW_TO_CHOOSE = "Choose a therapist for fewer, or one patient on the live page."
Kept = TypeVar("Kept")


class Views:
    """Sections of a page for a choice.

    Parameters
    ----------
    tables : Tables
        The data set, with all patients: the expected course is learned from all of them.
    policy : Policy
        Rules of the release.
    """

    def __init__(self, tables: Tables, policy: Policy) -> None:
        self._tables = tables
        self._policy = policy
        self._kept: dict[str, OrderedDict[Hashable, object]] = {}

    @property
    def tables(self) -> Tables:
        """The data set."""
        return self._tables

    def at(self, as_of: str) -> Tables:
        """Read the records at a day.

        Parameters
        ----------
        as_of : str
            The day, ISO.

        Returns
        -------
        Tables
            The data set without anything later.
        """
        day = pd.Timestamp(as_of)
        if day >= self._tables.as_of:
            return self._tables
        return self._keep("at", as_of, lambda: self._tables.at(day))

    def patients(self, choice: Choice) -> tuple[str, ...]:
        """List the patients that may be chosen, those of the next day with appointments first.

        Parameters
        ----------
        choice : Choice
            What is looked at.

        Returns
        -------
        tuple of str
            Ids.
        """
        booked = self.booked(choice)
        chosen = self._chosen(choice)
        others = sorted(set(chosen.patients["patient_id"]) - set(booked)) if chosen else []
        return (*booked, *others)

    def booked(self, choice: Choice) -> tuple[str, ...]:
        """List the patients with an appointment on the day, in order of time.

        Parameters
        ----------
        choice : Choice
            What is looked at.

        Returns
        -------
        tuple of str
            Ids, each once.
        """
        curve = self._day(choice).curve
        if curve.empty:
            return ()
        booked = curve.loc[curve["series"] == "appointment", "patient_id"]
        return tuple(dict.fromkeys(booked.astype("str")))

    def cover(self, choice: Choice) -> Section:
        """Say whom the page is about, and up to when.

        Parameters
        ----------
        choice : Choice
            What is looked at.

        Returns
        -------
        Section
            One line.
        """
        tables = self.at(choice.as_of)
        whose = subject_name(clinics_of(tables), tables.settings, choice.clinic)
        if choice.therapist:
            whose = f"{whose}, therapist {choice.therapist}"
        said = f"{whose}. Records up to {write.date(tables.as_of)}."
        return Section([Prose([said], kind="about")])

    def day(self, choice: Choice) -> Section:
        """Show the next day with appointments.

        Parameters
        ----------
        choice : Choice
            What is looked at; the cohort and the patient do not matter.

        Returns
        -------
        Section
            As `morning_page` makes it.
        """
        return self._keep(
            "page of the day",
            replace(choice, cohort="", patient=""),
            lambda: _written(self._page_of_day(choice)),
        )

    def _page_of_day(self, choice: Choice) -> Section:
        tables = self.at(choice.as_of)
        day = self._day(choice)
        booked = self.booked(choice)
        results = {"day": day, "due": self._due(choice.as_of)}
        if booked:
            results["off track"] = self._judged(choice.as_of, booked)
        release = disclose(results, self._policy, tables.registry)
        pain = tables.registry.get(tables.settings.pain_instrument)
        return morning_page(
            release,
            "day",
            off_track="off track" if booked else "",
            due="due",
            top=pain.maximum,
        )

    def cohort(self, choice: Choice) -> Section:
        """Show how the patients move.

        Parameters
        ----------
        choice : Choice
            What is looked at; the patient does not matter.

        Returns
        -------
        Section
            As `cohort_trend` makes it.
        """
        return self._of_chosen(
            "cohort", choice, lambda release: cohort_trend(release, "cohort"), estimate_cohort_trend
        )

    def practice(self, choice: Choice) -> Section:
        """Show what goes along with what is done in sessions.

        Parameters
        ----------
        choice : Choice
            What is looked at; the patient does not matter.

        Returns
        -------
        Section
            As `practice_patterns` makes it.
        """
        return self._of_chosen(
            "practice",
            choice,
            lambda release: practice_patterns(release, "practice"),
            estimate_practice_patterns,
        )

    def patient(self, choice: Choice) -> Section:
        """Show one patient.

        Parameters
        ----------
        choice : Choice
            What is looked at; only the patient and the day matter.

        Returns
        -------
        Section
            As `patient_page` makes it.
        """
        if not choice.patient:
            return Section([Prose(["No patient is chosen."], kind="absent")])
        return self._keep(
            "page of a patient",
            (choice.as_of, choice.patient),
            lambda: _written(*self._pages(choice, self._together(choice), (choice.patient,))),
        )

    def pages(self, choice: Choice) -> Section:
        """Show each patient of the day; of very many, those with something to check.

        Parameters
        ----------
        choice : Choice
            What is looked at.

        Returns
        -------
        Section
            A page a patient, in order of time.
        """
        booked = self.booked(choice)
        shown, said = booked, []
        if len(booked) > MOST_PAGES:
            flagged = self._flagged(choice.as_of, booked)
            shown = flagged[:MOST_PAGES]
            said = [Prose([_of_many(len(booked), len(shown), len(flagged))], kind="about")]
        if not shown:
            return Section(said or [_NOBODY])
        return Section([*said, *self._pages(choice, shown, shown)])

    def handouts(self, choice: Choice) -> Section:
        """Show the sheets to take home, of the patient chosen or of each patient of the day.

        Parameters
        ----------
        choice : Choice
            What is looked at.

        Returns
        -------
        Section
            A sheet a patient.
        """
        who = (choice.patient,) if choice.patient else self.booked(choice)
        if not who:
            return Section([_NOBODY])
        if len(who) > MOST_PAGES:
            said = f"{len(who):,} patients come on this day, too many for a sheet each. "
            return Section([Prose([said + _HOW_TO_CHOOSE], kind="absent")])
        tables = self.at(choice.as_of)
        course = self._course(choice, self._together(choice) if choice.patient else who)
        release = disclose({"patient": course}, self._policy, tables.registry)
        return Section([handout(release, "patient", each, as_of=tables.as_of) for each in who])

    def _of_chosen(
        self,
        name: str,
        choice: Choice,
        show: Callable[[Release], Section],
        estimate: Callable[[Tables], AnalysisResult],
    ) -> Section:
        """Show a question about all patients chosen; another patient does not ask it again."""

        def make() -> Section:
            tables = self._chosen(choice)
            if tables is None:
                return Section([Prose(["Nobody belongs to this choice."], kind="absent")])
            release = disclose({name: estimate(tables)}, self._policy, tables.registry)
            return _written(show(release))

        return self._keep(name, replace(choice, patient=""), make)

    def _together(self, choice: Choice) -> tuple[str, ...]:
        """Whose records to read at once: those of the day, one of whom is likely looked at next."""
        booked = self.booked(choice)
        among = choice.patient in booked and len(booked) <= MOST_PAGES
        return booked if among else (choice.patient,)

    def _pages(
        self, choice: Choice, read: tuple[str, ...], shown: tuple[str, ...]
    ) -> list[Section]:
        """Pages of some of the patients whose records are read."""
        tables = self.at(choice.as_of)
        judged = self._judged(choice.as_of, read)
        results = {"patient": self._course(choice, read), "off track": judged}
        release = disclose(results, self._policy, tables.registry)
        return [patient_page(release, "patient", each, expected="off track") for each in shown]

    def _judged(self, as_of: str, who: tuple[str, ...]) -> AnalysisResult:
        return self._keep(
            "judged",
            (as_of, who),
            lambda: estimate_off_track(
                self.at(as_of).restrict(list(who)), reference=self._reference(as_of)
            ),
        )

    def _flagged(self, as_of: str, who: tuple[str, ...]) -> tuple[str, ...]:
        """Patients with something to check, or without a clearance that they need, in order."""
        judged = self._judged(as_of, who).diagnostics.get("patients")
        due = self._due(as_of).diagnostics["patients"]
        found = set(due.loc[due["kind"].isin(["clearance_missing", "plan_apart"]), "patient_id"])
        if isinstance(judged, pd.DataFrame):
            off = (judged["off_track"] == 1) | (judged["sudden_change"] == 1)
            found |= set(judged.loc[off, "patient_id"])
        return tuple(each for each in who if each in found)

    def _course(self, choice: Choice, who: tuple[str, ...]) -> AnalysisResult:
        return self._keep(
            "course",
            (choice.as_of, who),
            lambda: estimate_patient_course(self.at(choice.as_of), PatientCourseSpec(patients=who)),
        )

    def _day(self, choice: Choice) -> AnalysisResult:
        spec = DayListSpec(therapist=choice.therapist, clinic=choice.clinic)
        return self._keep(
            "day",
            (choice.as_of, spec),
            lambda: estimate_day_list(self.at(choice.as_of), spec),
        )

    def _due(self, as_of: str) -> AnalysisResult:
        return self._keep("due", as_of, lambda: estimate_due(self.at(as_of)))

    def _chosen(self, choice: Choice) -> Tables | None:
        """Take the records of the patients chosen; None where there is nobody."""

        def choose() -> Tables | None:
            try:
                chosen = select_patients(
                    self.at(choice.as_of), clinic=choice.clinic, therapist=choice.therapist
                )
                return select_cohort(chosen, choice.cohort)
            except EstimationError:
                return None

        key = (choice.as_of, choice.clinic, choice.therapist, choice.cohort)
        return self._keep("chosen", key, choose)

    def learn(self, as_of: str) -> None:
        """Learn the expected course by which patients are judged on a day.

        Parameters
        ----------
        as_of : str
            The day, ISO.
        """
        self._reference(as_of)

    def learn_ahead(self) -> bool:
        """Learn one more expected course that an earlier day would ask for, the latest first.

        Returns
        -------
        bool
            Whether there may be another.
        """
        day = self._tables.as_of.to_period("Q").start_time - pd.Timedelta(days=1)
        known: Mapping[Hashable, object] = self._kept.get("learned", OrderedDict())
        for _ in range(_KEPT["learned"] - 1):
            if not _begun(self._tables, day):
                return False
            name = day.date().isoformat()
            if name not in known:
                self._learned(name)
                return True
            day = day.to_period("Q").start_time - pd.Timedelta(days=1)
        return False

    def _reference(self, as_of: str) -> OffTrackReference:
        """Take the expected course up to the quarter before the day: an earlier one may judge.

        Learning takes longer than looking, so days of one quarter share what was learned before it.
        """
        day = pd.Timestamp(as_of)
        if day >= self._tables.as_of:
            learned = self._tables.as_of
        else:
            learned = day.to_period("Q").start_time - pd.Timedelta(days=1)
            if not _begun(self._tables, learned):
                learned = day
        return self._learned(learned.date().isoformat())

    def _learned(self, day: str) -> OffTrackReference:
        def learn() -> OffTrackReference:
            # not among the days looked at: it would push one of them out
            then = pd.Timestamp(day)
            known = self._tables if then >= self._tables.as_of else self._tables.at(then)
            return fit_off_track_reference(known)

        return self._keep("learned", day, learn)

    def _keep(self, kind: str, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Take what was made before, or make it and keep it in place of what was longest unused."""
        kept = self._kept.setdefault(kind, OrderedDict())
        if key not in kept:
            kept[key] = make()
            while len(kept) > _KEPT.get(kind, _KEPT_OTHERS):
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]  # type: ignore[return-value]


@dataclass(frozen=True)
class _Written:
    """A section as it stands on the page."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def _written(section: Section) -> Section:
    """Keep what is shown of a section, without the thousands of objects its figures are made of."""
    return Section([_Written(section._repr_html_())])


def _begun(tables: Tables, day: pd.Timestamp) -> bool:
    """Whether anybody had been seen by a day."""
    sessions = tables.sessions
    return sessions is not None and bool((sessions["date"] <= day).any())


def _of_many(booked: int, shown: int, flagged: int) -> str:
    """Say whose pages there are where not everybody of the day has one."""
    said = f"{booked:,} patients come on this day, too many for a page each. "
    if shown < flagged:
        said += f"Here are the first {shown} of the {flagged:,} with something to check. "
    elif shown:
        said += (
            f"Here {'is the one' if shown == 1 else f'are the {shown}'} with something to check. "
        )
    else:
        said += "Nobody has something to check. "
    return said + _HOW_TO_CHOOSE
