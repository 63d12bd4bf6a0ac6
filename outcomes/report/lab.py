"""JupyterLab on this machine, with the notebooks set to a data set, and the app without code."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from outcomes.errors import OutcomesError
from outcomes.report.kernel import PARAMETERS, read_notebook
from outcomes.report.places import notebooks_folder, sample_folder

APP = "cohort_trends.ipynb"
"""Notebook that is the app."""
_TEMPLATES = Path(__file__).resolve().parent / "app"
"""Templates of the app, laid out as Voilà looks for them."""
# The extension that asks on first start whether it may fetch news; nothing here goes online.
_SETTINGS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def work_folder(data: Path) -> Path:
    """Name the folder for notebooks that belong to a data set: beside it.

    Parameters
    ----------
    data : Path
        Folder of the data set.

    Returns
    -------
    Path
        A folder next to it, or in the current folder where nothing may be written there, or where
        the data set is the sample that came with the package.
    """
    data = data.resolve()
    name = f"{data.name}-notebooks"
    own = data != sample_folder().resolve() and os.access(data.parent, os.W_OK)
    return data.parent / name if own else Path(name)


def set_up_notebooks(data: Path, work: Path) -> tuple[list[Path], list[Path]]:
    """Copy the notebooks into a folder to work in, set to a data set.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    work : Path
        Folder to work in; made if it is not there.

    Returns
    -------
    made, kept : list of Path
        Copies made, and those that were there already and were left as they are, because somebody
        may have worked in them.
    """
    work.mkdir(parents=True, exist_ok=True)
    made, kept = [], []
    for source in sorted(notebooks_folder().glob("*.ipynb")):
        target = work / source.name
        if target.exists():
            kept.append(target)
            continue
        _write_set(source, target, data)
        made.append(target)
    return made, kept


def _write_set(source: Path, target: Path, data: Path) -> None:
    """Write a copy of a notebook that is set to a data set."""
    notebook = read_notebook(source)
    for cell in notebook.cells:
        if PARAMETERS in cell.metadata.get("tags", []):
            cell.source = _set_data(cell.source, data)
    nbformat.write(notebook, target)


def _set_data(source: str, data: Path) -> str:
    lines = [
        f"data = {str(data.resolve())!r}" if line.startswith("data = ") else line
        for line in source.splitlines()
    ]
    return "\n".join(lines)


def run_lab(work: Path, *, browser: bool = True) -> int:
    """Run JupyterLab until it is closed.

    Parameters
    ----------
    work : Path
        Folder that it shows.
    browser : bool
        Whether to open a browser on it.

    Returns
    -------
    int
        Exit code of JupyterLab.

    Raises
    ------
    OutcomesError
        If JupyterLab is not installed.

    Notes
    -----
    It listens on loopback only and asks for the token that it prints, as JupyterLab does by itself;
    both are said again here so that settings of the user cannot widen them.
    """
    _require("jupyterlab", "JupyterLab")
    with tempfile.TemporaryDirectory(prefix="outcomes-") as folder:
        settings = Path(folder) / "labconfig"
        settings.mkdir()
        (settings / "page_config.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        command = [
            sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={work.resolve()}",
            "--ServerApp.ip=127.0.0.1", "--ServerApp.allow_remote_access=False",
            "--LabApp.news_url=None", "--LabApp.check_for_updates_class="
            "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # in a container there is often nobody else to be
            command.append("--allow-root")
        return _serve(command, folder, browser=browser)


def run_app(data: Path, *, browser: bool = True) -> int:
    """Run the app, the notebook of the day and the cohort without its code, until it is closed.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    browser : bool
        Whether to open a browser on it.

    Returns
    -------
    int
        Exit code of the app.

    Raises
    ------
    OutcomesError
        If Voilà is not installed.

    Notes
    -----
    It listens on loopback only and asks for the token that it prints; nothing is kept when it ends.
    """
    _require("voila", "Voilà")
    with tempfile.TemporaryDirectory(prefix="outcomes-") as folder:
        target = Path(folder) / APP
        _write_set(notebooks_folder() / APP, target, data)
        command = [
            sys.executable, "-m", "voila", str(target), "--token", "--Voila.ip=127.0.0.1",
            "--template=outcomes", "--VoilaConfiguration.strip_sources=True",
            "--VoilaConfiguration.show_tracebacks=False", "--theme=light",
            # reading the records may take longer than the usual patience for the first cell
            "--VoilaExecutor.timeout=600",
        ]  # fmt: skip
        return _serve(command, folder, browser=browser)


def _require(module: str, name: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise OutcomesError(f"{name} is not installed.", "Install it: pip install 'outcomes[lab]'.")


def _serve(command: list[str], settings: str, *, browser: bool) -> int:
    """Run a server until it ends or is told to."""
    ours = {"JUPYTER_CONFIG_PATH": settings, "JUPYTER_PATH": str(_TEMPLATES)}
    environment = {**os.environ}
    for name, path in ours.items():
        theirs = os.environ.get(name, "")
        environment[name] = os.pathsep.join(each for each in (path, theirs) if each)
    process = subprocess.Popen([*command, *([] if browser else ["--no-browser"])], env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()  # it closes its kernels
        process.wait()
        return 0
