"""Estimate what each maintenance schedule would do, as a target trial from records.

``curve`` has one row a strategy and block: group, block, week, mean, conf_low, conf_high,
n_patients, ess. ``diagnostics`` holds, for the primary horizon, the frames flow, support, balance,
overlap and characteristics, ``naive`` (the tempting answers), ``sensitivity`` (the panel),
``failures`` (which checks failed), ``without_chance`` (share of patients who could hardly have kept
to each schedule), ``causal_wording`` (whether the text may speak of effects), ``resamples`` and
``weight_models`` (their coefficients).

``estimates`` holds the terms ``mean`` (of each strategy), ``difference`` (per protocol),
``second_estimator`` (the same difference from sequential regression) and ``first_plan_difference``
(by what was begun, whatever followed).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.groups import Members, members
from outcomes.analyses.maintenance_schedules.diagnostics import (
    balance_table,
    characteristics,
    clone_flow,
    failures,
    overlap_table,
    support_table,
)
from outcomes.analyses.maintenance_schedules.naive import naive_estimates
from outcomes.analyses.maintenance_schedules.prepare import (
    NotReady,
    Prepared,
    known_at_start,
    prepare,
    settle,
    with_range,
)
from outcomes.analyses.maintenance_schedules.rows import (
    MODEL_DEPENDENT,
    block_curve,
    contrast_rows,
    support,
)
from outcomes.analyses.maintenance_schedules.sensitivity import sensitivity_panel
from outcomes.analyses.maintenance_schedules.spec import (
    Horizon,
    MaintenanceSchedulesSpec,
    estimand_text,
)
from outcomes.derive.decisions import ELIGIBLE, REASONS
from outcomes.instruments import Instrument
from outcomes.results import AnalysisResult
from outcomes.stats.one_thread import one_thread_each
from outcomes.tables import Tables

QUESTION = "maintenance_schedules"
INTENTION = (
    "No plans are recorded, so what was intended is not known: schedules are told by the sessions "
    "attended. Those who mean to keep coming differ from those who do not in ways the records do "
    "not show, which makes frequent attendance look better than it is (in simulations -0.155 for a "
    "true difference of -0.121)."
)
NOT_PASSED = "The checks of the weights did not all pass: read the differences as associations."
Step = Callable[[int, int], None]


@one_thread_each()
def estimate_maintenance_schedules(
    tables: Tables,
    spec: MaintenanceSchedulesSpec | None = None,
    *,
    on_step: Step | None = None,
) -> AnalysisResult:
    """Compare maintenance schedules on pain and what goes with it.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec, optional
        Choices; unless given those of the settings, else twice monthly, monthly and on demand.
    on_step : callable, optional
        Told (done, total) as resamples are made.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes. A strategy with too few effective patients is
        refused with what would be needed, and so is every difference it is part of.

    Raises
    ------
    EstimationError
        For an instrument without a range.

    Notes
    -----
    Target trial with clones, censoring and weights at decisions four weeks apart: see
    `outcomes.stats.strategies`. Weights: 1/P(schedule agrees) and 1/P(still in care), multiplied
    over blocks, times 1/P(answered) in the block, each given what was recorded before. Without
    unmeasured common causes of schedule and pain, with some chance of every schedule at every
    history, and right models, differences of weighted means are those between everybody on the one
    and everybody on the other schedule.

    References
    ----------
    Hernán MA, et al. J Clin Epidemiol 2016;79:70–75. Cole SR, Hernán MA. Am J Epidemiol
    2008;168:656–664. Bang H, Robins JM. Biometrics 2005;61:962–973.
    """
    spec, planned = settle(tables, spec)
    instrument = with_range(tables, spec.instrument)
    known = known_at_start(tables, spec)
    everyone = members(tables, "", 0)
    first, *others = spec.horizons
    primary = prepare(tables, known, spec, first, instrument, planned, all_outcomes=True)
    if isinstance(primary, NotReady):
        left = _left(everyone, primary.decisions)
        return refuse(QUESTION, spec, tables, left, primary.reason, group_by="strategy")
    rest = [
        prepare(tables, known, spec, h, instrument, planned, all_outcomes=False) for h in others
    ]
    ready = [(h, p) for h, p in zip(others, rest, strict=True) if isinstance(p, Prepared)]
    work = [(first, primary), *ready]
    rows: list[dict[str, object]] = []
    resampled: list[pd.DataFrame] = []
    total, done = spec.bootstraps * len(work), 0
    for horizon, prepared in work:
        draws = None
        if spec.bootstraps:
            draws = prepared.comparison.resample(
                spec.bootstraps, spec.seed, _shifted(on_step, done, total)
            )
            resampled.append(_resamples(horizon, draws.n_failed, draws.failures, spec))
        done += spec.bootstraps
        text = estimand_text(spec, horizon, instrument, planned)
        found = contrast_rows(prepared.comparison, draws, spec, horizon, planned)
        rows += [row | {"estimand": text} for row in found]
    for horizon, each in zip(others, rest, strict=True):
        if isinstance(each, NotReady):
            rows.append(_refused(spec, horizon, each.reason))
    return _result(tables, spec, instrument, everyone, primary, rows, resampled, planned)


def _shifted(on_step: Step | None, before: int, total: int) -> Step | None:
    if on_step is None:
        return None
    return lambda done, _: on_step(before + done, total)


def _resamples(
    horizon: Horizon, failed: int, reasons: dict[str, int], spec: MaintenanceSchedulesSpec
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "landmark": [horizon.name],
            "resamples": [spec.bootstraps],
            "failed": [failed],
            "reasons": ["; ".join(reasons)],
        }
    )


def _refused(spec: MaintenanceSchedulesSpec, horizon: Horizon, reason: str) -> dict[str, object]:
    return {
        "outcome": spec.instrument,
        "group_by": "strategy",
        "landmark": horizon.name,
        "term": "difference",
        "status": "refused",
        "note": reason,
    }


def _result(
    tables: Tables,
    spec: MaintenanceSchedulesSpec,
    instrument: Instrument,
    everyone: Members,
    primary: Prepared,
    rows: list[dict[str, object]],
    resampled: list[pd.DataFrame],
    planned: bool,
) -> AnalysisResult:
    comparison, first = primary.comparison, spec.horizons[0]
    weights, balance = support_table(comparison), balance_table(comparison)
    failed = failures(weights, balance, first.last)
    arms = {
        s: comparison.arm(comparison.whole, comparison.outcomes[0], s)
        for s in comparison.strategies
    }
    without = {s: comparison.without_chance(comparison.whole, s, spec.min_chance) for s in arms}
    states = [support(s, arm.ess, comparison.grid.n, spec, without[s]) for s, arm in arms.items()]
    dependent = any(
        MODEL_DEPENDENT in str(row["note"]) for row in rows if row["landmark"] == first.name
    )
    passed = planned and not failed and not dependent and not any(s.refused for s in states)
    diagnostics: dict[str, object] = {
        "flow": clone_flow(comparison),
        "support": weights,
        "balance": balance,
        "overlap": overlap_table(comparison),
        "characteristics": characteristics(comparison),
        "naive": naive_estimates(
            primary.grid,
            comparison.outcomes[0],
            comparison.whole,
            tables.settings.cut_points,
            spec.strategies,
        ),
        "failures": failed,
        "without_chance": without,
        "causal_wording": passed,
        "planned": planned,
        "resampled": "clinics" if comparison.by_clinic else "patients",
        "confounders": comparison.grid.terms,
        "confounders_left_out": comparison.grid.left_out,
        "weight_models": comparison.models.models.coefficients(comparison.whole.fit),
        "resamples": pd.concat(resampled, ignore_index=True) if resampled else pd.DataFrame(),
    }
    notes = [*failed, *comparison.whole.fit.notes, *primary.measured.left_out]
    notes += [state.note + "." for state in states if state.note]
    if not planned:
        notes.insert(0, INTENTION)
    if comparison.grid.left_out:
        notes.append("Not adjusted for, as not recorded: " + ", ".join(comparison.grid.left_out))
    absent = [s.name for s in spec.strategies if s.name not in comparison.strategies]
    if absent:
        notes.append(f"Nobody follows {', '.join(absent)}, so nothing is said of it.")
    if spec.sensitivity:
        panel, said = sensitivity_panel(tables, spec, instrument, primary, planned)
        diagnostics["sensitivity"] = panel
        notes += said
    if not passed:
        notes.insert(0, NOT_PASSED)
    return assemble(
        QUESTION,
        spec,
        tables,
        _eligible(everyone, primary),
        rows,
        group_by="first_plan",
        estimand=estimand_text(spec, first, instrument, planned),
        curve=block_curve(comparison, spec),
        diagnostics=diagnostics,
        notes=notes,
    )


def _left(everyone: Members, decisions: pd.DataFrame) -> Members:
    """Eligible patients, and who was left out on the way for what."""
    status = everyone.frame["patient_id"].map(decisions.set_index("patient_id")["status"])
    steps, left = list(everyone.steps), len(everyone.frame)
    for reason in REASONS:
        n = int((status == reason).sum())
        if not n:
            continue
        steps.append(("eligible", reason, left, left - n))
        left -= n
    frame = everyone.frame[status == ELIGIBLE].reset_index(drop=True)
    return Members(frame, everyone.order if len(frame) else (), tuple(steps))


def _eligible(everyone: Members, primary: Prepared) -> Members:
    """Eligible patients grouped by the plan they began with, and who was left out on the way."""
    grid, left = primary.grid, _left(everyone, primary.decisions)
    name = np.full(grid.n, "other", dtype=object)
    for s, codes in grid.allowed.items():
        name[np.isin(grid.codes[:, 0], codes)] = s
    ids = grid.frame["patient_id"].to_numpy()[:: grid.blocks]
    group = pd.Series(name, index=ids, dtype="str")
    frame = left.frame.assign(group=left.frame["patient_id"].map(group))
    there = set(frame["group"])
    order = tuple(s for s in (*grid.allowed, "other") if s in there)
    return Members(frame, order, left.steps)
