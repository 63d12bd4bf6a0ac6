"""The names that users import, and that asking for help waits for no library."""

from __future__ import annotations

import subprocess
import sys

import pytest

import outcomes

HEAVY = {"numpy", "pandas", "scipy", "statsmodels", "matplotlib", "nbconvert", "pyarrow"}


@pytest.mark.parametrize("name", outcomes.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(outcomes, name).__name__ == name


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        _ = outcomes.utils


@pytest.mark.parametrize(
    "code",
    [
        "import outcomes",
        "import outcomes.cli\ntry: outcomes.cli.main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_start_up_imports_no_heavy_library(code: str) -> None:
    report = f"{code}\nimport sys\nprint('LOADED', *sys.modules)"
    ran = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    loaded = ran.stdout.partition("LOADED")[2].split()
    assert "outcomes" in loaded
    assert set(loaded) & HEAVY == set()
