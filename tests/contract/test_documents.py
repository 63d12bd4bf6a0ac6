"""The documents say what is there, and nothing of where it was made."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.contract.inventory import first_line, inventory, written

RECORD_PARTS = ("Context", "Decision", "What it assumes", "What would break it", "Which check")
# Records about the house need not name assumptions of a model.
HOUSE_RECORDS = range(1, 3)


def tracked(repository: Path, *patterns: str) -> list[Path]:
    """Files of the project: those git knows, or all of them outside a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("needs a git checkout to know which files belong to the project")
    return [
        repository / line for line in listed.stdout.splitlines() if (repository / line).is_file()
    ]


def test_the_inventory_is_up_to_date(repository: Path) -> None:
    text = (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")
    again = "python -m tests.contract.inventory"
    assert written(text) == inventory(repository).strip(), f"run {again}"


def test_every_module_says_what_it_is(repository: Path) -> None:
    silent = [
        path.relative_to(repository).as_posix()
        for path in tracked(repository, "outcomes/*.py")
        if not first_line(path)
    ]
    assert silent == []


def test_decision_records_have_their_parts(repository: Path) -> None:
    wrong = []
    for path in tracked(repository, "docs/decisions/*.md"):
        text = path.read_text(encoding="utf-8")
        number = int(path.name[:4])
        assert text.startswith(f"# {number:04d} "), path.name
        if number not in HOUSE_RECORDS:
            wrong += [f"{path.name}: {part}" for part in RECORD_PARTS if part not in text]
    assert wrong == []


def test_links_between_documents_lead_somewhere(repository: Path) -> None:
    broken = []
    for path in tracked(repository, "*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(repository)}: {target}")
    assert broken == []


def test_readme_commands_exist(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", readme))
    assert {"report", "test"} <= named
    assert named - targets - {"sure"} == set()


def test_nothing_names_the_place_it_was_made(repository: Path) -> None:
    this = Path(__file__).resolve()
    place = re.compile(
        r"(?<![\w.])/(?:work|root|opt|home)/|/tmp/bash|/(?:simple|packages)/[a-z0-9]{2}/"
    )
    found = []
    for path in tracked(repository):
        if path == this or path.suffix in {".png", ".csv", ".parquet"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if place.search(line) or "index-url" in line.replace("--no-emit-index-url", ""):
                found.append(f"{path.relative_to(repository)}:{number}")
    # tests of the lock and the recipe that makes it may name what must be absent
    assert [each for each in found if not each.startswith("tests/contract/")] == []


def test_notebooks_hold_prose_and_calls(repository: Path) -> None:
    wrong = []
    notebooks = tracked(repository, "notebooks/*.ipynb")
    assert notebooks
    for path in notebooks:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
        headings = [
            line
            for cell in cells
            if cell["cell_type"] == "markdown"
            for line in "".join(cell["source"]).splitlines()
            if line.startswith("# ")
        ]
        if len(headings) > 1:
            wrong.append(f"{path.name}: {len(headings)} headings of the first level")
        if sum("parameters" in cell["metadata"].get("tags", []) for cell in cells) != 1:
            wrong.append(f"{path.name}: needs one cell tagged parameters")
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] != "code":
                continue
            if cell["outputs"] or cell["execution_count"] is not None:
                wrong.append(f"{path.name}: holds outputs")
            if re.search(
                r"^\s*(def|class|lambda)\b|import (numpy|scipy|statsmodels)", source, re.M
            ):
                wrong.append(f"{path.name}: code that belongs into the package")
    assert wrong == []
