"""Tables and figures of a comparison, from its released result."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.figures.figure import Figure
from outcomes.present.figures.schedules.checks import plot_love, plot_overlap
from outcomes.present.figures.schedules.courses import plot_blocks
from outcomes.present.figures.schedules.flow import plot_flow
from outcomes.present.schedules import contrasts_of
from outcomes.present.sections.schedules.sensitivity import plot_sensitivity
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult

_CAPTIONS = {
    "estimates": "Means of every schedule and their differences",
    "exclusions": "Who was left out, and why",
    "flow": "What became of the clones of every schedule",
    "characteristics": "Who began which schedule",
    "support": "Weights of answers by block",
    "balance": "Balance between those who kept to a schedule and those it began with",
    "overlap": "Probability of staying on the schedule, by what happened",
    "naive": "Tempting comparisons, and what each takes for granted",
    "sensitivity": "What the differences depend on",
    "weight_models": "Coefficients of the weight models",
    "curve": "Weighted means by block",
    "resamples": "Resamples",
}
_LONG = ("balance", "overlap", "weight_models")
"""Too long to read on paper; they are written as CSV only."""
_HIDDEN = {"estimand", "scope", "group_by", "conf_level", "method", "df", "n_eligible"}
_HIDDEN |= {"n_assessments", "n_events", "std_error"}
"""Columns for which a page has no room; they are in the CSV files."""
_WHOLE = re.compile(
    r"^(n|n_.*|block|week|on_strategy|left_.*|kept|left|answered|resamples|failed|ess)$"
)


def frames_of_result(result: AnalysisResult) -> dict[str, pd.DataFrame]:
    """Collect the frames of a result.

    Parameters
    ----------
    result : AnalysisResult
        As released.

    Returns
    -------
    dict of str to DataFrame
        By name, those that hold rows.
    """
    found = {"estimates": result.estimates, "exclusions": result.exclusions}
    diagnostics = result.diagnostics
    found |= {
        name: diagnostics[name]
        for name in _CAPTIONS
        if isinstance(diagnostics.get(name), pd.DataFrame)
    }
    found["curve"] = result.curve
    return {name: frame for name, frame in found.items() if len(frame)}


def tables_to_read(result: AnalysisResult) -> dict[str, Table]:
    """Turn the frames of a result into tables for people.

    Parameters
    ----------
    result : AnalysisResult
        As released.

    Returns
    -------
    dict of str to Table
        By name, without those too long to read.
    """
    return {
        name: _table(frame, _CAPTIONS[name])
        for name, frame in frames_of_result(result).items()
        if name not in _LONG
    }


def _table(frame: pd.DataFrame, caption: str) -> Table:
    shown = frame[[name for name in frame if name not in _HIDDEN]]
    kept = [name for name in shown if not _empty(shown[name])]
    footnotes: list[str] = []
    if "note" in kept:
        shown, footnotes = _numbered(shown)
    columns = [str(name).replace("_", " ").capitalize() for name in kept]
    cells = [_cells(shown[name], str(name)) for name in kept]
    rows = list(zip(*cells, strict=True))
    return Table(caption, columns, rows, footnotes=footnotes, numeric=False)


def _numbered(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Numbers in place of notes, each of which stands once under the table."""
    parts = frame["note"].fillna("").astype("str").str.split("; ")
    notes = list(dict.fromkeys(note for row in parts for note in row if note))
    place = {note: str(number) for number, note in enumerate(notes, start=1)}
    marks = [", ".join(place[note] for note in row if note) for row in parts]
    footnotes = [f"{place[note]}: {note}" for note in notes]
    return frame.assign(note=pd.Series(marks, index=frame.index, dtype="str")), footnotes


def _empty(column: pd.Series) -> bool:
    return bool((column.isna() | (column.astype("str") == "")).all())


def _cells(column: pd.Series, name: str) -> list[str]:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return [str(each).replace("_", " ") if pd.notna(each) else "" for each in column]
    if name == "p_value":
        return ["" if pd.isna(each) else write.p_value(float(each)) for each in column]
    decimals = 0 if _WHOLE.match(name) or (column.dropna() % 1 == 0).all() else 3
    return ["" if pd.isna(each) else write.score(float(each), decimals) for each in column]


def figures_of_result(result: AnalysisResult, registry: InstrumentRegistry) -> dict[str, Figure]:
    """Draw what a result holds.

    Parameters
    ----------
    result : AnalysisResult
        As released; for outside only the curve is left to draw.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    dict of str to Figure
        By name; a figure whose frame is not there is left out.
    """
    there = frames_of_result(result)
    horizon = result.spec.horizons[0]
    weeks = (4 * (horizon.first - 1) + 1, 4 * horizon.last)
    made: dict[str, tuple[str, Callable[[], Figure]]] = {
        "flow": ("flow", lambda: plot_flow(result, horizon.last)),
        "balance": ("balance", lambda: plot_love(result, horizon.last)),
        "overlap": ("overlap", lambda: plot_overlap(result, horizon.last)),
        "course": ("curve", lambda: plot_blocks(result, weeks, registry)),
    }
    if contrasts_of(result):
        made["sensitivity"] = ("sensitivity", lambda: plot_sensitivity(result))
    return {name: draw() for name, (frame, draw) in made.items() if frame in there}
