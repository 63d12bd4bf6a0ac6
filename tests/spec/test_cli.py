"""The command line: help without waiting, one clear line for what goes wrong, nothing half done."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import outcomes
from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.report.lab import set_up_notebooks
from outcomes.report.make import ReportOrder, _read
from outcomes.report.places import notebook_for, notebooks_folder, readers, sample_folder

HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "nbclient")


@pytest.fixture(scope="module")
def data(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six patients of the sample."""
    folder = tmp_path_factory.mktemp("six")
    sample = repository / "data" / "sample"
    ids = pd.read_csv(sample / "patients.csv", dtype=str)["patient_id"].head(6)
    for name in ("patients", "sessions", "assessments"):
        frame = pd.read_csv(sample / f"{name}.csv", dtype=str)
        frame[frame["patient_id"].isin(ids)].to_csv(folder / f"{name}.csv", index=False)
    return folder


def loaded_by(code: str) -> list[str]:
    """Heavy libraries that are there after some code has run."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split("\n")[-2].split()


def test_help_and_the_package_wait_for_no_library() -> None:
    assert loaded_by("from outcomes.cli.main import _parser\n_parser().format_help()") == []


def test_every_public_name_is_there_and_known_to_type_checkers(repository: Path) -> None:
    for name in outcomes.__all__:
        assert getattr(outcomes, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        outcomes.no_such_name
    tree = ast.parse((repository / "outcomes" / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name
        for branch in tree.body
        if isinstance(branch, ast.If)
        for statement in branch.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert typed | {"__version__"} == set(outcomes.__all__)


def test_only_commands_that_work_are_offered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("report", "check", "import", "simulate", "lab"))
    for command in re.findall(r"^    (\w+)  ", shown, re.MULTILINE):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"outcomes {outcomes.__version__}\n"


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["report", "--paper", "a5"],
        ["report", "--as-of", "2026-02-30"],
        ["import", "csv", "records.csv"],
        ["simulate", "--patients", "many"],
    ],
)
def test_wrong_use(wrong: list[str]) -> None:
    try:
        code: object = main(wrong)
    except SystemExit as ended:
        code = ended.code
    assert code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--for", "accountant"], 2, "There is no report for 'accountant'"),
        (["--period", "20Q"], 2, "Write it as 2026Q3"),
        (["--clinic", "Nowhere"], 2, "The clinics in the data are"),
        (["--therapist", "nobody"], 2, "therapist of that id"),
        (["--therapist", "x", "--audience", "outside"], 2, "stays inside"),
        (["--period", "2090Q1"], 2, "after the end of the records"),
        (["--period", "1990Q1"], 2, "before the first record"),
        (["--as-of", "1990-03-31"], 2, "before the first record"),
        (["--period", "1990Q1", "--as-of", "1990-03-31"], 2, "before the first record"),
    ],
)
def test_what_there_is_not(
    arguments: list[str],
    code: int,
    said: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = main(["report", str(data), "--out", str(tmp_path), "--no-pdf", *arguments])
    lines = capsys.readouterr().err.splitlines()
    assert done == code
    assert said in lines[-1]
    assert lines[-1].startswith("outcomes: ")
    assert not any("Traceback" in line for line in lines)
    assert list(tmp_path.rglob("*.html")) == []


def test_no_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nothing")]) == 1
    assert main(["check", str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "patients.csv" in lines[1]


def test_check_says_what_there_is(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(data)]) == 0
    assert "patients" in capsys.readouterr().out


def test_check_leaves_no_list_of_rejects_that_is_out_of_date(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("patient_id,birth_year\nA,1970\nB,soon\n")
    assert main(["check", str(tmp_path)]) == 0
    listed = tmp_path / "rejects.csv"
    assert len(listed.read_text().splitlines()) == 2
    (tmp_path / "patients.csv").write_text("patient_id,birth_year\nA,1970\nB,1980\n")
    assert main(["check", str(tmp_path)]) == 0
    assert len(listed.read_text().splitlines()) == 1


def test_check_keeps_the_rejects_of_an_import(tmp_path: Path) -> None:
    source = tmp_path / "export.csv"
    source.write_text("who,born\nA,1970\nB,soon\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('name = "export"\n[patients]\npatient_id = "who"\nbirth_year = "born"\n')
    data = tmp_path / "data"
    arguments = [str(source), "--mapping", str(mapping), "--out", str(data)]
    assert main(["import", "csv", *arguments]) == 0
    assert main(["check", str(data)]) == 0
    assert "soon" in (data / "rejects.csv").read_text()


def order_of(data: Path, out: Path, **more: Any) -> ReportOrder:
    return ReportOrder(data, out, **more)


def with_a_reject(tmp_path: Path) -> Path:
    data = tmp_path / "records"
    data.mkdir()
    (data / "patients.csv").write_text("patient_id,birth_year\nA,1970\nB,soon\n")
    return data


def test_a_report_lists_rejects_beside_the_data_only(tmp_path: Path) -> None:
    data, said = with_a_reject(tmp_path), []
    _read(order_of(data, tmp_path / "out"), said.append)
    assert "soon" in (data / "rejects.csv").read_text()
    assert not (tmp_path / "out").exists()
    assert said[-1] == "1 row rejected; the reasons are in rejects.csv beside the data."


def test_a_report_keeps_the_rejects_of_an_import(tmp_path: Path) -> None:
    data, said = with_a_reject(tmp_path), []
    (data / "import.json").write_text('{"files": {}}')
    (data / "rejects.csv").write_text("of the import\n")
    _read(order_of(data, tmp_path / "out"), said.append)
    assert main(["check", str(data)]) == 0
    assert (data / "rejects.csv").read_text() == "of the import\n"
    assert "import again" in said[-1]


def test_data_that_cannot_be_written_to_get_a_way_to_the_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> bool:
        raise DataContractError("can't write to the folder.")

    monkeypatch.setattr("outcomes.report.make.keep_rejects", refuse)
    data, said = with_a_reject(tmp_path), []
    _read(order_of(data, tmp_path / "out"), said.append)
    assert "`outcomes check` on a copy" in said[-1]
    assert list(tmp_path.rglob("rejects.csv")) == []


def test_an_interrupt_in_text_run_as_code_ends_with_a_problem(data: Path, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import sys, outcomes.report.check as check\n"
        "from outcomes.cli import main\n"
        "check.describe = lambda loaded: exec('raise KeyboardInterrupt')\n"
        f"sys.exit(main(['check', {str(data)!r}]))"
    )
    # only of a module does Python look at the end whether an interrupt had come
    command = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "stopped" in done.stderr) == (1, True)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_report_that_is_ended_half_way_leaves_nothing(
    how: signal.Signals, data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "outcomes", "report", str(data), "--out", str(tmp_path / "o")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    process.send_signal(how)
    assert process.stderr is not None
    said = process.stderr.read()
    code = process.wait()
    assert list(tmp_path.rglob("report.html")) == []
    if how is signal.SIGTERM and code != -signal.SIGTERM:  # told before it could listen
        assert code == 1
        assert said == "outcomes: stopped; what was finished before stays.\n"


def test_notebooks_and_sample_are_found() -> None:
    assert (sample_folder() / "patients.csv").is_file()
    assert {"manager", "researcher"} <= set(readers())
    assert notebook_for("manager").parent == notebooks_folder()


def test_lab_sets_notebooks_to_the_data_and_keeps_what_is_there(tmp_path: Path) -> None:
    data = tmp_path / "it's \\ data"
    made, kept = set_up_notebooks(data, tmp_path / "work")
    assert kept == []
    text = made[0].read_text(encoding="utf-8")
    assert "../data/sample" not in text
    made[0].write_text("mine", encoding="utf-8")
    again, kept = set_up_notebooks(data, tmp_path / "work")
    assert made[0] in kept
    assert made[0] not in again
    assert made[0].read_text(encoding="utf-8") == "mine"
