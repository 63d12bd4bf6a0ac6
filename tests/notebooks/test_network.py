"""The report over a whole network, of records cut into parts and of a small folder."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cli import main
from outcomes.io import open_partitions
from outcomes.report import network
from outcomes.report.kernel import WarmKernel
from outcomes.report.page import Imprint, build_page
from outcomes.simulate import SimulationSpec, cohort
from outcomes.simulate.cohort import stream_latent
from outcomes.simulate.records import keep_records
from outcomes.simulate.write import write_parts
from tests.page_words import words_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hundred patients of six clinics in two parts."""
    spec = SimulationSpec(patients=600, seed=3, clinics=6, years=1.5).covering_calendar()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort, "PARTITION", 300)
        parts = [keep_records(latent) for latent in stream_latent(spec)]
    place = tmp_path_factory.mktemp("network")
    write_parts(parts, dict, place, "parquet")
    return place


def test_the_command_makes_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "reports"
    assert main(["report", str(folder), "--for", "network", "--out", str(out), "--no-pdf"]) == 0
    said = capsys.readouterr()
    assert "600 patients in 2 parts" in said.err
    (page,) = out.glob("inside/*/report.html")
    words = words_of(page.read_text(encoding="utf-8"))
    assert "600 patients of 6 clinics" in words
    for heading in ("Pain", "Clinics side by side", "Over time", "Who is missing"):
        assert heading in words
    assert not re.search(r"\b(nan|NaN|None|NaT|inf)\b|<NA>|Traceback", words)


def test_a_folder_in_memory_is_one_part(
    kernel: WarmKernel, sample_folder: Path, repository: Path
) -> None:
    notebook = repository / "notebooks" / "network.ipynb"
    node = kernel.run(notebook, {"data": str(sample_folder), "audience": "outside"})
    words = words_of(build_page(node, Imprint("Network", "outside", True, "Data", "0")))
    assert "Clinics side by side" in words
    assert "Records:" not in words


@pytest.fixture
def sample_folder(sample: dict[str, pd.DataFrame], tmp_path: Path) -> Path:
    ids = None
    for name, frame in sample.items():
        if name == "patients":
            frame = frame.iloc[::8]
            ids = set(frame["patient_id"])
        assert ids is not None
        frame[frame["patient_id"].isin(ids)].to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scheduler", "x", "--clinic", "A"], "about all patients"),
        (["--for", "network", "--period", "2026Q1"], "about all patients"),
        (["--for", "researcher", "--scheduler", "x"], "about all patients"),
        (["--scheduler", "no such address"], "scheduler cannot be reached"),
    ],
)
def test_what_it_is_not(
    folder: Path, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(folder), *options, "--out", str(tmp_path), "--no-pdf"]) != 0
    assert words in capsys.readouterr().err


def test_records_that_are_not_cut_are_refused(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(repository / "data" / "sample")
    assert main(["report", data, "--for", "network", "--out", str(tmp_path)]) == 1
    assert "cannot be read in parts" in capsys.readouterr().err


def test_only_very_many_patients_are_a_network(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_partitions(folder) is not None
    assert not network.is_network(folder)
    monkeypatch.setattr(network, "MANY_PATIENTS", 600)
    assert network.is_network(folder)
    assert not network.is_network(folder / "nowhere")
