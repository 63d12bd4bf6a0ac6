"""What was done in one patient's last sessions: pressure, techniques and muscles."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from outcomes.present import format as write
from outcomes.present.board import COLUMN
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import ACCENT, INK, look

_SESSIONS = 12
_MUSCLES = 6
_LEFT = 1.45
_TECHNIQUE = "#009b80"


def plot_patient_sessions(records: pd.DataFrame) -> Figure:
    """Draw techniques and muscles by session, with the pressure above them.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.

    Returns
    -------
    Figure
        One column of a board wide: a column a session, the last twelve; a dot where a technique
        was used or a muscle treated, the six most treated of these sessions.

    Raises
    ------
    ValueError
        If neither pressure nor technique nor muscle is recorded of the last sessions.
    """
    sessions = records[records["series"] == "session"].tail(_SESSIONS)
    numbers = list(sessions["session_number"])
    recent = records[records["session_number"].isin(numbers)]
    techniques = recent[recent["series"] == "technique"]
    muscles = recent[recent["series"] == "muscle"]
    pressure = sessions[sessions["value"].notna()]
    if techniques.empty and muscles.empty and pressure.empty:
        raise ValueError("nothing is recorded of what was done")
    often = list(muscles["outcome"].value_counts(sort=True).index)
    used = list(techniques["outcome"].value_counts().index)
    rows = [(name, _TECHNIQUE, techniques) for name in used]
    rows += [(name, INK, muscles) for name in often[:_MUSCLES]]
    above = 1.6 if len(pressure) else 0.0
    height = 0.19 * (len(rows) + above) + 0.38
    with look():
        figure, axes = plt.subplots(figsize=(COLUMN, height))
        figure.subplots_adjust(left=_LEFT / COLUMN, right=0.985, top=0.99, bottom=0.24 / height)
        across = {number: place for place, number in enumerate(numbers)}
        for row, (name, colour, where) in enumerate(rows):
            here = where[where["outcome"] == name]
            axes.plot(
                here["session_number"].map(across), [-row] * len(here), marker="o", linestyle="",
                markersize=4.5, color=colour,
            )  # fmt: skip
            _name(axes, -row, name.replace("_", " "))
        if len(pressure):
            _pressure(axes, pressure["session_number"].map(across), pressure["value"])
        axes.set_xlim(-0.5, max(len(numbers), 6) - 0.5)
        axes.set_ylim(-len(rows) + 0.4, 0.6 + above)
        axes.set_xticks(range(len(numbers)), [f"{number:g}" for number in numbers])
        axes.set_yticks([])
        axes.tick_params(axis="x", length=0, labelsize=7.5)
        axes.grid(visible=False)
        plt.close(figure)
    left_out = len(often) - min(len(often), _MUSCLES)
    more = f" {write.count(left_out, 'muscle')} treated less often left out." if left_out else ""
    return finish(
        figure,
        alt=_alt(numbers, rows, pressure),
        caption="What was done in the last sessions",
        note=f"A column a session, by its number. Green: techniques. Black: muscles.{more}",
    )


def _name(axes: Axes, height: float, name: str) -> None:
    axes.annotate(
        name, (0, height), xycoords=("axes fraction", "data"), xytext=(-8, 0),
        textcoords="offset points", ha="right", va="center", fontsize=8, color=INK,
    )  # fmt: skip


def _pressure(axes: Axes, across: pd.Series, pressure: pd.Series) -> None:
    """Draw pressure of 1 to 10 as a number at its height."""
    heights = 0.75 + (pressure - 1) / 9 * 1.1
    axes.plot(across, heights, color=ACCENT, linewidth=1, zorder=1)
    for place, height, value in zip(across, heights, pressure, strict=True):
        axes.annotate(
            f"{value:g}", (place, height), ha="center", va="center", fontsize=7.5,
            color=ACCENT, fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    _name(axes, 1.3, "pressure, 1 to 10")


def _alt(
    numbers: list[float], rows: list[tuple[str, str, pd.DataFrame]], pressure: pd.DataFrame
) -> str:
    said = [f"Chart of the last {write.count(len(numbers), 'session')}."]
    if len(pressure):
        listed = ", ".join(f"{value:g}" for value in pressure["value"])
        said.append(f"Pressure: {listed}.")
    for name, _, where in rows:
        times = int((where["outcome"] == name).sum())
        said.append(f"{name.replace('_', ' ').capitalize()}: {write.count(times, 'session')}.")
    return " ".join(said)
