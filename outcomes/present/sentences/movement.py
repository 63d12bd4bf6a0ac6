"""How far the neck moves compared with the start."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import outcome_label
from outcomes.present.rows import records, rows_of
from outcomes.present.sentences.sentence import Sentence, counted
from outcomes.results import AnalysisResult
from outcomes.verdicts import judge_result


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
        f"{' to '.join(said)}. {counted(least)} were measured then."
    )
    if any(row["estimate"] <= 0 for row, _ in carried):
        text = text.replace("moved farther", "moved differently", 1)
    return Sentence(text, True)
