"""The course of a score over time: a line a group, intervals, and who it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomes.instruments import Instrument, InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.figures.surroundings import (
    LEFT,
    RIGHT,
    label_ends,
    label_times,
    place_times,
    write_counts,
)
from outcomes.present.labels import (
    HEADACHES,
    group_label,
    instrument_of,
    outcome_label,
    split_words,
    timing_words,
)
from outcomes.present.rows import interval_of
from outcomes.present.theme import COMPLETERS, QUIET, WIDTH, Stroke, look, strokes
from outcomes.results import AnalysisResult

_LABEL_GAP, _PAIR_GAP = 0.42, 0.62
"""Least distance between two labels under the axis, in inches: one count, or two."""
_LITTLE = 0.4
"""Share of a scale below which the rest of it is not drawn."""


def course_figures(
    result: AnalysisResult, registry: InstrumentRegistry | None = None
) -> list[Figure]:
    """Draw the course where there is one to draw.

    Parameters
    ----------
    result : AnalysisResult
        As for `plot_course`.
    registry : InstrumentRegistry, optional
        As for `plot_course`.

    Returns
    -------
    list of Figure
        One figure; none where too few answered, or where disclosure control left no point to show.

    Raises
    ------
    DisclosureError
        As for `plot_course`.
    """
    curve = result.curve
    drawn = len(curve) and (curve["series"] == "model").any()
    return [plot_course(result, registry)] if drawn else []


def plot_course(result: AnalysisResult, registry: InstrumentRegistry | None = None) -> Figure:
    """Draw the model's means by window, with intervals and the counts behind them.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_pain_trajectory` or another analysis with the same curve.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Figure
        For everyone together the completers' means stand beside the model's; for a split by
        cadence each group's starting pain stands at the left.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    ValueError
        If the result has no curve: say in a sentence what is missing instead.
    """
    beside = beside_cadence(result)
    curve = result.curve
    model = curve[curve["series"] == "model"] if len(curve) else curve
    if model.empty:
        raise ValueError("the result has no curve to draw")
    group_by, outcome = model["group_by"].iloc[0], model["outcome"].iloc[0]
    groups = list(dict.fromkeys(model["group"]))
    drawn = strokes(groups)
    completers = curve[curve["series"] == "completers"] if group_by == "" else curve.iloc[:0]
    start = _starting_level(model) if group_by == "cadence" else pd.Series(dtype="float64")
    instrument = instrument_of(outcome, registry)
    title = outcome_label(outcome, registry)
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 3.1))
        figure.subplots_adjust(left=LEFT / WIDTH, right=1 - RIGHT / WIDTH)
        ends: list[tuple[float, str, Stroke]] = []
        for position, group in enumerate(groups):
            rows = model[model["group"] == group].sort_values("window")
            stroke = drawn[group]
            _line(axes, rows, stroke, (position - (len(groups) - 1) / 2) * 0.16)
            label = group_label(group_by, group).partition(" (")[0] if group_by else "All patients"
            ends.append((rows["estimate"].iloc[-1], label, stroke))
            if group in start.index:
                first = place_times(rows["window"].iloc[:1])
                axes.plot(
                    [0, first[0]],
                    [start[group], rows["estimate"].iloc[0]],
                    color=stroke.colour, linewidth=0.9, linestyle=(0, (1, 3)), zorder=1,
                )  # fmt: skip
                axes.plot(
                    0, start[group], marker=stroke.marker, color=stroke.colour,
                    markerfacecolor="white", linestyle="",
                )  # fmt: skip
        if len(completers):
            # A time at which too few of them answered is a gap, not a straight line across it.
            shown = sorted(window for window in set(model["window"]))
            rows = completers.set_index("window").reindex(shown).reset_index()
            axes.plot(
                place_times(rows["window"]), rows["estimate"], color=COMPLETERS.colour,
                linestyle=COMPLETERS.dashes, marker=COMPLETERS.marker, markersize=3.5,
                linewidth=1.2, zorder=2,
            )  # fmt: skip
            last = completers.sort_values("window").iloc[-1]
            ends.append((last["estimate"], "Those who stayed", COMPLETERS))
        days = sorted(set(model["window"]) | ({0} if len(start) else set()))
        label_times(axes, days, _PAIR_GAP if group_by else _LABEL_GAP, _first_label(outcome))
        axes.set_ylim(*_scale(model, start, instrument))
        axes.set_title(title, fontweight="normal", color=QUIET, fontsize=8.5)
        label_ends(axes, ends)
        did = "Kept a diary" if outcome == HEADACHES else "Answered"
        write_counts(axes, model, groups, group_by, did)
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(model, completers, start, groups, group_by, title),
        caption=_caption(result, group_by, title),
        note=_how_to_read(result, group_by, outcome, completers),
        caution=" ".join(beside),
    )


def _starting_level(model: pd.DataFrame) -> pd.Series:
    level = model.drop_duplicates("group").set_index("group")["start_level"]
    return level[level.notna()]


def _scale(
    model: pd.DataFrame, start: pd.Series, instrument: Instrument | None
) -> tuple[float, float]:
    """Choose the ends of the vertical axis: the whole scale, unless the scores use little of it."""
    top = 1.15 * max([*model["estimate"], *model["conf_high"].dropna(), *start])
    if instrument is None:
        return 0.0, top
    used = (top - instrument.minimum) / (instrument.maximum - instrument.minimum)
    return instrument.minimum, instrument.maximum if used > _LITTLE else top


def _line(axes: Axes, rows: pd.DataFrame, stroke: Stroke, aside: float) -> None:
    across = place_times(rows["window"]) + aside
    bounds = np.vstack(
        [
            (rows["estimate"] - rows["conf_low"]).clip(lower=0),
            (rows["conf_high"] - rows["estimate"]).clip(lower=0),
        ]
    )
    axes.errorbar(
        across, rows["estimate"], yerr=np.nan_to_num(bounds), color=stroke.colour,
        marker=stroke.marker, linestyle=stroke.dashes, elinewidth=1.1, capsize=0, zorder=3,
    )  # fmt: skip


def _first_label(outcome: str) -> str:
    """Name the first point: a diary kept before care is not an answer at the start."""
    return "Before" if outcome == HEADACHES else "Start"


def _caption(result: AnalysisResult, group_by: str, label: str) -> str:
    return f"{label}, {split_words(result)}" if group_by else f"{label} from the start of care"


def _how_to_read(
    result: AnalysisResult, group_by: str, outcome: str, completers: pd.DataFrame
) -> str:
    what = "rates" if outcome == HEADACHES else "means"
    name = interval_of(result)
    parts = [f"Points are {what}, bars are intervals ({name}); the first weeks are drawn wider."]
    timing = timing_words(result)
    if timing:
        parts.append(timing)
    if outcome == HEADACHES:
        parts.append(
            "The first point is of all who kept a diary before care, later ones of those who also "
            "kept one then; the table compares the same patients."
        )
    if group_by == "cadence":
        when = "before care" if outcome == HEADACHES else "at the start of care"
        parts.append(f"Hollow points are each group's level {when}.")
    if len(completers):
        counts = completers["n_patients"]
        least, most = (write.number(each) for each in (counts.min(), counts.max()))
        number = most if least == most else f"{least} to {most}"
        parts.append(
            f"The dotted line counts only those who answered at the start and at the end "
            f"({number} patients a point); it looks better or worse than the truth when those who "
            "left differ."
        )
    return " ".join(parts)


def _alt(
    model: pd.DataFrame,
    completers: pd.DataFrame,
    start: pd.Series,
    groups: Sequence[str],
    group_by: str,
    label: str,
) -> str:
    said = [f"Line chart of {label} over time."]
    for group in groups:
        rows = model[model["group"] == group].sort_values("window")
        points = ", ".join(
            f"{write.follow_up(int(window))} {write.score(value)}"
            for window, value in rows[["window", "estimate"]].to_numpy()
        )
        before = (
            f"{write.score(start[group])} at the start of care, then " if group in start else ""
        )
        said.append(f"{group_label(group_by, group)}: {before}{points}.")
    if len(completers):
        last = completers.sort_values("window").iloc[-1]
        said.append(
            f"Only those who stayed: {write.score(last['estimate'])} "
            f"at {write.follow_up(int(last['window']))}."
        )
    return " ".join(said)
