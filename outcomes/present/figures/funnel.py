"""Clinics against the limits of what chance and ordinary differences explain."""

from __future__ import annotations

from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import instrument_of
from outcomes.present.rows import rows_of
from outcomes.present.theme import ACCENT, INK, QUIET, WIDTH, clinic_colours, look
from outcomes.results import AnalysisResult

BETTER, WORSE = "#00795f", "#c2410c"
"""Colours of what lies on the good and on the bad side of its limits."""
IMPROVEMENT, RESPONDER = "improvement", "responder"
_MOST_LABELS = 14
_SIZE = 3.4
_LETTERS = 8.0
_LEADER = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
_AROUND = (
    (6.0, 0.0), (-6.0, 0.0), (0.0, 10.0), (0.0, -10.0), (6.0, 9.0), (6.0, -9.0), (-6.0, 9.0),
    (-6.0, -9.0), (12.0, 16.0), (12.0, -16.0), (-12.0, 16.0), (-12.0, -16.0), (0.0, 19.0),
    (0.0, -19.0), (6.0, 24.0), (6.0, -24.0), (-6.0, 24.0), (-6.0, -24.0),
)  # fmt: skip


def funnel_figures(
    result: AnalysisResult, registry: InstrumentRegistry | None = None
) -> list[Figure]:
    """Draw the funnels there are.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_clinic_benchmark`.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    list of Figure
        Of improvement and of responders, as far as limits could be drawn.
    """
    curve = result.curve
    if curve.empty:
        return []
    drawn = [
        measure
        for measure in (IMPROVEMENT, RESPONDER)
        if {"point", "limits"} <= set(curve.loc[curve["measure"] == measure, "series"])
    ]
    return [plot_funnel(result, measure, registry) for measure in drawn]


def plot_funnel(
    result: AnalysisResult, measure: str, registry: InstrumentRegistry | None = None
) -> Figure:
    """Draw clinics over the number of patients who answered, within their limits.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_clinic_benchmark`.
    measure : {"improvement", "responder"}
        What is drawn.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Figure
        Clinics that may be named are labelled; the others are hollow points without a name.

    Raises
    ------
    ValueError
        If there are no limits to draw: say in a sentence what is missing instead.
    """
    curve = result.curve
    curve = curve[curve["measure"] == measure] if len(curve) else curve
    lines = curve[curve["series"] == "limits"] if len(curve) else curve
    points = curve[curve["series"] == "point"] if len(curve) else curve
    if lines.empty or points.empty:
        raise ValueError("the result has no limits to draw")
    lines = lines.sort_values("n_patients")
    noun, label = noun_of(result), measure_label(result, measure, registry)
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, _SIZE))
        figure.subplots_adjust(left=0.09, right=0.86)
        _limits(axes, lines, measure)
        _points(axes, points, clinic_colours(result), lines)
        axes.set_xlabel(f"Patients of the {noun} who answered")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
        if measure == RESPONDER:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_title(
            f"{label}  (up is better)",
            fontweight="normal", color=QUIET, fontsize=8.5,
        )  # fmt: skip
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(points, measure, noun),
        caption=f"{noun.capitalize()}s compared: {label[0].lower()}{label[1:]}",
        note=_how_to_read(result, measure, points, noun),
    )


def noun_of(result: AnalysisResult) -> str:
    """Say what is compared.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_clinic_benchmark`.

    Returns
    -------
    str
        ``clinic`` or ``therapist``.
    """
    return "therapist" if getattr(result.spec, "unit", "clinic") == "therapist_id" else "clinic"


def measure_label(
    result: AnalysisResult, measure: str, registry: InstrumentRegistry | None = None
) -> str:
    """Name what is compared.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_clinic_benchmark` or `estimate_trends`.
    measure : {"improvement", "responder"}
        What is compared.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    str
        Such as ``Improvement after 12 weeks, in points``.
    """
    when = write.follow_up(int(result.spec.window))
    outcome = str(result.estimates["outcome"].iloc[0]) if len(result.estimates) else ""
    instrument = instrument_of(outcome, registry)
    if measure == RESPONDER:
        label = responder_words(result, registry)
        return f"Share with {label} after {when}"
    unit = f", in {instrument.unit}" if instrument and instrument.unit else ""
    return f"Improvement after {when}{unit}"


def responder_words(result: AnalysisResult, registry: InstrumentRegistry | None = None) -> str:
    """Say what makes a responder.

    Parameters
    ----------
    result : AnalysisResult
        A result whose spec names the threshold, or leaves it to the instrument.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    str
        Such as ``at least 30 % less pain``.
    """
    outcome = str(result.estimates["outcome"].iloc[0]) if len(result.estimates) else ""
    instrument = instrument_of(outcome, registry)
    if instrument is None or not instrument.thresholds:
        return "a clear improvement"
    name = getattr(result.spec, "threshold", "") or None
    return instrument.threshold(name).label.replace(" %", "%")


def value_words(value: float, measure: str) -> str:
    """Write a value of a measure.

    Parameters
    ----------
    value : float
        Mean or share.
    measure : {"improvement", "responder"}
        What it is.

    Returns
    -------
    str
        Such as ``4.7`` or ``93%``.
    """
    return write.proportion(value) if measure == RESPONDER else write.score(value)


def _limits(axes: Axes, lines: pd.DataFrame, measure: str) -> None:
    across = lines["n_patients"]
    top, bottom = (1.0, 0.0) if measure == RESPONDER else (float("inf"), float("-inf"))
    for low, high, dashes, name in (
        ("low_998", "high_998", "-", "outer limit"),
        ("low_95", "high_95", (0, (4, 3)), "inner limit"),
    ):
        for side in (low, high):
            within = lines[side].clip(bottom, top)
            axes.plot(across, within, color=QUIET, linewidth=1.0, linestyle=dashes, zorder=1)
            at = within.iloc[-1]
            if bottom < at < top:
                axes.annotate(
                    name, (across.iloc[-1], at), xytext=(4, 0), textcoords="offset points",
                    va="center", fontsize=7.5, color=QUIET, annotation_clip=False,
                )  # fmt: skip
    axes.fill_between(
        across, lines["low_95"].clip(bottom, top), lines["high_95"].clip(bottom, top),
        color="#eef2f6", zorder=0, linewidth=0,
    )  # fmt: skip
    axes.plot(across, lines["centre"], color=INK, linewidth=1.0, zorder=1)
    axes.annotate(
        "average", (across.iloc[-1], lines["centre"].iloc[-1]), xytext=(4, 0),
        textcoords="offset points", va="center", fontsize=7.5, color=INK, annotation_clip=False,
    )  # fmt: skip


def _points(axes: Axes, points: pd.DataFrame, colours: dict[str, str], lines: pd.DataFrame) -> None:
    """Points in the colours of their clinics; a ring round what lies outside its limits."""
    named = points["group"] != ""
    side = points["position"].map(
        {"above_998": BETTER, "above_95": BETTER, "below_998": WORSE, "below_95": WORSE}
    )
    colour = side.fillna(INK)
    own = points["group"].map(colours).fillna(ACCENT)
    outside = named & side.notna()
    axes.scatter(
        points.loc[outside, "n_patients"], points.loc[outside, "estimate"], s=95, zorder=4,
        facecolor="none", edgecolor=side[outside].tolist(), linewidth=1.3,
    )  # fmt: skip
    axes.scatter(
        points.loc[~named, "n_patients"], points.loc[~named, "estimate"], s=26, zorder=3,
        facecolor="white", edgecolor=QUIET, linewidth=1.1,
    )  # fmt: skip
    axes.scatter(
        points.loc[named, "n_patients"], points.loc[named, "estimate"], s=30, zorder=4,
        color=own[named].tolist(), linewidth=0,
    )  # fmt: skip
    told = points[named]
    if len(told) > _MOST_LABELS:
        told = told[told["position"].str.endswith("998")]
    names = told.sort_values("estimate")
    places = _places(axes, points, names, lines)
    for row, place, shade in zip(
        names.to_dict("records"), places, colour[names.index], strict=True
    ):
        axes.annotate(
            row["group"], (row["n_patients"], row["estimate"]), xytext=place, va="center",
            textcoords="offset points", fontsize=_LETTERS, color=shade, zorder=5,
            ha="left" if place[0] > 0 else "right" if place[0] < 0 else "center",
            # a name that had to go far keeps hold of its point
            arrowprops=_LEADER if abs(place[1]) > 12 else None,
        )  # fmt: skip


def _places(
    axes: Axes, points: pd.DataFrame, names: pd.DataFrame, lines: pd.DataFrame
) -> list[tuple[float, float]]:
    """Find a place for each name, in points from its own, where it runs into nothing."""
    axes.figure.canvas.draw()
    scale = 72 / axes.figure.dpi
    taken = [
        (x - 4, y - 4, x + 4, y + 4)
        for x, y in axes.transData.transform(points[["n_patients", "estimate"]].to_numpy()) * scale
    ]
    # nor does a name run into the average or a limit
    for column in ("centre", "low_95", "high_95", "low_998", "high_998"):
        drawn = axes.transData.transform(lines[["n_patients", column]].to_numpy()) * scale
        taken += [
            (left, min(low, high) - 1.5, right, max(low, high) + 1.5)
            for (left, low), (right, high) in pairwise(drawn.tolist())
        ]
    chosen = []
    for (x, y), name in zip(
        axes.transData.transform(names[["n_patients", "estimate"]].to_numpy()) * scale,
        names["group"],
        strict=True,
    ):
        wide, high = 0.57 * _LETTERS * len(name), 1.1 * _LETTERS
        best, least = _AROUND[0], float("inf")
        for dx, dy in _AROUND:
            left = x + dx - (wide if dx < 0 else 0 if dx > 0 else wide / 2)
            box = (left, y + dy - high / 2, left + wide, y + dy + high / 2)
            crossed = sum(_overlap(box, other) for other in taken)
            if crossed < least:
                best, least = (dx, dy), crossed
        dx, dy = best
        left = x + dx - (wide if dx < 0 else 0 if dx > 0 else wide / 2)
        taken.append((left, y + dy - high / 2, left + wide, y + dy + high / 2))
        chosen.append(best)
    return chosen


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Area that two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, up)


def _how_to_read(result: AnalysisResult, measure: str, points: pd.DataFrame, noun: str) -> str:
    said = [
        "Each point is allowed for how its patients started. Small numbers scatter more, so the "
        f"limits widen to the left; a {noun} between them cannot be told from the others."
    ]
    smallest = smallest_words(result, measure, noun)
    if smallest:
        said.append(smallest)
    hollow = int((points["group"] == "").sum())
    if hollow:
        said.append(
            f"Hollow points are {noun}s that are not named because chance explains too much of "
            "where they lie."
        )
    return " ".join(said)


def smallest_words(result: AnalysisResult, measure: str, noun: str) -> str:
    """Say how large a difference has to be before a comparison shows it.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_clinic_benchmark`.
    measure : {"improvement", "responder"}
        What is compared.
    noun : str
        ``clinic`` or ``therapist``.

    Returns
    -------
    str
        A sentence; empty where it is not known.
    """
    prefix = "responder_" if measure == RESPONDER else ""
    found = rows_of(result, f"{prefix}smallest_difference")["estimate"].dropna()
    if found.empty:
        return ""
    low, high = float(found.min()), float(found.max())
    if measure == RESPONDER:
        ends = (write.score(100 * low, 0), write.score(100 * high, 0))
        unit = "percentage points"
    else:
        ends, unit = (write.score(low), write.score(high)), "points"
    size = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    return (
        f"A {noun} would have to be {size} {unit} better or worse before it fell outside the outer "
        "limits in most such comparisons (with a power of 80 %)."
    )


def _alt(points: pd.DataFrame, measure: str, noun: str) -> str:
    named = points[points["group"] != ""].sort_values("group")
    said = [f"Scatter of {len(points)} {noun}s by number of patients, with limits."]
    if len(named) and len(named) <= _MOST_LABELS:
        each = [
            f"{row['group']} {value_words(row['estimate'], measure)}"
            for row in named.to_dict("records")
        ]
        said.append(f"{write.listing(each)}.")
    outside = points[points["position"].str.endswith("998")]
    said.append(
        f"{len(outside)} of them outside the outer limits."
        if len(outside)
        else "No point lies outside the outer limits."
    )
    return " ".join(said)
