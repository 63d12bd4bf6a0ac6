"""Groups that were formed at the start of care, such as the arms of a trial."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.labels import group_label, outcome_label, timing_words
from outcomes.present.rows import interval_of, lookup, outcome_of, rows_of, split_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult

QUESTION = "group_difference"


def group_differences(release: Release) -> Section:
    """Show every comparison of groups formed at the start.

    Parameters
    ----------
    release : Release
        What may be shown; its results of `estimate_group_difference` are taken.

    Returns
    -------
    Section
        A table a comparison; empty where there is none.
    """
    parts: list[Part] = []
    for result in compared(release):
        label = outcome_label(outcome_of(result), release.registry)
        missing = absent(result, f"the comparison of {label}")
        parts += list(missing.parts) if missing else [difference_table(result, release.registry)]
    return Section(parts)


def compared(release: Release) -> list[AnalysisResult]:
    """List the comparisons of groups formed at the start.

    Parameters
    ----------
    release : Release
        What may be shown.

    Returns
    -------
    list of AnalysisResult
        In the order of the release.
    """
    return [result for result in release.values() if result.question == QUESTION]


def difference_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate each group at the start and at follow-up, and the adjusted difference.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_group_difference`.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a group.
    """
    split = split_of(result)
    terms = {
        term: lookup(rows_of(result, term), "group")
        for term in ("baseline_mean", "mean", "adjusted_mean", "difference")
    }
    rows = []
    for key, mean in terms["mean"].items():
        difference = terms["difference"].get(key)
        rows.append(
            (
                group_label(split, key[0]).capitalize(),
                cells.mean(terms["baseline_mean"].get(key)),
                cells.mean(mean),
                cells.mean(terms["adjusted_mean"].get(key)),
                cells.change(difference) if difference else "reference",
                cells.answered(terms["adjusted_mean"].get(key)),
            )
        )
    label = outcome_label(outcome_of(result), registry)
    when = write.follow_up(int(rows_of(result, "difference")["day"].iloc[0]))
    return Table(
        f"{label} at {when}, by {split.replace('_', ' ')}: mean ({interval_of(result)})",
        ("Group", "Start", when.capitalize(), "Adjusted", "Difference", "Analysed"),
        rows,
        (
            "Adjusted: as if all groups had started at the same level. Analysed: patients with a "
            "value at both times, of those whose time was over. The difference is the effect of "
            "the care given only if chance decided who was in which group.",
            *filter(None, [timing_words(result)]),
            *notes_of(result),
        ),
    )
