"""How many answered, when and where, and whether those who did not were others at the start."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.figures.months import MonthlyWords, monthly_rows, plot_months
from outcomes.present.labels import group_label, outcome_label, split_words, timing_words
from outcomes.present.rows import lookup, outcome_of, records, rows_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_CLINIC_DAYS = (42, 84, 182, 364, 728)
_NOTABLE = 0.2
"""Standard deviations from which those who did not answer are called different."""
_NAMES = {
    "age": "Age in years",
    "distress": "Distress score",
    "desk_hours": "Hours at a desk a day",
    "sex_female": "Women",
    "onset_chronic": "Chronic complaint",
    "whiplash": "Whiplash",
}


def answer_rates(release: Release, name: str) -> Section:
    """Show how many answered, by follow-up time and month.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_completeness`, with or without a grouping.

    Returns
    -------
    Section
        A table by follow-up time with both denominators, or of the groups by follow-up time; and a
        figure by month.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    missing = absent(result, "how many answered")
    if missing:
        return missing
    split = str(getattr(result.spec, "group_by", ""))
    table = _by_group(result, split) if split else _by_window(result)
    parts: list[Part] = (
        [table] if table else [Prose(["No follow-up time was over for anybody."], kind="absent")]
    )
    rows = monthly_rows(result, "answered")
    if (rows["status"] == "ok").any():
        by = f", {split_words(result)}" if split else ""
        parts.append(
            plot_months(
                result,
                "answered",
                MonthlyWords(
                    caption=f"Pain scores answered of those that fell due, by month{by}"
                    if outcome_of(result) == "nrs_pain"
                    else f"Scores answered of those that fell due, by month{by}",
                    measure="the share of scores answered of those that fell due",
                    note="A score falls due at the end of its follow-up window. Dashed: median.",
                ),
            )
        )
    return Section(parts)


def who_answered(release: Release, name: str) -> Section:
    """Compare those who answered with those who did not, as they were at the start.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_completeness`.

    Returns
    -------
    Section
        A sentence and a table; a line where too few did or did not answer.
    """
    result = release[name]
    table = _start_table(result)
    if table is None:
        when = write.follow_up(result.spec.window)
        said = f"Too few answered, or did not answer, at {when} to compare them."
        return Section([Prose([said], kind="absent")])
    return Section([Prose([_start_sentence(result)]), table])


def _by_window(result: AnalysisResult) -> Table | None:
    fixed = lookup(rows_of(result, "answered", group=""), "day")
    coming = lookup(rows_of(result, "answered_in_care", group=""), "day")
    days = sorted(day for (day,) in fixed if day == day)
    rows = [
        (
            write.follow_up(int(day)).capitalize(),
            cells.share(fixed[(day,)]),
            cells.share(coming.get((day,))),
        )
        for day in days
    ]
    if not rows:
        return None
    return Table(
        f"Answered: {outcome_label(outcome_of(result))}",
        ("Time", "Of everyone whose time was over", "Of those then still coming"),
        rows,
        (
            "Still coming: patients who had not lapsed when the time to answer began. Leaving care "
            "is one way of not answering, so the first column is the one that counts for what is "
            "known, and the second says how well those who come are asked.",
            *filter(None, [timing_words(result)]),
            *notes_of(result),
        ),
    )


def _by_group(result: AnalysisResult, split: str) -> Table | None:
    beside = beside_cadence(result)
    found = lookup(rows_of(result, "answered"), "group", "day")
    days = [day for day in _CLINIC_DAYS if any(key[1] == day for key in found)]
    groups = list(dict.fromkeys(group for group, day in found if day == day))
    if not days or not groups:
        return None
    rows = [
        (group_label(split, group), *(cells.share(found.get((group, day))) for day in days))
        for group in groups
    ]
    return Table(
        f"Answered of everyone whose time was over, {split_words(result)}",
        ("Group", *(write.follow_up(day).capitalize() for day in days)),
        rows,
        (*beside, *filter(None, [timing_words(result)]), *notes_of(result, without=beside)),
    )


def _start_table(result: AnalysisResult) -> Table | None:
    when = write.follow_up(result.spec.window)
    gaps = lookup(rows_of(result, "start_difference"), "outcome")
    rows = []
    for term, write_cell in (("start_value", cells.mean), ("share_of", cells.share)):
        found = lookup(rows_of(result, term), "outcome", "group")
        for outcome in dict.fromkeys(outcome for outcome, _ in found):
            both = [found.get((outcome, side)) for side in ("answered", "not_answered")]
            gap = gaps.get((outcome,))
            if all(row is None or row["status"] == "refused" for row in both):
                continue
            named = _NAMES.get(outcome) or f"{outcome_label(outcome)} at the start"
            rows.append((named, *(write_cell(row) for row in both), cells.change(gap, 2)))
    if not rows:
        return None
    return Table(
        f"Patients at the start of care, by whether they answered at {when}",
        ("At the start", "Answered", "Did not answer", "Difference in SD"),
        rows,
        (
            "Difference in SD: those who did not answer less those who did, in standard deviations "
            "between patients. Being alike at the start does not mean that they did alike later.",
        ),
    )


def _start_sentence(result: AnalysisResult) -> str:
    when = write.follow_up(result.spec.window)
    rows = rows_of(result, "start_difference")
    known = rows[rows["status"] == "ok"]
    apart = [
        (_NAMES.get(row["outcome"]) or f"{outcome_label(row['outcome'])} at the start").lower()
        for row in records(known)
        if abs(row["estimate"]) >= _NOTABLE
    ]
    if known.empty:
        return f"Whether those who did not answer at {when} differed at the start is not known."
    if apart:
        return (
            f"Those who did not answer at {when} differed at the start in {write.listing(apart)}."
        )
    return (
        f"At the start, those who answered at {when} and those who did not were much alike in what "
        "is recorded."
    )
