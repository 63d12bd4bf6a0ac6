"""How far the neck moves compared with the start."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import outcome_label
from outcomes.present.rows import Row, records, rows_of
from outcomes.present.sentences.sentence import Sentence, answered
from outcomes.results import AnalysisResult
from outcomes.verdicts import Direction, Verdict, judge_result

_WENT: dict[Direction, tuple[str, str]] = {
    "better": ("The neck moved farther {when} than at the start", "farther"),
    "worse": ("The neck moved less far {when} than at the start", "less far"),
    "little change": ("Neck movement {when} was hardly other than at the start", "hardly changed"),
}


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
        For the movements that went farther, less far and hardly otherwise than at the start, the
        one that changed least and the one that changed most, with intervals; who was measured; and
        how many movements cannot be told yet.
    """
    when = f"at {write.follow_up(day)}"
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
        for row in records(rows_of(result, "change", day=day, group=""))
    ]
    carried = [(row, verdict) for row, verdict in judged if verdict.carried]
    if not carried:
        missing = judged[0][1].missing if judged else "No movement was measured at both times."
        return Sentence(f"Neck movement {when}: can't say yet. {missing}", False)
    found: dict[Direction, str] = {}
    for direction in _WENT:
        rows = [row for row, verdict in carried if verdict.direction == direction]
        if rows:
            found[direction] = _ends(rows, registry)
    if len(found) == 1:
        ((direction, said),) = found.items()
        text = f"{_WENT[direction][0].format(when=when)}: the mean change was {said}."
    else:
        parts = [f"{_WENT[direction][1]} {said}" for direction, said in found.items()]
        text = (
            f"Neck movement {when} differed by direction from that at the start, by mean change: "
            f"{'; '.join(parts)}."
        )
    said_by = answered(*_least_complete(carried), "were measured then")
    untold = len(judged) - len(carried)
    rest = f" Of {write.count(untold, 'other movement')} it can't be said yet." if untold else ""
    return Sentence(f"{text} {said_by}{rest}", True)


def _ends(rows: list[Row], registry: InstrumentRegistry | None) -> str:
    """Write the smallest and the largest change."""
    ordered = sorted(rows, key=lambda row: abs(row["estimate"]))
    ends = [ordered[0], ordered[-1]] if len(ordered) > 1 else ordered
    return " to ".join(
        f"{write.signed(row['estimate'])}° ({outcome_label(row['outcome'], registry).lower()}, "
        f"{write.confidence(row['conf_level'])} "
        f"{write.interval(row['conf_low'], row['conf_high'])})"
        for row in ends
    )


def _least_complete(carried: list[tuple[Row, Verdict]]) -> tuple[Row, Verdict]:
    """Pick the movement that fewest of those who could have been were measured in."""
    return min(carried, key=lambda each: each[0]["n_patients"] / max(each[0]["n_eligible"], 1))
