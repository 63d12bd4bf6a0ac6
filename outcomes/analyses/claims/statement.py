"""What a published statement is, and what a number is that it is held to."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from outcomes.analyses.claims.rules import Rule

MOST = (0.5, 1.0)


@dataclass(frozen=True)
class Check:
    """One number to hold a statement to.

    Parameters
    ----------
    label : str
        What the number is, in words.
    question, term : str
        Analysis and term it comes from.
    rule : str
        As in `decide`; ``shown`` stands beside and is not judged.
    published : tuple of float
        Published figure twice, or the ends of its range.
    effect : float
        Published effect in the unit of the number; missing for a limit.
    group_by, group, landmark, outcome, method : str
        Row of the analysis; method is a part of it.
    split : str
        Grouping that the analysis must have been made with.
    lag : int
        Days from the start of care until somebody counts.
    complete : bool
        Whether those at risk without an answer count as missing.
    """

    label: str
    question: str
    term: str
    rule: Rule
    published: tuple[float, float] = (nan, nan)
    effect: float = nan
    group_by: str = ""
    group: str = ""
    landmark: str = ""
    outcome: str = ""
    method: str = ""
    split: str = ""
    lag: int = 0
    complete: bool = True


@dataclass(frozen=True)
class Claim:
    """A published statement.

    Parameters
    ----------
    name : str
        Such as ``C01``.
    statement, published, reading : str
        What was stated, its figure, and how it is read here.
    checks : tuple of Check
        Numbers to hold it to; those of the rule ``shown`` stand beside.
    needs : tuple of str
        Tables or columns without which nothing is recorded of it.
    sceptic : str
        What a sceptic would answer, where that is not computed.
    exploratory : bool
        True for what stands in the appendix: found by looking at much, and no test of anything.
    no_comparison : bool
        True where the statement compares with something the records do not hold.
    start : tuple of float, optional
        Range of the mean at the start that the figure is for.
    """

    name: str
    statement: str
    published: str
    reading: str
    checks: tuple[Check, ...]
    needs: tuple[str, ...] = ()
    sceptic: str = ""
    exploratory: bool = False
    no_comparison: bool = False
    start: tuple[float, float] | None = None
