"""Results over time with the band in which they stay while nothing changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.figures.funnel import BETTER, WORSE, responder_words
from outcomes.present.rows import rows_of
from outcomes.present.theme import ACCENT, INK, PALE, QUIET, WIDTH, look
from outcomes.results import AnalysisResult

FEW = 30
"""Patients below which a point is shaded: it rests on too few to be relied on."""
DIFFERENCE, RESPONDER, ANSWERED = "difference", "responder", "answered"
NO_SHOW, ADVERSE = "no_show", "adverse_events"
LOWER_IS_BETTER = (NO_SHOW, ADVERSE)
_SHARES = (RESPONDER, ANSWERED, NO_SHOW)
_BAND = "#e3ecf5"
_ALIKE = 0.2
"""Correlation of neighbours from which it matters."""


def plot_trend(
    result: AnalysisResult,
    measure: str,
    window: int = 0,
    group: str = "",
    registry: InstrumentRegistry | None = None,
) -> Figure:
    """Draw one chart over time.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    measure : str
        What is drawn.
    window : int
        Follow-up day of the cohorts; 0 for sessions.
    group : str
        Group; empty for all patients.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Figure
        Points, usual level and band; what was flagged stands out, a period without enough patients
        is a gap. For differences with the sums that find slow drift underneath.

    Raises
    ------
    ValueError
        If there is no such chart.
    """
    rows = chart_rows(result, measure, window, group)
    if rows.empty:
        raise ValueError("the result has no such chart")
    drift = rows["drift_threshold"].notna().any()
    with look():
        if drift:
            figure, (axes, under) = plt.subplots(
                2, 1, figsize=(WIDTH, 4.1), sharex=True, height_ratios=(3.2, 1), layout=None
            )
            _draw_drift(under, rows)
        else:
            figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
            under = axes
        figure.subplots_adjust(left=0.09, right=0.87, hspace=0.28)
        _draw(axes, rows, measure, labelled=True)
        _draw_target(axes, target_of(result, measure, window, group), measure)
        label_periods(under, rows)
        way = "down is better" if measure in LOWER_IS_BETTER else "up is better"
        axes.set_title(
            f"{trend_label(result, measure, window, registry)}  ({way})",
            fontweight="normal", color=QUIET, fontsize=8.5,
        )  # fmt: skip
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(result, rows, measure, window, registry),
        caption=f"{trend_label(result, measure, window, registry)}, by {_when(result, window)}",
        note=how_to_read(result, rows, measure, window, group),
    )


def chart_rows(result: AnalysisResult, measure: str, window: int, group: str) -> pd.DataFrame:
    """Pick the points of a chart and put gaps where periods are missing.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    measure, window, group
        As for `plot_trend`.

    Returns
    -------
    DataFrame
        Rows of the curve by position, from the first period of the chart to its last; missing in
        gaps.
    """
    curve = result.curve
    if curve.empty:
        return curve
    rows = curve[
        (curve["measure"] == measure) & (curve["window"] == window) & (curve["group"] == group)
    ]
    if rows.empty:
        return rows
    rows = rows.set_index("position").sort_index()
    return rows.reindex(range(int(rows.index.min()), int(rows.index.max()) + 1))


def trend_label(
    result: AnalysisResult,
    measure: str,
    window: int,
    registry: InstrumentRegistry | None = None,
) -> str:
    """Name what a chart shows.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    measure : str
        What is charted.
    window : int
        Follow-up day; 0 for sessions.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    str
        Such as ``Improvement after 6 weeks, more or less than expected``.
    """
    when = f" after {write.follow_up(window)}" if window else ""
    return {
        DIFFERENCE: f"Improvement{when}, points more or less than expected",
        RESPONDER: f"Share with {responder_words(result, registry)}{when}",
        ANSWERED: f"Share who answered{when}",
        NO_SHOW: "Missed appointments, of those kept or missed",
        ADVERSE: "Unwanted events per 100 sessions",
    }[measure]


def value_words(value: float, measure: str) -> str:
    """Write a value of a chart.

    Parameters
    ----------
    value : float
        The value.
    measure : str
        What it is.

    Returns
    -------
    str
        With its sign for a difference, as a percentage for a share, per 100 for a rate.
    """
    if measure == DIFFERENCE:
        return write.signed(value)
    return write.score(100 * value) if measure == ADVERSE else write.proportion(value)


def scale_of(measure: str) -> float:
    """Say what a value is multiplied by before it is drawn.

    Parameters
    ----------
    measure : str
        What is charted.

    Returns
    -------
    float
        100 for events per session, else 1.
    """
    return 100.0 if measure == ADVERSE else 1.0


def period_words(label: str) -> str:
    """Write a month or quarter.

    Parameters
    ----------
    label : str
        ``2025-07`` or ``2025Q3``.

    Returns
    -------
    str
        Such as ``July 2025`` or ``July to September 2025``.
    """
    if "Q" in label:
        return write.period(label)
    return f"{pd.Period(label).strftime('%B %Y')}"


def label_periods(axes: Axes, rows: pd.DataFrame) -> None:
    """Label the axis with years and, where there is room, the half-years between.

    Parameters
    ----------
    axes : Axes
        Drawn by position.
    rows : DataFrame
        As made by `chart_rows`.
    """
    known = rows["period"].dropna()
    first = pd.Period(str(known.iloc[0])) - (int(known.index[0]) - int(rows.index[0]))
    periods = [first + step for step in range(len(rows))]
    places, labels = [], []
    for place, period in zip(rows.index, periods, strict=True):
        month = period.start_time.month
        if month == 1 or (month == 7 and len(rows) <= 45):
            places.append(place)
            labels.append(
                str(period.year) if month == 1 else "Jul" if "Q" not in str(period) else ""
            )
    if not places:
        places, labels = [rows.index[0]], [str(periods[0])]
    axes.set_xticks(places, labels)


def how_to_read(
    result: AnalysisResult, rows: pd.DataFrame, measure: str, window: int, group: str
) -> str:
    """Say what the parts of a chart are and how often it is wrong.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    rows : DataFrame
        Points of the chart.
    measure, window, group
        Which chart.

    Returns
    -------
    str
        Sentences.
    """
    said = []
    if rows["low"].notna().any():
        said.append("The band is where points stay while nothing changes.")
        share = alarm_of(result, f"{measure}_false_alarm", window, group)
        if np.isfinite(share):
            said.append(
                f"Of 100 charts like this one, {_of_hundred(share)} would flag something although "
                "nothing had changed."
            )
    else:
        same = bool(rows["estimate"].min() == rows["estimate"].max())
        said.append(
            "All periods have the same value."
            if same
            else "There are too few periods for a band; read no trend into single points."
        )
    if (rows["kind"] == "residual").any():
        said.append(
            "Neighbouring periods are alike, so the chart shows what is left of each once the one "
            "before is allowed for."
        )
    said += _alike_words(result, measure, window, group)
    if rows["kind"].isin(["p_prime", "u_prime"]).any():
        said.append(
            "Periods differ more than chance alone would have them; the band allows for it."
        )
    if rows["drift_threshold"].notna().any():
        share = alarm_of(result, "drift_false_alarm", window, group)
        said.append(
            "Below, evidence for a slow rise or fall adds up until it crosses the line"
            + (
                f"; it would in {_of_hundred(share)} of 100 such series without a change."
                if np.isfinite(share)
                else "."
            )
        )
    if (rows["n_patients"] < FEW).any():
        counted = "patients" if window else "appointments"
        said.append(f"Hollow points rest on fewer than {FEW} {counted}.")
    if rows["estimate"].isna().any():
        said.append("A gap is a period with too few to count.")
    return " ".join(said)


def _alike_words(result: AnalysisResult, measure: str, window: int, group: str) -> list[str]:
    """Warn of neighbours that are alike on a chart of counts, which has no chart of residuals."""
    if measure == DIFFERENCE:
        return []
    found = rows_of(result, f"{measure}_autocorrelation", group=group)
    found = found[found["landmark"] == (f"day {window}" if window else "")]
    alike = found[(found["estimate"] > _ALIKE) & (found["p_value"] < 0.05)]
    if alike.empty:
        return []
    level = write.score(float(alike["estimate"].iloc[0]), 2)
    return [
        f"Neighbouring periods are alike ({level} on a scale to 1), so several in a row on one "
        "side of the usual level come more often than in the charts counted here."
    ]


def alarm_of(result: AnalysisResult, term: str, window: int, group: str) -> float:
    """Look up a simulated share of false alarms.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    term : str
        Such as ``difference_false_alarm``.
    window : int
        Follow-up day; 0 for sessions.
    group : str
        Group.

    Returns
    -------
    float
        The share; missing where there is none.
    """
    found = rows_of(result, term, group=group)
    found = found[found["landmark"] == (f"day {window}" if window else "")]
    return float(found["estimate"].iloc[0]) if len(found) else float("nan")


def target_of(result: AnalysisResult, measure: str, window: int, group: str) -> float:
    """Look up the value aimed at.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    measure, window, group
        Which chart.

    Returns
    -------
    float
        The target; missing where there is none.
    """
    return alarm_of(result, f"{measure}_target", window, group)


def _of_hundred(share: float) -> str:
    return "fewer than 1" if share < 0.005 else write.score(100 * share, 0)


def _when(result: AnalysisResult, window: int) -> str:
    every = str(result.diagnostics.get("every", "month"))
    return f"{every} in which care began" if window else every


def flagged(rows: pd.DataFrame) -> pd.Series:
    """Say of each point whether it was flagged, and as what.

    Parameters
    ----------
    rows : DataFrame
        Points of a chart.

    Returns
    -------
    Series of str
        better, worse or empty.
    """
    return rows["reading"].fillna("").astype("str")


def _draw(
    axes: Axes, rows: pd.DataFrame, measure: str, *, labelled: bool, line: str = ACCENT
) -> None:
    scale = scale_of(measure)
    across = rows.index.to_numpy(dtype="float64")
    drawn = rows["plotted"] * scale
    for number in rows["part"].dropna().unique():
        part = rows[rows["part"] == number]
        ends = part.index.to_numpy(dtype="float64")
        if part["low"].notna().any():
            axes.fill_between(
                ends, part["low"] * scale, part["high"] * scale, color=_BAND, linewidth=0, zorder=0
            )
        axes.plot(ends, part["centre"] * scale, color=QUIET, linewidth=1.0, zorder=1)
    axes.plot(across, drawn, color=line, linewidth=1.1 if labelled else 0.9, zorder=2)
    few = rows["n_patients"] < FEW
    size = 16 if labelled else 8
    state = flagged(rows)
    for name, colour, marker in (("", line, "o"), ("better", BETTER, "^"), ("worse", WORSE, "v")):
        here = (state == name) & drawn.notna()
        for hollow in (False, True):
            some = here & (few if hollow else ~few)
            axes.scatter(
                across[some.to_numpy()], drawn[some], s=size if not name else 2.4 * size, zorder=3,
                facecolor="white" if hollow else colour, edgecolor=colour, linewidth=0.9,
                marker=marker,
            )  # fmt: skip
    if measure in _SHARES:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    if labelled:
        # Room for the words beside what was flagged at the edge.
        axes.margins(y=0.16 if (state != "").any() else 0.06)
        if measure != DIFFERENCE and not rows["low"].notna().any():
            # a share that never changed must not lie on an axis with room for less than none
            axes.set_ylim(0, max(1.1 * float(drawn.max()), 0.05 * scale))
        _label(axes, rows, scale, state)


def _label(axes: Axes, rows: pd.DataFrame, scale: float, state: pd.Series) -> None:
    """Name the level, the band and what was flagged, at the right edge."""
    last = rows[rows["centre"].notna()]
    if len(last):
        end = last.iloc[-1]
        at = float(last.index[-1])
        axes.annotate(
            "usual level", (at, end["centre"] * scale), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=QUIET, annotation_clip=False,
        )  # fmt: skip
    for name, colour in (("better", BETTER), ("worse", WORSE)):
        points = rows[state == name]
        if len(points):
            row = points.iloc[-1]
            above = row["plotted"] >= row["centre"]
            axes.annotate(
                f"{name} than usual", (float(points.index[-1]), row["plotted"] * scale),
                xytext=(0, 7 if above else -13), textcoords="offset points", ha="center",
                fontsize=7.5, color=colour,
            )  # fmt: skip


def _draw_target(axes: Axes, target: float, measure: str) -> None:
    """Draw the value aimed at, if there is one."""
    if not np.isfinite(target):
        return
    at = target * scale_of(measure)
    axes.axhline(at, color=INK, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
    axes.annotate(
        "target", (0.0, at), xycoords=("axes fraction", "data"), xytext=(3, 3), fontsize=7.5,
        textcoords="offset points", color=INK,
    )  # fmt: skip


def _draw_drift(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw sums for a rise upwards and for a fall downwards, and where they signal."""
    across = rows.index.to_numpy(dtype="float64")
    threshold = float(rows["drift_threshold"].dropna().iloc[0])
    for column, sign, colour in (("drift_higher", 1, BETTER), ("drift_lower", -1, WORSE)):
        axes.plot(across, sign * rows[column].ffill(), color=colour, linewidth=1.1)
        axes.axhline(sign * threshold, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    signal = rows[rows["drift_signal"].fillna(0) != 0]
    axes.scatter(
        signal.index, np.sign(signal["drift_signal"]) * np.maximum(
            signal["drift_higher"].where(signal["drift_signal"] > 0, 0),
            signal["drift_lower"].where(signal["drift_signal"] < 0, 0),
        ), s=18, color=[BETTER if each > 0 else WORSE for each in signal["drift_signal"]], zorder=3,
    )  # fmt: skip
    reach = 1.15 * max(
        threshold, float(rows["drift_higher"].max()), float(rows["drift_lower"].max())
    )
    axes.set_ylim(-reach, reach)
    axes.set_yticks([-threshold, threshold], ["falling", "rising"])
    axes.grid(visible=False)
    axes.set_title("Slow drift", fontweight="normal", color=QUIET, fontsize=8.5)


def _alt(
    result: AnalysisResult,
    rows: pd.DataFrame,
    measure: str,
    window: int,
    registry: InstrumentRegistry | None,
) -> str:
    known = rows[rows["estimate"].notna()]
    every = str(result.diagnostics.get("every", "month"))
    first, last = (period_words(str(known["period"].iloc[end])) for end in (0, -1))
    said = [
        f"Line chart of {trend_label(result, measure, window, registry).lower()}, "
        f"{write.count(len(known), every)} from {first} to {last}.",
        f"Latest: {value_words(float(known['estimate'].iloc[-1]), measure)}.",
    ]
    state = flagged(known)
    for name in ("better", "worse"):
        periods = [period_words(str(each)) for each in known.loc[state == name, "period"]]
        if periods:
            said.append(f"{name.capitalize()} than usual: {write.listing(periods)}.")
    if not (state != "").any() and known["low"].notna().any():
        said.append("All within the usual range.")
    return " ".join(said)


def draw_small(
    axes: Axes, rows: pd.DataFrame, measure: str, periods: Sequence[int], line: str = ACCENT
) -> None:
    """Draw a chart in little: points, band, and shading where there are few patients.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    rows : DataFrame
        As made by `chart_rows`.
    measure : str
        What is charted.
    periods : sequence of int
        First and last position of the axis.
    line : str
        Colour of what is not flagged.
    """
    for place, n in rows["n_patients"].items():
        if n < FEW:
            axes.axvspan(float(place) - 0.5, float(place) + 0.5, color=PALE, linewidth=0, zorder=-1)  # type: ignore[arg-type]
    _draw(axes, rows, measure, labelled=False, line=line)
    if measure == DIFFERENCE:
        axes.axhline(0, color=INK, linewidth=0.7, zorder=1)
    axes.set_xlim(periods[0] - 0.6, periods[-1] + 0.6)


def clean(name: str) -> str:
    """Write a clinic's name so that it fits over a small panel.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        Cut at 24 letters.
    """
    text = re.sub(r"\s+", " ", name).strip()
    return text if len(text) <= 24 else f"{text[:23]}…"
