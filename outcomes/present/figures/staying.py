"""How long patients stay in care: a falling line with its interval and those still watched."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.rows import interval_of
from outcomes.present.theme import ACCENT, INK, QUIET, WIDTH, look
from outcomes.results import AnalysisResult

_TIMES = (0, 84, 182, 364, 546, 728, 910, 1092)


def plot_staying(result: AnalysisResult) -> Figure:
    """Draw the share of patients still in their first course of care.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_retention`, all patients together.

    Returns
    -------
    Figure
        The share by time with its interval; under the axis the patients still watched.

    Raises
    ------
    ValueError
        If the result has no curve: say in a sentence what is missing instead.
    """
    curve = result.curve
    curve = curve[curve["group"] == ""] if len(curve) else curve
    if len(curve) < 2:
        raise ValueError("the result has no curve to draw")
    last = int(curve["day"].max())
    times = [day for day in _TIMES if day <= last]
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.6))
        figure.subplots_adjust(left=0.1, right=0.96, bottom=0.25)
        axes.fill_between(
            curve["day"], curve["conf_low"], curve["conf_high"], color=ACCENT, alpha=0.16,
            step="post", linewidth=0,
        )  # fmt: skip
        axes.step(curve["day"], curve["estimate"], where="post", color=ACCENT)
        axes.set_ylim(0, 1.03)
        axes.set_xlim(-0.01 * last, last * 1.02)
        axes.yaxis.set_major_formatter(lambda value, _: write.proportion(round(value, 6)))
        axes.set_xticks(times, [write.follow_up(day, short=True) for day in times])
        watched = dict(zip(curve["day"], curve["n_patients"], strict=True))
        axes.annotate(
            "Watched", (0, -0.23), xycoords="axes fraction", xytext=(-10, 0),
            textcoords="offset points", ha="right", va="center", fontsize=7.5, color=QUIET,
        )  # fmt: skip
        for day in times:
            if day in watched:
                axes.annotate(
                    write.number(watched[day]), (day, -0.23),
                    xycoords=("data", "axes fraction"), ha="center", va="center", fontsize=7.5,
                    color=INK, annotation_clip=False,
                )  # fmt: skip
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(curve),
        caption="Patients still in their first course of care",
        note=(
            f"Band: {interval_of(result)}. Watched: patients still in care whose records go on "
            "that long. Those still in care at the end of the records count up to there."
        ),
    )


def _alt(curve: pd.DataFrame) -> str:
    said = ["Chart of the share of patients still in their first course of care."]
    at = curve.set_index("day")["estimate"]
    said += [
        f"{write.proportion(at[day])} at {write.follow_up(day)}."
        for day in _TIMES
        if day and day in at.index
    ]
    return " ".join(said)
