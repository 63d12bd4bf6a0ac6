"""Four-week blocks after the decision: plan, sessions, what was known and what was answered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.answer_days import usual_answer_days
from outcomes.derive.decisions import BLOCK_DAYS, ELIGIBLE
from outcomes.derive.known import Events, events, score_events
from outcomes.derive.patient_days import (
    NO_DAY,
    Flags,
    Ints,
    day_numbers,
    order_of,
    pack,
    pick,
    positions,
    to_dates,
)
from outcomes.derive.soreness import flag_near_session
from outcomes.tables import Tables

SLACK = 7
"""A plan recorded this many days before or after the day of the grid decides for its block."""

PLAN_DAYS = {"weekly": 7.0, "twice_monthly": 14.0, "monthly": 28.0}
"""Days between sessions that a plan stands for when it does not say."""


def derive_blocks(
    tables: Tables, decisions: pd.DataFrame, instrument: str, blocks: int
) -> pd.DataFrame:
    """Lay out what happens to eligible patients, block by block.

    Parameters
    ----------
    tables : Tables
        The data set.
    decisions : DataFrame
        As made by `derive_decisions`; eligible patients are taken.
    instrument : str
        Code of the pain instrument.
    blocks : int
        Number of blocks.

    Returns
    -------
    DataFrame
        Every eligible patient × block, sorted: ``patient_id``; ``block`` (from 1); ``decision`` and
        ``until`` (datetime64[us]), the day a block is decided and the day of the next decision;
        ``at_risk`` (in care through the block before); ``in_care`` (at risk, and a record after
        the decision); ``plan`` (str, in force, missing where none is recorded) and
        ``interval`` (days between sessions that it says, missing for on demand); ``sessions``
        (attended after the decision and up to the next); ``open_gap`` (days from the last session
        to the next decision); ``score`` (last recorded at the decision), ``score_age`` (days) and
        ``trend`` (its difference from the score before, 0 without one); ``answer`` (mean of scores
        answered at home in the block, not near a session), ``before_answer`` (last score before
        the day on which the patient usually answers, or the first answer if that is earlier),
        ``seen_lately`` (a session in the 7 days before that day); ``visit_score`` (mean of scores
        before sessions in the block).

    Notes
    -----
    A block begins on the day of the plan recorded nearest to the day of the grid, within 7 days of
    it, else on that day; the plan in force is the last one recorded up to then. A patient has left
    at the first decision after which nothing at all is recorded (no plan on the day or later, no
    session, score or diary day later, and no booked appointment): a patient who is silent to the
    end cannot be told from one who has left. Scores after a session are never used.
    """
    chosen = decisions[decisions["status"] == ELIGIBLE]
    ids = chosen["patient_id"].reset_index(drop=True)
    n = len(ids)
    place = np.repeat(np.arange(n), blocks)
    grid = day_numbers(chosen["decision"])[:, None] + BLOCK_DAYS * np.arange(blocks + 1)
    day = _decided(tables, ids, grid)
    now, then = day[:, :-1].ravel(), day[:, 1:].ravel()
    in_care = (_last_record(tables, ids)[:, None] >= day[:, :-1]) | (np.arange(blocks) == 0)
    in_care = np.logical_and.accumulate(in_care, axis=1)
    at_risk = np.ones_like(in_care)
    at_risk[:, 1:] = in_care[:, :-1]
    plan, interval = _plan(tables, ids, place, now)
    held = _attended(tables, ids)
    sessions, _ = held.within(place, now, then)
    scores = score_events(tables.assessments, ids, instrument, ("pre", "remote"))
    found = scores.last(place, now)
    score = scores.value(found)
    earlier = scores.value(scores.of(place, found - 1))
    answer, before, reference = _answers(tables, ids, instrument, place, now, then, scores)
    pre = score_events(tables.assessments, ids, instrument, ("pre",))
    visits, visit_total = pre.within(place, now, then)
    lately, _ = held.within(place, reference - 8, reference - 1)
    return pd.DataFrame(
        {
            "patient_id": pick(ids, place),
            "block": np.tile(np.arange(1, blocks + 1), n),
            "decision": to_dates(now),
            "until": to_dates(then),
            "at_risk": at_risk.ravel(),
            "in_care": in_care.ravel(),
            "plan": plan,
            "interval": interval,
            "sessions": sessions,
            "open_gap": then - held.day(held.last(place, then)),
            "score": score,
            "score_age": now - scores.day(found),
            "trend": np.where(np.isnan(earlier), 0.0, score - earlier),
            "answer": answer,
            "before_answer": before,
            "seen_lately": lately > 0,
            "visit_score": np.divide(
                visit_total, visits, out=np.full(len(now), np.nan), where=visits > 0
            ),
        }
    )


def _decided(tables: Tables, ids: pd.Series, grid: Ints) -> Ints:
    """Days of decision: of the plan nearest to the day of the grid, within the slack."""
    if tables.plans is None:
        return grid
    plans = events(tables.plans, ids)
    place = np.repeat(np.arange(len(ids)), grid.shape[1])
    day = grid.ravel()
    before = plans.day(plans.last(place, day))
    after = plans.day(plans.first_within(place, day, day + SLACK))
    back, on = day - before, after - day
    nearest = np.where(np.nan_to_num(back, nan=99) <= np.nan_to_num(on, nan=99), before, after)
    near = np.fmin(back, on) <= SLACK
    found = np.where(near, nearest, day).astype(np.int64).reshape(grid.shape)
    # The first day is the decision itself.
    found[:, 0] = grid[:, 0]
    return found


def _plan(tables: Tables, ids: pd.Series, place: Ints, now: Ints) -> tuple[pd.Series, np.ndarray]:
    """Plan in force at each decision, and the days between sessions that it says."""
    if tables.plans is None or not len(tables.plans):
        return pd.Series([None] * len(now), dtype="str"), np.full(len(now), np.nan)
    whose = positions(tables.plans["patient_id"], ids)
    day = day_numbers(tables.plans["date"])
    rows = np.flatnonzero((whose >= 0) & (day != NO_DAY))
    keys = pack(whose[rows], day[rows])
    order = order_of(keys, tables.plans, rows, ["plan"])
    recorded = Events(keys[order], np.ones(len(order)))
    found = recorded.last(place, now)
    row = np.append(rows[order], -1)[found]
    said = tables.plans["interval_days"].fillna(tables.plans["plan"].map(PLAN_DAYS))
    said = said.mask(~tables.plans["plan"].isin(list(PLAN_DAYS)))
    plan = pick(tables.plans["plan"], row).astype("str")
    return plan, pick(said, row).to_numpy(dtype="float64")


def _attended(tables: Tables, ids: pd.Series) -> Events:
    """Attended sessions."""
    if tables.sessions is None:
        return Events(np.empty(0, dtype=np.int64), np.empty(0))
    return events(tables.sessions[tables.sessions["status"] == "attended"], ids)


def _last_record(tables: Tables, ids: pd.Series) -> Ints:
    """Last day of decision up to which a patient is seen to be in care.

    A plan speaks for the day it was made; any other record must come after the decision, since one
    on the day itself belongs to the time before.
    """
    last = np.full(len(ids), NO_DAY)
    dated = [(tables.plans, "date", 0), (tables.assessments, "date", 1)]
    dated += [(tables.headache_diary, "date", 1), (tables.headache_periods, "start", 1)]
    if tables.sessions is not None:
        kept = tables.sessions[tables.sessions["status"].isin(["attended", "booked"])]
        dated.append((kept, "date", 1))
    for table, column, later in dated:
        if table is not None:
            place, day = positions(table["patient_id"], ids), day_numbers(table[column])
            known = (place >= 0) & (day != NO_DAY)
            np.maximum.at(last, place[known], day[known] - later)
    return last


def _answers(
    tables: Tables,
    ids: pd.Series,
    instrument: str,
    place: Ints,
    now: Ints,
    then: Ints,
    scores: Events,
) -> tuple[np.ndarray, np.ndarray, Ints]:
    """Mean answer at home in each block, the last score before it, and the day it refers to."""
    every = score_events(tables.assessments, ids, instrument, ("remote",))
    clear = _clear_answers(tables, ids, instrument)
    count, total = clear.within(place, now, then)
    answer = np.divide(total, count, out=np.full(len(now), np.nan), where=count > 0)
    # A sore answer marks the occasion too, though it does not count.
    first = every.day(every.first_within(place, now, then))
    expected = usual_answer_days(every, place, now, then)
    # Never later than the answer itself, which must not count as known before it.
    reference = np.fmin(first, expected).astype(np.int64)
    return answer, scores.value(scores.last(place, reference - 1)), reference


def _clear_answers(tables: Tables, ids: pd.Series, instrument: str) -> Events:
    """Scores answered at home that are not near a session."""
    if tables.assessments is None:
        return Events(np.empty(0, dtype=np.int64), np.empty(0))
    assessments = tables.assessments
    whose = positions(assessments["patient_id"], ids)
    wanted = (assessments["instrument"] == instrument) & (assessments["timing"] == "remote")
    rows = np.flatnonzero(wanted & assessments["value"].notna() & (whose >= 0))
    near: Flags = flag_near_session(
        assessments, rows, whose[rows], "remote", tables.sessions, ids, tables.settings.cut_points
    )
    kept = assessments.iloc[rows[~near]]
    return events(kept, ids, kept["value"].to_numpy(dtype="float64"))
