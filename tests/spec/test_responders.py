"""Responders of a handful of patients, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import RespondersSpec, estimate_responders
from outcomes.analyses.responders import choose_thresholds
from outcomes.derive.reliable_change import derive_reliable_change, detectable_change
from outcomes.errors import EstimationError
from outcomes.instruments import default_registry
from outcomes.present import Policy, disclose, responders
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions

SPEC = RespondersSpec(min_answers=1, timing="remote")


@cache
def six() -> Tables:
    """Start and 12 weeks: 10→5, 4→2, 6→5, 5→7, 8 and silent, and one without a start score → 1."""
    names = ("a", "b", "c", "d", "silent", "startless")
    visits = sessions("patient date\n" + "\n".join(f"{name} 2026-01-05" for name in names))
    answers = assessments(
        """
        patient   date       value timing
        a         2026-01-05 10    pre
        a         2026-03-30 5     remote
        b         2026-01-05 4     pre
        b         2026-03-30 2     remote
        c         2026-01-05 6     pre
        c         2026-03-30 5     remote
        d         2026-01-05 5     pre
        d         2026-03-30 7     remote
        silent    2026-01-05 8     pre
        startless 2026-03-30 1     remote
        """
    )
    people = patients(*names)
    return Tables(people, pd.Timestamp("2026-12-31"), sessions=visits, assessments=answers)


def cell(result: AnalysisResult, term: str, group: str = "") -> tuple[float, float]:
    rows = result.estimates
    (row,) = rows[(rows["term"] == term) & (rows["group"] == group)].to_dict("records")
    return row["n_events"], row["n_patients"]


@pytest.mark.parametrize(
    ("term", "events", "of"),
    [
        # 30 % less: a and b; c has 17 %, d is worse
        ("responders_moderate", 2, 4),
        ("responders_moderate_of_start", 2, 5),
        ("responders_moderate_of_all", 2, 6),
        ("not_moderate_of_all", 2, 6),
        ("missing_moderate_of_all", 2, 6),
        ("responders_two_points", 2, 4),
        # a state needs no start score, so the answer of the one without it tells
        ("responders_acceptable", 2, 5),
        ("missing_acceptable_of_all", 1, 6),
        # 4 points of measurement error: only a
        ("reliable_improvement", 1, 4),
        ("reliable_worsening", 0, 4),
        ("with_start", 5, 6),
        ("answered", 5, 6),
    ],
)
def test_counts(term: str, events: int, of: int) -> None:
    assert cell(estimate_responders(six(), SPEC), term) == (events, of)


def test_the_composite_adds_up_to_everyone() -> None:
    rows = estimate_responders(six(), SPEC).estimates
    for name in ("moderate", "two_points", "acceptable"):
        terms = [f"responders_{name}_of_all", f"not_{name}_of_all", f"missing_{name}_of_all"]
        parts = rows[rows["term"].isin(terms)]
        assert parts["n_events"].sum() == 6
        assert (parts["n_patients"] == 6).all()


def test_the_sweep_is_the_distribution_of_improvement() -> None:
    curve = estimate_responders(six(), SPEC).curve
    points = curve[curve["scale"] == "points"].set_index("at")["n_events"]
    # improvements 5, 2, 1 and −2
    assert [points[at] for at in (-2.0, -1.75, 1.0, 1.25, 2.0, 2.25, 5.0, 5.25)] == [
        4, 3, 3, 2, 2, 1, 1, 0,
    ]  # fmt: skip
    percent = curve[curve["scale"] == "percent"].set_index("at")["n_events"]
    assert (percent[30.0], percent[50.0], percent[55.0]) == (2, 2, 0)
    assert (curve["n_patients"] == 4).all()


def test_the_sweep_needs_as_many_as_a_share() -> None:
    assert estimate_responders(six(), replace(SPEC, min_answers=5)).curve.empty


def test_few_answers_are_refused_and_the_composite_stays() -> None:
    result = estimate_responders(six(), replace(SPEC, min_answers=10))
    rows = result.estimates.set_index("term")
    assert rows.loc["responders_moderate", "status"] == "refused"
    assert rows.loc["responders_moderate_of_all", "status"] == "ok"
    shown = responders(disclose({"r": result}, Policy()), "r")._repr_html_()
    assert "Fewer than 10 patients answered" in shown
    assert "2 of 6 (33%)" in shown


def test_one_threshold_of_each_kind_stands_side_by_side() -> None:
    pain = default_registry().get("nrs_pain")
    chosen = choose_thresholds(pain)
    assert [each.name for each in chosen] == ["moderate", "two_points", "acceptable"]
    assert choose_thresholds(pain, default="two_points")[0].name == "two_points"
    with pytest.raises(EstimationError):
        choose_thresholds(default_registry().get("rom_flexion"))


def test_cadence_is_taken_before_the_answer() -> None:
    with pytest.raises(EstimationError):
        estimate_responders(six(), RespondersSpec(group_by="cadence", landmark=84))
    later = estimate_responders(six(), RespondersSpec(group_by="cadence"))
    assert later.spec.landmark == 70


@pytest.mark.parametrize("window", [0, 83])
def test_a_day_without_a_window_is_refused(window: int) -> None:
    with pytest.raises(EstimationError):
        estimate_responders(six(), RespondersSpec(window=window))


def test_measurement_error_of_every_kind() -> None:
    pain = default_registry().get("nrs_pain")
    assert pain.floor is not None
    assert detectable_change(pain) == 4
    sem = replace(pain, floor=replace(pain.floor, measure="SEM", value=1.0))
    assert detectable_change(sem) == pytest.approx(2.7718, abs=1e-4)
    mdc90 = replace(pain, floor=replace(pain.floor, measure="MDC90", value=1.645))
    assert detectable_change(mdc90) == pytest.approx(1.96, abs=1e-3)
    for unknown in (None, replace(pain.floor, measure="MDC")):
        assert detectable_change(replace(pain, floor=unknown)) != detectable_change(pain)


def test_reliable_change_needs_the_larger_of_error_and_threshold() -> None:
    pain = default_registry().get("nrs_pain")
    before, after = pd.Series([10.0, 10, 3, 10, 5, 1]), pd.Series([6.0, 6.1, 7, None, 5, 5])
    found = derive_reliable_change(before, after, pain, pain.threshold("moderate"))
    assert list(found) == ["better", "same", "worse", "missing", "same", "worse"]
    half = derive_reliable_change(before, after, pain, pain.threshold("substantial"))
    assert half[0] == "same"
