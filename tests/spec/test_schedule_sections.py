"""What the pages on maintenance schedules say, and what they must not."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.pain_return import PainReturnSpec
from outcomes.analyses.sessions_to_improvement import SessionsToImprovementSpec
from outcomes.present import (
    Policy,
    Release,
    disclose,
    first_plan_table,
    further_outcomes,
    later_weeks,
    naive_against_corrected,
    pain_return_section,
    schedule_answer,
    schedule_checks,
    schedule_flow,
    schedule_limits,
    schedule_question,
    schedule_results,
    schedule_sensitivity,
    sessions_section,
    target_statement,
)
from outcomes.present.sections.section import Section
from outcomes.results import AnalysisResult, estimates_frame
from tests.schedule_results import baseline_result, refused_result, schedule_result

AS_OF = pd.Timestamp("2026-09-30")
EFFECT = re.compile(r"would be|had everyone kept to one|effect of|if everyone kept")


def release(result: AnalysisResult, audience: str = "inside", **others: AnalysisResult) -> Release:
    known = {"schedules": result, "first plans": baseline_result()} | others
    return disclose(known, Policy(audience))


def text(section: Section) -> str:
    html = section._repr_html_()
    alts = " ".join(re.findall(r'alt="([^"]*)"', html))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html) + " " + alts))


def answer(result: AnalysisResult, audience: str = "inside") -> str:
    return text(schedule_answer(release(result, audience), "schedules"))


def target(result: AnalysisResult) -> Section:
    return target_statement(
        release(result), "schedules", "first plans", clinics=("A", "B"), as_of=AS_OF, synthetic=True
    )


def test_the_answer_is_an_effect_only_where_the_checks_passed() -> None:
    said = answer(schedule_result())
    assert (
        "Pain in weeks 13–24 would be 2.4 points lower (95% CI 2.2 to 2.6) if everyone kept to "
        "sessions twice a month than if everyone kept to coming on demand." in said
    )
    assert "No check can show that." in said


@pytest.mark.parametrize(
    "result",
    [
        schedule_result(planned=False),
        schedule_result(failures=("Last pain is not balanced: monthly, block 2.",)),
        schedule_result(note="model-dependent: differs"),
        schedule_result(control=0.6),
        schedule_result(causal=False),
    ],
    ids=["no plans", "not balanced", "model-dependent", "control", "checks"],
)
def test_otherwise_nothing_on_the_pages_is_worded_as_an_effect(result: AnalysisResult) -> None:
    shown = release(result)
    said = answer(result)
    assert "This is an association and not an effect:" in said
    for section in (schedule_answer, schedule_results, later_weeks, further_outcomes):
        assert not EFFECT.search(text(section(shown, "schedules"))), section.__name__
    assert "may be worded as an effect" in text(target(result))


def test_without_plans_it_says_so_and_which_way_that_leans() -> None:
    note = (
        "No plans are recorded, so what was intended is not known: frequent attendance looks "
        "better than it is."
    )
    result = schedule_result(planned=False, notes=(note,))
    assert note in answer(result)
    limits = schedule_limits(
        release(result, **{"return": bounded()}), "schedules", "return", clinics=("A", "B")
    )
    assert note in text(limits)
    assert "Without plans nobody knows what was begun" in text(
        schedule_results(release(result), "schedules")
    )


def test_a_refused_schedule_has_no_number_anywhere() -> None:
    result = schedule_result(refused=("on_demand",))
    shown = release(result)
    said = answer(result)
    assert "61 effective patients of 1,648 eligible; 100 are needed" in said
    assert "tested 2" not in said and "primary" not in said
    for section in (schedule_results, naive_against_corrected, further_outcomes):
        words = text(section(shown, "schedules"))
        assert "4.4" not in words and "−2.4" not in words, section.__name__
    assert "On demand –" in text(schedule_results(shown, "schedules"))
    assert "failed; twice a month 250, monthly 250 and on demand 40" in text(
        schedule_checks(shown, "schedules")
    )


def test_nothing_compared_is_refused_politely_everywhere() -> None:
    result = refused_result()
    shown = release(result, **{"return": bounded()})
    sections = [
        section(shown, "schedules")
        for section in (
            schedule_answer,
            schedule_question,
            schedule_flow,
            schedule_checks,
            naive_against_corrected,
            schedule_results,
            later_weeks,
            further_outcomes,
            schedule_sensitivity,
        )
    ]
    for section in sections:
        words = text(section)
        assert words.strip() and "nan" not in words
        assert not re.search(r"points|95% CI", words)
    assert "do not carry a comparison of schedules yet. 10 patients are eligible" in text(
        sections[0]
    )
    assert "2 left out: no attended session" in str(sections[2]._repr_html_())
    limits = text(schedule_limits(shown, "schedules", "return", clinics=("",)))
    assert "Anything about which schedule is better. 10 patients are eligible" in limits
    assert "none is recorded" in limits
    assert "refused; the first page says why" in text(target(result))


def test_the_target_statement_has_its_21_items_from_the_run() -> None:
    html = target(schedule_result())._repr_html_()
    numbers = [int(found) for found in re.findall(r"<th scope=\"row\"[^>]*>(\d+) ", html)]
    assert numbers == list(range(1, 22))
    words = text(target(schedule_result()))
    assert "Routine records of 2 clinics up to 30 September 2026." in words
    assert "2,085 of 2,800 patients are eligible" in words
    assert "Furthest apart: age (years), twice a month against on demand, 0.31" in words
    assert "twice a month against on demand −2.40 (−2.60 to −2.20)" in words
    assert "20 resamples of patients" in words
    assert "not adjusted for: distress" in words
    assert "simulated and evidence of nothing" in words


def test_another_run_fills_in_another_statement() -> None:
    first, second = text(target(schedule_result())), text(target(schedule_result(control=0.6)))
    assert "All contrasts in the primary weeks may be worded as effects" in first
    assert "0 of 3 contrasts may be worded as an effect" in second


def test_the_flow_counts_every_clone() -> None:
    words = text(schedule_flow(release(schedule_result()), "schedules"))
    assert "2,800 patients in the records. 107 left out: active phase not finished." in words
    assert "Twice a month: 2,085 clones, 700 began it, 600 kept to it for 24 weeks" in words


def test_the_checks_show_support_balance_and_overlap() -> None:
    section = schedule_checks(release(schedule_result()), "schedules")
    words = text(section)
    assert "Balance of last pain in every block: passed; at most 0.02" in words
    assert "17.2" in words and "0.123" in words
    assert words.count("standardised differences") == 1
    assert section._repr_html_().count("<img") == 2


def test_outside_nothing_of_one_person_is_shown() -> None:
    shown = release(schedule_result(), "outside")
    words = text(schedule_checks(shown, "schedules"))
    assert "17.2" not in words and "0.123" not in words  # a largest weight is somebody's
    assert "Effective patients" not in re.sub(r"Effective patients: how many.*", "", words)
    flow = text(schedule_flow(shown, "schedules"))
    assert "few" in flow
    assert all(int(n.replace(",", "")) % 5 == 0 for n in re.findall(r"(\d[\d,]*) clones", flow))
    assert "would be 2.4 points lower" in answer(schedule_result(), "outside")
    table = text(first_plan_table(shown, "first plans"))
    assert "withheld" in table and "6 of 200" not in table


def test_the_first_page_outside_gives_no_count_in_a_refusal() -> None:
    said = answer(schedule_result(refused=("on_demand",)), "outside")
    assert "Too few effective patients." in said
    assert "1,648" not in said and "1648" not in said


def test_table_one_has_differences_and_denominators() -> None:
    words = text(first_plan_table(release(schedule_result()), "first plans"))
    assert "Age (years), mean (SD) 45.0 (12.0) 45.0 (12.0) 45.0 (12.0) 0.31" in words
    assert "Sex: Female 194 of 200 (97%)" in words


def test_naive_and_corrected_stand_side_by_side_with_what_they_assume() -> None:
    words = text(naive_against_corrected(release(schedule_result()), "schedules"))
    assert "Cadence they ended up with 2.60 2.80 4.40" in words
    assert "Corrected: clones, weights 2.00 2.80 4.40" in words
    assert words.count("Assumes that") == 2


def test_model_dependent_is_printed() -> None:
    words = text(schedule_results(release(schedule_result(note="model-dependent: x")), "schedules"))
    assert "(primary) – model-dependent" in words


def test_one_panel_has_every_sensitivity_analysis() -> None:
    section = schedule_sensitivity(release(schedule_result()), "schedules")
    assert section._repr_html_().count("<img") == 1
    words = text(section)
    for name in (
        "As specified",
        "Weights cut at the 99.5th percentile",
        "Grace: 1 blocks off",
        "Older confounder",
        "Leavers +1 points",
        "Leavers jump to reference",
        "Visits, weighted for intensity",
        "Negative control",
    ):
        assert name in words, name
    assert "the interval reaches 0 at a delta of +8.3 points" in words
    assert "6.89 for the estimate" in words


def test_sensitivity_switched_off_is_said() -> None:
    result = schedule_result(sensitivity=False)
    assert "switched off" in text(schedule_sensitivity(release(result), "schedules"))


def bounded() -> AnalysisResult:
    """Return of pain from visits alone."""
    weeks = np.arange(1.0, 27.0)
    rows = [
        {
            "outcome": "nrs_pain",
            "term": f"F({week})",
            "landmark": f"week {week}",
            "conf_low": 0.2,
            "conf_high": 0.6,
            "n_eligible": 300,
            "n_patients": 200,
            "method": "bounds from visits",
            "status": "not_identified",
            "note": "not point-identified",
        }
        for week in (4, 8, 17)
    ]
    curve = pd.DataFrame(
        {"week": weeks, "estimate": np.nan, "low": 0.2, "high": 0.6, "method": "bounds"}
    )
    return AnalysisResult(
        "pain_return",
        PainReturnSpec(instrument="nrs_pain"),
        estimates_frame(rows),
        curve=curve,
        diagnostics={"timing": "pre"},
        estimand="Population: those who stopped.",
    )


def test_visit_only_return_of_pain_is_bounds_and_never_a_curve() -> None:
    section = pain_return_section(release(schedule_result(), **{"return": bounded()}), "return")
    words = text(section)
    assert "Returned by week 17 not point-identified: 20% to 60%" in words
    assert "no curve: by week 4 between 20% and 60%" in words
    assert "Log-normal" not in words and "Without a model" not in words


def test_sessions_show_both_courses_and_the_plateau() -> None:
    rows = [
        {
            "outcome": "nrs_pain",
            "term": term,
            "group": group,
            "landmark": f"session {session}",
            "estimate": value,
            "conf_low": value - 0.1,
            "conf_high": value + 0.1,
            "conf_level": 0.95,
            "n_patients": 400,
            "n_eligible": 400,
            "unit": "points",
        }
        for term, group, levels in (
            ("mean", "everyone", (7.0, 4.0, 2.0)),
            ("attendees", "attendees", (7.0, 4.5, 3.2)),
        )
        for session, value in enumerate(levels, start=1)
    ]
    rows.append(
        {
            "outcome": "nrs_pain",
            "term": "plateau",
            "group": "everyone",
            "landmark": "session 12",
            "estimate": 3.0,
            "conf_low": 3.0,
            "conf_high": 4.0,
            "conf_level": 0.95,
            "n_patients": 400,
        }
    )
    curve = pd.DataFrame(rows[:-1])
    curve["session"] = curve["landmark"].str.removeprefix("session ").astype(int)
    curve = curve.rename(columns={"estimate": "mean"})
    result = AnalysisResult(
        "sessions_to_improvement",
        SessionsToImprovementSpec(instrument="nrs_pain"),
        estimates_frame(rows),
        curve=curve[["group", "session", "mean", "conf_low", "conf_high", "n_patients"]],
    )
    words = text(sessions_section(release(schedule_result(), sessions=result), "sessions"))
    assert "200 resamples of patients" in words
    assert "The plateau is at session 3 (95% CI 3 to 4)" in words
    assert "Session 3 2.0 (1.9 to 2.1) 3.2 (3.1 to 3.3) 400" in words
    assert "Had everyone gone on: session 1 7.0" in words
