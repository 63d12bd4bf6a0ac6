"""What a manager can repeat: number, interval, how many; or what is missing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from outcomes.present.disclosure import Policy, Release, disclose
from outcomes.present.sections.answer import answer
from outcomes.present.sections.missing import not_recorded, records_read, who_is_missing
from outcomes.present.sections.section import in_words, notes_of
from outcomes.present.sentences import (
    change_sentence,
    completeness_sentence,
    difference_sentence,
    headache_sentence,
    movement_sentence,
    responder_sentence,
    spoken_days,
)
from outcomes.results import AnalysisResult, estimates_frame, exclusions_frame


def row(term: str, value: float, low: float, high: float, **more: Any) -> dict[str, Any]:
    return {
        "outcome": "nrs_pain",
        "landmark": "day 84",
        "term": term,
        "estimate": value,
        "conf_low": low,
        "conf_high": high,
        "conf_level": 0.95,
        "n_eligible": 200,
        "n_patients": 150,
        "unit": "points",
    } | more


def result(*rows: dict[str, Any], question: str = "pain_trajectory", **more: Any) -> AnalysisResult:
    return AnalysisResult(question, None, estimates_frame(list(rows)), **more)


def pain(low: float = -4.6, high: float = -4.0, **more: Any) -> AnalysisResult:
    middle = (low + high) / 2
    start = row("mean", 7.1, 6.9, 7.3, landmark="day 0", n_patients=200)
    return result(
        start,
        row("mean", 7.1 + middle, 7.1 + low, 7.1 + high, **more),
        row("change", middle, low, high, **more),
    )


def test_a_change_with_everything_it_needs() -> None:
    sentence = change_sentence(pain(), 84)
    assert sentence.carried
    assert sentence.text == (
        "Pain fell by 4.3 points in 12 weeks (95% CI 4.0 to 4.6), from 7.1 to 2.8 on a scale of "
        "0 to 10. 150 of 200 (75%) answered."
    )


def test_a_later_change_need_not_repeat_everything() -> None:
    assert change_sentence(pain(), 84, follows=True).text == (
        "After 12 weeks it was 4.3 points below the start (95% CI 4.0 to 4.6). "
        "150 of 200 (75%) answered."
    )


def test_a_change_for_the_worse_and_hardly_any() -> None:
    assert change_sentence(pain(0.4, 1.2), 84).text.startswith("Pain rose by 0.8 points")
    little = change_sentence(pain(-0.3, 0.2), 84).text
    assert little.startswith("Pain hardly changed in 12 weeks (95% CI −0.3 to 0.2 points)")


def test_few_answers_are_said_so() -> None:
    text = change_sentence(pain(n_patients=60), 84).text
    assert text.endswith("This goes by the fewer than half who answered: 60 of 200 (30%).")


def test_too_few_people_carry_no_sentence() -> None:
    sentence = change_sentence(pain(n_patients=12), 84)
    assert not sentence.carried
    assert sentence.text.startswith("Pain 12 weeks after the start: can't say yet. 12 answered")
    assert "4.3" not in sentence.text


def headaches(**more: Any) -> AnalysisResult:
    here = {"outcome": "headache_days", "unit": "days per 28 days"} | more
    return result(
        row("baseline_rate", 10.0, 9.0, 11.1, **here),
        row("rate", 6.04, 5.1, 7.0, **here),
        row("rate_ratio", 0.6, 0.521, 0.698, **here),
        row("responders", 0.5, 0.42, 0.58, **(here | {"n_events": 75})),
    )


def test_headaches_bring_both_rates_and_their_ratio() -> None:
    assert headache_sentence(headaches(), 84).text == (
        "Headache days fell by 12 weeks, from 10.0 to 6.0 days in 28: 0.60 times as many as in the "
        "same patients before care (95% CI 0.52 to 0.70). 150 of 200 (75%) kept a diary."
    )
    assert responder_sentence(headaches(), 84).text == (
        "At 12 weeks, 75 of 150 (50%) with a diary both times had at most half as many headache "
        "days as before care (95% CI 42% to 58%)."
    )
    assert not headache_sentence(headaches(n_patients=9), 84).carried


def test_movement_names_the_least_and_the_most() -> None:
    moves = result(
        row("change", 4.0, 3.5, 4.5, outcome="rom_flexion", unit="degrees"),
        row("change", 9.0, 8.0, 10.0, outcome="rom_left_rotation", unit="degrees"),
        question="rom_change",
    )
    assert movement_sentence(moves, 84).text == (
        "The neck moved farther by 12 weeks than at the start: the mean change was +4.0° (bending "
        "forward, 95% CI 3.5 to 4.5) to +9.0° (rotation to the left, 95% CI 8.0 to 10.0). "
        "150 of 200 (75%) were measured then."
    )


def test_movement_that_got_worse_is_not_called_farther() -> None:
    moves = result(
        row("change", -4.0, -4.5, -3.5, outcome="rom_flexion", unit="degrees"),
        question="rom_change",
    )
    assert "farther" not in movement_sentence(moves, 84).text


def difference() -> AnalysisResult:
    here = {"group_by": "arm", "landmark": "day 364"}
    return result(
        row("adjusted_mean", 16.0, 15, 17, group="acupuncture", **here),
        row("adjusted_mean", 20.6, 19, 22, group="control", **here),
        row("difference", 4.6, 2.2, 7.0, group="control", **here),
        question="group_difference",
    )


def test_the_group_that_is_lower_comes_first() -> None:
    assert difference_sentence(difference()).text.startswith(
        "Pain at 1 year: 4.6 points lower in the group"
    )


def test_completeness_has_its_denominators() -> None:
    assert completeness_sentence(pain(), (0, 84, 364)).text == (
        "Pain was scored by 200 of 200 (100%) at the start and 150 of 200 (75%) at 12 weeks, of "
        "those whose time had come."
    )


def test_days_to_speak_of() -> None:
    assert spoken_days(pain(), "change", (84, 364)) == [84]
    assert spoken_days(pain(), "change", (364,)) == [84]


def nothing(reason: str) -> AnalysisResult:
    refused = estimates_frame([{"status": "refused", "note": reason, "outcome": "nrs_pain"}])
    return AnalysisResult("x", None, refused)


def release(**results: AnalysisResult) -> Release:
    empty = {name: nothing("nothing was recorded") for name in ("pain", "headaches", "movement")}
    return disclose({**empty, **results}, Policy())


def test_the_answer_says_there_is_no_comparison() -> None:
    html = answer(release(pain=pain()))._repr_html_()
    assert "Pain fell by 4.3 points" in html
    assert "There is no comparison group here." in html


def test_with_a_comparison_the_answer_begins_with_it() -> None:
    html = answer(release(pain=pain(), difference=difference()))._repr_html_()
    assert html.index("4.6 points lower") < html.index("Pain fell by")
    assert "only if chance decided" in html
    assert "There is no comparison group" not in html


def test_no_answer_says_why() -> None:
    html = answer(
        release(pain=nothing("6 patients answered; at least 10 are needed"))
    )._repr_html_()
    assert "do not carry an answer yet" in html
    assert "Pain: 6 patients answered; at least 10 are needed." in html


def test_notes_for_people() -> None:
    assert in_words("day 182 (lapsed); day 14 (twice monthly)") == (
        "6 months (lapsed); 2 weeks (twice a month)"
    )
    several = result(
        row("mean", 1, 0, 2),
        notes=("acute: It did not converge.", "chronic: It did not converge.", "Other."),
    )
    assert notes_of(several, without=("Other.",)) == ("Acute and chronic: It did not converge.",)


def test_who_is_missing_and_what_is_not_recorded() -> None:
    left_out = result(
        row("mean", 1, 0, 2), exclusions=exclusions_frame([("began care", "no session", 10, 7)])
    )
    html = who_is_missing(disclose({"pain": left_out}, Policy()))._repr_html_()
    assert "no session" in html
    assert ">10<" in html
    nobody = who_is_missing(disclose({"pain": pain()}, Policy()))._repr_html_()
    assert "No patient was left out" in nobody
    said = not_recorded(("sessions", "sessions.therapist_id", "plans"))._repr_html_()
    assert "There is no record of appointments" in said
    assert "therapist" not in said  # a table that is absent has no columns to speak of
    assert "schedules" not in said
    assert not_recorded(())._repr_html_() == ""


@pytest.mark.parametrize("rejected", [0, 3])
def test_rejected_rows_are_counted(rejected: int) -> None:
    accounting = pd.DataFrame(
        {
            "table": ["patients", "headache_diary"],
            "rows_read": [100, 1000],
            "rows_accepted": [100, 1000 - rejected],
            "rows_rejected": [0, rejected],
            "rejected_at_import": [0, 2],
        }
    )
    html = records_read(accounting)._repr_html_()
    if rejected:
        assert "3 of 1,100 (under 1%) rows of the data set were rejected" in html
        assert "Headache diary" in html
    else:
        assert "All 1,100 rows of the data set were read." in html
    assert "2 rows had been rejected when the records were imported." in html
