"""No split by cadence without each group's starting pain and the sentence that says why."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import outcomes.analyses
from outcomes.analyses.assemble import CADENCE_CAUTION, STARTING_PAIN, assemble
from outcomes.analyses.groups import members
from outcomes.results import AnalysisResult
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables

# Shows cadence unasked. An analysis without `group_by` cannot be asked for a split by cadence.
MIXED = {"clinic_activity", "retention"}


def questions() -> dict[str, tuple[Callable[..., AnalysisResult], type]]:
    """Every `estimate_…` of the package with its spec, found and not listed."""
    found = {}
    for info in pkgutil.iter_modules(outcomes.analyses.__path__, "outcomes.analyses."):
        module = importlib.import_module(info.name)
        question = info.name.rpartition(".")[2]
        estimate = getattr(module, f"estimate_{question}", None)
        if estimate is None:
            continue
        hints = get_args(get_type_hints(estimate)["spec"])
        spec = next(each for each in hints if each is not type(None))
        found[question] = (estimate, spec)
    return found


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=250, seed=3, clinics=3, years=2.0, early_home_weeks=(1, 3, 5))
    return simulate(spec, truth=False).tables()


@pytest.fixture(scope="module")
def results(cohort: Tables) -> dict[str, AnalysisResult]:
    return split(cohort)


def split(tables: Tables) -> dict[str, AnalysisResult]:
    """Each analysis split by cadence, or as it stands where it splits by cadence unasked."""
    results = {}
    for question, (estimate, spec) in questions().items():
        if question in MIXED:
            results[question] = estimate(tables)
        elif any(field.name == "group_by" for field in fields(spec)):
            results[question] = estimate(tables, spec(group_by="cadence"))
    return results


def check(result: AnalysisResult) -> None:
    rows = result.estimates
    by_cadence = rows[rows["group_by"] == "cadence"]
    assert len(by_cadence), "asked for a split by cadence"
    assert CADENCE_CAUTION in result.notes
    shown = by_cadence[(by_cadence["status"] == "ok") & (by_cadence["term"] != STARTING_PAIN)]
    start = by_cadence[by_cadence["term"] == STARTING_PAIN]
    assert set(shown.loc[shown["n_events"].isna() | (shown["n_events"] > 0), "group"]) <= set(
        start["group"]
    )
    assert start["n_patients"].notna().all()
    curve = result.curve
    # the curve of a mixed result may be of everyone
    curve = curve[curve.get("group_by", "cadence") == "cadence"] if len(curve) else curve
    if len(curve):
        assert curve[["start_pain", "start_pain_n"]].notna().all(axis=None)


def test_the_questions_are_found() -> None:
    assert {"pain_trajectory", "rom_change", "headache_frequency", "clinic_activity"} <= set(
        questions()
    )


def test_every_split_by_cadence_has_its_start_and_its_caution(
    results: dict[str, AnalysisResult],
) -> None:
    for question, result in results.items():
        try:
            check(result)
        except AssertionError as error:
            raise AssertionError(question) from error


def test_the_caution_stays_where_pain_is_not_recorded(cohort: Tables) -> None:
    assessments = cohort.assessments
    assert assessments is not None
    other = assessments[assessments["instrument"] != "nrs_pain"]
    for question, result in split(replace(cohort, assessments=other)).items():
        assert CADENCE_CAUTION in result.notes, question
        start = result.estimates[result.estimates["term"] == STARTING_PAIN]
        assert (start["status"] == "refused").all(), question


def test_the_caution_stays_where_nothing_can_be_estimated(cohort: Tables) -> None:
    empty = replace(cohort, assessments=None, headache_diary=None, headache_periods=None)
    for question, result in split(empty).items():
        assert CADENCE_CAUTION in result.notes, question


def test_results_are_made_in_one_place(repository: Path) -> None:
    """What `assemble` attaches cannot be gone round: nothing else makes a result."""
    makers = []
    for path in sorted((repository / "outcomes" / "analyses").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name == "AnalysisResult":
                    makers.append(path.name)
    assert set(makers) == {"assemble.py"}


def test_rows_by_cadence_get_their_caution_whatever_the_result_is_said_to_be(
    cohort: Tables,
) -> None:
    people = members(cohort, "cadence", 182)
    row = {"group_by": "cadence", "group": people.order[0], "term": "mean", "estimate": 1.0}
    result = assemble("anything", None, cohort, people, [row], group_by="", estimand="")
    assert CADENCE_CAUTION in result.notes
    assert STARTING_PAIN in set(result.estimates["term"])


def test_specs_are_frozen_and_have_defaults() -> None:
    for question, (_, spec) in questions().items():
        assert spec.__dataclass_params__.frozen, question
        spec()


def test_results_name_their_estimand_and_who_was_left_out(
    results: dict[str, AnalysisResult],
) -> None:
    for question, result in results.items():
        assert result.estimand.startswith("Population: "), question
        assert (result.estimates["estimand"] == result.estimand).all(), question
        assert len(result.exclusions), question
