"""The true effects of a simulated cohort, found by making everyone follow one schedule."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from outcomes.simulate.cohort import LatentCohort, intervene
from outcomes.simulate.measures import (
    DIARY_DAYS,
    MOVEMENTS,
    draw_starting_motion,
    headache_share,
    range_of_motion,
)
from outcomes.simulate.population import TRUTH, Array, generator
from outcomes.simulate.spec import BLOCK_WEEKS, INITIAL_WEEKS, STRATEGIES, SimulationSpec

HORIZONS = {"weeks_13_24": (4, 6), "months_10_12": (11, 13), "months_34_36": (37, 39)}
"""First and last block, counted from 1, after the initial six weeks."""

CONTRASTS = (
    ("twice_monthly", "on_demand"),
    ("monthly", "on_demand"),
    ("twice_monthly", "monthly"),
)
NOTICE = "Simulated records. Nobody was treated; nothing here is evidence of anything about care."


def find_truth(spec: SimulationSpec, *, own_clinics: bool = True) -> dict[str, Any]:
    """Find what each schedule does by simulating patients who all follow it.

    Parameters
    ----------
    spec : SimulationSpec
        Scenario, seed and number of patients (`truth_patients`) under each schedule.
    own_clinics : bool
        True: for patients of the clinics of this cohort. False: over all clinics there could be.

    Returns
    -------
    dict
        synthetic, notice, seed, spec, population; ``strategies`` (strategy, horizon, outcome, mean,
        mcse), ``contrasts`` (the same with reference) and ``calibration``. Fit for JSON.

    Notes
    -----
    Nobody drops out under a schedule. All strategies are run with the same patients and the same
    luck, so a contrast is a mean of differences within patients, and its Monte Carlo error is
    theirs. Outcomes of pain: ``pain_time_average`` (true pain over the weeks of the blocks),
    ``pain_block_end`` (true pain when the blocks end) and ``pain_home_score`` (what would be
    answered then, without soreness). ``headache_days`` are per 28 days, ``headache_ratio`` is their
    mean over that of the four weeks before. Movements are degrees without measurement error.
    """
    long = replace(spec, blocks=max(last for _, last in HORIZONS.values()))
    values = {
        name: _outcomes(intervene(long, name, own_clinics=own_clinics)) for name in STRATEGIES
    }
    strategies, contrasts = [], []
    for name, outcomes in values.items():
        for (horizon, outcome), value in outcomes.items():
            row = {"strategy": name, "horizon": horizon, "outcome": outcome}
            strategies.append(row | _mean(value))
    for name, reference in CONTRASTS:
        for (horizon, outcome), value in values[name].items():
            row = {"strategy": name, "reference": reference, "horizon": horizon, "outcome": outcome}
            contrasts.append(row | _mean(value - values[reference][horizon, outcome]))
    return {
        "synthetic": True,
        "notice": NOTICE,
        "seed": spec.seed,
        "population": "clinics of this cohort" if own_clinics else "all clinics there could be",
        "spec": _written(spec),
        "calibration": calibration(intervene(long, None, own_clinics=own_clinics)),
        "strategies": strategies,
        "contrasts": contrasts,
    }


def _written(spec: SimulationSpec) -> dict[str, Any]:
    """Write the choices; of planted people only where there are any, as older files have none."""
    written = asdict(spec)
    if not spec.non_responders:
        del written["non_responders"]
    return written


def _mean(value: Array) -> dict[str, float]:
    return {
        "mean": round(float(value.mean()), 5),
        "mcse": round(float(value.std(ddof=1) / np.sqrt(len(value))), 5),
    }


def _outcomes(cohort: LatentCohort) -> dict[tuple[str, str], Array]:
    course, people = cohort.course, cohort.people
    n = len(people)
    entry_score = course.score[:, 0].astype(float)
    untreated = headache_share(people, people.entry_pain)
    rng = generator(cohort.spec.seed, TRUTH, 1)
    start = {name: draw_starting_motion(name, cohort.spec.rom_sd, n, rng) for name in MOVEMENTS}
    found: dict[tuple[str, str], Array] = {}
    for horizon, (first, last) in HORIZONS.items():
        weeks = slice(INITIAL_WEEKS + BLOCK_WEEKS * (first - 1), INITIAL_WEEKS + BLOCK_WEEKS * last)
        ends = slice(weeks.start + BLOCK_WEEKS, weeks.stop + 1, BLOCK_WEEKS)
        average = course.pain[:, weeks].mean(axis=1, dtype=float)
        reading = course.home_reading[:, len(cohort.spec.early_home_weeks) :]
        answer = reading[:, first - 1 : last].astype(float)
        fall = entry_score[:, None] - answer
        share = headache_share(people, average)
        found |= {
            (horizon, "pain_time_average"): average,
            (horizon, "pain_block_end"): course.pain[:, ends].mean(axis=1, dtype=float),
            (horizon, "pain_home_score"): answer.mean(axis=1),
            (horizon, "pain_2_or_less"): (answer <= 2).mean(axis=1),
            (horizon, "fall_2_points"): (fall >= 2).mean(axis=1),
            (horizon, "fall_30_percent"): (fall >= 0.3 * entry_score[:, None]).mean(axis=1),
            (horizon, "headache_days"): DIARY_DAYS * share,
            (horizon, "headache_ratio"): share / untreated.mean(),
        }
        end = course.pain[:, weeks.stop].astype(float)
        for name in MOVEMENTS:
            before = start[name]
            degrees = range_of_motion(name, before, end, people.entry_pain, cohort.spec.rom_caps)
            found[horizon, name] = degrees
            found[horizon, f"{name}_gain"] = (degrees - before) / before.mean()
    return found


def calibration(cohort: LatentCohort) -> dict[str, Any]:
    """Figures of a cohort that can be held against those published for the generator.

    Parameters
    ----------
    cohort : LatentCohort
        A cohort whose plans and drop-out came as they do, at least 13 blocks long.

    Returns
    -------
    dict
        ``entry_score``; ``score_by_week``: mean score before the sessions of weeks 1 to 5, by which
        time a patient who missed none has had as many sessions; ``score_week_6``: what all would
        have scored then; ``home_response``; ``drop_out_12_months``; ``followers``: share of
        patients on one plan, and in care, for 13 blocks.
    """
    course = cohort.course
    rng = generator(cohort.spec.seed, TRUTH, 2)
    week_6 = course.pain[:, INITIAL_WEEKS] + rng.normal(0, 0.8, len(cohort.people))
    ends = course.block_ends()[:, :13]
    stayed = course.in_care[:, 12]
    same = (course.plan[:, :13] == course.plan[:, :1]).all(axis=1) & stayed
    return {
        "entry_score": _figure(np.nanmean(course.score[:, 0])),
        "score_by_week": [
            _figure(np.nanmean(course.score[:, week])) for week in range(1, INITIAL_WEEKS)
        ],
        "score_week_6": _figure(np.clip(np.rint(week_6), 0, 10).mean()),
        "home_response": _figure((~np.isnan(ends)).sum() / course.in_care[:, :13].sum()),
        "drop_out_12_months": _figure(1 - stayed.mean()),
        "followers": {
            name: _figure((same & (course.plan[:, 0] == number)).mean())
            for number, name in enumerate(("on_demand", "monthly", "twice_monthly"))
        },
    }


def _figure(value: float | np.floating) -> float:
    return round(float(value), 4)
