"""How headache days compare with those before care, and who had half as many."""

from __future__ import annotations

import pandas as pd

from outcomes.present import format as write
from outcomes.present.rows import records, rows_of
from outcomes.present.sentences.sentence import Sentence, cannot, counted, only
from outcomes.results import AnalysisResult
from outcomes.verdicts import Verdict, judge_result


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
        With both rates, their ratio with its interval, who kept a diary, and how many patients had
        come that far: by these completeness is judged.
    """
    reached = _reached(result, day)
    verdict = judge_result(
        result, term="rate_ratio", landmark=f"day {day}", eligible=_number(reached)
    )
    ratio = only(rows_of(result, "rate_ratio", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or ratio is None:
        return cannot(f"Headaches {when} after the start, against before care", verdict)
    before = only(rows_of(result, "baseline_rate", day=day, group=""))
    now = only(rows_of(result, "rate", day=day, group=""))
    limits = write.interval(ratio["conf_low"], ratio["conf_high"], 2)
    rates = ""
    if before is not None and now is not None:
        rates = f" from {write.score(before['estimate'])} to {write.score(now['estimate'])} in 28"
    if verdict.direction == "little change":
        what = f"At {when} headache days had hardly changed{rates and ','}{rates}"
    else:
        moved = "down" if verdict.direction == "better" else "up"
        what = f"At {when} headache days were {moved}{rates}"
    return Sentence(
        f"{what}: {write.score(ratio['estimate'], 2)} times as many as in the same patients before "
        f"care ({write.confidence(ratio['conf_level'])} {limits}). "
        f"{_diaries(ratio, reached, verdict, when)}",
        True,
    )


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
    reached = _reached(result, day)
    verdict = judge_result(
        result, term="responders", landmark=f"day {day}", eligible=_number(reached)
    )
    row = only(rows_of(result, "responders", day=day, group=""))
    when = write.follow_up(day)
    if not verdict.carried or row is None:
        return cannot(f"How many had half as many headache days at {when}", verdict)
    text = (
        f"At {when}, {write.share(row['n_events'], row['n_patients'])} of those with a headache "
        "before care and a diary both times had at most half as many headache days as before care "
        f"({write.confidence(row['conf_level'])} "
        f"{write.proportion_interval(row['conf_low'], row['conf_high'])})."
    )
    if verdict.hedged:
        whole = row["n_eligible"] if reached is None else reached["n_patients"]
        everyone = write.count(whole, "patient")
        text += f" Those with both are fewer than half of the {everyone} at that time."
    return Sentence(text, True)


def diary_sentence(result: AnalysisResult, days: tuple[int, ...]) -> Sentence:
    """Say how many of all patients kept a diary.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_headache_frequency`, everyone together.
    days : tuple of int
        Times to speak of; 0 is before care.

    Returns
    -------
    Sentence
        Shares of all patients whose time had come; not carried where none is known.
    """
    rows = rows_of(result, "kept_diary", group="")
    rows = rows[(rows["status"] == "ok") & rows["day"].isin(days)].sort_values("day")
    said = [
        f"{write.share(row['n_events'], row['n_patients'])} "
        + (f"at {write.follow_up(int(row['day']))}" if row["day"] else "before care")
        for row in records(rows)
    ]
    if not said:
        return Sentence("How complete the headache diaries are is not known.", False)
    return Sentence(
        f"A headache diary long enough to count was kept by {write.listing(said)}, of all patients "
        "whose time had come.",
        True,
    )


def _reached(result: AnalysisResult, day: int) -> pd.Series | None:
    """Find the share of all patients who kept a diary; None where it is not known."""
    return only(rows_of(result, "kept_diary", day=day, group=""))


def _number(reached: pd.Series | None) -> float | None:
    return None if reached is None else float(reached["n_patients"])


def _diaries(ratio: pd.Series, reached: pd.Series | None, verdict: Verdict, when: str) -> str:
    """Say who kept a diary, of those who did before care and of all patients."""
    inner = f"{counted(ratio)} of those who kept a diary before care kept one then"
    if reached is None:
        hedge = "This goes by fewer than half: " if verdict.hedged else ""
        return f"{hedge}{inner}."
    if verdict.hedged:
        outer = write.share(ratio["n_patients"], reached["n_patients"])
        return (
            "This goes by the fewer than half who kept a diary both times: "
            f"{outer} at {when}; {inner}."
        )
    return f"{inner}, of {write.count(reached['n_patients'], 'patient')} at {when}."
