"""A page on one patient: everything recorded, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from outcomes.present import format as write
from outcomes.present.board import Board
from outcomes.present.disclosure import Release
from outcomes.present.figures.figure import Figure
from outcomes.present.figures.headache_calendar import plot_headache_calendar
from outcomes.present.figures.patient_effort import plot_self_care, plot_within_sessions
from outcomes.present.figures.patient_movement import plot_patient_movement
from outcomes.present.figures.patient_pain import plot_patient_pain
from outcomes.present.figures.patient_sessions import plot_patient_sessions
from outcomes.present.rows import lookup
from outcomes.present.sections.chart import chart_id, refuse_outside
from outcomes.present.sections.section import Section, absent
from outcomes.present.tables import Prose
from outcomes.results import AnalysisResult

_SYMPTOMS = 3


@dataclass(frozen=True)
class Heading:
    """Who a page is about, and what is to be checked, in two lines.

    Parameters
    ----------
    patient : str
        Chart id.
    facts : sequence of str
        What is known, in short sentences.
    check : sequence of str
        What is to be checked; empty for nothing.
    """

    patient: str
    facts: Sequence[str]
    check: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"Patient {self.patient}. {' '.join((*self.facts, *self.check))}"

    def _repr_html_(self) -> str:
        check = "".join(f'<p class="check">{escape(line)}</p>' for line in self.check)
        return (
            f'<h3 class="patient">Patient {chart_id(self.patient)}</h3>'
            f'<p class="facts">{escape(" ".join(self.facts))}</p>{check}'
        )


def patient_page(release: Release, name: str, patient: str, *, expected: str = "") -> Section:
    """Show all that is recorded of one patient.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_patient_course`.
    patient : str
        Id of the patient.
    expected : str
        Name of the result of `estimate_off_track`; empty where there is none.

    Returns
    -------
    Section
        A heading with the facts and a board of figures. What was not recorded has no figure.

    Raises
    ------
    DisclosureError
        If the release is made for outside.
    """
    refuse_outside(release)
    result = release[name]
    missing = absent(result, "a page on the patient")
    if missing:
        return missing
    estimates = result.estimates
    own = estimates[estimates["group"] == patient]
    curve = result.curve
    records = curve[curve["patient_id"] == patient]
    if records.empty:
        return Section([Heading(patient, ["Nothing is recorded yet."])])
    course, check = _expected(release, expected, patient)
    pain = release.registry.get(_pain_code(result))
    movements = own[own["outcome"].str.startswith("rom_")]
    drawn = [
        _drawn(lambda: plot_patient_pain(records, pain, course)),
        _drawn(lambda: plot_patient_movement(movements, release.registry)),
        _drawn(lambda: plot_patient_sessions(records)),
        _drawn(lambda: plot_headache_calendar(records)),
        _drawn(lambda: plot_within_sessions(records), lambda: plot_self_care(records)),
    ]
    board = Board(
        [part for part in drawn if part is not None], wide=(0,) if drawn[0] is not None else ()
    )
    heading = Heading(patient, _facts(own, records), check)
    if not board.parts:
        return Section([heading, Prose(["No score is recorded yet."])])
    return Section([heading, board])


def _drawn(*makers: Callable[[], Figure]) -> Section | None:
    """Figures under each other; what was not recorded is left out, the page is whole without it."""
    figures = []
    for make in makers:
        try:
            figures.append(make())
        except ValueError:
            continue
    return Section(figures) if figures else None


def _pain_code(result: AnalysisResult) -> str:
    """Code of the pain instrument: that of the first row."""
    return str(result.estimates["outcome"].iloc[0])


def _expected(release: Release, name: str, patient: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Range expected of the patient, and why to check if there is a flag."""
    if not name or name not in release:
        return None, []
    result = release[name]
    curve, flags = result.curve, result.diagnostics.get("patients")
    course = curve[curve["patient_id"] == patient] if len(curve) else None
    if not isinstance(flags, pd.DataFrame):
        return course, []
    own = flags[flags["patient_id"] == patient]
    flagged = own[(own["off_track"] == 1) | (own["sudden_change"] == 1)]
    return course, [str(reason) for reason in flagged["reason"]]


def _facts(own: pd.DataFrame, records: pd.DataFrame) -> list[str]:
    """Write the few numbers of a page as sentences."""
    known = lookup(own[own["status"] == "ok"], "outcome", "term")
    pain = str(own["outcome"].iloc[0]) if len(own) else ""
    said = []
    attended = records[records["series"] == "session"]
    if len(attended):
        first, last = attended["date"].iloc[0], attended["date"].iloc[-1]
        said.append(
            f"{write.count(len(attended), 'session')}, first {write.date(first)}, "
            f"last {write.date(last)}."
        )
    start, now = known.get((pain, "start")), known.get((pain, "last"))
    if now and start:
        before, after = (write.score(row["estimate"], 0) for row in (start, now))
        said.append(f"Pain {before} at the start, last {after}.")
    elif now:
        said.append(f"Pain last {write.score(now['estimate'], 0)}; no score at the start.")
    rate = known.get(("headache_days", "recent_per_28"))
    if rate:
        said.append(
            f"Headaches on {write.number(rate['n_events'])} of "
            f"{write.number(rate['n_assessments'])} days filled in over the last 4 weeks."
        )
    said.append(_symptoms(records, ("adverse_events", "adverse_events") in known))
    return [sentence for sentence in said if sentence]


def _symptoms(records: pd.DataFrame, recorded: bool) -> str:
    """Name unwanted symptoms after sessions, the last ones first."""
    events = records[records["series"] == "adverse_event"]
    if events.empty:
        return "No unwanted symptom is recorded." if recorded else ""
    serious = int((events["label"] == "serious").sum())
    last = [
        f"{row['outcome']} after session {row['session_number']:.0f}"
        + (f" ({write.score(row['value'], 0)} of 10)" if pd.notna(row["value"]) else "")
        for row in events.iloc[::-1].head(_SYMPTOMS).to_dict("records")
    ]
    more = f", {write.number(serious)} serious" if serious else ", none serious"
    return f"Unwanted symptoms {write.number(len(events))}{more}; last: {', '.join(last)}."
