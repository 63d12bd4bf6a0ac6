"""Weeks become dates: entry, appointments, bookings, home scores and plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.population import Array, Index
from outcomes.simulate.spec import BLOCK_WEEKS, INITIAL_WEEKS, LEAD_DAYS, SimulationSpec

Days = npt.NDArray[np.datetime64]
DAY = np.timedelta64(1, "D")

SUNDAY = 6
SERIES_DAYS = 45
"""The next appointment is made at the last one when that lies no longer ago than this."""
HOME_DAY = 5
"""Day of the week of care on which home scores are asked for, 0 being that of the sessions."""
PLAN_DAY = -1
"""Plans are made the day before a block, after its home score and before its first session."""

REASSESSED = ((5, 6), (25, 29), (51, 57), (103, 109), (155, 161))
"""Weeks, first and last, in which the first session attended is a reassessment."""


def weekday(days: Days) -> Index:
    """Day of the week, Monday being 0.

    Parameters
    ----------
    days : array of datetime64[D]
        Dates.

    Returns
    -------
    array of int
        0 to 6.
    """
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def draw_entry(spec: SimulationSpec, number: int, rng: np.random.Generator) -> Days:
    """Draw first days of care, evenly over the years, never a Sunday.

    Parameters
    ----------
    spec : SimulationSpec
        Years and end of the records.
    number : int
        Patients.
    rng : Generator
        Random numbers.

    Returns
    -------
    array of datetime64[D], shape (number,)
        First days.
    """
    last = np.datetime64(spec.as_of, "D")
    first = last - (round(365.25 * spec.years) + LEAD_DAYS) * DAY
    days = np.arange(first, last)
    open_days = days[weekday(days) != SUNDAY]
    return open_days[rng.integers(0, len(open_days), number)]


@dataclass(frozen=True)
class Appointments:
    """Appointments known at the end of the records, sorted by patient and week.

    Parameters
    ----------
    patient, week : array of int
        Row of the patient in the partition, and week of care.
    day, booked_on : array of datetime64[D]
        When it is, and when it was made.
    attended : array of bool
        It took place, by the end of the records.
    ahead : array of bool
        It lies after the end of the records.
    reassessment : array of bool
        Movements and questionnaires are taken again.
    """

    patient: Index
    week: Index
    day: Days
    booked_on: Days
    attended: npt.NDArray[np.bool_]
    ahead: npt.NDArray[np.bool_]
    reassessment: npt.NDArray[np.bool_]

    def select(self, rows: npt.NDArray) -> Appointments:
        """Keep some appointments.

        Parameters
        ----------
        rows : array
            Mask or positions.

        Returns
        -------
        Appointments
            Those of `rows`.
        """
        return Appointments(
            self.patient[rows],
            self.week[rows],
            self.day[rows],
            self.booked_on[rows],
            self.attended[rows],
            self.ahead[rows],
            self.reassessment[rows],
        )


def make_appointments(cohort: LatentCohort, entry: Days, rng: np.random.Generator) -> Appointments:
    """Date the appointments of a cohort.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    entry : array of datetime64[D]
        First day of each patient.
    rng : Generator
        Random numbers.

    Returns
    -------
    Appointments
        On the patient's weekday or up to two days later, never on a Sunday. Those after the end of
        the records are kept when they had been booked by then.
    """
    course = cohort.course
    patient, week = np.nonzero(course.appointment)
    late = rng.choice(3, size=len(patient), p=(0.80, 0.15, 0.05))
    due = entry[patient] + week * 7 * DAY
    late[(week == 0) | (weekday(due + late * DAY) == SUNDAY)] = 0
    day = due + late * DAY
    came = course.attended[patient, week]
    booked_on = _bookings(cohort, entry, patient, week, day, came, rng)
    end = np.datetime64(cohort.spec.as_of, "D")
    ahead = day > end
    again = _reassessments(cohort)[patient, week]
    every = Appointments(patient, week, day, booked_on, came & ~ahead, ahead, again & ~ahead)
    return every.select(~ahead | (booked_on <= end))


def _bookings(
    cohort: LatentCohort,
    entry: Days,
    patient: Index,
    week: Index,
    day: Days,
    came: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> Days:
    # The first session some days ahead; the initial series at the first session; then at the last
    # session while the plan stays, else when the new plan is made; on demand within three days.
    plan = cohort.course.plan
    block = np.maximum((week - INITIAL_WEEKS) // BLOCK_WEEKS, 0)
    before = np.maximum(block - 1, 0)
    planned = entry[patient] + (7 * (INITIAL_WEEKS + BLOCK_WEEKS * block) + PLAN_DAY) * DAY
    made = planned.copy()
    same = np.zeros(len(day), bool)
    same[1:] = (patient[1:] == patient[:-1]) & came[:-1]
    same[1:] &= (day[1:] - day[:-1]) <= SERIES_DAYS * DAY
    last_day = np.roll(day, 1)
    last_week = np.roll(week, 1)
    in_block = last_week >= INITIAL_WEEKS + BLOCK_WEEKS * block
    steady = (block > 0) & (plan[patient, block] == plan[patient, before])
    at_last = same & (in_block | steady)
    made[at_last] = last_day[at_last]
    on_demand = (plan[patient, block] == 0) & (week >= INITIAL_WEEKS)
    made = np.where(on_demand, day - rng.integers(0, 4, len(day)) * DAY, made)
    made = np.where(week < INITIAL_WEEKS, entry[patient], made)
    first = entry[patient] - rng.integers(1, 15, len(day)) * DAY
    return np.where(week == 0, first, made)


def _reassessments(cohort: LatentCohort) -> npt.NDArray[np.bool_]:
    attended = cohort.course.attended
    again = np.zeros_like(attended)
    rows = np.arange(len(attended))
    for first, last in REASSESSED:
        span = attended[:, first : last + 1]
        if span.shape[1]:
            some = span.any(axis=1)
            again[rows[some], first + span[some].argmax(axis=1)] = True
    return again


def home_days(
    cohort: LatentCohort, entry: Days, appointments: Appointments
) -> tuple[Index, Index, Days]:
    """Date the answers given at home.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    entry : array of datetime64[D]
        First day of each patient.
    appointments : Appointments
        Appointments of the same patients.

    Returns
    -------
    patient, asked : array of int
        Row of the patient, and which home score it is.
    day : array of datetime64[D]
        The day after the session for a score that reads high for it, else the sixth day of the
        week, at least three days after any session of that week.
    """
    course = cohort.course
    patient, asked = np.nonzero(~np.isnan(course.home_score))
    week = np.asarray(course.home_weeks, np.int64)[asked]
    day = entry[patient] + (7 * week + HOME_DAY) * DAY
    near = course.home_near[patient, asked]
    weeks = course.appointment.shape[1]
    key = appointments.patient * weeks + appointments.week
    found = np.searchsorted(key, patient[near] * weeks + week[near])
    found = np.minimum(found, len(key) - 1)
    # Past the end of the records some sessions are unknown; such answers are cut off anyway.
    held = key[found] == patient[near] * weeks + week[near]
    sore = day[near]
    sore[held] = appointments.day[found[held]] + DAY
    day[near] = sore
    return patient, asked, day


def pain_at(cohort: LatentCohort, patient: Index, week: Index) -> Array:
    """Look up the true pain of patients at the start of weeks.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    patient, week : array of int
        Rows and weeks.

    Returns
    -------
    array
        0 to 10.
    """
    return cohort.course.pain[patient, week].astype(float)
