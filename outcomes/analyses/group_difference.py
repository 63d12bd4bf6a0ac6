"""Whether groups that were formed at the start, such as the arms of a trial, differ later.

``curve`` has one row a group: group_by, group, n_eligible, n_patients, baseline_mean, baseline_sd,
mean, sd (at follow-up), adjusted_mean, conf_low, conf_high (of the adjusted mean), start_pain and
start_pain_n.

``estimates`` holds the terms ``baseline_mean`` and ``mean`` (of those analysed), ``adjusted_mean``
(at the average of baseline and covariates over those analysed) for each group, and ``difference``
for each group but the reference: its adjusted mean minus that of the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.follow_up_value import FollowUp, follow_up_values
from outcomes.analyses.groups import Members, members
from outcomes.analyses.observed import mean_rows
from outcomes.analyses.start_values import start_values
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.stats.linear import LinearFit, fit_linear
from outcomes.tables import Tables

QUESTION = "group_difference"
METHODS = {
    "model": "ANCOVA, equal variances",
    "hc3": "ANCOVA, HC3 standard errors",
    "cr2": "ANCOVA, standard errors clustered by clinic (CR2)",
}
_NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]


@dataclass(frozen=True)
class GroupDifferenceSpec:
    """Choices of a comparison between groups.

    Parameters
    ----------
    group : str
        Covariate or column of patients that names the group. It must be known at the start.
    reference : str
        Group that the others are compared with; empty for the first in alphabetical order.
    outcome : str
        Instrument code, or ``headache_days`` for headache days per 28 days; empty for the pain
        instrument of the settings.
    window : int
        Follow-up time in days from the start.
    covariates : tuple of str
        What to adjust for beside the baseline of the outcome; names as for `start_values`.
    standard_errors : {"hc3", "model", "cr2"}
        hc3: any variances; model: equal variances; cr2: patients of one clinic may be alike.
    timing : {"", "remote", "pre"}
        Scores to analyse; empty to choose.
    min_patients : int
        Patients analysed that each group needs.
    conf_level : float
        Confidence level.
    """

    group: str = "arm"
    reference: str = ""
    outcome: str = ""
    window: int = 364
    covariates: tuple[str, ...] = ()
    standard_errors: Literal["hc3", "model", "cr2"] = "hc3"
    timing: str = ""
    min_patients: int = 10
    conf_level: float = 0.95


def estimate_group_difference(
    tables: Tables, spec: GroupDifferenceSpec | None = None
) -> AnalysisResult:
    """Estimate the adjusted difference between groups known at the start.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : GroupDifferenceSpec, optional
        Choices; the default compares the arms of a trial on pain at one year.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where there are not two groups with
        enough patients.

    Raises
    ------
    EstimationError
        For a group or covariate that is not known at the start, an unknown window or timing, or a
        reference that is no group.

    Notes
    -----
    Analysis of covariance: follow-up ~ group + baseline + covariates, of patients with all of them.
    In a randomised comparison the difference is unbiased if patients with a missing follow-up are
    missing at random given baseline and covariates. Where nobody was randomised it is a difference
    between groups after adjustment and not an effect. HC3 is the default since the spread of scores
    often differs between groups.

    References
    ----------
    Vickers AJ, Altman DG. Analysing controlled trials with baseline and follow up measurements. BMJ
    2001;323:1123–1124. Long JS, Ervin LH. Using heteroscedasticity consistent standard errors in
    the linear regression model. Am Stat 2000;54:217–224.
    """
    spec = spec or GroupDifferenceSpec()
    spec = replace(spec, outcome=spec.outcome or tables.settings.pain_instrument)
    if spec.group in ("cadence", "plan", *spec.covariates):
        raise EstimationError(
            f"{spec.group!r} is not a group that was known at the start, or is adjusted for too.",
            "Use pain_trajectory for cadence; name group and covariates apart.",
        )
    people = _grouped(tables, spec)
    follow_up = follow_up_values(tables, people, spec.outcome, spec.window, spec.timing)
    if follow_up is None:
        reason = f"There is no {spec.outcome} at day {spec.window} of a patient in this analysis."
        return refuse(
            QUESTION, spec, tables, people, reason, group_by=spec.group, outcome=spec.outcome
        )
    spec = replace(spec, timing=follow_up.timing)
    data, steps = _complete(tables, people, follow_up, spec)
    sizes = data["group"].value_counts()
    enough = [group for group in people.order if sizes.get(group, 0) >= spec.min_patients]
    if len(enough) < 2:
        reason = (
            f"Two groups of {spec.group} with {spec.min_patients} complete patients are needed; "
            f"there are {len(enough)}."
        )
        return refuse(
            QUESTION, spec, tables, people, reason, group_by=spec.group, outcome=spec.outcome
        )
    reference = spec.reference or enough[0]
    if reference not in enough:
        raise EstimationError(
            f"{reference!r} is not a group of {spec.group} with enough patients.",
            f"Use one of {', '.join(enough)}.",
        )
    spec = replace(spec, reference=reference)
    data = data[data["group"].isin(enough)]
    order = [reference, *(group for group in enough if group != reference)]
    try:
        fit = _fit(data, order, spec)
    except EstimationError as error:
        return refuse(
            QUESTION, spec, tables, people, error.problem, group_by=spec.group, outcome=spec.outcome
        )
    rows, curve = _estimates(fit, data, people, follow_up, order, spec)
    small = [group for group in people.order if group not in enough]
    left_out = (
        f"Left out because of too few complete patients: {', '.join(small)}." if small else ""
    )
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by=spec.group,
        estimand=describe(
            population="patients who began care, in a group that was formed at the start",
            strategies=f"{spec.group}, as formed, whatever care was taken later",
            variable=follow_up.described,
            intercurrent="whatever happened after the start is part of the comparison; missing "
            "values are taken as missing at random given baseline and covariates",
            summary=f"difference of mean from {reference}, adjusted for "
            + ", ".join(["baseline", *spec.covariates]),
        ),
        curve=curve,
        steps=steps,
        diagnostics={"residual_sd": fit.sigma, "r_squared": fit.r_squared, "converged": True},
        notes=(left_out, *fit.notes),
    )


def _grouped(tables: Tables, spec: GroupDifferenceSpec) -> Members:
    """Patients who began care, in the group they were in at the start."""
    everyone = members(tables, "", 0)
    values = start_values(tables, [spec.group]).set_index("patient_id")[spec.group]
    group = everyone.frame["patient_id"].map(values)
    if pd.api.types.is_numeric_dtype(group.dtype):
        group = group.map("{:g}".format, na_action="ignore")
    frame = everyone.frame.assign(group=group.astype("str"))
    order = tuple(sorted(frame["group"].dropna().unique()))
    known = frame["group"].notna() & (frame["group"] != "")
    return Members(frame, order, everyone.steps).keep(
        known, f"{spec.group} known", f"{spec.group} not recorded"
    )


def _complete(
    tables: Tables, people: Members, follow_up: FollowUp, spec: GroupDifferenceSpec
) -> tuple[pd.DataFrame, list[tuple[str, str, int, int]]]:
    """Patients with follow-up, baseline and covariates, and who was left out on the way."""
    data = people.frame[["patient_id", "group", "clinic"]].merge(follow_up.frame, on="patient_id")
    covariates = start_values(tables, spec.covariates)
    covariates.columns = pd.Index(["patient_id", *_columns(spec)])
    data = data.merge(covariates, on="patient_id")
    steps = []
    for step, reason, columns in (
        ("follow-up", f"no value at day {spec.window}", ["value"]),
        ("baseline", "no value before the start", ["baseline"]),
        ("covariates", "a covariate is not recorded", _columns(spec)),
    ):
        kept = data[columns].notna().all(axis=1)
        if columns:
            steps.append((step, reason, len(data), int(kept.sum())))
        data = data[kept]
    return data, steps


def _columns(spec: GroupDifferenceSpec) -> list[str]:
    """Names that a formula can hold, whatever the covariates are called."""
    return [f"covariate_{position}" for position in range(len(spec.covariates))]


def _fit(data: pd.DataFrame, order: list[str], spec: GroupDifferenceSpec) -> LinearFit:
    frame = data.assign(group=pd.Categorical(data["group"], categories=order))
    # A covariate with one value among those analysed says nothing and would break the design.
    used = [name for name in _columns(spec) if len(frame[name].unique()) > 1]
    formula = " + ".join(["value ~ group + baseline", *used])
    return fit_linear(formula, frame, cluster="clinic" if spec.standard_errors == "cr2" else None)


def _estimates(
    fit: LinearFit,
    data: pd.DataFrame,
    people: Members,
    follow_up: FollowUp,
    order: list[str],
    spec: GroupDifferenceSpec,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the result and of its curve."""
    level = spec.conf_level
    at_risk = people.frame.merge(follow_up.frame, on="patient_id").groupby("group")["at_risk"].sum()
    grid = pd.DataFrame({"group": order}).assign(
        n_eligible=lambda table: table["group"].map(at_risk),
        outcome=spec.outcome,
        group_by=spec.group,
        unit=follow_up.unit,
        conf_level=level,
    )
    plain = [
        mean_rows(data.assign(value=data[column]), grid, ["group"], 0, level).assign(
            term=term, landmark=landmark, method="mean of those analysed"
        )
        for column, term, landmark in (
            ("baseline", "baseline_mean", "day 0"),
            ("value", "mean", f"day {spec.window}"),
        )
    ]
    variance = spec.standard_errors
    adjusted = fit.means(["group"], average="observed", variance=variance, level=level)
    differences = fit.differences("group", average="observed", variance=variance, level=level)
    counts = data["group"].value_counts()
    modelled = [
        table.assign(group=table["group"].astype("str"))[["group", *_NUMBERS]].assign(term=term)
        for table, term in ((adjusted, "adjusted_mean"), (differences, "difference"))
    ]
    # That a mean is not zero is nobody's question.
    modelled[0]["p_value"] = np.nan
    model_rows = (
        pd.concat(modelled)
        .merge(grid, on="group")
        .assign(
            landmark=f"day {spec.window}",
            method=METHODS[variance],
            n_patients=lambda table: table["group"].map(counts),
            note=lambda table: np.where(
                table["term"] == "difference", f"compared with {order[0]}", ""
            ),
        )
    )
    by_group = data.groupby("group")
    curve = grid[["group", "group_by", "n_eligible"]].assign(
        n_patients=grid["group"].map(counts),
        baseline_mean=grid["group"].map(by_group["baseline"].mean()),
        baseline_sd=grid["group"].map(by_group["baseline"].std()),
        mean=grid["group"].map(by_group["value"].mean()),
        sd=grid["group"].map(by_group["value"].std()),
    )
    shown = modelled[0].rename(columns={"estimate": "adjusted_mean"})
    curve = curve.merge(shown[["group", "adjusted_mean", "conf_low", "conf_high"]], on="group")
    rows = pd.concat([*plain, model_rows], ignore_index=True)
    return rows.assign(n_assessments=2 * rows["n_patients"]), curve
