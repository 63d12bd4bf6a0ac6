"""What is due with whom, before the day starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.due.kinds import (
    clearance_missing,
    left,
    plan_apart,
    reassessment_due,
    worse_nothing_booked,
)
from outcomes.analyses.due.people import due_people
from outcomes.analyses.due.spec import KINDS, DueSpec
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "due"
NOT_BOOKED = (
    "No appointment lies ahead in the records, so it is not known who has one: nobody is listed as "
    "worse with nothing booked, and who left is judged by attendance alone."
)


def estimate_due(tables: Tables, spec: DueSpec | None = None) -> AnalysisResult:
    """List the patients to ask, to call, to measure or to leave in peace.

    Parameters
    ----------
    tables : Tables
        The data set at the day that is looked from; the patients of one therapist, for example.
    spec : DueSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        Of scope ``patient``. ``estimates`` and ``diagnostics["patients"]`` have a row a patient and
        kind (`KINDS`): in the former the kind is the term, landmark the day it refers to and note
        the sentence; the latter has patient_id, kind, date, value, reason, current. ``curve``
        counts patients by kind.

    Notes
    -----
    Nothing is estimated. Lists speak of what is recorded: a contraindication that was not asked for
    is not listed.
    """
    spec = spec or DueSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    people, known = due_people(tables, spec)
    found = {
        "clearance_missing": clearance_missing(people),
        "worse_nothing_booked": worse_nothing_booked(people[people["booked"] | known], spec),
        "left_hurting": left(tables, people, spec, hurting=True),
        "left_well": left(tables, people, spec, hurting=False),
        "plan_apart": plan_apart(tables, people, spec),
        "reassessment_due": reassessment_due(tables, people, spec),
    }
    lines = pd.concat(
        [found[kind].sort_values("patient_id").assign(kind=kind) for kind in KINDS],
        ignore_index=True,
    )
    current = people.set_index("patient_id")["current"].astype("float64")
    lines["current"] = lines["patient_id"].map(current).astype("float64")
    lines = lines[["patient_id", "kind", "date", "value", "reason", "current"]]
    units = {
        "clearance_missing": "contraindications",
        "plan_apart": "sessions",
        "reassessment_due": "days",
    }
    points = tables.registry.get(spec.instrument).unit
    rows = pd.DataFrame(
        {
            "outcome": spec.instrument,
            "group_by": "patient",
            "group": lines["patient_id"],
            "landmark": lines["date"].dt.strftime("%Y-%m-%d").fillna(""),
            "term": lines["kind"],
            "estimate": lines["value"],
            "n_patients": 1.0,
            "unit": lines["kind"].map(units).fillna(points),
            "method": "as recorded",
            "note": lines["reason"],
        }
    )
    counts = lines["kind"].value_counts().reindex(list(KINDS), fill_value=0)
    curve = pd.DataFrame({"kind": list(KINDS), "n_patients": counts.to_numpy(dtype=np.int64)})
    return assemble(
        QUESTION,
        spec,
        tables,
        members(tables, "", 0),
        rows,
        group_by="patient",
        estimand=describe(
            population="patients in the records, current ones and those who left lately",
            strategies="none, care as it was given",
            variable="appointments, plans, scores and contraindications as recorded",
            intercurrent="none, everything is taken as it stands",
            summary="lists",
        ),
        curve=curve,
        diagnostics={"patients": lines, "bookings_known": known},
        notes=() if known else (NOT_BOOKED,),
        scope="patient",
    )
