"""What stands in a line of the day's list: one row a current patient, and the sentence why."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.off_track.flags import flags_of
from outcomes.analyses.off_track.reference import OffTrackReference
from outcomes.analyses.off_track.rows import session_rows
from outcomes.derive.patient_days import positions
from outcomes.tables import Tables

SIGNALS = (
    "off_track_and_sudden_change",
    "off_track",
    "sudden_change",
    "plain_rule",
    "quiet",
    "one_score",
    "no_baseline",
    "no_score",
    "past_chart",
)

COLUMNS = (
    "patient_id",
    "session",
    "scored_session",
    "date",
    "score",
    "previous",
    "days_since_previous",
    "baseline",
    "onset",
    "median",
    "low",
    "high",
    "tail",
    "change_low",
    "change_high",
    "change_tail",
    "rule",
    "off_track",
    "sudden_change",
    "first_flagged",
    "signal",
    "reason",
)
"""Columns of the frame of patients."""


def judged_sessions(tables: Tables, reference: OffTrackReference) -> pd.DataFrame:
    """Judge all sessions of the patients of a data set.

    Parameters
    ----------
    tables : Tables
        The patients.
    reference : OffTrackReference
        What they are held against.

    Returns
    -------
    DataFrame
        Rows of `session_rows` with those of `Charts.judge` and of `flags_of`.
    """
    rows = session_rows(tables, reference.spec, weighted=False)
    found = reference.charts.judge(rows, reference.spec)
    out = pd.concat([rows, found], axis=1)
    return pd.concat([out, flags_of(out, reference.charts, reference.spec)], axis=1)


def patient_lines(
    tables: Tables, current: pd.Series, judged: pd.DataFrame, reference: OffTrackReference
) -> pd.DataFrame:
    """Sum up each current patient.

    Parameters
    ----------
    tables : Tables
        The patients.
    current : Series of str
        Ids of those to list.
    judged : DataFrame
        As made by `judged_sessions`.
    reference : OffTrackReference
        What they were held against.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row a patient, sorted by patient_id.
    """
    ids = current.sort_values(ignore_index=True)
    mine = judged[positions(judged["patient_id"], ids) >= 0]
    came = mine.groupby("patient_id")["session"].max()
    scored = mine[mine["score"].notna()]
    last = scored.groupby("patient_id").tail(1).set_index("patient_id")
    flagged = scored[scored["off_track"] == 1].groupby("patient_id")["session"].first()
    out = pd.DataFrame({"patient_id": ids, "session": ids.map(came).fillna(0).astype("int64")})
    taken = last.reindex(ids).reset_index(drop=True)
    for name in ("date", "score", "previous", "baseline", "median", "low", "high", "tail"):
        out[name] = taken[name]
    for name in ("change_low", "change_high", "change_tail", "off_track", "sudden_change"):
        out[name] = taken[name]
    out["scored_session"] = taken["session"].astype("float64")
    out["days_since_previous"] = taken["days"]
    out["onset"] = taken["onset"].fillna("")
    out["rule"] = np.where(taken["off_track"].notna(), reference.rule, "")
    out["first_flagged"] = ids.map(flagged).astype("float64")
    out["signal"] = _signals(out, reference).to_numpy()
    out["reason"] = _reasons(out, reference)
    return out[list(COLUMNS)]


def _signals(lines: pd.DataFrame, reference: OffTrackReference) -> pd.Series:
    """Name what is to be said of each patient."""
    off, sudden = lines["off_track"] == 1, lines["sudden_change"] == 1
    judged = lines["off_track"].notna() | lines["sudden_change"].notna()
    chart = reference.rule == "chart"
    alone = lines["previous"].isna() & (lines["scored_session"] <= 1)
    cases = [
        off & sudden,
        off & chart,
        sudden,
        off,
        judged,
        lines["score"].isna(),
        alone,
        lines["baseline"].isna(),
    ]
    return pd.Series(np.select(cases, _IN_ORDER, "past_chart"), index=lines.index)


_IN_ORDER = (
    "off_track_and_sudden_change",
    "off_track",
    "sudden_change",
    "plain_rule",
    "quiet",
    "no_score",
    "one_score",
    "no_baseline",
)


def _reasons(lines: pd.DataFrame, reference: OffTrackReference) -> list[str]:
    """Write a sentence for each line of a day's list."""
    return [_reason(line, reference) for line in lines.to_dict("records")]


def _reason(line: Mapping[Hashable, Any], reference: OffTrackReference) -> str:
    spec = reference.spec
    at = {name: float(value) for name, value in line.items() if isinstance(value, (int, float))}
    signal = str(line["signal"])
    if signal == "no_score":
        return "No pain score before a session yet: ask for it."
    said = f"Pain {at['score']:g} at session {at['scored_session']:.0f}"
    unscored = at["session"] - at["scored_session"]
    ask = " Not asked since: ask for it." if unscored > 0 else ""
    if signal == "one_score":
        return f"{said}, the first score: nothing to compare it with yet.{ask}"
    if signal == "no_baseline":
        return f"{said}; the starting score is missing, so its course cannot be judged.{ask}"
    if signal == "plain_rule":
        better = at["baseline"] - at["score"]
        change = f"{better:g} better" if better > 0 else "not better"
        return (
            f"{said}, {change} than at the start ({at['baseline']:g}), where at least "
            f"{spec.plain_points:g} is the rule by session {spec.plain_session}. Check.{ask}"
        )
    parts = []
    if signal in ("off_track", "off_track_and_sudden_change"):
        parts.append(
            f"usual at this session after starting at {at['baseline']:g} is "
            f"{at['low']:g} to {at['high']:g}; about {_in_hundred(at['tail'])} of 100 are this high"
        )
    if signal in ("sudden_change", "off_track_and_sudden_change"):
        parts.append(
            f"{at['previous']:g} at the last score {at['days_since_previous']:.0f} days before, "
            f"after which {at['change_low']:g} to {at['change_high']:g} is usual"
        )
    if parts:
        return f"{said}: {'; '.join(parts)}. Check.{ask}"
    if signal == "quiet":
        if not np.isnan(at["high"]):
            return f"{said}, usual is {at['low']:g} to {at['high']:g}.{ask}"
        if not np.isnan(at["change_high"]):
            return f"{said}, usual after the last score is up to {at['change_high']:g}.{ask}"
        return f"{said}, better than at the start by the plain rule.{ask}"
    if reference.rule == "plain_rule":
        return (
            f"{said}: the plain rule judges from session {spec.plain_session} on, and those who "
            f"started above {spec.plain_above:g}.{ask}"
        )
    return f"{said}: no chart reaches this session.{ask}"


def _in_hundred(tail: float) -> str:
    return "fewer than 1" if tail < 0.005 else f"{100 * tail:.0f}"
