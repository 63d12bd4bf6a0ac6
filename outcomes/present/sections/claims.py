"""Published statements against the clinic's own numbers, and what a sceptic would answer."""

from __future__ import annotations

from collections.abc import Sequence

from outcomes.present import format as write
from outcomes.present.claim_lines import (
    VERDICTS,
    Line,
    lines_of,
    number,
    people,
    verdict_words,
)
from outcomes.present.disclosure import Release
from outcomes.present.figures.claims import plot_claims
from outcomes.present.rows import Row, records
from outcomes.present.sections.section import Part, Section
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_CHANCE = (
    "Numbers of an appendix were found by looking at many. They test nothing and carry no verdict: "
    "they say where a study could look."
)
_RULE = (
    "Consistent: the interval meets what was published and is narrower than half of the published "
    "effect. Cannot tell: too few people, too few answers or too wide an interval. A check never "
    "proves a statement."
)


def claims_page(release: Release, name: str = "claims") -> Section:
    """Show the verdict on every published statement, the sceptic's answer, and the appendix.

    Parameters
    ----------
    release : Release
        What may be shown: the result of `judge_claims` and those it was made from.
    name : str
        Name of the result of `judge_claims`.

    Returns
    -------
    Section
        Sentences, a figure, a table with a row a statement, what regression to the mean and the
        natural course amount to, and the appendix.
    """
    lines = _lines(release, name)
    main = [line for line in lines if not line.about["exploratory"]]
    parts: list[Part] = [Prose([_counted(main), _RULE])]
    try:
        parts.append(plot_claims(main))
    except ValueError:
        parts.append(Prose(["No number can be drawn yet."], kind="absent"))
    parts.append(_verdicts(main))
    parts.append(Prose(_sceptic(release, main), listed=True))
    appendix = _numbers([line for line in lines if line.about["exploratory"]], "Appendix: pressure,"
                        " techniques and muscles (exploratory)", (_CHANCE,))  # fmt: skip
    if appendix is not None:
        parts.append(appendix)
    return Section(parts)


def claims_details(release: Release, name: str = "claims") -> Section:
    """Show every number behind the verdicts, and how each statement was read.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `judge_claims`.

    Returns
    -------
    Section
        A table of numbers, and one of readings with what a sceptic would answer.
    """
    lines = [line for line in _lines(release, name) if not line.about["exploratory"]]
    table = _numbers(lines, "Every number behind the verdicts", ())
    readings = [
        (_title(line), str(line.about["reading"]), str(line.about["sceptic"]) or write.NOT_KNOWN)
        for line in lines
        if not line.label
    ]
    parts: list[Part] = [] if table is None else [table]
    columns = ("Statement", "How it is read here", "What a sceptic would answer")
    parts.append(Table("How each statement was read", columns, readings, numeric=False))
    return Section(parts)


def _lines(release: Release, name: str) -> list[Line]:
    return lines_of(release[name], [result for key, result in release.items() if key != name])


def _title(line: Line) -> str:
    return f"{line.claim}: {line.about['statement']}"


def _counted(lines: Sequence[Line]) -> str:
    verdicts = [line.verdict for line in lines if not line.label]
    said = [
        f"{words.lower()} {verdicts.count(code)}"
        for code, words in VERDICTS.items()
        if verdicts.count(code)
    ]
    return f"{write.count(len(verdicts), 'published statement')} checked: {', '.join(said)}."


def _verdicts(lines: Sequence[Line]) -> Table:
    """One row a statement, with the number that decides."""
    rows = []
    for line in lines:
        if line.label:
            continue
        own = [each for each in lines if each.claim == line.claim and each.label]
        deciding = _deciding(line, own)
        named = f"{deciding.label}: {number(deciding)}; n = {people(deciding)}"
        rows.append(
            (
                _title(line),
                str(line.about["published"]),
                verdict_words(line),
                named if deciding.shown else write.NOT_KNOWN,
            )
        )
    return Table(
        "Published statements",
        ("Statement", "Published", "Verdict", "Our number (95% CI)"),
        rows,
        (
            "The statements are those of an article for patients; none could be traced to a study. "
            "Where several numbers belong to one statement the one that decides is shown. n: the "
            "people it rests on, of those it could have rested on.",
        ),
        numeric=False,
    )


def _deciding(whole: Line, own: Sequence[Line]) -> Line:
    """Choose the first number with the verdict of the statement, else the first there is."""
    for line in own:
        if line.verdict == whole.verdict and line.about["reason"] == whole.about["reason"]:
            return line
    for line in own:
        if line.verdict or line.shown:
            return line
    return own[0]


def _numbers(lines: Sequence[Line], caption: str, notes: tuple[str, ...]) -> Table | None:
    rows = [
        (f"{line.claim}: {line.label}", number(line), people(line), _judged(line))
        for line in lines
        if line.label and line.row is not None
    ]
    if not rows:
        return None
    columns = ("Number", "Ours (95% CI)", "People", "Verdict")
    return Table(caption, columns, rows, notes, numeric=False)


def _judged(line: Line) -> str:
    return VERDICTS[line.verdict] if line.verdict else "shown beside"


def _sceptic(release: Release, lines: Sequence[Line]) -> list[str]:
    """Regression to the mean, natural course and drop-out, in numbers."""
    said = [_chosen(_of(release, "regression_to_mean")), _untreated(_of(release, "natural_course"))]
    for line in lines:
        tipping = line.about["tipping"]
        if line.shown and tipping > 0:
            said.append(
                f"Drop-out: those who did not answer at three years would have to be "
                f"{write.score(tipping)} points worse off than the model takes them to be for the "
                "interval no longer to reach the published change."
            )
    said.append(
        "Nobody here was left without care by lot. What remains after these answers is still no "
        "proof that care did it."
    )
    return said


def _of(release: Release, question: str) -> AnalysisResult | None:
    return next((each for each in release.values() if each.question == question), None)


def _chosen(result: AnalysisResult | None) -> str:
    rows = [] if result is None else records(result.estimates)
    ok = {row["group"]: row for row in rows if row["term"] == "regression_to_mean" and _ok(row)}
    if not ok:
        return (
            "Regression to the mean: not known here. It takes two scores of the same people while "
            "nothing is expected to change."
        )
    said = [
        f"{write.score(-row['estimate'], 2)} points ({write.score(-row['conf_high'], 2)} to "
        f"{write.score(-row['conf_low'], 2)}) lower if chosen for a score of {group} or more"
        for group, row in ok.items()
    ]
    return (
        "Regression to the mean: asked again with nothing done, patients would on average score "
        f"{write.listing(said)}. That everyone came in a bad week may add to it and cannot be seen."
    )


def _untreated(result: AnalysisResult | None) -> str:
    rows = {} if result is None else {row["term"]: row for row in records(result.estimates)}
    waiting, off, care = (rows.get(f"{name}_change") for name in ("waiting", "off_care", "in_care"))
    said = []
    if waiting is not None and _ok(waiting):
        said.append(f"while waiting for care pain changed by {_change(waiting)} points")
    if off is not None and _ok(off):
        said.append(
            f"in about four weeks without a session high scores changed by {_change(off)} points"
        )
    if not said:
        return (
            "Natural course: not known here. Ask for a score when a first appointment is booked, "
            "and at home in weeks without a session."
        )
    if care is not None and _ok(care):
        said.append(f"in four weeks of care, after as high a start, by {_change(care)}")
    text = f"Natural course and chance together: {write.listing(said)}."
    if off is not None and care is not None and _ok(off) and _ok(care) and care["estimate"] < 0:
        part = min(max(off["estimate"] / care["estimate"], 0.0), 1.0)
        text += (
            f" As far as weeks without a session show it, they make up {write.proportion(part)} of "
            "the change in care; who hurts more comes back sooner, so weeks without a session look "
            "better than they are."
        )
    return text


def _change(row: Row) -> str:
    return (
        f"{write.signed(row['estimate'])} ({write.signed(row['conf_low'])} to "
        f"{write.signed(row['conf_high'])})"
    )


def _ok(row: Row) -> bool:
    return row["status"] == "ok"
