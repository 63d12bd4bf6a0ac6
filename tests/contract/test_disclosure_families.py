"""Counts that add up are declared to, so that disclosure control knows what can be subtracted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from outcomes.analyses import (
    RespondersSpec,
    estimate_clinic_activity,
    estimate_cohort_trend,
    estimate_completeness,
    estimate_responders,
    estimate_retention,
    estimate_safety,
    estimate_value,
)
from outcomes.io import read_tables
from outcomes.present.disclosure.families import (
    LEVELS,
    OVERLAPPING,
    PARTS,
    SAME_EVENTS,
    family_of,
)
from outcomes.results import AnalysisResult


@pytest.fixture(scope="module")
def results(repository: Path) -> dict[str, AnalysisResult]:
    tables = read_tables(repository / "data" / "sample")
    return {
        "responders": estimate_responders(tables),
        "by onset": estimate_responders(tables, RespondersSpec(group_by="onset")),
        "completeness": estimate_completeness(tables),
        "retention": estimate_retention(tables),
        "safety": estimate_safety(tables),
        "value": estimate_value(tables),
        "cohort trend": estimate_cohort_trend(tables),
        "activity": estimate_clinic_activity(tables),
    }


def counted(results: dict[str, AnalysisResult]) -> Iterator[pd.DataFrame]:
    for result in results.values():
        rows = result.estimates
        yield rows[rows["n_events"].notna() & rows["n_patients"].notna()]


def test_levels_that_add_up_to_their_people_are_declared(
    results: dict[str, AnalysisResult],
) -> None:
    found = set()
    for rows in counted(results):
        split = rows[rows["group"] != ""]
        for (_, _, _, term), own in split.groupby(["outcome", "group_by", "landmark", "term"]):
            same = len(own) > 1 and own["n_patients"].min() == own["n_patients"].max()
            if same and own["n_events"].sum() == own["n_patients"].iloc[0]:
                found.add(str(term))
    assert found
    assert found <= set(LEVELS)


def test_terms_of_responders_are_parts_of_everyone_or_stand_alone(
    results: dict[str, AnalysisResult],
) -> None:
    terms = set(results["responders"].estimates["term"])
    alone = {term for term in terms if not family_of(term)}
    assert alone == {"with_start", "answered", "reliable_improvement", "reliable_worsening"}


def test_every_declared_term_is_one_of_a_result(results: dict[str, AnalysisResult]) -> None:
    terms = {term for result in results.values() for term in result.estimates["term"]}
    declared = {*LEVELS, *OVERLAPPING}
    for family in (*PARTS, *SAME_EVENTS):
        declared |= {template.format("moderate") for template in family}
    assert declared <= terms
