"""Who is booked on the next day with appointments, and how each of them has been lately.

``estimates`` has a row for each appointment (``group_by`` is ``patient``, ``group`` the patient's
id, ``landmark`` the time or empty, term ``next_session``): the number of the session to come. A row
of term ``last`` beside it is the patient's last score, refused where there is none.

``curve`` has the appointments and the scores behind them, told apart by ``series``:

=============  =====================================================================================
series         columns
=============  =====================================================================================
appointment    patient_id, date, time, session_number, therapist_id, clinic, visit_type
score          patient_id, date, session_number (missing for scores answered at home), value, and
               ``usual_low`` and ``usual_high``: the patient's own usual range before the last score
=============  =====================================================================================

The diagnostic ``caseload`` says of every patient whose they are, as `derive_caseload` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.groups import members
from outcomes.analyses.patient_course import PATIENT
from outcomes.analyses.patient_records import patient_records
from outcomes.derive.caseload import derive_caseload
from outcomes.derive.episode import derive_sessions
from outcomes.results import AnalysisResult
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

QUESTION = "day_list"
_ESTIMAND = (
    "Population: patients with an appointment on the day. Variable: their own scores of pain. "
    "Summary: the last scores as recorded, and between what they usually lie."
)


@dataclass(frozen=True)
class DayListSpec:
    """Choices of a list of appointments.

    Parameters
    ----------
    therapist, clinic : str
        Only appointments with this therapist, or at this clinic; empty for all.
    day : str
        The day, ISO; empty for the first with an appointment on or after the as-of date.
    scores : int
        Number of last scores shown of each patient.
    usual : tuple of float
        Quantiles of a patient's own scores that the usual range lies between.
    usual_needs : int
        Scores before the last one that a usual range needs.
    """

    therapist: str = ""
    clinic: str = ""
    day: str = ""
    scores: int = 10
    usual: tuple[float, float] = (0.1, 0.9)
    usual_needs: int = 5


def estimate_day_list(tables: Tables, spec: DayListSpec | None = None) -> AnalysisResult:
    """List the appointments of a day with the patients' last scores.

    Parameters
    ----------
    tables : Tables
        The data set, with all patients: whom a therapist sees and with whom they began may differ.
    spec : DayListSpec, optional
        Choices; the next day with an appointment unless given.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes, of scope ``patient``, appointments in order of
        time; refused where nothing is booked.

    Notes
    -----
    Scores before a session are shown; where a patient has none, those answered at home. Never both
    in one line, and never scores after a session. The usual range is between the 10th and 90th
    percentile of the patient's own shown scores before the last, at least five of them. It is a
    memory aid and no judgement: the analysis ``off_track`` judges.
    """
    spec = spec or DayListSpec()
    people = members(tables, "", tables.settings.cut_points.cadence_landmark)
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    attended = derive_sessions(held, tables.settings.cut_points)
    booked = held[(held["status"] == "booked") & (held["date"] >= tables.as_of)]
    if spec.therapist:
        booked = booked[booked["therapist_id"] == spec.therapist]
    if spec.clinic:
        booked = booked[booked["clinic"] == spec.clinic]
    day = pd.Timestamp(spec.day) if spec.day else booked["date"].min()
    booked = booked[booked["date"] == day]
    caseload = derive_caseload(tables)
    if booked.empty:
        result = refuse(QUESTION, spec, tables, people, "No appointment is booked.", scope=PATIENT)
        return result.replace(diagnostics={"caseload": caseload})
    booked = booked.sort_values(["time", "patient_id"], na_position="last", ignore_index=True)
    so_far = attended["patient_id"].value_counts().reindex(booked["patient_id"]).fillna(0)
    booked["session_number"] = so_far.to_numpy() + 1.0
    # a second appointment on one day is the session after
    booked["session_number"] += booked.groupby("patient_id").cumcount()
    scores = _scores(tables.restrict(booked["patient_id"]), spec)
    curve = pd.concat([booked.assign(series="appointment"), scores], ignore_index=True)
    columns = ["patient_id", "series", "date", "time", "session_number", "value"]
    columns += ["usual_low", "usual_high", "therapist_id", "clinic", "visit_type"]
    return assemble(
        QUESTION,
        replace(spec, day=day.date().isoformat()),
        tables,
        people,
        _rows(booked, scores, tables),
        group_by=PATIENT,
        estimand=_ESTIMAND,
        curve=curve.reindex(columns=columns),
        diagnostics={"caseload": caseload, "day": day.date().isoformat()},
        scope=PATIENT,
    )


def _scores(tables: Tables, spec: DayListSpec) -> pd.DataFrame:
    """Last scores of each patient, of one timing, with their own usual range."""
    rows = patient_records(tables, tables.settings.pain_instrument)
    rows = rows[rows["series"] == "score"]
    at_session = rows["label"] == "pre"
    some = at_session.groupby(rows["patient_id"]).transform("any")
    shown = rows[at_session | (~some & (rows["label"] == "remote"))]
    shown = shown.groupby("patient_id").tail(spec.scores)
    before = shown[shown.duplicated("patient_id", keep="last")].groupby("patient_id")["value"]
    enough = before.size() >= spec.usual_needs
    low, high = (before.quantile(share).where(enough) for share in spec.usual)
    return shown.assign(
        usual_low=low.reindex(shown["patient_id"]).to_numpy(),
        usual_high=high.reindex(shown["patient_id"]).to_numpy(),
    )


def _rows(booked: pd.DataFrame, scores: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    code = tables.settings.pain_instrument
    last = scores.drop_duplicates("patient_id", keep="last").set_index("patient_id")["value"]
    times = scores["patient_id"].value_counts()
    ids = booked["patient_id"]
    beside = {"group_by": PATIENT, "group": ids, "landmark": booked["time"].fillna("")}
    score = last.reindex(ids).to_numpy()
    to_come = pd.DataFrame(
        {
            **beside,
            "outcome": "sessions",
            "term": "next_session",
            "estimate": booked["session_number"],
            "unit": "sessions",
            "method": "count",
        }
    )
    known = pd.DataFrame(
        {
            **beside,
            "outcome": code,
            "term": "last",
            "estimate": score,
            "n_assessments": times.reindex(ids).fillna(0).to_numpy(),
            "unit": tables.registry.get(code).unit,
            "method": "as recorded",
            "status": np.where(np.isnan(score), "refused", "ok"),
            "note": np.where(np.isnan(score), "no score is recorded", ""),
        }
    )
    return pd.concat([to_come, known], ignore_index=True).assign(n_patients=1.0, n_eligible=1.0)
