"""Reports for outside: decided on together, attacked as they will stand, published all or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from outcomes.errors import DisclosureError
from outcomes.present import Policy
from outcomes.present.sections.context import PUBLISHED
from outcomes.report.kernel import WarmKernel
from outcomes.report.small_cells_on_pages import attack_pages
from outcomes.report.subjects import Subject

OnStep = Callable[[int, int], None]
Write = Callable[[str, Subject, NotebookNode, ExitStack], str]


def make_outside(
    kernel: WarmKernel,
    printer: Executor,
    notebooks: Mapping[str, Path],
    family: tuple[Subject, ...],
    asked: tuple[Subject, ...],
    *,
    parameters: Callable[[str, Subject], dict[str, Any]],
    write: Write,
    policy: Policy,
    step_of: Callable[[int], OnStep],
) -> dict[tuple[str, Subject], str]:
    """Make the reports of a run so that together they tell no small count.

    Parameters
    ----------
    kernel : WarmKernel
        To run notebooks in.
    printer : Executor
        To write reports in while the kernel works on the next.
    notebooks : mapping of str to Path
        Notebook by reader.
    family : tuple of Subject
        Everyone there can be a report about. It is always decided over all of them, whichever are
        asked for, so that the same records give the same decision and runs for one clinic each
        hold together like one run.
    asked : tuple of Subject
        Those to publish, each of the family.
    parameters : callable
        Takes a reader and a subject, and gives the parameters of the notebook.
    write : callable
        Takes reader, subject, executed notebook and a stack of places; it writes the report into a
        place that is published when the stack is closed, and returns the page.
    policy : Policy
        Rules.
    step_of : callable
        Takes the number of a notebook and gives what to call with how far it is.

    Returns
    -------
    dict of (reader, Subject) to str
        Pages.

    Raises
    ------
    DisclosureError
        If a small count can be told; then nothing is published.
    OutcomesError
        If a notebook fails.
    """
    with ExitStack() as places:
        writing: dict[tuple[str, Subject], Future[str]] = {}
        for round_, (reader, notebook) in enumerate(notebooks.items()):
            kernel.hold_releases()
            begun = {
                subject: kernel.run_to_release(
                    notebook,
                    parameters(reader, subject),
                    on_step=step_of(round_ * len(family) + position),
                )
                for position, subject in enumerate(family)
            }
            kernel.decide()
            for subject in asked:
                node = kernel.go_on(begun[subject], notebook.name, subject.clinic)
                writing[reader, subject] = printer.submit(write, reader, subject, node, places)
        pages = {key: future.result() for key, future in writing.items()}
        for reader in notebooks:
            own = {
                subject.clinic: page for (whose, subject), page in pages.items() if whose == reader
            }
            _refuse_small_cells(own, policy)
    return pages


def _refuse_small_cells(pages: Mapping[str, str], policy: Policy) -> None:
    """Read finished pages as a stranger would, and publish none if a small count is told."""
    leaks = attack_pages(pages, policy, PUBLISHED)
    if leaks:
        raise DisclosureError(
            f"{len(leaks)} places in the reports tell small counts, the first: "
            f"{leaks[0].where} ({leaks[0].why}).",
            "Nothing was published. Please report it as a fault.",
        )
