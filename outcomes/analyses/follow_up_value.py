"""One outcome of each patient at one follow-up time, with its baseline."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.analyses.groups import Members
from outcomes.analyses.headache_spans import BASELINE, find_spans
from outcomes.analyses.scores import window_scores
from outcomes.derive.headache_days import derive_headache_days
from outcomes.tables import Tables

HEADACHE_DAYS = "headache_days"


@dataclass(frozen=True)
class FollowUp:
    """Baseline and follow-up of each patient.

    Parameters
    ----------
    frame : DataFrame
        One row a patient: patient_id, baseline, value, at_risk. There is a value only where the
        follow-up time is over, so that those with one can be counted of those at risk.
    unit : str
        Unit of both.
    timing : str
        Timing of the scores; empty for headache days.
    described : str
        What was measured, as a phrase.
    """

    frame: pd.DataFrame
    unit: str
    timing: str
    described: str


def follow_up_values(
    tables: Tables, people: Members, outcome: str, day: int, timing: str
) -> FollowUp | None:
    """Take an outcome at the start and at one follow-up time.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients.
    outcome : str
        Instrument code, or ``headache_days`` for headache days per 28 days.
    day : int
        Follow-up time: an analysis window, or the time that a span of diary stands for.
    timing : {"", "remote", "pre"}
        Timing of scores; empty to choose.

    Returns
    -------
    FollowUp or None
        None where nobody has a value then.

    Raises
    ------
    EstimationError
        For an unknown instrument, window or timing.
    """
    if outcome == HEADACHE_DAYS:
        return _headache_days(tables, people, day)
    scores = window_scores(tables, people, outcome, timing, (day,))
    if scores is None or scores.frame.empty:
        return None
    wide = scores.frame.set_index(["patient_id", "window"])
    frame = pd.DataFrame(
        {
            "baseline": wide["value"].xs(0, level="window"),
            "value": wide["value"].where(wide["at_risk"]).xs(day, level="window"),
            "at_risk": wide["at_risk"].xs(day, level="window"),
        }
    ).reset_index()
    if frame["value"].isna().all():
        return None
    return FollowUp(frame, scores.instrument.unit, scores.timing, scores.described)


def _headache_days(tables: Tables, people: Members, day: int) -> FollowUp | None:
    spans = find_spans(tables, people, (day,), earliest=1)
    days = derive_headache_days(
        tables.headache_diary,
        tables.headache_periods,
        spans.frame,
        tables.settings.cut_points,
    )
    wide = days.pivot(index="patient_id", columns="span", values="per_28")
    wide = wide.reindex(columns=[BASELINE, day])
    if wide[day].isna().all():
        return None
    frame = pd.DataFrame(
        {
            "baseline": wide[BASELINE],
            "value": wide[day],
            "at_risk": wide.index.isin(days.loc[days["span"] == day, "patient_id"]),
        }
    ).reset_index()
    return FollowUp(frame, "days per 28 days", "", f"headache days per 28 days ({spans.described})")
