"""What a manager can repeat: number, interval, how many; or what is missing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from outcomes.present.disclosure import Policy, Release, disclose
from outcomes.present.sections.answer import answer
from outcomes.present.sections.context import published_figures
from outcomes.present.sections.cover import subject_name
from outcomes.present.sections.missing import (
    not_recorded,
    records_read,
    too_small_to_show,
    who_is_missing,
)
from outcomes.present.sections.section import in_words, notes_of
from outcomes.present.sentences import (
    change_sentence,
    completeness_sentence,
    diary_sentence,
    difference_sentence,
    headache_sentence,
    movement_sentence,
    responder_sentence,
    spoken_days,
)
from outcomes.results import AnalysisResult, estimates_frame, exclusions_frame
from outcomes.settings import Settings


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
        "At 12 weeks headache days were down from 10.0 to 6.0 in 28: 0.60 times as many as in the "
        "same patients before care (95% CI 0.52 to 0.70). 150 of 200 (75%) of those who kept a "
        "diary before care kept one then."
    )
    assert responder_sentence(headaches(), 84).text == (
        "At 12 weeks, 75 of 150 (50%) of those with a headache before care and a diary both times "
        "had at most half as many headache days as before care (95% CI 42% to 58%)."
    )
    assert not headache_sentence(headaches(n_patients=9), 84).carried


def test_diaries_are_judged_of_all_patients_who_came_that_far() -> None:
    def of(everyone: int) -> AnalysisResult:
        here = {"outcome": "headache_days", "n_events": 150, "n_patients": everyone}
        rows = [dict(each) for each in headaches().estimates.to_dict("records")]
        share = row("kept_diary", 150 / everyone, 0.1, 0.9, **here | {"n_eligible": everyone})
        before = share | {"landmark": "day 0", "n_events": 200}
        return result(*rows, share, before)

    assert headache_sentence(of(280), 84).text.endswith(
        "150 of 200 (75%) of those who kept a diary before care kept one then, of 280 patients at "
        "12 weeks."
    )
    assert headache_sentence(of(400), 84).text.endswith(
        "This goes by the fewer than half who kept a diary both times: 150 of 400 (38%) at 12 "
        "weeks; 150 of 200 (75%) of those who kept a diary before care kept one then."
    )
    assert responder_sentence(of(400), 84).text.endswith(
        "Those with both are fewer than half of the 400 patients at that time."
    )
    assert not headache_sentence(of(600), 84).carried
    assert not responder_sentence(of(600), 84).carried
    said = diary_sentence(of(400), (0, 84)).text
    assert "200 of 400 (50%) before care and 150 of 400 (38%) at 12 weeks" in said
    assert not diary_sentence(headaches(), (0, 84)).carried


def test_the_first_page_says_how_complete_diaries_are() -> None:
    kept = row("kept_diary", 0.5, 0.4, 0.6, landmark="day 0", n_events=75, n_patients=150)
    both = [dict(each) for each in headaches().estimates.to_dict("records")]
    html = answer(release(pain=pain(), headaches=result(*both, kept)))._repr_html_()
    assert "A headache diary long enough to count was kept by 75 of 150 (50%) before care" in html


def test_hardly_other_headache_days_are_said_so() -> None:
    same = result(row("rate_ratio", 1.0, 0.9, 1.1, outcome="headache_days"))
    more = result(row("rate_ratio", 1.5, 1.3, 1.7, outcome="headache_days"))
    assert headache_sentence(same, 84).text.startswith("At 12 weeks headache days had hardly chang")
    assert headache_sentence(more, 84).text.startswith("At 12 weeks headache days were up: 1.50")


def test_movement_names_the_least_and_the_most() -> None:
    moves = result(
        row("change", 4.0, 3.5, 4.5, outcome="rom_flexion", unit="degrees"),
        row("change", 9.0, 8.0, 10.0, outcome="rom_left_rotation", unit="degrees"),
        question="rom_change",
    )
    assert movement_sentence(moves, 84).text == (
        "The neck moved farther at 12 weeks than at the start: the mean change was +4.0° (bending "
        "forward, 95% CI 3.5 to 4.5) to +9.0° (rotation to the left, 95% CI 8.0 to 10.0). "
        "150 of 200 (75%) were measured then."
    )


def test_movement_that_got_worse_is_not_called_farther() -> None:
    moves = result(
        row("change", -4.0, -4.5, -3.5, outcome="rom_flexion", unit="degrees"),
        question="rom_change",
    )
    assert movement_sentence(moves, 84).text.startswith(
        "The neck moved less far at 12 weeks than at the start: the mean change was −4.0°"
    )


def test_movement_follows_its_verdict() -> None:
    def said(*rows: dict[str, Any]) -> str:
        return movement_sentence(result(*rows, question="rom_change"), 84).text

    degrees = {"outcome": "rom_flexion", "unit": "degrees"}
    little = row("change", 0.4, -1.0, 1.8, **degrees)
    assert said(little).startswith("Neck movement at 12 weeks was hardly other than at the start")
    lost = row("change", -6.0, -7.0, -5.0, unit="degrees", outcome="rom_left_rotation")
    unclear = row("change", 1.0, -9.0, 11.0, unit="degrees", outcome="rom_right_rotation")
    assert said(little, lost, unclear) == (
        "Neck movement at 12 weeks differed by direction from that at the start, by mean change: "
        "less far −6.0° (rotation to the left, 95% CI −7.0 to −5.0); hardly changed +0.4° (bending "
        "forward, 95% CI −1.0 to 1.8). 150 of 200 (75%) were measured then. "
        "Of 1 other movement it can't be said yet."
    )
    few = said(little | {"n_patients": 80})
    assert few.endswith("This goes by the fewer than half who were measured then: 80 of 200 (40%).")
    assert "can't say yet" in said(little | {"n_patients": 50, "n_eligible": 830})


def test_the_level_of_an_interval_is_that_of_its_row() -> None:
    at_90 = {"conf_level": 0.9}
    assert "(90% CI 4.0 to 4.6)" in change_sentence(pain(**at_90), 84).text
    assert "(90% CI 4.0 to 4.6)" in change_sentence(pain(**at_90), 84, follows=True).text
    assert "(90% CI −0.3" in change_sentence(pain(-0.3, 0.2, **at_90), 84).text
    assert "(90% CI 2.2 to 7.0)" in difference_sentence(difference(**at_90)).text
    assert "90% CI 0.52" in headache_sentence(headaches(**at_90), 84).text
    assert "90% CI 42%" in responder_sentence(headaches(**at_90), 84).text
    moved = row("change", 4.0, 3.5, 4.5, outcome="rom_flexion", unit="degrees", **at_90)
    assert "90% CI 3.5" in movement_sentence(result(moved), 84).text


def test_a_unit_is_not_said_twice() -> None:
    here = {"outcome": "vas_pain", "unit": "mm"}
    rows = result(row("change", -46.7, -50, -43, **here))
    assert change_sentence(rows, 84).text.startswith("Pain fell by 46.7 mm in 12 weeks")


def difference(**more: Any) -> AnalysisResult:
    here = {"group_by": "arm", "landmark": "day 364"} | more
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
    assert records_read(accounting, Policy("outside"))._repr_html_() == ""
    html = records_read(accounting, Policy())._repr_html_()
    if rejected:
        assert "3 of 1,100 (under 1%) rows in the files were rejected" in html
        assert "Headache diary" in html
    else:
        assert "All 1,100 rows in the files were read." in html
    assert "2 rows had been rejected when the records were imported." in html


def test_steps_withheld_on_both_sides_are_one_sentence() -> None:
    steps = [("began care", f"reason {step}", 7 - step, 6 - step) for step in range(3)]
    small = result(row("mean", 1, 0, 2), exclusions=exclusions_frame(steps))
    html = who_is_missing(disclose({"pain": small}, Policy("outside")))._repr_html_()
    assert "<table" not in html
    assert html.count("withheld") == 1
    some = [("began care", "no session", 300, 200), *steps]
    large = result(row("mean", 1, 0, 2), exclusions=exclusions_frame(some))
    html = who_is_missing(disclose({"pain": large}, Policy("outside")))._repr_html_()
    assert html.count("<tr") == 2
    assert "are not listed" in html


def test_small_clinics_are_left_out_in_one_sentence() -> None:
    html = too_small_to_show(("Gresham", ""))._repr_html_()
    assert "Patients of clinics too small to be shown are in no number of this release." in html
    assert "Gresham" not in html
    assert too_small_to_show(())._repr_html_() == ""


@pytest.mark.parametrize(
    ("clinics", "clinic", "name"),
    [
        (("S",), "", "Salem"),
        (("P", "S"), "", "All clinics"),
        (("P", "S"), "S", "Salem"),
        (("", "S"), "", "All patients"),
        (("",), "", "All patients"),
    ],
)
def test_the_cover_names_whom_the_title_names(
    clinics: tuple[str, ...], clinic: str, name: str
) -> None:
    settings = Settings(clinic_names={"S": "Salem"})
    assert subject_name(clinics, settings, clinic) == name


def test_published_figures_do_not_say_that_withheld_pain_is_not_recorded() -> None:
    few = row("mean", 4, 3, 5, n_patients=3, n_eligible=3)
    none = row("mean", 4, 3, 5, status="refused", note="too few")
    shown = {"pain": result(few), "headaches": result(none), "movement": result(none)}
    html = published_figures(disclose(shown, Policy("outside")))._repr_html_()
    assert "can be shown here" in html
    assert "recorded" not in html
