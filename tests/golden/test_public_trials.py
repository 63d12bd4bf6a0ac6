"""The published figures of two public data sets, through the shipped mappings and the analyses.

The acupuncture trial: Vickers 2004, BMJ 328:744 (released with Trials 2006;7:15). Standard errors,
adjusted means and clustered variances against R 4.2.2 (emmeans, sandwich) in golden/h_ancova.json.
The diary: Kostecki-Dillon, Monette and Wong 1999.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import outcomes.io
from outcomes.analyses import (
    GroupDifferenceSpec,
    HeadacheFrequencySpec,
    PainTrajectorySpec,
    estimate_group_difference,
    estimate_headache_frequency,
    estimate_pain_trajectory,
)
from outcomes.io import import_csv, read_tables
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

MAPPINGS = Path(outcomes.io.__file__).parent / "mappings"
COVARIATES = ("age", "sex", "migraine", "chronicity")


@pytest.fixture(scope="module")
def trial(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    out = tmp_path_factory.mktemp("trial") / "data"
    source = shared / "data" / "vickers2004_acupuncture_headache_wide.csv"
    import_csv(source, MAPPINGS / "acupuncture_headache_trial.toml", out)
    return read_tables(out)


@pytest.fixture(scope="module")
def migraine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    out = tmp_path_factory.mktemp("diary") / "data"
    source = shared / "data" / "KosteckiDillon_migraine_diary.csv"
    import_csv(source, MAPPINGS / "migraine_diary.toml", out)
    return read_tables(out)


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "golden" / "h_ancova.json").read_text())["results"]


def row(result: AnalysisResult, term: str, group: str = "", landmark: str = "") -> pd.Series:
    rows = result.estimates
    chosen = rows[(rows["term"] == term) & (rows["group"] == group)]
    if landmark:
        chosen = chosen[chosen["landmark"] == landmark]
    assert len(chosen) == 1
    return chosen.iloc[0]


def coefficient(table: list[dict[str, Any]], term: str = "group") -> dict[str, Any]:
    return next(each for each in table if each["term"] == term)


def test_the_published_difference_at_one_year(trial: Tables) -> None:
    spec = GroupDifferenceSpec(standard_errors="model")
    found = row(estimate_group_difference(trial, spec), "difference", "control")
    assert round(found["estimate"], 1) == 4.6
    assert (found["note"], found["landmark"]) == ("compared with acupuncture", "day 364")
    adjusted = row(
        estimate_group_difference(
            trial, GroupDifferenceSpec(standard_errors="model", covariates=COVARIATES)
        ),
        "difference",
        "control",
    )
    numbers = [adjusted[name] for name in ("estimate", "conf_low", "conf_high")]
    assert [round(number, 2) for number in numbers] == [4.64, 2.20, 7.08]
    assert [round(number, 1) for number in numbers] == [4.6, 2.2, 7.1]


@pytest.mark.parametrize(
    ("group", "mean", "sd", "n"), [("acupuncture", 16.2, 13.7, 161), ("control", 22.3, 17.0, 140)]
)
def test_the_published_means_of_the_arms(
    trial: Tables, group: str, mean: float, sd: float, n: int
) -> None:
    result = estimate_group_difference(trial)
    found = row(result, "mean", group)
    assert round(found["estimate"], 1) == mean
    assert found["n_patients"] == n
    assert found["n_eligible"] == {"acupuncture": 205, "control": 196}[group]
    curve = result.curve.set_index("group").loc[group]
    assert round(curve["sd"], 1) == sd


@pytest.mark.parametrize(("errors", "key"), [("model", "coef"), ("hc3", "HC3")])
def test_standard_errors_equal_to_r(
    trial: Tables, golden: dict[str, Any], errors: Any, key: str
) -> None:
    spec = GroupDifferenceSpec(standard_errors=errors, reference="control")
    found = row(estimate_group_difference(trial, spec), "difference", "acupuncture")
    wanted = coefficient(golden["ancova_pk1"][key])
    estimate = wanted.get("Estimate", wanted.get("estimate"))
    error = wanted.get("Std. Error", wanted.get("se"))
    assert found["estimate"] == pytest.approx(estimate, rel=1e-8)
    assert found["std_error"] == pytest.approx(error, rel=1e-6)


def test_adjusted_means_equal_to_emmeans(trial: Tables, golden: dict[str, Any]) -> None:
    result = estimate_group_difference(trial, GroupDifferenceSpec(standard_errors="model"))
    for group, code in (("control", 0), ("acupuncture", 1)):
        wanted = next(e for e in golden["ancova_pk1"]["emmeans"] if e["group"] == code)
        found = row(result, "adjusted_mean", group)
        assert found["estimate"] == pytest.approx(wanted["emmean"], rel=1e-8)
        assert found["std_error"] == pytest.approx(wanted["SE"], rel=1e-6)


def test_clustering_by_practice_is_asked_for_by_name(trial: Tables, golden: dict[str, Any]) -> None:
    spec = GroupDifferenceSpec(standard_errors="cr2")
    found = row(estimate_group_difference(trial, spec), "difference", "control")
    # Bias-reduced, so above the plain sandwich, with far fewer degrees of freedom than patients.
    plain = coefficient(golden["ancova_pk1"]["cluster_practice_CR0"])["se"]
    assert plain < found["std_error"] < 1.2 * plain
    assert found["df"] < 40


def test_headache_days_can_be_compared_too(trial: Tables) -> None:
    spec = GroupDifferenceSpec(outcome="headache_days", standard_errors="model")
    result = estimate_group_difference(trial, spec)
    found = row(result, "difference", "control")
    # About 22 fewer headache days a year with acupuncture (8 to 38), says the paper.
    assert 8 < found["estimate"] / 28 * 365.25 < 38
    assert found["unit"] == "days per 28 days"
    assert row(result, "mean", "control")["n_eligible"] == 196


def test_the_trial_as_a_trajectory(trial: Tables) -> None:
    result = estimate_pain_trajectory(trial, PainTrajectorySpec())
    assert result.spec.instrument == "headache_score"
    last = row(result, "mean", landmark="day 364")
    assert (last["n_eligible"], last["n_patients"]) == (401, 301)
    answering = result.curve.set_index(["series", "window"]).loc[("answering", 364), "estimate"]
    # Those who stayed away had worse baselines: taking that into account the mean is higher.
    assert last["estimate"] > answering
    assert any("day 182" in note for note in result.notes)


def test_headache_days_of_the_trial_before_and_after(trial: Tables) -> None:
    result = estimate_headache_frequency(trial)
    found = row(result, "rate_ratio", landmark="day 364")
    assert (found["n_eligible"], found["n_patients"]) == (401, 301)
    rates = [row(result, term, landmark="day 364") for term in ("rate", "baseline_rate")]
    assert found["estimate"] == pytest.approx(rates[0]["estimate"] / rates[1]["estimate"])


def test_patients_with_enough_diary_before_treatment(migraine: Tables) -> None:
    # The diary has 29 days before treatment.
    result = estimate_headache_frequency(migraine, HeadacheFrequencySpec(baseline_days=29))
    assert result.exclusions.set_index("step").loc["diary before care", "n_out"] == 25
    shorter = estimate_headache_frequency(migraine)
    assert shorter.exclusions.set_index("step").loc["diary before care", "n_out"] == 24
    assert shorter.diagnostics["spans"][0] == (-28, -1)
