"""Differences between schedules beside each other: naive and corrected, and one choice turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import contrast_label, strategy_label
from outcomes.present.theme import ACCENT, INK, QUIET, RULE, WIDTH, look


@dataclass(frozen=True)
class Line:
    """One line of a figure of differences: a name, and an interval for each contrast.

    Parameters
    ----------
    name : str
        What was done.
    found : dict of str to tuple of float
        Estimate and both limits by contrast, not a number where there is none.
    strong : bool
        Whether it is the answer that the others are beside.
    """

    name: str
    found: dict[str, tuple[float, float, float]]
    strong: bool = False


def plot_differences(
    lines: Sequence[Line],
    contrasts: Sequence[str],
    *,
    unit: str,
    caption: str,
    note: str,
    caution: str = "",
) -> Figure:
    """Draw differences with intervals, a panel a contrast.

    Parameters
    ----------
    lines : sequence of Line
        From above to below.
    contrasts : sequence of str
        Panels.
    unit : str
        Of the differences.
    caption, note, caution : str
        As for `Figure`.

    Returns
    -------
    Figure
        The interval of the strong line runs through its panel as a band.
    """
    values = [end for line in lines for found in line.found.values() for end in found]
    known = np.array([value for value in values if np.isfinite(value)] or [0.0])
    low, high = min(known.min(), 0.0), max(known.max(), 0.0)
    room = 0.06 * (high - low or 1.0)
    with look():
        figure, panels = plt.subplots(
            1, len(contrasts), figsize=(WIDTH, 0.25 * len(lines) + 0.85), sharey=True,
            squeeze=False,
        )  # fmt: skip
        figure.subplots_adjust(left=0.37, right=0.99, wspace=0.08)
        at = -np.arange(len(lines), dtype=float)
        for axes, contrast in zip(panels[0], contrasts, strict=True):
            for place, line in zip(at, lines, strict=True):
                estimate, lower, upper = line.found.get(contrast, (np.nan,) * 3)
                colour = ACCENT if line.strong else INK
                if line.strong and np.isfinite(lower):
                    axes.axvspan(lower, upper, color="#e6eef7", zorder=0)
                if not np.isfinite(estimate):
                    axes.text(
                        (low + high) / 2, place, "refused or not shown", fontsize=6.8, color=QUIET,
                        ha="center", va="center",
                    )  # fmt: skip
                    continue
                if np.isfinite(lower):
                    axes.plot([lower, upper], [place] * 2, color=colour, linewidth=1.3)
                axes.plot(
                    estimate, place, marker="D" if line.strong else "o", color=colour,
                    markersize=5 if line.strong else 4,
                )  # fmt: skip
            axes.axvline(0, color=RULE, linewidth=0.9)
            first, _, second = contrast.partition(" vs ")
            axes.set_title(
                f"{strategy_label(first)}\nagainst {strategy_label(second).lower()}", fontsize=8.3
            )
            axes.set_xlim(low - room, high + room)
            axes.set_yticks(at, [line.name for line in lines], fontsize=7.8)
            axes.set_ylim(-len(lines) + 0.4, 0.6)
            axes.grid(False, axis="y")
            axes.grid(True, axis="x")
        panels[0][len(contrasts) // 2].set_xlabel(f"Difference, {unit}")
        plt.close(figure)
    return finish(
        figure, alt=_alt(lines, contrasts, unit), caption=caption, note=note, caution=caution
    )


def _alt(lines: Sequence[Line], contrasts: Sequence[str], unit: str) -> str:
    said = [f"Dot plot of differences in {unit}."]
    for contrast in contrasts:
        parts = []
        for line in lines:
            estimate, lower, upper = line.found.get(contrast, (np.nan,) * 3)
            if not np.isfinite(estimate):
                parts.append(f"{line.name} not shown")
                continue
            limits = f" ({write.interval(lower, upper, 2)})" if np.isfinite(lower) else ""
            parts.append(f"{line.name} {write.signed(estimate, 2)}{limits}")
        said.append(f"{contrast_label(contrast)}: {'; '.join(parts)}.")
    return " ".join(said)
