"""Assessments: instruments known, scores within range, items scored, timing filled in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from outcomes.instruments import Instrument, InstrumentRegistry
from outcomes.io.parse import as_text
from outcomes.io.rows import Coded
from outcomes.io.verdict import Verdict
from outcomes.schema import ITEM_COLUMN

_UNKNOWN = (
    "is not a known instrument; write one of the codes in docs/data.md or describe it in "
    "settings.toml"
)


def score_assessments(
    frame: pd.DataFrame, verdict: Verdict, registry: InstrumentRegistry
) -> pd.DataFrame:
    """Score the items, and reject what the instrument cannot have yielded.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    registry : InstrumentRegistry
        Instruments known.

    Returns
    -------
    DataFrame
        The same rows with ``value`` filled in from the items where it was empty.

    Notes
    -----
    An empty value is scored by the instrument's own rule for missing items. A value given beside
    items must be what they score to, rounded to the decimals it is written with, and must be
    scorable by that rule: a total over too few items is no score.
    """
    items = frame[[name for name in frame.columns if ITEM_COLUMN.fullmatch(name)]]
    known = frame["instrument"].isin(registry.codes)
    verdict.reject(frame["instrument"].notna() & ~known, "instrument", _UNKNOWN)
    value = frame["value"].copy()
    for code, given in frame.loc[known].groupby("instrument", sort=False):
        rows = given.index
        value.loc[rows] = _score(registry.get(str(code)), given["value"], items.loc[rows], verdict)
    verdict.reject(value.isna(), "value", "is empty, and there are no items to score")
    return frame.assign(value=value)


def _score(
    instrument: Instrument, value: pd.Series, items: pd.DataFrame, verdict: Verdict
) -> pd.Series:
    """Values of one instrument, scored where empty; reasons go to the verdict."""

    def reject(where: pd.Series, column: str, reason: str) -> None:
        mask = np.zeros(len(verdict.rows), dtype=bool)
        mask[where.index[where.to_numpy(dtype=bool)]] = True
        verdict.reject(mask, column, reason)

    answered = items.notna().any(axis=1)
    scored = value
    if answered.any() and instrument.scoring is None:
        reject(
            answered & value.isna(), "value", "is empty, and no rule is known to score the items"
        )
    elif answered.any() and instrument.scoring is not None:
        wrong = instrument.scoring.wrong_items(items)
        for name in wrong.columns:
            reject(wrong[name], name, f"is not an answer of {instrument.code}")
        usable = answered & ~wrong.any(axis=1)
        score = instrument.score(items[usable]).reindex(value.index)
        unscorable = usable & score.isna()
        needed = f"at least {instrument.scoring.min_answered} of {instrument.scoring.items} items"
        reject(unscorable, "value", f"too few items are answered: a score needs {needed}")
        apart = (value - score).abs() > _rounding(value)
        reject(apart, "value", "is not what the items score to")
        scored = value.fillna(score)
    reasons = instrument.check(scored)
    for reason in reasons[reasons != ""].unique():
        reject(reasons == reason, "value", f"{instrument.code}: {reason}")
    return scored


def _rounding(value: pd.Series) -> pd.Series:
    """Half a unit of the last decimal that a value is written with, two at most."""
    one, two = value == value.round(0), value == value.round(1)
    return pd.Series(np.select([one, two], [0.5, 0.05], 0.005) + 1e-9, index=value.index)


def fill_timing(
    frame: pd.DataFrame,
    verdict: Verdict,
    sessions: pd.DataFrame | None,
    session_days: pd.DataFrame | None,
) -> tuple[pd.DataFrame, int]:
    """Fill in when a score was taken, and reject what contradicts its session.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    sessions : DataFrame or None
        Accepted sessions.
    session_days : DataFrame or None
        Columns patient_id and date of sessions attended, those of rejected rows among them: that
        a fee was written wrongly does not turn the score of that day into one given at home.

    Returns
    -------
    DataFrame
        The same rows with ``timing``: as given, else ``pre`` on a day with an attended session of
        that patient, else ``remote``.
    int
        Scores given as pre or post on a day without an attended session of that patient, while
        there is a sessions table. They are kept: the score was seen, the session was not.
    """
    if sessions is None or session_days is None:
        return frame.assign(timing=frame["timing"].fillna("remote")), 0
    days = session_days.drop_duplicates().assign(seen=1.0)
    seen = frame[["patient_id", "date"]].merge(days, how="left", on=["patient_id", "date"])["seen"]
    on_session_day = seen.notna().set_axis(frame.index)
    filled = pd.Series(np.where(on_session_day, "pre", "remote"), frame.index, dtype="str")
    alone = frame["timing"].isin(("pre", "post")) & ~on_session_day & verdict.accepted
    frame = frame.assign(timing=frame["timing"].fillna(filled))
    if frame["session_id"].notna().any():
        _check_sessions(frame, verdict, sessions)
    return frame, int(alone.sum())


def _check_sessions(frame: pd.DataFrame, verdict: Verdict, sessions: pd.DataFrame) -> None:
    """Reject scores that contradict the session they name."""
    place = _place_of(verdict.rows.coded("session_id"), sessions["session_id"])
    found = place >= 0
    if not found.any():
        return
    at_session = found & (frame["timing"] != "remote").to_numpy()

    def of_session(column: str) -> pd.Series:
        # where none was found the last one stands in, and is not looked at
        return sessions[column].take(place).set_axis(frame.index)

    another = of_session("patient_id") != frame["patient_id"]
    verdict.reject(found & another, "session_id", "is another patient's")
    off = of_session("date") != frame["date"]
    verdict.reject(at_session & off, "date", "is not the day of its session")
    missed = of_session("status") != "attended"
    verdict.reject(at_session & missed, "session_id", "is a session that was not attended")


def _place_of(session: Coded, known: pd.Series) -> np.ndarray:
    """Row of the session that each row names, -1 where it names none that is known."""
    ids = pa.array(known, pa.large_string())
    place = pc.index_in(pa.array(as_text(session.texts), pa.large_string()), value_set=ids)
    found = place.fill_null(-1).to_numpy()
    return np.append(found, -1)[session.codes]
