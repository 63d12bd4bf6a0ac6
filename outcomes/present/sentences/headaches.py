"""How headache days compare with those before care, and who had half as many."""

from __future__ import annotations

from outcomes.present import format as write
from outcomes.present.rows import rows_of
from outcomes.present.sentences.sentence import Sentence, answered, cannot, only
from outcomes.results import AnalysisResult
from outcomes.verdicts import judge_result


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
    ratio = only(rows_of(result, "rate_ratio", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or ratio is None:
        return cannot(f"Headaches {when} after the start, against before care", verdict)
    before = only(rows_of(result, "baseline_rate", day=day, group=""))
    now = only(rows_of(result, "rate", day=day, group=""))
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
        f"care (95% CI {limits}). {answered(ratio, verdict, 'kept a diary')}"
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
    row = only(rows_of(result, "responders", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or row is None:
        return cannot(f"How many had half as many headache days at {when}", verdict)
    text = (
        f"At {when}, {write.share(row['n_events'], row['n_patients'])} of those with a diary both "
        "times had at most half as many headache days as before care (95% CI "
        f"{write.proportion_interval(row['conf_low'], row['conf_high'])})."
    )
    return Sentence(text.replace(" of those with", " with", 1), True)
