"""The sample that is shipped: made by its command, small, synthetic, fit for a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from outcomes.io import load
from outcomes.simulate import write_simulation
from outcomes.simulate.sample import SAMPLE_SPEC
from outcomes.tables import Tables

BLOCKS = 6
CLINICS = {
    "Beaverton",
    "Happy Valley",
    "Hillsboro",
    "Gresham",
    "Portland",
    "Salem",
    "Vancouver",
    "Woodburn",
}


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "data" / "sample"


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    loaded = load(folder)
    assert loaded.rejects.empty
    return loaded.tables


def test_same_command_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_simulation(SAMPLE_SPEC, tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name for path in folder.iterdir() if path.suffix in (".csv", ".json")}
    assert set(made) == kept
    differing = [name for name, content in made.items() if (folder / name).read_bytes() != content]
    assert differing == []


def test_small_enough_to_ship(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000_000


def test_readme_says_what_it_is(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "SYNTHETIC" in text
    assert "EVIDENCE OF NOTHING" in text
    spec = SAMPLE_SPEC
    command = f"--patients {spec.patients} --seed {spec.seed} --scenario {spec.scenario}"
    assert f"outcomes simulate {command}" in text
    assert {name for name in CLINICS if name in text} == CLINICS


def test_eight_clinics_over_three_years(tables: Tables) -> None:
    assert tables.synthetic
    assert set(tables.patients["clinic"]) == CLINICS
    attended = tables.sessions[tables.sessions["status"] == "attended"]
    start = attended.groupby("patient_id")["date"].min()
    assert len(start) == len(tables.patients) == 2_800
    assert (start.max() - start.min()).days > 3 * 365
    # Some began early enough for the last window, 1092 ± 42 days, to have closed.
    assert (start + pd.Timedelta(days=1092 + 42) <= tables.as_of).sum() > 100


def test_diaries_begin_with_four_untreated_weeks(tables: Tables) -> None:
    attended = tables.sessions[tables.sessions["status"] == "attended"]
    start = attended.groupby("patient_id")["date"].min()
    diary = tables.headache_diary
    day = (diary["date"] - diary["patient_id"].map(start)).dt.days
    windows = {-28: "untreated", 70: "3", 154: "6", 350: "12", 714: "24", 1078: "36"}
    window = pd.cut(day, [*windows, 1106], right=False, labels=list(windows))
    first = window.astype("float64")
    assert window.notna().all()
    assert (day - first < 28).all()
    filled = diary.groupby([diary["patient_id"], first]).size()
    untreated = filled.xs(-28.0, level=1)
    assert len(untreated) > 0.99 * diary["patient_id"].nunique()
    # Gaps, and some windows too thin to count.
    assert (untreated < 28).mean() > 0.8
    assert 0.02 < (untreated < 14).mean() < 0.25


def decisions(tables: Tables) -> pd.DataFrame:
    """Plan, last recorded score and covariates at each of the first six blocks."""
    people = tables.patients.set_index("patient_id")
    attended = tables.sessions[tables.sessions["status"] == "attended"]
    start = attended.groupby("patient_id")["date"].min()
    complaint = (start - people["onset_date"]).dt.days
    people["chronic"] = (people["onset"].eq("chronic") | (complaint > 84)).astype(float)
    reached = start[start + pd.Timedelta(days=42 + 28 * BLOCKS) <= tables.as_of].index
    plans = tables.plans[tables.plans["patient_id"].isin(reached)].sort_values("date")
    pain = tables.assessments.query("instrument == 'nrs_pain' and timing != 'post'")
    pain = pain.sort_values(["date", "timing"])[["patient_id", "date", "value"]]
    plans = pd.merge_asof(plans, pain, on="date", by="patient_id")
    plans["block"] = (plans["date"] - plans["patient_id"].map(start)).dt.days // 28 - 1
    plans = plans[plans["block"] < BLOCKS].sort_values(["patient_id", "block"])
    plans["previous"] = plans.groupby("patient_id")["plan"].shift().fillna("")
    return plans.join(people[["chronic", "distress", "clinic"]], on="patient_id")


def test_effective_sample_size_of_each_schedule_over_six_blocks(tables: Tables) -> None:
    frame = decisions(tables)
    assert set(frame["block"]) == set(range(BLOCKS))
    order = ["on_demand", "monthly", "twice_monthly"]
    frame["choice"] = frame["plan"].map({name: place for place, name in enumerate(order)})
    parts = []
    for _, part in frame.groupby(frame["block"] > 0):
        dummies = pd.get_dummies(part[["clinic", "previous"]], drop_first=True, dtype=float)
        if part["previous"].eq("").all():
            dummies = dummies.filter(like="clinic")
        design = sm.add_constant(part[["value", "chronic", "distress"]].join(dummies))
        fitted = sm.MNLogit(part["choice"], design).fit(disp=False, maxiter=100)
        assert fitted.mle_retvals["converged"]
        chance = fitted.predict(design).to_numpy()
        parts.append(part.assign(chance=chance[np.arange(len(part)), part["choice"]]))
    frame = pd.concat(parts)
    person = frame.groupby("patient_id")
    whole = person.size().eq(BLOCKS) & person["plan"].nunique().eq(1)
    weight = 1 / person["chance"].prod()[whole]
    plan = person["plan"].first()[whole]
    size = weight.groupby(plan).sum() ** 2 / (weight**2).groupby(plan).sum()
    assert (size[order] >= 150).all(), size.to_dict()
