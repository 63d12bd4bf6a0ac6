"""How far one patient's neck moves, beside the own start and the error of measuring."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.board import COLUMN
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import ACCENT, INK, QUIET, look

_BAND = "#e4e7eb"
_LEFT, _RIGHT = 1.15, 0.62


def plot_patient_movement(rows: pd.DataFrame, registry: InstrumentRegistry) -> Figure:
    """Draw each movement's last measurement against the own start.

    Parameters
    ----------
    rows : DataFrame
        Estimates of one patient's movements from `estimate_patient_course`: terms start, last and
        improvement.
    registry : InstrumentRegistry
        Instruments of the data set, for names and the error of measuring.

    Returns
    -------
    Figure
        A row a movement: hollow for the start, with a bar as wide as measuring twice may differ by
        error alone; solid for the last; the change written beside it, bold where it is larger.

    Raises
    ------
    ValueError
        If no movement was measured.
    """
    known = rows[rows["status"] == "ok"]
    last = known[known["term"] == "last"].set_index("outcome")
    start = known[known["term"] == "start"].set_index("outcome")["estimate"]
    gains = known[known["term"] == "improvement"].set_index("outcome")
    if last.empty:
        raise ValueError("no movement was measured")
    height = 0.3 * len(last) + 0.42
    said = []
    with look():
        figure, axes = plt.subplots(figsize=(COLUMN, height))
        figure.subplots_adjust(
            left=_LEFT / COLUMN, right=1 - _RIGHT / COLUMN, top=0.98, bottom=0.34 / height
        )
        for place, (key, row) in enumerate(last.iterrows()):
            code = str(key)
            instrument = registry.get(code)
            name = instrument.short_label
            words = f"{name}: now {write.score(row['estimate'], 0)}°"
            axes.annotate(
                name, (0, -place), xycoords=("axes fraction", "data"), xytext=(-8, 0),
                textcoords="offset points", ha="right", va="center", fontsize=8.5, color=INK,
            )  # fmt: skip
            if code in start.index:
                origin, error = start[code], instrument.mdc95
                words += f", at the start {write.score(origin, 0)}°"
                if error is not None:
                    axes.barh(-place, 2 * error, left=origin - error, height=0.62, color=_BAND)
                axes.plot(origin, -place, marker="o", markerfacecolor="white", color=QUIET)
            axes.plot(row["estimate"], -place, marker="o", color=ACCENT, zorder=4)
            if code in gains.index:
                gain, judged = float(gains["estimate"][code]), str(gains["note"][code])
                beyond = judged.startswith("beyond")
                words += f", {write.signed(gain, 0)}° {judged}".rstrip()
                axes.annotate(
                    f"{write.signed(gain, 0)}°", (1, -place),
                    xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
                    va="center", fontsize=9, color=INK if beyond else QUIET,
                    fontweight="bold" if beyond else "normal",
                )  # fmt: skip
            said.append(words + ".")
        axes.set_ylim(-len(last) + 0.4, 0.6)
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}°")
        plt.close(figure)
    dates = sorted(last["landmark"])
    return finish(
        figure,
        alt=" ".join(["Chart of neck movement in degrees.", *said]),
        caption=f"Neck movement on {write.date(dates[-1])}",
        note=(
            "Hollow: own start, with the bar that measuring twice may differ by. Solid: last. "
            "Bold: beyond that error."
        ),
    )
