"""Pain of one patient over time, inside the range expected from the start."""

from __future__ import annotations

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from outcomes.instruments import Instrument
from outcomes.present import format as write
from outcomes.present.board import COLUMN
from outcomes.present.figures.figure import Figure, finish
from outcomes.present.theme import ACCENT, INK, QUIET, look

_BAND = "#cfdcea"
_LONG = 550
"""Days of records beyond which only the last year is drawn."""
_EVENT = "#a30000"


def line_scores(records: pd.DataFrame) -> pd.DataFrame:
    """Pick the scores of one patient that make one line.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.

    Returns
    -------
    DataFrame
        Scores before sessions, or those answered at home where there are none before sessions.
    """
    scores = records[records["series"] == "score"]
    before = scores[scores["label"] == "pre"]
    return before if len(before) else scores[scores["label"] == "remote"]


def plot_patient_pain(
    records: pd.DataFrame, instrument: Instrument, expected: pd.DataFrame | None = None
) -> Figure:
    """Draw one patient's scores with sessions marked.

    Parameters
    ----------
    records : DataFrame
        Rows of one patient from the curve of `estimate_patient_course`.
    instrument : Instrument
        The pain instrument.
    expected : DataFrame, optional
        Rows of the patient from the curve of `estimate_off_track`: date, low, median, high.

    Returns
    -------
    Figure
        Two columns of a board wide. Scores before sessions are joined, those answered at home stand
        alone; sessions are strokes under the line, missed ones crosses.

    Raises
    ------
    ValueError
        If the patient has no score.
    """
    line = line_scores(records)
    if line.empty:
        raise ValueError("the patient has no score to draw")
    home = records[(records["series"] == "score") & (records["label"] == "remote")]
    home = home.iloc[:0] if len(line) and line["label"].iloc[0] == "remote" else home
    shown = records[records["series"].isin(["score", "session"])]
    first, last = shown["date"].min(), shown["date"].max()
    cut = (last - first).days > _LONG
    since = last - pd.Timedelta(days=365) if cut else first
    line, home = line[line["date"] >= since], home[home["date"] >= since]
    band = _band(expected, since)
    low, high = instrument.minimum, instrument.maximum
    reach = high - low
    with look():
        figure, axes = plt.subplots(figsize=(2 * COLUMN + 0.2, 2.35))
        figure.subplots_adjust(left=0.035, right=0.985, top=0.97, bottom=0.12)
        if len(band) == 1:
            axes.vlines(band["date"], band["low"], band["high"], color=_BAND, linewidth=12)
        elif len(band):
            axes.fill_between(
                band["date"], band["low"], band["high"], color=_BAND, linewidth=0, zorder=1
            )
            axes.plot(band["date"], band["median"], color=QUIET, linestyle=(0, (2, 2)), linewidth=1)
        axes.plot(
            home["date"], home["value"], marker="D", markersize=3, markerfacecolor="white",
            color=QUIET, linestyle="", zorder=2,
        )  # fmt: skip
        axes.plot(
            line["date"], line["value"], color=INK, marker="o", markersize=3.6, linewidth=1.3,
            zorder=3,
        )  # fmt: skip
        if len(line):
            _label_last(axes, line.iloc[-1])
        below = low - 0.09 * reach
        _marks(axes, records, "session", since, below, "|", INK, 5)
        _marks(axes, records, "missed", since, below, "x", "#b45f06", 4)
        _marks(axes, records, "adverse_event", since, high + 0.04 * reach, "v", _EVENT, 4.5)
        axes.set_ylim(low - 0.15 * reach, high + 0.1 * reach)
        axes.set_yticks([low + share * reach for share in (0, 0.25, 0.5, 0.75, 1)])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        span = max((last - since).days, 14)
        axes.set_xlim(since - pd.Timedelta(days=span * 0.02), last + pd.Timedelta(days=span * 0.06))
        locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(
            mdates.ConciseDateFormatter(locator) if span > 120 else FuncFormatter(_day_and_month)
        )
        plt.close(figure)
    return finish(
        figure,
        alt=_alt(line, home, records, band, instrument),
        caption=f"{instrument.label}" + (", the last year" if cut else " since care began"),
        note=_note(line, home, records, band, since),
    )


def _day_and_month(value: float, _: float) -> str:
    """Write a place on the axis as a day."""
    day = mdates.num2date(value)
    return f"{day.day} {day:%b}"


def _band(expected: pd.DataFrame | None, since: pd.Timestamp) -> pd.DataFrame:
    """Rows of the expected range that lie in the picture."""
    if expected is None or expected.empty:
        return pd.DataFrame(columns=["date", "low", "median", "high"])
    known = expected[expected["date"].notna() & expected["low"].notna()]
    return known[known["date"] >= since].sort_values("date")


def _marks(
    axes: Axes,
    records: pd.DataFrame,
    series: str,
    since: pd.Timestamp,
    height: float,
    marker: str,
    colour: str,
    size: float,
) -> None:
    rows = records[(records["series"] == series) & (records["date"] >= since)]
    axes.plot(
        rows["date"], [height] * len(rows), marker=marker, color=colour, linestyle="",
        markersize=size, clip_on=False,
    )  # fmt: skip


def _label_last(axes: Axes, row: pd.Series) -> None:
    axes.annotate(
        write.score(row["value"], 0), (row["date"], row["value"]), xytext=(6, 0),
        textcoords="offset points", va="center", fontsize=10, fontweight="bold", color=ACCENT,
    )  # fmt: skip


def _note(
    line: pd.DataFrame,
    home: pd.DataFrame,
    records: pd.DataFrame,
    band: pd.DataFrame,
    since: pd.Timestamp,
) -> str:
    where = "before sessions" if len(line) and line["label"].iloc[0] == "pre" else "at home"
    said = [f"Line: scores {where}."]
    if len(home):
        said.append("Diamonds: answered at home.")
    late = records[records["date"] >= since]
    if (late["series"] == "session").any():
        missed = ", crosses missed ones" if (late["series"] == "missed").any() else ""
        said.append(f"Strokes: sessions{missed}.")
    if (late["series"] == "adverse_event").any():
        said.append("Triangles: unwanted symptoms.")
    if len(band):
        said.append("Shaded: where 90 of 100 who started like this are.")
    return " ".join(said)


def _alt(
    line: pd.DataFrame,
    home: pd.DataFrame,
    records: pd.DataFrame,
    band: pd.DataFrame,
    instrument: Instrument,
) -> str:
    said = [f"Line chart of {instrument.label}, {write.count(len(line), 'score')}."]
    if len(line):
        first, last = line.iloc[0], line.iloc[-1]
        said.append(
            f"From {write.score(first['value'], 0)} on {write.date(first['date'])} to "
            f"{write.score(last['value'], 0)} on {write.date(last['date'])}, between "
            f"{write.score(line['value'].min(), 0)} and {write.score(line['value'].max(), 0)}."
        )
    if len(home):
        said.append(f"{write.count(len(home), 'score')} answered at home beside it.")
    if len(band):
        end = band.iloc[-1]
        said.append(
            f"Expected at the end of the shaded range: {write.score(end['low'], 0)} to "
            f"{write.score(end['high'], 0)}."
        )
    sessions = int((records["series"] == "session").sum())
    said.append(f"{write.count(sessions, 'session')} attended so far.")
    return " ".join(said)
