"""Who was eligible, and what became of the clones of every schedule."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import strategy_label
from outcomes.present.schedules import frame_of
from outcomes.present.theme import INK, PALE, QUIET, RULE, WIDTH, look, strokes
from outcomes.results import AnalysisResult

_STEP, _BOX = 0.62, 0.44


def plot_flow(result: AnalysisResult, last_block: int) -> Figure:
    """Draw eligibility, and the clones of every schedule to the last block compared.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`; without a flow among its diagnostics, as where nothing
        was compared, eligibility alone is drawn.
    last_block : int
        Last block that is compared.

    Returns
    -------
    Figure
        Boxes from above to below; numbers too small to show are left out.
    """
    steps = [
        (reason, before, after)
        for _, reason, before, after in result.exclusions.itertuples(index=False, name=None)
        if pd.isna(before) or before != after
    ]
    flow = frame_of(result, "flow")
    groups = list(dict.fromkeys(flow["strategy"])) if len(flow) else []
    height = _STEP * (len(steps) + (5.2 if groups else 1)) + 0.2
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, height))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(-height, 0)
        figure.subplots_adjust(left=0, right=1, top=1, bottom=0)
        begun = steps[0][1] if steps else (flow["on_strategy"].max() if groups else float("nan"))
        top = -0.3
        _box(axes, 2.1, top, f"{_people(begun)} in the records", 2.7)
        for reason, before, after in steps:
            axes.plot([2.1, 2.1], [top - _BOX / 2, top - _STEP + _BOX / 2], color=RULE, zorder=0)
            gone = before - after
            said = (
                f"{_people(gone)} left out: {reason}" if pd.notna(gone) else f"Left out: {reason}"
            )
            axes.plot([2.1, 3.7], [top - _STEP / 2] * 2, color=RULE, zorder=0)
            axes.text(
                3.78, top - _STEP / 2, textwrap.fill(said, 52), va="center", fontsize=7.8,
                color=QUIET,
            )  # fmt: skip
            top -= _STEP
            _box(axes, 2.1, top, f"{_people(after)} left", 2.7)
        if groups:
            _clones(axes, flow[flow["block"] <= last_block], groups, top)
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(steps, flow, groups, last_block, begun),
        caption="Who is compared: eligibility, and the clones of every schedule"
        if groups
        else "Who was eligible, and who was left out for what",
        note=(
            "Every eligible patient is cloned once for each schedule. A clone is taken out when "
            "the patient goes on to something else or leaves care; those who stay are weighted "
            "for those taken out."
        )
        if groups
        else "",
    )


def _clones(axes: Axes, flow: pd.DataFrame, groups: list[str], top: float) -> None:
    """Draw the clones of every schedule side by side under the last box of eligibility."""
    weeks = write.count(4 * int(flow["block"].max()), "week")
    wide = WIDTH / len(groups)
    places = [wide * (position + 0.5) for position in range(len(groups))]
    fork = top - _BOX / 2 - 0.12
    axes.plot([2.1, 2.1], [top - _BOX / 2, fork], color=RULE, zorder=0)
    axes.plot([min(2.1, *places), max(2.1, *places)], [fork] * 2, color=RULE, zorder=0)
    drawn = strokes(groups)
    for place, group in zip(places, groups, strict=True):
        rows = flow[flow["strategy"] == group]
        first, last = rows.iloc[0], rows.iloc[-1]
        later = rows.iloc[1:]
        colour = drawn[group].colour
        lines = [
            f"{strategy_label(group)}: {_number(first['on_strategy'])} clones",
            f"{_number(first['kept'])} began it",
            f"{_number(last['kept'])} kept to it {weeks}",
            f"{_number(last['answered'])} of them answered then",
        ]
        sides = [
            "",
            f"− {_number(first['left_strategy'])} began another",
            f"− {_total(later['left_strategy'])} changed, {_total(later['left_care'])} left care",
            "",
        ]
        axes.plot([place, place], [fork, fork - 4 * _STEP + 0.2], color=RULE, zorder=0)
        for position, (line, side) in enumerate(zip(lines, sides, strict=True)):
            at = fork - 0.36 - position * _STEP
            _box(axes, place, at, line, wide - 0.16, colour if position == 0 else RULE)
            if side:
                axes.text(
                    place, at + _STEP / 2, side, ha="center", va="center", fontsize=7.2,
                    color=QUIET, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
                )  # fmt: skip


def _box(axes: Axes, x: float, y: float, text: str, width: float, edge: str = RULE) -> None:
    axes.add_patch(
        plt.Rectangle((x - width / 2, y - _BOX / 2 + 0.04), width, _BOX - 0.08,
                      facecolor=PALE, edgecolor=edge, linewidth=1.0)
    )  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=INK)


def _people(count: float) -> str:
    return write.count(int(count), "patient") if pd.notna(count) else "Patients"


def _number(count: float) -> str:
    return write.number(count) if pd.notna(count) else "(few)"


def _total(counts: pd.Series) -> str:
    return write.number(counts.sum()) if counts.notna().all() else "(few)"


def _alt(
    steps: list[tuple[str, float, float]],
    flow: pd.DataFrame,
    groups: list[str],
    last_block: int,
    begun: float,
) -> str:
    said = [f"Flow chart. {_people(begun)} in the records."]
    for reason, before, after in steps:
        if pd.notna(before - after):
            said.append(f"{write.number(before - after)} left out: {reason}.")
    for group in groups:
        rows = flow[(flow["strategy"] == group) & (flow["block"] <= last_block)]
        first, last = rows.iloc[0], rows.iloc[-1]
        said.append(
            f"{strategy_label(group)}: {_number(first['on_strategy'])} clones, "
            f"{_number(first['kept'])} began it, {_number(last['kept'])} kept to it for "
            f"{4 * last_block} weeks, {_number(last['answered'])} of them answered then."
        )
    return " ".join(said)
