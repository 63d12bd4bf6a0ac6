"""JupyterLab on this machine, with the notebooks set to a data set."""

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
from outcomes.report.places import notebooks_folder

WORK_FOLDER = "outcomes-notebooks"
# The extension that asks on first start whether it may fetch news; nothing here goes online.
_SETTINGS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


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
        notebook = read_notebook(source)
        for cell in notebook.cells:
            if PARAMETERS in cell.metadata.get("tags", []):
                cell.source = _set_data(cell.source, data)
        nbformat.write(notebook, target)
        made.append(target)
    return made, kept


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
    if importlib.util.find_spec("jupyterlab") is None:
        raise OutcomesError(
            "JupyterLab is not installed.", "Install it: pip install 'outcomes[lab]'."
        )
    with tempfile.TemporaryDirectory(prefix="outcomes-") as folder:
        settings = Path(folder) / "labconfig"
        settings.mkdir()
        (settings / "page_config.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        paths = [folder, os.environ.get("JUPYTER_CONFIG_PATH", "")]
        command = [
            sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={work.resolve()}",
            "--ServerApp.ip=127.0.0.1", "--ServerApp.allow_remote_access=False",
            "--LabApp.news_url=None", "--LabApp.check_for_updates_class="
            "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # in a container there is often nobody else to be
            command.append("--allow-root")
        if not browser:
            command.append("--no-browser")
        environment = {
            **os.environ,
            "JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path),
        }
        process = subprocess.Popen(command, env=environment)
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()  # it closes its kernels
            process.wait()
            return 0
