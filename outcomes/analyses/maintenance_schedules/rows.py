"""Estimates with intervals that stay honest when few effective patients carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import (
    CLONES,
    FIRST_PLAN,
    SEQUENTIAL,
    Comparison,
    Outcome,
)
from outcomes.analyses.maintenance_schedules.grid import Floats
from outcomes.analyses.maintenance_schedules.spec import Horizon, MaintenanceSchedulesSpec
from outcomes.stats.bootstrap import Bootstrap
from outcomes.stats.inference import inference_table
from outcomes.stats.strategies import (
    PeriodMean,
    difference,
    leverage_of_difference,
    period_mean,
)

METHOD = "clone–censor–weight; bootstrap error with leverage, t"
WEIGHTS_KNOWN = "clone–censor–weight; weights taken as known, t"
MODEL_DEPENDENT = "model-dependent: the second estimator differs by more than two standard errors"


@dataclass(frozen=True)
class Support:
    """Whether a strategy has enough effective patients.

    Parameters
    ----------
    refused : bool
        Fewer than can be reported.
    note : str
        What is missing, or a warning; empty if all is well.
    """

    refused: bool
    note: str


def support(
    strategy: str,
    ess: float,
    patients: int,
    spec: MaintenanceSchedulesSpec,
    without: float = 0.0,
) -> Support:
    """Judge whether the data can speak of a strategy.

    Parameters
    ----------
    strategy : str
        Its name.
    ess : float
        Effective number of patients.
    patients : int
        Eligible patients.
    spec : MaintenanceSchedulesSpec
        Limits.
    without : float
        Share of patients who could hardly have kept to it (`Comparison.without_chance`).

    Returns
    -------
    Support
        With the number of patients that would be needed at the same spread of weights.
    """
    name = strategy.replace("_", " ")
    if without > spec.max_without:
        return Support(
            True,
            f"{100 * without:.0f} % of patients had less than {100 * spec.min_chance:.0f} % chance "
            f"to keep to {name} in some block: nobody like them shows what it would do; compare "
            "among patients for whom every schedule is considered",
        )
    if not ess > 0:
        return Support(True, f"nobody kept to {name} and answered in every block that is compared")
    for limit, refused in ((spec.min_ess, True), (spec.warn_ess, False)):
        if ess < limit:
            needed = ceil(patients * limit / max(ess, 1.0) / 100) * 100
            what = "are needed" if refused else "would make the interval dependable"
            return Support(
                refused,
                f"{name} rests on {ess:.0f} effective patients of {patients} eligible; "
                f"{limit:.0f} {what}, or about {needed} eligible patients",
            )
    return Support(False, "")


def contrast_rows(
    comparison: Comparison,
    draws: Bootstrap | None,
    spec: MaintenanceSchedulesSpec,
    horizon: Horizon,
    planned: bool,
) -> list[dict[str, object]]:
    """Make the rows of a horizon: means, differences, second estimator and first plan.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.
    draws : Bootstrap or None
        Its resamples; None takes weights as known.
    spec : MaintenanceSchedulesSpec
        Contrasts and limits.
    horizon : Horizon
        For the landmark.
    planned : bool
        Whether plans tell what was begun; sessions of the first weeks do not.

    Returns
    -------
    list of dict
        Rows for `estimates_frame`.

    Notes
    -----
    The standard error is that of the bootstrap, which refits every model, times the factor by which
    leverage makes the sandwich larger: drawing whole patients misses what few patients with large
    weights add. Without resamples it is the sandwich with leverage, which takes the weights as
    known and is too large where they are well estimated. The interval uses t with the degrees of
    freedom of that sandwich.
    """
    rows: list[dict[str, object]] = []
    fitted, whole = comparison.whole, comparison.vector(comparison.whole.fit)
    at = {row: j for j, row in enumerate(comparison.rows)}
    arms = {
        (o.name, s): comparison.arm(fitted, o, s)
        for o in comparison.outcomes
        for s in comparison.strategies
    }
    begun = comparison.models.bind(fitted, first_only=True)
    first = comparison.outcomes[0]
    for s in comparison.strategies:
        arms[FIRST_PLAN, s] = comparison.arm(begun, first, s)
    eligible = comparison.grid.n
    states = {}
    for key, arm in arms.items():
        whose = begun if key[0] == FIRST_PLAN else fitted
        without = comparison.without_chance(whose, key[1], spec.min_chance)
        states[key] = support(key[1], arm.ess, eligible, spec, without)

    def add(
        outcome: Outcome,
        term: str,
        group: str,
        numbers: dict[str, float],
        judged: list[Support],
        used: Sequence[PeriodMean],
        method: str,
        note: str = "",
    ) -> None:
        refused = any(each.refused for each in judged)
        # A warning stands at the mean of its strategy, a refusal wherever it refuses.
        warned = [each.note for each in judged if each.refused or term == "mean"]
        said = [*warned, note, outcome.note]
        blank = dict.fromkeys(numbers, float("nan"))
        rows.append(
            {
                "outcome": outcome.name,
                "group_by": "strategy",
                "group": group,
                "landmark": horizon.name,
                "term": term,
                **(blank if refused else numbers),
                "conf_level": spec.conf_level,
                "n_eligible": eligible,
                "n_patients": sum(arm.n for arm in used),
                "n_assessments": sum(arm.n_values for arm in used),
                "ess": min(arm.ess for arm in used),
                "unit": outcome.unit,
                "method": method,
                "status": "refused" if refused else "ok",
                "note": "; ".join(dict.fromkeys(each for each in said if each)),
            }
        )

    def spread(indices: list[int], signs: list[float], factor: float, known: float) -> float:
        if draws is None:
            return known
        found = draws.replicates[:, indices] @ np.array(signs)
        found = found[~np.isnan(found)]
        return factor * float(found.std(ddof=1)) if len(found) > 1 else known

    method = METHOD if draws is not None else WEIGHTS_KNOWN
    for o in comparison.outcomes:
        for s in comparison.strategies:
            arm = arms[o.name, s]
            error = spread([at[CLONES, o.name, s]], [1.0], arm.leverage, arm.std_error)
            numbers = interval(arm.estimate, error, arm.df, spec.conf_level, tested=False)
            add(o, "mean", s, numbers, [states[o.name, s]], [arm], method)
        for j, (a, b) in enumerate(spec.contrasts):
            if a not in comparison.strategies or b not in comparison.strategies:
                continue
            pair = (arms[o.name, a], arms[o.name, b])
            estimate, known, df = difference(*pair)
            where = [at[CLONES, o.name, a], at[CLONES, o.name, b]]
            factor = leverage_of_difference(*pair)
            error = spread(where, [1.0, -1.0], factor, known)
            tested = o is first and horizon == spec.horizons[0]
            numbers = interval(estimate, error, df, spec.conf_level, tested=tested)
            note = ""
            second = float("nan")
            if o is first:
                second = whole[at[SEQUENTIAL, o.name, a]] - whole[at[SEQUENTIAL, o.name, b]]
                note = MODEL_DEPENDENT if abs(second - estimate) > 2 * error else ""
                if tested:
                    place = "primary" if j == 0 else f"tested {j + 1}. if those before were clear"
                    note = "; ".join(each for each in (place, note) if each)
            group = f"{a} vs {b}"
            judged = [states[o.name, a], states[o.name, b]]
            add(o, "difference", group, numbers, judged, pair, method, note)
            if o is not first:
                continue
            where = [at[SEQUENTIAL, o.name, a], at[SEQUENTIAL, o.name, b]]
            own = spread(where, [1.0, -1.0], factor, known)
            numbers = interval(second, own, df, spec.conf_level, tested=False)
            add(o, "second_estimator", group, numbers, judged, pair, SEQUENTIAL)
            if not planned:
                continue
            pair = (arms[FIRST_PLAN, a], arms[FIRST_PLAN, b])
            estimate, known, df = difference(*pair)
            where = [at[FIRST_PLAN, o.name, a], at[FIRST_PLAN, o.name, b]]
            error = spread(where, [1.0, -1.0], leverage_of_difference(*pair), known)
            numbers = interval(estimate, error, df, spec.conf_level, tested=False)
            judged = [states[FIRST_PLAN, a], states[FIRST_PLAN, b]]
            add(o, "first_plan_difference", group, numbers, judged, pair, "weights for first plan")
    return rows


def interval(
    estimate: float, error: float, df: float, level: float, *, tested: bool
) -> dict[str, float]:
    """Make the numbers of a row.

    Parameters
    ----------
    estimate, error, df : float
        Estimate, standard error, degrees of freedom.
    level : float
        Confidence level.
    tested : bool
        Whether a p-value belongs to it.

    Returns
    -------
    dict of str to float
        estimate, std_error, df, conf_low, conf_high, p_value.
    """
    table = inference_table(
        [""], np.array([estimate]), np.array([error]), np.array([df]), level
    ).iloc[0]
    names = ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")
    found = {name: float(table[name]) for name in names}
    return found if tested else found | {"p_value": float("nan")}


def block_curve(comparison: Comparison, spec: MaintenanceSchedulesSpec) -> pd.DataFrame:
    """Weighted mean pain of every strategy in every block, to plot.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.
    spec : MaintenanceSchedulesSpec
        For the level.

    Returns
    -------
    DataFrame
        group (strategy), block, week (of its end, after the decision), mean, conf_low, conf_high
        (weights taken as known), n_patients, ess.
    """
    fitted, grid = comparison.whole, comparison.grid
    outcome = comparison.outcomes[0]
    answer = grid.square("answer")
    rows = []
    for s in comparison.strategies:
        w: Floats = fitted.weights[s] * fitted.answering[outcome.response]
        for block in range(grid.blocks):
            if not (w[:, block] > 0).any():
                continue
            arm = period_mean(answer[:, [block]], w[:, [block]])
            numbers = interval(arm.estimate, arm.std_error, arm.df, spec.conf_level, tested=False)
            rows.append(
                {
                    "group": s,
                    "block": block + 1,
                    "week": 4 * (block + 1),
                    "mean": arm.estimate,
                    "conf_low": numbers["conf_low"],
                    "conf_high": numbers["conf_high"],
                    "n_patients": arm.n,
                    "ess": arm.ess,
                }
            )
    return pd.DataFrame(rows)
