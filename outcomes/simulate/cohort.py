"""A cohort with everything that is true of it, in partitions that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from outcomes.simulate.course import Course, simulate_course
from outcomes.simulate.population import (
    CLINICS,
    COURSE,
    TRUTH,
    Clinics,
    Index,
    People,
    allocate,
    draw_clinics,
    draw_people,
    generator,
)
from outcomes.simulate.spec import SimulationSpec

PARTITION = 20_000
"""Patients simulated at a time; part of what a seed means, so not for tuning."""


@dataclass(frozen=True)
class LatentCohort:
    """Patients and their course as arrays, with the pain that nobody records.

    Parameters
    ----------
    spec : SimulationSpec
        What was simulated.
    clinics : Clinics
        True differences between clinics and therapists.
    people : People
        Patients as they enter.
    course : Course
        Pain, sessions, plans, scores and drop-out by week and block.
    partition : int
        Number of the partition.
    first : int
        Number of its first patient in the whole cohort.
    """

    spec: SimulationSpec
    clinics: Clinics
    people: People
    course: Course
    partition: int = 0
    first: int = 0


def clinics_of(spec: SimulationSpec) -> Clinics:
    """Draw the clinics of a cohort.

    Parameters
    ----------
    spec : SimulationSpec
        Number of clinics and therapists, seed.

    Returns
    -------
    Clinics
        The same for every partition.
    """
    return draw_clinics(spec, generator(spec.seed, CLINICS), spec.clinics)


def partitions(spec: SimulationSpec) -> int:
    """Count the partitions of a cohort.

    Parameters
    ----------
    spec : SimulationSpec
        Number of patients.

    Returns
    -------
    int
        At least 1.
    """
    return -(-spec.patients // PARTITION)


def stream_latent(spec: SimulationSpec) -> Iterator[LatentCohort]:
    """Simulate a cohort partition by partition.

    Parameters
    ----------
    spec : SimulationSpec
        What to simulate; `blocks` are run as given.

    Yields
    ------
    LatentCohort
        Up to `PARTITION` patients each.
    """
    clinics, clinic = clinics_of(spec), allocate(spec)
    for number in range(partitions(spec)):
        first = number * PARTITION
        rng = generator(spec.seed, COURSE, number)
        people = draw_people(clinics, clinic[first : first + PARTITION], rng, spec.non_responders)
        course = simulate_course(people, spec, rng)
        yield LatentCohort(spec, clinics, people, course, number, first)


def simulate_latent(spec: SimulationSpec) -> LatentCohort:
    """Simulate a cohort as arrays, without writing down any record: fast, for repeated checks.

    Parameters
    ----------
    spec : SimulationSpec
        What to simulate; all patients are run at once, through exactly `spec.blocks` blocks.

    Returns
    -------
    LatentCohort
        Course of every patient; the same patients as `stream_latent` for up to `PARTITION`.
    """
    clinics = clinics_of(spec)
    rng = generator(spec.seed, COURSE, 0)
    people = draw_people(clinics, allocate(spec), rng, spec.non_responders)
    return LatentCohort(spec, clinics, people, simulate_course(people, spec, rng))


def intervene(
    spec: SimulationSpec, strategy: str | None, *, own_clinics: bool = True
) -> LatentCohort:
    """Simulate new patients who all follow one strategy.

    Parameters
    ----------
    spec : SimulationSpec
        What to simulate; `truth_patients` are run.
    strategy : {"twice_monthly", "monthly", "on_demand", "none"} or None
        What everyone is made to follow; None lets plans and drop-out come as they do.
    own_clinics : bool
        True: patients of the clinics of this cohort, so that the truth is that of its clinics.
        False: every patient has a new clinic, for the truth over all clinics there could be.

    Returns
    -------
    LatentCohort
        The same patients and the same luck under every strategy.
    """
    n = spec.truth_patients
    rng = generator(spec.seed, TRUTH)
    if own_clinics:
        clinics = clinics_of(spec)
        clinic: Index = rng.integers(0, spec.clinics, n)
    else:
        clinics = draw_clinics(spec, rng, n)
        clinic = np.arange(n)
    people = draw_people(clinics, clinic, rng, spec.non_responders)
    return LatentCohort(spec, clinics, people, simulate_course(people, spec, rng, strategy))
