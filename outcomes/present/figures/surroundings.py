"""What stands around the lines of a course: times below, names at the ends, counts beneath."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomes.present import format as write
from outcomes.present.labels import group_label
from outcomes.present.theme import INK, QUIET, WIDTH, Stroke

LEFT, RIGHT = 1.75, 1.3
"""Room at the sides for the names of groups, in inches."""


def place_times(days: pd.Series | Sequence[int]) -> np.ndarray:
    """Place follow-up times on the axis; the first weeks get more room than later ones.

    Parameters
    ----------
    days : Series or sequence of int
        Days from the start of care.

    Returns
    -------
    ndarray
        Places, the root of the day.
    """
    return np.sqrt(np.asarray(days, dtype="float64"))


def label_times(axes: Axes, days: Sequence[int], gap: float, first: str) -> None:
    """Label the follow-up times that have room for it, the first and the last among them.

    Parameters
    ----------
    axes : Axes
        What is drawn on.
    days : sequence of int
        Follow-up times, rising.
    gap : float
        Least distance between two labels, in inches.
    first : str
        Name of the first time.
    """
    last = place_times(days[-1:])[0] or 1.0
    inches = WIDTH - LEFT - RIGHT
    axes.set_xlim(-0.03 * last, 1.04 * last)
    scale = inches / (1.07 * last)
    labelled: list[int] = []
    for day in sorted(days, key=lambda day: (day != days[0], day != days[-1], _unusual(day))):
        places = place_times([*labelled, day]) * scale
        if np.all(np.abs(places[:-1] - places[-1]) >= gap):
            labelled.append(day)
    labelled.sort()
    names = [write.follow_up(day, short=True) if day else first for day in labelled]
    axes.set_xticks(place_times(labelled), names)
    axes.set_xticks(place_times(days), minor=True)


def _unusual(day: int) -> int:
    """Rank follow-up times by how often people speak of them; years come first."""
    spoken = (364, 182, 84, 42, 14, 7)
    return next((rank for rank, span in enumerate(spoken) if day % span == 0), len(spoken))


def label_ends(axes: Axes, ends: list[tuple[float, str, Stroke]]) -> None:
    """Write each line's name at its end, moved apart where two would touch.

    Parameters
    ----------
    axes : Axes
        What is drawn on.
    ends : list of (float, str, Stroke)
        Level of the last point, name, and how the line is drawn.
    """
    low, high = axes.get_ylim()
    least = (high - low) * 0.062
    order = sorted(range(len(ends)), key=lambda position: ends[position][0])
    places = [ends[position][0] for position in order]
    for _ in range(60):
        for lower in range(len(places) - 1):
            overlap = least - (places[lower + 1] - places[lower])
            if overlap > 0:
                places[lower] -= overlap / 2
                places[lower + 1] += overlap / 2
        places = [min(max(place, low), high) for place in places]
    right = axes.get_xlim()[1]
    for place, position in zip(places, order, strict=True):
        _, label, stroke = ends[position]
        axes.annotate(
            label, (right, place), xytext=(16, 0), textcoords="offset points", va="center",
            fontsize=8.5, color=INK, annotation_clip=False,
        )  # fmt: skip
        axes.plot(
            [1.006, 1.022], [(place - low) / (high - low)] * 2, transform=axes.transAxes,
            color=stroke.colour, linestyle="-", linewidth=2.4, clip_on=False,
        )  # fmt: skip


def write_counts(
    axes: Axes,
    model: pd.DataFrame,
    groups: Sequence[str],
    group_by: str,
    did: str,
) -> None:
    """Write how many answered, of how many who could have, under the axis.

    Parameters
    ----------
    axes : Axes
        With the labelled times as ticks.
    model : DataFrame
        The points: group, window, n_patients, n_eligible.
    groups : sequence of str
        Groups in order.
    group_by : str
        What the groups are; empty for everyone together.
    did : str
        What those did who answered.
    """
    days = [round(place**2) for place in axes.get_xticks()]
    tables = {group: model[model["group"] == group].set_index("window") for group in groups}

    def row(height: float, name: str, cells: dict[int, str], colour: str) -> None:
        axes.annotate(
            name, (0, height), xycoords="axes fraction", xytext=(-24, 0),
            textcoords="offset points", ha="right", va="center", fontsize=7.5, color=colour,
        )  # fmt: skip
        for day, text in cells.items():
            axes.annotate(
                text, (place_times([day])[0], height), xycoords=("data", "axes fraction"),
                ha="center", va="center", fontsize=7.5, color=colour, annotation_clip=False,
            )  # fmt: skip

    if not group_by:
        counts = tables[groups[0]]
        known = [day for day in days if day in counts.index]
        for height, name, column in (
            (-0.19, did, "n_patients"),
            (-0.27, "Could have", "n_eligible"),
        ):
            row(
                height,
                name,
                {day: write.short_number(counts.loc[day, column]) for day in known},
                INK,
            )
        return
    axes.annotate(
        f"{did} / could have", (0, -0.19), xycoords="axes fraction",
        xytext=(-LEFT * 72 + 4, 0), textcoords="offset points", fontsize=7.5, color=QUIET,
        va="center",
    )  # fmt: skip
    for position, group in enumerate(groups):
        counts = tables[group]
        cells = {
            day: f"{write.short_number(counts.loc[day, 'n_patients'])}/"
            f"{write.short_number(counts.loc[day, 'n_eligible'])}"
            for day in days
            if day in counts.index
        }
        row(-0.27 - position * 0.08, group_label(group_by, group), cells, INK)
