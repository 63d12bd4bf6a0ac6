"""Two public data sets through the shipped mappings: exact counts, and numbers known of them.

The acupuncture trial has 401 patients in 36 practices; 301 have a score at 12 months (Vickers 2004,
BMJ 328:744). The migraine diary has 133 patients and 4,152 days, one of them twice.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomes.io import ImportSummary, import_csv, read_tables
from outcomes.tables import Tables

TRIAL = "vickers2004_acupuncture_headache_wide.csv"
DIARY = "KosteckiDillon_migraine_diary.csv"
COUNTS = ["source_rows", "passed_over", "repeated", "rows_read", "rows_rejected", "rows_accepted"]


def imported(
    shared: Path, out: Path, source: str, mapping: str
) -> tuple[ImportSummary, Tables, dict[str, list[int]]]:
    summary = import_csv(shared / "data" / source, mapping, out)
    account = summary.accounting.set_index("table")[COUNTS]
    return summary, read_tables(out), {str(name): row.tolist() for name, row in account.iterrows()}


@pytest.fixture(scope="module")
def trial(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    out = tmp_path_factory.mktemp("trial") / "data"
    return imported(shared, out, TRIAL, "acupuncture_headache_trial")


@pytest.fixture(scope="module")
def diary(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    out = tmp_path_factory.mktemp("diary") / "data"
    return imported(shared, out, DIARY, "migraine_diary")


def test_every_row_of_the_trial_is_accounted_for(trial: tuple) -> None:
    summary, _, counts = trial
    assert counts == {
        "patients": [401, 0, 0, 401, 0, 401],
        "assessments": [1203, 175, 0, 1028, 0, 1028],
        "headache_periods": [1203, 175, 0, 1028, 0, 1028],
        "covariates": [2005, 0, 0, 2005, 0, 2005],
    }
    assert summary.loaded.rejects.empty
    assert summary.loaded.notices == ()


def test_the_trial_is_what_was_published(trial: tuple) -> None:
    _, tables, _ = trial
    assert tables.patients["clinic"].nunique() == 36
    arm = tables.covariates[tables.covariates["name"] == "arm"].set_index("patient_id")["value"]
    assert arm.value_counts().to_dict() == {"acupuncture": 205, "control": 196}
    start = tables.patients["index_date"].iloc[0]
    last = tables.assessments[tables.assessments["date"] == start + pd.Timedelta(days=365)]
    by_arm = last.groupby(last["patient_id"].map(arm))["value"].agg(["size", "mean", "std"])
    # Published: 16.2 (SD 13.7, n = 161) and 22.3 (17.0, n = 140).
    assert by_arm["size"].to_dict() == {"acupuncture": 161, "control": 140}
    assert by_arm["mean"].round(1).to_dict() == {"acupuncture": 16.2, "control": 22.3}
    assert by_arm["std"].round(1).to_dict() == {"acupuncture": 13.7, "control": 17.0}
    assert tables.registry.get("headache_score").lower_is_better
    assert tables.settings.pain_instrument == "headache_score"


def test_zeros_of_diaries_that_were_not_kept_are_not_taken_for_counts(trial: tuple) -> None:
    _, tables, _ = trial
    periods = tables.headache_periods
    assert periods.groupby("start").size().tolist() == [401, 326, 301]
    # Two patients at each follow-up kept a diary and had no headache.
    assert (periods["headache_days"] == 0).groupby(periods["start"]).sum().tolist() == [0, 2, 2]


def test_every_row_of_the_diary_is_accounted_for(diary: tuple) -> None:
    summary, _, counts = diary
    assert counts == {
        "patients": [4152, 0, 4019, 133, 0, 133],
        "headache_diary": [4152, 0, 0, 4152, 2, 4150],
        "covariates": [8304, 0, 8038, 266, 0, 266],
    }
    rejects = summary.loaded.rejects
    assert rejects["line"].tolist() == [2852, 2853]  # patient 90, day 17
    assert rejects["reason"].tolist() == [
        "another row has the same patient_id, date (line 2853)",
        "another row has the same patient_id, date (line 2852)",
    ]
    (notice,) = summary.loaded.notices
    assert notice.endswith("were not read: dos, airq, medication.")


def test_headache_days_before_treatment(diary: tuple) -> None:
    _, tables, _ = diary
    start = tables.patients.set_index("patient_id")["index_date"]
    rows = tables.headache_diary
    before = rows[rows["date"] < rows["patient_id"].map(start)]
    days = before.groupby("patient_id")["headache"].agg(["size", "sum"])
    enough = days[days["size"] >= 14]
    assert len(enough) == 25
    assert (enough["sum"] / enough["size"] * 28).mean() == pytest.approx(17.4194, abs=5e-5)
