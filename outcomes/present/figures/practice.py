"""What goes with what in practice: differences with their intervals, side by side."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.rows import rows_of
from outcomes.present.theme import ACCENT, INK, QUIET, RULE, WIDTH, look
from outcomes.results import AnalysisResult

PRESSURE = "pressure"
_KINDS = ("pressure", "technique", "muscle")
_TITLES = {
    "next_change": "Pain at the next session, points",
    "soreness": "Soreness after it, share of sessions",
}


def practice_label(group_by: str, group: str) -> str:
    """Name a pressure, technique or muscle for people.

    Parameters
    ----------
    group_by : str
        pressure, technique or muscle.
    group : str
        Its code.

    Returns
    -------
    str
        Such as ``Pin and stretch``.
    """
    return (
        "Pressure, one point more" if group_by == PRESSURE else group.replace("_", " ").capitalize()
    )


def shown_rows(result: AnalysisResult, outcome: str) -> pd.DataFrame:
    """Pick the associations of an outcome that have a number.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_practice_patterns`.
    outcome : str
        next_change or soreness.

    Returns
    -------
    DataFrame
        Pressure first, then techniques and muscles by name.
    """
    rows = rows_of(result, "association")
    rows = rows[(rows["outcome"] == outcome) & (rows["status"] == "ok")]
    order = rows["group_by"].map({kind: place for place, kind in enumerate(_KINDS)})
    return rows.assign(order=order).sort_values(["order", "group"], ignore_index=True)


def plot_practice(result: AnalysisResult) -> Figure:
    """Draw what goes with the next score and with soreness.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_practice_patterns`, as released.

    Returns
    -------
    Figure
        A panel an outcome that has numbers, each row a difference with its interval.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    panels = [(outcome, shown_rows(result, outcome)) for outcome in _TITLES]
    panels = [(outcome, rows) for outcome, rows in panels if len(rows)]
    if not panels:
        raise ValueError("no association has a number to draw")
    most = max(len(rows) for _, rows in panels)
    with look():
        figure, grid = plt.subplots(
            1, len(panels), figsize=(WIDTH, 0.7 + 0.24 * most), squeeze=False
        )
        figure.subplots_adjust(left=0.22, right=0.98, wspace=0.12 if len(panels) > 1 else 0.1)
        for place, (axes, (outcome, rows)) in enumerate(zip(grid[0], panels, strict=True)):
            height = -np.arange(len(rows))
            found = (rows["p_value"] <= result.spec.false_discoveries).to_numpy()
            axes.axvline(0, color=RULE, linewidth=1.0, zorder=1)
            for here, colour in ((found, ACCENT), (~found, QUIET)):
                own = rows[here]
                axes.hlines(height[here], own["conf_low"], own["conf_high"], color=colour)
                axes.plot(own["estimate"], height[here], "o", color=colour, markersize=4)
            labels = [
                practice_label(*each) for each in zip(rows["group_by"], rows["group"], strict=True)
            ]
            same = place > 0 and labels == [
                practice_label(*each)
                for each in zip(panels[0][1]["group_by"], panels[0][1]["group"], strict=True)
            ]
            axes.set_yticks(height, [""] * len(labels) if same else labels)
            axes.set_ylim(-len(rows) + 0.4, 0.6)
            axes.set_title(_TITLES[outcome], loc="left", fontsize=8.5, color=INK)
        plt.close(figure)
    return finish(
        figure,
        alt=" ".join(_said(outcome, rows) for outcome, rows in panels),
        caption="What goes with the next score, and with soreness",
        note="Sessions with it against sessions without it, of one therapist at equal pain; left "
        "of the line is less pain. Blue: found with false discoveries held to "
        f"{write.proportion(result.spec.false_discoveries)}.",
        caution="These go together and need not cause each other.",
    )


def _said(outcome: str, rows: pd.DataFrame) -> str:
    parts = [
        f"{practice_label(by, group).lower()} {write.signed(value, 2)}"
        for by, group, value in zip(rows["group_by"], rows["group"], rows["estimate"], strict=True)
    ]
    return f"{_TITLES[outcome]}: {write.listing(parts)}."
