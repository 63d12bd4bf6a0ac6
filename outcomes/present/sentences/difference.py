"""How groups that were formed at the start differ later."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.rows import outcome_of, records, rows_of
from outcomes.present.sentences.sentence import Sentence, cannot, subject_of, unit_of
from outcomes.results import AnalysisResult
from outcomes.verdicts import judge_result


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
    subject = subject_of(outcome_of(result), registry)
    rows = rows_of(result, "difference")
    if rows.empty:
        return cannot(
            f"{subject}, compared between groups", judge_result(result, term="difference")
        )
    row = records(rows)[0]
    day = int(row["day"])
    verdict = judge_result(
        result, term="difference", landmark=f"day {day}", group=row["group"], registry=registry
    )
    when = write.follow_up(day)
    if not verdict.carried:
        return cannot(f"{subject} at {when}, compared between groups", verdict)
    reference = getattr(result.spec, "reference", "") or "the others"
    analysed = rows_of(result, "adjusted_mean")
    counted = write.share(analysed["n_patients"].sum(), analysed["n_eligible"].sum())
    limits = sorted((abs(row["conf_low"]), abs(row["conf_high"])))
    unit = unit_of(row)
    name = write.confidence(row["conf_level"])
    if verdict.direction == "little change":
        spread = write.interval(row["conf_low"], row["conf_high"])
        text = (
            f"{subject} at {when} hardly differed between {row['group']} and {reference} "
            f"({name} {spread} {unit})"
        )
    else:
        # the group that is lower comes first, whichever the reference is
        lower, higher = (row["group"], reference)[:: 1 if row["estimate"] < 0 else -1]
        text = (
            f"{subject} at {when}: {write.score(abs(row['estimate']))} {unit} lower in the group "
            f"{lower} than in the group {higher} ({name} {write.interval(*limits)})"
        )
    return Sentence(f"{text}, given the same start. {counted} patients are in this.", True)
