"""How far the neck moves: where each movement started and where it is now."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import group_label, outcome_label, split_words, timing_words
from outcomes.present.rows import interval_of
from outcomes.present.theme import INK, QUIET, RULE, WIDTH, look, strokes
from outcomes.results import AnalysisResult

_LEFT, _RIGHT = 1.75, 2.55
_ROW, _SPLIT_ROW = 0.235, 0.195
"""Height of a row in inches, of a movement or of a group within one."""


def plot_movement(
    result: AnalysisResult, window: int, registry: InstrumentRegistry | None = None
) -> Figure:
    """Draw each movement's mean at the start and at a follow-up time.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_rom_change`.
    window : int
        Target day of the follow-up.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Figure
        A row a movement, or a movement and group: a hollow point for the start, a solid one with
        its interval for the follow-up, and the change written beside it.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    ValueError
        If no movement has a mean at both times.
    """
    beside = beside_cadence(result)
    interval = interval_of(result)
    rows = movement_rows(result, window)
    if rows.empty:
        raise ValueError("no movement has a mean at both times")
    group_by = str(rows["group_by"].iloc[0])
    drawn = strokes(rows["group"].unique())
    movements = list(dict.fromkeys(rows["outcome"]))
    lines = len(rows) + (len(movements) if group_by else 0)
    height = (_SPLIT_ROW if group_by else _ROW) * lines + 0.75
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, height))
        figure.subplots_adjust(
            left=_LEFT / WIDTH, right=1 - _RIGHT / WIDTH, top=1 - 0.4 / height, bottom=0.32 / height
        )
        place = 0.0
        for movement in movements:
            if group_by:
                _beside(axes, place, outcome_label(movement, registry), left=True, bold=True)
                place -= 1
            for row in rows[rows["outcome"] == movement].to_dict("records"):
                stroke = drawn[str(row["group"])]
                name = group_label(group_by, str(row["group"])) if group_by else ""
                _beside(axes, place, name or outcome_label(movement, registry), left=True)
                axes.plot(
                    [row["start"], row["estimate"]], [place, place], color=RULE, linewidth=2.2,
                    linestyle="-", zorder=1,
                )  # fmt: skip
                axes.plot(
                    row["start"], place, marker=stroke.marker, color=stroke.colour, linestyle="",
                    markerfacecolor="white", zorder=2,
                )  # fmt: skip
                axes.plot(
                    [row["conf_low"], row["conf_high"]], [place, place], color=stroke.colour,
                    linewidth=1.4, linestyle="-", zorder=2,
                )  # fmt: skip
                axes.plot(
                    row["estimate"], place, marker=stroke.marker, color=stroke.colour,
                    linestyle="", zorder=3,
                )  # fmt: skip
                _beside(axes, place, _change(row), left=False)
                _beside(axes, place, _counted(row), left=False, aside=132)
                place -= 1
        axes.set_ylim(place + 0.4, 0.6)
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}°")
        for text, aside in ((f"Change ({interval})", 8), ("Measured", 132)):
            axes.annotate(
                text, (1, 1), xycoords="axes fraction", xytext=(aside, 5),
                textcoords="offset points", fontsize=8, color=QUIET, va="bottom",
            )  # fmt: skip
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(rows, group_by, window, registry),
        caption=(
            f"Neck movement at the start and at {write.follow_up(window)}, {split_words(result)}"
        ),
        note=(
            f"Hollow points are means at the start, solid points at {write.follow_up(window)}, "
            f"with intervals ({interval}). Measured: patients measured then, of those who could "
            f"have been. {timing_words(result)}".rstrip()
        ),
        caution=" ".join(beside),
    )


def movement_rows(result: AnalysisResult, window: int) -> pd.DataFrame:
    """Put start, follow-up and change of each movement side by side.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_rom_change`.
    window : int
        Target day of the follow-up.

    Returns
    -------
    DataFrame
        outcome, group_by, group, start, estimate, conf_low, conf_high, change, change_low,
        change_high, n_patients, n_eligible; only rows with all of them.
    """
    estimates = result.estimates
    known = estimates[estimates["status"] == "ok"]
    keys = ["outcome", "group_by", "group"]
    at_start = known[(known["term"] == "mean") & (known["landmark"] == "day 0")]
    then = known["landmark"] == f"day {window}"
    changes = known[(known["term"] == "change") & then].rename(
        columns={"estimate": "change", "conf_low": "change_low", "conf_high": "change_high"}
    )
    columns = [*keys, "estimate", "conf_low", "conf_high", "n_patients", "n_eligible"]
    return (
        known.loc[(known["term"] == "mean") & then, columns]
        .merge(at_start[[*keys, "estimate"]].rename(columns={"estimate": "start"}), on=keys)
        .merge(changes[[*keys, "change", "change_low", "change_high"]], on=keys)
    )


def _beside(
    axes: plt.Axes, place: float, text: str, *, left: bool, bold: bool = False, aside: int = 8
) -> None:
    axes.annotate(
        text, (0 if left else 1, place), xycoords=("axes fraction", "data"),
        xytext=(-8 if left else aside, 0), textcoords="offset points",
        ha="right" if left else "left", va="center", fontsize=8.5, color=INK,
        fontweight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def _change(row: dict[str, float]) -> str:
    limits = f"{write.signed(row['change_low'])} to {write.signed(row['change_high'])}"
    return f"{write.signed(row['change'])}° ({limits})"


def _counted(row: dict[str, float]) -> str:
    answered, could = row["n_patients"], row["n_eligible"]
    return f"{write.short_number(answered)}/{write.short_number(could)}"


def _alt(
    rows: pd.DataFrame, group_by: str, window: int, registry: InstrumentRegistry | None
) -> str:
    said = [f"Chart of neck movement in degrees at the start and at {write.follow_up(window)}."]
    for row in rows.to_dict("records"):
        name = outcome_label(str(row["outcome"]), registry)
        if group_by:
            name += f", {group_label(group_by, str(row['group'])).lower()}"
        said.append(f"{name}: {write.score(row['start'])} to {write.score(row['estimate'])}.")
    return " ".join(said)
