"""Clinics and the people who come to them: what differs between patients from the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from outcomes.simulate.spec import SimulationSpec

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

# Branches of the seed. Each use has its own, so that drawing more for one leaves the others alone.
CLINICS, ALLOCATION, COURSE, RECORDS, TRUTH = range(5)

_HARDLY = 0.05
"""Efficacy of those whom sessions hardly help."""


def generator(seed: int, *branch: int) -> np.random.Generator:
    """Random numbers of one branch of a seed.

    Parameters
    ----------
    seed : int
        Seed of the cohort.
    *branch : int
        What the numbers are for, and the number of the partition.

    Returns
    -------
    Generator
        Independent of every other branch.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=branch)))


def expit(x: Array) -> Array:
    """Probability from log odds.

    Parameters
    ----------
    x : array
        Log odds.

    Returns
    -------
    array
        Between 0 and 1.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * x))


@dataclass(frozen=True)
class Clinics:
    """What differs between clinics and therapists.

    Parameters
    ----------
    case_mix : array, shape (clinics,)
        Added to the set-point of pain, points.
    effectiveness : array, shape (clinics,)
        Added to the log odds of the share of pain a session takes away.
    preference : array, shape (clinics,)
        Leaning to the denser schedules, log odds.
    therapist : array, shape (clinics, therapists)
        Added to the log odds of the share of pain a session takes away.
    """

    case_mix: Array
    effectiveness: Array
    preference: Array
    therapist: Array


def draw_clinics(spec: SimulationSpec, rng: np.random.Generator, number: int) -> Clinics:
    """Draw clinics and their therapists.

    Parameters
    ----------
    spec : SimulationSpec
        For the number of therapists.
    rng : Generator
        Random numbers.
    number : int
        How many clinics.

    Returns
    -------
    Clinics
        Normal with standard deviations .40, .10, .50 and .15.
    """
    return Clinics(
        case_mix=rng.normal(0, 0.4, number),
        effectiveness=rng.normal(0, 0.1, number),
        preference=rng.normal(0, 0.5, number),
        therapist=rng.normal(0, 0.15, (number, spec.therapists)),
    )


@dataclass(frozen=True)
class People:
    """Patients as they enter. All arrays have one element a patient.

    Parameters
    ----------
    clinic, therapist : array of int
        Number of the clinic, and of the therapist within it.
    chronic : array
        1 when the pain has lasted longer than 12 weeks.
    distress : array
        Standard normal, higher is worse.
    age : array
        Years.
    set_point : array
        Pain that the patient drifts back to, 2 to 10.
    efficacy : array
        Share of the pain above 0.5 that one session takes away.
    entry_pain : array
        Pain in the first week: the set-point, or above it in a flare.
    planned : array of int
        Sessions planned in the initial phase, 4 to 6.
    preference : array
        Leaning of the patient's clinic to the denser schedules, log odds.
    headache_rate : array
        Headache days in 28 days at a pain of 7.
    """

    clinic: Index
    therapist: Index
    chronic: Array
    distress: Array
    age: Array
    set_point: Array
    efficacy: Array
    entry_pain: Array
    planned: Index
    preference: Array
    headache_rate: Array

    def __len__(self) -> int:
        return len(self.clinic)


def allocate(spec: SimulationSpec) -> Index:
    """Say which clinic every patient of a cohort goes to.

    Parameters
    ----------
    spec : SimulationSpec
        Patients, clinics and seed.

    Returns
    -------
    array of int, shape (patients,)
        Sorted, so that a slice of it (a partition) holds whole clinics but for its two ends.
    """
    rng = generator(spec.seed, ALLOCATION)
    return np.sort(rng.integers(0, spec.clinics, spec.patients))


def draw_people(
    clinics: Clinics, clinic: Index, rng: np.random.Generator, non_responders: float = 0.0
) -> People:
    """Draw the patients of given clinics.

    Parameters
    ----------
    clinics : Clinics
        The clinics.
    clinic : array of int, shape (patients,)
        Where each patient goes.
    rng : Generator
        Random numbers.
    non_responders : float
        Share of patients with an efficacy of .05.

    Returns
    -------
    People
        set-point = clip(6.35 + .5 chronic + .35 distress + clinic + N(0, 1), 2, 10);
        logit efficacy = logit .40 − .25 distress − .2 chronic + clinic + therapist + N(0, .3²);
        entry pain = set-point + max(N(.5, .8²), 0), at most 10.
    """
    n = len(clinic)
    therapist = rng.integers(0, clinics.therapist.shape[1], n)
    chronic = (rng.random(n) < 0.5).astype(float)
    distress = rng.standard_normal(n)
    set_point = 6.35 + 0.5 * chronic + 0.35 * distress + clinics.case_mix[clinic]
    set_point = np.clip(set_point + rng.standard_normal(n), 2, 10)
    log_odds = np.log(0.4 / 0.6) - 0.25 * distress - 0.2 * chronic
    log_odds += clinics.effectiveness[clinic] + clinics.therapist[clinic, therapist]
    log_odds += rng.normal(0, 0.3, n)
    flare = np.maximum(rng.normal(0.5, 0.8, n), 0)
    people = People(
        clinic=clinic,
        therapist=therapist,
        chronic=chronic,
        distress=distress,
        age=np.clip(rng.normal(45, 12, n), 18, 90),
        set_point=set_point,
        efficacy=expit(log_odds),
        entry_pain=np.clip(set_point + flare, 0, 10),
        planned=rng.integers(4, 7, n),
        preference=clinics.preference[clinic],
        headache_rate=10 * np.exp(rng.normal(-0.125, 0.5, n)),
    )
    if not non_responders:
        return people
    # drawn last, and only where asked for: other cohorts stay as they were
    planted = rng.random(n) < non_responders
    return replace(people, efficacy=np.where(planted, _HARDLY, people.efficacy))
