"""What can go wrong, said so that a person can put it right.

Every error states the problem and the remedy. None carries a patient's value: row positions and
column names are enough to find it, and logs travel further than data should.
"""

from __future__ import annotations


class OutcomesError(Exception):
    """A problem with the data or an estimate that the user can act on.

    Parameters
    ----------
    problem : str
        What is wrong, with counts, names of tables, columns or settings; never a patient's value.
    remedy : str, optional
        What to do about it, as an instruction.
    """

    exit_code = 1
    """What a command that stops with this error ends with."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())


class DataContractError(OutcomesError):
    """Records that break the contract of the tables, a mapping or a settings file.

    Parameters
    ----------
    problem, remedy : str
        As for `OutcomesError`.
    file : str, optional
        Name of the file, without the folders above the data set.
    line : int, optional
        Line in the file, counting the header as line 1.
    column : str, optional
        Name of the column or of the setting.
    """

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        *,
        file: str | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        place = ", ".join(
            part
            for part in (
                file or "",
                f"line {line}" if line is not None else "",
                f"column {column}" if column else "",
            )
            if part
        )
        super().__init__(f"{place}: {problem}" if place else problem, remedy)


class EstimationError(OutcomesError):
    """An estimate that the data cannot carry, or that did not converge."""


class DisclosureError(OutcomesError):
    """A release that would show something about one person or a small group."""
