"""What must hold of a simulated course whatever its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.simulate import SCENARIOS, SimulationSpec, intervene, simulate, simulate_latent
from outcomes.simulate.course import plan_probabilities
from outcomes.simulate.spec import PLANS, STRATEGIES

TINY = SimulationSpec(patients=80, seed=3, clinics=2, years=0.5, truth_patients=300, blocks=4)


@settings(max_examples=25, deadline=None)
@given(
    patients=st.integers(1, 60),
    seed=st.integers(0, 2**32),
    clinics=st.integers(1, 30),
    therapists=st.integers(1, 5),
    blocks=st.integers(1, 8),
    scenario=st.sampled_from(sorted(SCENARIOS)),
)
def test_course_stays_within_its_bounds(
    patients: int, seed: int, clinics: int, therapists: int, blocks: int, scenario: str
) -> None:
    spec = replace(
        SCENARIOS[scenario],
        patients=patients,
        seed=seed,
        clinics=clinics,
        therapists=therapists,
        blocks=blocks,
    )
    course = simulate_latent(spec).course
    assert course.pain.shape == (patients, 6 + 4 * blocks + 1)
    assert ((course.pain >= 0) & (course.pain <= 10)).all()
    assert (np.isnan(course.score) == ~course.attended).all()
    assert not (course.attended & ~course.appointment).any()
    assert course.attended[:, 0].all()
    for scores in (course.score, course.home_score):
        given_scores = scores[~np.isnan(scores)]
        assert (np.isin(given_scores, np.arange(11))).all()
    # Who has dropped out has no plan, session or answer any more.
    assert (np.diff(course.in_care.astype(int), axis=1) <= 0).all()
    weeks = np.repeat(course.in_care, 4, axis=1)
    assert not (course.appointment[:, 6:] & ~weeks).any()
    assert np.isnan(course.block_ends()[~course.in_care]).all()
    assert not (course.home_near & np.isnan(course.home_score)).any()


def test_same_seed_same_records() -> None:
    first, second = simulate(TINY, truth=False), simulate(TINY, truth=False)
    for name, frame in first.frames.items():
        pd.testing.assert_frame_equal(frame, second.frames[name])


def test_other_seed_other_records() -> None:
    first = simulate(TINY, truth=False).frames
    second = simulate(replace(TINY, seed=4), truth=False).frames
    assert not first["assessments"]["value"].equals(second["assessments"]["value"])


def test_looking_for_the_truth_leaves_the_records_alone() -> None:
    first = simulate(TINY).frames
    second = simulate(replace(TINY, truth_patients=77), truth=False).frames
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, second[name])


def test_longer_run_begins_with_the_shorter() -> None:
    short, long = simulate_latent(TINY).course, simulate_latent(replace(TINY, blocks=7)).course
    np.testing.assert_array_equal(short.pain, long.pain[:, : short.pain.shape[1]])
    np.testing.assert_array_equal(short.plan, long.plan[:, :4])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies_share_patients_and_luck(strategy: str) -> None:
    course = intervene(TINY, strategy).course
    natural = intervene(TINY, None).course
    np.testing.assert_array_equal(course.pain[:, :7], natural.pain[:, :7])
    assert course.in_care.all()
    sessions = course.attended[:, 6:].sum(axis=1)
    if strategy == "none":
        assert sessions.sum() == 0
    else:
        assert (course.plan == PLANS.index(strategy)).all()
    slots = {"twice_monthly": 8, "monthly": 4}
    if strategy in slots:
        assert (course.appointment[:, 6:].sum(axis=1) == slots[strategy]).all()


def test_more_sessions_less_pain_unless_they_do_nothing() -> None:
    spec = replace(TINY, blocks=13)
    means = [intervene(spec, name).course.pain[:, -1].mean() for name in STRATEGIES]
    assert means == sorted(means)
    spec = replace(spec, maintenance_effect=False)
    courses = [intervene(spec, name).course.pain for name in STRATEGIES]
    for course in courses[1:]:
        np.testing.assert_array_equal(courses[0], course)


def test_plan_chances_add_up_and_rise_with_pain() -> None:
    cohort = simulate_latent(TINY)
    n = len(cohort.people)
    low = plan_probabilities(TINY, cohort.people, np.full(n, 1.0), None)
    high = plan_probabilities(TINY, cohort.people, np.full(n, 8.0), None)
    np.testing.assert_allclose(low.sum(axis=1), 1)
    assert (high[:, 2] > low[:, 2]).all()
    assert (high[:, 0] < low[:, 0]).all()
    stay = plan_probabilities(TINY, cohort.people, np.full(n, 3.0), np.full(n, 0))
    assert (stay[:, 0] > 0.5).all()
