"""Clinics side by side: what the comparison shows, and how little it can show."""

from __future__ import annotations

import pandas as pd

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.clinic_trends import plot_clinic_trends
from outcomes.present.figures.funnel import (
    IMPROVEMENT,
    RESPONDER,
    funnel_figures,
    measure_label,
    noun_of,
    smallest_words,
)
from outcomes.present.rows import Row, lookup, records, rows_of
from outcomes.present.sections.section import Part, Section, absent, in_words, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_FEW_CLINICS = 20
"""Below this many, a comparison shows so little that each clinic's own course comes first."""
_MOST_ROWS = 40
_PREFIX = {IMPROVEMENT: "", RESPONDER: "responder_"}


def clinic_comparison(release: Release, name: str, trends: str = "") -> Section:
    """Compare clinics, or therapists, once whom they treat is allowed for.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_clinic_benchmark`.
    trends : str
        Name of the result of `estimate_trends` by clinic, shown first where there are fewer than 20
        clinics; empty for none.

    Returns
    -------
    Section
        Each clinic's own course, sentences, the comparison, and a table in alphabetical order. No
        order by result anywhere.
    """
    result = release[name]
    noun = noun_of(result)
    clinics = sorted(set(rows_of(result, "answered")["group"]))
    own: list[Part] = []
    if trends and len(clinics) < _FEW_CLINICS:
        own = list(clinic_courses(release, trends).parts)
    if noun == "therapist" and release.policy.audience == "outside":
        said = "Left out: a comparison of therapists. It stays inside the clinic."
        return Section([*own, Prose([said], kind="absent")])
    missing = absent(result, f"a comparison of {noun}s")
    if missing:
        return Section([*own, *missing.parts])
    figures = funnel_figures(result, release.registry)
    lead = Prose(_lead(result, noun), kind="answer")
    table = _table(result, clinics, release)
    limits = _limits_table(result, release)
    parts: list[Part] = [*own, lead, *figures, *table, *limits]
    return Section(parts)


def clinic_courses(
    release: Release,
    name: str,
    *,
    measure: str = "difference",
    window: int = 42,
    brief: bool = False,
) -> Section:
    """Show each clinic's own course over time, in small charts on one scale.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_trends` by clinic.
    measure : str
        What is shown.
    window : int
        Follow-up day; 0 for sessions.
    brief : bool
        Whether it must share a page with much else.

    Returns
    -------
    Section
        One figure, or why there is none.
    """
    result = release[name]
    rows = rows_of(result, measure)
    here = rows["landmark"] == (f"day {window}" if window else "")
    curve = result.curve
    drawn = len(curve) and ((curve["measure"] == measure) & (curve["window"] == window)).any()
    if drawn:
        drawing = plot_clinic_trends(result, measure, window, release.registry, brief=brief)
        return Section([drawing])
    if (rows.loc[here, "status"] == "suppressed").any():
        reason = "Withheld: there are too few people to show this outside the clinic."
    else:
        notes = [note for note in result.estimates["note"] if note]
        reason = f"{notes[0][0].upper()}{notes[0][1:].rstrip('.')}." if notes else "Not recorded."
    whose = "the course" if set(rows["group"]) <= {""} else "each clinic's course"
    said = in_words(f"Left out: {whose} over time. {reason}")
    return Section([Prose([said], kind="absent")])


def _lead(result: AnalysisResult, noun: str) -> list[str]:
    """Say what the comparison shows, and what it cannot."""
    curve = result.curve
    when = write.follow_up(int(result.spec.window))
    points = curve[curve["series"] == "point"] if len(curve) else curve
    if points.empty:
        return [f"The {noun}s are not compared: {_why_no_limits(result)}"]
    own = points[points["measure"] == IMPROVEMENT]
    said = []
    outside = {
        measure: points[(points["measure"] == measure) & points["position"].str.endswith("998")]
        for measure in (IMPROVEMENT, RESPONDER)
    }
    if all(found.empty for found in outside.values()):
        said.append(
            f"Once it is allowed for how patients started, no {noun} can be told from the others "
            f"by how its patients did after {when}."
        )
    for measure, words in ((IMPROVEMENT, "improvement"), (RESPONDER, "the share much better")):
        for side, better in (("above", "better"), ("below", "worse")):
            found = outside[measure]
            found = found[found["position"].str.startswith(side)]
            if len(found):
                named = sorted(each for each in found["group"] if each)
                hidden = len(found) - len(named)
                who = list(named)
                if hidden:
                    who.append(write.count(hidden, f"{noun} not named"))
                said.append(
                    f"On {words} after {when}, {write.listing(who)} did {better} than chance and "
                    "ordinary differences explain. Look for a reason in the records first: how "
                    "scores were taken, who answered, who was sent there."
                )
    between = rows_of(result, "between")
    between = between[between["status"] == "ok"]
    if len(between):
        row = between.iloc[0]
        every = rows_of(result, "answered")["group"].nunique()
        which = (
            f"{write.count(len(own), noun)} are compared."
            if len(own) == every
            else f"{write.number(len(own))} of {write.count(every, noun)} are compared, those with "
            f"{result.spec.min_patients} answers or more."
        )
        said.append(
            f"{which} A typical one lies "
            f"{write.estimate(row['estimate'], row['conf_low'], row['conf_high'])} points from the "
            "average."
        )
    smallest = smallest_words(result, IMPROVEMENT, noun)
    if smallest:
        said.append(smallest)
    return said


def _why_no_limits(result: AnalysisResult) -> str:
    rows = result.estimates
    notes = [
        note
        for note in rows.loc[rows["term"].isin(["between", "difference"]), "note"]
        if note and not note.startswith("not named")
    ]
    if notes:
        return f"{notes[0][0].lower()}{notes[0][1:].rstrip('.')}."
    return "too few patients answered."


def _table(result: AnalysisResult, clinics: list[str], release: Release) -> list[Table]:
    """Tabulate every clinic in alphabetical order; of many only those that may be named."""
    found = {
        term: lookup(rows_of(result, term), "group")
        for term in ("answered", "adjusted", "shrunken", "responder_adjusted")
    }
    noun = noun_of(result)
    shown = clinics
    few: tuple[str, ...] = ()
    if len(clinics) > _MOST_ROWS:
        curve = result.curve
        outside = curve.loc[curve["position"].fillna("").str.endswith("998"), "group"]
        shown = sorted(set(outside) - {""})
        few = (f"Of {len(clinics)} {noun}s only those outside the outer limits are listed.",)
    rows = [
        (
            clinic,
            cells.share(found["answered"].get((clinic,))),
            _named(found["adjusted"].get((clinic,))),
            _named(found["shrunken"].get((clinic,)), signed=True),
            _named(found["responder_adjusted"].get((clinic,)), share=True),
        )
        for clinic in shown
    ]
    if not rows:
        return []
    when = write.follow_up(int(result.spec.window))
    label = measure_label(result, RESPONDER, release.registry).partition(" after")[0]
    columns = (
        noun.capitalize(),
        "Answered",
        "Improvement, adjusted (95% CI)",
        "Most likely difference from average (95% interval)",
        f"{label}, adjusted (95% CI)",
    )
    # A column in which no clinic may be named says nothing.
    kept = [0, 1, *(k for k in (2, 3, 4) if any(row[k] != write.NOT_KNOWN for row in rows))]
    return [
        Table(
            f"{noun.capitalize()}s in alphabetical order, after {when}",
            tuple(columns[k] for k in kept),
            [tuple(row[k] for k in kept) for row in rows],
            (*few, *_footnotes(result, noun, compared=len(kept) > 2), *notes_of(result)),
        )
    ]


def _footnotes(result: AnalysisResult, noun: str, *, compared: bool) -> list[str]:
    """Say how to read the table, as far as it compares anything."""
    spec = result.spec
    said = [f"Compared because: {spec.reason}"] if spec.reason else []
    said.append("Answered: of those for whom the time was over and who had a score at the start.")
    if not compared:
        return said
    said += [
        "Adjusted: what all patients together would have reached had everyone done as much better "
        f"or worse than expected as the patients of this {noun}. The most likely difference is "
        "drawn towards the average, the more the fewer patients there are.",
        f"A {noun} is named in a comparison only with {spec.min_patients} answers or more, and "
        f"where at least {write.proportion(spec.min_reliability)} of the variation of its result "
        f"is difference between {noun}s and not chance; – stands where it is not.",
        *_adjusted_for(result),
    ]
    return said


def _named(row: Row | None, *, signed: bool = False, share: bool = False) -> str:
    if row is None or row["status"] != "ok" or pd.isna(row["estimate"]):
        return cells.WITHHELD if row is not None and row["status"] == "suppressed" else "–"
    if share:
        limits = write.proportion_interval(row["conf_low"], row["conf_high"])
        return f"{write.proportion(row['estimate'])} ({limits})"
    return cells.change(row) if signed else cells.mean(row)


def _adjusted_for(result: AnalysisResult) -> tuple[str, ...]:
    """Name what the comparison allows for."""
    names = {"onset": "how long the complaint had lasted", "desk_hours": "hours at a desk"}
    used = [names.get(each, each.replace("_", " ")) for each in result.spec.covariates or ()]
    return (f"Allowed for: {write.listing(['the score at the start', *used])}.",)


def _limits_table(result: AnalysisResult, release: Release) -> list[Table]:
    """Tabulate how much clinics differ and how often the limits are wrong."""
    rows = []
    for measure in (IMPROVEMENT, RESPONDER):
        prefix = _PREFIX[measure]
        found = {
            term: next(iter(records(rows_of(result, f"{prefix}{term}"))), None)
            for term in ("between", "false_alarm_95", "false_alarm_998", "any_false_alarm_998")
        }
        between = found["between"]
        if between is None or between["status"] != "ok":
            continue
        if measure == RESPONDER:
            spread = f"{write.score(100 * between['estimate'])} percentage points (" + (
                f"{write.interval(100 * between['conf_low'], 100 * between['conf_high'])})"
            )
        else:
            spread = cells.mean(between, 2)
        rates = [
            write.score(100 * row["estimate"], 1) + "%" if row else write.NOT_KNOWN
            for row in (found[term] for term in list(found)[1:])
        ]
        rows.append((measure_label(result, measure, release.registry), spread, *rates))
    if not rows:
        return []
    noun = noun_of(result)
    return [
        Table(
            "How much the comparison can be trusted",
            (
                "What is compared",
                f"Spread between {noun}s (95% CI)",
                "Wrongly outside inner limits",
                "Wrongly outside outer limits",
                f"Any {noun} wrongly outside outer limits",
            ),
            rows,
            (
                f"Simulated with the same numbers of patients and no {noun} out of line: how often "
                f"a {noun} like the others would be flagged. Inner limits are made to hold 95%, "
                f"outer ones 99.8%. The limits of a {noun} come from the others, so that one out "
                "of line cannot widen its own.",
            ),
        )
    ]
