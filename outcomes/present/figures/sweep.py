"""How many improved by at least each amount: every threshold at once."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.figures.surroundings import label_ends
from outcomes.present.labels import group_label, split_words, timing_words
from outcomes.present.theme import INK, QUIET, WIDTH, Stroke, look, strokes
from outcomes.results import AnalysisResult


def plot_sweep(result: AnalysisResult, registry: InstrumentRegistry | None = None) -> Figure:
    """Draw the share of those with both scores who improved by at least each amount.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_responders`.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Figure
        A line a group, from the largest worsening to the largest improvement on the scale; the
        thresholds in points are marked.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    ValueError
        If no group has both scores.
    """
    beside = beside_cadence(result)
    curve = result.curve
    curve = curve[curve["scale"] == "points"] if len(curve) else curve
    if curve.empty:
        raise ValueError("the result has no curve to draw")
    instrument = (registry or default_registry()).get(str(curve["outcome"].iloc[0]))
    group_by = str(curve["group_by"].iloc[0])
    held = set(curve["group"])
    groups = [group for group in dict.fromkeys(result.estimates["group"]) if group in held]
    # also the groups without a line count, so that each has one colour in every figure
    drawn = strokes(result.estimates["group"].unique())
    worst = curve.loc[curve["n_events"] < curve["n_patients"], "at"]
    low = min(float(worst.min()) if len(worst) else 0.0, 0.0)
    reach = instrument.maximum - instrument.minimum
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.45))
        figure.subplots_adjust(left=0.08, right=0.97 if not group_by else 0.76)
        axes.set_ylim(0, 1.03)
        axes.set_xlim(low - 0.05 * reach, reach)
        ends: list[tuple[float, str, Stroke]] = []
        for group in groups:
            own = curve[curve["group"] == group]
            share = own["n_events"] / own["n_patients"]
            stroke = drawn[group]
            # the share at an amount holds down to the amount before it
            axes.step(own["at"], share, where="pre", color=stroke.colour, linestyle=stroke.dashes)
            ends.append((float(share.iloc[-1]), group_label(group_by, group), stroke))
        axes.axvline(0, color=QUIET, linewidth=0.8, zorder=1)
        for name in result.spec.thresholds:
            threshold = instrument.threshold(name)
            if threshold.kind == "points":
                axes.axvline(
                    threshold.value, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1
                )
                axes.annotate(
                    threshold.label, (threshold.value, 1.0), xycoords=("data", "axes fraction"),
                    xytext=(4, 3), textcoords="offset points", fontsize=8, color=QUIET,
                )  # fmt: skip
        if group_by:
            _legend(axes, ends)
        axes.yaxis.set_major_formatter(lambda value, _: write.proportion(round(value, 6)))
        axes.set_xlabel(f"Improved by at least so many {instrument.unit} (left of 0: got worse)")
        plt.close(figure)
    day = result.spec.window
    return finish(
        figure,
        alt=_alt(curve, group_by, instrument.unit, reach),
        caption=f"Improvement at {write.follow_up(day)}, {split_words(result)}"
        if group_by
        else f"How many improved by how much at {write.follow_up(day)}",
        note=(
            "Share of patients with both scores who improved by at least the amount below. Any "
            f"threshold can be read off. {timing_words(result)}"
        ).strip(),
        caution=" ".join(beside),
    )


def _legend(axes: plt.Axes, ends: list[tuple[float, str, Stroke]]) -> None:
    """Name the lines at the right, evenly spaced as they all end near nothing."""
    step = 1 / (len(ends) + 1)
    spread = [(1 - (place + 1) * step, *end[1:]) for place, end in enumerate(ends)]
    label_ends(axes, spread)


def _alt(curve: pd.DataFrame, group_by: str, unit: str, reach: float) -> str:
    said = [f"Chart of the share of patients who improved by at least so many {unit}."]
    for group, own in curve.groupby("group", sort=False):
        share = (own["n_events"] / own["n_patients"]).to_numpy()
        at = own["at"].to_numpy()
        parts = []
        for part in (0.1, 0.2, 0.4):
            amount = part * reach
            near = abs(at - amount).argmin() if len(at) else 0
            if len(at) and abs(at[near] - amount) < 1e-6:
                parts.append(f"{write.proportion(float(share[near]))} by {amount:g} or more")
        if parts:
            name = group_label(group_by, str(group))
            said.append(f"{name}: {write.listing(parts)}.")
    return " ".join(said)
