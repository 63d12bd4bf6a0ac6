"""Units compared on one measure: limits, who lies where, what the comparison can show at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.case_mix import RESPONDER, Outcomes, expected
from outcomes.analyses.clinic_benchmark.spec import CLINIC, ClinicBenchmarkSpec
from outcomes.errors import EstimationError
from outcomes.stats.case_mix import CaseMix
from outcomes.stats.funnel import Funnel, funnel_of_means, funnel_of_proportions
from outcomes.stats.intervals import normal_interval
from outcomes.stats.multiplicity import benjamini_hochberg

# Simulating limits that leave each unit out costs the square of the number of units.
_WORK = 20_000_000
_FEWEST_REPLICATES = 40
_MANY_UNITS = 60


@dataclass(frozen=True)
class Comparison:
    """Units compared on one measure.

    Parameters
    ----------
    units : DataFrame
        One row a unit with an outcome, alphabetical: unit, n, n_effective, observed, difference,
        std_error, adjusted, low, high (95 %, of the difference), compared, reliability, named,
        shrunken, shrunken_low, shrunken_high, smallest (difference that the outer limits would show
        with a power of 80 %), position, p_value, q_value (Benjamini–Hochberg).
    lines : DataFrame
        Limits over the number of patients answering: n_patients, centre, low_95, high_95, low_998,
        high_998 on the scale of `adjusted`; empty without limits.
    facts : dict
        overall, sd, tau, tau_low, tau_high, false_alarm_95, false_alarm_998, any_998, n_compared,
        replicates; numbers that could not be had are missing.
    mix : CaseMix
        Model of what was expected.
    why : str
        Why there are no limits; empty where there are.
    """

    units: pd.DataFrame
    lines: pd.DataFrame
    facts: dict[str, float]
    mix: CaseMix
    why: str = ""


def compare(
    found: Outcomes,
    measure: str,
    spec: ClinicBenchmarkSpec,
    weights: pd.Series | None = None,
) -> Comparison:
    """Compare units on improvement or on the share of responders.

    Parameters
    ----------
    found : Outcomes
        Outcomes and starts, the unit in ``group``.
    measure : {"improvement", "responder"}
        What is compared.
    spec : ClinicBenchmarkSpec
        Choices.
    weights : Series, optional
        Weights of those who answered, as `answer_weights` makes them.

    Returns
    -------
    Comparison
        Observed minus expected by unit, and limits where enough units have enough answers.

    Raises
    ------
    EstimationError
        If there is no outcome to compare.

    Notes
    -----
    Only units with `min_patients` answers are compared and set limits; expectation comes from all
    patients. The interval of a difference allows for sampling only.
    """
    mix = expected(found, measure, weights=weights)
    table = mix.units().sort_values("unit", ignore_index=True)
    rows = mix.rows
    overall = float(np.average(rows["observed"], weights=rows["weight"]))
    low, high = normal_interval(table["difference"], table["std_error"])
    adjusted = overall + table["difference"]
    if measure == RESPONDER:
        # Overall plus difference may leave what a share can be.
        adjusted = adjusted.clip(0, 1)
        low, high = (np.clip(end, -overall, 1 - overall) for end in (low, high))
    table = table[["unit", "n", "n_effective", "observed", "difference", "std_error"]].assign(
        adjusted=adjusted, low=low, high=high
    )
    table["compared"] = table["n"] >= spec.min_patients
    blank = dict.fromkeys(
        ("reliability", "shrunken", "shrunken_low", "shrunken_high", "smallest", "p_value"), np.nan
    )
    table = table.assign(**blank, position="not_compared", named=False, q_value=np.nan)
    facts: dict[str, float] = {"overall": overall, "sd": mix.sd}
    facts["n_compared"] = float(table["compared"].sum())
    if table["compared"].sum() < spec.min_clinics:
        noun = "clinic" if spec.unit == CLINIC else "therapist"
        why = (
            f"Limits need {spec.min_clinics} {noun}s with {spec.min_patients} answers or more; "
            f"{_there_are(int(table['compared'].sum()))}."
        )
        return Comparison(table, pd.DataFrame(), facts, mix, why)
    chosen = table[table["compared"]]
    try:
        funnel = _funnel(chosen, measure, mix)
    except EstimationError as error:
        return Comparison(table, pd.DataFrame(), facts, mix, error.problem)
    units = funnel.units.set_axis(chosen.index)
    here = chosen.index
    # Means are compared as differences, shares as the share of those compared plus the difference.
    level = float(np.average(chosen["observed"], weights=chosen["n_effective"]))
    centre = level if measure == RESPONDER else 0.0
    for name in ("shrunken", "shrunken_low", "shrunken_high"):
        table.loc[here, name] = units[name] - centre
    for name in ("reliability", "position", "p_value"):
        table.loc[here, name] = units[name]
    table.loc[here, "smallest"] = _smallest(funnel, spec.replicates)
    table.loc[here, "q_value"] = benjamini_hochberg(units["p_value"])
    table["named"] = table["compared"] & (table["reliability"] >= spec.min_reliability)
    return Comparison(
        table,
        _lines(funnel, chosen, overall - centre),
        facts | _facts(funnel, spec.replicates),
        mix,
    )


def _there_are(count: int) -> str:
    if not count:
        return "there is none"
    return "there is 1" if count == 1 else f"there are {count}"


def _funnel(chosen: pd.DataFrame, measure: str, mix: CaseMix) -> Funnel:
    """Limits around the units compared, on the effective number of patients."""
    size = chosen["n_effective"]
    if measure != RESPONDER:
        return funnel_of_means(chosen["unit"], chosen["difference"], size, sd=mix.sd)
    return funnel_of_proportions(
        chosen["unit"],
        (chosen["observed"] * size).clip(0, size),
        size,
        expected=(chosen["observed"] - chosen["difference"]) * size,
        variance=(chosen["std_error"] * size) ** 2,
    )


def _lines(funnel: Funnel, chosen: pd.DataFrame, shift: float) -> pd.DataFrame:
    """Limits over the number of patients answering; a weighted answer counts a little less."""
    most = float(chosen["n"].max())
    n = np.unique(np.round(np.geomspace(max(8.0, 0.6 * chosen["n"].min()), 1.15 * most, 60)))
    worth = float(chosen["n_effective"].sum() / chosen["n"].sum())
    curve = funnel.curve(n * worth)
    limits = [name for name in curve if name != "n"]
    return curve[limits].add(shift).assign(n_patients=n)


def _smallest(funnel: Funnel, replicates: int) -> Any:
    """Smallest difference each unit would show: simulated, for many units by formula."""
    if len(funnel.units) > _MANY_UNITS:
        return funnel.units["detectable"].to_numpy()
    return funnel.simulated_detectable(replicates=replicates)


def _facts(funnel: Funnel, replicates: int) -> dict[str, float]:
    """Numbers about the funnel as a whole."""
    units = len(funnel.units)
    replicates = int(np.clip(_WORK / units**2, min(_FEWEST_REPLICATES, replicates), replicates))
    alarms = funnel.false_alarms(replicates=replicates).table.set_index("level")
    return {
        "tau": float(np.sqrt(funnel.tau2)),
        "tau_low": float(np.sqrt(funnel.tau2_low)),
        "tau_high": float(np.sqrt(funnel.tau2_high)),
        "false_alarm_95": float(alarms["share_of_units"][0.95]),
        "false_alarm_998": float(alarms["share_of_units"][0.998]),
        "any_998": float(alarms["any_unit"][0.998]),
        "replicates": float(replicates),
    }
