"""Results: naive against corrected, the contrasts, later weeks, and further outcomes."""

from __future__ import annotations

import numpy as np

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.schedules.courses import drawn_blocks, plot_blocks
from outcomes.present.figures.schedules.differences import Line, plot_differences
from outcomes.present.labels import contrast_label, outcome_label, strategy_label
from outcomes.present.schedules import (
    DIFFERENCE,
    FIRST_PLAN,
    MODEL_DEPENDENT,
    SECOND,
    cell_of,
    contrasts_of,
    frame_of,
    horizons_of,
    level_of,
    outcomes_of,
    row_of,
    shown_strategies,
    strategies_of,
    why_refused,
)
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Part, Section, absent
from outcomes.present.sentences.schedules import effects_carried, schedule_sentence
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_CORRECTED = "Corrected: clones, weights"
_CORRECTED_ASSUMES = (
    "that whatever drives both the schedule and the pain is recorded, that every patient had some "
    "chance of every schedule, and that the models of schedule, staying and answering are right"
)


def naive_against_corrected(release: Release, name: str) -> Section:
    """Set the tempting answers beside the corrected one, with what each takes for granted.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        A figure of the differences and a table of the means.
    """
    result = release[name]
    naive = frame_of(result, "naive")
    if naive.empty or not contrasts_of(result):
        said = "The tempting answers are not shown, as there is no corrected one to set beside."
        return Section([Prose([said], kind="absent")])
    horizon = horizons_of(result)[0]
    outcome = outcomes_of(result, horizon)[0]
    # a refused schedule has no number here either, else the naive ones would be all that is said
    strategies = shown_strategies(result)
    contrasts = [
        contrast
        for contrast in contrasts_of(result)
        if all(each in strategies for each in contrast.split(" vs "))
    ]
    if not contrasts:
        nothing = "The tempting answers are not shown, as there is no corrected one beside them."
        return Section([Prose([nothing], kind="absent")])
    means = naive.set_index(["estimator", "strategy"])["mean"]
    lines = []
    for estimator in dict.fromkeys(naive["estimator"]):
        found = {}
        for contrast in contrasts:
            a, _, b = contrast.partition(" vs ")
            value = float(means.get((estimator, a), np.nan) - means.get((estimator, b), np.nan))
            found[contrast] = (value, np.nan, np.nan)
        lines.append(Line(f"{estimator[:1].upper()}{estimator[1:]}", found))
    lines.append(_line(result, _CORRECTED, DIFFERENCE, horizon, outcome, strong=True))
    assumes = naive.drop_duplicates("estimator").set_index("estimator")["assumes"]
    rows = [
        (
            f"{estimator[:1].upper()}{estimator[1:]}",
            *(write.score(means.get((estimator, s), np.nan), 2) for s in strategies),
            f"Assumes {assumes[estimator]}.",
        )
        for estimator in dict.fromkeys(naive["estimator"])
    ]
    corrected = [row_of(result, "mean", s, horizon, outcome) for s in strategies]
    rows.append(
        (
            _CORRECTED,
            *(write.score(row["estimate"], 2) if row else write.NOT_KNOWN for row in corrected),
            f"Assumes {_CORRECTED_ASSUMES}.",
        )
    )
    unit = corrected[0]["unit"] if corrected[0] else ""
    label = outcome_label(outcome, release.registry)
    return Section(
        [
            plot_differences(
                lines,
                contrasts,
                unit=unit,
                caption=f"Naive and corrected differences in {label.lower()}, {horizon}",
                note=(
                    "Dots are the tempting answers, which have no honest interval; the diamond is "
                    "the corrected answer with its interval, carried through as a band."
                ),
            ),
            Table(
                f"{label} under each schedule: naive and corrected means, {horizon}",
                ("How", *(strategy_label(s) for s in strategies), "What it takes for granted"),
                rows,
                (
                    "The naive means are computed on the same patients. They are not to be "
                    "believed; they stand here to show what each would have said.",
                ),
                numeric=False,
            ),
        ]
    )


def _line(
    result: AnalysisResult,
    label: str,
    term: str,
    horizon: str,
    outcome: str,
    *,
    strong: bool = False,
) -> Line:
    found = {}
    for contrast in contrasts_of(result):
        row = row_of(result, term, contrast, horizon, outcome)
        ok = row is not None and row["status"] == "ok"
        found[contrast] = (
            (float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]))
            if ok and row is not None
            else (np.nan, np.nan, np.nan)
        )
    return Line(label, found, strong)


def schedule_results(release: Release, name: str) -> Section:
    """Show the course under each schedule and the contrasts in the primary weeks.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        The course, the means, and for each contrast the per-protocol difference, the second
        estimator and the difference by first plan.
    """
    result = release[name]
    if not contrasts_of(result):
        missing = absent(result, "the comparison of schedules")
        return missing or Section([])
    primary = result.spec.horizons[0]
    parts: list[Part] = []
    if len(drawn_blocks(result)):
        weeks = (4 * (primary.first - 1) + 1, 4 * primary.last)
        parts.append(plot_blocks(result, weeks, release.registry))
    horizon = horizons_of(result)[0]
    parts += [_means(result, horizon, release), _contrasts(result, horizon, release)]
    return Section(parts)


def _means(result: AnalysisResult, horizon: str, release: Release) -> Table:
    outcome = outcomes_of(result, horizon)[0]
    rows = []
    said = []
    for s in strategies_of(result):
        row = row_of(result, "mean", s, horizon, outcome)
        if row is None:
            continue
        rows.append((strategy_label(s), cells.mean(row), _n(row["n_patients"]), _n(row["ess"])))
        if row["note"] and row["status"] != "suppressed":
            said.append(f"{told(row['note'])}.")
    return Table(
        f"{outcome_label(outcome, release.registry)} {_words(result, release, horizon)}, {horizon}",
        ("Schedule", f"Mean ({level_of(result)})", "Patients", "Effective"),
        rows,
        [
            "Patients: kept to the schedule and answered at home in those weeks; they stand for "
            "all eligible ones.",
            *(text[:1].upper() + text[1:] for text in dict.fromkeys(said)),
        ],
    )


def _words(result: AnalysisResult, release: Release, horizon: str) -> str:
    """Word what the means are: of everyone on one schedule only where the checks passed."""
    primary = horizon == horizons_of(result)[0]
    judged = effects_carried(result, release.registry).values()
    if primary and judged and all(verdict.carried for verdict in judged):
        return "had everyone kept to one schedule"
    return "of those who kept to each schedule, weighted"


def _n(value: float) -> str:
    return write.number(value) if value == value else write.NOT_KNOWN


def _contrasts(result: AnalysisResult, horizon: str, release: Release) -> Table:
    outcome = outcomes_of(result, horizon)[0]
    rows, said = [], []
    with_first = (result.estimates["term"] == FIRST_PLAN).any()
    for contrast in contrasts_of(result):
        row = row_of(result, DIFFERENCE, contrast, horizon, outcome)
        second = row_of(result, SECOND, contrast, horizon, outcome)
        begun = row_of(result, FIRST_PLAN, contrast, horizon, outcome)
        label = contrast_label(contrast)
        role = _role(row["note"]) if row else ""
        shown = f"{label}{role}"
        if row and MODEL_DEPENDENT in row["note"]:
            shown += " – model-dependent"
        if row and row["status"] == "refused":
            said.append(f"{label}: {told(why_refused(row))}")
        p = write.p_value(row["p_value"]) if row and row["p_value"] == row["p_value"] else ""
        first = (cell_of(begun, change=True),) if with_first else ()
        rows.append((shown, cell_of(row, change=True), p, cell_of(second, change=True), *first))
    columns = ["Contrast", "Per protocol", "p", "Second estimator"]
    notes = [
        "Per protocol: those who kept to the one schedule and to the other, weighted for those "
        "who did not; the primary analysis. Second estimator: weighted sequential regression, a "
        "model of another class; where it differs by more than two standard errors the contrast "
        "is marked model-dependent. The p value of a later contrast counts only if those before "
        f"it were clear. All with {level_of(result)}; the unit is {_unit(result)}.",
    ]
    later = horizon != horizons_of(result)[0]
    if later:
        notes = [f"As above, with {level_of(result)}; the unit is {_unit(result)}."]
    if with_first:
        columns.append("By first plan")
        began = "By first plan: those who began the one and the other, weighted, whatever followed."
        notes += [] if later else [began]
    elif not result.diagnostics.get("planned", True):
        notes.append("Without plans nobody knows what was begun, so that contrast is not shown.")
    return Table(
        f"Differences in {outcome_label(outcome, release.registry).lower()}, {horizon}",
        columns,
        rows,
        [*notes, *dict.fromkeys(said)],
    )


def _role(note: str) -> str:
    return " (primary)" if note.split(";")[0].strip() == "primary" else ""


def _unit(result: AnalysisResult) -> str:
    rows = result.estimates
    units = rows.loc[rows["term"] == DIFFERENCE, "unit"]
    return str(units.iloc[0]) if len(units) else ""


def later_weeks(release: Release, name: str) -> Section:
    """Show the weeks that were compared beside the primary ones.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        Sentences and tables of every further horizon; the reason where one was refused.
    """
    result = release[name]
    parts: list[Part] = []
    for horizon in horizons_of(result)[1:]:
        outcomes = outcomes_of(result, horizon)
        if not outcomes:
            rows = result.estimates
            note = rows.loc[(rows["landmark"] == horizon) & (rows["note"] != ""), "note"]
            reason = told(str(note.iloc[0])) if len(note) else "This was not compared."
            parts.append(Prose([f"Left out: {horizon}. {reason}"], kind="absent"))
            continue
        said = [
            told(schedule_sentence(result, contrast, horizon, outcomes[0], release.registry).text)
            for contrast in contrasts_of(result)
        ]
        parts.append(Prose(said, listed=True))
        parts += [_means(result, horizon, release), _contrasts(result, horizon, release)]
    if not parts:
        return Section([Prose(["No weeks beside the primary ones were compared."], kind="absent")])
    return Section(parts)


def further_outcomes(release: Release, name: str) -> Section:
    """Show every other outcome in the primary weeks.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        A table of means and one of differences; what could not be compared and why.
    """
    result = release[name]
    if not contrasts_of(result):
        return Section([Prose(["No further outcomes were compared."], kind="absent")])
    horizon = horizons_of(result)[0]
    outcomes = outcomes_of(result, horizon)[1:]
    if not outcomes:
        nothing = "No other outcome is recorded for these patients in these weeks."
        return Section([Prose([nothing], kind="absent")])
    strategies, contrasts = strategies_of(result), contrasts_of(result)
    means: list[tuple[str, ...]] = []
    differences: list[tuple[str, ...]] = []
    said: list[str] = []
    for outcome in outcomes:
        label = outcome_label(outcome, release.registry)
        found = [row_of(result, "mean", s, horizon, outcome) for s in strategies]
        means.append((label, *(cell_of(row, change=False) for row in found)))
        turned = [row_of(result, DIFFERENCE, c, horizon, outcome) for c in contrasts]
        differences.append((label, *(cell_of(row, change=True) for row in turned)))
        said += [told(why_refused(row)) for row in found if row is not None and why_refused(row)]
    name_of = level_of(result)
    return Section(
        [
            Table(
                f"Further outcomes under each schedule, {horizon} ({name_of})",
                ("Outcome", *(strategy_label(s) for s in strategies)),
                means,
                (
                    "Shares are of answers; who did not answer is weighted for and never counted "
                    "as a failure.",
                    *(f"Where – stands: {text}" for text in dict.fromkeys(said)),
                ),
            ),
            Table(
                f"Differences in further outcomes, {horizon} ({name_of})",
                ("Outcome", *(contrast_label(c) for c in contrasts)),
                differences,
                (
                    "These are not the question the comparison was made for, so no p value is "
                    "given; with so many of them some intervals leave out 0 by chance. Shares "
                    "differ in percentage points.",
                ),
            ),
        ]
    )
