"""Appointments and what was done in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.population import RECORDS, Array, Index, generator
from outcomes.simulate.records.calendar import Appointments
from outcomes.simulate.records.codes import clinic_names, codes, digits_for
from outcomes.simulate.records.frames import frame

TECHNIQUES = ("compression_hold", "cross_fiber_friction", "pin_and_stretch", "gliding_stroke")
MUSCLES = (
    "suboccipitals",
    "upper_trapezius",
    "levator_scapulae",
    "scalenes",
    "sternocleidomastoid",
    "splenius",
)
MUSCLE_CHANCES = (0.26, 0.34, 0.18, 0.10, 0.07, 0.05)
SECOND = 0.12
"""Sessions in which a second technique, or a second muscle, is written down."""
DISCIPLINES = ("massage", "chiropractic", "acupuncture", "naturopathic", "exercise")
FEES = {30: 60, 45: 80, 60: 100}
HOURS = 12
"""Appointments a therapist can begin in a day, on the hour from 08:00."""
OPENING = 8


def session_codes(cohort: LatentCohort, rows: Appointments) -> npt.NDArray[np.str_]:
    """Ids of the appointments of a partition.

    Parameters
    ----------
    cohort : LatentCohort
        For the place of the partition in the whole.
    rows : Appointments
        The appointments.

    Returns
    -------
    array of str
        ``S`` and as many characters as the cohort needs; different in all partitions.
    """
    spec = cohort.spec
    numbers = (cohort.first + rows.patient) * spec.weeks + rows.week
    return codes("S", numbers, digits_for(spec.patients * spec.weeks))


def therapist_codes(cohort: LatentCohort, patient: Index) -> npt.NDArray[np.str_]:
    """Ids of the therapists of patients.

    Parameters
    ----------
    cohort : LatentCohort
        Patients.
    patient : array of int
        Rows of patients.

    Returns
    -------
    array of str
        ``T`` and a number that is the same in the whole data set.
    """
    spec, people = cohort.spec, cohort.people
    number = people.clinic[patient] * spec.therapists + people.therapist[patient] + 1
    width = len(str(spec.clinics * spec.therapists))
    return np.char.add("T", np.char.zfill(number.astype(str), width))


def _times(therapist: Index, day: Index, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    # Place in the therapist's day by lot. A step of 5 through 12 hours meets each once; who finds
    # the day full begins at half past, and a day of more than 24 is beyond what can be kept apart.
    n = len(therapist)
    order = np.lexsort((rng.random(n), day, therapist))
    new = np.ones(n, bool)
    new[1:] = (np.diff(therapist[order]) != 0) | (np.diff(day[order]) != 0)
    starts = np.flatnonzero(new)
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
    hour = OPENING + (5 * (rank + day + 3 * therapist)) % HOURS
    half = (rank // HOURS) % 2
    clock = np.char.add(np.char.zfill(hour.astype(str), 2), np.where(half == 1, ":30", ":00"))
    return clock


def _lists(options: tuple[str, ...], picked: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    # All subsets are written once; a row then only points at its own.
    weights = 1 << np.arange(len(options))
    subsets = [
        ";".join(name for name, bit in zip(options, weights, strict=True) if number & bit)
        for number in range(1 << len(options))
    ]
    return np.array(subsets)[picked @ weights]


def _treatment(
    cohort: LatentCohort, rows: Appointments, style: Index, rng: np.random.Generator
) -> dict[str, npt.NDArray]:
    n, spec = len(rows.patient), cohort.spec
    therapists = spec.clinics * spec.therapists
    habits = generator(spec.seed, RECORDS)
    favourite = habits.integers(0, len(TECHNIQUES), therapists)
    firmness = habits.normal(6.2, 0.6, therapists)
    dearness = habits.choice([0.9, 1.0, 1.1], size=spec.clinics)
    techniques = np.zeros((n, len(TECHNIQUES)), bool)
    any_one = rng.integers(0, len(TECHNIQUES), (2, n))
    every = np.arange(n)
    techniques[every, np.where(rng.random(n) < 0.6, favourite[style], any_one[0])] = True
    techniques[every, any_one[1]] |= rng.random(n) < SECOND
    muscles = np.zeros((n, len(MUSCLES)), bool)
    worked = rng.choice(len(MUSCLES), size=(2, n), p=MUSCLE_CHANCES)
    muscles[every, worked[0]] = True
    muscles[every, worked[1]] |= rng.random(n) < SECOND
    hold: Array = np.clip(5 * np.rint(rng.lognormal(np.log(60), 0.5, n) / 5), 10, 180)
    minutes = rng.choice([30.0, 45.0, 60.0], size=n, p=[0.10, 0.25, 0.65])
    minutes[(rows.week == 0) | rows.reassessment] = 60
    base = np.select([minutes == 30, minutes == 45], [FEES[30], FEES[45]], FEES[60])
    year = rows.day.astype("datetime64[Y]").astype(int) + 1970
    last_year = int(spec.as_of[:4])
    price = base * dearness[cohort.people.clinic[rows.patient]] * 1.03 ** (year - last_year)
    return {
        "minutes": minutes,
        "techniques": _lists(TECHNIQUES, techniques),
        "muscles": _lists(MUSCLES, muscles),
        "pressure": np.clip(np.rint(firmness[style] + rng.normal(0, 1, n)), 1, 10),
        "hold_seconds": np.where(techniques[:, 0], hold, np.nan),
        "fee": 5 * np.rint(price / 5),
    }


def sessions_table(
    cohort: LatentCohort,
    ids: npt.NDArray[np.str_],
    rows: Appointments,
    session_ids: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the table of appointments.

    Parameters
    ----------
    cohort : LatentCohort
        Patients.
    ids : array of str
        Their ids.
    rows : Appointments
        The appointments.
    session_ids : array of str
        Their ids.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``sessions``. What is done in a session has no effect on pain beyond that of the
        session itself.
    """
    n = len(rows.patient)
    people = cohort.people
    style = people.clinic[rows.patient] * cohort.spec.therapists + people.therapist[rows.patient]
    status = np.where(rng.random(n) < 0.5, "no_show", "cancelled")
    status = np.select([rows.ahead, rows.attended], ["booked", "attended"], status)
    visit = np.select([rows.week == 0, rows.reassessment], ["intake", "reassessment"], "treatment")
    # A quarter of the patients have some of their sessions with another discipline.
    combined = rng.random(len(people)) < 0.25
    other = rng.integers(1, len(DISCIPLINES), len(people))
    elsewhere = combined[rows.patient] & (rng.random(n) < 0.3) & (rows.week > 0)
    discipline = np.array(DISCIPLINES)[np.where(elsewhere, other[rows.patient], 0)]
    columns: dict[str, npt.NDArray] = {
        "session_id": session_ids,
        "patient_id": ids[rows.patient],
        "clinic": clinic_names(cohort.spec.clinics)[people.clinic[rows.patient]],
        "therapist_id": therapist_codes(cohort, rows.patient),
        "date": rows.day,
        "time": _times(style, rows.day.astype(np.int64), rng),
        "booked_on": rows.booked_on,
        "status": status,
        "visit_type": visit,
        "discipline": discipline,
    }
    for name, values in _treatment(cohort, rows, style, rng).items():
        empty = "" if values.dtype.kind == "U" else np.nan
        columns[name] = np.where(rows.attended, values, empty)
    return frame("sessions", columns)
