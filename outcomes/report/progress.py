"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TextIO

from tqdm import tqdm


class Progress:
    """Shows how far long work is; use it as a context.

    Parameters
    ----------
    title : str
        What is being done.
    stream : file, optional
        Where to show it; standard error unless given, so that results can be piped on.
    """

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._bar: tqdm | None = None

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            self._bar = tqdm(
                total=1.0, desc=self._title, file=self._stream, leave=False,
                bar_format="{desc}: {percentage:3.0f}% {bar} {elapsed}",
            )  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def say(self, line: str) -> None:
        """Show a line, above the bar where there is one."""
        if self._bar is not None:
            self._bar.write(line, file=self._stream)
        else:
            print(line, file=self._stream, flush=True)

    def step(self, done: int, total: int) -> None:
        """Move the bar; without a terminal nothing is shown between the lines."""
        if self._bar is not None:
            self._bar.total = total
            self._bar.n = done
            self._bar.refresh()
