"""The notebook on published claims, with some of the sample in it and with hardly anything."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

from outcomes.report.kernel import WarmKernel, read_notebook
from outcomes.report.page import Imprint, build_page
from tests.page_words import words_of

Frames = dict[str, pd.DataFrame]
STATEMENTS = 18
EXPLORATORY = ("C11", "C12", "C14")


@pytest.fixture(scope="module")
def notebook(repository: Path) -> Path:
    return repository / "notebooks" / "published_claims.ipynb"


def some(sample: Frames, folder: Path, number: int) -> Path:
    """Some patients of the sample; events, points and exercises are not recorded."""
    kept = sample["patients"]["patient_id"].iloc[:number]
    for name, frame in sample.items():
        frame[frame["patient_id"].isin(kept)].to_csv(folder / f"{name}.csv", index=False)
    return folder


def page_of(kernel: WarmKernel, notebook: Path, data: Path, audience: str) -> str:
    node = kernel.run(notebook, {"data": str(data), "bootstraps": 20, "audience": audience})
    return build_page(node, Imprint("Published claims", audience, True, "Data", "0"))


def check_words(page: str) -> None:
    words = words_of(page)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", words), re.findall(r"\b[a-z]+_[a-z_]+\b", words)
    assert not re.search(r"\b(nan|NaN|None|NaT|inf)\b|<NA>", words)
    assert "Traceback" not in words


def test_a_notebook_is_prose_and_calls(notebook: Path) -> None:
    for cell in read_notebook(notebook).cells:
        if cell.cell_type != "code":
            continue
        assert not cell.outputs and cell.execution_count is None
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For)


@pytest.mark.parametrize(("number", "audience"), [(160, "outside"), (6, "inside")])
def test_every_statement_has_a_verdict(
    kernel: WarmKernel,
    notebook: Path,
    sample: Frames,
    tmp_path: Path,
    number: int,
    audience: str,
) -> None:
    page = page_of(kernel, notebook, some(sample, tmp_path, number), audience)
    check_words(page)
    words = words_of(page)
    counted = re.search(r"(\d+) published statements checked: (.*?)\.", words)
    assert counted and int(counted[1]) == STATEMENTS
    assert sum(map(int, re.findall(r"\d+", counted[2]))) == STATEMENTS
    # adverse events, exercises and palpated points are in no file
    assert "not recorded 3" in counted[2]
    assert "Regression to the mean:" in words and "Natural course" in words
    for claim in EXPLORATORY:
        assert f"{claim}:" in words.partition("Appendix")[2] or number < 30
        assert f"{claim}:" not in words.partition("Appendix")[0]
    if number < 30:
        assert "Consistent:" in words and "consistent 0" not in words
        assert "cannot tell 1" in counted[2]
        assert "at today's rate" in words
    else:
        assert "consistent" in counted[2]
