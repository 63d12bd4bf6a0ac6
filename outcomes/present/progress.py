"""How far long work in a notebook is: a line that the report does not keep."""

from __future__ import annotations

import sys

MARK = "\r… "
"""What a line of progress begins with; the runner of reports reads these lines and drops them."""


class Steps:
    """Takes (done, total) and shows it, at most once a hundredth of the way.

    Parameters
    ----------
    what : str
        What is being done.
    """

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, -1

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is.

        Parameters
        ----------
        done, total : int
            Steps done, and of all.
        """
        percent = 100 * done // max(total, 1)
        if percent == self._shown:
            return
        self._shown = percent
        end = "\n" if done >= total else ""
        sys.stderr.write(f"{MARK}{self._what}: {done} of {total} ({percent} %){end}")
        sys.stderr.flush()
