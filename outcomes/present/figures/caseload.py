"""The caseload month by month: small charts by phase, onset, cadence and severity."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import group_label
from outcomes.present.rows import rows_of
from outcomes.present.theme import INK, WIDTH, look, strokes
from outcomes.results import AnalysisResult

PANELS = (
    ("phase", "in_care", "Patients by phase of care"),
    ("onset", "in_care", "Patients by how long the complaint had lasted"),
    ("cadence", "in_care", "Patients by how often they come"),
    ("severity", "severity", "Share by pain, of those with a recent score"),
)
"""Grouping, term and title of each small chart."""

_ORDER = {
    "phase": ("initial", "consolidation", "maintenance"),
    "onset": ("acute", "subacute", "chronic"),
    "cadence": ("weekly", "twice_monthly", "monthly", "sparse", "lapsed"),
}
_SHORT = {"acute": "Acute", "subacute": "Subacute", "chronic": "Chronic"}
_APART = 0.09


def plot_caseload(result: AnalysisResult) -> Figure:
    """Draw patients in care month by month, a small chart a grouping.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_cohort_trend`, as released.

    Returns
    -------
    Figure
        Numbers withheld or too few are gaps.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    DisclosureError
        If the split by cadence comes without starting pain or its caution.
    """
    beside = beside_cadence(result)
    shown = [(by, title, panel_rows(result, by, term)) for by, term, title in PANELS]
    shown = [(by, title, rows) for by, title, rows in shown if rows["value"].notna().any()]
    if not shown:
        raise ValueError("no month has a number to draw")
    lines = -(-len(shown) // 2)
    with look():
        figure, grid = plt.subplots(
            lines, 2, figsize=(WIDTH, 2.1 * lines), squeeze=False, sharex=True
        )
        figure.subplots_adjust(left=0.06, right=0.86, wspace=0.62, hspace=0.35)
        for axes, (by, title, rows) in zip(grid.flat, shown, strict=False):
            _draw(axes, by, title, rows)
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_visible(False)
        plt.close(figure)
    window = result.diagnostics.get("cadence_window")
    days = f"{write.number(window)} days" if window else "weeks"
    return finish(
        figure,
        alt=" ".join(_said(title, by, rows) for by, title, rows in shown),
        caption="Patients in care, month by month",
        note=f"Patients with a session in the {days} before each day. "
        "Those who get well leave: who is in care says nothing of whether care works.",
        caution=" ".join(beside),
    )


def panel_rows(result: AnalysisResult, by: str, term: str) -> pd.DataFrame:
    """Pick what a small chart shows.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_cohort_trend`.
    by, term : str
        Grouping and term.

    Returns
    -------
    DataFrame
        group, month and value, missing where it is not to be shown.
    """
    rows = rows_of(result, term)
    rows = rows[rows["group_by"] == by]
    value = rows["estimate"].where(rows["status"] == "ok")
    if term == "severity":
        value = (rows["n_events"] / rows["n_patients"]).where(rows["status"] == "ok")
    month = pd.to_datetime(rows["landmark"], format="%Y-%m-%d")
    return pd.DataFrame({"group": rows["group"], "month": month, "value": value})


def _draw(axes: Axes, by: str, title: str, rows: pd.DataFrame) -> None:
    groups = list(dict.fromkeys(rows["group"]))
    groups = [each for each in _ORDER.get(by, tuple(groups)) if each in groups] or groups
    drawn = strokes(groups)
    top = float(rows["value"].max()) * 1.08 or 1.0
    ends = []
    for group in groups:
        own = rows[rows["group"] == group].sort_values("month")
        stroke = drawn[group]
        axes.plot(
            own["month"], own["value"], color=stroke.colour, marker=stroke.marker,
            linestyle=stroke.dashes, markersize=2.8, linewidth=1.3,
        )  # fmt: skip
        known = own["value"].dropna()
        if len(known):
            ends.append((float(known.iloc[-1]) / top, group))
    axes.set_ylim(0, top)
    axes.set_title(title, loc="left", fontsize=8.5, color=INK)
    if by != "severity":
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    else:
        axes.yaxis.set_major_formatter(lambda value, _: write.proportion(round(value, 6)))
    months = sorted(rows["month"].unique())
    ticks = months[::-1][::6][::-1]
    axes.set_xticks(
        np.array(ticks, dtype="datetime64[D]"), [f"{pd.Timestamp(day):%b %Y}" for day in ticks]
    )
    ends.sort()
    heights = _apart([height for height, _ in ends])
    for height, (_, group) in zip(heights, ends, strict=True):
        axes.annotate(
            _name(by, group), (1, height), xycoords="axes fraction", xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=8, color=drawn[group].colour,
            annotation_clip=False,
        )  # fmt: skip


def _name(by: str, group: str) -> str:
    return (_SHORT.get(group) or group_label(by, group)).capitalize()


def _apart(heights: list[float]) -> list[float]:
    """Move names at the ends of lines apart where they would touch, none above the chart."""
    out: list[float] = []
    for height in heights:
        out.append(max(height, out[-1] + _APART) if out else height)
    ceiling = 1.0
    for place in reversed(range(len(out))):
        out[place] = min(out[place], ceiling)
        ceiling = out[place] - _APART
    return out


def _said(title: str, by: str, rows: pd.DataFrame) -> str:
    """First and last number of each group."""
    parts = []
    for group, own in rows.dropna(subset=["value"]).sort_values("month").groupby("group"):
        ends = [own["value"].iloc[0], own["value"].iloc[-1]]
        words = [write.proportion(v) if by == "severity" else write.number(v) for v in ends]
        parts.append(f"{_name(by, str(group)).lower()} from {words[0]} to {words[1]}")
    return f"{title}, over the months: {write.listing(parts)}."
