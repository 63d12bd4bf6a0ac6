"""Courses: pain under each schedule, return of pain by week, pain session by session."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from outcomes.instruments import Instrument, InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.figures.surroundings import RIGHT, label_ends
from outcomes.present.labels import instrument_of, outcome_label, strategy_label
from outcomes.present.rows import outcome_of
from outcomes.present.schedules import shown_strategies
from outcomes.present.theme import ACCENT, COMPLETERS, OVERALL, QUIET, WIDTH, Stroke, look, strokes
from outcomes.results import AnalysisResult

_SIDE = 0.75


def plot_blocks(
    result: AnalysisResult, weeks: tuple[int, int], registry: InstrumentRegistry
) -> Figure:
    """Draw the weighted mean of every schedule, block by block.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`, with a curve.
    weeks : tuple of int
        First and last week that is compared.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Figure
        A line a schedule that is not refused; the weeks compared are shaded.
    """
    curve = drawn_blocks(result)
    groups = list(dict.fromkeys(curve["group"]))
    drawn = strokes(groups)
    label = outcome_label(outcome_of(result), registry)
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
        figure.subplots_adjust(left=_SIDE / WIDTH, right=1 - RIGHT / WIDTH)
        axes.axvspan(weeks[0] - 1, weeks[1], color="#eef2f6", zorder=0)
        ends: list[tuple[float, str, Stroke]] = []
        for position, group in enumerate(groups):
            rows = curve[curve["group"] == group].sort_values("week")
            stroke, aside = drawn[group], 0.25 * (position - (len(groups) - 1) / 2)
            bounds = np.vstack(
                [rows["mean"] - rows["conf_low"], rows["conf_high"] - rows["mean"]]
            ).clip(min=0)
            axes.errorbar(
                rows["week"] + aside, rows["mean"], yerr=np.nan_to_num(bounds),
                color=stroke.colour, marker=stroke.marker, linestyle=stroke.dashes,
                elinewidth=1.1, capsize=0,
            )  # fmt: skip
            ends.append((float(rows["mean"].iloc[-1]), strategy_label(group), stroke))
        axes.set_ylim(*_scale(curve, instrument_of(outcome_of(result), registry)))
        axes.set_xticks(sorted(curve["week"].unique()))
        axes.set_xlabel("Weeks after the decision")
        axes.set_title(label, fontweight="normal", color=QUIET, fontsize=8.5)
        label_ends(axes, ends)
        plt.close(figure)
    said = [f"Line chart of {label} by week after the decision."]
    for group in groups:
        rows = curve[curve["group"] == group].sort_values("week")
        points = ", ".join(
            f"week {int(week)} {write.score(mean)}"
            for week, mean in rows[["week", "mean"]].to_numpy()
        )
        said.append(f"{strategy_label(group)}: {points}.")
    return finish(
        figure,
        alt=" ".join(said),
        caption=f"{label} under each schedule, weighted",
        note=(
            "Points are weighted means of scores answered at home in four weeks each, bars their "
            "intervals with weights taken as known. The weeks that are compared are shaded."
        ),
    )


def drawn_blocks(result: AnalysisResult) -> pd.DataFrame:
    """Take the points of the course that may be drawn.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.

    Returns
    -------
    DataFrame
        The curve without schedules that are refused, and without blocks in which the others have
        too few effective patients.
    """
    curve = result.curve
    if curve.empty:
        return curve
    some = curve["group"].isin(shown_strategies(result)) & (curve["ess"] >= result.spec.min_ess)
    return curve[some].reset_index(drop=True)


def _scale(curve: pd.DataFrame, instrument: Instrument | None) -> tuple[float, float]:
    top = 1.12 * float(np.nanmax([*curve["mean"], *curve["conf_high"].dropna()]))
    if instrument is None or instrument.maximum is None:
        return 0.0, top
    return float(instrument.minimum or 0.0), min(float(instrument.maximum), max(top, 1.0))


def plot_return(result: AnalysisResult) -> Figure:
    """Draw the share with a return of pain by week, or the bounds where that is all there is.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_pain_return`, with a curve.

    Returns
    -------
    Figure
        With scores at home a step with what is left open, and the model beside it; with scores of
        visits only the two bounds and no curve between them.
    """
    curve = result.curve
    bounds = curve[curve["method"] == "bounds"]
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
        figure.subplots_adjust(left=_SIDE / WIDTH, right=1 - RIGHT / WIDTH)
        ends: list[tuple[float, str, Stroke]] = []
        if len(bounds):
            _between(bounds, axes)
            for column, name in (("low", "At least"), ("high", "At most")):
                axes.plot(bounds["week"], bounds[column], color=QUIET, linestyle=(0, (4, 2)))
                ends.append((float(bounds[column].iloc[-1]), name, COMPLETERS))
        else:
            steps = curve[curve["method"] == "Turnbull"]
            smooth = curve[curve["method"] == "log-normal"]
            _between(steps, axes)
            axes.step(steps["week"], steps["estimate"], where="post", color=OVERALL.colour)
            ends.append((float(steps["estimate"].iloc[-1]), "Without a model", OVERALL))
            if len(smooth):
                model = Stroke(ACCENT, "s", (0, (4, 2)))
                axes.plot(smooth["week"], smooth["estimate"], color=ACCENT, linestyle=model.dashes)
                ends.append((float(smooth["estimate"].iloc[-1]), "Log-normal model", model))
        axes.set_ylim(0, max(0.5, min(1.0, 1.15 * float(curve["high"].max()))))
        ticks = axes.get_yticks()
        axes.set_yticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
        axes.set_xlabel("Weeks after the last scheduled session")
        label_ends(axes, ends)
        plt.close(figure)
    wanted = [int(week) for week in result.spec.weeks]
    shown = bounds if len(bounds) else curve[curve["method"] == "Turnbull"]
    rows = shown[shown["week"].isin(wanted)]
    if len(bounds):
        points = "; ".join(
            f"by week {int(week)} between {write.proportion(low)} and {write.proportion(high)}"
            for week, low, high in rows[["week", "low", "high"]].to_numpy()
        )
        return finish(
            figure,
            alt=f"Two bounds of the share with a return of pain, no curve: {points}.",
            caption="Return of pain: not point-identified, only bounded",
            note="Scores were recorded at visits only. The truth lies between the dashed lines.",
        )
    points = "; ".join(
        f"by week {int(week)} {write.proportion(value)}"
        for week, value in rows[["week", "estimate"]].to_numpy()
    )
    return finish(
        figure,
        alt=f"Step curve of the share with a return of pain: {points}.",
        caption="Share with a sustained return of pain",
        note=(
            "The step needs no model; shaded is what the dates of the answers leave open. The "
            "dashed line is a log-normal model of the same answers."
        ),
    )


def _between(rows: pd.DataFrame, axes: plt.Axes) -> None:
    axes.fill_between(
        rows["week"], rows["low"], rows["high"], step="post", color="#dde4ec", linewidth=0
    )


def plot_sessions(result: AnalysisResult, registry: InstrumentRegistry) -> Figure:
    """Draw mean pain by session had everyone gone on, beside that of those who came.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_sessions_to_improvement`, with a curve.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Figure
        Two lines.
    """
    curve = result.curve.dropna(subset=["mean"])
    label = outcome_label(outcome_of(result), registry)
    names = {
        "everyone": ("Had everyone gone on", OVERALL),
        "attendees": ("Those who came", COMPLETERS),
    }
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
        figure.subplots_adjust(left=_SIDE / WIDTH, right=1 - (RIGHT + 0.35) / WIDTH)
        ends: list[tuple[float, str, Stroke]] = []
        said = []
        for group, (name, stroke) in names.items():
            rows = curve[curve["group"] == group].sort_values("session")
            if rows.empty:
                continue
            bounds = np.vstack(
                [rows["mean"] - rows["conf_low"], rows["conf_high"] - rows["mean"]]
            ).clip(min=0)
            bars = np.nan_to_num(bounds) if group == "everyone" else None
            axes.errorbar(
                rows["session"], rows["mean"], yerr=bars, color=stroke.colour,
                marker=stroke.marker, linestyle=stroke.dashes, elinewidth=1.1, capsize=0,
                markersize=4,
            )  # fmt: skip
            ends.append((float(rows["mean"].iloc[-1]), name, stroke))
            points = ", ".join(
                f"session {int(session)} {write.score(mean)}"
                for session, mean in rows[["session", "mean"]].to_numpy()
            )
            said.append(f"{name}: {points}.")
        axes.set_ylim(*_scale(curve, instrument_of(outcome_of(result), registry)))
        axes.set_xticks(sorted(curve["session"].unique()))
        axes.set_xlabel("Session")
        axes.set_title(label, fontweight="normal", color=QUIET, fontsize=8.5)
        label_ends(axes, ends)
        plt.close(figure)
    return finish(
        figure,
        alt=f"Line chart of {label} before each session. " + " ".join(said),
        caption=f"{label} before each session of the first course",
        note=(
            "Those who are well stop coming, so the mean of those who still come stops falling "
            "while the same people go on getting better. The solid line weights those who stay for "
            "those who left by their scores up to then."
        ),
    )
