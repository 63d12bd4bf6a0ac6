"""A sheet for the patient to take home: one line, and what it says in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.instruments import Instrument
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.handout_line import plot_handout
from outcomes.present.figures.patient_pain import line_scores
from outcomes.present.sections.chart import chart_id, refuse_outside
from outcomes.present.sections.section import Section, absent
from outcomes.present.tables import Prose


@dataclass(frozen=True)
class TakeHome:
    """A sheet of its own: whose it is, when it was made, and what is on it.

    Parameters
    ----------
    patient : str
        Chart id.
    day : Timestamp
        Last day of the records.
    body : Section
        What is on it.
    """

    patient: str
    day: pd.Timestamp
    body: Section

    def __repr__(self) -> str:
        return f"How you are doing, {self.patient}, {write.date(self.day)}"

    def _repr_html_(self) -> str:
        return (
            f'<div class="take-home"><h3>How you are doing: {chart_id(self.patient)}</h3>'
            f"<p>As of {write.date(self.day)}.</p>{self.body._repr_html_()}</div>"
        )


def handout(release: Release, name: str, patient: str, *, as_of: pd.Timestamp) -> Section:
    """Show one patient the own line.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_patient_course`.
    patient : str
        Id of the patient.
    as_of : Timestamp
        Last day of the records.

    Returns
    -------
    Section
        One figure with one line, and a few sentences.

    Raises
    ------
    DisclosureError
        If the release is made for outside.
    """
    refuse_outside(release)
    result = release[name]
    missing = absent(result, "the sheet to take home")
    if missing:
        return missing
    records = result.curve[result.curve["patient_id"] == patient]
    pain = release.registry.get(str(result.estimates["outcome"].iloc[0]))
    line = line_scores(records)
    if line.empty:
        body = Section([Prose(["You have not scored your pain yet."])])
    else:
        body = Section([plot_handout(records, pain), Prose(_sentences(line, pain))])
    return Section([TakeHome(patient, as_of, body)])


def _sentences(line: pd.DataFrame, pain: Instrument) -> list[str]:
    first, last = line.iloc[0], line.iloc[-1]
    worst = f"{pain.minimum:g} is no pain and {pain.maximum:g} the worst you can imagine."
    if len(line) == 1:
        return [
            f"You scored your pain {write.score(last['value'], 0)} on {write.date(last['date'])}. "
            f"{worst}",
            "With the next scores this becomes a line.",
        ]
    change = float(last["value"]) - float(first["value"])
    way = "lower than" if change < 0 else "higher than" if change > 0 else "the same as"
    return [
        f"You began with {write.score(first['value'], 0)} on {write.date(first['date'])}. The last "
        f"score, on {write.date(last['date'])}, is {write.score(last['value'], 0)}: {way} at the "
        f"start. {worst}",
        "Pain goes up and down from day to day, with care and without it, so look at the line as a "
        "whole and not at a single point.",
        "Is it what you feel? Tell us if it is not.",
    ]
