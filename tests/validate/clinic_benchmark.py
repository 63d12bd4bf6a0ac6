"""Clinics compared and charted from records: how often either speaks up when nothing is wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.analyses.case_mix import answer_weights, outcomes_at
from outcomes.analyses.clinic_benchmark import ClinicBenchmarkSpec
from outcomes.analyses.clinic_benchmark.comparison import compare
from outcomes.analyses.groups import members
from outcomes.analyses.trends import TrendsSpec, estimate_trends
from tests.clinic_tables import DAY, clinic_tables

from .interval_censored import table

SEED = 160
TAU, SD = 0.25, 2.0
LARGE, SMALL, CHARTS, DRIFTS = 30, 80, 80, 24
FALLS = (0.0, 0.1, 0.2, 0.4)


def comparisons(
    replicates: int, clinics: int, low: int, high: int, off: float
) -> dict[str, object]:
    """Shares of clinics outside, with sicker patients at some and a third not answering."""
    flags: dict[str, list[np.ndarray]] = {"improvement": [], "responder": []}
    first: list[bool] = []
    printed: list[float] = []
    for replicate in range(replicates):
        rng = np.random.default_rng([SEED, clinics, int(10 * off), replicate])
        sizes = np.round(np.exp(rng.uniform(np.log(low), np.log(high), clinics)) / 0.7)
        effects = TAU * rng.normal(size=clinics)
        effects[0] -= off
        tables = clinic_tables(
            sizes.astype(int), effects, replicate, sd=SD, severity=0.5 * rng.normal(size=clinics)
        )
        found = outcomes_at(tables, members(tables, "clinic", 0), "nrs_pain", DAY)
        if found is None:
            raise RuntimeError("the generator gave no scores")
        spec = ClinicBenchmarkSpec(min_patients=15, replicates=100)
        for measure in flags if not off else ("improvement",):
            units = compare(found, measure, spec, answer_weights(found))
            position = units.units.loc[units.units["compared"], "position"]
            flags[measure].append(
                np.array([(position != "inside").mean(), position.str.endswith("998").mean()])
            )
            if measure == "improvement":
                printed.append(units.facts["false_alarm_95"])
                where = units.units.set_index("unit")["position"]
                first.append(str(where.get("Clinic A")) == "below_998")
    if off:
        return {"clinics": clinics, "answers each": f"{low}–{high}", "found": np.mean(first)}
    row: dict[str, object] = {"clinics": clinics, "answers each": f"{low}–{high}"}
    for measure, each in flags.items():
        shares = np.array(each)
        row[f"{measure}, beyond 95 %"] = shares[:, 0].mean()
        row[f"{measure}, beyond 99.8 %"] = shares[:, 1].mean()
        if measure == "improvement":
            row["mc_error at 95 %"] = shares[:, 0].std() / np.sqrt(len(shares))
            row["printed at 95 %"] = np.mean(printed)
    return row


def charts(replicates: int) -> pd.DataFrame:
    """Charts of 33 months in which nothing changes: what they print, and what they do."""
    days = pd.date_range("2023-01-01", "2025-12-31")
    spec = TrendsSpec(windows=(DAY,), every="M")
    spoke: dict[str, list[bool]] = {}
    printed: dict[str, list[float]] = {}
    for replicate in range(replicates):
        tables = clinic_tables((1400,), (0.0,), SEED + replicate, starts=days, sd=SD)
        result = estimate_trends(tables, spec)
        estimates = result.estimates.set_index("term")["estimate"]
        for measure, rows in result.curve.groupby("measure"):
            name = str(measure)
            flagged = bool(((rows["beyond"] != 0) | rows["shift"].astype(bool)).any())
            spoke.setdefault(name, []).append(flagged)
            printed.setdefault(name, []).append(float(estimates[f"{name}_false_alarm"]))
            if name == "difference":
                spoke.setdefault("slow drift", []).append(bool((rows["drift_signal"] != 0).any()))
                printed.setdefault("slow drift", []).append(float(estimates["drift_false_alarm"]))
    return pd.DataFrame(
        [
            {
                "chart": name,
                "printed (mean)": np.mean(printed[name]),
                "flagged a point or run": np.mean(each),
                "mc_error": np.sqrt(np.mean(each) * (1 - np.mean(each)) / len(each)),
            }
            for name, each in spoke.items()
        ]
    )


def drifts(replicates: int, falls: tuple[float, ...] = FALLS) -> pd.DataFrame:
    """Share of three-year charts that find a slow fall, by how fast it is."""
    days = pd.date_range("2023-01-01", "2025-12-31")
    spec = TrendsSpec(windows=(DAY,), every="M", measures=("difference",))
    rows = []
    for fall in falls:
        found = {"limits or runs": 0, "slow drift": 0}
        for replicate in range(replicates):
            tables = clinic_tables(
                (1400,), (0.0,), SEED + replicate, starts=days, sd=SD, drift=-fall
            )
            for name, how in (("whole", spec), ("frozen", replace(spec, freeze=12))):
                curve = estimate_trends(tables, how).curve
                late = curve[curve["position"] > 12]
                if name == "whole":
                    found["limits or runs"] += int((late["reading"] == "worse").any())
                else:
                    found["slow drift"] += int((late["drift_signal"] == -1).any())
        rows.append(
            {"points lost a year": fall}
            | {name: number / replicates for name, number in found.items()}
        )
    return pd.DataFrame(rows).rename(
        columns={
            "limits or runs": "limits and runs, all months",
            "slow drift": "sums, first 12 months as baseline",
        }
    )


def section() -> str:
    """Run the validation and write it up."""
    calm = pd.DataFrame(
        [
            comparisons(LARGE, 40, 20, 400, 0.0),
            comparisons(SMALL, 8, 40, 200, 0.0),
        ]
    )
    power = pd.DataFrame([comparisons(SMALL, 8, 40, 200, 1.0)])
    return f"""## Comparison of clinics, and charts, from records

{dt.date.today().isoformat()}, seed {SEED}. Records of patients go the whole way: baseline, window,
case-mix model, weights for the 30 % who do not answer, observed minus expected, limits. Clinics
differ by a standard deviation of {TAU}, patients by {SD:.0f}, and clinics have sicker or less sick
patients. No clinic is out of line; bands for 40 clinics: 4–6 % beyond 95 %, at most .4 % beyond
99.8 %; the section on funnels has more replicates of the same. {LARGE} data sets of 40 clinics,
{SMALL} of 8.

{table(calm)}

One clinic a full point worse: share of {SMALL} data sets in which it lies beyond the 99.8 % limit
(error: about .03):

{table(power)}

Charts over 36 months of entry with 1,400 patients in all and nothing that changes, {CHARTS} data
sets:

{table(charts(CHARTS))}

Improvement that falls slowly over three years, {DRIFTS} data sets (error: up to .1). Charts look at
the months after the first 12:

{table(drifts(DRIFTS))}
"""
