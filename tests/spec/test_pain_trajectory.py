"""What the trajectory counts, estimates, refuses and says, on data made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import ModelChoices, PainTrajectorySpec, estimate_pain_trajectory
from outcomes.errors import EstimationError
from outcomes.present.labels import split_words
from outcomes.present.rows import why_absent
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.course_tables import AS_OF, START, data_set, fill, people, scores, visits

DAYS = [0, 84, 182, 364]


def values(n: int = 60, seed: int = 1) -> np.ndarray:
    """Correlated scores that fall from 7 to 3."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 1, (n, 1))
    return np.array([7.0, 4.0, 3.5, 3.0]) + own + rng.normal(0, 1, (n, 4))


def complete(n: int = 60) -> Tables:
    return data_set(people(n), assessments=scores(values(n), DAYS))


def row(result: AnalysisResult, term: str, landmark: str, group: str = "") -> pd.Series:
    rows = result.estimates
    chosen = rows[
        (rows["term"] == term) & (rows["landmark"] == landmark) & (rows["group"] == group)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_with_nothing_missing_the_model_gives_the_plain_means() -> None:
    result = estimate_pain_trajectory(complete())
    given = values()
    for position, day in enumerate(DAYS):
        mean = row(result, "mean", f"day {day}")
        assert mean["estimate"] == pytest.approx(given[:, position].mean(), abs=1e-6)
        assert mean["n_patients"] == mean["n_eligible"] == 60
    change = row(result, "change", "day 84")
    gap = given[:, 1] - given[:, 0]
    assert change["estimate"] == pytest.approx(gap.mean(), abs=1e-6)
    assert change["std_error"] == pytest.approx(gap.std(ddof=1) / 60**0.5, rel=1e-4)
    assert change["df"] == pytest.approx(59, rel=1e-3)


def test_a_window_with_few_answers_is_refused_and_named() -> None:
    given = values()
    given[9:, 3] = np.nan
    result = estimate_pain_trajectory(data_set(people(60), assessments=scores(given, DAYS)))
    refused = row(result, "mean", "day 364")
    assert refused["status"] == "refused"
    assert np.isnan(refused["estimate"])
    assert refused["note"] == "9 patients answered; at least 10 are needed"
    assert refused["n_eligible"] == 60
    assert any("day 364" in note and "fewer than 10" in note for note in result.notes)
    assert 364 not in set(result.curve["window"])


def test_a_window_nobody_has_reached_is_not_a_shortfall() -> None:
    tables = replace(complete(), as_of=START + pd.Timedelta(days=300))
    result = estimate_pain_trajectory(tables)
    late = row(result, "mean", "day 364")
    assert late["n_eligible"] == 0
    assert "come this far" in late["note"]
    assert not any("364" in note for note in result.notes)


def test_those_at_risk_and_those_answering_are_counted_apart() -> None:
    given = values()
    given[40:, 2] = np.nan
    result = estimate_pain_trajectory(data_set(people(60), assessments=scores(given, DAYS)))
    mean = row(result, "mean", "day 182")
    assert (mean["n_eligible"], mean["n_patients"]) == (60, 40)


def test_an_early_answer_is_in_the_model_and_not_in_the_count_of_answers() -> None:
    who = people(60)
    # day 84 is over for the first 40; of the others 15 have answered before it is
    who.loc[40:, "index_date"] += pd.Timedelta(days=200)
    given = values()
    given[30:40, 1:] = np.nan
    given[55:, 1:] = np.nan
    answers = scores(given[:, :2], [0, 84])
    late = answers["patient_id"].isin(who["patient_id"].iloc[40:])
    answers.loc[late, "date"] += pd.Timedelta(days=200)
    as_of = START + pd.Timedelta(days=200 + 84)
    result = estimate_pain_trajectory(replace(data_set(who, assessments=answers), as_of=as_of))
    mean = row(result, "mean", "day 84")
    assert (mean["n_eligible"], mean["n_patients"], mean["n_assessments"]) == (40, 30, 45)
    both = [*range(30), *range(40, 55)]
    shown = result.curve.set_index(["series", "window"])
    assert shown.loc[("answering", 84), "n_patients"] == 30
    assert shown.loc[("model", 84), "n_patients"] == 30
    # scores of the others' starts say little of day 84, so the mean is near that of all 45
    assert mean["estimate"] == pytest.approx(given[both, 1].mean(), abs=0.2)


def test_completers_are_those_with_a_baseline_and_the_last_window() -> None:
    given = values()
    given[30:, 3] = np.nan
    given[0, 0] = np.nan
    result = estimate_pain_trajectory(data_set(people(60), assessments=scores(given, DAYS)))
    curve = result.curve.set_index(["series", "window"])
    assert curve.loc[("completers", 84), "n_patients"] == 29
    assert curve.loc[("completers", 84), "estimate"] == pytest.approx(given[1:30, 1].mean())
    assert curve.loc[("answering", 84), "n_patients"] == 60
    assert set(result.curve["series"]) == {"model", "answering", "completers"}


def test_one_timing_is_analysed_and_named() -> None:
    home, before = scores(values(), DAYS), scores(values() + 1, DAYS, timing="pre")
    after = scores(values() - 3, DAYS, timing="post")
    tables = data_set(people(60), assessments=pd.concat([home, before, after]))
    remote = estimate_pain_trajectory(tables, PainTrajectorySpec(timing="remote"))
    assert "answered at home" in remote.estimand
    assert row(remote, "mean", "day 84")["estimate"] == pytest.approx(values()[:, 1].mean())
    pre = estimate_pain_trajectory(tables, PainTrajectorySpec(timing="pre"))
    assert "answered before a session" in pre.estimand
    assert row(pre, "mean", "day 84")["estimate"] == pytest.approx(values()[:, 1].mean() + 1)
    only_home = data_set(people(60), assessments=pd.concat([home, after]))
    assert estimate_pain_trajectory(only_home).spec.timing == "remote"
    with pytest.raises(EstimationError, match="post"):
        estimate_pain_trajectory(tables, PainTrajectorySpec(timing="post"))


def test_without_scores_the_result_says_so() -> None:
    for tables in (data_set(people(5)), data_set(people(5), assessments=scores(values(5), DAYS))):
        spec = PainTrajectorySpec(instrument="ndi")
        result = estimate_pain_trajectory(tables, spec)
        assert list(result.estimates["status"]) == ["refused"]
        assert "Neck disability" in result.estimates["note"].iloc[0]
        assert result.curve.empty


def test_scores_after_sessions_are_said_to_be_of_no_use() -> None:
    after = scores(values(), DAYS, timing="post")
    result = estimate_pain_trajectory(data_set(people(60), assessments=after))
    assert "after a session" in why_absent(result)
    assert "no score" not in why_absent(result)


def test_cadence_without_appointments_says_so() -> None:
    spec = PainTrajectorySpec(group_by="cadence")
    result = estimate_pain_trajectory(complete(), spec)
    assert why_absent(result) == "Nobody is in this analysis: no appointments are recorded."


def test_why_nothing_is_shown_is_about_the_whole_result() -> None:
    given = values(12)
    given[4:, 0], given[9:, 1:], given[2:, 3] = np.nan, np.nan, np.nan
    result = estimate_pain_trajectory(data_set(people(12), assessments=scores(given, DAYS)))
    assert result.estimates["note"].iloc[0].startswith("4 patients")
    said = "There are too few records for any number: at most 9 patients at one follow-up time."
    assert why_absent(result) == said


def test_a_split_by_cadence_names_the_days_that_cadence_looks_back_on() -> None:
    cohort = complete()
    for days, landmark, said in (
        (84, 182, "in the 12 weeks up to 6 months"),
        (56, 182, "in the 8 weeks up to 6 months"),
        (60, 182, "in the 60 days up to 6 months"),
        (84, 84, "in the first 12 weeks"),
    ):
        cuts = replace(cohort.settings.cut_points, cadence_window=days, cadence_landmark=landmark)
        chosen = replace(cohort, settings=replace(cohort.settings, cut_points=cuts))
        result = estimate_pain_trajectory(chosen, PainTrajectorySpec(group_by="cadence"))
        assert split_words(result) == f"by how often patients came {said}"


def test_groups_have_models_of_their_own() -> None:
    onset = ["acute"] * 60 + ["chronic"] * 60
    given = np.vstack([values(60, 1), values(60, 2) + 1])
    tables = data_set(people(120, onset=onset), assessments=scores(given, DAYS))
    both = estimate_pain_trajectory(tables, PainTrajectorySpec(group_by="onset"))
    alone = estimate_pain_trajectory(tables.restrict([f"p{i:03d}" for i in range(60)]))
    for day in DAYS:
        whole = row(both, "mean", f"day {day}", "acute")
        part = row(alone, "mean", f"day {day}")
        assert whole["estimate"] == pytest.approx(part["estimate"], abs=1e-9)
        assert whole["std_error"] == pytest.approx(part["std_error"], abs=1e-9)


def test_a_different_course_shows_in_the_interaction_and_a_parallel_one_does_not() -> None:
    onset = ["acute"] * 60 + ["chronic"] * 60
    slower = np.array([1.0, 3.0, 3.0, 3.0])
    apart = np.vstack([values(60, 1), values(60, 2) + slower])
    alike = np.vstack([values(60, 1), values(60, 1) + 1])
    found = {}
    for name, given in (("apart", apart), ("alike", alike)):
        tables = data_set(people(120, onset=onset), assessments=scores(given, DAYS))
        result = estimate_pain_trajectory(tables, PainTrajectorySpec(group_by="onset"))
        rows = result.estimates
        found[name] = rows[rows["term"] == "change_interaction"].iloc[0]
    assert found["apart"]["p_value"] < 1e-6
    assert found["alike"]["estimate"] == pytest.approx(0, abs=1e-6)


def test_onset_that_is_not_recorded_is_counted_out() -> None:
    onset = ["acute"] * 30 + [None] * 30
    tables = data_set(people(60, onset=onset), assessments=scores(values(), DAYS))
    result = estimate_pain_trajectory(tables, PainTrajectorySpec(group_by="onset"))
    step = result.exclusions.set_index("step").loc["onset known"]
    assert (step["n_in"], step["n_out"]) == (60, 30)


def with_sessions(late: int = 0) -> Tables:
    """Thirty who come twice a month and thirty monthly up to day 182; `late` sessions after it."""
    days = {}
    for number in range(60):
        gap = 14 if number < 30 else 28
        days[f"p{number:03d}"] = [*range(0, 183, gap), *range(190, 190 + late)]
    patients = people(60).assign(index_date=pd.NaT)
    return data_set(
        fill("patients", patients), assessments=scores(values(), DAYS), sessions=visits(days)
    )


def test_cadence_is_taken_from_the_past_only() -> None:
    spec = PainTrajectorySpec(group_by="cadence")
    before = estimate_pain_trajectory(with_sessions(), spec)
    after = estimate_pain_trajectory(with_sessions(late=100), spec)
    assert set(before.curve["group"]) == {"twice_monthly", "monthly"}
    counts = before.diagnostics["starting_pain"].set_index("group")["members"]
    assert dict(counts) == {"twice_monthly": 30, "monthly": 30}
    pd.testing.assert_frame_equal(before.estimates, after.estimates)


def test_curves_by_cadence_start_at_the_landmark_with_the_start_beside_them() -> None:
    result = estimate_pain_trajectory(with_sessions(), PainTrajectorySpec(group_by="cadence"))
    assert result.curve["window"].min() == 182
    given = values()
    start = row(result, "starting_pain", "day 0", "twice_monthly")
    assert start["estimate"] == pytest.approx(given[:30, 0].mean())
    assert start["n_patients"] == 30
    shown = result.curve[result.curve["group"] == "twice_monthly"]
    assert shown["start_pain"].unique() == pytest.approx([given[:30, 0].mean()])
    assert shown["start_level"].unique() == pytest.approx([given[:30, 0].mean()])


def test_patients_who_have_not_reached_the_landmark_are_counted_out() -> None:
    tables = with_sessions()
    newer = tables.patients.assign(patient_id="new" + tables.patients["patient_id"])
    late = tables.sessions.assign(
        patient_id="new" + tables.sessions["patient_id"],
        session_id="new" + tables.sessions["session_id"],
        date=tables.sessions["date"] + pd.Timedelta(days=1300),
    )
    both = replace(
        tables,
        patients=pd.concat([tables.patients, newer], ignore_index=True),
        sessions=pd.concat([tables.sessions, late[late["date"] <= AS_OF]], ignore_index=True),
    )
    result = estimate_pain_trajectory(both, PainTrajectorySpec(group_by="cadence"))
    step = result.exclusions.set_index("step").loc["reached day 182"]
    assert (step["n_in"], step["n_out"]) == (120, 60)


def test_a_sparse_group_falls_back_in_sight() -> None:
    given = values(25)
    tables = data_set(people(25), assessments=scores(given, DAYS))
    result = estimate_pain_trajectory(tables)
    model = result.diagnostics["models"].iloc[0]
    assert model["covariance"] == "heterogeneous-toeplitz"
    assert "heterogeneous toeplitz" in row(result, "mean", "day 84")["method"]
    said = " ".join(result.notes)
    assert "A simpler statistical model was used" in said
    assert not any(word in said for word in ("covariance", "toeplitz", "unstructured", "converge"))
    assert "fewer than 30 patients" in " ".join(result.diagnostics["models"]["warnings"])


def test_a_group_that_no_model_fits_is_refused_and_the_others_stay() -> None:
    onset = ["acute"] * 60 + ["chronic"] * 60
    given = np.vstack([values(), np.full((60, 4), 5.0)])
    tables = data_set(people(120, onset=onset), assessments=scores(given, DAYS))
    result = estimate_pain_trajectory(tables, PainTrajectorySpec(group_by="onset"))
    assert row(result, "mean", "day 84", "acute")["status"] == "ok"
    refused = row(result, "mean", "day 84", "chronic")
    assert refused["status"] == "refused" and refused["note"]


def test_the_spec_of_a_result_has_every_choice_filled_in() -> None:
    spec = estimate_pain_trajectory(complete()).spec
    assert spec.instrument == "nrs_pain"
    assert spec.landmark == 182
    assert spec.windows[0] == 0 and 1092 in spec.windows


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(EstimationError, match="grouping"):
        estimate_pain_trajectory(complete(), PainTrajectorySpec(group_by="therapist"))
    with pytest.raises(EstimationError, match="day 100"):
        estimate_pain_trajectory(complete(), PainTrajectorySpec(windows=(100,)))


def test_fewer_windows_can_be_asked_for() -> None:
    spec = PainTrajectorySpec(windows=(84,), model=ModelChoices(min_answers=5))
    assert set(estimate_pain_trajectory(complete(), spec).curve["window"]) == {0, 84}
