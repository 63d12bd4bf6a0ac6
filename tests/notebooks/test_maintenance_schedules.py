"""The researcher's notebook on cohorts with much and with little in them, in one warm kernel."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from outcomes.io import write_tables
from outcomes.report.kernel import WarmKernel, read_notebook
from outcomes.report.page import Imprint, build_page
from outcomes.simulate import SCENARIOS, simulate
from tests.page_words import words_of

Frames = dict[str, pd.DataFrame]
ALLOWED = ("outcomes.analyses", "outcomes.present", "outcomes.verdicts")
FEW = 20


@pytest.fixture(scope="module")
def notebook(repository: Path) -> Path:
    return repository / "notebooks" / "maintenance_schedules.ipynb"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    spec = replace(SCENARIOS["effect"], patients=1_100, seed=5, years=1.1, clinics=2)
    write_tables(simulate(spec, truth=False).tables(), folder)
    return folder


def page_of(kernel: WarmKernel, notebook: Path, data: Path, **more: Any) -> str:
    node = kernel.run(notebook, {"data": str(data), "bootstraps": FEW, **more})
    audience = more.get("audience", "inside")
    return build_page(node, Imprint("Comparison of schedules", audience, True, "Data", "0"))


def check_words(page: str) -> None:
    words = words_of(page)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", words), re.findall(r"\b[a-z]+_[a-z_]+\b", words)
    assert not re.search(r"\b(nan|NaN|None|NaT|inf)\b|<NA>", words)
    assert "Traceback" not in words and "Schedules: 1 of" not in words


def few(sample: Frames, folder: Path, number: int, *, plans: bool, home: bool) -> Path:
    """Some patients of one clinic of the sample, with or without plans and scores at home."""
    patients = sample["patients"]
    ids = patients.loc[patients["clinic"] == "Salem", "patient_id"].head(number)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in sample.items():
        kept = frame[frame["patient_id"].isin(ids)]
        if name == "plans" and not plans:
            continue
        if name == "assessments" and not home:
            kept = kept[kept["timing"] != "remote"]
        kept.to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_the_notebook_holds_prose_and_calls_only(notebook: Path, repository: Path) -> None:
    node = read_notebook(notebook)
    code = [cell for cell in node.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    tree = ast.parse("\n".join(cell.source for cell in code))
    banned = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.BinOp, ast.While)
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, banned)] == []
    for each in ast.walk(tree):
        assert not isinstance(each, ast.Import)
        if isinstance(each, ast.ImportFrom):
            reads = each.module == "outcomes.io" and [a.name for a in each.names] == ["read_tables"]
            assert reads or (each.module or "").startswith(ALLOWED)


def test_it_takes_what_the_manager_s_notebook_takes(notebook: Path, repository: Path) -> None:
    def parameters(path: Path) -> dict[str, str]:
        cells = read_notebook(path).cells
        (tagged,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        return {
            statement.targets[0].id: ast.unparse(statement.value)
            for statement in ast.parse(tagged.source).body
        }

    manager = parameters(repository / "notebooks" / "clinic_manager.ipynb")
    assert parameters(notebook) == manager | {"bootstraps": "None"}


def test_a_cohort_with_plans(kernel: WarmKernel, notebook: Path, cohort: Path) -> None:
    page = page_of(kernel, notebook, cohort)
    check_words(page)
    words = words_of(page)
    assert re.search(r"[\d,]+ of 1,100 patients are eligible", words)
    for heading in (
        "What exactly is compared",
        "Who is compared",
        "Did the weights do their work?",
        "Naive and corrected, side by side",
        "What the answer depends on",
        "When pain returns",
        "How many sessions improvement takes",
        "What this cannot tell you",
    ):
        assert heading in words, heading
    # who is on demand is rare here, and no number of theirs may be on the page
    assert "100 are needed" in words
    assert page.count("<img") == len(re.findall(r'<img alt="[^"]{30,}"', page)) >= 6
    causal = re.search(r"would be [\d.]+ points (lower|higher)", words)
    failed = "Not everything that is asked for passed" in words
    assert bool(causal) != failed


def test_visits_only_and_no_plans(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    data = few(sample, tmp_path, 170, plans=False, home=False)
    page = page_of(kernel, notebook, data)
    check_words(page)
    words = words_of(page)
    assert "do not carry a comparison of schedules yet" in words
    assert "Left out: return of pain. No plans are recorded" in words
    assert "all patients are of one clinic" in words
    assert not re.search(r"would be [\d.]+ points", words)


def test_a_handful_is_refused_politely_inside_and_outside(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    data = few(sample, tmp_path, 12, plans=True, home=True)
    for audience in ("inside", "outside"):
        page = page_of(kernel, notebook, data, audience=audience)
        check_words(page)
        words = words_of(page)
        assert "do not carry a comparison of schedules yet" in words
        assert "There is nothing to check, as nothing was compared." in words
        assert "points lower" not in words


def test_progress_moves_the_bar_and_stays_out_of_the_report(
    kernel: WarmKernel, tmp_path: Path
) -> None:
    source = (
        "import sys, time\nfrom outcomes.present import Steps\nsteps = Steps('Long')\n"
        "for done in range(1, 5):\n    steps(done, 4)\n    time.sleep(0.25)\n"
        "print('kept', file=sys.stderr)"
    )
    parameters = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    node = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(source)])
    path = tmp_path / "long.ipynb"
    nbformat.write(node, path)
    seen: list[tuple[int, int]] = []
    done = kernel.run(path, {}, on_step=lambda at, total: seen.append((at, total)))
    outputs = [output.text for output in done.cells[-1].outputs]
    assert "".join(outputs) == "kept\n"
    assert seen == sorted(seen)
    assert seen[-1] == (300, 300)
    assert any(at % 100 for at, _ in seen)
