"""Recommended schedules, and the exercises some patients are given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.records.calendar import DAY, PLAN_DAY, Days
from outcomes.simulate.records.frames import choose, frame
from outcomes.simulate.spec import BLOCK_WEEKS, INITIAL_WEEKS, PLANS

INTERVALS = (np.nan, 28.0, 14.0)
EXERCISES = ("chin_tuck", "upper_trap_stretch", "doorway_pec_stretch", "scapular_retraction")
EXERCISE_DAYS = 14


def plans_table(cohort: LatentCohort, ids: npt.NDArray[np.str_], entry: Days) -> pd.DataFrame:
    """Write down the plan made for every block that a patient is in care for.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    ids : array of str
        Their ids.
    entry : array of datetime64[D]
        First day of each.

    Returns
    -------
    DataFrame
        Table ``plans``: dated the day before the block, also when the plan stays what it was.
    """
    course = cohort.course
    patient, block = np.nonzero(course.in_care)
    day = entry[patient] + (7 * (INITIAL_WEEKS + BLOCK_WEEKS * block) + PLAN_DAY) * DAY
    plan = course.plan[patient, block]
    table = frame(
        "plans",
        {
            "patient_id": ids[patient],
            "date": day,
            "plan": np.array(PLANS)[plan],
            "interval_days": np.array(INTERVALS)[plan],
        },
    )
    table = table[table["date"] <= pd.Timestamp(cohort.spec.as_of)]
    return table.sort_values(["patient_id", "date"], ignore_index=True)


def exercises_table(
    cohort: LatentCohort, ids: npt.NDArray[np.str_], entry: Days, rng: np.random.Generator
) -> pd.DataFrame:
    """Write down two weeks of one exercise for about one patient in six.

    Parameters
    ----------
    cohort : LatentCohort
        Patients.
    ids : array of str
        Their ids.
    entry : array of datetime64[D]
        First day of each.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``exercises``: repetitions prescribed and done, from the day after the first session.
    """
    given = np.flatnonzero(rng.random(len(entry)) < 0.16)
    rows = np.repeat(given, EXERCISE_DAYS)
    n = len(rows)
    zeal = rng.beta(6, 2.5, len(given))
    exercise = choose(EXERCISES, (0.4, 0.25, 0.15, 0.2), len(given), rng)
    done = rng.binomial(10, np.repeat(zeal, EXERCISE_DAYS)) * (rng.random(n) > 0.15)
    table = frame(
        "exercises",
        {
            "patient_id": ids[rows],
            "date": entry[rows] + (1 + np.arange(n) % EXERCISE_DAYS) * DAY,
            "exercise": np.repeat(exercise, EXERCISE_DAYS),
            "prescribed": np.full(n, 10),
            "done": done,
        },
    )
    table = table[table["date"] <= pd.Timestamp(cohort.spec.as_of)]
    return table.sort_values(["patient_id", "date"], ignore_index=True)
