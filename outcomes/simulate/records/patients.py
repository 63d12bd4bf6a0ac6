"""The people: what a clinic writes down about them once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.population import Array
from outcomes.simulate.records.calendar import DAY, Days
from outcomes.simulate.records.codes import clinic_names
from outcomes.simulate.records.frames import choose, frame

HEADACHES = ("tension", "cervicogenic", "migraine", "none")
HEADACHE_CHANCES = (0.40, 0.20, 0.15, 0.25)
LONGEST = 5_500
"""Days of complaint at most: fewer than the youngest patient has lived."""
SLEEP_POSITIONS = ("side", "back", "front")
SLEEP_CHANCES = (0.60, 0.28, 0.12)


def draw_headache_types(number: int, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """Draw which headache patients have.

    Parameters
    ----------
    number : int
        Patients.
    rng : Generator
        Random numbers.

    Returns
    -------
    array of str, shape (number,)
        One of `HEADACHES`.
    """
    return choose(HEADACHES, HEADACHE_CHANCES, number, rng)


def draw_complaint_days(cohort: LatentCohort, rng: np.random.Generator) -> Array:
    """Draw how long the complaint has lasted at the first session.

    Parameters
    ----------
    cohort : LatentCohort
        Patients.
    rng : Generator
        Random numbers.

    Returns
    -------
    array
        Days: over 84 for chronic patients (median about 20 months, at most 15 years), 3 to 84 for
        the others.
    """
    n = len(cohort.people)
    long = 85 + np.rint(rng.lognormal(np.log(520), 1.0, n))
    short = rng.integers(3, 85, n)
    return np.where(cohort.people.chronic == 1, np.minimum(long, LONGEST), short)


def patients_table(
    cohort: LatentCohort,
    ids: npt.NDArray[np.str_],
    entry: Days,
    complaint_days: Array,
    headache: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the table of patients.

    Parameters
    ----------
    cohort : LatentCohort
        Patients.
    ids : array of str
        Their ids.
    entry : array of datetime64[D]
        Their first days of care.
    complaint_days : array
        How long the complaint had lasted by then.
    headache : array of str
        Type of headache.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``patients`` without ``index_date``, which is for data without sessions.
    """
    people, n = cohort.people, len(cohort.people)
    born = entry.astype("datetime64[Y]") - np.floor(people.age).astype("timedelta64[Y]")
    onset_day = entry - complaint_days.astype(np.int64) * DAY
    onset = np.select([complaint_days < 42, complaint_days <= 84], ["acute", "subacute"], "chronic")
    written = rng.random(n)
    risks = {
        "anticoagulants": rng.random(n) < 0.04,
        "osteoporosis": rng.random(n) < np.where(people.age > 60, 0.12, 0.01),
        "recent_surgery": rng.random(n) < 0.02,
        "skin_infection": rng.random(n) < 0.01,
    }
    at_risk = np.logical_or.reduce(list(risks.values()))
    desk = np.clip(np.rint(2 * rng.normal(5.5, 2.5, n)) / 2, 0, 14)
    desk[rng.random(n) < 0.04] = np.nan
    sex = choose(("female", "male", ""), (0.66, 0.33, 0.01), n, rng)
    return frame(
        "patients",
        {
            "patient_id": ids,
            "clinic": clinic_names(cohort.spec.clinics)[people.clinic],
            "sex": sex,
            "birth_year": born.astype(int) + 1970,
            # Some know the day, some only roughly; nobody has neither.
            "onset_date": np.where(written < 0.30, np.datetime64("NaT"), onset_day),
            "onset": np.where(written > 0.95, "", onset),
            "headache_type": headache,
            "distress": np.round(people.distress, 3),
            "desk_hours": desk,
            "whiplash": rng.random(n) < 0.12,
            **risks,
            "cleared": at_risk,
        },
    )


def covariates_table(
    ids: npt.NDArray[np.str_], complaint_days: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """Write down years of complaint and sleep position.

    Parameters
    ----------
    ids : array of str
        Patients.
    complaint_days : array
        How long the complaint had lasted at the first session.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``covariates``.
    """
    n = len(ids)
    years = np.char.mod("%.1f", complaint_days / 365.25)
    sleep = choose(SLEEP_POSITIONS, SLEEP_CHANCES, n, rng)
    return frame(
        "covariates",
        {
            "patient_id": np.repeat(ids, 2),
            "name": np.tile(["chronicity_years", "sleep_position"], n),
            "value": np.column_stack([years.astype("<U8"), sleep.astype("<U8")]).ravel(),
        },
    )
