"""Month by month: shares as lines that break where nothing was recorded, and a mix as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.labels import group_label
from outcomes.present.rows import rows_of
from outcomes.present.theme import (
    ACCENT,
    INK,
    PALE,
    QUIET,
    WIDTH,
    clinic_colours,
    look,
    strokes,
)
from outcomes.results import AnalysisResult

_PANEL, _COLUMNS = 1.35, 4
"""Height of a panel in inches, and panels side by side."""
_EVERY = 3
_FEW = 10
"""Smallest number that a share by month is drawn with a full point for."""


@dataclass(frozen=True)
class MonthlyWords:
    """What a figure of shares by month says.

    Parameters
    ----------
    caption : str
        The one idea of the figure.
    measure : str
        What the share is, as words within a sentence.
    note : str
        How to read it.
    """

    caption: str
    measure: str
    note: str = ""


def monthly_rows(result: AnalysisResult, term: str) -> pd.DataFrame:
    """Pick the rows of a term that speak of a month.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    term : str
        Such as ``no_show``.

    Returns
    -------
    DataFrame
        The rows in order of time, with the first day of the month in ``month``.
    """
    rows = rows_of(result, term)
    rows = rows[rows["landmark"].str.fullmatch(r"\d{4}-\d{2}-\d{2} to \d{4}-\d{2}-\d{2}")]
    first = pd.to_datetime(rows["landmark"].str.slice(0, 10))
    return rows.assign(month=first).sort_values("month", kind="stable")


def plot_months(
    result: AnalysisResult, term: str, words: MonthlyWords, *, whole: bool = True
) -> Figure:
    """Draw a share by month, a small chart a group and all on one scale.

    Parameters
    ----------
    result : AnalysisResult
        A result with the term by month.
    term : str
        What to draw.
    words : MonthlyWords
        Caption and reading aid.
    whole : bool
        Draw the scale up to 100%; else up to a little more than the largest share.

    Returns
    -------
    Figure
        A month without a share is a gap.

    Raises
    ------
    ValueError
        If no month has a share.
    """
    rows = monthly_rows(result, term)
    shares = _share(rows)
    if not shares.notna().any():
        raise ValueError("no month has a share to draw")
    groups = list(dict.fromkeys(rows["group"]))
    columns = min(_COLUMNS, len(groups))
    lines = -(-len(groups) // columns)
    colours = clinic_colours(result) if set(rows["group_by"]) == {"clinic"} else {}
    top = 1.0 if whole else min(1.0, float(np.ceil(shares.max() * 13.5) / 10 or 0.1))
    with look():
        height = _PANEL * lines + 0.25 if len(groups) > 1 else 2.1
        figure, axes = plt.subplots(
            lines, columns, figsize=(WIDTH, height), sharex=True, sharey=True, squeeze=False
        )
        figure.subplots_adjust(left=0.07, right=0.97, hspace=0.55, wspace=0.12)
        for panel, group in zip(axes.flat, groups, strict=False):
            own = rows[rows["group"] == group]
            colour = colours.get(str(group), ACCENT)
            _line(panel, own["month"], _share(own), own["n_patients"], colour)
            if len(groups) > 1:
                panel.set_title(group_label(str(own["group_by"].iloc[0]), str(group)), fontsize=9)
        for panel in list(axes.flat)[len(groups) :]:
            panel.set_visible(False)
        for panel in list(axes.flat)[: len(groups)][-columns:]:
            panel.tick_params(labelbottom=True)
        axes[0, 0].set_ylim(-0.02 * top, top * 1.03)
        axes[0, 0].yaxis.set_major_formatter(lambda value, _: write.proportion(round(value, 6)))
        _label_months(list(axes.flat), rows["month"], sparse=columns > 1)
        plt.close(figure)
    gap = shares.isna().any()
    hidden = (rows["status"] == "suppressed").any()
    what = "nothing is recorded, or the number is withheld," if hidden else "nothing is recorded"
    broken = f"A month in which {what} is a gap. " if gap else ""
    few = (rows.loc[shares.notna(), "n_patients"] < _FEW).any()
    broken += f"Hollow: of fewer than {_FEW}. " if few else ""
    return finish(
        figure,
        alt=_alt(rows, words.measure),
        caption=words.caption,
        note=f"{broken}{words.note}".strip(),
    )


def plot_cadence_mix(result: AnalysisResult) -> Figure:
    """Draw the patients in care by how often they come, a column a month.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_retention`.

    Returns
    -------
    Figure
        Columns of 100%; a month without a session is a gap.

    Raises
    ------
    DisclosureError
        If the mix comes without starting pain or without its caution.
    ValueError
        If no month has a mix.
    """
    beside = beside_cadence(result)
    rows = monthly_rows(result, "cadence_share")
    rows = rows.assign(share=_share(rows))
    if not rows["share"].notna().any():
        raise ValueError("no month has a mix to draw")
    groups = list(dict.fromkeys(rows["group"]))
    drawn = strokes(groups)
    months = list(dict.fromkeys(rows["month"]))
    place = {month: number for number, month in enumerate(months)}
    with look():
        figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
        figure.subplots_adjust(left=0.07, right=0.78)
        below = pd.Series(0.0, index=months)
        ends: list[tuple[float, str, float]] = []
        latest = rows.loc[rows["share"].notna(), "month"].max()
        for group in groups:
            share = rows[rows["group"] == group].set_index("month")["share"].reindex(months)
            axes.bar(
                [place[month] for month in months], share.fillna(0), 0.86, bottom=below,
                color=drawn[group].colour, linewidth=0,
            )  # fmt: skip
            known = share.dropna()
            if len(known):
                last = known.index[-1]
                # a share of an earlier month must not be read as that of the last
                now = known.iloc[-1] if last == latest else float("nan")
                ends.append((below[last] + known.iloc[-1] / 2, group, now))
            below = below + share.fillna(0)
        hidden = set(rows.loc[rows["status"] == "suppressed", "month"]) & set(months)
        partly = [month for month in months if month in hidden and 0 < below[month] < 1]
        axes.bar(
            [place[month] for month in partly], [1 - below[month] for month in partly], 0.86,
            bottom=[below[month] for month in partly], color=PALE, linewidth=0,
        )  # fmt: skip
        axes.set_ylim(0, 1)
        axes.set_xlim(-0.6, len(months) - 0.4)
        axes.yaxis.set_major_formatter(lambda value, _: write.proportion(round(value, 6)))
        _name_ends(axes, ends, {group: drawn[group].colour for group in groups})
        ticks = _chosen(months, sparse=False)
        axes.set_xticks([place[month] for month in ticks], [_month(month) for month in ticks])
        plt.close(figure)
    days = result.diagnostics.get("cadence_window")
    span = f"{write.number(days)} days" if days else "weeks"
    who = f"Patients with a session in the {span} before the end of the month. "
    broken = "A month without a recorded session is a gap. "
    broken = broken if (rows["status"] == "refused").any() else ""
    pale = "Pale: withheld, too few people." if (rows["status"] == "suppressed").any() else ""
    return finish(
        figure,
        alt=_mix_alt(rows),
        caption="Patients in care by how often they come, month by month",
        note=f"{who}{broken}{pale}".strip(),
        caution=" ".join(beside),
    )


def _share(rows: pd.DataFrame) -> pd.Series:
    """Share from the counts shown, so that a figure says no more than a table does."""
    return (rows["n_events"] / rows["n_patients"].where(rows["n_patients"] > 0)).where(
        rows["status"] == "ok"
    )


def _line(axes: Axes, months: pd.Series, shares: pd.Series, of: pd.Series, colour: str) -> None:
    """Draw a line that breaks at gaps, and points that stand alone."""
    values = shares.to_numpy(dtype="float64")
    axes.plot(months, values, color=colour, linewidth=1.3)
    for some, fill in ((of >= _FEW, colour), (of < _FEW, "white")):
        axes.plot(
            months[some], values[some.to_numpy()], color=colour, marker="o", markersize=3,
            markerfacecolor=fill, linestyle="", clip_on=False, zorder=3,
        )  # fmt: skip
    middle = np.nanmedian(values) if np.isfinite(values).any() else np.nan
    if np.isfinite(middle):
        axes.axhline(middle, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    for month in months[np.isnan(values)]:
        axes.axvspan(
            month - pd.Timedelta(days=15), month + pd.Timedelta(days=15), color=PALE, linewidth=0
        )


def _chosen(months: Sequence[pd.Timestamp], *, sparse: bool) -> list[pd.Timestamp]:
    """Months to label: the first of each quarter, or of each year, counted back from the last."""
    every = _EVERY * (4 if sparse else 1)
    return list(months)[::-1][::every][::-1]


def _month(month: pd.Timestamp) -> str:
    return f"{month:%b} {month.year}"


def _label_months(axes: Sequence[Axes], months: pd.Series, *, sparse: bool) -> None:
    chosen = _chosen(list(dict.fromkeys(months)), sparse=sparse)
    names = [_month(month) for month in chosen]
    for each in axes:
        each.set_xticks(np.array(chosen, dtype="datetime64[D]"), names)


def _name_ends(axes: Axes, ends: list[tuple[float, str, float]], colours: dict[str, str]) -> None:
    """Name each part of the last column at its height, moved apart where two would touch."""
    least = 0.085
    heights = [height for height, _, _ in ends]
    for _ in range(60):
        for lower in range(len(heights) - 1):
            overlap = least - (heights[lower + 1] - heights[lower])
            if overlap > 0:
                heights[lower] -= overlap / 2
                heights[lower + 1] += overlap / 2
        heights = [min(max(height, 0.03), 0.97) for height in heights]
    for height, (_, group, share) in zip(heights, ends, strict=True):
        name = group_label("cadence", group)
        name += "" if np.isnan(share) else f" {write.proportion(share)}"
        axes.annotate(
            name, (1, height),
            xycoords="axes fraction", xytext=(16, 0), textcoords="offset points", va="center",
            fontsize=8.5, color=INK, annotation_clip=False,
        )  # fmt: skip
        axes.plot(
            [1.01, 1.025], [height, height], transform=axes.transAxes, color=colours[group],
            linewidth=4, clip_on=False, solid_capstyle="butt",
        )  # fmt: skip


def _alt(rows: pd.DataFrame, measure: str) -> str:
    said = [f"Chart of {measure} by month."]
    for group, own in rows.groupby("group", sort=False):
        shares = _share(own)
        if not shares.notna().any():
            continue
        known = own[shares.notna()]
        name = group_label(str(own["group_by"].iloc[0]), str(group))
        first, last = known.iloc[0], known.iloc[-1]
        said.append(
            f"{name}: {write.percent(first['n_events'], first['n_patients'])} in "
            f"{_month(first['month'])}, {write.percent(last['n_events'], last['n_patients'])} in "
            f"{_month(last['month'])}."
        )
    return " ".join(said)


def _mix_alt(rows: pd.DataFrame) -> str:
    known = rows[rows["share"].notna()]
    last = known[known["month"] == known["month"].max()]
    parts = [
        f"{group_label('cadence', group).lower()} {write.proportion(share)}"
        for group, share in zip(last["group"], last["share"], strict=True)
    ]
    when = _month(known["month"].max())
    return (
        "Chart of patients in care by how often they come, by month. "
        f"At the end of {when}: {write.listing(parts)}."
    )
