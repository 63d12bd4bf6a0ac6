"""What changes within one patient's sessions, and what is done between them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.present import format as write
from outcomes.present.board import COLUMN
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import ACCENT, QUIET, look

_SHOWN = 12
_PALE = "#cfdcea"


def plot_within_sessions(records: pd.DataFrame) -> Figure:
    """Draw pain before and after each of the last sessions that have both.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.

    Returns
    -------
    Figure
        One column of a board wide: hollow before, solid after.

    Raises
    ------
    ValueError
        If no session has both scores.
    """
    both = records[records["series"] == "within_session"].tail(_SHOWN)
    if both.empty:
        raise ValueError("no session has a score before and after")
    places = range(len(both))
    with look():
        figure, axes = plt.subplots(figsize=(COLUMN, 1.1))
        figure.subplots_adjust(left=0.07, right=0.985, top=0.95, bottom=0.22)
        axes.vlines(places, both["value"], both["beside"], color=_PALE, linewidth=3)
        axes.plot(places, both["beside"], "o", markerfacecolor="white", color=QUIET, markersize=4.5)
        axes.plot(places, both["value"], "o", color=ACCENT, markersize=4.5)
        _by_session(axes, places, both["session_number"])
        axes.set_ylim(-0.8, max(10.0, float(both[["value", "beside"]].max().max())) + 0.6)
        axes.set_yticks([0, 5, 10])
        plt.close(figure)
    fell = (both["value"] - both["beside"]).mean()
    listed = ", ".join(
        f"{before:g} to {after:g}"
        for before, after in zip(both["beside"], both["value"], strict=True)
    )
    return finish(
        figure,
        alt=f"Pain before and after {write.count(len(both), 'session')}: {listed}.",
        caption=f"Pain within a session: {write.signed(fell)} on average",
        note="By session. Hollow: before. Solid: after, which says nothing about the next day.",
    )


def plot_self_care(records: pd.DataFrame) -> Figure:
    """Draw exercises done of those prescribed, by week.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.

    Returns
    -------
    Figure
        One column of a board wide: pale what was prescribed, dark what was done of it.

    Raises
    ------
    ValueError
        If nothing was prescribed.
    """
    weeks = records[records["series"] == "self_care"].tail(_SHOWN)
    if weeks.empty or not weeks["beside"].sum() > 0:
        raise ValueError("nothing was prescribed")
    places = range(len(weeks))
    with look():
        figure, axes = plt.subplots(figsize=(COLUMN, 0.95))
        figure.subplots_adjust(left=0.07, right=0.985, top=0.95, bottom=0.26)
        axes.bar(places, weeks["beside"], color=_PALE, width=0.7)
        axes.bar(places, weeks["value"], color=ACCENT, width=0.42)
        axes.set_xticks(places, [f"{day.day} {day:%b}" for day in weeks["date"]])
        axes.tick_params(axis="x", length=0, labelsize=7.5)
        axes.set_xlim(-0.5, max(len(weeks), 6) - 0.5)
        axes.locator_params(axis="y", nbins=3)
        plt.close(figure)
    done, asked = weeks["value"].sum(), weeks["beside"].sum()
    return finish(
        figure,
        alt=(
            f"Exercises by week, {write.count(len(weeks), 'week')}: {write.number(done)} done of "
            f"{write.number(asked)} prescribed."
        ),
        caption=f"Self-care: {write.share(done, asked)} of what was prescribed",
        note="By week. Pale: prescribed. Dark: done.",
    )


def _by_session(axes: plt.Axes, places: range, numbers: pd.Series) -> None:
    axes.set_xticks(places, [f"{number:g}" for number in numbers])
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    axes.set_xlim(-0.5, max(len(numbers), 6) - 0.5)
