"""The generator against the figures published for it.

Figures come from one cohort of 8,000 patients in 20 clinics, or from a simulation of 200,000
patients under each schedule, and are rounded. What is allowed is therefore three Monte Carlo
standard errors of both sides and half a unit of the last digit, and never more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomes.simulate import (
    SCENARIOS,
    SimulationSpec,
    find_truth,
    intervene,
    simulate_latent,
)
from outcomes.simulate.course import (
    drop_out_probability,
    plan_probabilities,
    response_probability,
    simulate_course,
)
from outcomes.simulate.measures import draw_headache_share, headache_share, range_of_motion
from outcomes.simulate.population import draw_clinics, draw_people, generator
from outcomes.simulate.spec import PLANS
from outcomes.simulate.truth import calibration

COHORTS = 40
PUBLISHED_PATIENTS = 200_000
TRUTH_PATIENTS = 40_000


@pytest.fixture(scope="module")
def cohorts() -> list[dict]:
    """Calibration figures of repeated cohorts, each with clinics of its own."""
    return [calibration(simulate_latent(SimulationSpec(seed=seed))) for seed in range(COHORTS)]


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str, str], tuple[float, float]]:
    """Mean and Monte Carlo error by strategy (or contrast), horizon and outcome."""
    found = find_truth(SimulationSpec(seed=11, truth_patients=TRUTH_PATIENTS), own_clinics=False)
    rows = {
        (row["strategy"], row["horizon"], row["outcome"]): (row["mean"], row["mcse"])
        for row in found["strategies"]
    }
    for row in found["contrasts"]:
        name = f"{row['strategy']} - {row['reference']}"
        rows[name, row["horizon"], row["outcome"]] = (row["mean"], row["mcse"])
    return rows


def within_cohort_error(values: list[float], published: float, unit: float) -> bool:
    """Whether a figure from one cohort could come from the same generator."""
    error = np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values))
    return abs(np.mean(values) - published) <= 3 * error + unit / 2


def within_truth_error(ours: tuple[float, float], published: float, unit: float) -> bool:
    """Whether a figure from the published interventional simulation is that of this generator."""
    mean, error = ours
    theirs = error * np.sqrt(TRUTH_PATIENTS / PUBLISHED_PATIENTS)
    return abs(mean - published) <= 3 * np.hypot(error, theirs) + unit / 2


@pytest.mark.parametrize("session", range(1, 6))
def test_scores_after_each_session(cohorts: list[dict], session: int) -> None:
    published = {1: 4.67, 2: 3.41, 3: 2.65, 4: 2.24, 5: 2.01}[session]
    values = [cohort["score_by_week"][session - 1] for cohort in cohorts]
    assert within_cohort_error(values, published, 0.01)


def test_scores_at_entry_and_at_week_6(cohorts: list[dict]) -> None:
    assert within_cohort_error([cohort["entry_score"] for cohort in cohorts], 7.08, 0.01)
    assert within_cohort_error([cohort["score_week_6"] for cohort in cohorts], 2.23, 0.01)


def test_response_drop_out_and_followers(cohorts: list[dict]) -> None:
    assert within_cohort_error([cohort["home_response"] for cohort in cohorts], 0.60, 0.01)
    assert within_cohort_error([cohort["drop_out_12_months"] for cohort in cohorts], 0.19, 0.01)
    followers = {"on_demand": 598, "monthly": 1_801, "twice_monthly": 968}
    for plan, published in followers.items():
        values = [8_000 * cohort["followers"][plan] for cohort in cohorts]
        assert within_cohort_error(values, published, 1), plan


@pytest.mark.parametrize(
    ("strategy", "outcome", "published"),
    [
        ("twice_monthly", "pain_home_score", 1.92),
        ("twice_monthly", "pain_time_average", 1.79),
        ("monthly", "pain_home_score", 2.72),
        ("monthly", "pain_time_average", 2.61),
        ("on_demand", "pain_time_average", 4.54),
        ("on_demand", "pain_home_score", 4.54),
    ],
)
def test_pain_at_12_months(truth: dict, strategy: str, outcome: str, published: float) -> None:
    assert within_truth_error(truth[strategy, "months_10_12", outcome], published, 0.01)


@pytest.mark.parametrize(("plan", "published"), [("twice_monthly", 1.65), ("monthly", 2.48)])
def test_pain_at_36_months(plan: str, published: float) -> None:
    spec = SimulationSpec(blocks=39, truth_patients=4_000)
    levels = [
        intervene(replace(spec, seed=seed), plan).course.pain[:, -1].mean(dtype=float)
        for seed in range(12)
    ]
    assert within_cohort_error(levels, published, 0.01)


@pytest.mark.parametrize(
    ("contrast", "published"),
    [
        ("twice_monthly - on_demand", -2.623),
        ("monthly - on_demand", -1.826),
        ("twice_monthly - monthly", -0.797),
    ],
)
def test_contrasts_with_an_effect(truth: dict, contrast: str, published: float) -> None:
    assert within_truth_error(truth[contrast, "months_10_12", "pain_home_score"], published, 0.001)


def test_null_has_no_contrast_in_any_patient() -> None:
    found = find_truth(replace(SCENARIOS["null"], truth_patients=2_000))
    pain = [row for row in found["contrasts"] if row["outcome"].startswith("pain")]
    assert pain
    assert all(row["mean"] == 0 and row["mcse"] == 0 for row in pain)


def test_visits_not_at_random_change_the_on_demand_arm() -> None:
    spec = replace(SCENARIOS["vnar"], seed=11, truth_patients=TRUTH_PATIENTS)
    pain = intervene(spec, "on_demand", own_clinics=False).course.pain[:, -13:-1]
    average = pain.mean(axis=1, dtype=float)
    error = average.std(ddof=1) / np.sqrt(len(average))
    assert within_truth_error((average.mean(), error), 4.523, 0.001)


def test_headaches_halve_in_three_years(truth: dict) -> None:
    ratio, error = truth["twice_monthly", "months_34_36", "headache_ratio"]
    assert abs(ratio - 0.49) <= 3 * error + 0.005


def test_headache_days_are_overdispersed() -> None:
    # Variance over mean was 5.2 at the end of follow-up.
    spec = SimulationSpec(seed=4, truth_patients=40_000)
    cohort = intervene(spec, "twice_monthly", own_clinics=False)
    rng = np.random.default_rng(4)
    pain = cohort.course.pain[:, -5:-1].mean(axis=1, dtype=float)
    days = rng.binomial(28, draw_headache_share(headache_share(cohort.people, pain), rng))
    assert 5.05 < days.var() / days.mean() < 5.35


def test_return_of_pain_without_any_session() -> None:
    rng = generator(5, 0)
    clinics = draw_clinics(SimulationSpec(), rng, 20_000)
    people = draw_people(clinics, np.arange(20_000), rng)
    pain = simulate_course(people, SimulationSpec(blocks=13), rng, "none").pain[:, 6:]
    well = pain[pain[:, 0] < 4]
    back = well >= 5
    week = np.where(back.any(axis=1), back.argmax(axis=1), 99)
    assert np.median(week) == 16
    assert abs((week <= 17).mean() - 0.55) <= 3 * np.sqrt(0.25 / len(week)) + 0.005


def test_regression_to_the_mean_without_treatment() -> None:
    """Figures printed as those of week 6 are met at week 10, the end of the first block.

    At week 6 the generator gives 7.00 and 7.91, and no choice of clinics makes that 6.86 and 7.77.
    """
    entry, week_10, week_18, chosen, later = [], [], [], [], []
    for seed in range(COHORTS):
        rng = generator(seed, 9)
        clinics = draw_clinics(SimulationSpec(), rng, 20)
        people = draw_people(clinics, rng.integers(0, 20, 8_000), rng)
        people = replace(people, planned=np.zeros(8_000, np.int64))
        course = simulate_course(people, SimulationSpec(blocks=3), rng, "none")
        first = np.clip(np.rint(people.entry_pain + rng.normal(0, 0.8, 8_000)), 0, 10)
        high = first >= 8
        entry.append(first.mean())
        week_10.append(course.home_reading[:, 0].mean(dtype=float))
        week_18.append(course.home_reading[:, 2].mean(dtype=float))
        chosen.append(first[high].mean())
        later.append(course.home_reading[high, 0].mean(dtype=float))
    for values, published in (
        (entry, 7.15),
        (week_10, 6.86),
        (week_18, 6.70),
        (chosen, 8.64),
        (later, 7.77),
    ):
        assert within_cohort_error(values, published, 0.01)
    # The falls do not depend on the clinics drawn, so they are held more tightly than the levels.
    falls = (
        (np.subtract(entry, week_10), 0.29),
        (np.subtract(entry, week_18), 0.45),
        (np.subtract(chosen, later), 0.87),
    )
    for fall, published in falls:
        assert within_cohort_error(list(fall), published, 0.02)


def test_range_of_motion_gains() -> None:
    """+21 % (lateral flexion to the right) to +94 % (flexion), twice monthly at 12 months.

    Both are met for a patient who starts at the mean, with flexion capped at 75°. The cap of 60°
    that is the convention here allows no more than +58 % in flexion.
    """
    rng = generator(6, 0)
    spec = SimulationSpec(blocks=13)
    people = draw_people(draw_clinics(spec, rng, 20_000), np.arange(20_000), rng)
    course = simulate_course(people, spec, rng, "twice_monthly")
    pain = course.pain[:, -5:-1].mean(axis=1, dtype=float)

    def gain(movement: str, start: float, caps: tuple[float, float, float, float]) -> float:
        degrees = range_of_motion(movement, np.full(20_000, start), pain, people.entry_pain, caps)
        return degrees.mean() / start - 1

    wide = (75.0, 75.0, 45.0, 80.0)
    assert round(100 * gain("rom_right_lateral_flexion", 30, wide)) in (21, 22)
    assert round(100 * gain("rom_flexion", 38, wide)) == 94
    assert gain("rom_flexion", 38, spec.rom_caps) < 60 / 38 - 1


def weighted_means(seed: int, spec: SimulationSpec) -> np.ndarray:
    """Mean home score over the last three blocks under each plan, weighted by known chances."""
    cohort = simulate_latent(replace(spec, seed=seed))
    course, people = cohort.course, cohort.people
    early = len(spec.early_home_weeks)
    found = np.empty(3)
    for plan in range(3):
        chance, on, means = np.ones(len(people)), np.ones(len(people), bool), []
        for block in range(spec.blocks):
            last = course.last_score[:, block].astype(float)
            previous = course.plan[:, block - 1] if block else None
            chance = chance * plan_probabilities(spec, people, last, previous)[:, plan]
            if block:
                chance = chance * (1 - drop_out_probability(people.distress, last))
            on &= (course.plan[:, block] == plan) & course.in_care[:, block]
            score = course.home_score[:, early + block]
            kept = on & ~np.isnan(score) & ~course.home_near[:, early + block]
            # An answer near a session is left out, which happens only where there was a session.
            undisturbed = np.where(course.attended[:, 6 + 4 * block + 3], 5 / 7, 1.0)
            answer = response_probability(course.score_before_home[:, early + block])
            weight = 1 / (chance * answer * undisturbed)
            means.append(np.average(score[kept], weights=weight[kept]))
        found[plan] = np.mean(means[-3:])
    return found


@pytest.mark.parametrize("name", ["effect", "null", "sample"])
def test_truth_is_what_weighting_finds(name: str) -> None:
    """Known weights lead from records to interventions, so both are of one generator."""
    spec = replace(SCENARIOS[name], patients=8_000, clinics=20, blocks=6)
    found = np.array([weighted_means(seed, spec) for seed in range(40)])
    spec = replace(spec, seed=77, truth_patients=40_000)
    arms = [
        intervene(spec, plan, own_clinics=False).course.home_reading[:, -3:].mean(dtype=float)
        for plan in PLANS
    ]
    for a, b in ((2, 0), (1, 0), (2, 1)):
        contrast = found[:, a] - found[:, b]
        error = contrast.std(ddof=1) / np.sqrt(len(contrast))
        assert abs(contrast.mean() - (arms[a] - arms[b])) < 3 * np.hypot(error, 0.01)
