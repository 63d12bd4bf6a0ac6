"""What a comparison leaves behind: numbers others can check, and choices that came first."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec
from outcomes.cli.main import main
from outcomes.errors import DataContractError, DisclosureError, EstimationError
from outcomes.export import Pseudonyms
from outcomes.io import read_tables, write_tables
from outcomes.report.comparison import ComparisonOrder, make_comparison
from outcomes.report.comparison import make as maker
from outcomes.report.comparison.protocol import chosen, hold, read_protocol, register
from outcomes.settings import Settings
from outcomes.simulate import SCENARIOS, simulate

KEY = b"k" * 32
QUIET = {"say": lambda line: None}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    cohort = simulate(replace(SCENARIOS["effect"], patients=2_400, seed=8, years=1.5), truth=False)
    tables = cohort.tables()
    # What the comparison does not need would only be read and checked.
    bare = replace(tables, exercises=None, trigger_points=None, adverse_events=None)
    write_tables(bare, folder, format="parquet")
    # Two schedules that many keep to, so that a small cohort carries the comparison.
    (folder / "settings.toml").write_text(
        '[[strategies]]\nname = "every two weeks"\nevery = [10, 21]\n'
        '[[strategies]]\nname = "monthly"\nevery = [22, 42]\n'
    )
    return folder


@pytest.fixture(scope="module")
def inside(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("comparison") / "inside"
    make_comparison(ComparisonOrder(data, out, bootstraps=0, pseudonyms=Pseudonyms(KEY)), **QUIET)
    return out


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_the_frame_and_its_weights_give_the_primary_number(inside: Path) -> None:
    frame = pd.read_csv(inside / "analysis_frame.csv")
    spec = results(inside)["spec"]
    first, last = spec["horizons"][0]["first"], spec["horizons"][0]["last"]
    names = {s["name"]: f"weight_{n}" for n, s in enumerate(spec["strategies"], start=1)}
    means = []
    for name in spec["contrasts"][0]:
        rows = frame[frame["block"].between(first, last)].copy()
        rows["w"] = rows[names[name]] * rows["weight_answer"]
        rows = rows[rows["w"] > 0]
        rows["wy"] = rows["w"] * rows["answer"]
        sums = rows.groupby("block")[["wy", "w"]].sum()
        means.append((sums["wy"] / sums["w"]).mean())
    primary = results(inside)["primary"]
    assert means[0] - means[1] == pytest.approx(primary["estimate"], abs=1e-9)
    number = pd.read_csv(inside / "primary_number.csv").iloc[0]
    assert number["estimate"] == pytest.approx(primary["estimate"], abs=1e-12)
    assert number["std_error_weights_known"] == pytest.approx(primary["std_error"], abs=1e-9)


def test_parquet_and_stata_hold_the_same_rows(inside: Path) -> None:
    frame = pd.read_csv(inside / "analysis_frame.csv")
    for other in (
        pd.read_parquet(inside / "analysis_frame.parquet"),
        pd.read_stata(inside / "analysis_frame.dta"),
    ):
        assert list(other.columns) == list(frame.columns)
        numbers = frame.select_dtypes("number").columns
        np.testing.assert_allclose(other[numbers].astype(float), frame[numbers], rtol=1e-12)
        assert (other["patient_id"] == frame["patient_id"]).all()
    told = pd.read_csv(inside / "analysis_columns.csv")
    assert told["column"].tolist() == list(frame.columns)


def test_patients_are_pseudonyms_where_a_key_is_given(inside: Path, data: Path) -> None:
    known = set(pd.read_parquet(data / "patients.parquet")["patient_id"])
    for path in inside.iterdir():
        if path.suffix in {".csv", ".json", ".html", ".txt", ".R"}:
            words = set(path.read_text(encoding="utf-8").replace('"', ",").split(","))
            assert not words & known, path.name


def test_everything_is_there_and_says_where_it_comes_from(inside: Path) -> None:
    there = {path.name for path in inside.iterdir()}
    assert {"protocol.json", "results.json", "tables.html", "tables.docx", "primary.R"} <= there
    assert {"methods.txt", "references.bib", "table_sensitivity.csv", "figure_flow.png"} <= there
    assert {"figure_sensitivity.svg", "figure_sensitivity.png"} <= there
    found = results(inside)
    assert found["seed"] == MaintenanceSchedulesSpec().seed
    assert not found["synthetic"]
    assert len(found["data_sha256"]) == len(found["protocol"]["sha256"]) == 64
    assert {"outcomes", "python", "pandas", "numpy"} <= set(found["versions"])
    assert (inside / "figure_course.png").read_bytes()[:4] == b"\x89PNG"
    text = (inside / "methods.txt").read_text(encoding="utf-8")
    references = (inside / "references.bib").read_text(encoding="utf-8")
    keys = {part.split("]")[0] for part in text.split("[")[1:]}
    assert keys == {
        line[line.index("{") + 1 : -1] for line in references.splitlines() if "@" in line
    }
    script = (inside / "primary.R").read_text(encoding="utf-8")
    assert "{" + "}" not in script and "weight_1" in script and "weight_2" in script


def test_word_tables_have_the_cells_of_the_page(inside: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document(str(inside / "tables.docx"))
    page = (inside / "tables.html").read_text(encoding="utf-8")
    assert len(document.tables) == page.count("<table>")
    assert "every two weeks vs monthly" in {
        cell.text for cell in document.tables[0].columns[1].cells
    }


def test_nothing_of_single_patients_is_made_for_outside(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "outside"
    make_comparison(ComparisonOrder(data, out, audience="outside", bootstraps=0), **QUIET)
    there = {path.name for path in out.iterdir()}
    assert not [name for name in there if name.startswith(("analysis_", "primary"))]
    found = results(out)
    assert found["audience"] == "outside"
    counts = [row["n_patients"] for row in found["estimates"] if row["n_patients"] is not None]
    assert counts and all(count % 5 == 0 for count in counts)
    assert all(row["ess"] is None for row in found["estimates"])
    for row in found["diagnostics"].get("flow", []):
        assert all(row[name] is None or row[name] % 5 == 0 for name in ("on_strategy", "kept"))
    with pytest.raises(DisclosureError):
        make_comparison(ComparisonOrder(data, out, audience="outside", pseudonyms=Pseudonyms(KEY)))


def test_the_protocol_is_on_the_disk_before_records_are_read(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def read(*arguments: object, **named: object) -> None:
        seen.update(read_protocol(tmp_path / "out") or {})
        raise RuntimeError("far enough")

    monkeypatch.setattr(maker, "read_tables", read)
    with pytest.raises(RuntimeError):
        make_comparison(ComparisonOrder(data, tmp_path / "out", bootstraps=0), **QUIET)
    assert seen["sha256"] and seen["registered"] and "outcomes_read" not in seen
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["protocol.json"]


def test_other_choices_need_a_reason_which_stays_on_record(tmp_path: Path) -> None:
    first, other = (chosen(MaintenanceSchedulesSpec(seed=s), Settings()) for s in (1, 2))
    before = register(tmp_path, first)
    assert register(tmp_path, first) == before
    hold(tmp_path, first)
    with pytest.raises(EstimationError, match="seed"):
        register(tmp_path, other)
    after = register(tmp_path, other, amend="a typing error")
    assert after["registered"] == before["registered"]
    (change,) = after["amendments"]
    assert change["reason"] == "a typing error"
    assert change["changed"] == ["seed"]
    assert change["outcomes_had_been_read"]


@pytest.mark.parametrize("tampered", ["choices", "file", "gone"])
def test_choices_that_changed_on_the_way_are_refused(tmp_path: Path, tampered: str) -> None:
    choices = chosen(MaintenanceSchedulesSpec(), Settings())
    register(tmp_path, choices)
    path = tmp_path / "protocol.json"
    if tampered == "choices":
        choices = chosen(MaintenanceSchedulesSpec(min_ess=50), Settings())
    elif tampered == "file":
        path.write_text(path.read_text().replace('"min_ess": 100.0', '"min_ess": 50.0'))
    else:
        path.unlink()
    with pytest.raises(EstimationError, match="nothing is written"):
        hold(tmp_path, choices)


def test_a_folder_with_other_files_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataContractError, match=r"notes\.txt"):
        make_comparison(ComparisonOrder(data, tmp_path, bootstraps=0), **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(DataContractError, match="mix"):
        make_comparison(ComparisonOrder(data, data), **QUIET)


def test_a_data_set_that_is_too_small_still_says_why(data: Path, tmp_path: Path) -> None:
    tables = read_tables(data).restrict(
        pd.read_parquet(data / "patients.parquet")["patient_id"].head(40)
    )
    write_tables(tables, tmp_path / "small")
    said: list[str] = []
    out = tmp_path / "out"
    make_comparison(ComparisonOrder(tmp_path / "small", out, bootstraps=0), say=said.append)
    assert "are eligible" in said[-1]
    assert results(out)["estimates"][0]["status"] == "refused"
    assert not (out / "analysis_frame.csv").exists()


def test_word_is_left_out_politely(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    assert maker.word_maker() is None
    assert "pip install" in maker.HOW_TO_GET_WORD


def test_command_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*more: str) -> int:
        return main(["export", *more[:1], str(data), "--out", str(tmp_path / "out"), *more[1:]])

    assert run("csv", "--bootstraps", "20") == 2
    assert run("comparison", "--bootstraps", "3") == 2
    assert run("comparison", "--bootstraps", "0") == 0
    assert "protocol.json" in capsys.readouterr().out
    assert run("comparison", "--bootstraps", "0", "--seed", "5") == 1
    assert "--amend" in capsys.readouterr().err
