"""Headache days per 28 days, against the days before care."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.figures.course import course_figures
from outcomes.present.labels import group_label, split_words
from outcomes.present.rows import days_of, interval_of, lookup, records, rows_of, split_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.sentences import diary_sentence
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult


def headache_course(release: Release, name: str) -> Section:
    """Show how headache days went.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_headache_frequency`, with or without a grouping.

    Returns
    -------
    Section
        The course and a table of rates, ratios and responders.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    split = split_of(result)
    what = "headaches by how often patients come" if split else "headaches"
    missing = absent(result, what)
    if missing:
        return missing
    return Section([*course_figures(result, release.registry), headache_table(result)])


def headache_table(result: AnalysisResult) -> Table:
    """Tabulate rates before and after, their ratio, and who had half as many.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_headache_frequency`.

    Returns
    -------
    Table
        A row a follow-up time, or a group and follow-up time.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    beside = beside_cadence(result)
    split = split_of(result)
    terms = {
        term: lookup(rows_of(result, term), "group", "day")
        for term in ("baseline_rate", "rate", "rate_ratio", "responders")
    }
    paired = bool(terms["rate_ratio"])
    rows = []
    for key, rate in terms["rate"].items():
        others = [terms[term].get(key) for term in ("rate_ratio", "responders")]
        if not any(row and row["status"] == "ok" for row in (rate, *others)):
            continue
        group, day = key
        name = write.follow_up(int(day)).capitalize() if day else "Before care"
        if split:
            name = f"{group_label(split, group)}, {name.lower()}"
        before = [cells.mean(terms["baseline_rate"].get(key))] if paired else []
        compared = [
            cells.mean(terms["rate_ratio"].get(key), 2),
            cells.share(terms["responders"].get(key)),
        ]
        after = compared if paired else []
        rows.append((name, *before, cells.mean(rate), *after, cells.answered(rate)))
    name = interval_of(result)
    columns = ["Time", f"Then ({name})", "Diaries long enough"]
    if paired:
        columns[1:2] = ["Before care", f"Then ({name})", f"Ratio ({name})", "At least halved"]
    if split:
        columns[0] = "Group and time"
    return Table(
        f"Headache days per 28 days, {split_words(result)}"
        if split
        else "Headache days per 28 days",
        columns,
        rows,
        (
            *beside,
            "Rates are headache days per 28 days of diary. "
            + ("Before care: the same patients. " if paired else "")
            + (
                "Diaries long enough: at least 14 days filled in both times, of patients with that "
                "many before care whose time was over."
                if paired
                else "Diaries long enough: at least 14 days filled in, of patients with a diary "
                "whose time was over."
            )
            + (" At least halved: of those who had a headache before care." if paired else ""),
            *_of_all(result),
            *_short(result),
            *notes_of(result, without=beside),
        ),
    )


def _of_all(result: AnalysisResult) -> list[str]:
    """Say how many of all patients a rate speaks of, at the times that have one."""
    if split_of(result):
        return []
    sentence = diary_sentence(result, (0, *days_of(result, "rate")))
    return [sentence.text] if sentence.carried else []


def _short(result: AnalysisResult) -> list[str]:
    """Say how many diaries were too short to count, once for all times."""
    if split_of(result):
        return []
    rows = rows_of(result, "short_diaries")
    rows = rows[rows["status"] == "ok"]
    said = [
        f"{write.share(row['n_events'], row['n_patients'])} "
        + (f"at {write.follow_up(int(row['day']))}" if row["day"] else "before care")
        for row in records(rows)
    ]
    if not said:
        return []
    return [f"Diaries begun but under 14 days, counted in no rate: {write.listing(said)}."]
