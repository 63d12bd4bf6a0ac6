"""What a sentence needs, as small tables: the row, and what may be said of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult, estimates_frame
from outcomes.verdicts import (
    VerdictRules,
    judge,
    judge_change,
    judge_result,
    kind_of,
    months_until,
)


def row(**values: Any) -> pd.Series:
    """A change of pain by −2 of 100 patients at risk, 80 answering."""
    given = {
        "outcome": "nrs_pain",
        "term": "change",
        "estimate": -2.0,
        "conf_low": -2.5,
        "conf_high": -1.5,
        "n_patients": 80,
        "n_eligible": 100,
        "unit": "points",
    }
    return estimates_frame([{**given, **values}]).iloc[0]


def test_a_clear_fall_of_pain_is_better() -> None:
    verdict = judge(row())
    assert (verdict.kind, verdict.carried, verdict.hedged) == ("change", True, False)
    assert verdict.direction == "better"
    assert verdict.missing == "" and verdict.more_answers is None


@pytest.mark.parametrize(
    ("outcome", "estimate", "direction"),
    [
        ("nrs_pain", -2.0, "better"),
        ("nrs_pain", 2.0, "worse"),
        ("rom_flexion", 2.0, "better"),
        ("rom_flexion", -2.0, "worse"),
        ("headache_days", -2.0, "better"),
    ],
)
def test_direction_follows_the_scale(outcome: str, estimate: float, direction: str) -> None:
    given = row(
        outcome=outcome, estimate=estimate, conf_low=estimate - 0.5, conf_high=estimate + 0.5
    )
    assert judge(given).direction == direction


def test_an_improvement_is_signed_already() -> None:
    given = row(term="mean_improvement", estimate=2.0, conf_low=1.5, conf_high=2.5)
    assert judge(given).direction == "better"


def test_too_few_say_how_many_more() -> None:
    verdict = judge(row(n_patients=12, n_eligible=20))
    assert not verdict.carried
    assert verdict.more_answers == 18
    assert "12 answered; 18 more" in verdict.missing


def test_thirty_are_enough_and_twenty_nine_are_not() -> None:
    assert judge(row(n_patients=30, n_eligible=40)).carried
    assert not judge(row(n_patients=29, n_eligible=40)).carried


def test_half_answering_is_not_hedged_and_less_is() -> None:
    assert not judge(row(n_patients=50)).hedged
    verdict = judge(row(n_patients=40))
    assert verdict.carried and verdict.hedged
    assert verdict.more_answers == 10


def test_no_verdict_where_hardly_anybody_answered() -> None:
    verdict = judge(row(n_patients=213, n_eligible=10_650))
    assert not verdict.carried and verdict.direction == ""
    assert verdict.missing == "213 of 10,650 answered, under 30%: 2,982 more would do."
    assert verdict.more_answers == 2_982
    assert judge(row(n_patients=213, n_eligible=10_650), rules=VerdictRules(floor=0.02)).hedged


def test_thirty_percent_is_hedged_and_less_is_not_said() -> None:
    assert judge(row(n_patients=30)).hedged  # 0.3 * 100 is a little over 30 in binary
    assert not judge(row(n_patients=59, n_eligible=200)).carried


def test_completeness_is_judged_of_all_whom_a_sentence_speaks_of() -> None:
    assert not judge(row()).hedged
    assert judge(row(), eligible=200).hedged
    assert not judge(row(), eligible=300).carried


def test_little_change_of_a_movement_is_less_than_measurement_error() -> None:
    # the MDC95 is 11.4 degrees, of which half is 5.7; a tenth of the scale would be 12
    little = {"outcome": "rom_flexion", "unit": "degrees", "estimate": 0.4}
    assert judge(row(**little, conf_low=-4.9, conf_high=5.6)).direction == "little change"
    assert not judge(row(**little, conf_low=-5.2, conf_high=6.0)).carried


def test_an_interval_over_zero_and_wide_cannot_tell() -> None:
    # Half width 1.5 must become 1.0 for the interval to leave out zero: 80 (1.5² − 1) = 100.
    verdict = judge(row(estimate=-1.0, conf_low=-2.5, conf_high=0.5))
    assert not verdict.carried
    assert verdict.direction == ""
    assert verdict.more_answers == 100


def test_an_interval_within_a_point_of_zero_is_little_change() -> None:
    verdict = judge(row(estimate=-0.2, conf_low=-0.7, conf_high=0.3))
    assert verdict.carried
    assert verdict.direction == "little change"


@pytest.mark.parametrize(
    ("low", "high", "carried", "direction"),
    [
        (0.4, 0.7, True, "better"),
        (1.2, 1.6, True, "worse"),
        (0.9, 1.2, True, "little change"),
        (0.6, 1.4, False, ""),
    ],
)
def test_ratios(low: float, high: float, carried: bool, direction: str) -> None:
    given = row(
        outcome="headache_days",
        term="rate_ratio",
        estimate=(low * high) ** 0.5,
        conf_low=low,
        conf_high=high,
    )
    verdict = judge(given)
    assert (verdict.carried, verdict.direction) == (carried, direction)


def test_a_share_needs_an_interval_of_thirty_points() -> None:
    given = {"term": "responders", "estimate": 0.5, "n_patients": 40, "n_eligible": 50}
    assert judge(row(**given, conf_low=0.36, conf_high=0.64)).carried
    wide = judge(row(**given, conf_low=0.34, conf_high=0.66))
    assert not wide.carried
    # 40 (0.32 / 0.30)² − 40 = 5.5
    assert wide.more_answers == 6


def test_a_level_needs_a_fifth_of_its_scale() -> None:
    given = {"term": "mean", "estimate": 4.0}
    assert judge(row(**given, conf_low=3.1, conf_high=4.9)).carried
    assert not judge(row(**given, conf_low=2.9, conf_high=5.1)).carried


def test_a_model_that_did_not_arrive_carries_nothing() -> None:
    verdict = judge(row(), converged=False)
    assert not verdict.carried and verdict.more_answers is None


def test_what_was_refused_says_why() -> None:
    verdict = judge(row(status="refused", note="the mean at the start is too low"))
    assert verdict.missing == "Not estimated: the mean at the start is too low."


def test_what_was_held_back_says_nothing_of_its_count() -> None:
    verdict = judge(row(status="suppressed", n_patients=None, estimate=None))
    assert verdict.missing == "Held back to protect a small group."
    assert verdict.more_answers is None


def test_rules_can_be_changed() -> None:
    assert not judge(row(), rules=VerdictRules(minimum_n=100)).carried


def test_a_term_without_a_sentence_is_refused() -> None:
    with pytest.raises(EstimationError):
        judge(row(term="change_interaction"))


def result(converged: bool = True) -> AnalysisResult:
    rows = pd.DataFrame([row(landmark="day 84"), row(landmark="day 182")])
    models = pd.DataFrame({"group": [""], "converged": [converged]})
    return AnalysisResult(
        "pain_trajectory", None, estimates_frame(rows), diagnostics={"models": models}
    )


def test_a_row_of_a_result_is_found() -> None:
    assert judge_result(result(), term="change", landmark="day 84").carried


def test_convergence_is_read_from_the_result() -> None:
    assert not judge_result(result(False), term="change", landmark="day 84").carried


def test_a_row_that_is_not_there_is_not_carried() -> None:
    verdict = judge_result(result(), term="change", landmark="day 1092")
    assert not verdict.carried and verdict.missing


def test_several_rows_are_refused() -> None:
    with pytest.raises(EstimationError):
        judge_result(result(), term="change")


@pytest.mark.parametrize(
    ("values", "lack"),
    [
        ({}, ""),
        ({"n_patients": 20}, "people"),
        ({"n_patients": 200, "n_eligible": 1000}, "answers"),
        ({"estimate": -0.4, "conf_low": -1.6, "conf_high": 0.8}, "width"),
        ({"status": "refused", "estimate": float("nan")}, "estimate"),
        ({"status": "suppressed"}, "disclosure"),
    ],
)
def test_what_is_missing_has_a_kind(values: dict[str, Any], lack: str) -> None:
    assert judge(row(**values)).lack == lack


def test_a_model_that_did_not_arrive_is_the_kind_of_lack() -> None:
    assert judge(row(), converged=False).lack == "model"


@pytest.mark.parametrize(
    "term",
    ["responders_moderate", "not_moderate_of_all", "answered_in_care", "still_in_care", "rebooked",
     "no_future_booking", "lapsed", "reliable_improvement", "serious"],
)  # fmt: skip
def test_terms_of_the_manager_are_shares(term: str) -> None:
    assert kind_of(term) == "share"


def test_months_are_answers_over_those_who_will_answer_in_a_month() -> None:
    verdict = judge(row(n_patients=20, n_eligible=40))
    assert verdict.more_answers == 10
    assert months_until(verdict, 6.0) == 4  # half of six answer: three a month
    assert months_until(verdict, 1000.0) == 1
    assert months_until(verdict, 0.0) is None
    assert months_until(verdict, float("nan")) is None
    assert months_until(judge(row(n_patients=200, n_eligible=1000)), 6.0) is None


def share(term: str, events: int, n: int, low: float, high: float) -> pd.Series:
    return row(
        term=term, estimate=events / n, conf_low=low, conf_high=high, n_events=events, n_patients=n
    )


def test_newcombes_example_of_two_proportions() -> None:
    """56 of 70 against 48 of 80: 95% CI 0.0524 to 0.3339, so it leaves out 0 (Newcombe 1998)."""
    now = share("responders", 56, 70, 0.6921, 0.8770)
    before = share("responders", 48, 80, 0.4904, 0.7004)
    assert judge_change(now, before).direction == "better"
    assert judge_change(before, now).direction == "worse"


def test_nine_of_ten_against_three_of_ten_rests_on_too_few() -> None:
    now = share("no_show", 9, 10, 0.5958, 0.9821)
    found = judge_change(now, share("no_show", 3, 10, 0.1078, 0.6032))
    assert not found.carried
    assert found.lack == "people"
    assert found.more_answers == 20


def test_a_difference_within_chance_is_not_said() -> None:
    now = share("no_show", 6, 100, 0.0278, 0.1248)
    found = judge_change(now, share("no_show", 3, 100, 0.0103, 0.0845))
    assert not found.carried
    assert found.lack == "width"


def test_a_share_that_is_neither_good_nor_bad_has_no_direction() -> None:
    now = share("cadence_share", 80, 100, 0.71, 0.87)
    found = judge_change(now, share("cadence_share", 20, 100, 0.13, 0.29))
    assert found.carried
    assert found.direction == ""
