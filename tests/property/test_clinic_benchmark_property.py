"""Comparison and trends: what may not matter does not, and what must shift shifts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.analyses import (
    ClinicBenchmarkSpec,
    TrendsSpec,
    estimate_clinic_benchmark,
    estimate_trends,
)
from outcomes.analyses.clinic_benchmark import provider_flags, read_providers
from outcomes.tables import Tables
from tests.clinic_tables import DAY, clinic_tables

FAST = ClinicBenchmarkSpec(replicates=100)
seeds = st.integers(0, 10_000)


def cohort(seed: int) -> Tables:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(30, 90, 6)
    return clinic_tables(
        sizes.tolist(), rng.normal(size=6).tolist(), seed, severity=rng.normal(size=6).tolist()
    )


def numbers(tables: Tables) -> pd.DataFrame:
    found = estimate_clinic_benchmark(tables, FAST).estimates
    return found.set_index(["term", "group"])[["estimate", "conf_low", "conf_high"]]


@given(seeds)
@settings(max_examples=2, deadline=None)
def test_order_of_rows_does_not_matter(seed: int) -> None:
    tables = cohort(seed)
    shuffled = replace(
        tables,
        patients=tables.patients.sample(frac=1, random_state=seed),
        assessments=tables.assessments,
    )
    pd.testing.assert_frame_equal(numbers(shuffled), numbers(tables), rtol=1e-7, atol=1e-9)


@given(seeds, st.sampled_from([-0.5, 0.5]))
@settings(max_examples=2, deadline=None)
def test_what_all_clinics_gain_alike_changes_no_difference(seed: int, shift: float) -> None:
    tables = cohort(seed)
    scores = tables.assessments
    assert scores is not None
    later = scores["timing"] == "remote"
    moved = scores.assign(value=scores["value"].where(~later, scores["value"] + shift))
    before = numbers(tables)
    after = numbers(replace(tables, assessments=moved))
    for term, change in (("difference", 0.0), ("shrunken", 0.0), ("adjusted", -shift)):
        pd.testing.assert_series_equal(
            after.loc[term, "estimate"], before.loc[term, "estimate"] + change, rtol=1e-6, atol=1e-8
        )


@given(seeds)
@settings(max_examples=2, deadline=None)
def test_a_difference_lies_between_its_limits_and_names_are_few(seed: int) -> None:
    result = estimate_clinic_benchmark(cohort(seed), FAST)
    for term in ("difference", "shrunken", "responder_difference"):
        rows = result.estimates[result.estimates["term"] == term]
        shown = rows[rows["status"] == "ok"]
        assert (
            (shown["conf_low"] <= shown["estimate"]) & (shown["estimate"] <= shown["conf_high"])
        ).all()
        assert rows.loc[rows["status"] == "refused", "estimate"].isna().all()
    curve = result.curve
    assert curve.loc[curve["series"] == "limits", "group"].eq("").all()


@given(seeds, st.integers(1, 400))
@settings(max_examples=2, deadline=None)
def test_trends_see_nothing_after_the_as_of_date(seed: int, days: int) -> None:
    tables = cohort(seed)
    early = tables.as_of - pd.Timedelta(days=days)
    result = estimate_trends(replace(tables, as_of=early), TrendsSpec(windows=(DAY,), every="Q"))
    if result.curve.empty:
        return
    last = pd.PeriodIndex(result.curve["period"], freq="Q").max().end_time
    assert last + pd.Timedelta(days=DAY + 14) <= early + pd.Timedelta(days=1)


@given(seeds)
@settings(max_examples=2, deadline=None)
def test_relabelled_patients_give_the_same_charts(seed: int) -> None:
    tables = cohort(seed)
    spec = TrendsSpec(unit="clinic", windows=(DAY,), every="Q", measures=("difference", "answered"))
    ids = pd.Series({each: f"x{each}" for each in tables.patients["patient_id"]})
    renamed = replace(
        tables,
        patients=tables.patients.assign(
            patient_id=tables.patients["patient_id"].map(ids).astype("str")
        ),
        assessments=tables.assessments.assign(  # type: ignore[union-attr]
            patient_id=tables.assessments["patient_id"].map(ids).astype("str")  # type: ignore[union-attr]
        ),
    )
    pd.testing.assert_frame_equal(
        estimate_trends(renamed, spec).curve, estimate_trends(tables, spec).curve
    )


@given(st.permutations(["Organisation Code", "Modelled Records", "Adjusted Average Health Gain"]))
@settings(max_examples=6, deadline=None)
def test_the_order_of_published_columns_does_not_matter(order: list[str]) -> None:
    raw = pd.DataFrame(
        {
            "Organisation Code": ["A", "B", "C"],
            "Modelled Records": ["100", "*", "40"],
            "Adjusted Average Health Gain": ["3.0", "*", "-"],
        }
    )
    found = provider_flags(read_providers(raw[order]), national=(2.0, 5.0))
    assert found["flag"].tolist() == [
        "Positive outlier (95%)",
        "Insufficient records",
        "Insufficient records",
    ]
