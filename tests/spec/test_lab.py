"""Where `outcomes lab` puts its notebooks, and what the app is made of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from outcomes.cli import main
from outcomes.report import lab
from outcomes.report.kernel import PARAMETERS, read_notebook
from outcomes.report.places import sample_folder


def test_notebooks_lie_next_to_the_data(tmp_path: Path) -> None:
    data = tmp_path / "records"
    data.mkdir()
    assert lab.work_folder(data) == tmp_path / "records-notebooks"


def test_nothing_is_put_next_to_the_sample() -> None:
    assert lab.work_folder(sample_folder()) == Path("sample-notebooks")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would be started, with the notebooks it would show."""
    calls: list[dict[str, Any]] = []

    class Nothing:
        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            shown = [Path(part) for part in command if part.endswith(".ipynb")]
            calls.append({"command": command, "env": env, "cells": []})
            for path in shown:
                calls[-1]["cells"] = read_notebook(path).cells

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Nothing)
    return calls


def test_lab_listens_here_only_and_keeps_its_token(
    started: list[dict[str, Any]], tmp_path: Path
) -> None:
    pytest.importorskip("jupyterlab")
    data = tmp_path / "records"
    data.mkdir()
    assert main(["lab", str(data), "--no-browser"]) == 0
    command = started[0]["command"]
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--no-browser" in command
    assert not any("token" in part.lower() for part in command)  # it makes its own
    assert (tmp_path / "records-notebooks" / "cohort_trends.ipynb").is_file()


def test_the_app_is_set_to_the_data_and_leaves_no_file(
    started: list[dict[str, Any]], tmp_path: Path
) -> None:
    pytest.importorskip("voila")
    data = tmp_path / "records"
    data.mkdir()
    assert main(["lab", str(data), "--app", "--no-browser"]) == 0
    command, cells = started[0]["command"], started[0]["cells"]
    assert "--token" in command
    assert "--Voila.ip=127.0.0.1" in command
    assert "--template=outcomes" in command
    parameters = next(cell for cell in cells if PARAMETERS in cell.metadata.get("tags", []))
    assert f"data = {str(data.resolve())!r}" in parameters.source
    assert sorted(tmp_path.iterdir()) == [data]
    templates = Path(started[0]["env"]["JUPYTER_PATH"].split(lab.os.pathsep)[0])
    found = templates / "voila" / "templates" / "outcomes"
    assert json.loads((found / "conf.json").read_text(encoding="utf-8"))["base_template"] == "lab"


def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lab", str(tmp_path), "--app"]) == 1
    assert "pip install 'outcomes[lab]'" in capsys.readouterr().err
