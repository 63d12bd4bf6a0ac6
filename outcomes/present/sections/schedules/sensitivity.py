"""What the answer depends on: one panel with every choice turned once."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.figure import Figure
from outcomes.present.figures.schedules.differences import Line, plot_differences
from outcomes.present.labels import contrast_label
from outcomes.present.rows import records
from outcomes.present.schedules import contrasts_of, frame_of, horizons_of
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Part, Section
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_NAMES = {
    "primary": "As specified",
    "truncated weights": "Weights cut at the {choice}",
    "grace": "Grace: {choice}",
    "older confounder": "Older confounder: {choice}",
    "leaving care: delta": "Leavers {choice}",
    "leaving care: jump to reference": "Leavers jump to reference",
    "visits weighted for their intensity": "Visits, weighted for intensity",
    "negative control": "Negative control: pain before",
}
_IN_WORDS = ("E-value", "tipping point")


def schedule_sensitivity(release: Release, name: str) -> Section:
    """Show every sensitivity analysis in one panel, and what is said in words.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        The panel of truncation, grace, lag, delta, jump to reference, visit intensity and negative
        control; a table of tipping points and E-values; and what they gave reason to say.
    """
    result = release[name]
    panel = frame_of(result, "sensitivity")
    contrasts = contrasts_of(result)
    if panel.empty or not contrasts:
        said = "There is nothing to be sensitive, as nothing was compared."
        if contrasts:
            said = "The sensitivity analyses were switched off."
        return Section([Prose([said], kind="absent")])
    panel = _filled(panel)
    parts: list[Part] = [plot_sensitivity(result)]
    table = _words_table(panel, contrasts)
    if table is not None:
        parts.append(table)
    refused = [
        told(f"{_label(str(analysis), '')}: {note}.")
        for analysis, note in panel.loc[
            (panel["status"] == "refused") & (panel["note"] != ""), ["analysis", "note"]
        ]
        .drop_duplicates("analysis")
        .itertuples(index=False, name=None)
    ]
    reasons = [told(note) for note in result.notes if _about_sensitivity(note)]
    if reasons:
        parts.append(Prose(reasons, kind="caution", listed=len(reasons) > 1))
    if refused:
        parts.append(Prose(["Refused among these:"], kind="lead"))
        parts.append(Prose(refused, kind="withheld", listed=len(refused) > 1))
    return Section(parts)


def plot_sensitivity(result: AnalysisResult) -> Figure:
    """Draw every analysis of the panel beside the primary answer.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`, with a panel.

    Returns
    -------
    Figure
        A panel a contrast, a line an analysis.
    """
    contrasts = contrasts_of(result)
    return plot_differences(
        _lines(_filled(frame_of(result, "sensitivity")), contrasts),
        contrasts,
        unit=_unit(result),
        caption=f"One choice turned at a time, {horizons_of(result)[0]}",
        note=(
            "The diamond and the band are the primary answer. Its standard errors here take "
            "the weights as known. The negative control should hold 0: no schedule can change "
            "pain from before it began."
        ),
    )


def _filled(panel: pd.DataFrame) -> pd.DataFrame:
    return panel.assign(note=panel["note"].fillna(""), choice=panel["choice"].fillna(""))


def _about_sensitivity(note: str) -> bool:
    return note.startswith(("Pain at visits, weighted", "Schedules after the decision"))


def _unit(result: AnalysisResult) -> str:
    units = result.estimates.loc[result.estimates["term"] == "difference", "unit"]
    return str(units.iloc[0]) if len(units) else ""


def _label(analysis: str, choice: str) -> str:
    named = _NAMES.get(analysis, analysis[:1].upper() + analysis[1:])
    if "{choice}" in named:
        named = named.format(choice=choice).strip().rstrip(":")
    return named


def _generic(choice: str) -> str:
    """Write a choice without the schedule that it is of, as a line serves all contrasts."""
    choice = re.sub(r" points for those who leave .*", " points", choice)
    return re.sub(r"\bblock\(s\) in a row off the strategy", "blocks off", choice).replace(
        "session(s) missed in eight weeks", "sessions missed"
    )


def _lines(panel: pd.DataFrame, contrasts: list[str]) -> list[Line]:
    shown = panel[(panel["analysis"] != "E-value") & (panel["choice"] != "tipping point")]
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    for row in records(shown):
        label = _label(str(row["analysis"]), _generic(str(row["choice"])))
        of_line = found.setdefault(label, {})
        if row["status"] == "ok":
            ends = (row["estimate"], row["conf_low"], row["conf_high"])
            of_line[str(row["group"])] = (float(ends[0]), float(ends[1]), float(ends[2]))
    return [
        Line(
            label,
            {c: of_line.get(c, (np.nan, np.nan, np.nan)) for c in contrasts},
            strong=label == _NAMES["primary"],
        )
        for label, of_line in found.items()
    ]


def _words_table(panel: pd.DataFrame, contrasts: list[str]) -> Table | None:
    """Tabulate what is a sentence and not an interval."""
    rows = []
    for contrast in contrasts:
        here = panel[panel["group"] == contrast]
        tip = here[here["choice"] == "tipping point"]["note"]
        strength = here[here["analysis"] == "E-value"]["note"]
        cells = [
            told(str(each.iloc[0])) if len(each) and each.iloc[0] else write.NOT_KNOWN
            for each in (tip, strength)
        ]
        rows.append((contrast_label(contrast), *cells))
    if all(cell == write.NOT_KNOWN for _, *cells in rows for cell in cells):
        return None
    return Table(
        "How much would be needed to undo the answer",
        ("Contrast", "Tipping point of those who leave care", "E-value"),
        rows,
        (
            "Tipping point: how much worse those who left the first schedule would have to fare "
            "for the interval to reach 0. E-value: how strongly an unrecorded cause would have to "
            "go with both the schedule and the pain, as a risk ratio, to explain the difference "
            "away.",
        ),
        numeric=False,
    )
