"""How clinics compare once whom they treat is allowed for.

``curve`` holds, for each measure (``improvement`` or ``responder``):

==========================  ===================================================================
outcome, group_by, window   instrument code, ``clinic`` or ``therapist_id``, follow-up day
measure                     improvement (mean, in points of the instrument, more is better) or
                            responder (share)
series                      ``point``: a clinic that is compared; ``limits``: the lines
group                       name of the clinic, only where it may be named, else empty
estimate                    its adjusted mean or share
conf_low, conf_high         95 % interval of it, sampling only
position                    ``inside``, ``above_95``, ``below_998``, …
n_eligible, n_patients      patients whose follow-up time is over and who have a score at the
                            start; those of them who answered (for lines: the place on the axis)
centre, low_95 … high_998   limits at that place
==========================  ===================================================================

``estimates`` holds for each clinic ``answered`` and, for improvement, ``adjusted``, ``difference``
(observed minus expected), ``shrunken`` (drawn towards the mean) and ``smallest_difference`` (that
the outer limits would show with a power of 80 %); for all together ``overall``, ``between``
(standard deviation between clinics), ``false_alarm_95``, ``false_alarm_998`` and
``any_false_alarm_998``. For responders the same terms begin with ``responder_``. A clinic that may
not be named has status ``refused`` and the reason. Rows are in alphabetical order, never by result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.adding import add_known
from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.case_mix import (
    IMPROVEMENT,
    RESPONDER,
    OutcomeRows,
    Outcomes,
    answer_weights,
    outcome_rows,
    with_case_mix,
)
from outcomes.analyses.clinic_benchmark.comparison import Comparison, compare
from outcomes.analyses.clinic_benchmark.spec import CLINIC, ClinicBenchmarkSpec
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import MemberCounts, Members, count_members, members
from outcomes.analyses.observed import share_rows
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "clinic_benchmark"
MEASURES = (IMPROVEMENT, RESPONDER)
_METHODS = {
    IMPROVEMENT: "linear case-mix model, observed minus expected",
    RESPONDER: "logistic case-mix model, observed minus expected",
}
_PREFIX = {IMPROVEMENT: "", RESPONDER: "responder_"}
_LEVEL = 0.95


def estimate_clinic_benchmark(
    tables: Tables, spec: ClinicBenchmarkSpec | None = None
) -> AnalysisResult:
    """Compare clinics with what would be expected of their patients anywhere.

    Parameters
    ----------
    tables : Tables
        The data set, all clinics of it.
    spec : ClinicBenchmarkSpec, optional
        Choices; the default compares clinics on pain at 12 weeks.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where there is one clinic only, or no
        score.

    Raises
    ------
    EstimationError
        For therapists without a stated reason, an unknown unit, window, timing or covariate.

    Notes
    -----
    Indirect standardisation: a model of what was known at the start, slopes from differences within
    clinics, says what each patient would be expected to reach; a clinic's difference is the mean of
    observed minus expected over its patients. Limits leave the clinic itself out: random-effects
    mean and variance of the others, t with C − 2 degrees of freedom. Shrunken estimates are
    posterior means. Patients who did not answer are taken as those with the same start who did.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202. Viechtbauer W, Cheung MW-L. Outlier and influence diagnostics for
    meta-analysis. Res Synth Methods 2010;1:112–125. Adams JL, Mehrotra A, Thomas JW, McGlynn EA.
    Physician cost profiling: reliability and risk of misclassification. N Engl J Med
    2010;362:1014–1021.
    """
    spec = fill_in(tables, spec or ClinicBenchmarkSpec())
    return conclude_benchmark(tables, spec, gather_benchmark(tables, spec))


@dataclass(frozen=True)
class BenchmarkRows:
    """Units and their patients, of any number of sources.

    Parameters
    ----------
    people : MemberCounts
        Patients by unit.
    rows : OutcomeRows or None
        Outcomes and starts; None where there is not one score.
    """

    people: MemberCounts
    rows: OutcomeRows | None

    def __add__(self, other: BenchmarkRows) -> BenchmarkRows:
        """Add the patients of another source, taken with the same choices."""
        return BenchmarkRows(self.people + other.people, add_known(self.rows, other.rows))


def fill_in(tables: Tables, spec: ClinicBenchmarkSpec) -> ClinicBenchmarkSpec:
    """Check a spec, and fill in what the settings say where it leaves that open.

    Parameters
    ----------
    tables : Tables
        Any part of the data set.
    spec : ClinicBenchmarkSpec
        Choices.

    Returns
    -------
    ClinicBenchmarkSpec
        With an instrument.

    Raises
    ------
    EstimationError
        For choices that cannot be.
    """
    spec.check()
    return replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)


def gather_benchmark(tables: Tables, spec: ClinicBenchmarkSpec) -> BenchmarkRows:
    """Take the patients of a part of a data set.

    Parameters
    ----------
    tables : Tables
        The part.
    spec : ClinicBenchmarkSpec
        Choices, filled in; with a timing unless this is the whole.

    Returns
    -------
    BenchmarkRows
        To be added to those of other parts.

    Raises
    ------
    EstimationError
        As for `estimate_clinic_benchmark`.
    """
    people = grouped(tables, spec.unit)
    rows = outcome_rows(
        tables,
        people,
        spec.instrument,
        spec.window,
        timing=spec.timing,
        threshold=spec.threshold,
        covariates=spec.covariates,
    )
    return BenchmarkRows(count_members(tables, people, spec.unit), rows)


def conclude_benchmark(
    tables: Tables, spec: ClinicBenchmarkSpec, gathered: BenchmarkRows
) -> AnalysisResult:
    """Compare the units whose patients were gathered.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings.
    spec : ClinicBenchmarkSpec
        Choices, filled in.
    gathered : BenchmarkRows
        All patients.

    Returns
    -------
    AnalysisResult
        As `estimate_clinic_benchmark` gives it.
    """
    code, people = spec.instrument, gathered.people
    found = None if gathered.rows is None else with_case_mix(gathered.rows)
    where = {"group_by": spec.unit, "outcome": code}
    if found is None or not found.frame["answered"].any():
        label = tables.registry.get(code).label
        reason = (
            f"Nobody with a score of {label} at the start has one {_when(spec)} that could be used."
        )
        return refuse(QUESTION, spec, tables, people, reason, **where)
    spec = replace(spec, timing=found.scores.timing, covariates=found.covariates)
    if len(people.order) < 2:
        noun = "clinic" if spec.unit == CLINIC else "therapist"
        reason = f"There is one {noun} only, so there is nothing to compare it with."
        return refuse(QUESTION, spec, tables, people, reason, **where)
    rows, curves = [_answered(found, people)], []
    diagnostics: dict[str, Any] = {"timing": spec.timing, "reason": spec.reason}
    weights = answer_weights(found) if spec.response_weights else None
    for measure in MEASURES:
        try:
            comparison = compare(found, measure, spec, weights)
        except EstimationError as error:
            rows.append(pd.DataFrame([_refused(measure, error.problem)]))
            continue
        rows.append(_unit_rows(comparison, measure, spec, people))
        rows.append(_overall_rows(comparison, measure))
        curves.append(_curve(comparison, measure, found))
        diagnostics |= _diagnostics(comparison, measure)
    unit = tables.registry.get(code).unit
    everything = pd.concat(rows, ignore_index=True)
    share = everything["term"].str.startswith(_PREFIX[RESPONDER]) | (
        everything["term"] == "answered"
    )
    alarm = everything["term"].str.contains("false_alarm")
    everything["unit"] = np.where(share | alarm, "share", unit)
    fixed = {"outcome": code, "group_by": spec.unit}
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        everything.assign(**fixed, landmark=f"day {spec.window}"),
        group_by=spec.unit,
        estimand=describe(
            population="patients who began care, by the clinic they belong to"
            if spec.unit == CLINIC
            else "patients who began care, by the therapist of their first session",
            strategies="the clinics as they work, whatever care was taken",
            variable=found.scores.described,
            intercurrent="stopping care or coming more or less often is part of what is compared; "
            "those who did not answer are taken as those with the same start who did",
            summary="mean improvement and share of responders, observed minus expected from "
            + ", ".join(["the score at the start", *found.covariates]),
        ),
        curve=pd.concat(curves, ignore_index=True).assign(**fixed, window=spec.window)
        if curves
        else None,
        steps=found.steps,
        diagnostics=diagnostics,
        notes=_left_out(found),
    )


def _when(spec: ClinicBenchmarkSpec) -> str:
    return f"at day {spec.window}"


def grouped(tables: Tables, unit: str) -> Members:
    """Put the patients who began care by clinic, or by the therapist of their first session.

    Parameters
    ----------
    tables : Tables
        The data set.
    unit : {"clinic", "therapist_id"}
        What is compared.

    Returns
    -------
    Members
        Patients whose unit is known.
    """
    if unit == CLINIC:
        return members(tables, "clinic", 0)
    everyone = members(tables, "", 0)
    frame = everyone.frame.assign(group=everyone.frame["therapist_id"].fillna("").astype("str"))
    known = frame["group"] != ""
    order = tuple(sorted(frame.loc[known, "group"].unique()))
    return Members(frame, order, everyone.steps).keep(
        known, "therapist known", "therapist of the first session not recorded"
    )


def _answered(found: Outcomes, people: MemberCounts) -> pd.DataFrame:
    """Share of those due who answered, by unit."""
    grid = pd.DataFrame({"group": list(people.order)})
    seen = found.frame[["patient_id", "group", "answered"]].rename(columns={"answered": "event"})
    rows = share_rows(seen, grid, ["group"], 1, _LEVEL)
    return rows.assign(term="answered", method="of those due, Wilson")


def _refused(measure: str, reason: str) -> Mapping[str, Any]:
    return {"term": f"{_PREFIX[measure]}difference", "status": "refused", "note": reason}


def _unit_rows(
    found: Comparison, measure: str, spec: ClinicBenchmarkSpec, people: MemberCounts
) -> pd.DataFrame:
    """Rows of every unit, in alphabetical order; those not to be named give no number."""
    table = found.units.set_index("unit").reindex(list(people.order))
    counted = pd.DataFrame(
        {
            "group": table.index,
            "n_patients": table["n"].fillna(0.0).to_numpy(),
            "ess": table["n_effective"].to_numpy(),
            "conf_level": _LEVEL,
            "method": _METHODS[measure],
        }
    )
    reasons = _reasons(table, found.why, spec)
    parts = []
    for term, value, low, high in (
        ("adjusted", "adjusted", "low", "high"),
        ("difference", "difference", "low", "high"),
        ("shrunken", "shrunken", "shrunken_low", "shrunken_high"),
    ):
        shift = found.facts["overall"] if term == "adjusted" else 0.0
        part = counted.assign(
            term=f"{_PREFIX[measure]}{term}",
            estimate=table[value].to_numpy(),
            conf_low=(table[low] + shift).to_numpy(),
            conf_high=(table[high] + shift).to_numpy(),
            note=reasons,
            status=np.where(np.array(reasons) == "", "ok", "refused"),
        )
        if term == "difference":
            part["std_error"] = table["std_error"].to_numpy()
            part["p_value"] = table["p_value"].to_numpy()
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    rows.loc[
        rows["status"] == "refused", ["estimate", "conf_low", "conf_high", "std_error", "p_value"]
    ] = np.nan
    smallest = counted.assign(
        term=f"{_PREFIX[measure]}smallest_difference",
        estimate=table["smallest"].to_numpy(),
        method="simulated, power 80 % at the 99.8 % limits",
    )
    return pd.concat([rows, smallest[smallest["estimate"].notna()]], ignore_index=True)


def _reasons(table: pd.DataFrame, why: str, spec: ClinicBenchmarkSpec) -> list[str]:
    """Why a unit is not named; empty where it is."""
    few = ~(table["n"].fillna(0) >= spec.min_patients)
    unreliable = ~(table["reliability"] >= spec.min_reliability)
    return [
        f"not named: fewer than {spec.min_patients} answers"
        if each_few
        else (why or "not named: mostly chance")
        if each_unreliable
        else ""
        for each_few, each_unreliable in zip(few, unreliable, strict=True)
    ]


def _overall_rows(found: Comparison, measure: str) -> pd.DataFrame:
    """Say what holds for the comparison as a whole."""
    facts, prefix = found.facts, _PREFIX[measure]
    rows: list[dict[str, Any]] = [
        {
            "term": f"{prefix}overall",
            "estimate": facts["overall"],
            "n_patients": len(found.mix.rows),
            "method": "mean of those who answered, weighted for those who did not",
        }
    ]
    if not found.why:
        rows.append(
            {
                "term": f"{prefix}between",
                "estimate": facts["tau"],
                "conf_low": facts["tau_low"],
                "conf_high": facts["tau_high"],
                "conf_level": _LEVEL,
                "method": "Paule–Mandel, Q profile",
            }
        )
        rows += [
            {
                "term": f"{prefix}{term}",
                "estimate": facts[name],
                "method": f"{facts['replicates']:.0f} simulations with no clinic out of line",
            }
            for term, name in (
                ("false_alarm_95", "false_alarm_95"),
                ("false_alarm_998", "false_alarm_998"),
                ("any_false_alarm_998", "any_998"),
            )
        ]
    else:
        rows.append(dict(_refused(measure, found.why)) | {"term": f"{prefix}between"})
    return pd.DataFrame(rows)


def _curve(found: Comparison, measure: str, outcomes: Outcomes) -> pd.DataFrame:
    """Points and lines; a unit that may not be named is a point without a name."""
    table = found.units[found.units["compared"]] if not found.why else found.units.iloc[:0]
    due = outcomes.frame["group"].value_counts()
    points = pd.DataFrame(
        {
            "series": "point",
            "group": table["unit"].where(table["named"], ""),
            "estimate": table["adjusted"],
            "conf_low": table["low"] + found.facts["overall"],
            "conf_high": table["high"] + found.facts["overall"],
            "position": table["position"],
            "n_eligible": table["unit"].map(due).astype("float64"),
            "n_patients": table["n"].astype("float64"),
        }
    )
    # Points without a name come by size, so that their order gives no name away.
    points = points.sort_values(["group", "n_patients"], ignore_index=True)
    lines = found.lines.assign(series="limits", group="", position="")
    return pd.concat([points, lines], ignore_index=True).assign(measure=measure)


def _diagnostics(found: Comparison, measure: str) -> dict[str, Any]:
    """How the expectation came about."""
    rows = found.mix.rows
    residual = ((rows["observed"] - rows["expected"]) ** 2).mean()
    prefix = _PREFIX[measure]
    return {
        f"{prefix}coefficients": found.mix.coefficients,
        f"{prefix}calibration": found.mix.calibration(),
        f"{prefix}explained": 1 - residual / rows["observed"].var(ddof=0),
        f"{prefix}sd": found.mix.sd,
        f"{prefix}case_mix_notes": " ".join(found.mix.notes),
        f"{prefix}q_values": found.units.loc[found.units["named"], ["unit", "q_value"]],
    }


def _left_out(found: Outcomes) -> tuple[str, ...]:
    """Name what could not be adjusted for."""
    if not found.absent:
        return ()
    names = ", ".join(name.replace("_", " ") for name in found.absent)
    return (f"Not recorded for enough patients to be allowed for: {names}.",)
