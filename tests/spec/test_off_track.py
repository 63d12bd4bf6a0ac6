"""Off track: the plain rule, few patients, few scores, and what may not be judged by what."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.analyses import (
    OffTrackSpec,
    estimate_off_track,
    estimate_off_track_accuracy,
    fit_off_track_reference,
)
from outcomes.analyses.off_track.patients import COLUMNS, SIGNALS
from outcomes.errors import EstimationError
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions

AS_OF = pd.Timestamp("2026-02-10")


def weekly(scores: dict[str, list[float | None]]) -> Tables:
    """A session a week from 5 January 2026, with these scores before them."""
    held, said = ["session patient date"], ["patient date timing value session"]
    for patient, values in scores.items():
        for number, value in enumerate(values):
            day = (pd.Timestamp("2026-01-05") + pd.Timedelta(days=7 * number)).date()
            held.append(f"{patient}{number} {patient} {day}")
            if value is not None:
                said.append(f"{patient} {day} pre {value} {patient}{number}")
    return Tables(
        patients(*scores),
        AS_OF,
        sessions=sessions("\n".join(held)),
        assessments=assessments("\n".join(said)),
    )


FEW = {
    "stuck": [8, 8, 7, 7, 7],
    "fine": [8, 6, 5, 3, 2],
    "low": [3, 3, 3, 3, 3],
    "new": [6],
    "silent": [None, None],
    "early": [9, 9, 9],
    "asked_once": [7, 6, 5, 4, None],
}


def lines(tables: Tables) -> pd.DataFrame:
    frame = estimate_off_track(tables).diagnostics["patients"]
    assert tuple(frame.columns) == COLUMNS
    return frame.set_index("patient_id")


def test_few_starters_get_the_plain_rule_and_are_told_why() -> None:
    result = estimate_off_track(weekly(FEW))
    assert result.scope == "patient"
    assert result.diagnostics["rule"] == "plain_rule"
    why = result.diagnostics["why_plain"]
    assert "5 people" in why and "300" in why and "plain rule" in why
    assert why in result.notes
    assert result.diagnostics["one_in_text"].startswith("How often flags are wrong is not known")


def test_the_plain_rule_is_for_those_who_started_above_four_and_from_session_four() -> None:
    found = lines(weekly(FEW))
    assert found["signal"].to_dict() == {
        "stuck": "plain_rule",
        "fine": "quiet",
        "low": "past_chart",
        "new": "one_score",
        "silent": "no_score",
        "early": "past_chart",
        "asked_once": "quiet",
    }
    assert set(found["signal"]) <= set(SIGNALS)
    assert found.loc["stuck", "first_flagged"] == 4
    assert "Check." in found.loc["stuck", "reason"]
    assert "Not asked since" in found.loc["asked_once", "reason"]
    assert found.loc["silent", "reason"].endswith("ask for it.")


def test_no_flag_says_what_to_do() -> None:
    result = estimate_off_track(weekly(FEW))
    said = " ".join([*result.estimates["note"], *result.diagnostics["patients"]["reason"]]).lower()
    assert "more sessions" not in said and "book" not in said
    assert any("does not say what to do" in note for note in result.notes)


def test_estimates_have_three_rows_a_patient_and_refuse_what_is_not_judged() -> None:
    rows = estimate_off_track(weekly(FEW)).estimates
    assert set(rows["scope"]) == {"patient"}
    assert rows["term"].tolist() == ["score", "off_track", "sudden_change"] * len(FEW)
    of = rows.set_index(["group", "term"])
    assert of.loc[("stuck", "off_track"), "estimate"] == 1
    assert of.loc[("fine", "off_track"), "estimate"] == 0
    assert of.loc[("new", "off_track"), "status"] == "refused"
    assert of.loc[("silent", "score"), "status"] == "refused"
    assert pd.isna(of.loc[("silent", "score"), "estimate"])


def test_who_did_not_come_lately_and_is_not_booked_is_not_listed() -> None:
    later = replace(weekly(FEW), as_of=pd.Timestamp("2026-06-30"))
    result = estimate_off_track(later)
    assert result.estimates["status"].tolist() == ["refused"]
    assert result.scope == "patient"


@pytest.mark.parametrize("without", ["sessions", "assessments"])
def test_without_sessions_or_scores_there_is_no_error(without: str) -> None:
    result = estimate_off_track(replace(weekly(FEW), **{without: None}))
    assert (result.estimates.query("term == 'off_track'")["status"] == "refused").all()
    accuracy = estimate_off_track_accuracy(replace(weekly(FEW), **{without: None}))
    assert (accuracy.estimates.query("term == 'wrong_share'")["status"] == "refused").all()


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=220, seed=5, clinics=2, years=1.0)
    return simulate(spec, truth=False).tables()


SMALL = OffTrackSpec(min_effective=60)


def test_a_reference_of_simulated_patients_never_judges_real_ones(cohort: Tables) -> None:
    reference = fit_off_track_reference(cohort, SMALL)
    assert estimate_off_track(cohort, reference=reference).diagnostics["rule"] == "chart"
    with pytest.raises(EstimationError, match="simulated"):
        estimate_off_track(replace(cohort, synthetic=False), reference=reference)
    with pytest.raises(EstimationError, match="simulated"):
        estimate_off_track_accuracy(replace(cohort, synthetic=False), reference=reference)


def test_a_reference_never_judges_an_earlier_day(cohort: Tables) -> None:
    reference = fit_off_track_reference(cohort, SMALL)
    with pytest.raises(EstimationError, match="after the as-of date"):
        estimate_off_track(cohort.at(cohort.as_of - pd.Timedelta(days=1)), reference=reference)
    before = fit_off_track_reference(cohort.at(cohort.as_of - pd.Timedelta(days=30)), SMALL)
    assert len(estimate_off_track(cohort, reference=before).estimates)


def test_three_patients_of_a_therapist_are_judged_by_the_chart_of_all(cohort: Tables) -> None:
    reference = fit_off_track_reference(cohort, SMALL)
    everyone = estimate_off_track(cohort, reference=reference).diagnostics["patients"]
    three = everyone["patient_id"].iloc[[3, 50, 100]]
    some = estimate_off_track(cohort.restrict(three), reference=reference)
    alone = some.diagnostics["patients"]
    pd.testing.assert_frame_equal(
        alone, everyone.iloc[[3, 50, 100]].reset_index(drop=True), check_dtype=False
    )
    assert some.diagnostics["one_in_text"] == reference.one_in_text()
    curve = some.curve
    assert set(curve["patient_id"]) <= set(three)
    ranges = curve.dropna(subset=["low"])
    assert (ranges["low"] <= ranges["median"]).all() and (ranges["median"] <= ranges["high"]).all()
    assert curve.loc[curve["kind"] == "ahead", "date"].isna().all()


def test_an_instrument_on_which_higher_is_better_is_refused(cohort: Tables) -> None:
    with pytest.raises(EstimationError, match="higher is worse"):
        fit_off_track_reference(cohort, OffTrackSpec(instrument="rom_flexion"))


def test_the_alarm_rate_rises_by_session_and_is_said(cohort: Tables) -> None:
    result = estimate_off_track_accuracy(cohort, SMALL)
    rate = result.estimates.query("term == 'alarm_by_session'")["estimate"]
    assert len(rate) >= 3 and rate.is_monotonic_increasing and rate.iloc[-1] < 0.25
    assert any(note.startswith("Of 100 people who start") for note in result.notes)
    assert result.scope == "aggregate"
