"""A calendar of one patient's headaches in which days not filled in stay empty."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from outcomes.present import format as write
from outcomes.present.board import COLUMN
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import QUIET, look

_WEEKS = 20
"""Weeks with a diary that are shown, the last ones."""
_NONE, _SOME, _BAD, _GAP = "#dfe7ef", "#e58a4c", "#8f1f4b", "#9aa5b1"
_SEVERE = 7
Square = tuple[list[tuple[float, float]], str, str]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plot_headache_calendar(records: pd.DataFrame) -> Figure:
    """Draw the days of a diary, a column a week.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`; those of the series
        ``headache`` are drawn.

    Returns
    -------
    Figure
        One column of a board wide: a square a day, hollow where nothing was filled in, and a line
        where weeks without any diary lie between.

    Raises
    ------
    ValueError
        If no day was filled in.
    """
    days = records[records["series"] == "headache"]
    if days.empty:
        raise ValueError("no day of the diary was filled in")
    week = days["date"] - pd.to_timedelta(days["date"].dt.day_of_week, unit="D")
    weeks = sorted(week.unique())[-_WEEKS:]
    days = days[week.isin(weeks)]
    by_day = days.set_index("date")[["value", "beside"]].to_dict("index")
    with look():
        figure, axes = plt.subplots(figsize=(COLUMN, 1.72))
        figure.subplots_adjust(left=0.105, right=0.995, top=0.99, bottom=0.14)
        place, before = 0.0, None
        months: list[tuple[float, str]] = []
        squares: list[Square] = []
        for monday in weeks:
            if before is not None and (monday - before).days > 7:
                axes.plot([place + 0.15] * 2, [-0.3, 6.9], color=_GAP, linewidth=1.2)
                place += 0.7
            if before is None or monday.month != before.month or monday.year != before.year:
                months.append(
                    (place, f"{monday:%b %y}" if _new_year(before, monday) else f"{monday:%b}")
                )
            for offset in range(7):
                entry = by_day.get(monday + pd.Timedelta(days=offset))
                squares.append(_square(place, 6 - offset, entry))
            place, before = place + 1, monday
        corners, faces, edges = zip(*squares, strict=True)
        # one collection: a patch a day takes a hundred times as long to draw
        axes.add_collection(
            PolyCollection(corners, facecolors=faces, edgecolors=edges, linewidths=0.6)
        )
        _label(axes, months)
        axes.set_xlim(-0.2, max(place, 12.0))
        axes.set_ylim(-0.3, 7.1)
        axes.set_yticks([6.42, 4.42, 2.42, 0.42], [_DAYS[0], _DAYS[2], _DAYS[4], _DAYS[6]])
        axes.tick_params(axis="both", length=0)
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        plt.close(figure)
    filled, aching = len(days), int(days["value"].sum())
    first, last = days["date"].min(), days["date"].max()
    return finish(
        figure,
        alt=(
            f"Calendar of headaches, {write.dates(first, last)}: {write.number(filled)} days "
            f"filled in, a headache on {write.number(aching)} of them; "
            f"{write.number(7 * len(weeks) - filled)} days of these weeks not filled in."
        ),
        caption=f"Headaches: {write.number(aching)} of {write.count(filled, 'day')} filled in",
        note=(
            "Orange: a headache, dark: 7 or more. Pale: none. Hollow: not filled in. A line: weeks "
            "without a diary."
        ),
    )


def _new_year(before: pd.Timestamp | None, monday: pd.Timestamp) -> bool:
    return before is None or monday.year != before.year


def _square(place: float, row: int, entry: dict[str, float] | None) -> Square:
    """Corners of the square of a day, its colour and that of its edge."""
    face, edge = "white", _GAP
    if entry is not None:
        severe = entry["value"] == 1 and entry["beside"] >= _SEVERE
        face = edge = _BAD if severe else _SOME if entry["value"] == 1 else _NONE
    left, low = place + 0.06, row + 0.06
    right, high = left + 0.8, low + 0.8
    return [(left, low), (right, low), (right, high), (left, high)], face, edge


def _label(axes: Axes, months: list[tuple[float, str]]) -> None:
    """Name months under their first week, leaving out those without room."""
    shown, end = [], -10.0
    for place, name in months:
        if place >= end:
            shown.append((place, name))
            end = place + 0.45 * len(name)
    axes.set_xticks([place for place, _ in shown], [name for _, name in shown], ha="left")
    axes.tick_params(axis="x", labelsize=7.5, labelcolor=QUIET)
