"""Clinics are compared once whom they treat is allowed for, and named only where it means much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import ClinicBenchmarkSpec, estimate_clinic_benchmark
from outcomes.errors import EstimationError
from outcomes.present import Policy, clinic_comparison, disclose
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.clinic_tables import clinic_tables, typed

SIZES = (120, 80, 200, 150, 90, 12)
EFFECTS = (1.2, 0.0, -0.8, 0.3, -0.6, 0.0)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return clinic_tables(SIZES, EFFECTS, seed=1, severity=(0, 1, -1, 0, 2, 0))


@pytest.fixture(scope="module")
def result(tables: Tables) -> AnalysisResult:
    return estimate_clinic_benchmark(tables)


def rows(result: AnalysisResult, term: str) -> pd.DataFrame:
    found = result.estimates
    return found[found["term"] == term].set_index("group")


def test_differences_are_found_whoever_is_treated(result: AnalysisResult) -> None:
    found = rows(result, "difference")
    true = pd.Series(EFFECTS, [f"Clinic {letter}" for letter in "ABCDEF"])
    shift = np.average(EFFECTS, weights=SIZES)
    named = found[found["status"] == "ok"]
    assert len(named) >= 4
    away = (named["estimate"] - (true - shift).reindex(named.index)).abs()
    assert (away < 4 * named["std_error"]).all()


def test_a_clinic_of_few_answers_is_neither_compared_nor_named(result: AnalysisResult) -> None:
    for term in ("adjusted", "difference", "shrunken", "responder_difference"):
        row = rows(result, term).loc["Clinic F"]
        assert row["status"] == "refused"
        assert row["note"] == "not named: fewer than 30 answers"
        assert np.isnan(row["estimate"])
    curve = result.curve
    points = curve[(curve["series"] == "point") & (curve["measure"] == "improvement")]
    assert len(points) == 5
    assert (points["n_patients"] >= 30).all()
    assert rows(result, "answered").loc["Clinic F", "n_patients"] == 12


def test_where_chance_explains_most_no_clinic_is_named() -> None:
    alike = clinic_tables((60,) * 6, (0.0,) * 6, seed=3)
    result = estimate_clinic_benchmark(alike)
    found = rows(result, "difference")
    assert (found["status"] == "refused").all()
    assert set(found["note"]) == {"not named: mostly chance"}
    points = result.curve[result.curve["series"] == "point"]
    assert set(points["group"]) == {""}
    text = repr(clinic_comparison(disclose({"clinics": result}, Policy()), "clinics"))
    assert "no clinic can be told from the others" in text


def test_clinics_come_by_alphabet_and_never_by_result(result: AnalysisResult) -> None:
    for term, found in result.estimates.groupby("term"):
        assert found["group"].tolist() == sorted(found["group"]), term
    section = clinic_comparison(disclose({"clinics": result}, Policy()), "clinics")
    table = next(part for part in section.parts if "alphabetical" in repr(part))
    names = [row[0] for row in table.rows]  # type: ignore[union-attr]
    assert names == sorted(names)
    assert "rank" not in section._repr_html_().lower()


def test_every_comparison_says_how_often_it_is_wrong_and_what_it_can_show(
    result: AnalysisResult,
) -> None:
    for prefix in ("", "responder_"):
        inner = rows(result, f"{prefix}false_alarm_95")["estimate"].iloc[0]
        outer = rows(result, f"{prefix}false_alarm_998")["estimate"].iloc[0]
        assert 0.005 < inner < 0.08
        assert outer < 0.008
        assert (rows(result, f"{prefix}smallest_difference")["estimate"] > 0).all()
    text = repr(clinic_comparison(disclose({"clinics": result}, Policy()), "clinics"))
    assert "in most such comparisons" in text


def test_smaller_clinics_need_larger_differences(result: AnalysisResult) -> None:
    found = rows(result, "smallest_difference")["estimate"]
    assert found["Clinic C"] < found["Clinic B"]


def test_shrunken_estimates_lie_between_the_average_and_the_difference(
    result: AnalysisResult,
) -> None:
    difference, shrunken = rows(result, "difference"), rows(result, "shrunken")
    named = difference.index[difference["status"] == "ok"]
    low, high = shrunken.loc[named, "conf_low"], shrunken.loc[named, "conf_high"]
    assert (shrunken.loc[named, "estimate"].abs() < difference.loc[named, "estimate"].abs()).all()
    assert (low < high).all()


def test_therapists_need_a_reason() -> None:
    with pytest.raises(EstimationError, match="only for a stated reason"):
        ClinicBenchmarkSpec(unit="therapist_id").check()
    ClinicBenchmarkSpec(unit="therapist_id", reason="supervision, seen by the lead only").check()


def test_therapists_are_compared_by_alphabet_and_only_inside(tables: Tables) -> None:
    rng = np.random.default_rng(9)
    patients = tables.patients
    sessions = pd.DataFrame(
        {
            "session_id": [f"s{number}" for number in range(len(patients))],
            "patient_id": patients["patient_id"],
            "therapist_id": rng.choice(["T1", "T2", "T3", "T4", "T5"], len(patients)),
            "date": patients["index_date"],
            "status": "attended",
        }
    )
    spec = ClinicBenchmarkSpec(unit="therapist_id", reason="supervision", replicates=50)
    with_sessions = replace(tables, sessions=typed("sessions", sessions))
    result = estimate_clinic_benchmark(with_sessions, spec)
    assert set(result.estimates["group_by"]) == {"therapist_id"}
    inside = clinic_comparison(disclose({"t": result}, Policy()), "t")._repr_html_()
    assert "Compared because: supervision" in inside
    assert "Therapist" in inside
    outside = clinic_comparison(disclose({"t": result}, Policy("outside")), "t")
    assert "stays inside the clinic" in repr(outside)


def test_one_clinic_and_few_clinics_are_told_so(tables: Tables) -> None:
    patients = tables.patients
    one = tables.restrict(patients.loc[patients["clinic"] == "Clinic A", "patient_id"])
    result = estimate_clinic_benchmark(one)
    assert (result.estimates["status"] == "refused").all()
    assert "one clinic only" in result.notes[0]
    few = patients["clinic"].isin(["Clinic A", "Clinic C"])
    result = estimate_clinic_benchmark(tables.restrict(patients.loc[few, "patient_id"]))
    assert result.curve.empty
    text = repr(clinic_comparison(disclose({"clinics": result}, Policy()), "clinics"))
    assert "limits need 5 clinics with 30 answers or more; there are 2" in text


def test_without_follow_up_nothing_is_compared(tables: Tables) -> None:
    scores = tables.assessments
    assert scores is not None
    start = replace(tables, assessments=scores[scores["timing"] == "pre"])
    result = estimate_clinic_benchmark(start)
    assert (result.estimates["status"] == "refused").all()
    text = repr(clinic_comparison(disclose({"clinics": result}, Policy()), "clinics"))
    assert text.startswith("Left out: a comparison of clinics.")


def test_a_clinic_without_follow_up_stays_in_the_table(tables: Tables) -> None:
    scores, patients = tables.assessments, tables.patients
    assert scores is not None
    quiet = set(patients.loc[patients["clinic"] == "Clinic D", "patient_id"])
    kept = ~(scores["patient_id"].isin(quiet) & (scores["timing"] == "remote"))
    result = estimate_clinic_benchmark(replace(tables, assessments=scores[kept]))
    row = rows(result, "answered").loc["Clinic D"]
    assert (row["n_events"], row["n_patients"]) == (0, 150)
    assert rows(result, "difference").loc["Clinic D", "note"] == "not named: fewer than 30 answers"


def test_what_is_not_recorded_is_left_out_of_the_expectation_and_named(
    result: AnalysisResult,
) -> None:
    assert result.spec.covariates == ("age", "sex")
    assert "onset, distress" in result.notes[0]


def test_a_missing_covariate_drops_nobody(tables: Tables) -> None:
    patients = tables.patients.copy()
    patients.loc[patients.index[::3], ["sex", "birth_year"]] = np.nan
    result = estimate_clinic_benchmark(replace(tables, patients=patients))
    before = estimate_clinic_benchmark(tables)
    assert (
        rows(result, "overall")["n_patients"].iloc[0]
        == rows(before, "overall")["n_patients"].iloc[0]
    )


def test_those_who_did_not_answer_are_weighted_for() -> None:
    """Where worse starters answer less, a plain mean of the answering speaks of the others."""
    tables = clinic_tables((400,) * 5, (0.0,) * 5, seed=5, answering=1.0)
    scores = tables.assessments
    assert scores is not None
    start = scores[scores["timing"] == "pre"].set_index("patient_id")["value"]
    chance = np.random.default_rng(6).uniform(size=len(scores))
    worse = scores["patient_id"].map(start) - 5
    silent = (scores["timing"] == "remote") & (chance < 1 / (1 + np.exp(-1.2 * worse)))
    some = replace(tables, assessments=scores[~silent])
    full = rows(estimate_clinic_benchmark(tables), "overall")["estimate"].iloc[0]
    weighted = rows(estimate_clinic_benchmark(some), "overall")["estimate"].iloc[0]
    plain = estimate_clinic_benchmark(some, ClinicBenchmarkSpec(response_weights=False))
    assert abs(weighted - full) < 0.5 * abs(rows(plain, "overall")["estimate"].iloc[0] - full)


def test_outside_no_small_clinic_is_shown(result: AnalysisResult) -> None:
    release = disclose({"clinics": result}, Policy("outside"))
    shown = release["clinics"].estimates
    few = shown[(shown["group"] == "Clinic F") & (shown["term"] == "answered")]
    assert set(few["status"]) <= {"ok", "suppressed"}
    for name in ("n_patients", "n_events", "n_eligible"):
        assert (shown[name].dropna() % 5 == 0).all()
    assert "Clinic" in clinic_comparison(release, "clinics")._repr_html_()


def test_names_of_clinics_change_nothing_else(tables: Tables) -> None:
    swapped = {f"Clinic {a}": f"Clinic {b}" for a, b in zip("ABCDEF", "FEDCBA", strict=True)}
    patients = tables.patients.assign(clinic=tables.patients["clinic"].map(swapped).astype("str"))
    patients = patients.sample(frac=1, random_state=4)
    again = rows(estimate_clinic_benchmark(replace(tables, patients=patients)), "difference")
    before = rows(estimate_clinic_benchmark(tables), "difference").rename(index=swapped)
    pd.testing.assert_series_equal(
        again["estimate"].sort_index(), before["estimate"].sort_index(), rtol=1e-9
    )
