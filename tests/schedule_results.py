"""A comparison of schedules made by hand, to show: what stands in it is what a page must say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec
from outcomes.results import AnalysisResult, estimates_frame, exclusions_frame

SCHEDULES = ("twice_monthly", "monthly", "on_demand")
CONTRASTS = (
    "twice_monthly vs on_demand",
    "monthly vs on_demand",
    "twice_monthly vs monthly",
)
PRIMARY, LATER = "weeks 13–24", "months 10–12"
MEANS = {"twice_monthly": 2.0, "monthly": 2.8, "on_demand": 4.4}
REFUSAL = (
    "on demand rests on 61 effective patients of 1648 eligible; 100 are needed, or about 2800 "
    "eligible patients"
)


def schedule_result(
    *,
    refused: tuple[str, ...] = (),
    planned: bool = True,
    failures: tuple[str, ...] = (),
    causal: bool = True,
    note: str = "",
    control: float = 0.0,
    wide: bool = False,
    sensitivity: bool = True,
    notes: tuple[str, ...] = (),
    diagnostics: dict[str, Any] | None = None,
) -> AnalysisResult:
    """Three schedules over two horizons; `refused` of the schedules have no number."""
    spec = replace(MaintenanceSchedulesSpec(), instrument="nrs_pain", bootstraps=20, grace=0)
    rows = [
        row
        for horizon in (PRIMARY, LATER)
        for outcome, unit, scale in (
            ("nrs_pain", "points", 1.0),
            ("nrs_pain:acceptable", "share", 0.1),
        )
        for row in _rows(
            horizon, outcome, unit, scale, refused, planned, note, 3.0 if wide else 0.2
        )
    ]
    blocks = pd.DataFrame(
        [
            {
                "group": s,
                "block": block,
                "week": 4 * block,
                "mean": MEANS[s],
                "conf_low": MEANS[s] - 0.2,
                "conf_high": MEANS[s] + 0.2,
                "n_patients": 300,
                "ess": 40.0 if s in refused else 250.0,
            }
            for s in SCHEDULES
            for block in range(1, 7)
        ]
    )
    frames: dict[str, Any] = {
        "planned": planned,
        "failures": failures,
        "causal_wording": causal and planned and not failures,
        "resampled": "patients",
        "confounders_left_out": ("distress",),
        "without_chance": dict.fromkeys(SCHEDULES, 0.0),
        "flow": _flow(),
        "support": _support(refused),
        "balance": _balance(0.15 if failures else 0.02),
        "overlap": _overlap(),
        "naive": _naive(),
    }
    if sensitivity:
        frames["sensitivity"] = _panel(control)
    return AnalysisResult(
        "maintenance_schedules",
        spec,
        estimates_frame(rows),
        curve=blocks,
        exclusions=exclusions_frame(
            [
                ("eligible", "active phase not finished", 2800, 2693),
                ("eligible", "the weeks compared are not over by the as-of date", 2693, 2085),
            ]
        ),
        diagnostics=frames | (diagnostics or {}),
        estimand="Population: patients. Care compared: schedules. Variable: pain. Intercurrent "
        "events: none. Summary: difference.",
        notes=notes,
    )


def refused_result(reason: str = "10 patients are eligible for weeks 13–24.") -> AnalysisResult:
    """Nothing was compared."""
    spec = replace(MaintenanceSchedulesSpec(), instrument="nrs_pain", grace=0)
    row = {"group_by": "strategy", "n_eligible": 10, "status": "refused", "note": reason}
    return AnalysisResult(
        "maintenance_schedules",
        spec,
        estimates_frame([row]),
        exclusions=exclusions_frame([("began care", "no attended session", 12, 10)]),
        notes=(reason,),
    )


def baseline_result() -> AnalysisResult:
    """Two characteristics by first plan."""
    rows: list[dict[str, Any]] = []
    for plan in SCHEDULES:
        here = {"landmark": plan, "n_patients": 200, "n_eligible": 200, "unit": "share"}
        rows += [
            here | {"outcome": "age", "term": "baseline_characteristic", "estimate": 45.0},
            here | {"outcome": "age", "term": "baseline_sd", "estimate": 12.0},
        ]
        rows += [
            here
            | {
                "outcome": "sex",
                "group_by": "sex",
                "group": level,
                "term": "baseline_share",
                "estimate": n / 200,
                "n_events": n,
            }
            for level, n in (("female", 194), ("male", 6))
        ]
    for contrast in CONTRASTS:
        rows.append(
            {
                "outcome": "age",
                "landmark": contrast,
                "term": "smd",
                "estimate": -0.31,
                "n_patients": 200,
                "n_eligible": 400,
            }
        )
    return AnalysisResult(
        "first_plan_baseline", None, estimates_frame(rows), diagnostics={"planned": True}
    )


def _rows(
    horizon: str,
    outcome: str,
    unit: str,
    scale: float,
    refused: tuple[str, ...],
    planned: bool,
    note: str,
    half: float,
) -> list[dict[str, Any]]:
    shared = {
        "outcome": outcome,
        "landmark": horizon,
        "group_by": "strategy",
        "n_eligible": 2085,
        "conf_level": 0.95,
        "unit": unit,
        "estimand": "Population: patients. Care compared: schedules.",
    }

    def row(term: str, group: str, value: float, said: str) -> dict[str, Any]:
        off = any(each in refused for each in group.split(" vs "))
        numbers = {
            "estimate": value,
            "std_error": half * scale / 2,
            "conf_low": value - half * scale,
            "conf_high": value + half * scale,
        }
        return {
            **shared,
            **({} if off else numbers),
            "term": term,
            "group": group,
            "n_patients": 500,
            "ess": 250.0,
            "status": "refused" if off else "ok",
            "note": "; ".join(part for part in (REFUSAL if off else "", said) if part),
        }

    rows = [row("mean", s, scale * MEANS[s], "") for s in SCHEDULES]
    for position, contrast in enumerate(CONTRASTS):
        a, b = contrast.split(" vs ")
        value = scale * (MEANS[a] - MEANS[b])
        role = "primary" if position == 0 else f"tested {position + 1}. if those before were clear"
        said = "; ".join(part for part in (role, note) if part)
        rows.append(row("difference", contrast, value, said))
        if unit == "share":
            continue
        rows.append(row("second_estimator", contrast, value - 0.04, ""))
        if planned:
            rows.append(row("first_plan_difference", contrast, 0.8 * value, ""))
    return rows


def _flow() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "strategy": s,
                "block": block,
                "on_strategy": 2085 if block == 1 else 700 - 20 * (block - 2),
                "left_care": 0 if block == 1 else 5,
                "left_strategy": 1385 if block == 1 else 15,
                "kept": 700 - 20 * (block - 1),
                "answered": 400,
                "share_following": 0.3,
            }
            for s in SCHEDULES
            for block in range(1, 7)
        ]
    )


def _support(refused: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "strategy": s,
                "block": block,
                "n": 2085,
                "n_weighted": 400,
                "sum_over_n": 0.98,
                "mean": 5.0,
                "max": 17.2,
                "q99": 12.0,
                "ess": 40.0 if s in refused else 250.0,
                "smallest_probability": 0.123,
            }
            for s in SCHEDULES
            for block in range(1, 7)
        ]
    )


def _balance(off: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "strategy": s,
                "block": block,
                "covariate": covariate,
                "level": "",
                "n_weighted": 400,
                "mean": 2.2,
                "reference_mean": 2.1,
                "sd": 1.2,
                "smd": off,
                "smd_unweighted": 0.3,
            }
            for s in SCHEDULES
            for block in range(1, 7)
            for covariate in ("last pain", "age")
        ]
    )


def _overlap() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "strategy": s,
                "block": block,
                "low": low / 10,
                "high": low / 10 + 0.1,
                "kept": 30,
                "left": 20,
            }
            for s in SCHEDULES
            for block in (1, 2)
            for low in range(1, 10)
        ]
    )


def _naive() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "estimator": "cadence they ended up with",
                "strategy": s,
                "mean": MEANS[s] + 0.6 * (s == "twice_monthly"),
                "n": 400,
                "assumes": "that nothing of how they were decided how often they came",
            }
            for s in SCHEDULES
        ]
    )


def _panel(control: float) -> pd.DataFrame:
    lines = (
        ("primary", "as specified", None),
        ("truncated weights", "99.5th percentile", None),
        ("grace", "1 block(s) in a row off the strategy", None),
        ("older confounder", "last score one block back", None),
        ("leaving care: delta", "+1 points for those who leave twice monthly", None),
        ("leaving care: delta", "tipping point", None),
        ("leaving care: jump to reference", "those who leave fare as under on demand", None),
        ("visits weighted for their intensity", "scores before sessions", None),
        ("negative control", "pain before any schedule", control),
        ("E-value", "unmeasured confounder", None),
    )
    said = {
        "tipping point": "the interval reaches 0 at a delta of +8.3 points",
        "unmeasured confounder": "6.89 for the estimate, 6.10 for the limit nearer to 0",
    }
    rows = []
    for analysis, choice, fixed in lines:
        for contrast in CONTRASTS:
            a, b = contrast.split(" vs ")
            value = MEANS[a] - MEANS[b] if fixed is None else fixed
            rows.append(
                {
                    "analysis": analysis,
                    "choice": choice,
                    "group": contrast,
                    "estimate": value,
                    "std_error": 0.1,
                    "conf_low": value - 0.2,
                    "conf_high": value + 0.2,
                    "ess": 250.0,
                    "status": "ok",
                    "note": said.get(choice, ""),
                }
            )
    return pd.DataFrame(rows)
