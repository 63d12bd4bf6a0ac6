"""Sums of a partition that a worker in another process can be asked for."""

from __future__ import annotations

import os
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from outcomes.errors import EstimationError
from outcomes.tables import Tables


@dataclass(frozen=True)
class Totals:
    """Added in another order, the last digits of `thirds` would differ."""

    patients: int
    scores: int
    thirds: float

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def totals(tables: Tables) -> Totals:
    assert tables.assessments is not None
    values = tables.assessments["value"]
    return Totals(len(tables.patients), len(values), float((values / 3).sum() ** 1.1))


def totals_after_a_death(tables: Tables, once: Path) -> Totals:
    """Take the whole worker down the first time that anyone gets here."""
    try:
        once.touch(exist_ok=False)
    except FileExistsError:
        return totals(tables)
    time.sleep(0.2)  # others have begun by now
    os._exit(1)


def failing(tables: Tables) -> Totals:
    raise EstimationError("Nothing can be had.", "Try another.")
