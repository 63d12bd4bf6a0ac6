"""The first page: the answer, four numbers, each clinic's course, what changed, what can't be said.

Everything on it is said again with more detail further on, so it names no methods.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.control_chart import (
    chart_rows,
    flagged,
    period_words,
    trend_label,
)
from outcomes.present.rows import Row, lookup, records, rows_of, why_absent
from outcomes.present.sections.answer import sentences_of
from outcomes.present.sections.benchmark import clinic_courses
from outcomes.present.sections.difference import compared
from outcomes.present.sections.section import Part, Section, in_words
from outcomes.present.sections.trends import often_wrong
from outcomes.present.sentences import Sentence
from outcomes.present.tables import Prose
from outcomes.present.tiles import Tile, Tiles
from outcomes.results import AnalysisResult
from outcomes.verdicts import Verdict, VerdictRules, judge, judge_change, months_until

PART_OF_IT = (
    "Part of any change would have come without care. How much cannot be said without a comparison "
    "group."
)
_ONLY_BY_CHANCE = (
    "A difference between groups is the effect of care only if chance decided who was in which "
    "group."
)
_NEVER = (
    "How much of a change care brought about: not from these records, however many answer. It "
    "takes patients who are alike and cared for differently."
)
_DAY = 84
_WINDOW = 42
_MONTH_DAYS = 365.25 / 12
_FAR = 120
"""Months ahead from which no month is named any more."""
_MOST = 4
"""Sentences that cannot be said yet, on one page."""
_CHANGES = (
    ("responders", "Patients with {threshold} at {when}"),
    ("mean_improvement", "Mean improvement of pain at {when}"),
    ("answered", "Pain scores answered, of those due"),
    ("no_show", "Appointments missed without notice"),
    ("cancelled", "Appointments cancelled"),
    ("lapsed_in_pain", "Patients who lapsed with pain of {in_pain} or more"),
)


def front_page(release: Release, as_of: pd.Timestamp, *, courses: str = "trends") -> Section:
    """Put the answer of a report on one page.

    Parameters
    ----------
    release : Release
        Released results: ``pain``, ``headaches``, ``movement``, ``responders``, ``completeness``,
        ``retention``, ``safety``, ``period``, ``trends`` and `courses`.
    as_of : Timestamp
        Last day of the records, from which months are counted.
    courses : str
        Name of the result of `estimate_trends` that has the clinics apart, or of the one of all
        patients together where there is one clinic only.

    Returns
    -------
    Section
        The first sentence that the data carry and what cannot be said without a comparison group;
        four numbers with their denominators and the last period; small charts; what changed; what
        cannot be said yet, with the month in which it can.
    """
    sentences = sentences_of(release)
    said = [sentence.text for sentence in sentences if sentence.carried]
    lead = said[0] if said else "These records do not carry an answer yet."
    caution = _ONLY_BY_CHANCE if compared(release) else PART_OF_IT
    parts: list[Part] = [
        Prose([lead, caution] if said else [lead], kind="answer headline"),
        Tiles([_responders(release), _answered(release), _left(release), _serious(release)]),
        *clinic_courses(release, courses, brief=True).parts,
    ]
    changed = what_changed(release)
    parts += [Prose(["What changed"], kind="lead"), Prose(changed, kind="changed", listed=True)]
    waiting = cannot_say(release, sentences, as_of)
    if not compared(release):
        waiting.append(_NEVER)
    if waiting:
        parts += [Prose(["Can't say yet"], kind="lead"), Prose(waiting, "waiting", listed=True)]
    return Section(parts)


def what_changed(release: Release) -> list[str]:
    """Say which numbers of the period differ from those of the one before.

    Parameters
    ----------
    release : Release
        With the results ``period`` and ``trends``.

    Returns
    -------
    list of str
        A sentence each for what differs by more than chance does, and for a last period that a
        chart flags; or one that nothing did. How many patients began care, always.
    """
    result = release["period"]
    periods = _periods(result)
    begun = lookup(rows_of(result, "new_patients", group=""), "landmark")
    said = [_begun(begun, periods)] if all((each,) in begun for each in periods) else []
    tested, found = 0, []
    for term, label in _CHANGES:
        rows = lookup(rows_of(result, term, group=""), "landmark")
        now, before = (rows.get((each,)) for each in periods)
        if now is None or before is None:
            continue
        verdict = judge_change(pd.Series(now), pd.Series(before))
        tested += verdict.lack in ("", "width")
        if verdict.carried:
            better = f", which is {verdict.direction}" if verdict.direction else ""
            named = _named(label, release)
            found.append(f"{named}: {_level(now)}, before {_level(before)}{better}.")
    if found:
        chance = write.proportion(1 - 0.95**tested)
        found.append(
            f"By chance alone at least one of {tested} such numbers differs in {chance} of reports."
        )
    elif tested:
        found.append(
            f"Of {write.count(tested, 'number')} compared with the period before, none differs by "
            "more than chance does."
        )
    else:
        found.append("There are too few in one of the periods to compare anything.")
    return [*said, *found, *_flags(release["trends"], release)]


def cannot_say(release: Release, sentences: Iterable[Sentence], as_of: pd.Timestamp) -> list[str]:
    """Say what cannot be said yet, what is missing, and when it will be there.

    Parameters
    ----------
    release : Release
        With the result ``period``, for how many begin care.
    sentences : iterable of Sentence
        All sentences of the answer.
    as_of : Timestamp
        Last day of the records.

    Returns
    -------
    list of str
        The first few that are not carried; the month in which each will be at today's rate, where
        waiting helps.
    """
    pace = _new_per_month(release["period"])
    said = [_no_scores(release, pace, as_of)] if why_absent(release["pain"]) else []
    for sentence in sentences:
        if sentence.carried:
            continue
        text = sentence.text.replace(": can't say yet. ", ": ")
        said.append(f"{text}{_when(sentence.verdict, pace, as_of)}")
    rest = len(said) - _MOST
    if rest > 0:
        said = [*said[:_MOST], f"{write.count(rest, 'more answer')} further on."]
    return said


def _no_scores(release: Release, pace: float, as_of: pd.Timestamp) -> str:
    """Say of pain without any estimate how many scores there are and how many there must be."""
    about = f"Pain {write.follow_up(_DAY)} after the start"
    row = _first(release["completeness"], "answered", day=_DAY)
    if row is None or row["status"] != "ok":
        return f"{about}: {in_words(why_absent(release['pain']))}"
    answers = pd.Series(row | {"n_patients": row["n_events"], "n_eligible": row["n_patients"]})
    verdict = judge(answers)
    if verdict.carried or not verdict.missing:
        return f"{about}: {in_words(why_absent(release['pain']))}"
    return f"{about}: {verdict.missing}{_when(verdict, pace, as_of)}"


def _when(verdict: Verdict | None, pace: float, as_of: pd.Timestamp) -> str:
    if verdict is None or verdict.lack not in ("people", "width"):
        return ""
    months = months_until(verdict, pace)
    if months is None:
        return " At today's rate no month can be named."
    if months > _FAR:
        return " At today's rate that takes more than ten years."
    month = as_of + pd.DateOffset(months=months)
    return f" At today's rate: {month.month_name()} {month.year}."


def _new_per_month(result: AnalysisResult) -> float:
    """Patients who began care in a month of the period looked at."""
    rows = rows_of(result, "new_patients", group="")
    rows = rows[(rows["landmark"] == _periods(result)[0]) & (rows["status"] == "ok")]
    if rows.empty:
        return float("nan")
    first, last = write.ends(str(rows["landmark"].iloc[0]))
    return float(rows["estimate"].iloc[0]) * _MONTH_DAYS / ((last - first).days + 1)


def _periods(result: AnalysisResult) -> tuple[str, str]:
    known = result.diagnostics
    return str(known["period"]), str(known["compared"])


def _begun(begun: dict[tuple[str, ...], Row], periods: tuple[str, str]) -> str:
    now, before = (begun[(each,)] for each in periods)
    if "suppressed" in (now["status"], before["status"]):
        return "How many began care is withheld: too few people."
    many = write.count(now["estimate"], "patient") if now["estimate"] else "Nobody"
    return (
        f"{many} began care in {write.period(periods[0])}, "
        f"{write.number(before['estimate']) if before['estimate'] else 'nobody'} in "
        f"{write.period(periods[1])}."
    )


def _level(row: Row) -> str:
    if pd.notna(row["n_events"]):
        return write.share(row["n_events"], row["n_patients"])
    return f"{write.score(row['estimate'])} {row['unit']}"


def _named(label: str, release: Release) -> str:
    spec = release["period"].spec
    return label.format(
        threshold=_threshold(release),
        when=write.follow_up(spec.window),
        in_pain=f"{spec.in_pain:g}",
    )


def _flags(result: AnalysisResult, release: Release) -> list[str]:
    """Say which charts flag their last period."""
    said = []
    curve = result.curve
    if curve.empty:
        return []
    charts = curve.loc[curve["group"] == "", ["measure", "window"]].drop_duplicates()
    for measure, window in charts.itertuples(index=False, name=None):
        rows = chart_rows(result, str(measure), int(window), "")
        rows = rows[rows["estimate"].notna()]
        state = str(flagged(rows).iloc[-1]) if len(rows) else ""
        if state and not often_wrong(result, str(measure), int(window)):
            label = trend_label(result, str(measure), int(window), release.registry)
            label = label.partition(", ")[0]
            when = period_words(str(rows["period"].iloc[-1]))
            began = "of those who began care in" if window else "in"
            said.append(f"{label}: {state} than usual, {began} {when}.")
    return said


def _threshold(release: Release) -> str:
    """Name the improvement that counts, within a sentence."""
    rows = rows_of(release["period"], "responders", group="")
    outcome = str(rows["outcome"].iloc[0]) if len(rows) else ""
    if outcome not in release.registry or not release.registry.get(outcome).thresholds:
        return "an improvement that counts"
    return release.registry.get(outcome).threshold().label.replace(" %", "%")


def _responders(release: Release) -> Tile:
    named = _threshold(release)
    label = f"{named[:1].upper()}{named[1:]}, {write.follow_up(_DAY)} on"
    result = release["responders"]
    names = getattr(result.spec, "thresholds", ())
    row = _first(result, f"responders_{names[0]}") if names else None
    return _tile(release, label, row, "who answered", "responders")


def _answered(release: Release) -> Tile:
    row = _first(release["completeness"], "answered", day=_DAY)
    label = f"Answered, {write.follow_up(_DAY)} on"
    return _tile(release, label, row, "whose time was over", f"answered_day_{_DAY}")


def _left(release: Release) -> Tile:
    row = _first(release["retention"], "lapsed_in_pain")
    in_pain = release["period"].spec.in_pain
    label = f"Left with pain of {in_pain:g} or more"
    of = "who came in the last year and lapsed, last score known"
    return _tile(release, label, row, of, "lapsed_in_pain")


def _serious(release: Release) -> Tile:
    row = _first(release["safety"], "serious")
    return _tile(release, "Serious events", row, "sessions", "serious", counted=True)


def _first(result: AnalysisResult, term: str, day: int | None = None) -> Row | None:
    found = records(rows_of(result, term, day=day, group=""))
    return found[0] if found else None


def _tile(
    release: Release, label: str, row: Row | None, of: str, term: str, *, counted: bool = False
) -> Tile:
    """Show a share in percent, or as a count where there are too few for that."""
    result = release["period"]
    rows = lookup(rows_of(result, term, group=""), "landmark")
    lines = [
        f"{write.period(each, short=True)}: {_short(rows.get((each,)))}"
        for each in _periods(result)
    ]
    if row is None or row["status"] != "ok" or not row["n_patients"] > 0:
        hidden = row is not None and row["status"] == "suppressed"
        note = "" if row is None or hidden else in_words(row["note"])
        reason = "withheld: too few people" if hidden else note or "nothing recorded yet"
        return Tile(label, write.NOT_KNOWN, reason, lines, known=False)
    events, n = row["n_events"], row["n_patients"]
    if counted:
        return Tile(label, write.number(events), f"in {write.number(n)} {of}", lines)
    if n < VerdictRules().minimum_n:
        number = f"{write.number(events)} of {write.number(n)}"
        return Tile(label, number, f"{of}; too few for a percentage", lines)
    number = write.percent(events, n)
    return Tile(label, number, f"{write.number(events)} of {write.number(n)} {of}", lines)


def _short(row: Row | None) -> str:
    if row is None or row["status"] == "refused":
        return write.NOT_KNOWN
    if row["status"] == "suppressed":
        return "withheld"
    return f"{write.number(row['n_events'])} of {write.number(row['n_patients'])}"
