"""Parquet data sets cut by patient, and what vouches for their rows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli import main
from outcomes.io import (
    PartitionedData,
    import_csv,
    load,
    open_partitions,
    partitions,
    read_mapping,
    write_tables,
)
from outcomes.io.forget import forget_person
from outcomes.schema import SCHEMAS
from outcomes.simulate import SimulationSpec, cohort
from outcomes.simulate.cohort import stream_latent
from outcomes.simulate.records import keep_records
from outcomes.simulate.write import write_parts


@pytest.fixture(autouse=True)
def small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "PATIENTS_A_PARTITION", 13)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty patients as a simulation streams them to disk, three partitions."""
    spec = SimulationSpec(patients=40, seed=2, clinics=2, years=1.0).covering_calendar()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort, "PARTITION", 16)
        parts = [keep_records(latent) for latent in stream_latent(spec)]
    folder = tmp_path_factory.mktemp("simulated")
    write_parts(parts, dict, folder, "parquet")
    return folder


@pytest.fixture
def folder(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "simulated"))


def opened(folder: Path, as_of: str | None = None) -> PartitionedData:
    data = open_partitions(folder, as_of=as_of)
    assert data is not None
    return data


def assert_the_same(data: PartitionedData, folder: Path, as_of: str | None = None) -> None:
    whole = load(folder, as_of=as_of).tables
    parts = [data.read(number) for number in range(data.count)]
    assert data.as_of == whole.as_of
    assert set(parts[0].absent) == set(whole.absent)
    homes = pd.concat([part.patients["patient_id"] for part in parts])
    assert homes.is_unique
    for name, schema in SCHEMAS.items():
        expected = getattr(whole, name)
        if expected is None:
            assert all(getattr(part, name) is None for part in parts)
            continue
        if schema.belongs_to == "patient" and name != "patients":
            for part in parts:
                assert getattr(part, name)["patient_id"].isin(part.patients["patient_id"]).all()
        found = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        key = [*schema.key] if name != "assessments" else list(schema.names)
        pd.testing.assert_frame_equal(
            found.sort_values(key, ignore_index=True), expected.sort_values(key, ignore_index=True)
        )


@pytest.mark.parametrize("as_of", [None, "2023-06-30"])
def test_parts_of_a_simulation_make_up_the_whole(folder: Path, as_of: str | None) -> None:
    data = opened(folder, as_of)
    assert data.count == 3
    assert data.synthetic
    assert_the_same(data, folder, as_of)


def test_parts_of_what_is_written_make_up_the_whole(folder: Path, tmp_path: Path) -> None:
    tables = load(folder).tables
    shuffled = tables.assessments
    assert shuffled is not None
    write_tables(
        replace(tables, assessments=shuffled.sample(frac=1, random_state=1)),
        tmp_path / "written",
        "parquet",
    )
    data = opened(tmp_path / "written")
    assert data.count == 4
    assert_the_same(data, tmp_path / "written")


def test_only_the_tables_asked_for_are_read(folder: Path) -> None:
    part = opened(folder).read(0, only=["assessments"])
    assert part.assessments is not None
    assert part.sessions is None
    assert "sessions" in part.absent


def test_a_file_that_changed_is_vouched_for_no_longer(folder: Path) -> None:
    path = folder / "assessments.parquet"
    frame = pd.read_parquet(path)
    frame["value"] = frame["value"].sample(frac=1, random_state=1).to_numpy()
    frame.to_parquet(path)
    assert open_partitions(folder) is None


def test_a_table_that_came_later_is_vouched_for_by_nobody(folder: Path) -> None:
    (folder / "headache_periods.csv").write_text("patient_id,start,days_observed,headache_days\n")
    assert open_partitions(folder) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"tables": {"patients": 1}}'])
def test_a_record_that_cannot_be_read_vouches_for_nothing(folder: Path, text: str) -> None:
    (folder / partitions.PARTITIONS_FILE).write_text(text)
    assert open_partitions(folder) is None


def test_rows_that_nobody_checked_are_not_vouched_for(folder: Path, tmp_path: Path) -> None:
    frames = {
        name: pd.read_parquet(folder / f"{name}.parquet") for name in ("patients", "sessions")
    }
    write_tables(frames, tmp_path / "raw", "parquet")
    assert open_partitions(tmp_path / "raw") is None


def test_csv_in_the_place_of_parquet_takes_the_record_away(folder: Path, tmp_path: Path) -> None:
    tables = load(folder).tables
    write_tables(tables, tmp_path / "data", "parquet")
    assert open_partitions(tmp_path / "data") is not None
    write_tables(tables, tmp_path / "data", "csv")
    assert not (tmp_path / "data" / partitions.PARTITIONS_FILE).exists()
    assert open_partitions(tmp_path / "data") is None


def test_the_record_stays_true_when_somebody_is_taken_out(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_KEY", str(tmp_path / "key" / "own.key"))
    days = load(folder).tables.assessments.sort_values("date")
    # a whole partition goes, and whoever was seen on the last day
    last = opened(folder).read(2).patients["patient_id"]
    for patient in {*last, str(days["patient_id"].iloc[-1])}:
        forget_person(folder, patient)
    data = opened(folder)
    assert data.count == 3
    assert data.read(2).patients.empty
    assert_the_same(data, folder)


def test_nothing_is_put_on_record_anew_that_was_out_of_date(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_KEY", str(tmp_path / "key" / "own.key"))
    frame = pd.read_parquet(folder / "patients.parquet")
    frame.assign(sex="x").to_parquet(folder / "patients.parquet")
    forget_person(folder, str(frame["patient_id"].iloc[0]))
    assert not (folder / partitions.PARTITIONS_FILE).exists()
    assert open_partitions(folder) is None


MAPPING = """
complete_to = 2024-12-31
[patients]
one_row_per_key = true
patient_id = "Client"
[sessions]
session_id = "Visit"
patient_id = "Client"
date = "Day"
status = { constant = "attended" }
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    rows = "".join(f"p{number // 2},v{number},2024-03-{number + 1:02}\n" for number in range(31))
    (tmp_path / "export.csv").write_text("Client,Visit,Day\n" + rows)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    return tmp_path / "export.csv"


def test_an_import_cut_by_patient_is_complete_to_the_day_that_its_mapping_says(
    export: Path, tmp_path: Path
) -> None:
    mapping = read_mapping(tmp_path / "mapping.toml")
    import_csv(export, mapping, tmp_path / "data", format="parquet")
    data = opened(tmp_path / "data")
    assert data.count == 2
    assert data.as_of == pd.Timestamp("2024-12-31")
    assert_the_same(data, tmp_path / "data")


def test_the_command_line_writes_either_kind_and_keeps_the_one_that_is_there(
    export: Path, tmp_path: Path
) -> None:
    def run(*more: str) -> set[str]:
        order = ["import", "csv", str(export), "--mapping", str(tmp_path / "mapping.toml")]
        assert main([*order, "--out", str(tmp_path / "data"), *more]) == 0
        return {path.name for path in (tmp_path / "data").iterdir()}

    cut = {"patients.parquet", "sessions.parquet", partitions.PARTITIONS_FILE}
    plain = {"patients.csv", "sessions.csv"}
    assert plain <= run()
    for more in (("--format", "parquet"), ()):
        there = run(*more)
        assert cut <= there
        assert not plain & there
        assert opened(tmp_path / "data").count == 2
    there = run("--format", "csv")
    assert plain <= there
    assert not cut & there
