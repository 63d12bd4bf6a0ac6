"""Fixtures every layer may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples each time, so that a failure is a change of ours; HYPOTHESIS_PROFILE=explore
# looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


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
