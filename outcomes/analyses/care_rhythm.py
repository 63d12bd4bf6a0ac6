"""How sessions are spaced: the first ones, the step to monthly care, and what regularity goes with.

``estimates`` terms:

- ``gap`` (median days between sessions; group_by ``sessions``: 1–3, 4–6);
- ``planned_gap`` (median of the recommended days, group_by ``plan``);
- ``entered_monthly`` (share of those whose active phase ended whose next gap was 21 to 42 days, of
  those for whom so much time has passed);
- ``slope`` (change of the score before sessions with one session more; group_by ``sessions``:
  1–3, 3–6, 6 and later);
- ``gap_variability`` and ``kept_appointments`` (association of the spread of the gaps, per week,
  and of the share of appointments kept, per tenth, with the score at `window`, given the start).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.follow_up_value import follow_up_values
from outcomes.analyses.groups import Members, members
from outcomes.analyses.observed import share_rows
from outcomes.derive.episode import derive_sessions
from outcomes.derive.phases import derive_time_zero
from outcomes.derive.session_scores import derive_session_scores
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.schema import SCHEMAS
from outcomes.stats.linear import fit_linear
from outcomes.tables import Tables

QUESTION = "care_rhythm"
INTERVALS = {"weekly": 7.0, "twice_monthly": 14.0, "monthly": 28.0}
TOGETHER = (
    "Regular care and less pain go together and need not cause each other: who is well keeps "
    "appointments more easily, and who hurts comes sooner."
)
ATTENDED = "Slopes are of those who came: who was well stopped, so later slopes look too flat."


@dataclass(frozen=True)
class CareRhythmSpec:
    """Choices about the spacing of sessions.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    monthly : tuple of int
        Shortest and longest gap that counts as monthly, days.
    window : int
        Follow-up time of the association, days.
    looked_back : int
        Days from the start over which spacing is judged.
    min_gaps : int
        Gaps of a patient that their spread needs.
    sessions : int
        Last session of the slopes.
    min_patients : int
        Patients that a number needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    monthly: tuple[int, int] = (21, 42)
    window: int = 84
    looked_back: int = 70
    min_gaps: int = 3
    sessions: int = 12
    min_patients: int = 30
    conf_level: float = 0.95


def estimate_care_rhythm(tables: Tables, spec: CareRhythmSpec | None = None) -> AnalysisResult:
    """Describe how sessions are spaced and what regular spacing goes with.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : CareRhythmSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; terms without enough patients are refused.

    Notes
    -----
    Slopes: score ~ linear spline of the session number with knots at 3 and 6, within patients
    (scores and sessions less each patient's mean), standard errors by patient (CR1). Associations:
    score at `window` ~ baseline + spread of the gaps + share of appointments kept + number of
    sessions, HC3, all from the first `looked_back` days, so that nothing later is used. Patients
    without one of these are left out. Medians have no interval.
    """
    spec = spec or CareRhythmSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    people = members(tables, "", 0)
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    cuts = tables.settings.cut_points
    columns = ["patient_id", "session_id", "date", "time", "status"]
    attended = derive_sessions(held[columns], cuts)
    attended = attended[attended["patient_id"].isin(people.frame["patient_id"])]
    rows = pd.concat(
        [
            _gaps(attended),
            _planned(tables),
            _entered_monthly(tables, attended, spec),
            _slopes(tables, spec).assign(unit=instrument.unit),
            _associations(tables, people, held, attended, spec).assign(unit=instrument.unit),
        ],
        ignore_index=True,
    )
    few = (rows["n_patients"] < spec.min_patients) & (rows.get("status", "") != "refused")
    rows.loc[few, ["estimate", "std_error", "conf_low", "conf_high"]] = np.nan
    rows.loc[few, ["status", "note"]] = ["refused", "too few patients"]
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows.assign(outcome="rhythm", conf_level=spec.conf_level),
        group_by="",
        estimand=describe(
            population="patients who began care",
            strategies="none compared: how sessions were spaced",
            variable=f"days between sessions, and {instrument.label}",
            intercurrent="later sessions are of those who came to them",
            summary="medians, shares, slopes and associations",
        ),
        notes=(TOGETHER, ATTENDED),
    )


def _gaps(attended: pd.DataFrame) -> pd.DataFrame:
    """Median days between the sessions of a stretch."""
    rows = []
    for group, low, high in (("1–3", 2, 3), ("4–6", 4, 6)):
        own = attended[attended["session_number"].between(low, high)]
        rows.append(
            {
                "term": "gap",
                "group_by": "sessions",
                "group": group,
                "estimate": own["gap_days"].median(),
                "n_patients": float(own["patient_id"].nunique()),
                "unit": "days",
                "method": "median",
            }
        )
    return pd.DataFrame(rows)


def _planned(tables: Tables) -> pd.DataFrame:
    """Median days recommended, by plan."""
    plans = SCHEMAS["plans"].empty() if tables.plans is None else tables.plans
    days = plans["interval_days"].where(plans["interval_days"] > 0)
    days = days.fillna(plans["plan"].map(INTERVALS))
    found = pd.DataFrame({"plan": plans["plan"], "days": days, "id": plans["patient_id"]}).dropna()
    grouped = found.groupby("plan")
    median, n = grouped["days"].median(), grouped["id"].nunique()
    return pd.DataFrame(
        {
            "term": "planned_gap",
            "group_by": "plan",
            "group": median.index.to_numpy(),
            "estimate": median.to_numpy(),
            "n_patients": n.to_numpy(dtype="float64"),
            "unit": "days",
            "method": "median",
        }
    )


def _entered_monthly(tables: Tables, attended: pd.DataFrame, spec: CareRhythmSpec) -> pd.DataFrame:
    """Share whose first gap after the active phase was monthly."""
    zero = derive_time_zero(attended, tables.settings.cut_points, tables.as_of)
    ended = zero[zero["time_zero"].notna()].set_index("patient_id")["time_zero"]
    passed = ended[ended <= tables.as_of - pd.Timedelta(days=spec.monthly[1])]
    later = attended[attended["date"] > ended.reindex(attended["patient_id"]).to_numpy()]
    first = later.groupby("patient_id")["date"].first()
    gap = (first - ended).dt.days.reindex(passed.index)
    seen = pd.DataFrame({"group": "", "event": gap.between(*spec.monthly)})
    grid = pd.DataFrame({"group": [""]})
    rows = share_rows(seen, grid, ["group"], 1, spec.conf_level)
    return rows.assign(
        term="entered_monthly", n_eligible=rows["n_patients"], method="share observed"
    )


def _slopes(tables: Tables, spec: CareRhythmSpec) -> pd.DataFrame:
    """Slope of the score before sessions in three stretches, within patients."""
    series = derive_session_scores(tables, spec.instrument)
    series = series[(series["episode"] == 1) & (series["session"] <= spec.sessions)]
    series = series[series["score"].notna()]
    number = series["session"].astype("float64")
    frame = pd.DataFrame(
        {
            "patient_id": series["patient_id"],
            "y": series["score"],
            "a": number.clip(upper=3),
            "b": number.clip(3, 6),
            "c": number.clip(lower=6),
        }
    )
    n = frame["patient_id"].nunique()
    stretches = {"a": "1–3", "b": "3–6", "c": "6 and later"}
    base = [
        {"term": "slope", "group_by": "sessions", "group": group, "n_patients": float(n)}
        for group in stretches.values()
    ]
    if n < spec.min_patients:
        return pd.DataFrame(base).assign(estimate=np.nan)
    own = ["y", *stretches]
    frame[own] = frame[own] - frame.groupby("patient_id")[own].transform("mean")
    found = _fitted("y ~ a + b + c", frame, "cr1", spec, cluster="patient_id")
    if found is None:
        return pd.DataFrame(base).assign(status="refused", note="sessions do not vary enough")
    rows = [row | _numbers(found, name) for row, name in zip(base, stretches, strict=True)]
    return pd.DataFrame(rows).assign(method="linear spline within patients, CR1")


def _associations(
    tables: Tables,
    people: Members,
    held: pd.DataFrame,
    attended: pd.DataFrame,
    spec: CareRhythmSpec,
) -> pd.DataFrame:
    """Estimate what regular spacing goes with, given where patients started."""
    terms = {"spread": "gap_variability", "kept": "kept_appointments"}
    values = follow_up_values(tables, people, spec.instrument, spec.window, "")
    start = people.frame.set_index("patient_id")["start"]

    def early(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[
            (rows["date"] - start.reindex(rows["patient_id"]).to_numpy()).dt.days.between(
                0, spec.looked_back
            )
        ]

    came = early(attended).groupby("patient_id")["gap_days"].agg(["std", "count"])
    due = early(held[held["status"].isin(["attended", "no_show", "cancelled"])])
    kept = (due["status"] == "attended").groupby(due["patient_id"]).mean()
    base = pd.DataFrame({"term": list(terms.values()), "landmark": f"day {spec.window}"})
    if values is None:
        return base.assign(n_patients=0.0, status="refused", note="no score at follow-up")
    frame = values.frame.set_index("patient_id").join(came)
    at_risk = float(frame["at_risk"].sum())
    frame = frame.assign(spread=frame["std"] / 7, kept=10 * kept.reindex(frame.index))
    frame = frame[(frame["count"] >= spec.min_gaps)].dropna(
        subset=["baseline", "value", "spread", "kept"]
    )
    base = base.assign(n_patients=float(len(frame)), n_eligible=at_risk)
    if len(frame) < spec.min_patients:
        return base.assign(
            status="refused", note="too few patients with enough sessions and scores"
        )
    found = _fitted("value ~ baseline + spread + kept + count", frame, "hc3", spec)
    if found is None:
        return base.assign(status="refused", note="sessions do not vary enough")
    numbers = pd.DataFrame([_numbers(found, name) for name in terms])
    return pd.concat([base, numbers], axis=1).assign(method="regression on the start, HC3")


def _fitted(
    formula: str, frame: pd.DataFrame, variance: str, spec: CareRhythmSpec, cluster: str = ""
) -> pd.DataFrame | None:
    """Coefficients by name; None where the records do not determine them."""
    try:
        fit = fit_linear(formula, frame, cluster=cluster or None)
        if variance == "cr1":
            return fit.coefficients("cr1", spec.conf_level)
        return fit.coefficients("hc3", spec.conf_level)
    except EstimationError:
        return None


def _numbers(found: pd.DataFrame, name: str) -> dict[str, float]:
    row = found[found["term"] == name].iloc[0]
    columns = ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value")
    return {column: float(row[column]) for column in columns if column in row}
