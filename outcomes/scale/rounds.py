"""Questions that need to see all records several times, asked together.

A question is a generator. What it yields is done with every partition, the sum over all of them is
what it gets back, and in the end it returns its result. Several questions go round by round side by
side, so the records are read once a round and not once a question.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from outcomes.errors import EstimationError
from outcomes.io import Parts
from outcomes.results import AnalysisResult
from outcomes.scale.adding import Step, add_up
from outcomes.scale.together import Together
from outcomes.tables import Tables

Gather = Callable[[Tables], Any]
Question = Generator[Gather, Any, AnalysisResult]


def ask(
    data: Parts,
    questions: Mapping[str, Question],
    *,
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    scheduler: str = "",
    workers: int | None = None,
    on_step: Step | None = None,
    readings: int = 3,
) -> dict[str, AnalysisResult]:
    """Ask questions of a data set, partition by partition.

    Parameters
    ----------
    data : PartitionedData or WholeData
        The data set.
    questions : mapping of str to Question
        Questions by name, each not begun yet.
    only : tuple of str
        Tables that they look at besides patients; all unless given.
    without : tuple of str
        Clinics whose patients are left out.
    scheduler, workers
        As for `add_up`.
    on_step : callable, optional
        Told how many partitions have been read, and of how many in all readings.
    readings : int
        How often the longest question reads the records, for `on_step`.

    Returns
    -------
    dict of str to AnalysisResult
        Results by name, in the order of the questions.

    Raises
    ------
    OutcomesError
        As for `add_up`, or what a question raises.
    """
    results: dict[str, AnalysisResult] = {}
    asked = {
        name: gather
        for name, question in questions.items()
        if (gather := _go_on(name, question, None, results)) is not None
    }
    before = 0
    while asked:

        def step(done: int, count: int, before: int = before) -> None:
            if on_step is not None:
                on_step(before * count + done, max(readings, before + 1) * count)

        gather = Together(asked, without)
        found = add_up(data, gather, only=only, scheduler=scheduler, workers=workers, on_step=step)
        if all(found[name] is None for name in asked):
            raise EstimationError(
                "There is no patient to ask about.", "Choose a later date, or other records."
            )
        asked = {
            name: gather
            for name in asked
            if (gather := _go_on(name, questions[name], found[name], results)) is not None
        }
        before += 1
    return {name: results[name] for name in questions}


def _go_on(
    name: str, question: Question, found: Any, results: dict[str, AnalysisResult]
) -> Gather | None:
    """Hand a question what it asked for; keep its result when it has one."""
    try:
        return question.send(found)
    except StopIteration as end:
        results[name] = end.value
        return None
