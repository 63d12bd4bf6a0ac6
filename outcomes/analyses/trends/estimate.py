"""Whether results change over time.

``curve`` holds one row a chart and period, gaps left out:

==========================  ===================================================================
outcome, group_by, group    instrument code, grouping and group
window                      follow-up day of the cohort; 0 for sessions
measure                     difference, responder, answered, no_show or adverse_events
period                      ``2025-07`` or ``2025Q3``: of entry into care, or of the session
position                    number of the period from 1, so that gaps can be drawn as gaps
kind                        individuals, residual, p, p_prime, u, u_prime; empty without limits
estimate, plotted           value, and what is drawn (the same but for residuals)
centre, low, high           of the part the period lies in
part, baseline              number of the part from 1; whether limits were taken from the period
beyond, shift, reading      1 or −1 beyond the limits; in a run too long; better, worse or empty
drift_higher, drift_lower   cumulative sums for a rise and a fall (difference only)
drift_signal                1 or −1 where one of them signals
drift_threshold             where they signal
n_eligible, n_patients      patients due and behind the value; appointments or sessions
n_events                    patients or events counted (not for difference)
==========================  ===================================================================

``estimates`` holds for each chart its level (the term is the measure; mean of the last part), and
``<measure>_limits_false_alarm`` and ``<measure>_false_alarm`` (share of such charts on which a
point leaves the limits, or any rule speaks, though nothing changed), ``<measure>_autocorrelation``,
for difference ``drift_false_alarm``, and ``<measure>_target`` where one is set, whose note says
whether it is met always, never or sometimes as things are. ``landmark`` is ``day N`` for cohorts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.case_mix import OutcomeRows, Outcomes, outcome_rows, with_case_mix
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import MemberCounts, count_members, members
from outcomes.analyses.trends.charting import Charted, draw_chart, unit_of
from outcomes.analyses.trends.series import (
    choose_period,
    cohort_series,
    count_entries,
    count_sessions,
    session_series,
)
from outcomes.analyses.trends.spec import DIFFERENCE, OF_COHORTS, OF_SESSIONS, TrendsSpec
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "trends"
_EVERY = {"M": "month", "Q": "quarter"}


def estimate_trends(tables: Tables, spec: TrendsSpec | None = None) -> AnalysisResult:
    """Chart results over time, with limits and with the false alarms of each chart.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : TrendsSpec, optional
        Choices; the default charts pain at 6 weeks and 6 months for all patients together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where nothing can be charted. A chart
        with too few periods for limits has points and a refused row.

    Raises
    ------
    EstimationError
        For choices that exclude each other, an unknown window, timing or covariate.

    Notes
    -----
    A cohort is everyone who entered care in a period, judged at a fixed time later; whoever happens
    to attend in a month is a mix that changes when people stay or leave. Expectation comes from all
    cohorts. A period with too few patients is a gap. The newest periods, whose follow-up time is
    not over for everyone, are not charted.

    References
    ----------
    Benneyan JC, Lloyd RC, Plsek PE. Statistical process control as a tool for research and
    healthcare improvement. Qual Saf Health Care 2003;12:458–464. Anhøj J, Olesen AV. Run charts
    revisited. PLoS ONE 2014;9:e113825.
    """
    spec = fill_in(tables, spec or TrendsSpec())
    return conclude_trends(tables, spec, gather_trends(tables, spec))


@dataclass(frozen=True)
class TrendRecords:
    """What is charted, of any number of sources.

    Parameters
    ----------
    people : MemberCounts
        Patients by unit.
    entries : Series
        As `count_entries` makes it.
    cohorts : mapping of int to OutcomeRows
        Outcomes and starts by follow-up day, where there are scores.
    sessions : mapping of str to DataFrame
        As `count_sessions` makes it, by measure, where sessions are recorded.
    """

    people: MemberCounts
    entries: pd.Series
    cohorts: Mapping[int, OutcomeRows]
    sessions: Mapping[str, pd.DataFrame]

    def __add__(self, other: TrendRecords) -> TrendRecords:
        """Add the records of another source, taken with the same choices."""
        cohorts, sessions = dict(self.cohorts), dict(self.sessions)
        for day, rows in other.cohorts.items():
            cohorts[day] = cohorts[day] + rows if day in cohorts else rows
        for measure, counts in other.sessions.items():
            there = sessions.get(measure)
            sessions[measure] = counts if there is None else there.add(counts, fill_value=0.0)
        entries = self.entries.add(other.entries, fill_value=0.0)
        return TrendRecords(self.people + other.people, entries, cohorts, sessions)


def fill_in(tables: Tables, spec: TrendsSpec) -> TrendsSpec:
    """Check a spec, and fill in what the settings say where it leaves that open.

    Parameters
    ----------
    tables : Tables
        Any part of the data set.
    spec : TrendsSpec
        Choices.

    Returns
    -------
    TrendsSpec
        With an instrument.

    Raises
    ------
    EstimationError
        For choices that cannot be.
    """
    spec.check()
    return replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)


def gather_trends(tables: Tables, spec: TrendsSpec) -> TrendRecords:
    """Take what is charted of a part of a data set.

    Parameters
    ----------
    tables : Tables
        The part.
    spec : TrendsSpec
        Choices, filled in; with a timing unless this is the whole.

    Returns
    -------
    TrendRecords
        To be added to those of other parts.

    Raises
    ------
    EstimationError
        As for `estimate_trends`.
    """
    people = members(tables, spec.unit, 0)
    cohorts = {}
    wanted = any(measure in spec.measures for measure in OF_COHORTS)
    for day in spec.windows if wanted else ():
        rows = outcome_rows(
            tables,
            people,
            spec.instrument,
            day,
            timing=spec.timing,
            threshold=spec.threshold,
            covariates=spec.covariates,
        )
        if rows is not None:
            cohorts[day] = rows
    sessions = {}
    for measure in OF_SESSIONS:
        counts = count_sessions(tables, people, measure) if measure in spec.measures else None
        if counts is not None:
            sessions[measure] = counts
    return TrendRecords(
        count_members(tables, people, spec.unit), count_entries(people), cohorts, sessions
    )


def conclude_trends(tables: Tables, spec: TrendsSpec, records: TrendRecords) -> AnalysisResult:
    """Chart what was gathered.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings and its as-of date.
    spec : TrendsSpec
        Choices, filled in.
    records : TrendRecords
        Of all patients.

    Returns
    -------
    AnalysisResult
        As `estimate_trends` gives it.
    """
    code, people = spec.instrument, records.people
    where = {"group_by": spec.unit, "outcome": code}
    if len(people.order) > spec.max_groups:
        reason = (
            f"{len(people.order)} clinics are too many for a chart each; up to {spec.max_groups} "
            "are drawn."
        )
        return refuse(QUESTION, spec, tables, people, reason, **where)
    every = choose_period(records.entries, spec.every, spec.enough_for_months)
    spec = replace(spec, every=every)  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    notes: list[str] = []
    steps: list[tuple[str, str, int, int]] = []
    timing, described = "", ""
    absent: tuple[str, ...] = ()
    for day, measure, series, found, sd in _all_series(tables, records, spec):
        if found is not None:
            timing, described, absent = found.scores.timing, found.scores.described, found.absent
            steps += [step for step in found.steps if step not in steps]
        for group in people.order:
            own = series[series["group"] == group].reset_index(drop=True)
            if not (own["n"] > 0).any():
                rows.append(_nothing(own, measure, group, day))
                continue
            drawn, why = _try(own, measure, spec, sd)
            here: dict[str, Any] = {"group": group, "measure": measure, "window": day}
            rows += _rows(own, drawn, why, measure, group, day, spec, tables)
            curves.append(_curve(own, drawn, spec).assign(**here))
            notes += list(drawn.chart.notes) if drawn is not None and not spec.unit else []
    if not curves:
        reason = f"No {_EVERY[every]} has a score or an appointment that could be charted."
        return refuse(QUESTION, spec, tables, people, reason, **where)
    spec = replace(spec, timing=timing)
    missing = ", ".join(name.replace("_", " ") for name in absent)
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        pd.DataFrame(rows).assign(**where),
        group_by=spec.unit,
        estimand=describe(
            population=f"patients who began care, by the {_EVERY[every]} in which they did",
            strategies="none, care as it was given",
            variable=described or "appointments and events as recorded",
            intercurrent="stopping care or coming more or less often is part of what is described; "
            "those who did not answer are not in a mean",
            summary="improvement observed minus expected, and shares, by cohort of entry",
        ),
        curve=pd.concat(curves, ignore_index=True).assign(**where),
        steps=steps,
        diagnostics={"timing": timing, "every": _EVERY[every]},
        notes=(
            *(
                [f"Not recorded for enough patients to be allowed for: {missing}."]
                if absent
                else []
            ),
            *dict.fromkeys(notes),
        ),
    )


def _all_series(
    tables: Tables, records: TrendRecords, spec: TrendsSpec
) -> Iterator[tuple[int, str, pd.DataFrame, Outcomes | None, float]]:
    """Every series asked for, cohorts first, with what it was made of."""
    margins = {window.day: window.last for window in tables.settings.cut_points.windows}
    order = records.people.order
    for day, rows in records.cohorts.items():
        found = with_case_mix(rows)
        last = tables.as_of - pd.Timedelta(days=margins[day])
        for measure in OF_COHORTS:
            if measure not in spec.measures:
                continue
            try:
                series, mix = cohort_series(
                    found, measure, order, spec.every, last=last, minimum=spec.min_in_period
                )
            except EstimationError:
                # Nobody answered at this time: there is no expectation and nothing to chart.
                continue
            yield day, measure, series, found, mix.sd if mix is not None else float("nan")
    for measure, counts in records.sessions.items():
        counted = session_series(
            counts, order, spec.every, as_of=tables.as_of, minimum=spec.min_in_period
        )
        if counted is not None:
            yield 0, measure, counted, None, float("nan")


def _try(
    series: pd.DataFrame, measure: str, spec: TrendsSpec, sd: float
) -> tuple[Charted | None, str]:
    """Draw a chart, or say why there is none."""
    try:
        return draw_chart(series, measure, spec, sd), ""
    except EstimationError as error:
        return None, error.problem


def _nothing(series: pd.DataFrame, measure: str, group: str, day: int) -> dict[str, Any]:
    """Make the row of a group of which nothing can be charted."""
    return {
        "group": group,
        "term": measure,
        "landmark": f"day {day}" if day else "",
        "n_eligible": float(series["due"].sum()),
        "n_patients": 0.0,
        "status": "refused",
        "note": "no follow-up score" if day else "no appointment",
    }


def _rows(
    series: pd.DataFrame,
    drawn: Charted | None,
    why: str,
    measure: str,
    group: str,
    day: int,
    spec: TrendsSpec,
    tables: Tables,
) -> list[dict[str, Any]]:
    """Level of a chart, and what is printed beside it."""
    known = series["value"].notna().to_numpy()
    fixed: dict[str, Any] = {"group": group, "landmark": f"day {day}" if day else ""}
    unit = unit_of(measure, tables.registry.get(spec.instrument).unit)
    due = float(series["due"].sum())
    if drawn is None:
        n = float(series["n"].sum())
        row = {"term": measure, "status": "refused", "note": why, "n_patients": n}
        return [fixed | row | {"unit": unit, "n_eligible": due}]
    chart = drawn.chart
    last = chart.parts.iloc[-1]
    part = (chart.points["part"] == last["part"]).to_numpy()
    judged = chart.points["baseline"].to_numpy(dtype=bool) & part & known
    level: dict[str, Any] = {
        "term": measure,
        "estimate": float(last["centre"]),
        "n_eligible": float(series["due"][judged].sum()),
        "n_patients": float(series["n"][judged].sum()),
        "unit": unit,
        "method": f"{chart.layout.kind.replace('_', ' ')} chart, 3 sigma",
    }
    if measure == DIFFERENCE:
        value, n = series["value"][judged], series["n"][judged]
        level["estimate"] = float(np.average(value, weights=n))
    else:
        level["n_events"] = float(series["events"][judged].sum())
        level["estimate"] = level["n_events"] / level["n_patients"]
    rows = [fixed | level]
    simulated = {"unit": "share", "method": "simulated, nothing changing"}
    for term, rule in (("limits_false_alarm", "limits"), ("false_alarm", "any")):
        rows.append(
            fixed | {"term": f"{measure}_{term}", "estimate": float(drawn.alarms[rule])} | simulated
        )
    if drawn.autocorrelation is not None:
        alike = drawn.autocorrelation
        rows.append(
            fixed
            | {
                "term": f"{measure}_autocorrelation",
                "estimate": alike.phi,
                "p_value": alike.p_value,
                "unit": "correlation",
                "method": "lag 1, corrected for bias",
            }
        )
    if chart.target is not None:
        met = {"term": f"{measure}_target", "estimate": chart.target, "unit": unit}
        rows.append(fixed | met | {"note": chart.assurance})
    if drawn.drift is not None:
        rows.append(
            fixed | {"term": "drift_false_alarm", "estimate": drawn.drift_alarm} | simulated
        )
    return rows


def _curve(series: pd.DataFrame, drawn: Charted | None, spec: TrendsSpec) -> pd.DataFrame:
    """Points and lines of a chart."""
    share = series["value"]
    table = pd.DataFrame(
        {
            "period": series["period"].astype("str"),
            "position": np.arange(1, len(series) + 1),
            "kind": "",
            "estimate": share,
            "plotted": share,
            "n_eligible": series["due"],
            "n_patients": series["n"],
            "n_events": series["events"],
        }
    )
    lines = ("centre", "low", "high", "drift_higher", "drift_lower", "drift_threshold")
    table = table.assign(
        **dict.fromkeys(lines, np.nan),
        part=1,
        baseline=True,
        beyond=0,
        shift=False,
        reading="",
        drift_signal=0,
    )
    if drawn is not None:
        points = drawn.chart.points
        table["kind"] = drawn.chart.layout.kind
        for name in (
            "plotted", "centre", "low", "high", "part", "baseline", "beyond", "shift", "reading",
        ):  # fmt: skip
            table[name] = points[name].to_numpy()
        if drawn.drift is not None:
            table["drift_higher"] = drawn.drift["higher"].to_numpy()
            table["drift_lower"] = drawn.drift["lower"].to_numpy()
            table["drift_signal"] = drawn.drift["signal"].to_numpy()
            table["drift_threshold"] = drawn.drift_threshold
    return table[table["estimate"].notna()]
