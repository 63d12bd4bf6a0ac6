"""Simulated records keep to the contract and to the conventions of docs/simulation.md."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from outcomes.errors import DataContractError, OutcomesError
from outcomes.io import load
from outcomes.schema import SCHEMAS
from outcomes.simulate import (
    SCENARIOS,
    Cohort,
    SimulationSpec,
    cohort,
    patient_ids,
    simulate,
    write_cohort,
    write_simulation,
)
from outcomes.simulate.records.codes import clinic_names
from outcomes.simulate.records.codes import patient_codes as codes_of_patients

SMALL = replace(SCENARIOS["effect"], patients=400, seed=5, clinics=3, years=1.5, truth_patients=200)


@pytest.fixture(scope="module")
def small() -> Cohort:
    return simulate(SMALL)


@pytest.fixture(scope="module")
def attended(small: Cohort) -> pd.DataFrame:
    sessions = small.frames["sessions"]
    return sessions[sessions["status"] == "attended"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_loads_without_a_reject(name: str, tmp_path: Path) -> None:
    spec = replace(SCENARIOS[name], patients=150, seed=8, years=1.0, truth_patients=50)
    write_simulation(spec, tmp_path)
    loaded = load(tmp_path)
    assert loaded.rejects.empty
    assert loaded.notices == ()
    assert loaded.tables.synthetic
    assert loaded.tables.as_of == pd.Timestamp(spec.as_of)


def test_tables_in_memory_are_those_on_disk(small: Cohort, tmp_path: Path) -> None:
    write_cohort(small, tmp_path)
    read, made = load(tmp_path).tables, small.tables()
    assert set(made.absent) == set(read.absent)
    for name in small.frames:
        left, right = getattr(made, name), getattr(read, name)
        pd.testing.assert_frame_equal(left, right[list(left.columns)], check_like=True)
        assert list(left.columns) == list(SCHEMAS[name].names)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_streaming_writes_the_same_files(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort, "PARTITION", 150)
    steps: list[tuple[int, int]] = []
    write_simulation(
        SMALL, tmp_path / "a", format, on_step=lambda done, total: steps.append((done, total))
    )
    write_cohort(simulate(SMALL), tmp_path / "b", format)
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in names:
        if format == "csv" or name == "truth.json":
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert load(tmp_path / "a").rejects.empty


def test_a_patient_lives_in_one_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort, "PARTITION", 150)
    write_simulation(SMALL, tmp_path, "parquet")
    for name in ("patients", "sessions", "assessments", "headache_diary", "plans"):
        file = pq.ParquetFile(tmp_path / f"{name}.parquet")
        assert file.num_row_groups == 3
        groups = [
            set(file.read_row_group(number, ["patient_id"])["patient_id"].to_pylist())
            for number in range(3)
        ]
        assert sum(len(group) for group in groups) == len(set().union(*groups))


def test_nothing_latent_is_written(small: Cohort, tmp_path: Path) -> None:
    write_cohort(small, tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted([*small.frames, "truth"])
    for name, frame in small.frames.items():
        assert set(frame.columns) <= set(SCHEMAS[name].names)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert truth["synthetic"] is True
    assert truth["seed"] == SMALL.seed
    assert {row["strategy"] for row in truth["strategies"]} == {
        "twice_monthly",
        "monthly",
        "on_demand",
        "none",
    }
    assert not any(code in json.dumps(truth) for code in small.frames["patients"]["patient_id"])


def test_real_records_are_not_overwritten(small: Cohort, tmp_path: Path) -> None:
    kept = tmp_path / "patients.csv"
    kept.write_text("patient_id\nA1\n", encoding="utf-8")
    with pytest.raises(DataContractError, match="not simulated"):
        write_cohort(small, tmp_path)
    assert kept.read_text(encoding="utf-8") == "patient_id\nA1\n"


def test_a_simulation_is_replaced_whole(small: Cohort, tmp_path: Path) -> None:
    write_cohort(small, tmp_path)
    (tmp_path / "README.md").write_text("kept", encoding="utf-8")
    write_cohort(small, tmp_path, "parquet")
    assert not list(tmp_path.glob("*.csv"))
    assert (tmp_path / "README.md").exists()
    assert load(tmp_path).rejects.empty


def test_first_session_is_attended_and_is_the_intake(small: Cohort, attended: pd.DataFrame) -> None:
    first = attended.sort_values("date").groupby("patient_id").head(1)
    assert set(first["patient_id"]) == set(small.frames["patients"]["patient_id"])
    assert (first["visit_type"] == "intake").all()
    assert (attended["visit_type"] == "intake").sum() == len(first)


def test_appointments_ahead_are_booked_and_empty(small: Cohort) -> None:
    sessions = small.frames["sessions"]
    end = pd.Timestamp(SMALL.as_of)
    ahead = sessions["date"] > end
    assert ahead.sum() > 20
    assert (sessions["status"].eq("booked") == ahead).all()
    assert (sessions["booked_on"] <= sessions["date"]).all()
    assert (sessions["booked_on"] <= end).all()
    for column in ("minutes", "techniques", "muscles", "pressure", "hold_seconds", "fee"):
        assert sessions.loc[sessions["status"] != "attended", column].isna().all()


def test_nobody_works_on_sundays_or_twice_at_once(small: Cohort) -> None:
    sessions = small.frames["sessions"]
    assert (sessions["date"].dt.day_of_week < 6).all()
    assert not sessions.duplicated(["therapist_id", "date", "time"]).any()
    assert sessions.groupby("therapist_id")["clinic"].nunique().eq(1).all()


def test_missed_appointments_are_one_in_twelve(small: Cohort) -> None:
    # Of the scheduled ones: not the first session, and not those on demand.
    sessions = small.frames["sessions"]
    past = sessions[sessions["status"] != "booked"]
    share = past["status"].ne("attended").mean()
    assert 0.055 < share < 0.085


def test_home_scores_are_a_day_after_a_session_or_well_after(
    small: Cohort, attended: pd.DataFrame
) -> None:
    home = small.frames["assessments"].query("timing == 'remote'").sort_values("date")
    last = attended[["patient_id", "date"]].assign(session=attended["date"]).sort_values("date")
    days = pd.merge_asof(home, last, on="date", by="patient_id")
    gap = (days["date"] - days["session"]).dt.days
    assert gap.isin([1]).any()
    assert not gap.isin([0, 2]).any()
    sore = sum(
        int((latent.course.home_near & ~np.isnan(latent.course.home_score)).sum())
        for latent in small.latent
    )
    # Some lie past the end of the records.
    assert 0 < (gap == 1).sum() <= sore


def test_scores_in_the_tables_are_those_of_the_course(small: Cohort) -> None:
    (latent,) = small.latent
    ids = patient_ids(latent)
    start = small.frames["sessions"].groupby("patient_id")["date"].min()
    before = small.frames["assessments"].query("instrument == 'nrs_pain' and timing == 'pre'")
    week = (before["date"] - before["patient_id"].map(start)).dt.days // 7
    row = before["patient_id"].map({name: place for place, name in enumerate(ids)})
    score = latent.course.score[row.to_numpy(), week.to_numpy()]
    np.testing.assert_array_equal(before["value"], score)


def test_plans_fall_between_the_home_score_and_the_next_session(
    small: Cohort, attended: pd.DataFrame
) -> None:
    plans = small.frames["plans"]
    start = attended.groupby("patient_id")["date"].min()
    day = (plans["date"] - plans["patient_id"].map(start)).dt.days
    assert ((day - 41) % 28 == 0).all()
    assert set(plans["plan"]) == {"on_demand", "monthly", "twice_monthly"}
    interval = plans.groupby("plan")["interval_days"].agg(["min", "max"])
    assert interval.loc["monthly"].eq(28).all()
    assert interval.loc["twice_monthly"].eq(14).all()
    assert interval.loc["on_demand"].isna().all()


def test_gaps_follow_the_plan(attended: pd.DataFrame, small: Cohort) -> None:
    held = attended.sort_values(["patient_id", "date"])
    held = held.assign(gap=held.groupby("patient_id")["date"].diff().dt.days)
    plans = small.frames["plans"].sort_values("date")
    held = pd.merge_asof(
        held.sort_values("date"), plans[["patient_id", "date", "plan"]], on="date", by="patient_id"
    )
    held = held.sort_values(["patient_id", "date"])
    held["before"] = held.groupby("patient_id")["plan"].shift()
    steady = held[held["plan"] == held["before"]]
    gap = steady.groupby("plan")["gap"].median()
    assert gap["twice_monthly"] == 14
    assert gap["monthly"] == 28


def test_onset_and_its_date_agree(small: Cohort, attended: pd.DataFrame) -> None:
    people = small.frames["patients"].set_index("patient_id")
    days = (attended.groupby("patient_id")["date"].min() - people["onset_date"]).dt.days
    assert (people["onset"].notna() | people["onset_date"].notna()).all()
    both = people["onset"].notna() & days.notna()
    bands = pd.cut(days[both], [0, 41, 84, np.inf], labels=["acute", "subacute", "chronic"])
    assert (bands.astype("str") == people.loc[both, "onset"]).all()


def test_whoever_has_a_contraindication_was_cleared(small: Cohort) -> None:
    people = small.frames["patients"]
    risks = people[["anticoagulants", "osteoporosis", "recent_surgery", "skin_infection"]]
    assert (people["cleared"] == risks.max(axis=1)).all()
    assert people["cleared"].sum() > 0


def test_movements_are_taken_at_intake_and_reassessment(
    small: Cohort, attended: pd.DataFrame
) -> None:
    motion = small.frames["assessments"].query("instrument.str.startswith('rom_')")
    assert motion["instrument"].nunique() == 6
    assert motion["device"].eq("CROM").all()
    kinds = attended.set_index("session_id")["visit_type"]
    assert set(motion["session_id"].map(kinds)) == {"intake", "reassessment"}
    assert motion.groupby("session_id").size().eq(6).all()


def test_soreness_is_common_and_the_rest_is_rare(attended: pd.DataFrame, small: Cohort) -> None:
    events = small.frames["adverse_events"]
    rate = events["symptom"].value_counts() / len(attended)
    assert 0.08 < rate["soreness"] < 0.18
    assert rate.drop("soreness").sum() < 0.03
    assert set(events["session_id"]) <= set(attended["session_id"])
    sore = events[events["symptom"] == "soreness"]
    assert sore["duration_hours"].between(24, 48).mean() > 0.6


def test_ids_say_nothing_of_clinic_or_entry(small: Cohort) -> None:
    people = small.frames["patients"].sort_values("patient_id")
    start = small.frames["sessions"].groupby("patient_id")["date"].min()
    number = np.arange(len(people))
    clinic = people["clinic"].astype("category").cat.codes
    entry = people["patient_id"].map(start).astype("int64")
    assert abs(np.corrcoef(number, clinic)[0, 1]) < 0.15
    assert abs(np.corrcoef(number, entry)[0, 1]) < 0.15


@pytest.mark.parametrize("total", [10, 32_768, 32_769, 1_048_576])
def test_ids_never_meet(total: int) -> None:
    ids = codes_of_patients(max(total - 40_000, 0), min(total, 40_000), total)
    assert len(np.unique(ids)) == len(ids)
    assert all(name[0] == "P" and name.isalnum() for name in ids[:100])


def test_more_clinics_have_names_of_their_own() -> None:
    names = clinic_names(500)
    assert list(names[:2]) == ["Beaverton", "Happy Valley"]
    assert len(set(names)) == 500


def test_entry_is_spread_over_the_years(attended: pd.DataFrame) -> None:
    start = attended.groupby("patient_id")["date"].min()
    end = pd.Timestamp(SMALL.as_of)
    days = round(365.25 * SMALL.years) + 91
    assert (end - start.min()).days <= days
    quarter = pd.cut((end - start).dt.days, 4).value_counts(normalize=True)
    assert quarter.between(0.18, 0.32).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patients": 0}, "patients"),
        ({"clinics": 0}, "clinics"),
        ({"seed": -1}, "seed"),
        ({"years": 0.0}, "years"),
        ({"visits": "sometimes"}, "VAR"),
        ({"drop_out": "never"}, "MAR"),
        ({"as_of": "31/12/2026"}, "as_of"),
        ({"early_home_weeks": (3, 1)}, "early_home_weeks"),
        ({"early_home_weeks": (9,)}, "early_home_weeks"),
    ],
)
def test_impossible_specs_are_refused(changes: dict, words: str) -> None:
    with pytest.raises(OutcomesError, match=words):
        replace(SimulationSpec(), **changes)


def test_unknown_format_is_refused(small: Cohort, tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="xlsx"):
        write_cohort(small, tmp_path, "xlsx")


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_one_patient_makes_every_table(format: str, tmp_path: Path) -> None:
    spec = replace(SMALL, patients=1, seed=0, clinics=200, years=0.05, truth_patients=5)
    write_simulation(spec, tmp_path, format)
    made = simulate(spec, truth=False).frames
    assert any(frame.empty for frame in made.values())
    for name, frame in made.items():
        path = tmp_path / f"{name}.{format}"
        read = pd.read_csv(path) if format == "csv" else pd.read_parquet(path)
        assert len(read) == len(frame)
        assert list(read.columns) == list(frame.columns)
    assert load(tmp_path).rejects.empty
