"""Which diary days count, for whom, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import HeadacheFrequencySpec, estimate_headache_frequency
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.course_tables import START, data_set, diary, fill, people, visits

N = 20


def kept(first: int, last: int, aches: int) -> dict[int, int]:
    """A diary filled in from one day to another, with headaches on the first days of it."""
    return {day: int(day < first + aches) for day in range(first, last + 1)}


def tables(**changes: dict[int, int]) -> Tables:
    """Twenty with 12 to 15 headache days before, 6 to 9 around day 84; changes for some."""
    filled = {}
    for number in range(N):
        patient = f"p{number:03d}"
        filled[patient] = kept(-28, -1, 12 + number % 4) | kept(70, 97, 6 + number % 4)
    return data_set(people(N), headache_diary=diary(filled | changes))


def row(result: AnalysisResult, term: str, landmark: str = "day 84", group: str = "") -> pd.Series:
    rows = result.estimates
    chosen = rows[
        (rows["term"] == term) & (rows["landmark"] == landmark) & (rows["group"] == group)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_days_per_28_and_their_ratio() -> None:
    result = estimate_headache_frequency(tables())
    before, after, ratio = (row(result, term) for term in ("baseline_rate", "rate", "rate_ratio"))
    assert before["estimate"] == pytest.approx(13.5)
    assert after["estimate"] == pytest.approx(7.5)
    assert ratio["estimate"] == pytest.approx(7.5 / 13.5)
    assert (after["n_patients"], after["n_events"], after["n_assessments"]) == (20, 150, 560)
    assert ratio["conf_low"] < 7.5 / 13.5 < ratio["conf_high"]


def test_days_not_filled_in_are_no_days_without_headache() -> None:
    half = kept(-28, -1, 12) | {day: int(day % 4 == 0) for day in range(70, 98, 2)}
    result = estimate_headache_frequency(tables(p000=half))
    after = row(result, "rate")
    assert after["n_assessments"] == 560 - 14
    assert after["estimate"] == pytest.approx(28 * after["n_events"] / after["n_assessments"])


def test_short_diaries_make_no_rate_and_are_counted() -> None:
    short = kept(-28, -1, 12) | kept(70, 82, 5)
    result = estimate_headache_frequency(tables(p000=short))
    assert row(result, "rate")["n_patients"] == 19
    counted = row(result, "short_diaries")
    assert (counted["n_events"], counted["n_patients"]) == (1, 20)


def test_the_baseline_is_compared_in_the_same_patients() -> None:
    gone = kept(-28, -1, 28)
    result = estimate_headache_frequency(tables(p000=gone))
    assert row(result, "baseline_rate")["estimate"] == pytest.approx((13.5 * 20 - 12) / 19)
    at_start = result.curve[result.curve["window"] == 0].iloc[0]
    assert at_start["n_patients"] == 20
    assert at_start["estimate"] == pytest.approx((13.5 * 20 - 12 + 28) / 20)


def test_responders_need_a_headache_to_lose() -> None:
    free = kept(-28, -1, 0) | kept(70, 97, 0)
    result = estimate_headache_frequency(tables(p000=free))
    share = row(result, "responders")
    # 13 → 7, 14 → 8 and 15 → 9 are less than half off; 12 → 6 is half: four others start at 12.
    assert (share["n_patients"], share["n_events"]) == (19, 4)


def test_patients_without_a_diary_before_care_are_counted_out() -> None:
    result = estimate_headache_frequency(tables(p000=kept(70, 97, 5)))
    step = result.exclusions.set_index("step").loc["diary before care"]
    assert (step["n_in"], step["n_out"]) == (20, 19)


def test_diaries_are_counted_of_all_patients_who_came_that_far() -> None:
    given = tables(p000=kept(70, 97, 5), p001=kept(-28, -1, 9), p002={})
    result = estimate_headache_frequency(given)
    assert row(result, "rate")["n_eligible"] == 18
    now, before = row(result, "kept_diary"), row(result, "kept_diary", "day 0")
    assert (now["n_events"], now["n_patients"], now["n_eligible"]) == (17, 20, 20)
    assert (before["n_events"], before["n_patients"]) == (18, 20)


def test_without_any_diary_before_care_rates_stand_alone() -> None:
    filled = {f"p{number:03d}": kept(70, 97, 5 + number % 3) for number in range(N)}
    result = estimate_headache_frequency(data_set(people(N), headache_diary=diary(filled)))
    assert set(result.estimates["term"]) == {"rate", "kept_diary", "short_diaries"}
    assert any("without a ratio" in note for note in result.notes)


def test_the_span_follows_the_days_filled_in_whatever_was_written() -> None:
    def shifted(aches: int) -> Tables:
        filled = {f"p{number:03d}": kept(-28, -1, 12) | kept(60, 87, aches) for number in range(N)}
        return data_set(people(N), headache_diary=diary(filled))

    for aches in (1, 20):
        result = estimate_headache_frequency(shifted(aches))
        assert result.diagnostics["spans"][84] == (60, 87)
        assert "days 60 to 87" in result.estimand


def test_spans_of_two_follow_up_times_never_share_a_day() -> None:
    filled = {f"p{number:03d}": kept(-28, 400, 100) for number in range(N)}
    result = estimate_headache_frequency(data_set(people(N), headache_diary=diary(filled)))
    spans = sorted(result.diagnostics["spans"].values())
    assert len(spans) == 5
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert all(last - first == 27 for first, last in spans)


def by_cadence() -> Tables:
    filled, days = {}, {}
    for number in range(2 * N):
        patient = f"p{number:03d}"
        filled[patient] = kept(-28, -1, 12) | kept(154, 181, 9) | kept(350, 377, 4 + number % 3)
        days[patient] = range(0, 183, 14 if number < N else 28)
    patients = people(2 * N).assign(index_date=pd.NaT)
    return data_set(fill("patients", patients), headache_diary=diary(filled), sessions=visits(days))


def test_cadence_is_measured_before_the_span_it_is_compared_in() -> None:
    result = estimate_headache_frequency(by_cadence(), HeadacheFrequencySpec(group_by="cadence"))
    assert min(first for day, (first, _) in result.diagnostics["spans"].items() if day) > 182
    # The diary of days 154 to 181 lies before the landmark and serves no comparison of cadences.
    assert set(result.curve["window"]) == {364}
    assert row(result, "rate", "day 364", "monthly")["n_patients"] == 20
    assert result.curve["start_level"].unique() == pytest.approx([12.0])


def test_one_type_of_headache_can_be_chosen() -> None:
    given = tables()
    kinds = given.patients.assign(headache_type=["tension"] * 12 + ["migraine"] * 8)
    given = replace(given, patients=fill("patients", kinds))
    result = estimate_headache_frequency(given, HeadacheFrequencySpec(headache_type="tension"))
    assert row(result, "rate")["n_patients"] == 12
    assert "tension" in result.estimand


def test_counted_periods_stand_for_the_time_they_are_nearest_to() -> None:
    rows = []
    for number in range(N):
        for day, aches in ((-28, 14.0), (77, 7.5 + number % 2), (351, 3.0 + number % 3)):
            if number == 0 and day == 351:
                continue
            rows.append((f"p{number:03d}", START + pd.Timedelta(days=day), 28, aches))
    columns = ["patient_id", "start", "days_observed", "headache_days"]
    periods = fill("headache_periods", pd.DataFrame(rows, columns=columns))
    result = estimate_headache_frequency(data_set(people(N), headache_periods=periods))
    assert row(result, "rate", "day 84")["estimate"] == pytest.approx(8.0)
    late = row(result, "rate", "day 364")
    assert (late["n_patients"], late["n_eligible"]) == (19, 20)


def test_a_span_that_is_not_over_has_nobody_at_risk() -> None:
    early = replace(tables(), as_of=START + pd.Timedelta(days=90))
    result = estimate_headache_frequency(early)
    assert "day 84" not in set(result.estimates.loc[result.estimates["status"] == "ok", "landmark"])


def test_too_few_and_too_quiet_are_refused() -> None:
    quiet = {f"p{number:03d}": kept(-28, -1, 5) | kept(70, 97, 0) for number in range(N)}
    result = estimate_headache_frequency(data_set(people(N), headache_diary=diary(quiet)))
    assert row(result, "rate_ratio")["status"] == "refused"
    assert row(result, "rate_ratio")["note"].startswith("not estimated")
    few = tables().restrict([f"p{number:03d}" for number in range(9)])
    rows = estimate_headache_frequency(few).estimates
    assert (rows.loc[rows["term"] == "rate", "status"] == "refused").all()


def test_no_diary_at_all_is_said() -> None:
    result = estimate_headache_frequency(data_set(people(3)))
    assert list(result.estimates["status"]) == ["refused"]
    assert result.estimates["outcome"].iloc[0] == "headache_days"
    assert np.isnan(result.estimates["estimate"].iloc[0])
