"""Data sets with little in them: a truthful refusal, never an error or a number out of thin air."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import (
    ClinicActivitySpec,
    CompletenessSpec,
    HeadacheFrequencySpec,
    PainTrajectorySpec,
    RetentionSpec,
    RomChangeSpec,
    SafetySpec,
    ValueSpec,
    estimate_clinic_activity,
    estimate_completeness,
    estimate_headache_frequency,
    estimate_pain_trajectory,
    estimate_responders,
    estimate_retention,
    estimate_rom_change,
    estimate_safety,
    estimate_value,
)
from outcomes.results import AnalysisResult
from outcomes.schema import SCHEMAS
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.course_tables import AS_OF

TWO = ("rom_left_rotation", "rom_right_rotation")
ANALYSES: dict[str, Callable[[Tables], AnalysisResult]] = {
    **{
        f"pain by {by}": lambda tables, by=by: estimate_pain_trajectory(
            tables, PainTrajectorySpec(group_by=by)
        )
        for by in ("", "onset", "cadence", "clinic")
    },
    **{
        f"movement by {by}": lambda tables, by=by: estimate_rom_change(
            tables, RomChangeSpec(movements=TWO, group_by=by)
        )
        for by in ("", "cadence")
    },
    **{
        f"headaches by {by}": lambda tables, by=by: estimate_headache_frequency(
            tables, HeadacheFrequencySpec(group_by=by)
        )
        for by in ("", "cadence")
    },
    "responders": estimate_responders,
    "completeness": lambda tables: estimate_completeness(tables, CompletenessSpec(months=6)),
    "staying": lambda tables: estimate_retention(tables, RetentionSpec(months=6)),
    "safety": lambda tables: estimate_safety(tables, SafetySpec(group_by="clinic")),
    "value": lambda tables: estimate_value(tables, ValueSpec(replicates=20)),
    "activity": lambda tables: estimate_clinic_activity(
        tables, ClinicActivitySpec(group_by="clinic")
    ),
}


def cohort(patients: int) -> Tables:
    spec = SimulationSpec(patients=patients, seed=5, clinics=2, years=1.0)
    return simulate(spec, truth=False).tables()


def nobody() -> Tables:
    empty = {name: schema.empty() for name, schema in SCHEMAS.items()}
    return Tables(as_of=AS_OF, **empty)


def without_follow_up() -> Tables:
    whole = cohort(40)
    first = whole.patients.merge(
        whole.sessions[whole.sessions["status"] == "attended"].groupby("patient_id")["date"].min(),
        left_on="patient_id",
        right_index=True,
    )
    start = whole.assessments["patient_id"].map(first.set_index("patient_id")["date"])
    kept = whole.assessments[whole.assessments["date"] <= start]
    return replace(whole, assessments=kept, headache_diary=None)


def odd_names() -> Tables:
    whole = cohort(40)
    names = ['Dr. "Q" & Sons', "<b>North</b>", "../etc", "😀 clinic", "x" * 200]
    clinics = [names[number % 5] for number in range(len(whole.patients))]
    return replace(whole, patients=whole.patients.assign(clinic=clinics))


def missing_columns() -> Tables:
    whole = cohort(40)
    blank = whole.patients.assign(
        clinic=pd.Series(dtype="str"), onset=pd.Series(dtype="str"), onset_date=pd.NaT
    )
    assert whole.sessions is not None
    bare = whole.sessions.assign(
        clinic=pd.Series(dtype="str"), booked_on=pd.NaT, time=pd.Series(dtype="str")
    )
    return replace(whole, patients=blank, sessions=bare)


VARIANTS: dict[str, Callable[[], Tables]] = {
    "nobody": nobody,
    "one patient": lambda: cohort(1),
    "six patients": lambda: cohort(6),
    "no follow-up": without_follow_up,
    "no sessions": lambda: replace(cohort(40), sessions=None),
    "no scores": lambda: replace(cohort(40), assessments=None),
    "patients only": lambda: Tables(cohort(6).patients, AS_OF),
    "odd names": odd_names,
    "few columns": missing_columns,
    "before everything": lambda: replace(cohort(6), as_of=pd.Timestamp("2001-01-01")),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_analysis_answers(variant: str) -> None:
    tables = VARIANTS[variant]()
    for name, analyse in ANALYSES.items():
        result = analyse(tables)
        rows = result.estimates
        assert len(rows), name
        refused = rows["status"].isin(["refused", "not_identified"])
        assert (rows.loc[refused, "note"] != "").all(), name
        assert rows.loc[refused, "estimate"].isna().all(), name
        assert np.isfinite(rows.loc[~refused, "estimate"]).all(), name
        assert result.summary() and result._repr_html_(), name
