"""Pain over time: everyone, by onset, and by cadence at the landmark."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.figures.course import course_figures
from outcomes.present.labels import group_label, outcome_label, split_words
from outcomes.present.rows import Row, days_of, interval_of, lookup, outcome_of, rows_of, split_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_SPLIT_DAYS = (84, 182, 364, 1092)
_AFTER_LANDMARK = (182, 364, 728, 1092)


def pain_course(release: Release, name: str) -> Section:
    """Show how pain went for everyone together.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_pain_trajectory`.

    Returns
    -------
    Section
        The course with the completers' beside it, and a table of all follow-up times.
    """
    result = release[name]
    missing = absent(result, "pain over time")
    if missing:
        return missing
    figures = course_figures(result, release.registry)
    return Section([*figures, course_table(result, release.registry)])


def pain_split(release: Release, name: str) -> Section:
    """Show how pain went by onset, cadence or clinic.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_pain_trajectory` with a grouping.

    Returns
    -------
    Section
        The courses and a table; for cadence with each group's starting pain and the caution.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    words = {"onset": "how long the complaint had lasted", "cadence": "how often patients come"}
    group_by = split_of(result)
    missing = absent(result, f"pain by {words.get(group_by, group_by)}")
    if missing:
        return missing
    groups = list(dict.fromkeys(rows_of(result, "mean")["group"]))
    if group_by == "onset" and len(groups) == 1:
        known = group_label(group_by, groups[0]).lower()
        return Section([Prose([f"All complaints whose onset is known were {known}."])])
    figures = course_figures(result, release.registry)
    return Section([*figures, split_table(result, release.registry)])


def course_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate mean and change at every follow-up time.

    Parameters
    ----------
    result : AnalysisResult
        Everyone together.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a follow-up time that has an estimate.
    """
    means = lookup(rows_of(result, "mean"), "day")
    name = interval_of(result)
    changes = lookup(rows_of(result, "change"), "day")
    rows = [
        (
            write.follow_up(day).capitalize(),
            cells.mean(means[(day,)]),
            cells.change(changes.get((day,))),
            cells.answered(means[(day,)]),
        )
        for day in days_of(result, "mean")
    ]
    return Table(
        f"{outcome_label(outcome_of(result), registry)} at each follow-up time",
        ("Time", f"Mean ({name})", f"Change from start ({name})", "Answered"),
        rows,
        (
            "Means are estimated for all patients, on the assumption that those who did not answer "
            "are like those with the same earlier scores who did. Answered: of those for whom the "
            "time was over.",
            *notes_of(result),
        ),
    )


def split_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate each group's start and its means at a few follow-up times.

    Parameters
    ----------
    result : AnalysisResult
        With a grouping.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a group.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    beside = beside_cadence(result)
    group_by = split_of(result)
    means = lookup(rows_of(result, "mean"), "group", "day")
    wanted = _AFTER_LANDMARK if group_by == "cadence" else _SPLIT_DAYS
    days = [0, *(day for day in days_of(result, "mean") if day in wanted)]
    rows = []
    for group in dict.fromkeys(group for group, _ in means):
        found = [means.get((group, day)) for day in days]
        shown = [_mean_and_number(row) for row in found]
        rows.append((group_label(group_by, group), *shown))
    few = any(write.NOT_KNOWN in row[1:] for row in rows)
    label = outcome_label(outcome_of(result), registry)
    return Table(
        f"{label} {split_words(result)}: mean ({interval_of(result)}), patients answering",
        ("Group", *(write.follow_up(day).capitalize() for day in days)),
        rows,
        (
            *beside[:1],
            *(["– stands where too few answered."] if few else []),
            *notes_of(result, without=beside),
        ),
    )


def _mean_and_number(row: Row | None) -> str:
    text = cells.mean(row)
    known = row is not None and row["status"] == "ok"
    return f"{text}\n{write.count(row['n_patients'], 'patient')}" if row and known else text
