"""Results over time: what was flagged, the charts, and how often each is wrong."""

from __future__ import annotations

import pandas as pd

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.control_chart import (
    DIFFERENCE,
    LOWER_IS_BETTER,
    alarm_of,
    chart_rows,
    flagged,
    period_words,
    plot_trend,
    trend_label,
    value_words,
)
from outcomes.present.rows import rows_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_ORDER = (DIFFERENCE, "responder", "answered", "no_show", "adverse_events")
_GAP = "without a value"
_OFTEN_WRONG = 0.3
"""Share of charts wrongly flagged from which a flag is not taken for news."""
Chart = tuple[str, int]


def trend_charts(release: Release, name: str) -> Section:
    """Show how results went over time, for all patients together.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_trends`.

    Returns
    -------
    Section
        What was flagged in sentences, a chart each, and a table of levels and false alarms.
    """
    result = release[name]
    missing = absent(result, "results over time")
    charts = _charts(result)
    if missing or not charts:
        return missing or Section(
            [Prose(["Left out: results over time. There are too few records."], kind="absent")]
        )
    figures: list[Part] = [
        plot_trend(result, measure, window, registry=release.registry)
        for measure, window in charts
        if not _always_the_same(chart_rows(result, measure, window, ""))
    ]
    lead = Prose(trend_sentences(result, release), kind="answer", listed=True)
    said = Prose([_points_are(result, charts)])
    return Section([said, lead, *figures, _table(result, charts, release)])


def _points_are(result: AnalysisResult, charts: list[Chart]) -> str:
    """Say whose result a point is."""
    every = str(result.diagnostics.get("every", "month"))
    sessions = f"the appointments and sessions of one {every}"
    if not any(window for _, window in charts):
        return f"Each point is {sessions}."
    also = f" Missed appointments and unwanted events are by {every} of the appointment."
    return (
        f"Each point is the patients whose care began in one {every}, not those who came in it: "
        "who comes in a month depends on how they are."
        + ("" if all(window for _, window in charts) else also)
    )


def trend_sentences(result: AnalysisResult, release: Release) -> list[str]:
    """Say of each chart what was flagged, or that nothing was.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends` for all patients together.
    release : Release
        To name outcomes by.

    Returns
    -------
    list of str
        A sentence a chart; charts on which nothing was flagged share one.
    """
    said, quiet, short, unsure = [], [], [], []
    for measure, window in _charts(result):
        rows = chart_rows(result, measure, window, "")
        label = trend_label(result, measure, window, release.registry).partition(", ")[0]
        if _always_the_same(rows):
            level = value_words(float(rows["estimate"].dropna().iloc[0]), measure)
            said.append(f"{label}: {level} throughout.")
            continue
        if rows["low"].isna().all():
            short.append(_lower(label))
            continue
        found = _flags(rows)
        if found and often_wrong(result, measure, window):
            unsure.append(_lower(label))
        elif found:
            said.append(f"{label}: {'; '.join(found)}.")
        else:
            quiet.append(_lower(label))
    if quiet:
        said.append(f"Nothing out of the ordinary: {write.listing(quiet)}.")
    if unsure:
        said.append(
            f"Flagged, but no news: {write.listing(unsure)}. Charts like these are often flagged "
            "although nothing has changed."
        )
    if short:
        said.append(f"Too few periods to judge: {write.listing(short)}.")
    return said


def _always_the_same(rows: pd.DataFrame) -> bool:
    """Whether a chart says no more than a sentence does."""
    return bool(rows["low"].isna().all() and rows["estimate"].min() == rows["estimate"].max())


def often_wrong(result: AnalysisResult, measure: str, window: int) -> bool:
    """Say whether charts of a kind are flagged so often without cause that a flag is no news.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_trends`.
    measure : str
        What is charted.
    window : int
        Follow-up day; 0 for sessions.

    Returns
    -------
    bool
        True from three in ten such charts.
    """
    return alarm_of(result, f"{measure}_false_alarm", window, "") >= _OFTEN_WRONG


def _lower(label: str) -> str:
    return f"{label[0].lower()}{label[1:]}"


def _charts(result: AnalysisResult) -> list[Chart]:
    """Charts of everybody together, in the order of the report."""
    curve = result.curve
    if curve.empty:
        return []
    present = set(
        curve.loc[curve["group"] == "", ["measure", "window"]].itertuples(index=False, name=None)
    )
    return sorted(
        ((str(measure), int(window)) for measure, window in present),
        key=lambda chart: (_ORDER.index(chart[0]), chart[1]),
    )


def _flags(rows: pd.DataFrame) -> list[str]:
    """Say what was flagged on a chart."""
    state = flagged(rows)
    known = rows[rows["estimate"].notna()]
    said = []
    for name in ("better", "worse"):
        here = (state == name).reindex(known.index)
        alone = known[here & (known["beyond"] != 0)]
        run = known[here & known["shift"].astype("bool")]
        if len(alone):
            periods = [period_words(str(each)) for each in alone["period"]]
            said.append(f"{name} than usual in {write.listing(periods)}")
        if len(run):
            first, last = (period_words(str(run["period"].iloc[end])) for end in (0, -1))
            said.append(
                f"{write.count(len(run), 'period')} {name} than usual between {first} and {last}"
            )
    drift = known[known["drift_signal"] != 0]
    if len(drift):
        row = drift.iloc[-1]
        way = "rise" if row["drift_signal"] > 0 else "fall"
        said.append(f"a slow {way} had added up by {period_words(str(row['period']))}")
    return said


def _table(result: AnalysisResult, charts: list[Chart], release: Release) -> Table:
    """Tabulate level, latest value and false alarms of each chart."""
    rows: list[tuple[str, ...]] = []
    for measure, window in charts:
        points = chart_rows(result, measure, window, "")
        points = points[points["estimate"].notna()]
        level = rows_of(result, measure, group="")
        level = level[level["landmark"] == (f"day {window}" if window else "")]
        shown = write.NOT_KNOWN
        if len(level):
            row = level.iloc[0]
            shown = cells.WITHHELD if row["status"] == "suppressed" else write.NOT_KNOWN
            if row["status"] == "ok" and pd.notna(row["estimate"]):
                shown = value_words(float(row["estimate"]), measure)
        latest = points.iloc[-1]
        alarm = alarm_of(result, f"{measure}_false_alarm", window, "")
        rows.append(
            (
                trend_label(result, measure, window, release.registry),
                "down" if measure in LOWER_IS_BETTER else "up",
                shown,
                f"{value_words(float(latest['estimate']), measure)}\n"
                f"({period_words(str(latest['period']))})",
                f"{write.score(100 * alarm, 0)}%" if pd.notna(alarm) else write.NOT_KNOWN,
                _alike(result, measure, window),
                _target(result, measure, window),
            )
        )
    columns: tuple[str, ...] = (
        "What is charted",
        "Better",
        "Usual level",
        "Latest",
        "Charts wrongly flagged",
        "Likeness of neighbours",
        "Target",
    )
    if all(row[-1] == write.NOT_KNOWN for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    every = str(result.diagnostics.get("every", "month"))
    return Table(
        "Charts over time",
        columns,
        rows,
        (
            f"Results belong to the {every} in which care began, whenever they were answered, so "
            "that a change in who stays does not look like a change of care. The newest "
            f"{every}s, whose patients have not all reached the follow-up time, are not shown.",
            "Expected: what a model of all patients gives for those with the same start. Charts "
            "wrongly flagged: simulated, of charts like this one on which nothing changes. "
            "Likeness of neighbours: correlation with the period before; above 0.2 the chart of "
            "improvement shows what is left once it is allowed for.",
            # each chart says of its own gaps
            *(note for note in notes_of(result) if _GAP not in note),
        ),
    )


def _alike(result: AnalysisResult, measure: str, window: int) -> str:
    found = alarm_of(result, f"{measure}_autocorrelation", window, "")
    return write.score(found, 2)


def _target(result: AnalysisResult, measure: str, window: int) -> str:
    rows = rows_of(result, f"{measure}_target", group="")
    rows = rows[rows["landmark"] == (f"day {window}" if window else "")]
    if rows.empty:
        return write.NOT_KNOWN
    row = rows.iloc[0]
    met = f"\n({row['note']} met)" if row["note"] else ""
    return f"{value_words(float(row['estimate']), measure)}{met}"
