"""A quarter of a small clinic, counted by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import ClinicActivitySpec, estimate_clinic_activity
from outcomes.analyses.assemble import CADENCE_CAUTION
from outcomes.analyses.periods import Period, period_before, read_period
from outcomes.errors import EstimationError
from outcomes.present.disclosure import Policy, disclose
from outcomes.present.sections.activity import period_comparison
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, table

SPEC = ClinicActivitySpec(("2026-07-01", "2026-09-30"), ("2026-04-01", "2026-06-30"), min_answers=1)


def clinic() -> Tables:
    """Five patients: steady, new, left in pain, left well, and long gone."""
    visits = sessions(
        """
        patient date       status    booked_on
        steady  2026-05-04 attended  .
        steady  2026-05-18 attended  .
        steady  2026-07-06 attended  .
        steady  2026-08-03 attended  .
        steady  2026-08-31 attended  .
        steady  2026-09-28 attended  .
        steady  2026-10-26 booked    2026-09-28
        new     2026-07-13 attended  2026-07-01
        new     2026-07-20 no_show   2026-07-13
        new     2026-07-27 cancelled 2026-07-13
        new     2026-08-03 attended  2026-07-27
        new     2026-09-21 attended  2026-08-03
        hurting 2026-05-11 attended  .
        hurting 2026-07-13 attended  .
        well    2026-05-11 attended  .
        well    2026-06-22 attended  .
        gone    2026-01-05 attended  .
        """
    )
    answers = assessments(
        """
        patient date       value timing
        steady  2026-05-04 8     pre
        steady  2026-07-27 3     remote
        hurting 2026-05-11 7     pre
        hurting 2026-08-03 6     remote
        hurting 2026-09-07 9     post
        well    2026-05-11 6     pre
        well    2026-06-08 1     remote
        new     2026-07-13 5     pre
        new     2026-10-05 2     remote
        gone    2026-01-05 9     pre
        """
    )
    people = patients("gone", "hurting", "new", "steady", "well")
    return Tables(people, pd.Timestamp("2026-10-15"), sessions=visits, assessments=answers)


@cache
def counted() -> AnalysisResult:
    return estimate_clinic_activity(clinic(), SPEC)


def row(result: AnalysisResult, term: str, period: str = "2026Q3", group: str = "") -> pd.Series:
    rows = result.estimates
    chosen = rows[(rows["term"] == term) & (rows["landmark"] == period) & (rows["group"] == group)]
    assert len(chosen) == 1, (term, period, group)
    return chosen.iloc[0]


@pytest.mark.parametrize(
    ("term", "period", "estimate", "n_patients"),
    [
        ("new_patients", "2026Q3", 1, 1),
        ("new_patients", "2026Q2", 3, 3),
        ("sessions_attended", "2026Q3", 8, 3),
        ("sessions_attended", "2026Q2", 5, 3),
        ("patients_seen", "2026Q3", 3, 3),
        ("no_show", "2026Q3", 1 / 9, 9),
        ("cancelled", "2026Q3", 1 / 10, 10),
        ("lapsed", "2026Q3", 2, 2),
        ("lapsed", "2026Q2", 0, 0),
        # 6 of the one and 1 of the other; the 9 was given after a session.
        ("last_known_pain", "2026Q3", 3.5, 2),
        ("lapsed_in_pain", "2026Q3", 0.5, 2),
    ],
)
def test_counts(term: str, period: str, estimate: float, n_patients: int) -> None:
    found = row(counted(), term, period)
    assert found["estimate"] == pytest.approx(estimate)
    assert found["n_patients"] == n_patients


def test_answers_that_fell_due() -> None:
    result = counted()
    # The 12-week window of steady, hurting and well ended in the quarter; well did not answer.
    due = row(result, "answered_day_84")
    assert (due["n_events"], due["n_patients"]) == (2, 3)
    gain = row(result, "mean_improvement")
    assert gain["estimate"] == pytest.approx((5 + 1) / 2)
    assert (gain["n_patients"], gain["n_eligible"]) == (2, 3)


def test_the_mix_is_of_those_in_care_with_their_start_beside_it() -> None:
    result = counted()
    # On 30 September: steady and new come monthly, hurting was last seen 79 days ago.
    shares = {name: row(result, "cadence_share", group=name) for name in ("monthly", "lapsed")}
    assert shares["monthly"]["estimate"] == pytest.approx(2 / 3)
    assert shares["lapsed"]["n_events"] == 1
    assert row(result, "cadence_share", group="weekly")["estimate"] == 0
    start = row(result, "starting_pain", "day 0", "monthly")
    assert start["estimate"] == pytest.approx(6.5)
    assert CADENCE_CAUTION in result.notes


def test_a_mean_of_few_is_refused() -> None:
    found = row(estimate_clinic_activity(clinic(), replace(SPEC, min_answers=10)), "lapsed")
    assert found["status"] == "ok", "a count is no mean"
    result = estimate_clinic_activity(clinic(), ClinicActivitySpec(SPEC.period, SPEC.compared))
    for term in ("mean_improvement", "last_known_pain"):
        found = row(result, term)
        assert found["status"] == "refused"
        assert found["note"].startswith("too few")
        assert found[["estimate", "conf_low", "conf_high"]].isna().all()
    shown = period_comparison(disclose({"period": result}, Policy()), "period")._repr_html_()
    assert "fewer than 10 patients had both scores" in shown


def test_an_old_score_says_nothing_of_how_a_patient_left() -> None:
    recent = replace(SPEC, recent_days=90)
    # hurting answered 58 days before the end of the quarter, well 114 days
    found = row(estimate_clinic_activity(clinic(), recent), "lapsed_in_pain")
    assert (found["n_events"], found["n_patients"], found["n_eligible"]) == (1, 1, 2)


def test_each_period_has_the_starting_pain_of_its_own_mix() -> None:
    result = counted()
    shares = result.estimates[result.estimates["term"] == "cadence_share"]
    earlier = shares[(shares["landmark"] == "2026Q2") & (shares["n_events"] > 0)]
    start = result.estimates[result.estimates["term"] == "starting_pain"]
    assert set(start.loc[start["landmark"] == "2026Q2", "group"]) == set(earlier["group"])
    assert not start["estimand"].isna().any()
    shown = period_comparison(disclose({"period": result}, Policy()), "period")._repr_html_()
    assert "of those in care at the end of April to June 2026" in shown
    assert "Patients who lapsed during the period" in shown
    assert "fewer of them have lapsed" in shown


def test_the_difference_of_two_periods_stands_beside_them() -> None:
    result = counted()
    shown = period_comparison(disclose({"period": result}, Policy()), "period")._repr_html_()
    now, before = (
        row(result, "sessions_attended", each)["estimate"] for each in ("2026Q3", "2026Q2")
    )
    line = shown.partition("Sessions attended</th>")[2].partition("</tr>")[0]
    cells = re.findall(r'<span class="piece">(.*?)</span>', line)
    gap = f"{now - before:+.0f}".replace("-", "−") if now != before else "0"
    assert cells == [f"{now:.0f}", f"{before:.0f}", gap]
    # of shares only where 30 or more stand behind both
    missed = shown.partition("Appointments missed without notice</th>")[2].partition("</tr>")[0]
    assert re.findall(r'<span class="piece">(.*?)</span>', missed)[-1] == "–"


def test_a_period_counted_again_later_gives_the_same_numbers() -> None:
    now = counted().estimates
    later = replace(clinic(), as_of=pd.Timestamp("2027-10-15"))
    pd.testing.assert_frame_equal(now, estimate_clinic_activity(later, SPEC).estimates)


def test_nothing_after_the_period_is_read() -> None:
    full = clinic()
    cut = full.at(pd.Timestamp("2026-09-30"))
    spec = replace(SPEC, timing="remote")
    pd.testing.assert_frame_equal(
        estimate_clinic_activity(full, spec).estimates,
        estimate_clinic_activity(cut, spec).estimates,
    )


def test_by_clinic() -> None:
    people = table(
        "patients",
        """
        patient clinic
        gone    North
        hurting North
        new     South
        steady  South
        well    North
        """,
    )
    tables = replace(clinic(), patients=people)
    result = estimate_clinic_activity(tables, replace(SPEC, group_by="clinic"))
    assert row(result, "patients_seen", group="South")["estimate"] == 2
    assert row(result, "patients_seen", group="North")["estimate"] == 1
    assert row(result, "lapsed", group="South")["estimate"] == 0
    assert row(result, "last_known_pain", group="South")["status"] == "refused"


def test_without_appointments_what_is_left_is_counted() -> None:
    people = table("patients", "patient index_date\nsteady 2026-05-04\nnew 2026-07-13")
    tables = replace(clinic(), patients=people, sessions=None)
    result = estimate_clinic_activity(tables, SPEC)
    assert row(result, "new_patients")["estimate"] == 1
    assert row(result, "no_show")["note"] == "appointments are not recorded"
    assert row(result, "mean_improvement")["estimate"] == pytest.approx(5)


def test_without_scores_the_sessions_are_counted() -> None:
    result = estimate_clinic_activity(replace(clinic(), assessments=None), SPEC)
    assert row(result, "sessions_attended")["estimate"] == 8
    assert row(result, "mean_improvement")["status"] == "refused"
    assert row(result, "last_known_pain")["status"] == "refused"


def test_a_period_that_is_not_over_says_so() -> None:
    spec = ClinicActivitySpec(("2026-10-01", "2026-12-31"))
    result = estimate_clinic_activity(clinic(), spec)
    assert any("2026Q4 was not over" in note for note in result.notes)


def test_a_period_before_the_first_record_is_empty_and_not_an_error() -> None:
    spec = ClinicActivitySpec(("2024-01-01", "2024-03-31"))
    result = estimate_clinic_activity(clinic(), spec)
    assert row(result, "new_patients", "2024Q1")["estimate"] == 0
    assert row(result, "no_show", "2024Q1")["status"] == "refused"


def test_the_default_is_the_last_whole_quarter_and_the_one_before() -> None:
    as_of = pd.Timestamp("2026-10-15")
    period = read_period(None, as_of)
    assert period.label == "2026Q3"
    assert period_before(period).label == "2026Q2"
    assert read_period(None, pd.Timestamp("2026-09-30")).label == "2026Q3"
    assert read_period(None, pd.Timestamp("2026-09-29")).label == "2026Q2"


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-01-01", "2026-03-31", "2025Q4"),
        ("2026-01-01", "2026-12-31", "2025-01-01 to 2025-12-31"),
        ("2026-03-01", "2026-03-31", "2026-02-01 to 2026-02-28"),
        ("2026-03-05", "2026-03-11", "2026-02-26 to 2026-03-04"),
    ],
)
def test_what_a_period_is_compared_with(first: str, last: str, before: str) -> None:
    period = Period(pd.Timestamp(first), pd.Timestamp(last))
    assert period_before(period).label == before


@pytest.mark.parametrize("dates", [("2026-07-01", "2026-06-01"), ("July", "2026-09-30")])
def test_a_period_that_cannot_be_is_refused(dates: tuple[str, str]) -> None:
    with pytest.raises(EstimationError):
        estimate_clinic_activity(clinic(), ClinicActivitySpec(dates))
