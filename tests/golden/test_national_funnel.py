"""NHS England's funnel of hip and knee replacement, 2018/19: gains and flags as published."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.case_mix import fit_case_mix, observed_minus_expected
from outcomes.stats.funnel import funnel_of_means

SCORE = "Oxford Hip Score"
PROCEDURES = ("Hip Replacement Primary", "Knee Replacement Primary")
# A unit needs 30 modelled records to be judged.
LEAST = 30
ANSWERS = {
    "Pre-Op Q Symptom Period": "duration",
    "Pre-Op Q Disability": "disability",
    "Pre-Op Q Living Arrangements": "living",
    "Pre-Op Q Previous Surgery": "previous",
    "Pre-Op Q Assisted": "assisted",
}
DISEASES = {
    name: name.lower().replace(" ", "_")
    for name in (
        *("Heart Disease", "High Bp", "Stroke", "Circulation", "Lung Disease", "Diabetes"),
        *("Kidney Disease", "Nervous System", "Liver Disease", "Cancer", "Depression", "Arthritis"),
    )
}
FLAGS = {
    "inside": "Not an outlier",
    "below_95": "Negative outlier (95%)",
    "above_95": "Positive outlier (95%)",
    "below_998": "Negative outlier (99.8%)",
    "above_998": "Positive outlier (99.8%)",
}


def read(folder: Path, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(folder / "data" / name) as archive:
        inside = next(n for n in archive.namelist() if not n.startswith("__"))
        with archive.open(inside) as file:
            return pd.read_csv(file, na_values=["*", "-"], low_memory=False)


@pytest.fixture(scope="module")
def results(shared: Path) -> pd.DataFrame:
    """Published results of organisations, England among them."""
    names = {
        "Organisation Code": "OrgCode",
        "Modelled Records": "n",
        "Average Pre-Op Q Score": "pre",
        "Average Post-Op Q Score": "post",
        "Adjusted Average Health Gain": "gain",
        "Standard Deviation": "sd",
    }
    return read(shared, "nhs_provcomm_1819.csv.zip").rename(columns=names)


@pytest.fixture(scope="module")
def records(shared: Path) -> pd.DataFrame:
    """Primary hip replacements with both scores and a published expectation."""
    names = (
        {
            "Provider Code": "unit",
            "Hip Replacement Pre-Op Q Score": "pre",
            "Hip Replacement Post-Op Q Score": "post",
            "Hip Replacement OHS Post-Op Q Predicted": "expected",
            "Revision Flag": "revision",
            "Pre-Op Q EQ5D Index": "index",
        }
        | ANSWERS
        | DISEASES
    )
    rows = read(shared, "nhs_hip_provider_1819.csv.zip").rename(columns=names)
    rows = rows[rows["revision"] == 0]
    return rows[list(names.values())].dropna(subset=["pre", "post", "expected"])


@pytest.fixture(scope="module")
def flags(shared: Path) -> pd.DataFrame:
    return read(shared, "nhs_timeseries_1819.csv.zip")


def providers(results: pd.DataFrame, procedure: str, measure: str) -> pd.DataFrame:
    chosen = (results["Procedure"] == procedure) & (results["Measure"] == measure)
    return results[chosen & (results["Organisation Type"] == "Provider")].reset_index(drop=True)


def england(results: pd.DataFrame, procedure: str, measure: str) -> pd.Series:
    chosen = (results["Procedure"] == procedure) & (results["Measure"] == measure)
    return results[chosen & (results["Organisation Type"] == "England")].iloc[0]


def judged(results: pd.DataFrame, flags: pd.DataFrame, measure: str) -> tuple[int, int]:
    """Flags reproduced, and flags published, over both procedures."""
    same = count = 0
    for procedure in PROCEDURES:
        name = measure.replace("Hip", procedure.split()[0])
        units, nation = providers(results, procedure, name), england(results, procedure, name)
        enough = units["gain"].notna() & (units["n"] >= LEAST)
        funnel = funnel_of_means(
            units["OrgCode"],
            units["gain"].where(enough),
            units["n"],
            sd=nation["sd"],
            dispersion="none",
            target=nation["gain"],
        )
        published = flags[(flags["Procedure"] == procedure) & (flags["Measure"] == name)]
        both = funnel.units.merge(published, left_on="unit", right_on="OrgCode")
        both = both[both["Outlier_2018"].isin(FLAGS.values())]
        both = both[both["OrgCode"] != "England"]
        same += int((both["position"].map(FLAGS) == both["Outlier_2018"]).sum())
        count += len(both)
    return same, count


def test_every_flag_is_reproduced(results: pd.DataFrame, flags: pd.DataFrame) -> None:
    found = [judged(results, flags, measure) for measure in ("EQ-5D Index", SCORE)]
    assert tuple(np.sum(found, axis=0)) == (935, 935)
    # The third score, which nobody asked for.
    assert judged(results, flags, "EQ VAS") == (464, 464)


def test_adjusted_gain_of_providers(results: pd.DataFrame, records: pd.DataFrame) -> None:
    published = providers(results, PROCEDURES[0], SCORE).set_index("OrgCode")
    nation = england(results, PROCEDURES[0], SCORE)
    ours = observed_minus_expected(records["post"], records["expected"], records["unit"])
    ours = ours.set_index("unit").assign(
        pre=records.groupby("unit")["pre"].mean(),
        gain=lambda t: nation["gain"] + t["standardised"] - records["post"].mean(),
    )
    both = ours.join(published.add_suffix("_published"), how="inner").dropna(
        subset=["gain_published"]
    )
    # Small cells are withheld from the records: only where nothing is, the two can agree.
    whole = (
        (both["n"] == both["n_published"])
        & ((both["pre"] - both["pre_published"]).abs() < 0.001)
        & ((both["observed"] - both["post_published"]).abs() < 0.001)
    )
    assert whole.sum() == 81
    assert (both["gain"] - both["gain_published"])[whole].abs().max() < 0.001


def test_our_own_model_agrees_with_the_national_one(records: pd.DataFrame) -> None:
    answers = [f"C({name})" for name in ANSWERS.values()]
    rows = records.assign(**{name: records[name] == 1 for name in DISEASES.values()})
    rows = rows.astype(dict.fromkeys(DISEASES.values(), float)).dropna(subset=["index"])
    ours = fit_case_mix(
        " + ".join(["post ~ pre + index", *answers, *DISEASES.values()]), rows, unit="unit"
    )
    theirs = observed_minus_expected(rows["post"], rows["expected"], rows["unit"])
    both = ours.units().merge(theirs, on="unit", suffixes=("", "_national"))
    large = both[both["n"] >= 100]
    assert len(large) == 129
    # Age and sex are withheld for many, deprivation for all; the units keep their order.
    assert large["difference"].corr(large["difference_national"]) > 0.9
    assert ours.rows["expected"].corr(rows["expected"]) > 0.9
