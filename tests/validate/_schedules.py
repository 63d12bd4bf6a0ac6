"""Cohorts for the comparison of schedules, straight from the arrays of the generator.

Writing records and reading them back takes seconds a cohort; the blocks are laid out from the
arrays here. `tests/spec/test_schedule_blocks.py` holds that both ways give the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec
from outcomes.analyses.maintenance_schedules.compare import Comparison, Outcome
from outcomes.analyses.maintenance_schedules.grid import ScheduleGrid, make_grid
from outcomes.instruments import default_registry
from outcomes.simulate import LatentCohort, SimulationSpec, intervene, simulate_latent
from outcomes.simulate.course import simulate_course
from outcomes.simulate.population import COURSE, allocate, draw_people, generator

RUNS = Path(__file__).resolve().parents[2] / "build" / "validate"
INITIAL, WEEKS = 6, 4
PLANS = np.array(["on_demand", "monthly", "twice_monthly"])
INTERVALS = np.array([np.nan, 28.0, 14.0])


def eligible(latent: LatentCohort) -> np.ndarray:
    """Patients who finished the active phase before the first plan."""
    return latent.course.attended[:, :INITIAL].sum(axis=1) >= 4


def blocks_of(latent: LatentCohort) -> pd.DataFrame:
    """Blocks of eligible patients, as `derive_blocks` lays them out from records."""
    course, rows = latent.course, eligible(latent)
    blocks, weeks = course.blocks, course.attended.shape[1]
    attended, session = course.attended[rows], course.score[rows].astype(float)
    home = np.full((rows.sum(), weeks), np.nan)
    home[:, list(course.home_weeks)] = course.home_score[rows]
    n = int(rows.sum())
    # Two occasions a week: before the session, and at home at the end of it.
    scores = np.stack([session, home], axis=2).reshape(n, 2 * weeks)
    days = np.add.outer(7 * np.arange(weeks), [0, 5]).ravel()
    begin = INITIAL + WEEKS * np.arange(blocks)
    decided = 7 * begin - 1
    seen = ~np.isnan(scores)
    place = np.where(seen, np.arange(2 * weeks), -1)
    last = np.maximum.accumulate(place, axis=1)
    earlier = np.where(last > 0, np.take_along_axis(last, np.maximum(last - 1, 0), axis=1), -1)
    at = 2 * begin - 1
    now, before = last[:, at], earlier[:, at]
    score = np.take_along_axis(scores, now, axis=1)
    previous = np.take_along_axis(scores, np.maximum(before, 0), axis=1)
    trend = np.where(before >= 0, score - previous, 0.0)
    four = attended[:, INITIAL:].reshape(n, blocks, WEEKS)
    came = np.where(attended, np.arange(weeks), -1)
    latest = np.maximum.accumulate(came, axis=1)[:, begin + WEEKS - 1]
    near = course.home_near[rows][:, -blocks:]
    answer = course.block_ends()[rows].astype(float)
    visits = session[:, INITIAL:].reshape(n, blocks, WEEKS)
    count = (~np.isnan(visits)).sum(axis=2)
    total = np.nansum(visits, axis=2)
    in_care = course.in_care[rows]
    at_risk = np.ones_like(in_care)
    at_risk[:, 1:] = in_care[:, :-1]
    plan = course.plan[rows]
    return pd.DataFrame(
        {
            "patient_id": np.repeat(np.flatnonzero(rows).astype(str), blocks),
            "block": np.tile(np.arange(1, blocks + 1), n),
            "at_risk": at_risk.ravel(),
            "in_care": in_care.ravel(),
            "plan": PLANS[plan].ravel(),
            "interval": INTERVALS[plan].ravel(),
            "sessions": four.sum(axis=2).ravel(),
            "open_gap": (decided + 28 - 7 * latest).ravel(),
            "score": score.ravel(),
            "score_age": (decided - days[now]).ravel(),
            "trend": trend.ravel(),
            "answer": np.where(near, np.nan, answer).ravel(),
            "before_answer": course.score_before_home[rows][:, -blocks:].astype(float).ravel(),
            "seen_lately": four[:, :, -1].ravel(),
            "visit_score": np.where(count > 0, total / np.maximum(count, 1), np.nan).ravel(),
        }
    )


def patients_of(latent: LatentCohort) -> pd.DataFrame:
    """What is known at the start of eligible patients."""
    people, rows = latent.people, eligible(latent)
    return pd.DataFrame(
        {
            "patient_id": np.flatnonzero(rows).astype(str),
            "baseline": latent.course.score[rows, 0].astype(float),
            "onset": np.where(people.chronic[rows] > 0, "chronic", "acute"),
            "distress": people.distress[rows],
            "age": people.age[rows],
            "clinic": np.char.add("c", people.clinic[rows].astype(str)),
        }
    )


def grid_of(latent: LatentCohort, spec: MaintenanceSchedulesSpec, lag: int = 0) -> ScheduleGrid:
    """Grid of a cohort."""
    instrument = default_registry().get("nrs_pain")
    return make_grid(blocks_of(latent), patients_of(latent), instrument, spec, True, lag)


def comparison_of(
    latent: LatentCohort,
    first: int,
    spec: MaintenanceSchedulesSpec | None = None,
    *,
    zero: tuple[str, ...] = (),
    noise: float = 0.0,
) -> Comparison:
    """Comparison of mean pain from a first block to the last.

    `zero` blanks columns of the weight models, `noise` adds error with 3 degrees of freedom to the
    scores that the models see, as if the wrong thing had been recorded.
    """
    grid = grid_of(latent, spec or MaintenanceSchedulesSpec())
    if zero:
        grid.frame[list(zero)] = 0.0
    if noise:
        rng = np.random.default_rng(latent.spec.seed)
        for name in ("last", "late"):
            grid.frame[name] += noise * rng.standard_t(3, len(grid.frame))
            for number, knot in ((1, 2.0), (2, 6.0)):
                grid.frame[f"{name}_{number}"] = (grid.frame[name] - knot).clip(lower=0)
    answer = grid.square("answer")
    periods = tuple(range(first - 1, grid.blocks))
    outcome = Outcome("nrs_pain", "pain", "points", answer[:, list(periods)], periods, "answered")
    return Comparison(grid, [outcome], {"answered": ~np.isnan(answer) & grid.in_care})


def truth(spec: SimulationSpec, first: int, patients: int = 200_000) -> dict[str, float]:
    """Mean answer of eligible patients, over all clinics there could be, under each schedule."""
    long = replace(spec, truth_patients=patients)
    means = {}
    for name in ("twice_monthly", "monthly", "on_demand"):
        latent = intervene(long, name, own_clinics=False)
        reading = latent.course.home_reading[eligible(latent)]
        means[name] = float(reading[:, first - 1 - spec.blocks :].mean())
    return means


def own_means(latent: LatentCohort, first: int) -> dict[str, float]:
    """Mean answer of the same eligible patients had they all kept one schedule, with their luck.

    An estimate minus this has the estimator's bias without the chance of who was drawn.
    """
    spec, means = latent.spec, {}
    for name in ("twice_monthly", "monthly", "on_demand"):
        rng = generator(spec.seed, COURSE, 0)
        people = draw_people(latent.clinics, allocate(spec), rng)
        course = simulate_course(people, spec, rng, name)
        reading = course.home_reading[eligible(latent), -spec.blocks :]
        means[name] = float(reading[:, first - 1 :].mean())
    return means


def replicates(
    name: str, spec: SimulationSpec, total: int, one: Callable[[LatentCohort], dict[str, Any]]
) -> pd.DataFrame:
    """Run replicates on cohorts with the seeds that follow that of the spec."""
    return keep_runs(
        name, total, lambda number: one(simulate_latent(replace(spec, seed=spec.seed + number)))
    )


def keep_runs(name: str, total: int, one: Callable[[int], dict[str, Any]]) -> pd.DataFrame:
    """Run numbered replicates and write each down, so that a run that was cut short is taken up."""
    if not total:
        return pd.DataFrame()
    RUNS.mkdir(parents=True, exist_ok=True)
    path = RUNS / f"{name}.jsonl"
    done = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in done][:total]
    with path.open("a", encoding="utf-8") as file:
        for number in range(len(rows), total):
            row = one(number)
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    return pd.DataFrame(rows)
