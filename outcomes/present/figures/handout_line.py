"""One line, labelled, for the person whose pain it is."""

from __future__ import annotations

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd

from outcomes.instruments import Instrument
from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.figures.patient_pain import line_scores
from outcomes.present.theme import ACCENT, INK, QUIET, WIDTH, look


def plot_handout(records: pd.DataFrame, instrument: Instrument) -> Figure:
    """Draw one patient's pain as one line with its ends named.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.
    instrument : Instrument
        The pain instrument.

    Returns
    -------
    Figure
        The scores before sessions, or those answered at home where there are none.

    Raises
    ------
    ValueError
        If the patient has no score.
    """
    line = line_scores(records)
    if line.empty:
        raise ValueError("the patient has no score to draw")
    first, last = line.iloc[0], line.iloc[-1]
    low, high = instrument.minimum, instrument.maximum
    reach = high - low
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
        figure.subplots_adjust(left=0.2, right=0.9, top=0.95, bottom=0.12)
        axes.plot(
            line["date"], line["value"], color=ACCENT, linewidth=2.6, marker="o", markersize=5
        )
        ends = [(first, "left"), (last, "right")] if len(line) > 1 else [(last, "right")]
        for row, side in ends:
            axes.annotate(
                write.score(row["value"], 0), (row["date"], row["value"]),
                xytext=(-9 if side == "left" else 9, 0), textcoords="offset points",
                ha="right" if side == "left" else "left", va="center", fontsize=15,
                fontweight="bold", color=ACCENT,
            )  # fmt: skip
        axes.annotate(
            "your pain", (last["date"], last["value"]), xytext=(9, 16),
            textcoords="offset points", ha="left", va="bottom", fontsize=12, color=ACCENT,
            annotation_clip=False,
        )  # fmt: skip
        axes.set_ylim(low - 0.06 * reach, high + 0.06 * reach)
        best, worst = ("no pain", "worst pain") if instrument.lower_is_better else ("", "")
        axes.set_yticks([low, high], [f"{low:g}  {best}".strip(), f"{high:g}  {worst}".strip()])
        axes.tick_params(axis="both", labelsize=11, labelcolor=INK)
        days = max((last["date"] - first["date"]).days, 28)
        axes.set_xlim(
            first["date"] - pd.Timedelta(days=0.06 * days),
            last["date"] + pd.Timedelta(days=0.06 * days),
        )
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=2, maxticks=5))
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%b %Y" if days > 90 else "%d %b"))
        axes.grid(color=QUIET, alpha=0.25)
        plt.close(figure)
    told = "before each session" if line["label"].iloc[0] == "pre" else "at home"
    return finish(
        figure,
        alt=(
            f"Line of your pain, {write.score(first['value'], 0)} on {write.date(first['date'])} "
            f"and {write.score(last['value'], 0)} on {write.date(last['date'])}."
        ),
        caption=f"Your pain, as you told us {told}",
    )
