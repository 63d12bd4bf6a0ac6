"""What if those who leave care fare otherwise than those who stay."""

from __future__ import annotations

from typing import Any

import numpy as np

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.grid import Floats
from outcomes.analyses.maintenance_schedules.panel import arms_of, pairs, panel_row
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.stats.strategies import Sequential, sequential_regression

DELTAS = (1.0, 2.0, 3.0)


def leaving_rows(
    comparison: Comparison, spec: MaintenanceSchedulesSpec, span: float
) -> list[dict[str, Any]]:
    """Give those who leave the first schedule of a contrast other outcomes.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.
    spec : MaintenanceSchedulesSpec
        Contrasts.
    span : float
        Range of the scale, beyond which no delta is thinkable.

    Returns
    -------
    list of dict
        Lines for deltas, the tipping point, and jump to reference.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. J Biopharm Stat 2013;23:1352–1371.
    """
    rows = []
    n = comparison.grid.n
    arms = arms_of(comparison)
    plain = {s: _sequential(comparison, s) for s, arm in arms.items() if arm.n}
    for group, a, b, pair in pairs(spec, arms):
        start = plain[a].estimate - plain[b].estimate
        # The estimate moves in proportion to delta: by the share that has left.
        slope = _sequential(comparison, a, shift=1.0, leaving=True).estimate - plain[a].estimate
        for delta in DELTAS:
            choice = f"{delta:+g} points for those who leave {a.replace('_', ' ')}"
            moved = start + delta * slope
            rows.append(panel_row(spec, "leaving care: delta", choice, group, pair, n, moved))
        at_zero = panel_row(spec, "leaving care: delta", "", group, pair, n, start)
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
            panel_row(
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
