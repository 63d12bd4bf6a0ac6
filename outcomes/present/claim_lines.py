"""Lines of published statements with the numbers that may be shown of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import pandas as pd

from outcomes.present import format as write
from outcomes.present.rows import Row, records
from outcomes.results import AnalysisResult

VERDICTS = {
    "consistent": "Consistent",
    "not_consistent": "Not consistent",
    "cannot_tell": "Cannot tell",
    "not_recorded": "Not recorded",
    "withheld": "Withheld",
}
"""Verdicts in words, as they are counted."""

_WHY = {
    "few": "too few people yet",
    "unanswered": "too few answered: more answers would do, not more time",
    "wide": "the interval is too wide",
    "near": "the number is too near the limit",
    "refused": "no number could be estimated",
    "bounds": "visits alone give only bounds; scores at home would tell",
    "no_comparison": "what others achieve or cost is not recorded here",
    "not_asked": "the analysis is not part of this report",
    "few_clinics": "too few clinics to compare",
    "start": "patients here began from another level",
}
_TIMED = ("few", "wide", "near")
_EXACT = ("outcome", "group_by", "group", "landmark", "term", "method")


@dataclass(frozen=True)
class Line:
    """One number of a statement, or the statement itself.

    Parameters
    ----------
    claim, label : str
        Code of the statement, and what the number is; empty for the statement.
    about : dict
        Row of the curve of `judge_claims`.
    row : dict or None
        Row of estimates that may be shown; None without a number.
    verdict : str
        Key of `VERDICTS`, or empty where nothing is judged.
    """

    claim: str
    label: str
    about: Row
    row: Row | None
    verdict: str

    @property
    def shown(self) -> bool:
        """Whether there is a number to show."""
        return (
            self.row is not None and self.row["status"] == "ok" and not isnan(self.row["estimate"])
        )


def lines_of(result: AnalysisResult, others: list[AnalysisResult]) -> list[Line]:
    """Put statements, numbers and verdicts together.

    Parameters
    ----------
    result : AnalysisResult
        Of `judge_claims`, as released.
    others : list of AnalysisResult
        The other results of the release. Where one of them withholds a number, no statement shows
        it, and no verdict on it is given.

    Returns
    -------
    list of Line
        In the order of the statements, each followed by its numbers.
    """
    estimates = {row["estimand"]: row for row in records(result.estimates)}
    lines: list[Line] = []
    for about in records(result.curve):
        row = estimates.get(about["estimand"]) if about["estimand"] else None
        verdict = str(about["verdict"])
        if row is not None and (row["status"] == "suppressed" or _withheld(row, about, others)):
            row = row | {"status": "suppressed"}
            verdict = "withheld" if verdict else ""
        lines.append(Line(str(about["claim"]), str(about["label"]), about, row, verdict))
    lost = {line.claim for line in lines if line.verdict == "withheld"}
    return [
        Line(line.claim, line.label, line.about, line.row, "withheld")
        if not line.label and line.verdict and line.claim in lost
        else line
        for line in lines
    ]


def _withheld(row: Row, about: Row, others: list[AnalysisResult]) -> bool:
    """Whether the result that a number was taken from does not show it."""
    for other in others:
        if other.question != about["question"]:
            continue
        rows = other.estimates
        same = pd.Series(True, index=rows.index)
        for name in _EXACT:
            same &= rows[name] == row[name]
        if not same.any():
            # made of several rows: none of them may be withheld
            same = (rows["outcome"] == row["outcome"]) & (rows["landmark"] == row["landmark"])
            same &= rows["group_by"] == row["group_by"]
        if (rows.loc[same, "status"] == "suppressed").any():
            return True
    return False


def number(line: Line) -> str:
    """Write the number of a line with its interval.

    Parameters
    ----------
    line : Line
        A line with a label.

    Returns
    -------
    str
        Such as ``−4.9 (−5.4 to −4.5)``; ``withheld`` or ``–`` without one.
    """
    row = line.row
    if row is None or row["status"] != "ok" or isnan(row["estimate"]):
        return "withheld" if row is not None and row["status"] == "suppressed" else write.NOT_KNOWN
    value, low, high = (row[name] for name in ("estimate", "conf_low", "conf_high"))
    unit = str(row["unit"])
    bare = isnan(low) or isnan(high)
    if unit == "share of sessions":
        text, limits = (
            f"{write.score(100 * value, 2)} per 100 sessions",
            write.interval(100 * low, 100 * high, 3 if high < 0.001 else 2),
        )
    elif unit == "share":
        text, limits = write.proportion(value), write.proportion_interval(low, high)
    elif unit == "%":
        text = f"{write.signed(value, 0)}%"
        limits = f"{write.signed(low, 0)}% to {write.signed(high, 0)}%"
    elif unit == "ratio":
        text, limits = write.score(value, 2), write.interval(low, high, 2)
    elif unit.startswith("of "):
        return f"{write.number(value)} {unit}"
    elif unit.startswith("currency"):
        text, limits = write.number(value), write.interval(low, high, 0)
    else:
        small = max(abs(low), abs(high)) < 0.5 if not bare else False
        digits = 2 if small else 1
        text, limits = write.signed(value, digits), write.interval(low, high, digits)
        if row["term"] in ("mean", "optimum", "gap", "planned_gap", "between"):
            text = write.score(value, digits)
        else:
            limits = f"{write.signed(low, digits)} to {write.signed(high, digits)}"
    return text if bare else f"{text} ({limits})"


def people(line: Line) -> str:
    """Write how many a number rests on, of how many.

    Parameters
    ----------
    line : Line
        A line with a label.

    Returns
    -------
    str
        Such as ``33 of 75 (44%)``, or the number alone where nobody is missing.
    """
    row = line.row
    if row is None or row["status"] == "suppressed":
        return write.NOT_KNOWN if row is None else "withheld"
    n, eligible = row["n_patients"], row["n_eligible"]
    unit = " sessions" if row["unit"] == "share of sessions" else ""
    if isnan(eligible) or eligible <= n or str(row["method"]).startswith("cumulative"):
        return f"{write.number(n)}{unit}" if not isnan(n) else write.NOT_KNOWN
    return write.share(n, eligible)


def verdict_words(line: Line) -> str:
    """Write the verdict of a line, why it cannot be told and when it can.

    Parameters
    ----------
    line : Line
        A statement or one of its numbers.

    Returns
    -------
    str
        Such as ``Cannot tell: too few people yet. Answerable in March 2027 at today's rate``.
    """
    if not line.verdict:
        return write.NOT_KNOWN
    words, reason = VERDICTS[line.verdict], str(line.about["reason"])
    if line.verdict == "withheld" or not reason:
        return words
    text = f"{words}: {_WHY[reason]}"
    month = str(line.about["month"])
    if line.verdict != "cannot_tell" or line.label or reason not in _TIMED:
        return text
    if not month:
        return f"{text}. No month can be named at today's rate"
    when = pd.Timestamp(f"{month}-01")
    return f"{text}. Answerable in {when.month_name()} {when.year} at today's rate"
