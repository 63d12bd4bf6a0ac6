"""Headache days per 28 days by group and span, and their ratio to before care."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from outcomes.analyses.headache_spans import BASELINE
from outcomes.analyses.notes import label
from outcomes.errors import EstimationError
from outcomes.stats.rates import RateFit, fit_rate_gee

KEYS = ["group", "span"]
UNIT = "days per 28 days"
PER = 28.0
_SCALED = ("estimate", "std_error", "conf_low", "conf_high")


@dataclass(frozen=True)
class RateChoices:
    """Choices about rates.

    Parameters
    ----------
    paired : bool
        Compare each span with the baseline of the same patients.
    min_patients : int
        Patients that a rate needs.
    cr2_below : int
        Patients under which standard errors are bias-reduced with Satterthwaite df.
    conf_level : float
        Confidence level.
    """

    paired: bool
    min_patients: int
    cr2_below: int
    conf_level: float


@dataclass(frozen=True)
class SeriesOfRates:
    """Rates of all groups and spans.

    Parameters
    ----------
    rows : DataFrame
        Estimates: group, span, term (baseline_rate, rate, rate_ratio) and columns of an estimate.
    curve : DataFrame
        group, span, estimate, conf_low, conf_high, n_eligible, n_patients; the baseline is of all
        who have one.
    start : DataFrame
        group, estimate, n_patients: the rate before care of all who have one.
    warnings : tuple of str
        What a reader must know about the fits.
    """

    rows: pd.DataFrame
    curve: pd.DataFrame
    start: pd.DataFrame
    warnings: tuple[str, ...]


def estimate_rates(kept: pd.DataFrame, grid: pd.DataFrame, choices: RateChoices) -> SeriesOfRates:
    """Estimate rates and ratios for every cell of a grid.

    Parameters
    ----------
    kept : DataFrame
        One row a patient and span: patient_id, group, span, days_observed, headache_days, per_28,
        sufficient.
    grid : DataFrame
        One row a cell: group, span (0 is the baseline), n_eligible.
    choices : RateChoices
        Choices.

    Returns
    -------
    SeriesOfRates
        With refused rows where a cell has too few patients, or no headache day at all.

    Notes
    -----
    Poisson estimating equations, log E(days) = log(diary days) + b₀ + b₁ · later, patients as
    clusters, independence as working correlation. Standard errors are robust, of type CR2 with
    Satterthwaite df in groups under `cr2_below`. That of a rate or ratio is on its own scale; the
    limits are exponentiated, so they are not symmetric. A group has fits of its own.
    """
    enough = kept[kept["sufficient"]]
    before = enough[enough["span"] == BASELINE]
    rows: list[dict[str, Any]] = []
    curve: list[dict[str, Any]] = []
    start: list[dict[str, Any]] = []
    warnings: list[str] = []
    short: dict[int, list[str]] = {}
    for group, span, eligible in zip(grid["group"], grid["span"], grid["n_eligible"], strict=True):
        cell: dict[str, Any] = {"group": group, "span": span, "n_eligible": eligible}
        here = enough[(enough["group"] == group) & (enough["span"] == span)]
        first = before[before["group"] == group]
        if span == BASELINE:
            found, notes = _fit(here.assign(later=0), choices, compared=False)
            if found:
                start.append({"group": group, **found["rate"]})
                curve.append({**cell, **found["rate"]})
            continue
        if choices.paired:
            both = here["patient_id"].isin(first["patient_id"])
            here = here[both]
            first = first[first["patient_id"].isin(here["patient_id"])]
        data = pd.concat([first.assign(later=0), here.assign(later=1)]) if choices.paired else here
        found, notes = _fit(data, choices, compared=choices.paired)
        if here["patient_id"].nunique() >= choices.min_patients:
            warnings += notes
        else:
            short.setdefault(span, []).append(group)
        if "rate" in found:
            curve.append({**cell, **found["rate"]})
        terms = ("baseline_rate", "rate", "rate_ratio") if choices.paired else ("rate",)
        for term in terms:
            refused = {
                "n_patients": here["patient_id"].nunique(),
                "status": "refused",
                "note": " ".join(notes),
            }
            rows.append({**cell, "term": term, **found.get(term, refused)})
    columns = ["estimate", "conf_low", "conf_high", "n_eligible", "n_patients"]
    warnings += _left_out(short, grid["group"].nunique(), choices.min_patients)
    return SeriesOfRates(
        pd.DataFrame(rows),
        pd.DataFrame(curve, columns=[*KEYS, *columns]),
        pd.DataFrame(start, columns=["group", "estimate", "n_patients"]),
        tuple(dict.fromkeys(warnings)),
    )


def _patients(n: int) -> str:
    return "no patient" if not n else "1 patient" if n == 1 else f"{n} patients"


def _fit(
    data: pd.DataFrame, choices: RateChoices, *, compared: bool
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Rates of one cell by term, or nothing and the reason."""
    n = data["patient_id"].nunique()
    if n < choices.min_patients:
        return {}, [
            f"{_patients(n)} with enough diary days; at least {choices.min_patients} are needed"
        ]
    try:
        fit = fit_rate_gee(
            "headache_days ~ later" if compared else "headache_days ~ 1",
            data,
            subject="patient_id",
            exposure="days_observed",
            variance="cr2" if n < choices.cr2_below else "robust",
        )
    except EstimationError as error:
        return {}, [f"not estimated: {error.problem}"]
    level = choices.conf_level
    counts = {
        "n_patients": n,
        "conf_level": level,
        "method": f"{fit.method}, diary days as exposure",
        "note": " ".join(fit.notes),
    }
    if not compared:
        return {"rate": {**_rate(fit, {"(Intercept)": 1.0}, level), **counts, **_days(data)}}, []
    later = data["later"] == 1
    ratio = fit.contrast({"later": 1.0}, exponentiate=True, level=level).iloc[0]
    return {
        "baseline_rate": {
            **_rate(fit, {"(Intercept)": 1.0}, level),
            **counts,
            **_days(data[~later]),
        },
        "rate": {
            **_rate(fit, {"(Intercept)": 1.0, "later": 1.0}, level),
            **counts,
            **_days(data[later]),
        },
        "rate_ratio": {
            **_numbers(ratio),
            "p_value": ratio["p_value"],
            "unit": "ratio",
            **counts,
            **_days(data),
        },
    }, []


def _left_out(short: dict[int, list[str]], n_groups: int, needed: int) -> list[str]:
    """Cells with too few patients, as a sentence; nothing where there is none."""
    places = [
        f"day {span}"
        if len(groups) == n_groups
        else f"day {span} ({', '.join(map(label, groups))})"
        for span, groups in short.items()
    ]
    if not places:
        return []
    return [
        f"Left out because fewer than {needed} patients filled in enough diary days: "
        f"{'; '.join(places)}."
    ]


def _rate(fit: RateFit, weights: dict[str, float], level: float) -> dict[str, Any]:
    """Rate per 28 days."""
    row = fit.contrast(weights, exponentiate=True, level=level).iloc[0]
    scaled = {name: PER * row[name] for name in _SCALED}
    return {**scaled, "df": row["df"], "unit": UNIT}


def _numbers(row: pd.Series) -> dict[str, Any]:
    return {name: row[name] for name in (*_SCALED, "df")}


def _days(data: pd.DataFrame) -> dict[str, Any]:
    """Headache days and diary days behind a number."""
    return {"n_events": data["headache_days"].sum(), "n_assessments": data["days_observed"].sum()}
