"""The rows and weights that the primary number is made of, one row a patient and block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.prepare import (
    NotReady,
    known_at_start,
    prepare,
    settle,
    with_range,
)
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.errors import EstimationError
from outcomes.stats.strategies import difference
from outcomes.tables import Tables


@dataclass(frozen=True)
class ScheduleFrame:
    """What anybody needs to compute the primary difference again.

    Parameters
    ----------
    frame : DataFrame
        One row a patient and block, sorted: those of `meanings`. It speaks of single patients.
    meanings : DataFrame
        column, meaning.
    weights : dict of str to str
        Column of weights of each strategy.
    contrast : tuple of str
        The primary one, first minus second.
    blocks : tuple of int
        First and last block of the primary weeks.
    estimate, std_error, df : float
        Primary difference, with the weights taken as known.
    """

    frame: pd.DataFrame
    meanings: pd.DataFrame
    weights: dict[str, str]
    contrast: tuple[str, str]
    blocks: tuple[int, int]
    estimate: float
    std_error: float
    df: float


def schedule_frame(tables: Tables, spec: MaintenanceSchedulesSpec | None = None) -> ScheduleFrame:
    """Lay out the analysis frame of the primary weeks.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec, optional
        Choices of the comparison; unless given those of the settings.

    Returns
    -------
    ScheduleFrame
        Rows, weights and the number they give.

    Raises
    ------
    EstimationError
        If the weeks cannot be compared at all, or nobody keeps to one of the two schedules.

    Notes
    -----
    The mean of a strategy in a block is Σ w a y / Σ w a over patients, w the weight for keeping to
    the strategy and staying, a that for answering, y the answer; the estimate is the mean over the
    primary blocks, first strategy minus second.
    """
    spec, planned = settle(tables, spec)
    instrument, horizon = with_range(tables, spec.instrument), spec.horizons[0]
    known = known_at_start(tables, spec)
    ready = prepare(tables, known, spec, horizon, instrument, planned, all_outcomes=False)
    if isinstance(ready, NotReady):
        raise EstimationError("There is nothing to write down.", ready.reason)
    comparison, grid = ready.comparison, ready.grid
    fitted, outcome = comparison.whole, comparison.outcomes[0]
    arms = [
        comparison.arm(fitted, outcome, name)
        for name in spec.contrasts[0]
        if name in comparison.strategies
    ]
    if len(arms) < 2 or not all(arm.n for arm in arms):
        raise EstimationError(
            "Nobody keeps to one of the two schedules.", "Put another contrast first."
        )
    estimate, error, df = difference(arms[0], arms[1])
    rows = grid.frame
    columns: dict[str, tuple[object, str]] = {
        "patient_id": (rows["patient_id"], "patient"),
        "block": (rows["block"], "block of four weeks after the decision, from 1"),
        "decision": (rows["decision"], "day on which the schedule of the block was decided"),
        "in_care": (rows["in_care"].astype(int), "in care at the decision"),
        "plan": (rows["plan"].fillna(""), "plan in force"),
        "sessions": (rows["sessions"], "sessions attended in the block"),
        "last_score": (rows["score"], f"{instrument.label}, last recorded at the decision"),
        "score_age": (rows["score_age"], "days since that score"),
        "trend": (rows["trend"], "its difference from the score before"),
        "answer": (rows["answer"], f"{instrument.label} answered at home in the block"),
    }
    for term in grid.terms:
        name = term.removeprefix("C(").removesuffix(")")
        shown = name.removesuffix("_") if name.endswith("_") else name
        columns[shown] = (rows[name], f"{shown.replace('_', ' ')}, as the weight models have it")
    weights = {s: f"weight_{number}" for number, s in enumerate(comparison.strategies, start=1)}
    for s, name in weights.items():
        columns[name] = (
            fitted.weights[s].ravel(),
            f"weight for keeping to {s.replace('_', ' ')} and staying, 0 once off it",
        )
    columns["weight_answer"] = (
        fitted.answering[outcome.response].ravel(),
        "weight for answering, 0 without an answer",
    )
    frame = pd.DataFrame({name: np.asarray(values) for name, (values, _) in columns.items()})
    for name in ("patient_id", "plan"):
        frame[name] = frame[name].astype("str")
    meanings = pd.DataFrame(
        {"column": list(columns), "meaning": [meaning for _, meaning in columns.values()]}
    )
    return ScheduleFrame(
        frame=frame,
        meanings=meanings,
        weights=weights,
        contrast=spec.contrasts[0],
        blocks=(horizon.first, horizon.last),
        estimate=estimate,
        std_error=error,
        df=df,
    )
