"""Pain, sessions, plans and drop-out week by week, for all patients at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outcomes.simulate.population import Array, People, expit
from outcomes.simulate.spec import BLOCK_WEEKS, INITIAL_WEEKS, NONE, PLANS, SimulationSpec

Reals = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

ATTENDED = 0.92
SORE_SHARE = 2 / 7
"""Chance that a home score falls within 48 hours of a session in the same week."""


@dataclass(frozen=True)
class Course:
    """What happens to patients. n patients, W weeks, K blocks, H times a home score is asked for.

    Parameters
    ----------
    pain : array, shape (n, W + 1)
        True pain at the start of each week, and at the end; never part of the records.
    appointment, attended : array of bool, shape (n, W)
        A session was due, and took place.
    score : array, shape (n, W)
        Score given before the session of that week, NaN where none took place.
    plan : array of int8, shape (n, K)
        Sessions planned a block: 2, 1, or 0 for on demand.
    in_care : array of bool, shape (n, K)
        Not dropped out by the start of the block.
    last_score : array, shape (n, K + 1)
        Last recorded score at the start of each block, and at the end.
    home_weeks : tuple of int
        Week after which each home score is asked for; the last K are the ends of the blocks.
    home_score : array, shape (n, H)
        Answer, NaN where there is none. Within 48 hours of a session it reads one point higher.
    home_near : array of bool, shape (n, H)
        The answer fell within 48 hours of a session.
    home_reading : array, shape (n, H)
        What everyone would have answered without soreness; never part of the records.
    score_before_home : array, shape (n, H)
        Last recorded score when the home score was asked for.
    """

    pain: Reals
    appointment: Flags
    attended: Flags
    score: Reals
    plan: npt.NDArray[np.int8]
    in_care: Flags
    last_score: Reals
    home_weeks: tuple[int, ...]
    home_score: Reals
    home_near: Flags
    home_reading: Reals
    score_before_home: Reals

    @property
    def blocks(self) -> int:
        """Number of four-week blocks."""
        return self.plan.shape[1]

    def block_ends(self) -> Reals:
        """Home scores at the ends of the blocks.

        Returns
        -------
        array, shape (n, K)
            A view of `home_score`.
        """
        return self.home_score[:, -self.blocks :]


def plan_probabilities(
    spec: SimulationSpec, people: People, last_score: Array, previous: npt.NDArray | None
) -> Array:
    """Chance of each plan at the start of a block.

    Parameters
    ----------
    spec : SimulationSpec
        Slopes and stickiness.
    people : People
        The patients.
    last_score : array, shape (n,)
        Last recorded score.
    previous : array of int, shape (n,), optional
        Plan of the block before; None at the first block.

    Returns
    -------
    array, shape (n, 3)
        Columns are on demand, monthly and twice monthly.
    """
    above = np.asarray(last_score, float) - 3
    odds = np.zeros((len(people), 3))
    odds[:, 1] = 0.5 + spec.monthly_slope * above + 0.1 * people.chronic + 0.5 * people.preference
    odds[:, 2] = 0.3 + spec.twice_monthly_slope * above + 0.3 * people.chronic + people.preference
    if previous is not None:
        odds[np.arange(len(odds)), previous] += spec.stickiness
    weight = np.exp(odds - odds.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def drop_out_probability(distress: Array, level: Array) -> Array:
    """Chance of dropping out at the start of a block after the first.

    Parameters
    ----------
    distress : array, shape (n,)
        Distress at entry.
    level : array, shape (n,)
        Last recorded score, or the pain felt when drop-out is not at random.

    Returns
    -------
    array, shape (n,)
        expit(−4.2 + .6 [level ≤ 1] + .5 [level ≥ 6] + .1 distress).
    """
    return expit(-4.2 + 0.6 * (level <= 1) + 0.5 * (level >= 6) + 0.1 * distress)


def response_probability(last_score: Array) -> Array:
    """Chance that a home score is answered.

    Parameters
    ----------
    last_score : array
        Last recorded score.

    Returns
    -------
    array
        expit(.4 − .10 (last score − 3)).
    """
    return expit(0.4 - 0.10 * (last_score - 3))


def simulate_course(
    people: People, spec: SimulationSpec, rng: np.random.Generator, strategy: str | None = None
) -> Course:
    """Run the weeks.

    Parameters
    ----------
    people : People
        The patients as they enter.
    spec : SimulationSpec
        Switches and number of blocks.
    rng : Generator
        Random numbers. The same ones are drawn whatever the strategy, so that strategies run from
        one seed differ by the strategy alone.
    strategy : {"twice_monthly", "monthly", "on_demand", "none"}, optional
        Make everyone follow it from week 6 on, without drop-out. Default: plans as they come.

    Returns
    -------
    Course
        Pain, sessions, plans and scores.

    Notes
    -----
    u' = clip(u + .055 (m exp(−.004 S) − u) − δ A (u − .5)₊ + N(0, .45²), 0, 10) with S the sessions
    so far and A a session in this week; a score is clip(round(u + N(0, .8²)), 0, 10). Without an
    effect of maintenance: from week 6 on m is .35 of the set-point, δ = 0 and S does not count.
    """
    n, blocks, weeks = len(people), spec.blocks, spec.weeks
    home_weeks = spec.home_weeks
    pain = np.empty((n, weeks + 1), np.float32)
    appointment = np.zeros((n, weeks), bool)
    attended = np.zeros((n, weeks), bool)
    score = np.full((n, weeks), np.nan, np.float32)
    plan = np.zeros((n, blocks), np.int8)
    in_care = np.ones((n, blocks), bool)
    last_score = np.empty((n, blocks + 1), np.float32)
    home_score = np.full((n, len(home_weeks)), np.nan, np.float32)
    home_near = np.zeros((n, len(home_weeks)), bool)
    home_reading = np.empty((n, len(home_weeks)), np.float32)
    score_before_home = np.empty((n, len(home_weeks)), np.float32)

    u = people.entry_pain.copy()
    target, efficacy = people.set_point, people.efficacy
    sessions = np.zeros(n)
    last = np.zeros(n)
    caring = np.ones(n, bool)
    on_demand_intercept = -50.0 if strategy == NONE else -5.0
    for week in range(weeks):
        pain[:, week] = u
        luck = rng.random(n)
        if week < INITIAL_WEEKS:
            due = week < people.planned
            # Nobody is a patient before having come once, so the first session is never missed.
            came = due & (luck < ATTENDED) if week else due
        else:
            block, place = divmod(week - INITIAL_WEEKS, BLOCK_WEEKS)
            if place == 0:
                last_score[:, block] = last
                leave, choose = rng.random(n), rng.random(n)
                if strategy is not None:
                    plan[:, block] = 0 if strategy == NONE else PLANS.index(strategy)
                else:
                    level = last if spec.drop_out == "MAR" else u
                    if block > 0:
                        caring &= leave >= drop_out_probability(people.distress, level)
                    previous = plan[:, block - 1] if block > 0 else None
                    chance = plan_probabilities(spec, people, last, previous)
                    plan[:, block] = (choose >= chance[:, 0]).astype(np.int8) + (
                        choose >= chance[:, 0] + chance[:, 1]
                    )
                in_care[:, block] = caring
                if block == 0 and not spec.maintenance_effect:
                    target, efficacy = 0.35 * people.set_point, np.zeros(n)
            now = plan[:, block]
            felt = last if spec.visits == "VAR" else u
            returns = (now == 0) & (luck < expit(on_demand_intercept + 0.45 * felt)) & caring
            slot = (now == 2) if place in (0, 2) else (now == 1) & (place == 1)
            due = (slot & caring) | returns
            came = (slot & caring & (luck < ATTENDED)) | returns
        appointment[:, week] = due
        attended[:, week] = came

        reading = np.clip(np.rint(u + rng.normal(0, 0.8, n)), 0, 10)
        score[:, week] = np.where(came, reading, np.nan)
        last = np.where(came, reading, last)

        lasting = week >= INITIAL_WEEKS and not spec.maintenance_effect
        wearing_off = np.ones(n) if lasting else np.exp(-0.004 * sessions)
        relief = efficacy * came * np.maximum(u - 0.5, 0)
        drift = 0.055 * (target * wearing_off - u)
        u = np.clip(u + drift - relief + rng.normal(0, 0.45, n), 0, 10)
        sessions += came

        if week in home_weeks:
            asked = home_weeks.index(week)
            answers, soon = rng.random(n), rng.random(n)
            reading = np.clip(np.rint(u + rng.normal(0, 0.8, n)), 0, 10)
            home_reading[:, asked] = reading
            score_before_home[:, asked] = last
            answered = caring & (answers < response_probability(last))
            near = answered & came & (soon < SORE_SHARE)
            answer = np.minimum(reading + near, 10)
            home_near[:, asked] = near
            home_score[:, asked] = np.where(answered, answer, np.nan)
            last = np.where(answered, answer, last)
    pain[:, weeks] = u
    last_score[:, blocks] = last
    return Course(
        pain=pain,
        appointment=appointment,
        attended=attended,
        score=score,
        plan=plan,
        in_care=in_care,
        last_score=last_score,
        home_weeks=home_weeks,
        home_score=home_score,
        home_near=home_near,
        home_reading=home_reading,
        score_before_home=score_before_home,
    )
