"""When a difference between schedules may be worded as an effect: everything that takes it away."""

from __future__ import annotations

from typing import Any

import pytest

from outcomes.results import AnalysisResult
from outcomes.verdicts import Verdict, judge_cause
from tests.schedule_results import CONTRASTS, LATER, PRIMARY, refused_result, schedule_result

FIRST = CONTRASTS[0]


def verdict(result: AnalysisResult, landmark: str = PRIMARY, group: str = FIRST) -> Verdict:
    return judge_cause(result, group=group, landmark=landmark, outcome="nrs_pain")


def test_carried_where_everything_passed() -> None:
    found = verdict(schedule_result())
    assert (found.kind, found.carried, found.missing) == ("causal", True, "")
    assert found.direction == "better"


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"planned": False}, "No plans are recorded"),
        ({"failures": ("Last pain is not balanced.",)}, "Last pain is not balanced."),
        ({"note": "model-dependent: the second differs"}, "two estimators disagree"),
        ({"control": 0.6}, "pain from before they began"),
        ({"causal": False}, "did not all pass"),
    ],
)
def test_each_check_that_fails_takes_the_word_away(changed: dict[str, Any], missing: str) -> None:
    found = verdict(schedule_result(**changed))
    assert not found.carried
    assert missing in found.missing
    assert found.direction == "better"  # what the interval shows may still be said


def test_a_refused_schedule_has_neither_word_nor_direction() -> None:
    result = schedule_result(refused=("on_demand",))
    found = verdict(result)
    assert (found.carried, found.direction) == (False, "")
    assert "61 effective patients" in found.missing
    assert verdict(result, group="twice_monthly vs monthly").carried


def test_a_control_that_fails_in_one_contrast_leaves_the_others() -> None:
    result = schedule_result()
    panel = result.diagnostics["sensitivity"]
    hit = (panel["analysis"] == "negative control") & (panel["group"] == FIRST)
    panel.loc[hit, ["conf_low", "conf_high"]] = [0.1, 0.5]
    result = result.replace(diagnostics=result.diagnostics | {"sensitivity": panel})
    assert not verdict(result).carried
    assert verdict(result, group=CONTRASTS[1]).carried


def test_weeks_that_the_weights_were_not_checked_for_are_no_effect() -> None:
    found = verdict(schedule_result(), landmark=LATER)
    assert not found.carried
    assert PRIMARY in found.missing


def test_nothing_compared_says_why() -> None:
    found = verdict(refused_result("Too few."))
    assert (found.carried, found.missing) == (False, "Too few.")


def test_too_wide_an_interval_has_no_direction() -> None:
    assert verdict(schedule_result(wide=True)).direction == ""
