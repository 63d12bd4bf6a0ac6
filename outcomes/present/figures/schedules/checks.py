"""Whether the weights did their work: balance before and after, and who could have done what."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from outcomes.present import format as write
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import strategy_label
from outcomes.present.schedules import frame_of
from outcomes.present.theme import INK, QUIET, RULE, WIDTH, look, strokes
from outcomes.results import AnalysisResult

LIMIT = 0.1
"""Standardised difference from which a block counts as not balanced."""


def plot_love(result: AnalysisResult, last_block: int) -> Figure:
    """Draw the standardised differences of last pain by block, and of all else at their worst.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    last_block : int
        Last block that is compared.

    Returns
    -------
    Figure
        A panel a schedule: hollow before weights, filled after.
    """
    balance = frame_of(result, "balance")
    balance = balance[balance["block"] <= last_block]
    groups = list(dict.fromkeys(balance["strategy"]))
    pain = balance[balance["covariate"] == "last pain"]
    rest = _worst(balance[balance["covariate"] != "last pain"])
    blocks = sorted(pain["block"].unique())
    others = list(dict.fromkeys(rest["name"]))
    names = [f"Last pain, block {block}" for block in blocks] + others
    high = max(0.35, 1.08 * float(np.nanmax(np.abs(balance[["smd", "smd_unweighted"]].to_numpy()))))
    drawn = strokes(groups)
    with look():
        figure, panels = plt.subplots(
            1, len(groups), figsize=(WIDTH, 0.235 * len(names) + 0.75), sharey=True, squeeze=False
        )
        figure.subplots_adjust(left=0.27, right=0.99, wspace=0.08)
        for axes, group in zip(panels[0], groups, strict=True):
            own, beside = pain[pain["strategy"] == group], rest[rest["strategy"] == group]
            after = [*own["smd"], *beside.set_index("name").reindex(others)["smd"]]
            before = [
                *own["smd_unweighted"],
                *beside.set_index("name").reindex(others)["smd_unweighted"],
            ]
            at = -np.arange(len(names), dtype=float)
            axes.axvspan(-LIMIT, LIMIT, color="#eef2f6", zorder=0)
            axes.axvline(0, color=RULE, linewidth=0.8)
            colour = drawn[group].colour
            axes.plot(before, at, "o", color=colour, markerfacecolor="white", markersize=4.2)
            axes.plot(after, at, "o", color=colour, markersize=4.2)
            axes.set_title(strategy_label(group), fontsize=9)
            axes.set_xlim(-high, high)
            axes.set_yticks(at, names)
            axes.set_ylim(-len(names) + 0.4, 0.6)
            axes.grid(False, axis="y")
            axes.axhline(-len(blocks) + 0.5, color=RULE, linewidth=0.8)
        panels[0][len(groups) // 2].set_xlabel("Difference in standard deviations")
        plt.close(figure)
    worst = pain.reindex(pain["smd"].abs().sort_values().index).iloc[-1]
    unweighted = float(pain["smd_unweighted"].abs().max())
    name = strategy_label(worst["strategy"]).lower()
    return finish(
        figure,
        alt=(
            "Dot plot of standardised differences between those kept under a schedule and those it "
            f"began with, before and after weights. Last pain differs by up to "
            f"{write.score(unweighted, 2)} before weights and up to "
            f"{write.score(abs(worst['smd']), 2)} after, in block {int(worst['block'])} of {name}."
        ),
        caption="Balance before weights (hollow) and after (filled)",
        note=(
            "Last pain is shown for every block of four weeks that is compared, all else in the "
            f"block in which it differs most after weights. Within the band (± {LIMIT:g}) a "
            "difference counts as balanced."
        ),
    )


def _worst(balance: pd.DataFrame) -> pd.DataFrame:
    """Take the block in which each covariate is furthest off after weights."""
    frame = balance.copy()
    level = frame["level"].fillna("").astype("str")
    name = frame["covariate"].str.capitalize()
    frame["name"] = name.mask(level != "", name + ": " + level)
    order = frame["smd"].abs().sort_values(ascending=False).index
    worst = frame.loc[order].drop_duplicates(["strategy", "name"])
    shown = list(dict.fromkeys(frame["name"]))
    return worst.sort_values("name", key=lambda names: names.map(shown.index))


def plot_overlap(result: AnalysisResult, last_block: int) -> Figure:
    """Draw how likely clones were to stay on their schedule, of those who did and did not.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    last_block : int
        Last block that is compared.

    Returns
    -------
    Figure
        A panel a schedule for the first decision and for all later ones together.
    """
    overlap = frame_of(result, "overlap")
    overlap = overlap[overlap["block"] <= last_block]
    groups = list(dict.fromkeys(overlap["strategy"]))
    drawn = strokes(groups)
    said = []
    with look():
        figure, panels = plt.subplots(
            2, len(groups), figsize=(WIDTH, 3.5), sharex=True, squeeze=False
        )
        figure.subplots_adjust(left=0.1, right=0.99, wspace=0.28, hspace=0.32)
        for column, group in enumerate(groups):
            rows = overlap[overlap["strategy"] == group]
            for line, (what, part) in enumerate(
                (
                    ("first decision", rows[rows["block"] == 1]),
                    ("later decisions", rows[rows["block"] > 1]),
                )
            ):
                axes = panels[line][column]
                counts = part.groupby(["low", "high"], as_index=False)[["kept", "left"]].sum()
                middle = (counts["low"] + counts["high"]) / 2
                axes.bar(middle, counts["kept"], width=0.088, color=drawn[group].colour)
                axes.bar(middle, -counts["left"], width=0.088, color="#b8c2cc")
                axes.axhline(0, color=INK, linewidth=0.7)
                axes.set_xlim(0, 1)
                ends = [int(tick) for tick in axes.get_yticks()]
                axes.set_yticks(ends, [write.number(abs(end)) for end in ends], fontsize=7.5)
                if line == 0:
                    axes.set_title(strategy_label(group), fontsize=9)
                if column == 0:
                    axes.set_ylabel(what.capitalize(), fontsize=8)
                low = counts.loc[counts["kept"] + counts["left"] > 0, "low"].min()
                if pd.notna(low):
                    least = f"{100 * low:.0f} %"
                    said.append(f"{strategy_label(group)}, {what}: from {least} up")
        panels[1][len(groups) // 2].set_xlabel("Probability of being on the schedule", color=QUIET)
        plt.close(figure)
    return finish(
        figure,
        alt="Histograms of the probability of being on each schedule. " + "; ".join(said) + ".",
        caption="Overlap: how likely each schedule was for those who had it and those who did not",
        note=(
            "Coloured, upwards: clones that had the schedule or stayed on it. Grey, downwards: "
            "those that had another or changed. Where coloured and grey do not overlap there is "
            "nothing to compare, and near 0 a few clones stand for many."
        ),
    )
