"""Small data sets cut from the sample, and one kernel for all notebooks of this layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from outcomes.report.kernel import WarmKernel

Frames = dict[str, pd.DataFrame]
TABLES = ("patients", "sessions", "assessments", "headache_diary", "plans")


@pytest.fixture(scope="session")
def sample(repository: Path) -> Frames:
    """Tables of the sample as text."""
    folder = repository / "data" / "sample"
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in TABLES}


@pytest.fixture(scope="session")
def kernel() -> Iterator[WarmKernel]:
    """A kernel that all notebooks of this layer run in."""
    with WarmKernel() as warm:
        yield warm
