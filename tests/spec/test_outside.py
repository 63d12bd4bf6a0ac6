"""Reports for outside: one decision over everyone there could be a report about, all or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from outcomes.errors import DisclosureError
from outcomes.present import Policy
from outcomes.report.outside import make_outside
from outcomes.report.subjects import Subject

FAMILY = (Subject("", "", "All"), Subject("a", "", "A"), Subject("b", "", "B"))


class Kernel:
    """Notes what it is told to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def hold_releases(self) -> None:
        self.done.append("hold")

    def run_to_release(self, notebook: Path, parameters: Any, *, on_step: Any) -> NotebookNode:
        self.done.append(f"compute {parameters['clinic']}")
        return new_notebook()

    def decide(self) -> None:
        self.done.append("decide")

    def go_on(self, node: NotebookNode, name: str, clinic: str) -> NotebookNode:
        self.done.append(f"show {clinic}")
        return node


def made(asked: tuple[Subject, ...], text: str, folder: Path) -> list[str]:
    """Make reports whose pages all say the same."""
    kernel = Kernel()

    def write(reader: str, subject: Subject, node: NotebookNode, places: ExitStack) -> str:
        places.push(
            lambda kind, *_: None if kind else (folder / f"{subject.name}.html").write_text(text)
        )
        return f"<main><p>{text}</p></main>"

    with ThreadPoolExecutor(1) as printer:
        make_outside(
            kernel,  # type: ignore[arg-type]
            printer,
            {"manager": Path("x.ipynb")},
            FAMILY,
            asked,
            parameters=lambda reader, subject: {"clinic": subject.clinic},
            write=write,
            policy=Policy("outside"),
            step_of=lambda position: lambda done, total: None,
        )
    return kernel.done


def test_it_is_decided_over_all_clinics_whichever_is_asked_for(tmp_path: Path) -> None:
    done = made((FAMILY[1],), "40 of 120 (33%) answered.", tmp_path)
    assert done == ["hold", "compute ", "compute a", "compute b", "decide", "show a"]
    assert [path.name for path in tmp_path.iterdir()] == ["A.html"]


def test_one_page_that_tells_keeps_all_of_them_back(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="small counts"):
        made(FAMILY, "3 of 120 answered.", tmp_path)
    assert not list(tmp_path.iterdir())
