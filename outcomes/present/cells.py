"""What stands in one cell of a table, also where there is no number."""

from __future__ import annotations

from outcomes.present import format as write
from outcomes.present.rows import Row

WITHHELD = "withheld"


def _instead(row: Row | None) -> str:
    """Say what stands in place of a number; nothing where there is one."""
    if row is None or row["status"] in ("refused", "not_identified"):
        return write.NOT_KNOWN
    return WITHHELD if row["status"] == "suppressed" else ""


def mean(row: Row | None, decimals: int = 1) -> str:
    """Write an estimate and its interval.

    Parameters
    ----------
    row : dict or None
        One estimate, or None where there is no such row.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``3.1 (2.8 to 3.4)``.
    """
    if row is None or _instead(row):
        return _instead(row)
    limits = write.interval(row["conf_low"], row["conf_high"], decimals)
    level = write.score(row["estimate"], decimals)
    return level if limits == write.NOT_KNOWN else f"{level} ({limits})"


def change(row: Row | None, decimals: int = 1, unit: str = "") -> str:
    """Write a change with its sign and its interval.

    Parameters
    ----------
    row : dict or None
        One estimate.
    decimals : int
        Digits after the point.
    unit : str
        Sign to set after the estimate.

    Returns
    -------
    str
        Such as ``−4.2 (−4.5 to −3.9)``.
    """
    if row is None or _instead(row):
        return _instead(row)
    low, high = (write.signed(row[end], decimals) for end in ("conf_low", "conf_high"))
    level = f"{write.signed(row['estimate'], decimals)}{unit}"
    return level if low == write.NOT_KNOWN else f"{level} ({low} to {high})"


def share(row: Row | None) -> str:
    """Write how many of how many had what a row counts.

    Parameters
    ----------
    row : dict or None
        One estimate with n_events and n_patients.

    Returns
    -------
    str
        Such as ``34 of 120 (28%)``.
    """
    if row is None or _instead(row):
        return _instead(row)
    return write.share(row["n_events"], row["n_patients"])


def answered(row: Row | None) -> str:
    """Write how many answered of how many could have.

    Parameters
    ----------
    row : dict or None
        One estimate with n_patients and n_eligible.

    Returns
    -------
    str
        Such as ``213 of 336 (63%)``.
    """
    if row is None:
        return write.NOT_KNOWN
    if row["status"] == "suppressed":
        return WITHHELD
    return write.share(row["n_patients"], row["n_eligible"])


def count(row: Row | None) -> str:
    """Write a count.

    Parameters
    ----------
    row : dict or None
        One estimate that is a count.

    Returns
    -------
    str
        The number.
    """
    if row is None or _instead(row):
        return _instead(row)
    return write.number(row["estimate"])
