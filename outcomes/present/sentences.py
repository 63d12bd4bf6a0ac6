"""The answer in sentences that a manager can repeat.

Each holds its number, its interval, how many people it speaks of and how many it could have spoken
of. What the data cannot carry is not said: the verdict says what is missing instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import HEADACHES, instrument_of, outcome_label
from outcomes.present.rows import Row, days_of, outcome_of, records, rows_of
from outcomes.results import AnalysisResult
from outcomes.verdicts import Verdict, judge_result

NO_COMPARISON = (
    "There is no comparison group here. Neck pain and headaches often ease with time, and people "
    "come when they hurt most, so part of any change would have come anyway; these numbers do not "
    "say how much of it care did."
)

BY_CHANCE = (
    "Changes within a group say little about care, because neck pain and headaches often ease with "
    "time. A difference between groups is the effect of care only if chance decided who was in "
    "which group."
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, or what stands in its place.

    Parameters
    ----------
    text : str
        Plain text.
    carried : bool
        False where the data cannot carry the sentence and the text says what is missing.
    """

    text: str
    carried: bool


def change_sentence(
    result: AnalysisResult,
    day: int,
    registry: InstrumentRegistry | None = None,
    *,
    follows: bool = False,
) -> Sentence:
    """Say how a score changed from the start to a follow-up time.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_pain_trajectory`, everyone together.
    day : int
        Follow-up time.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.
    follows : bool
        Whether it follows such a sentence about an earlier time, and need not repeat everything.

    Returns
    -------
    Sentence
        With both levels, the change and its interval, and who answered.
    """
    verdict = judge_result(result, term="change", landmark=f"day {day}", registry=registry)
    when = write.follow_up(day)
    known = instrument_of(outcome_of(result), registry)
    subject = _subject(outcome_of(result), registry)
    change = _only(rows_of(result, "change", day=day, group=""))
    if not verdict.carried or change is None:
        return _cannot(f"{subject} {when} after the start", verdict)
    start = _only(rows_of(result, "mean", day=0, group=""))
    now = _only(rows_of(result, "mean", day=day, group=""))
    levels = ""
    if start is not None and now is not None:
        levels = f", from {write.score(start['estimate'])} to {write.score(now['estimate'])}"
        levels += f" on a scale of {known.minimum:g} to {known.maximum:g}" if known else ""
    amount = write.score(abs(change["estimate"]))
    low, high = sorted((abs(change["conf_low"]), abs(change["conf_high"])))
    if verdict.direction == "little change":
        limits = write.interval(change["conf_low"], change["conf_high"])
        what = f"{subject} hardly changed in {when} (95% CI {limits} {change['unit']}){levels}"
    elif follows:
        side = "below" if change["estimate"] < 0 else "above"
        limits = write.interval(low, high)
        what = f"After {when} it was {amount} {change['unit']} {side} the start (95% CI {limits})"
    else:
        verb = "fell" if change["estimate"] < 0 else "rose"
        limits = write.interval(low, high)
        what = f"{subject} {verb} by {amount} {change['unit']} in {when} (95% CI {limits}){levels}"
    return Sentence(f"{what}. {_answered(change, verdict)}", True)


def headache_sentence(result: AnalysisResult, day: int) -> Sentence:
    """Say how headache days compare with those before care.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_headache_frequency`, everyone together.
    day : int
        Follow-up time.

    Returns
    -------
    Sentence
        With both rates, their ratio as a percentage with its interval, and who kept a diary.
    """
    verdict = judge_result(result, term="rate_ratio", landmark=f"day {day}")
    ratio = _only(rows_of(result, "rate_ratio", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or ratio is None:
        return _cannot(f"Headaches {when} after the start, against before care", verdict)
    before = _only(rows_of(result, "baseline_rate", day=day, group=""))
    now = _only(rows_of(result, "rate", day=day, group=""))
    limits = write.interval(ratio["conf_low"], ratio["conf_high"], 2)
    rates = ""
    if before is not None and now is not None:
        rates = (
            f", from {write.score(before['estimate'])} to {write.score(now['estimate'])} days in 28"
        )
    if verdict.direction == "little change":
        what = f"Headache days hardly changed by {when}{rates}"
    else:
        verb = "fell" if ratio["estimate"] < 1 else "rose"
        what = f"Headache days {verb} by {when}{rates}"
    text = (
        f"{what}: {write.score(ratio['estimate'], 2)} times as many as in the same patients before "
        f"care (95% CI {limits}). {_answered(ratio, verdict, 'kept a diary')}"
    )
    return Sentence(text, True)


def responder_sentence(result: AnalysisResult, day: int) -> Sentence:
    """Say how many patients had their headache days halved.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_headache_frequency`, everyone together.
    day : int
        Follow-up time.

    Returns
    -------
    Sentence
        With the share, its denominator and its interval.
    """
    verdict = judge_result(result, term="responders", landmark=f"day {day}")
    row = _only(rows_of(result, "responders", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or row is None:
        return _cannot(f"How many had half as many headache days at {when}", verdict)
    text = (
        f"At {when}, {write.share(row['n_events'], row['n_patients'])} of those with a diary both "
        "times had at most half as many headache days as before care (95% CI "
        f"{write.proportion_interval(row['conf_low'], row['conf_high'])})."
    )
    return Sentence(text.replace(" of those with", " with", 1), True)


def movement_sentence(
    result: AnalysisResult, day: int, registry: InstrumentRegistry | None = None
) -> Sentence:
    """Say how far the neck moves compared with the start.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_rom_change`, everyone together.
    day : int
        Follow-up time.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Sentence
        The movement that changed least and the one that changed most, with intervals.
    """
    when = write.follow_up(day)
    rows = rows_of(result, "change", day=day, group="")
    judged = [
        (
            row,
            judge_result(
                result,
                term="change",
                landmark=f"day {day}",
                outcome=row["outcome"],
                registry=registry,
            ),
        )
        for row in records(rows)
    ]
    carried = [(row, verdict) for row, verdict in judged if verdict.carried]
    if not carried:
        missing = judged[0][1].missing if judged else "No movement was measured at both times."
        return Sentence(f"Neck movement {when} after the start: can't say yet. {missing}", False)
    carried.sort(key=lambda each: each[0]["estimate"])
    ends = [carried[0][0], carried[-1][0]] if len(carried) > 1 else [carried[0][0]]
    said = [
        f"{write.signed(row['estimate'])}° "
        f"({outcome_label(row['outcome'], registry).lower()}, 95% CI "
        f"{write.interval(row['conf_low'], row['conf_high'])})"
        for row in ends
    ]
    least = min(carried, key=lambda each: each[0]["n_patients"])[0]
    text = (
        f"The neck moved farther by {when} than at the start: the mean change was "
        f"{' to '.join(said)}. {_counted(least)} were measured then."
    )
    if any(row["estimate"] <= 0 for row, _ in carried):
        text = text.replace("moved farther", "moved differently", 1)
    return Sentence(text, True)


def difference_sentence(
    result: AnalysisResult, registry: InstrumentRegistry | None = None
) -> Sentence:
    """Say how groups formed at the start differ later.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_group_difference`.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Sentence
        The first group's adjusted difference from the reference with its interval, and how many of
        both groups are in it.
    """
    subject = _subject(outcome_of(result), registry)
    rows = rows_of(result, "difference")
    if rows.empty:
        return _cannot(
            f"{subject}, compared between groups", judge_result(result, term="difference")
        )
    row = records(rows)[0]
    day = int(row["day"])
    verdict = judge_result(
        result, term="difference", landmark=f"day {day}", group=row["group"], registry=registry
    )
    when = write.follow_up(day)
    if not verdict.carried:
        return _cannot(f"{subject} at {when}, compared between groups", verdict)
    reference = getattr(result.spec, "reference", "") or "the others"
    analysed = rows_of(result, "adjusted_mean")
    counted = write.share(analysed["n_patients"].sum(), analysed["n_eligible"].sum())
    limits = sorted((abs(row["conf_low"]), abs(row["conf_high"])))
    unit = _unit(row)
    if verdict.direction == "little change":
        spread = write.interval(row["conf_low"], row["conf_high"])
        text = (
            f"{subject} at {when} hardly differed between {row['group']} and {reference} "
            f"(95% CI {spread} {unit})"
        )
    else:
        # the group that is lower comes first, whichever the reference is
        lower, higher = (row["group"], reference)[:: 1 if row["estimate"] < 0 else -1]
        text = (
            f"{subject} at {when}: {write.score(abs(row['estimate']))} {unit} lower in the group "
            f"{lower} than in the group {higher} (95% CI {write.interval(*limits)})"
        )
    return Sentence(f"{text}, given the same start. {counted} patients are in this.", True)


def completeness_sentence(
    result: AnalysisResult, days: tuple[int, ...], registry: InstrumentRegistry | None = None
) -> Sentence:
    """Say how complete the answers are.

    Parameters
    ----------
    result : AnalysisResult
        With the terms of `estimate_pain_trajectory`.
    days : tuple of int
        Follow-up times to speak of.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Sentence
        Shares with denominators; not carried where none is known.
    """
    said = []
    for day in days:
        row = _only(rows_of(result, "mean", day=day, group=""))
        if row is not None and row["n_eligible"] > 0:
            said.append(f"{_counted(row)} at {write.follow_up(day) if day else 'the start'}")
    subject = _subject(outcome_of(result), registry)
    if not said:
        return Sentence(f"{subject}: how complete the scores are is not known.", False)
    text = f"{subject} was scored by {write.listing(said)}, of those whose time had come."
    return Sentence(text, True)


def spoken_days(result: AnalysisResult, term: str, wanted: tuple[int, ...]) -> list[int]:
    """Choose the follow-up times to speak of.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    term : str
        Term that must have been estimated.
    wanted : tuple of int
        Follow-up times of interest.

    Returns
    -------
    list of int
        Those of interest that have an estimate, or else the last that has one.
    """
    known = days_of(result, term)
    chosen = [day for day in wanted if day in known]
    return chosen or [day for day in known if day > 0][-1:]


def _subject(outcome: str, registry: InstrumentRegistry | None) -> str:
    """Name an outcome at the beginning of a sentence."""
    if outcome == HEADACHES:
        return "Headache days"
    known = instrument_of(outcome, registry)
    return known.short_label if known else outcome_label(outcome)


def _unit(row: Row) -> str:
    return "days in 28" if row["outcome"] == HEADACHES else str(row["unit"])


def _only(rows: pd.DataFrame) -> pd.Series | None:
    known = rows[rows["status"] == "ok"]
    return known.iloc[0] if len(known) == 1 else None


def _cannot(about: str, verdict: Verdict) -> Sentence:
    return Sentence(f"{about}: can't say yet. {verdict.missing}", False)


def _answered(row: pd.Series, verdict: Verdict, did: str = "answered") -> str:
    if verdict.hedged:
        return f"This goes by the fewer than half who {did}: {_counted(row)}."
    return f"{_counted(row)} {did}."


def _counted(row: pd.Series | Row) -> str:
    return write.share(row["n_patients"], row["n_eligible"])
