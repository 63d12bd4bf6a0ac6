"""How the flags fared: how many there are, whether the charts hold, how often flags are wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.off_track.flags import first_flags, flagged_by
from outcomes.analyses.off_track.reference import OffTrackReference, fit_off_track_reference
from outcomes.analyses.off_track.spec import OffTrackSpec
from outcomes.results import AnalysisResult
from outcomes.stats.intervals import wilson
from outcomes.tables import Tables

QUESTION = "off_track_accuracy"
STRATA = ((0.0, 4.0), (4.0, 6.0), (6.0, 8.0), (8.0, np.inf))
EXPECTED = 0.05
"""Share of scores that should lie in the upper 5 %."""

_MONTH = 365.25 / 12


def estimate_off_track_accuracy(
    tables: Tables,
    spec: OffTrackSpec | None = None,
    *,
    reference: OffTrackReference | None = None,
) -> AnalysisResult:
    """Look back at this clinic's flags.

    Parameters
    ----------
    tables : Tables
        All patients, as the reference was fitted on.
    spec : OffTrackSpec, optional
        Choices, for a reference made here.
    reference : OffTrackReference, optional
        Made by `fit_off_track_reference`; from `tables` unless given.

    Returns
    -------
    AnalysisResult
        Shares with Wilson intervals. ``alarm_by_session``: starters off track at least once by a
        session. ``exceedance``: scores with mid-P ≤ .05, by session, clinic and starting score;
        near .05 where the charts hold. ``alarms_per_100_visits`` by signal;
        ``alarms_per_100_patients_month``: first off-track flags by 100 patients and month in the
        first course. ``wrong_share``: first flags after which the patient turned out fine.

    Raises
    ------
    EstimationError
        If the reference may not judge these tables.

    Notes
    -----
    All is out of sample: patients are judged by charts made without them. The intervals of
    exceedances take scores of one patient as independent and are too narrow for pooled rows.
    """
    reference = fit_off_track_reference(tables, spec) if reference is None else reference
    reference.check(tables)
    spec, history = reference.spec, reference.history
    rows: list[dict[str, object]] = []
    judged = history[history["off_track"].notna()]
    for session in sorted(judged["session"].unique()):
        if session <= max(reference.charts.last, spec.found_by):
            by = flagged_by(history, int(session))
            share = _share(int(by.sum()), len(by), spec)
            rows.append({"term": "alarm_by_session", "landmark": f"session {session}", **share})
    rows += _exceedances(history, spec)
    for signal in ("off_track", "sudden_change"):
        known = history[history[signal].notna()]
        if len(known):
            share = _share(
                int(known[signal].sum()), known["patient_id"].nunique(), spec, len(known)
            )
            row = {"term": "alarms_per_100_visits", "group_by": "signal", "group": signal, **share}
            for name in ("estimate", "conf_low", "conf_high"):
                row[name] = 100 * float(str(row[name]))
            rows.append({**row, "unit": "visits in 100"})
    rows.append(_monthly(history))
    wrong, told = reference.wrong()
    if told < spec.min_flags:
        note = reference.one_in_text()
        rows.append({"term": "wrong_share", "n_patients": told, "status": "refused", "note": note})
    else:
        rows.append({"term": "wrong_share", "n_events": wrong, **_share(wrong, told, spec)})
    return assemble(
        QUESTION,
        spec,
        tables,
        members(tables, "", 0),
        pd.DataFrame(rows).assign(outcome=spec.instrument),
        group_by="",
        estimand=describe(
            population="patients who began care, each judged by charts made without them",
            strategies="care as it was given",
            variable="flags at sessions of the first course, and pain some weeks after",
            intercurrent="stopping when well is weighted for in the charts; flags without a later "
            "score say nothing of whether they were wrong",
            summary="shares",
        ),
        diagnostics={
            "rule": reference.rule,
            "starters": reference.starters,
            "one_in": reference.one_in(),
            "effective": dict(reference.charts.effective),
        },
        notes=(reference.one_in_text(), reference.alarm_text(), reference.why_plain),
    )


def _share(events: int, n: int, spec: OffTrackSpec, of: int | None = None) -> dict[str, object]:
    """Give a share with its interval; `of` is what it is of where that is not patients."""
    total = n if of is None else of
    low, high = wilson(events, total, spec.conf_level)
    return {
        "estimate": events / total,
        "conf_low": float(low),
        "conf_high": float(high),
        "conf_level": spec.conf_level,
        "n_patients": n,
        "n_assessments": total,
        "n_events": events,
        "unit": "share",
        "method": "share, Wilson",
    }


def _exceedances(history: pd.DataFrame, spec: OffTrackSpec) -> list[dict[str, object]]:
    """Scores in the upper 5 % of what was expected, by session, clinic and starting score."""
    known = history[history["mid_tail"].notna()]
    if known.empty:
        return []
    edges = [-np.inf, *(high for _, high in STRATA)]
    names = [f"over {low:g}" if high == np.inf else f"{low:g} to {high:g}" for low, high in STRATA]
    stratum = pd.cut(known["baseline"], edges, labels=names).astype("str")
    session = "session " + known["session"].astype("str")
    over = known["mid_tail"] <= EXPECTED
    rows: list[dict[str, object]] = []
    order = {"session": session, "clinic": known["clinic"], "baseline": stratum}
    for group_by, group in order.items():
        for name in dict.fromkeys(group.iloc[np.argsort(known["session"], kind="stable")]):
            here = (group == name).to_numpy()
            patients = known.loc[here, "patient_id"].nunique()
            share = _share(int(over[here].sum()), patients, spec, int(here.sum()))
            rows.append({"term": "exceedance", "group_by": group_by, "group": name, **share})
    return rows


def _monthly(history: pd.DataFrame) -> dict[str, object]:
    """First off-track flags by time in the first course."""
    course = history[history["course"]]
    spans = course.groupby("patient_id")["date"].agg(["min", "max"])
    months = ((spans["max"] - spans["min"]).dt.days / _MONTH).sum()
    flags = len(first_flags(history))
    known = months > 0
    return {
        "term": "alarms_per_100_patients_month",
        "estimate": 100 * flags / months if known else np.nan,
        "n_patients": len(spans),
        "n_events": flags,
        "unit": "flags by 100 patients and month",
        "method": "count",
        "status": "ok" if known else "refused",
        "note": "" if known else "nobody has two sessions",
    }
