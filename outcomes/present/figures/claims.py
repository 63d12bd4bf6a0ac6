"""Published figures against a clinic's own, one line a number."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt

from outcomes.present import format as write
from outcomes.present.claim_lines import VERDICTS, Line, number
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import ACCENT, INK, QUIET, RULE, WIDTH, look

_BAND = "#c9dcf0"
_LOOK = {
    "consistent": ("o", INK, INK),
    "not_consistent": ("X", "#b3400b", "#b3400b"),
    "cannot_tell": ("o", "white", QUIET),
}
_ROW = 0.27


def plot_claims(lines: Sequence[Line]) -> Figure:
    """Draw each judged number with its interval on the published figure or range.

    Parameters
    ----------
    lines : sequence of Line
        As made by `lines_of`.

    Returns
    -------
    Figure
        A panel of percentages and one of points, each with the numbers that have such a unit; rates
        per 100 sessions stand in the table only.

    Raises
    ------
    ValueError
        If no number can be drawn.
    """
    drawn = [line for line in lines if line.label and line.verdict in _LOOK and line.shown]
    panels = [
        ("Per cent", [line for line in drawn if _unit(line) == "percent"]),
        ("Points of pain (less is better)", [line for line in drawn if _unit(line) == "points"]),
    ]
    panels = [(title, rows) for title, rows in panels if rows]
    if not panels:
        raise ValueError("there is no number to draw")
    heights = [len(rows) + 1.2 for _, rows in panels]
    with look():
        figure, axes = plt.subplots(
            len(panels), 1, squeeze=False, figsize=(WIDTH, _ROW * sum(heights) + 0.5),
            height_ratios=heights,
        )  # fmt: skip
        figure.subplots_adjust(left=0.4, right=0.77, hspace=0.3)
        for axis, (title, rows) in zip(axes[:, 0], panels, strict=True):
            _panel(axis, title, rows)
        plt.close(figure)
    kinds = "a dot agrees, a cross does not, an open dot cannot tell"
    return finish(
        figure,
        alt=_alt(drawn),
        caption="What was published against what is recorded here",
        note=f"Blue: the published figure or range. Line: 95% interval of our number; {kinds}.",
    )


def _unit(line: Line) -> str:
    unit = str(line.row["unit"]) if line.row is not None else ""
    if unit in ("share", "%", "ratio"):
        return "percent"
    return "points" if unit == "points" else ""


def _scaled(line: Line, value: float) -> float:
    unit = str(line.row["unit"]) if line.row is not None else ""
    return 100 * value if unit in ("share", "ratio") else value


def _panel(axis: plt.Axes, title: str, rows: Sequence[Line]) -> None:
    """Draw one panel, the first row on top."""
    values = []
    for line in rows:
        assert line.row is not None
        values += [_scaled(line, line.row[name]) for name in ("estimate", "conf_low", "conf_high")]
        values += [_scaled(line, line.about[f"published_{end}"]) for end in ("low", "high")]
    known = [value for value in values if abs(value) < 1e6]
    low, high = min(known), max(known)
    room = 0.06 * (high - low or 1.0)
    axis.set_xlim(low - room, high + room)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_title(title)
    axis.grid(axis="x")
    axis.grid(visible=False, axis="y")
    axis.set_yticks(range(len(rows)), [_name(line) for line in rows])
    axis.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
    for place, line in enumerate(rows):
        _draw(axis, place, line, room)
    if low < 0 < high:
        axis.axvline(0, color=RULE, linewidth=1, zorder=1)


def _draw(axis: plt.Axes, place: int, line: Line, room: float) -> None:
    row, about = line.row, line.about
    assert row is not None
    begin, end = (_scaled(line, about[f"published_{name}"]) for name in ("low", "high"))
    edge = axis.get_xlim()
    if about["rule"] == "reaches":
        begin = edge[0]
    elif about["rule"] == "above" and begin == end:
        end = edge[1]
    elif about["rule"] == "below":
        begin = edge[0]
    if begin == end:
        axis.plot([begin] * 2, [place - 0.34, place + 0.34], color=ACCENT, linewidth=2.4, zorder=2)
    elif begin < end:
        axis.barh(place, end - begin, left=begin, height=0.68, color=_BAND, zorder=1)
    marker, fill, colour = _LOOK[line.verdict]
    low, high = (_scaled(line, row[name]) for name in ("conf_low", "conf_high"))
    middle = _scaled(line, row["estimate"])
    axis.plot([low, high], [place, place], color=colour, linewidth=1.6, zorder=3)
    axis.plot(
        [middle], [place], marker=marker, markersize=6, markerfacecolor=fill,
        markeredgecolor=colour, zorder=4,
    )  # fmt: skip
    axis.annotate(
        number(line), (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        color=colour,
    )  # fmt: skip


def _name(line: Line) -> str:
    return f"{line.claim}  {line.label}"


def _alt(drawn: Sequence[Line]) -> str:
    said = [
        f"{line.claim}, {line.label}: {number(line)}, published "
        f"{line.about['published'] or write.NOT_KNOWN}, {VERDICTS[line.verdict].lower()}."
        for line in drawn
        if _unit(line)
    ]
    return "Chart of published figures against own numbers. " + " ".join(said)
