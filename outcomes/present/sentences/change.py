"""How a score changed, and how complete the scores are."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import instrument_of
from outcomes.present.rows import days_of, outcome_of, rows_of
from outcomes.present.sentences.sentence import (
    Sentence,
    answered,
    cannot,
    counted,
    only,
    subject_of,
)
from outcomes.results import AnalysisResult
from outcomes.verdicts import judge_result


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
    subject = subject_of(outcome_of(result), registry)
    change = only(rows_of(result, "change", day=day, group=""))
    if not verdict.carried or change is None:
        return cannot(f"{subject} {when} after the start", verdict)
    start = only(rows_of(result, "mean", day=0, group=""))
    now = only(rows_of(result, "mean", day=day, group=""))
    levels = ""
    if start is not None and now is not None:
        levels = f", from {write.score(start['estimate'])} to {write.score(now['estimate'])}"
        levels += f" on a scale of {known.minimum:g} to {known.maximum:g}" if known else ""
    amount = write.score(abs(change["estimate"]))
    name = write.confidence(change["conf_level"])
    low, high = sorted((abs(change["conf_low"]), abs(change["conf_high"])))
    if verdict.direction == "little change":
        limits = write.interval(change["conf_low"], change["conf_high"])
        what = f"{subject} hardly changed in {when} ({name} {limits} {change['unit']}){levels}"
    elif follows:
        side = "below" if change["estimate"] < 0 else "above"
        limits = write.interval(low, high)
        what = f"After {when} it was {amount} {change['unit']} {side} the start ({name} {limits})"
    else:
        verb = "fell" if change["estimate"] < 0 else "rose"
        limits = write.interval(low, high)
        what = f"{subject} {verb} by {amount} {change['unit']} in {when} ({name} {limits}){levels}"
    return Sentence(f"{what}. {answered(change, verdict)}", True)


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
        row = only(rows_of(result, "mean", day=day, group=""))
        if row is not None and row["n_eligible"] > 0:
            said.append(f"{counted(row)} at {write.follow_up(day) if day else 'the start'}")
    subject = subject_of(outcome_of(result), registry)
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
