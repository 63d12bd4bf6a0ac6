"""Fixtures every layer may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Top folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the public data sets and golden numbers, which are not part of the project.

    Looked for beside the checkout, or where the variable OUTCOMES_SHARED says.
    """
    folder = Path(os.environ.get("OUTCOMES_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"needs the folder of public data and golden numbers, not found: {folder.name}")
    return folder
