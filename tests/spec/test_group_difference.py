"""Groups known at the start: what is compared, with whom, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import GroupDifferenceSpec, estimate_group_difference
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.course_tables import data_set, fill, people, scores, visits

DAYS = [0, 364]
N = 60


def arms(n: int = N) -> list[str]:
    return ["usual"] * (n // 2) + ["extra"] * (n - n // 2)


def given(seed: int = 1) -> np.ndarray:
    """Those with extra care end a point and a half lower than their baselines say."""
    rng = np.random.default_rng(seed)
    before = rng.normal(6, 1.5, N)
    effect = np.where(np.array(arms()) == "extra", -1.5, 0.0)
    return np.column_stack([before, 1 + 0.6 * before + effect + rng.normal(0, 1, N)])


def covariates(**named: list[object]) -> pd.DataFrame:
    rows = [
        {"patient_id": f"p{number:03d}", "name": name, "value": str(value)}
        for name, values in named.items()
        for number, value in enumerate(values)
        if value is not None
    ]
    return fill("covariates", pd.DataFrame(rows))


def tables(values: np.ndarray | None = None, **named: list[object]) -> Tables:
    values = given() if values is None else values
    named = {"arm": arms(), **named}
    return data_set(people(N), assessments=scores(values, DAYS), covariates=covariates(**named))


def row(result: AnalysisResult, term: str, group: str) -> pd.Series:
    rows = result.estimates
    chosen = rows[(rows["term"] == term) & (rows["group"] == group)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def by_hand(values: np.ndarray, *columns: np.ndarray) -> float:
    """Coefficient of the usual arm (against extra) by least squares."""
    usual = (np.array(arms()) == "usual").astype(float)
    X = np.column_stack([np.ones(N), usual, values[:, 0], *columns])
    return float(np.linalg.lstsq(X, values[:, 1], rcond=None)[0][1])


def test_the_difference_is_adjusted_for_the_baseline() -> None:
    found = row(estimate_group_difference(tables()), "difference", "usual")
    assert found["estimate"] == pytest.approx(by_hand(given()))
    assert found["note"] == "compared with extra"
    assert found["n_patients"] == 30


def test_the_reference_can_be_named_and_turns_the_sign() -> None:
    result = estimate_group_difference(tables(), GroupDifferenceSpec(reference="usual"))
    assert row(result, "difference", "extra")["estimate"] == pytest.approx(-by_hand(given()))
    with pytest.raises(EstimationError, match="placebo"):
        estimate_group_difference(tables(), GroupDifferenceSpec(reference="placebo"))


def test_numbers_and_words_adjust() -> None:
    rng = np.random.default_rng(3)
    years = rng.integers(1, 30, N)
    place = np.where(rng.random(N) < 0.5, "town", "country")
    result = estimate_group_difference(
        tables(years=list(years), place=list(place)),
        GroupDifferenceSpec(covariates=("years", "place")),
    )
    wanted = by_hand(given(), years.astype(float), (place == "town").astype(float))
    assert row(result, "difference", "usual")["estimate"] == pytest.approx(wanted)
    assert "adjusted for baseline, years, place" in result.estimand


def test_columns_of_patients_are_known_at_the_start_too() -> None:
    whole = tables()
    sexes = fill("patients", whole.patients.assign(sex=["f", "m"] * (N // 2)))
    result = estimate_group_difference(
        replace(whole, patients=sexes), GroupDifferenceSpec(group="sex")
    )
    assert set(result.estimates["group"]) == {"f", "m"}
    assert (result.estimates["group_by"] == "sex").all()


def test_who_is_left_out_is_counted() -> None:
    values = given()
    values[0, 1] = np.nan
    values[1, 0] = np.nan
    result = estimate_group_difference(
        tables(values, years=[None if number == 2 else 5 + number for number in range(N)]),
        GroupDifferenceSpec(covariates=("years",)),
    )
    steps = result.exclusions.set_index("step")["n_out"]
    assert (steps["follow-up"], steps["baseline"], steps["covariates"]) == (59, 58, 57)
    found = row(result, "mean", "usual")
    assert (found["n_patients"], found["n_eligible"]) == (27, 30)


def test_groups_of_numbers_are_groups() -> None:
    result = estimate_group_difference(
        tables(dose=[1, 2, 3] * (N // 3)), GroupDifferenceSpec(group="dose")
    )
    assert list(result.curve["group"]) == ["1", "2", "3"]
    assert len(result.estimates[result.estimates["term"] == "difference"]) == 2


def test_a_small_group_is_left_out_and_named() -> None:
    three = ["usual"] * 30 + ["extra"] * 25 + ["other"] * 5
    result = estimate_group_difference(tables(arm=three))
    assert set(result.curve["group"]) == {"usual", "extra"}
    assert any("other" in note for note in result.notes)


def test_one_group_is_no_comparison() -> None:
    result = estimate_group_difference(tables(arm=["usual"] * N))
    assert list(result.estimates["status"]) == ["refused"]
    assert "Two groups of arm" in result.estimates["note"].iloc[0]


def test_a_baseline_alike_in_everybody_is_refused_and_not_an_error() -> None:
    values = given()
    values[:, 0] = 6
    result = estimate_group_difference(tables(values))
    assert list(result.estimates["status"]) == ["refused"]


def test_no_value_then_is_said() -> None:
    result = estimate_group_difference(tables(), GroupDifferenceSpec(window=182))
    assert "day 182" in result.estimates["note"].iloc[0]


@pytest.mark.parametrize("group", ["cadence", "plan", "n_sessions", "no such thing"])
def test_what_is_not_known_at_the_start_is_no_group(group: str) -> None:
    with pytest.raises(EstimationError):
        estimate_group_difference(tables(), GroupDifferenceSpec(group=group))


def test_clinics_as_clusters() -> None:
    whole = tables()
    days = {f"p{number:03d}": [0] for number in range(N)}
    placed = fill("patients", whole.patients.assign(clinic=[f"c{n % 12}" for n in range(N)]))
    whole = replace(whole, patients=placed, sessions=visits(days))
    found = row(
        estimate_group_difference(whole, GroupDifferenceSpec(standard_errors="cr2")),
        "difference",
        "usual",
    )
    assert found["estimate"] == pytest.approx(by_hand(given()))
    assert found["df"] < 12
    assert "clustered by clinic" in found["method"]
