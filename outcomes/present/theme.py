"""One look for every figure: colours that colour-blind readers tell apart, on quiet axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl

from outcomes.results import AnalysisResult

INK = "#1f2933"
QUIET = "#52606d"
RULE = "#cbd2d9"
PALE = "#f0f4f8"
ACCENT = "#0b5394"

# Chosen so that any two stay well apart for readers with normal, red-blind, green-blind or
# blue-blind sight, each at 3 : 1 or more against white; markers and dashes tell them apart as well.
_CYCLE = ("#233c74", "#dc620f", "#009b80", "#9f6bdc", "#6b2f10", "#2d8fe8", "#8f1f4b", "#768390")
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = (
    "-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 2, 2)), "-", (0, (6, 2)), (0, (2, 2)), (0, (8, 3)),
)  # fmt: skip

WIDTH = 7.2
"""Width of a figure in inches: the text width of an A4 page."""


@dataclass(frozen=True)
class Stroke:
    """How one group is drawn, wherever it appears.

    Parameters
    ----------
    colour : str
        Hexadecimal.
    marker : str
        Matplotlib marker.
    dashes : str or tuple
        Matplotlib line style.
    """

    colour: str
    marker: str
    dashes: str | tuple[int, tuple[int, ...]]


def _stroke(position: int) -> Stroke:
    return Stroke(
        _CYCLE[position % len(_CYCLE)],
        _MARKERS[position % len(_MARKERS)],
        _DASHES[position % len(_DASHES)],
    )


OVERALL = Stroke(INK, "o", "-")
COMPLETERS = Stroke(QUIET, "D", (0, (2, 2)))
CADENCE: dict[str, Stroke] = {
    "weekly": Stroke("#9f6bdc", "D", (0, (2, 2))),
    "twice_monthly": Stroke("#233c74", "o", "-"),
    "monthly": Stroke("#dc620f", "s", (0, (6, 2))),
    "sparse": Stroke("#009b80", "^", (0, (6, 2, 2, 2))),
    "lapsed": Stroke("#6b2f10", "X", (0, (1, 2))),
}
STRATEGY: dict[str, Stroke] = {"on_demand": Stroke("#009b80", "^", (0, (6, 2, 2, 2)))}
ONSET: dict[str, Stroke] = {
    "acute": Stroke("#009b80", "^", (0, (6, 2))),
    "subacute": Stroke("#a08000", "D", (0, (2, 2))),
    "chronic": Stroke("#8f1f4b", "o", "-"),
}


def strokes(groups: Iterable[str]) -> dict[str, Stroke]:
    """Give each group its colour, marker and line.

    Parameters
    ----------
    groups : iterable of str
        Names of groups. Cadences, schedules and onsets have colours of their own; others, such as
        clinics, take them by alphabet, so the same names look the same in every figure.

    Returns
    -------
    dict of str to Stroke
        One stroke a group.
    """
    named = {"": OVERALL, **CADENCE, **STRATEGY, **ONSET}
    asked = list(dict.fromkeys(groups))
    others = sorted(group for group in asked if group not in named)
    taken = {named[group].colour for group in asked if group in named}
    free = [place for place, colour in enumerate(_CYCLE) if colour not in taken]
    chosen = {group: _stroke(free[position % len(free)]) for position, group in enumerate(others)}
    return {group: named.get(group) or chosen[group] for group in asked}


def clinic_colours(result: AnalysisResult) -> dict[str, str]:
    """Give each clinic of a result its colour, the same in every figure of a report.

    Parameters
    ----------
    result : AnalysisResult
        By clinic; also the clinics without a number count, so that none of them shifts the others.

    Returns
    -------
    dict of str to str
        Hexadecimal by clinic. One colour for all of them where there are more than can be told
        apart.
    """
    rows = result.estimates
    own = rows.loc[rows["group_by"] == "clinic", "group"]
    groups = sorted({str(group) for group in own} - {""})
    if len(groups) > len(_CYCLE):
        return dict.fromkeys(groups, ACCENT)
    return {"": ACCENT} | {name: stroke.colour for name, stroke in strokes(groups).items()}


@contextmanager
def look() -> Iterator[None]:
    """Draw with the look of the reports while the context lasts.

    Yields
    ------
    None
        Settings of matplotlib are put back afterwards.
    """
    settings: dict[Any, Any] = {
        # the one family that matplotlib itself brings, so that figures look the same everywhere
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": RULE,
        "axes.labelcolor": QUIET,
        "axes.labelsize": 9,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": "#e4e7eb",
        "grid.linewidth": 0.8,
        "xtick.color": RULE,
        "xtick.labelcolor": QUIET,
        "ytick.color": RULE,
        "ytick.labelcolor": QUIET,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "ytick.left": False,
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        # letters are measured as they are drawn: no grid of pixels to fit them to
        "figure.dpi": 72,
        "text.hinting": "no_hinting",
        # outlines, so that no reader needs the font and no label is cut
        "svg.fonttype": "path",
        # the same figure gives the same bytes
        "svg.hashsalt": "outcomes",
    }
    with mpl.rc_context(settings):
        yield
