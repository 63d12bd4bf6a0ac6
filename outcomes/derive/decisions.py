"""Who is about to be given a schedule, and the day it is decided."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.episode import derive_sessions, derive_start
from outcomes.derive.known import Events, events, score_events
from outcomes.derive.patient_days import (
    NO_DAY,
    Ints,
    day_number,
    day_numbers,
    pick,
    positions,
    to_dates,
    words,
)
from outcomes.derive.phases import derive_time_zero
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

BLOCK_DAYS = 28
MAINTENANCE_PLANS = ("twice_monthly", "monthly", "on_demand", "discharged")
REASONS = (
    "no attended session",
    "active phase not finished",
    "a maintenance plan was made before the active phase was over",
    "no plan recorded in time after the active phase",
    "pain not recorded recently",
    "the weeks compared are not over by the as-of date",
)
ELIGIBLE = "eligible"


def derive_decisions(
    tables: Tables,
    instrument: str,
    *,
    blocks: int,
    wait: int = 28,
    recent: int = 28,
    use_plans: bool = True,
    weekly: bool = False,
) -> pd.DataFrame:
    """Find for each patient the day a schedule is first decided after the active phase.

    Parameters
    ----------
    tables : Tables
        The data set; cut points are those of its settings.
    instrument : str
        Code of the pain instrument.
    blocks : int
        Blocks of 28 days that must be over by the as-of date.
    wait : int
        Days after the active phase in which the first plan must be made.
    recent : int
        Days before the decision in which pain must have been recorded.
    use_plans : bool
        False, or no table of plans: the decision falls on time zero itself.
    weekly : bool
        A plan of weekly sessions after the active phase is a maintenance plan too.

    Returns
    -------
    DataFrame
        One row a patient, sorted by patient_id: ``patient_id``, ``time_zero`` and ``decision``
        (datetime64[us]), ``n_sessions`` (float64, attended up to the decision), ``status``
        (``eligible``, or the first of `REASONS` that holds).

    Notes
    -----
    Time zero is the last session of the active phase. Where a maintenance plan is recorded earlier
    than sessions alone would tell, the phase ended with that plan: a session after it belongs to
    the plan, and taking it for the active phase would leave out patients by what they were given.
    The decision is the day of the first maintenance plan on or after time zero; eligibility looks
    at nothing after it but whether the calendar covers the weeks compared.
    """
    cuts = tables.settings.cut_points
    sessions = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    start = derive_start(tables.patients, sessions, cuts)
    ids = start["patient_id"]
    place = np.arange(len(ids))
    attended = derive_sessions(
        sessions[["patient_id", "session_id", "date", "time", "status"]], cuts
    )
    held = events(attended[attended["episode"] == 1], ids)
    by_sessions = derive_time_zero(attended, cuts, tables.as_of)
    zero = day_numbers(pick(by_sessions["time_zero"], positions(ids, by_sessions["patient_id"])))
    begun = start["start"].notna().to_numpy() & (held.last(place, _all_days(place)) >= 0)
    planned = use_plans and tables.plans is not None
    decided, early, late = zero, np.zeros(len(ids), bool), np.zeros(len(ids), bool)
    if planned:
        zero, decided, early, late = _with_plans(
            tables, ids, held, zero, wait, cuts.maintenance_gap_after, weekly
        )
    known = decided != NO_DAY
    day = np.where(known, decided, 0)
    scores = score_events(tables.assessments, ids, instrument, ("pre", "remote"))
    age = day - scores.day(scores.last(place, day))
    over = day + BLOCK_DAYS * blocks <= day_number(tables.as_of)
    failed = [~begun, zero == NO_DAY, early, late | ~known, ~(age <= recent), ~over]
    # A plan before the phase was over also leaves time zero missing; say the more telling reason.
    failed[1] = failed[1] & ~early
    which = np.select(failed, range(len(REASONS)), len(REASONS))
    count, _ = held.within(place, _all_days(place, -1), day)
    return pd.DataFrame(
        {
            "patient_id": ids,
            "time_zero": to_dates(zero),
            "decision": to_dates(decided),
            "n_sessions": np.where(known, count, np.nan),
            "status": words((*REASONS, ELIGIBLE), which),
        }
    )


def _all_days(place: Ints, sign: int = 1) -> Ints:
    """Give a day after, or before, all others for each patient."""
    return np.full(len(place), sign * 10**6)


def _with_plans(
    tables: Tables,
    ids: pd.Series,
    held: Events,
    zero: Ints,
    wait: int,
    least: int,
    weekly: bool,
) -> tuple[Ints, Ints, np.ndarray, np.ndarray]:
    """Time zero, day of the decision, and who had a plan too early or too late."""
    place = np.arange(len(ids))
    assert tables.plans is not None
    plans = events(tables.plans[tables.plans["plan"].isin(MAINTENANCE_PLANS)], ids)
    never, ever = _all_days(place, -1), _all_days(place)
    first = plans.first_within(place, never, ever)
    has = first >= 0
    first_day = np.where(has, plans.day(first), 0).astype(np.int64)
    before, _ = held.within(place, never, first_day)
    last = held.last(place, first_day)
    last_day = np.where(last >= 0, held.day(last), 0).astype(np.int64)
    # The plan came while sessions alone would not yet have ended the phase.
    ends = has & (before >= least) & ((zero == NO_DAY) | (zero > first_day))
    early = has & ~ends & ((zero == NO_DAY) | (zero > first_day)) & (before >= 1)
    zero = np.where(ends, last_day, zero)
    if weekly:
        # Only from here on: in the active phase everybody comes weekly.
        every = (*MAINTENANCE_PLANS, "weekly")
        plans = events(tables.plans[tables.plans["plan"].isin(every)], ids)
    later = plans.first_within(place, np.where(zero == NO_DAY, 0, zero - 1), ever)
    day = np.where((later >= 0) & (zero != NO_DAY), np.nan_to_num(plans.day(later)), NO_DAY)
    decided = day.astype(np.int64)
    decided = np.where((later >= 0) & (zero != NO_DAY), decided, NO_DAY)
    # A plan made before time zero stays in force and is no new decision.
    early = early | (has & (zero != NO_DAY) & (first_day < zero))
    late = ~early & (zero != NO_DAY) & ((decided == NO_DAY) | (decided > zero + wait))
    return zero, decided, early, late
