"""The records that a clinic would have kept of a simulated cohort; nothing latent among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.population import RECORDS, generator
from outcomes.simulate.records.assessments import assessments_table
from outcomes.simulate.records.calendar import draw_entry, make_appointments
from outcomes.simulate.records.codes import patient_codes
from outcomes.simulate.records.diary import diary_table
from outcomes.simulate.records.findings import draw_reactions, draw_trigger_points
from outcomes.simulate.records.patients import (
    covariates_table,
    draw_complaint_days,
    draw_headache_types,
    patients_table,
)
from outcomes.simulate.records.plans import exercises_table, plans_table
from outcomes.simulate.records.sessions import session_codes, sessions_table

__all__ = ["keep_records", "patient_ids"]


def patient_ids(cohort: LatentCohort) -> npt.NDArray[np.str_]:
    """Ids in the tables of the patients of a partition, to join what is latent to the records.

    Parameters
    ----------
    cohort : LatentCohort
        One partition.

    Returns
    -------
    array of str, shape (n,)
        In the order of the arrays of the cohort.
    """
    return patient_codes(cohort.first, len(cohort.people), cohort.spec.patients)


def keep_records(cohort: LatentCohort) -> dict[str, pd.DataFrame]:
    """Write down what a clinic would know of a cohort.

    Parameters
    ----------
    cohort : LatentCohort
        One partition, run long enough for the calendar (`SimulationSpec.covering_calendar`).

    Returns
    -------
    dict of str to DataFrame
        Tables of the contract, sorted by id and date, types as in `outcomes.schema`.
    """
    rng = generator(cohort.spec.seed, RECORDS, 1, cohort.partition)
    n = len(cohort.people)
    ids = patient_ids(cohort)
    entry = draw_entry(cohort.spec, n, rng)
    headache = draw_headache_types(n, rng)
    complaint_days = draw_complaint_days(cohort, rng)
    patients = patients_table(cohort, ids, entry, complaint_days, headache, rng)
    appointments = make_appointments(cohort, entry, rng)
    session_ids = session_codes(cohort, appointments)
    sessions = sessions_table(cohort, ids, appointments, session_ids, rng)
    assessments = assessments_table(cohort, ids, entry, headache, appointments, session_ids, rng)
    return {
        "patients": patients.sort_values("patient_id", ignore_index=True),
        "sessions": sessions.sort_values(["patient_id", "date", "time"], ignore_index=True),
        "assessments": assessments,
        "headache_diary": diary_table(cohort, ids, entry, headache, rng),
        "plans": plans_table(cohort, ids, entry),
        "adverse_events": draw_reactions(appointments, sessions, rng),
        "trigger_points": draw_trigger_points(sessions, rng),
        "exercises": exercises_table(cohort, ids, entry, rng),
        "covariates": covariates_table(ids, complaint_days, rng).sort_values(
            ["patient_id", "name"], ignore_index=True
        ),
    }
