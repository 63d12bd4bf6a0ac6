"""Notebooks with parameters, run one after another in a kernel that stays warm.

Starting a kernel and importing the libraries takes longer than a report does, so one kernel serves
all of them. Its namespace is emptied between notebooks: nothing travels from one to the next.
"""

from __future__ import annotations

import ast
import copy
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode

from outcomes.errors import (
    DataContractError,
    DisclosureError,
    EstimationError,
    OutcomesError,
)
from outcomes.present.progress import MARK

PARAMETERS = "parameters"
_INJECTED = "injected-parameters"
_CELL_SECONDS = 1800
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Worker processes are started by the name of the main module, which a reset takes away.
_EMPTY = "%reset -f\n%reset -f in out\n__spec__ = None"
# A kernel tells of an error by the name of its kind only.
_OWN = {
    kind.__name__ for kind in (OutcomesError, DataContractError, EstimationError, DisclosureError)
}


class _ThisPython(KernelSpecManager):
    """Finds one kernel: the interpreter that is running, whatever others are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Describe how to start the kernel."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # what a kernel warns of at its start (frozen modules, plain sockets) nobody can act on
        command += ["--log-level=ERROR"]
        command[1:1] = ["-X", "frozen_modules=off"]
        return KernelSpec(argv=command, display_name="Python", language="python")


# What is held of reports for outside until all of a run are decided on.
_HELD = "from outcomes.report import one_release as _held\n"
# Lines of progress, several of which may come in one message; the last percentage counts.
_PROGRESS = re.compile(rf"{re.escape(MARK)}[^\r\n]*\n?")
_PERCENT = re.compile(r"\((\d+) %\)")


class _Runner(NotebookClient):
    """Runs cells in a kernel that is there already, and leaves signals to the command line."""

    on_progress: Callable[[int, int], None] | None = None
    cells: range | None = None

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *args: Any, **kwargs: Any
    ) -> NotebookNode:
        """Pass over cells that are for another time."""
        if self.cells is not None and cell_index not in self.cells:
            return cell
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Show lines of progress to those who wait, and keep them out of the outputs."""
        content = msg.get("content", {})
        text = content.get("text", "") if msg.get("msg_type") == "stream" else ""
        if MARK not in text:
            return super().process_message(msg, cell, cell_index)
        percent = _PERCENT.findall(text)
        if percent and self.on_progress is not None:
            self.on_progress(cell_index, int(percent[-1]))
        rest = _PROGRESS.sub("", text)
        if not rest.strip():
            return None
        return super().process_message(
            {**msg, "content": {**content, "text": rest}}, cell, cell_index
        )

    @asynccontextmanager
    async def async_setup_kernel(self, **kwargs: Any) -> AsyncGenerator[None, None]:
        """Do nothing: the kernel outlives the notebook."""
        yield


class WarmKernel:
    """A kernel for many notebooks; use it as a context.

    Examples
    --------
    >>> with WarmKernel() as kernel:  # doctest: +SKIP
    ...     done = kernel.run(Path("notebooks/clinic_manager.ipynb"), {"clinic": "Salem"})
    """

    def __init__(self) -> None:
        # sockets in a folder that only this user may enter, with a path short enough for one;
        # Windows has none, there the kernel listens on loopback
        self._folder = tempfile.TemporaryDirectory(prefix="outcomes-")
        self._manager = AsyncKernelManager(
            kernel_spec_manager=_ThisPython(),
            transport="tcp" if os.name == "nt" else "ipc",
            connection_file=str(Path(self._folder.name) / "k.json"),
        )
        self._client: Any = None

    def __enter__(self) -> WarmKernel:
        # what a kernel says while it is being ended is noise; what a cell says comes another way
        quiet = None if os.environ.get("OUTCOMES_DEBUG") else subprocess.DEVNULL
        # the matrices of a report are small: more threads would wait for each other
        env = dict.fromkeys(_THREADS, "1") | dict(os.environ)
        run_sync(self._manager.start_kernel)(stdout=quiet, stderr=quiet, env=env)
        self._client = self._manager.client()
        self._client.start_channels()
        run_sync(self._client.wait_for_ready)(timeout=120)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is KeyboardInterrupt:
            # the cell that was running is given up, and nobody waits to hear that it failed
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        self._client.stop_channels()
        run_sync(self._manager.shutdown_kernel)(now=True)
        self._folder.cleanup()

    def prepare(self, code: str) -> None:
        """Start something in the kernel without waiting for it, such as its imports.

        Parameters
        ----------
        code : str
            What to execute.
        """
        self._client.execute(code, silent=True)

    def run(
        self,
        notebook: Path,
        parameters: Mapping[str, Any],
        *,
        on_step: Callable[[int, int], None] | None = None,
    ) -> NotebookNode:
        """Execute a notebook with parameters in an empty namespace.

        Parameters
        ----------
        notebook : Path
            A notebook with one cell tagged ``parameters``.
        parameters : mapping
            Values to set after that cell: text, numbers, flags or None.
        on_step : callable, optional
            Called with how far the notebook is and how far it will go, in hundredths of cells;
            a cell that shows how far it is itself moves it too.

        Returns
        -------
        NotebookNode
            The executed notebook, outputs included.

        Raises
        ------
        OutcomesError
            If the notebook cannot take the parameters, or a cell fails; the message is that of
            an error of our own, and only the kind of any other.
        """
        node = with_parameters(read_notebook(notebook), parameters, notebook.name)
        self._command(_EMPTY)
        return self._execute(node, notebook.name, on_step)

    def hold_releases(self) -> None:
        """Let notebooks for outside wait for one decision on all of them."""
        self._command(f"{_HELD}_held.hold_releases()")

    def run_to_release(
        self,
        notebook: Path,
        parameters: Mapping[str, Any],
        *,
        on_step: Callable[[int, int], None] | None = None,
    ) -> NotebookNode:
        """Execute a notebook up to the cell that asks what may be shown, and put it away.

        Parameters
        ----------
        notebook, parameters, on_step
            As for `run`; ``clinic`` among the parameters says whose report it is.

        Returns
        -------
        NotebookNode
            To be given to `go_on` after `decide`.

        Raises
        ------
        OutcomesError
            As for `run`.
        """
        node = with_parameters(read_notebook(notebook), parameters, notebook.name)
        clinic = str(parameters["clinic"])
        self._command(f"{_EMPTY}\n{_HELD}_held.begin({clinic!r})")
        node = self._execute(node, notebook.name, on_step, range(_release_cell(node) + 1))
        self._command(f"{_HELD}_held.put_away({clinic!r}, get_ipython().user_ns)")
        return node

    def decide(self) -> None:
        """Decide what may be shown of all that was put away.

        Raises
        ------
        OutcomesError
            If it cannot be shown safely.
        """
        self._command(f"{_HELD}_held.decide()")

    def go_on(
        self,
        node: NotebookNode,
        name: str,
        clinic: str,
        *,
        on_step: Callable[[int, int], None] | None = None,
    ) -> NotebookNode:
        """Execute the rest of a notebook that was put away.

        Parameters
        ----------
        node : NotebookNode
            From `run_to_release`.
        name : str
            Of the notebook, for messages.
        clinic : str
            Whose report it is.
        on_step : callable, optional
            As for `run`.

        Returns
        -------
        NotebookNode
            The executed notebook, outputs included.

        Raises
        ------
        OutcomesError
            As for `run`.
        """
        self._command(f"{_EMPTY}\n{_HELD}get_ipython().user_ns.update(_held.take_out({clinic!r}))")
        cells = range(_release_cell(node) + 1, len(node.cells))
        return self._execute(node, name, on_step, cells)

    def _command(self, code: str) -> None:
        """Execute something that is no cell, and say what went wrong."""
        reply = run_sync(self._client.execute_interactive)(
            code, silent=True, output_hook=lambda message: None
        )["content"]
        if reply["status"] == "error":
            own = reply["ename"] in _OWN
            raise OutcomesError(reply["evalue"] if own else f"{reply['ename']} in the kernel.")

    def _execute(
        self,
        node: NotebookNode,
        name: str,
        on_step: Callable[[int, int], None] | None,
        cells: range | None = None,
    ) -> NotebookNode:
        """Run the cells of a notebook, or some of them."""
        runner = _Runner(node, km=self._manager, timeout=_CELL_SECONDS, store_widget_state=False)
        runner.kc = self._client
        runner.cells = cells
        if on_step is not None:
            total = 100 * len(node.cells)
            reached = 0

            def move(cell_index: int, percent: int) -> None:
                nonlocal reached
                # a cell that does one long thing after another begins again, the bar does not
                reached = max(reached, 100 * cell_index + percent)
                on_step(reached, total)

            runner.on_progress = move
            # the hook named after completion is called when a cell has only been sent
            runner.on_cell_executed = lambda cell, cell_index, execute_reply: move(cell_index, 100)
        try:
            runner.execute()
        except CellExecutionError as error:
            where = f"The notebook {name} stopped"
            raise OutcomesError(f"{where}: {_own_words(error)}") from error
        except DeadKernelError as error:
            raise OutcomesError(
                f"The process that ran the notebook {name} ended.",
                "Most often memory ran out: close other programs, or report on one clinic at a "
                "time.",
            ) from error
        return node


def _release_cell(node: NotebookNode) -> int:
    """Find the cell that asks what may be shown; the last one where none does."""
    for position, cell in enumerate(node.cells):
        if cell.cell_type == "code" and re.search(r"\bdisclose\(", cell.source):
            return position
    return len(node.cells) - 1


def _own_words(error: CellExecutionError) -> str:
    """Say what went wrong; errors of our own are sentences, others may hold a patient's value."""
    if error.ename in _OWN:
        return error.evalue
    if os.environ.get("OUTCOMES_DEBUG"):
        return f"{error.ename}: {error.evalue}"
    return f"{error.ename}. Set OUTCOMES_DEBUG=1 and run it again to see more."


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook.

    Parameters
    ----------
    path : Path
        An ``.ipynb`` file.

    Returns
    -------
    NotebookNode
        In the fourth format.
    """
    return nbformat.read(path, as_version=4)


def with_parameters(
    notebook: NotebookNode, parameters: Mapping[str, Any], name: str
) -> NotebookNode:
    """Set the parameters of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Not changed.
    parameters : mapping
        Values by name; each name must have its default in the cell tagged ``parameters``.
    name : str
        Name of the notebook, for messages.

    Returns
    -------
    NotebookNode
        A copy with one cell more, right after the tagged one.

    Raises
    ------
    OutcomesError
        If there is not exactly one tagged cell, or a parameter has no default there.
    """
    tagged = [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and PARAMETERS in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        raise OutcomesError(
            f"The notebook {name} has {len(tagged)} cells tagged {PARAMETERS}.",
            "Tag one cell with it: the one that holds the defaults.",
        )
    defaults = {
        target.id
        for statement in ast.parse(notebook.cells[tagged[0]].source).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    unknown = sorted(set(parameters) - defaults)
    if unknown:
        raise OutcomesError(
            f"The notebook {name} has no parameter {unknown[0]}.",
            f"Give it a default in the cell tagged {PARAMETERS}.",
        )
    source = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [_INJECTED]})
    copied = copy.deepcopy(notebook)
    copied.cells.insert(tagged[0] + 1, cell)
    return copied
