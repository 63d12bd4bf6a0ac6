"""What the answer depends on: one panel with every choice turned once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.grid import Floats, make_grid
from outcomes.analyses.maintenance_schedules.prepare import Prepared
from outcomes.analyses.maintenance_schedules.rows import interval, support
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.analyses.maintenance_schedules.visits import visit_means
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_numbers
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.stats.strategies import (
    PeriodMean,
    Sequential,
    difference,
    e_value_of_difference,
    period_mean,
    sequential_regression,
)
from outcomes.tables import Tables

DELTAS = (1.0, 2.0, 3.0)
# Coming because of pain can only make pain at visits higher, so the check looks one way, at 5 %.
ONE_SIDED = 1.645
NOT_AT_RANDOM = (
    "Pain at visits, weighted for visiting, is higher than pain answered at home (by {by:.1f} "
    "points on demand): patients come for pain the last score does not show. Visits are not at "
    "random, and nothing can be told from them alone."
)
FAILED_CONTROL = (
    "Schedules after the decision 'change' pain before it by {by:+.2f} points ({group}): patients "
    "differ in ways the weights do not correct."
)


def sensitivity_panel(
    tables: Tables,
    spec: MaintenanceSchedulesSpec,
    instrument: Instrument,
    primary: Prepared,
    planned: bool,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Turn one choice after another and estimate again.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec
        Choices of the primary analysis.
    instrument : Instrument
        The pain instrument.
    primary : Prepared
        The primary horizon.
    planned : bool
        Whether plans tell who followed what.

    Returns
    -------
    panel : DataFrame
        analysis, choice, group (contrast), estimate, std_error, conf_low, conf_high, ess, status,
        note.
    notes : tuple of str
        What a reader must know: visits not at random, a negative control that failed.

    Notes
    -----
    Standard errors take the weights as known and intervals use t; those of sequential regression
    are of the weighted contrast it stands beside. Rows with too few effective patients are refused.
    Leaving care: delta adds points to the outcome of those who leave the first schedule; the
    tipping point is the delta at which the interval would reach 0. Jump to reference gives those
    who leave the first schedule the outcome expected under the second from there on. The negative
    control is pain before the sessions in the middle of the active phase, which no later schedule
    can change. The E-value is on the scale of risk ratios.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. J Biopharm Stat 2013;23:1352–1371. Lipsitch M, Tchetgen
    Tchetgen E, Cohen T. Negative controls. Epidemiology 2010;21:383–388. VanderWeele TJ, Ding P.
    Ann Intern Med 2017;167:268–274.
    """
    base = primary.comparison
    rows = [*_weights_known(base, spec, "primary", "as specified")]
    for quantile in (0.995, 0.99):
        cut = _variant(primary, spec, instrument, planned, truncation=quantile)
        rows += _weights_known(cut, spec, "truncated weights", f"{100 * quantile:g}th percentile")
    for grace in (0, 1, 2):
        rows += _graced(primary, spec, instrument, planned, grace)
    lagged = _variant(primary, spec, instrument, planned, lag=1)
    rows += _weights_known(lagged, spec, "older confounder", "last score one block back")
    low, high = instrument.minimum, instrument.maximum
    assert low is not None and high is not None
    rows += _leavers(base, spec, high - low)
    notes: list[str] = []
    rows += _visits(tables, primary, spec, notes)
    rows += _negative_control(tables, primary, spec, notes)
    rows += _e_values(base, spec)
    panel = pd.DataFrame(rows)
    blocked = {
        f"{a} vs {b}"
        for a, b in spec.contrasts
        for s in (a, b)
        if s in base.strategies
        and base.without_chance(base.whole, s, spec.min_chance) > spec.max_without
    }
    off = panel["group"].isin(blocked)
    panel.loc[off, ["estimate", "std_error", "conf_low", "conf_high"]] = np.nan
    panel.loc[off, ["status", "note"]] = ["refused", "some patients had no chance of a schedule"]
    return panel, tuple(notes)


def _row(
    spec: MaintenanceSchedulesSpec,
    analysis: str,
    choice: str,
    group: str,
    arms: tuple[PeriodMean, PeriodMean],
    patients: int,
    estimate: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """One line of the panel; another estimate takes the standard error of the weighted one."""
    found, error, df = difference(*arms)
    value = found if estimate is None else estimate
    numbers = interval(value, error, df, spec.conf_level, tested=False)
    ess = min(arm.ess for arm in arms)
    state = support("a schedule", ess, patients, spec)
    if state.refused:
        numbers = dict.fromkeys(numbers, float("nan"))
    return {
        "analysis": analysis,
        "choice": choice,
        "group": group,
        "estimate": numbers["estimate"],
        "std_error": numbers["std_error"],
        "conf_low": numbers["conf_low"],
        "conf_high": numbers["conf_high"],
        "ess": ess,
        "status": "refused" if state.refused else "ok",
        "note": "; ".join(part for part in (note, state.note if state.refused else "") if part),
    }


def _pairs(
    spec: MaintenanceSchedulesSpec, arms: dict[str, PeriodMean]
) -> Iterator[tuple[str, str, str, tuple[PeriodMean, PeriodMean]]]:
    for a, b in spec.contrasts:
        if a in arms and b in arms:
            yield f"{a} vs {b}", a, b, (arms[a], arms[b])


def _arms(comparison: Comparison, grace: int | None = None) -> dict[str, PeriodMean]:
    fitted = comparison.whole
    if grace is not None:
        fitted = comparison.models.weigh(fitted.fit, grace=grace)
    return {s: comparison.arm(fitted, comparison.outcomes[0], s) for s in comparison.strategies}


def _weights_known(
    comparison: Comparison, spec: MaintenanceSchedulesSpec, analysis: str, choice: str
) -> list[dict[str, Any]]:
    n = comparison.grid.n
    return [
        _row(spec, analysis, choice, group, pair, n)
        for group, _, _, pair in _pairs(spec, _arms(comparison))
    ]


def _graced(
    primary: Prepared,
    spec: MaintenanceSchedulesSpec,
    instrument: Instrument,
    planned: bool,
    grace: int,
) -> list[dict[str, Any]]:
    """Other grace: other clones where plans tell what was followed, else other codes and models."""
    n, base = primary.comparison.grid.n, primary.comparison
    if planned:
        arms, choice = _arms(base, grace), f"{grace} block(s) in a row off the strategy"
    else:
        choice = f"{grace} session(s) missed in eight weeks"
        try:
            arms = _arms(
                _variant(primary, replace(spec, grace=grace), instrument, False, anew=True)
            )
        except EstimationError as error:
            return [
                {
                    "analysis": "grace",
                    "choice": choice,
                    "group": "",
                    "status": "refused",
                    "note": error.problem,
                }
            ]
    return [_row(spec, "grace", choice, group, pair, n) for group, _, _, pair in _pairs(spec, arms)]


def _variant(
    primary: Prepared,
    spec: MaintenanceSchedulesSpec,
    instrument: Instrument,
    planned: bool,
    *,
    truncation: float | None = None,
    lag: int = 0,
    anew: bool = False,
) -> Comparison:
    """Make the primary comparison with other weights; refit only if the models differ."""
    base, outcome = primary.comparison, primary.comparison.outcomes[0]
    responses = {outcome.response: base.models.responses[outcome.response]}
    if lag or anew:
        grid = make_grid(primary.blocks, primary.patients, instrument, spec, planned, lag)
        return Comparison(grid, [outcome], responses, grace=base.models.grace)
    cut = Comparison.__new__(Comparison)
    cut.__dict__.update(base.__dict__)
    cut.truncation = truncation
    return cut


def _sequential(
    comparison: Comparison,
    strategy: str,
    *,
    reference: Floats | None = None,
    shift: float = 0.0,
    leaving: bool = False,
) -> Sequential:
    outcome, fitted = comparison.outcomes[0], comparison.whole
    return sequential_regression(
        outcome.y,
        list(outcome.periods),
        fitted.clones[strategy].kept,
        comparison.grid.at_risk,
        fitted.weights[strategy],
        fitted.answering[outcome.response][:, list(outcome.periods)],
        comparison.grid.history,
        staying=fitted.staying if leaving else None,
        reference=reference,
        shift=shift,
    )


def _leavers(
    comparison: Comparison, spec: MaintenanceSchedulesSpec, span: float
) -> list[dict[str, Any]]:
    """Delta and tipping point, and jump to reference, for those who leave the first schedule."""
    rows = []
    n = comparison.grid.n
    plain = {s: _sequential(comparison, s) for s in comparison.strategies}
    for group, a, b, pair in _pairs(spec, _arms(comparison)):
        start = plain[a].estimate - plain[b].estimate
        # The estimate moves in proportion to delta: by the share that has left.
        slope = _sequential(comparison, a, shift=1.0, leaving=True).estimate - plain[a].estimate
        for delta in DELTAS:
            choice = f"{delta:+g} points for those who leave {a.replace('_', ' ')}"
            moved = start + delta * slope
            rows.append(_row(spec, "leaving care: delta", choice, group, pair, n, moved))
        at_zero = _row(spec, "leaving care: delta", "", group, pair, n, start)
        nearest = min(abs(at_zero["conf_low"]), abs(at_zero["conf_high"]))
        clear = at_zero["conf_low"] * at_zero["conf_high"] > 0
        said = "the interval holds 0 without any shift"
        if clear and slope > 0:
            tip = -np.sign(start) * nearest / slope
            said = (
                f"the interval reaches 0 at a delta of {tip:+.1f} points"
                if abs(tip) <= span
                else f"no delta within the scale brings the interval to 0 ({tip:+.1f} would)"
            )
        tipping = {**at_zero, "choice": "tipping point", "note": said}
        jumped = _sequential(comparison, a, reference=plain[b].predicted, leaving=True).estimate
        choice = f"those who leave fare as under {b.replace('_', ' ')}"
        rows.append(tipping)
        rows.append(
            _row(
                spec,
                "leaving care: jump to reference",
                choice,
                group,
                pair,
                n,
                jumped - plain[b].estimate,
            )
        )
    return rows


def _visits(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec, notes: list[str]
) -> list[dict[str, Any]]:
    """Pain before sessions, weighted for visiting, against pain answered at home."""
    comparison = primary.comparison
    try:
        arms = visit_means(tables, primary, spec)
    except EstimationError as error:
        return [
            {
                "analysis": "visits weighted for their intensity",
                "choice": "scores before sessions",
                "group": "",
                "status": "refused",
                "note": error.problem,
            }
        ]
    home = _arms(comparison)
    for s in comparison.strategies:
        strategy = next(each for each in spec.strategies if each.name == s)
        if strategy.every is None and s in arms:
            by, spread, _ = difference(arms[s], home[s])
            if by > ONE_SIDED * spread:
                notes.append(NOT_AT_RANDOM.format(by=by))
    choice = "scores before sessions, weighted 1/P(visit in the week)"
    return [
        _row(spec, "visits weighted for their intensity", choice, group, pair, comparison.grid.n)
        for group, _, _, pair in _pairs(spec, arms)
    ]


def _negative_control(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec, notes: list[str]
) -> list[dict[str, Any]]:
    """Compare pain in the middle of the active phase, which no later schedule could change."""
    comparison, grid = primary.comparison, primary.comparison.grid
    first = grid.frame[grid.frame["block"] == 1].reset_index(drop=True)
    scores = score_events(tables.assessments, first["patient_id"], spec.instrument, ("pre",))
    place = np.arange(grid.n)
    # The second score before the last one that the models know: not among what is adjusted for.
    last = scores.last(place, day_numbers(first["decision"]))
    past = scores.value(scores.of(place, scores.of(place, last - 2)))
    known = ~np.isnan(past)
    block = comparison.outcomes[0].periods[-1]
    fitted = comparison.whole
    y = np.where(known, past, 0.0)[:, None]
    arms = {}
    for s in comparison.strategies:
        w = np.where(known, fitted.weights[s][:, block], 0.0)[:, None]
        if (w > 0).any():
            arms[s] = period_mean(y, w)
    rows = []
    for group, _, _, pair in _pairs(spec, arms):
        row = _row(
            spec,
            "negative control",
            "pain in the active phase, before any schedule",
            group,
            pair,
            grid.n,
        )
        rows.append(row)
        if row["status"] == "ok" and row["conf_low"] * row["conf_high"] > 0:
            notes.append(FAILED_CONTROL.format(by=row["estimate"], group=group.replace("_", " ")))
    return rows


def _e_values(comparison: Comparison, spec: MaintenanceSchedulesSpec) -> list[dict[str, Any]]:
    y = comparison.outcomes[0].y
    sd = float(np.nanstd(y))
    rows = []
    for group, _, _, pair in _pairs(spec, _arms(comparison)):
        row = _row(spec, "E-value", "unmeasured confounder", group, pair, comparison.grid.n)
        if row["status"] == "ok" and sd > 0:
            at, limit = e_value_of_difference(
                row["estimate"], row["conf_low"], row["conf_high"], sd
            )
            row["note"] = f"{at:.2f} for the estimate, {limit:.2f} for the limit nearer to 0"
        rows.append(row)
    return rows
