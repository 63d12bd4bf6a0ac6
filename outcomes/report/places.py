"""Where the notebooks and the sample are: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from outcomes.errors import OutcomesError

_PACKAGE = Path(__file__).resolve().parent.parent
_NOTEBOOKS = {
    "manager": "clinic_manager.ipynb",
    "researcher": "maintenance_schedules.ipynb",
    "therapist": "cohort_trends.ipynb",
}
"""Notebook of each audience that has one."""
INSIDE_ONLY = {"therapist"}
"""Who is shown single patients, and so has no report for outside."""


def _find(bundled: str, checkout: str) -> Path:
    for folder in (_PACKAGE / "_bundled" / bundled, _PACKAGE.parent / checkout):
        if folder.is_dir():
            return folder
    raise OutcomesError(
        f"The folder {checkout} that belongs to the package is not there.",
        "Install outcomes again, or run it from a complete checkout.",
    )


def sample_folder() -> Path:
    """Folder of the synthetic sample.

    Returns
    -------
    Path
        A data set.

    Raises
    ------
    OutcomesError
        If the installation is not complete.
    """
    return _find("sample", "data/sample")


def notebooks_folder() -> Path:
    """Folder of the notebooks.

    Returns
    -------
    Path
        Holds one ``.ipynb`` file a notebook.

    Raises
    ------
    OutcomesError
        If the installation is not complete.
    """
    return _find("notebooks", "notebooks")


def readers() -> tuple[str, ...]:
    """Who there is a report for.

    Returns
    -------
    tuple of str
        Names to give to ``--for``.
    """
    return tuple(_NOTEBOOKS)


def notebook_for(reader: str) -> Path:
    """Notebook that makes the report for a reader.

    Parameters
    ----------
    reader : str
        One of `readers`.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    OutcomesError
        If there is no such report or its file is missing.
    """
    if reader not in _NOTEBOOKS:
        raise OutcomesError(
            f"There is no report for {reader} yet.", f"Use one of: {', '.join(_NOTEBOOKS)}."
        )
    path = notebooks_folder() / _NOTEBOOKS[reader]
    if not path.is_file():
        raise OutcomesError(f"The notebook {path.name} is missing.", "Install outcomes again.")
    return path
