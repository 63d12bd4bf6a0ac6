"""Each clinic's own course over time: small charts on one scale."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.figures.control_chart import (
    FEW,
    LOWER_IS_BETTER,
    chart_rows,
    clean,
    draw_small,
    flagged,
    label_periods,
    scale_of,
    trend_label,
    value_words,
)
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.rows import rows_of
from outcomes.present.theme import ACCENT, QUIET, WIDTH, clinic_colours, look
from outcomes.results import AnalysisResult

_COLUMNS = 4
_HEIGHT, _BRIEF_HEIGHT = 1.35, 1.0


def plot_clinic_trends(
    result: AnalysisResult,
    measure: str = "difference",
    window: int = 42,
    registry: InstrumentRegistry | None = None,
    *,
    brief: bool = False,
) -> Figure:
    """Draw one small chart a clinic, in alphabetical order and on one scale.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends` by clinic.
    measure : str
        What is drawn.
    window : int
        Follow-up day; 0 for sessions.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.
    brief : bool
        Whether to draw it low and say how to read it in few words.

    Returns
    -------
    Figure
        A clinic without a point says so in its panel. Periods of fewer than 30 patients are shaded.

    Raises
    ------
    ValueError
        If no clinic has a point.
    """
    rows = rows_of(result, measure)
    rows = rows[rows["landmark"] == (f"day {window}" if window else "")]
    clinics = sorted(rows["group"].unique())
    charts = {clinic: chart_rows(result, measure, window, clinic) for clinic in clinics}
    shown = [chart for chart in charts.values() if len(chart)]
    if not shown:
        raise ValueError("the result has no chart to draw")
    span = (min(int(c.index.min()) for c in shown), max(int(c.index.max()) for c in shown))
    columns = min(_COLUMNS, len(clinics))
    lines = -(-len(clinics) // columns)
    alone = clinics == [""]
    colours = clinic_colours(result)
    height = (_BRIEF_HEIGHT if brief else _HEIGHT) * (1.25 if lines == 1 else 1)
    with look():
        figure, grid = plt.subplots(
            lines, columns, figsize=(WIDTH, 0.35 + height * lines), sharex=True, sharey=True,
            squeeze=False,
        )  # fmt: skip
        figure.subplots_adjust(left=0.08, right=0.99, hspace=0.42, wspace=0.1)
        for axes, clinic in zip(grid.flat, clinics, strict=False):
            if not alone:
                axes.set_title(clean(clinic), fontsize=8.5)
            chart = charts[clinic]
            if len(chart):
                here = chart.reindex(range(span[0], span[1] + 1))
                draw_small(axes, here, measure, span, colours.get(clinic, ACCENT))
            else:
                status = rows.loc[rows["group"] == clinic, "status"]
                words = "withheld" if (status == "suppressed").any() else _why_empty(rows, clinic)
                axes.text(
                    0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center",
                    fontsize=8, color=QUIET,
                )  # fmt: skip
            axes.tick_params(labelsize=7)
        for axes in grid.flat[len(clinics) :]:
            axes.set_visible(False)
        full = max(shown, key=lambda chart: chart["period"].notna().sum())
        label_periods(grid.flat[0], full.reindex(range(span[0], span[1] + 1)))
        _same_scale(grid.flat[0], shown, measure)
        for axes in grid.flat[max(0, len(clinics) - columns) : len(clinics)]:
            axes.tick_params(labelbottom=True)
        plt.close(figure)
    way = "down is better" if measure in LOWER_IS_BETTER else "up is better"
    label = trend_label(result, measure, window, registry)
    return finish(
        figure,
        alt=_alt(charts, measure, label),
        caption=f"{label}{'' if alone else ', each clinic over time'} ({way})",
        note=_how_to_read(result, shown, measure, window, alone=alone, brief=brief),
    )


def _why_empty(rows: pd.DataFrame, clinic: str) -> str:
    """Say in a panel why it has no point: nobody has a follow-up score, or too few have."""
    some = rows.loc[rows["group"] == clinic, "n_patients"].max() > 0
    return "too few patients" if some else "no follow-up score"


def _same_scale(axes: plt.Axes, shown: list[pd.DataFrame], measure: str) -> None:
    """One scale for all, wide enough for every point and for most of each band."""
    values = pd.concat([chart["plotted"] for chart in shown]).dropna() * scale_of(measure)
    bands = pd.concat([chart[["low", "high"]] for chart in shown]).dropna() * scale_of(measure)
    low, high = float(values.min()), float(values.max())
    if len(bands):
        low = min(low, float(bands["low"].quantile(0.25)))
        high = max(high, float(bands["high"].quantile(0.75)))
    room = 0.08 * (high - low or 1.0)
    axes.set_ylim(low - room, high + room)


def _how_to_read(
    result: AnalysisResult,
    shown: list[pd.DataFrame],
    measure: str,
    window: int,
    *,
    alone: bool,
    brief: bool,
) -> str:
    every = str(result.diagnostics.get("every", "quarter"))
    when = f"the {every} in which care began" if window else every
    said = [f"By {when}." if alone else f"All on one scale, by {when}."]
    if measure == "difference":
        whose = (
            "patients who start alike, over all periods" if alone else "the same patients anywhere"
        )
        said.append(f"The dark line at 0 is what would be expected of {whose}.")
    if brief:
        if any(chart["low"].notna().any() for chart in shown):
            said.append("Points stay within the band while nothing changes.")
    elif any(chart["low"].notna().any() for chart in shown):
        said.append("The band is where a clinic's own points stay while nothing changes.")
        alarms = rows_of(result, f"{measure}_false_alarm")
        here = alarms["landmark"] == (f"day {window}" if window else "")
        rates = alarms.loc[here, "estimate"].dropna()
        # How often at least one of several stable clinics is flagged.
        some = float(1 - np.prod(1 - rates))
        if len(rates) == 1:
            said.append(
                f"Of 100 charts like this one, {write.score(100 * some, 0)} would be flagged "
                "although nothing had changed."
            )
        elif len(rates):
            said.append(
                f"With {write.count(len(rates), 'chart')}, at least one would be flagged "
                f"although nothing had changed in {write.score(100 * some, 0)} of 100 such pages."
            )
    if any((chart["n_patients"] < FEW).any() for chart in shown):
        counted = "patients" if window else "appointments"
        said.append(f"Shaded periods, with hollow points, rest on fewer than {FEW} {counted}.")
    if any(chart["estimate"].isna().any() for chart in shown):
        said.append("A gap is a period with too few to show.")
    return " ".join(said)


def _alt(charts: dict[str, pd.DataFrame], measure: str, label: str) -> str:
    said = [f"Small line charts of {label.lower()}, one a clinic."]
    for clinic, chart in charts.items():
        known = chart[chart["estimate"].notna()] if len(chart) else chart
        if known.empty:
            said.append(f"{clinic}: nothing to show.")
            continue
        first, last = (value_words(float(known["estimate"].iloc[end]), measure) for end in (0, -1))
        state = flagged(known)
        words = [
            f"{count} {name} than usual"
            for name in ("better", "worse")
            if (count := int((state == name).sum()))
        ]
        said.append(
            f"{clinic}: {first} at first, {last} last{'; ' if words else ''}{write.listing(words)}."
        )
    return " ".join(said)
