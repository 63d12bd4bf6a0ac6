"""How many people begin care, month by month: the pace at which evidence comes in.

``estimates`` has ``starters`` (people who began care in the last twelve months, per month).
``curve`` has one row a calendar month: month (first day), n_patients (who began care in it).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "intake"


@dataclass(frozen=True)
class IntakeSpec:
    """Choices about the pace of intake.

    Parameters
    ----------
    months : int
        Months before the as-of date that the pace is taken from.
    """

    months: int = 12


def estimate_intake(tables: Tables, spec: IntakeSpec | None = None) -> AnalysisResult:
    """Count who began care in each month, and the pace of late.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : IntakeSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes.

    Notes
    -----
    Plain counts of first attended sessions (or `index_date`). The pace divides by `months`, also
    where the records are younger, so it is then too slow rather than too fast.
    """
    spec = spec or IntakeSpec()
    people = members(tables, "", 0)
    start = people.frame["start"]
    recent = int((start > tables.as_of - pd.DateOffset(months=spec.months)).sum())
    month = start.dt.to_period("M").dt.to_timestamp()
    counts = month.value_counts().sort_index()
    row = {
        "outcome": "intake",
        "term": "starters",
        "estimate": recent / spec.months,
        "n_eligible": float(people.size),
        "n_patients": float(recent),
        "unit": "people per month",
        "method": "count per month",
    }
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        [row],
        group_by="",
        estimand=describe(
            population="patients who began care",
            strategies="none",
            variable="month of the first attended session",
            intercurrent="none",
            summary=f"people per month over the last {spec.months} months",
        ),
        curve=pd.DataFrame({"month": counts.index, "n_patients": counts.to_numpy(dtype="float64")}),
    )
