"""Lines of the panel of sensitivity analyses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.rows import interval, support
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.stats.strategies import PeriodMean, difference


def panel_row(
    spec: MaintenanceSchedulesSpec,
    analysis: str,
    choice: str,
    group: str,
    arms: tuple[PeriodMean, PeriodMean],
    patients: int,
    estimate: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Make one line of the panel.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        Level and limits.
    analysis, choice, group : str
        What was turned, to what, and the contrast.
    arms : tuple of PeriodMean
        The two strategies.
    patients : int
        Eligible patients.
    estimate : float, optional
        Another estimate of the difference, which then has the standard error of the weighted one.
    note : str
        What to say beside it.

    Returns
    -------
    dict
        The line; refused where a strategy has too few effective patients.
    """
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


def pairs(
    spec: MaintenanceSchedulesSpec, arms: dict[str, PeriodMean]
) -> Iterator[tuple[str, str, str, tuple[PeriodMean, PeriodMean]]]:
    """Give the contrasts of the strategies that are there.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        Contrasts.
    arms : dict of str to PeriodMean
        Means by strategy; those of nobody are passed over.

    Yields
    ------
    tuple
        Name of the contrast, the two strategies, and their means.
    """
    for a, b in spec.contrasts:
        if all(s in arms and arms[s].n for s in (a, b)):
            yield f"{a} vs {b}", a, b, (arms[a], arms[b])


def arms_of(comparison: Comparison, grace: int | None = None) -> dict[str, PeriodMean]:
    """Weighted means of the primary outcome.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.
    grace : int, optional
        Other grace than its own.

    Returns
    -------
    dict of str to PeriodMean
        By strategy.
    """
    fitted = comparison.whole
    if grace is not None:
        fitted = comparison.models.bind(fitted, grace=grace)
    return {s: comparison.arm(fitted, comparison.outcomes[0], s) for s in comparison.strategies}
