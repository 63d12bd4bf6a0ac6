"""What the answer depends on: one panel with every choice turned once."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.grid import make_grid
from outcomes.analyses.maintenance_schedules.leaving import leaving_rows
from outcomes.analyses.maintenance_schedules.panel import arms_of, pairs, panel_row
from outcomes.analyses.maintenance_schedules.prepare import Prepared
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.analyses.maintenance_schedules.unmeasured import (
    control_rows,
    e_value_rows,
    visit_rows,
)
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.tables import Tables


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
    rows += leaving_rows(base, spec, high - low)
    notes: list[str] = []
    rows += visit_rows(tables, primary, spec, notes)
    rows += control_rows(tables, primary, spec, notes)
    rows += e_value_rows(base, spec)
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


def _weights_known(
    comparison: Comparison, spec: MaintenanceSchedulesSpec, analysis: str, choice: str
) -> list[dict[str, Any]]:
    n = comparison.grid.n
    return [
        panel_row(spec, analysis, choice, group, pair, n)
        for group, _, _, pair in pairs(spec, arms_of(comparison))
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
        arms, choice = arms_of(base, grace), f"{grace} block(s) in a row off the strategy"
    else:
        choice = f"{grace} session(s) missed in eight weeks"
        try:
            arms = arms_of(
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
    return [
        panel_row(spec, "grace", choice, group, pair, n) for group, _, _, pair in pairs(spec, arms)
    ]


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
    cut = copy(base)
    cut.truncation = truncation
    return cut
