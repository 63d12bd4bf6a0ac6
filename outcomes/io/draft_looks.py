"""What the cells of a column look like, said without repeating what a patient said."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_CODES = 12
"""A column with more different values than this holds no codes."""
FEWEST_ROWS = 5
"""A code that fewer rows have may be a name or a remark, and is not repeated."""
_ISO = r"\d{4}-\d{2}-\d{2}"
_DAY = r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})"
_CLOCKS = {
    "": "",
    r" \d{1,2}:\d{2}": " %H:%M",
    r" \d{1,2}:\d{2}:\d{2}": " %H:%M:%S",
    r" \d{1,2}:\d{2} ?[AaPp][Mm]": " %I:%M %p",
}
_MOMENT = r"\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}(:\d{2})?(\.\d{1,6})?( ?)(Z|[+-]\d{2}:?\d{2})?"
_CODE = re.compile(r"[^\W\d_][\w \-/().&+]{0,30}|[0-9]{1,2}")


@dataclass(frozen=True)
class Look:
    """What is seen in a column.

    Parameters
    ----------
    kind : {"empty", "date", "time", "number", "text"}
        What nearly every filled cell is.
    date_format : str
        Letters of `strftime` where the cells leave no doubt; empty for ISO dates too.
    doubt : str
        What a person has to decide about the dates; empty where nothing is open.
    comma : bool
        Numbers have a decimal comma.
    low, high : float
        Ends of the numbers. They are patients' values: to compare with scales, never to be shown.
    codes : tuple of str
        Values that many rows share, the most frequent first; empty where the column is no code.
    rare : int
        Number of values that too few rows share to be repeated.
    """

    kind: str
    date_format: str = ""
    doubt: str = ""
    comma: bool = False
    low: float = np.nan
    high: float = np.nan
    codes: tuple[str, ...] = ()
    rare: int = 0

    def within(self, minimum: float, maximum: float) -> bool:
        """Say whether the numbers lie on a scale.

        Parameters
        ----------
        minimum, maximum : float
            Ends of the scale.

        Returns
        -------
        bool
            True if all do; False for a column without numbers.
        """
        return minimum <= self.low and self.high <= maximum


def look_at(cells: pd.Series, typed: np.ndarray | None = None) -> Look:
    """Look at a column.

    Parameters
    ----------
    cells : Series of str
        Its cells.
    typed : ndarray of bool, optional
        Which of them are dates or numbers by their type, and so need no format.

    Returns
    -------
    Look
        What is seen.
    """
    texts = cells.str.strip()
    filled = texts != ""
    if typed is not None and typed.any():
        as_typed = texts[filled & typed]
        dates = as_typed.str.fullmatch(rf"{_ISO}( .*)?").all()
        clocks = as_typed.str.fullmatch(r"\d{2}:\d{2}:\d{2}").all()
        rest = texts[filled & ~typed]
        if dates or clocks:
            below = look_at(rest) if len(rest) else Look("date" if dates else "time")
            kind = "date" if dates else "time"
            return Look(kind, below.date_format, below.doubt)
    texts = texts[filled]
    if texts.empty:
        return Look("empty")
    dated = _dates(texts)
    if dated is not None:
        return dated
    if texts.str.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?").all():
        return Look("time")
    codes, rare = _codes(texts)
    plain = texts.str.fullmatch(r"[+-]?\d+(\.\d+)?").all()
    comma = not plain and texts.str.fullmatch(r"[+-]?\d+(,\d+)?").all()
    if plain or comma:
        numbers = texts.str.replace(",", ".", regex=False).astype("float64")
        ends = (float(numbers.min()), float(numbers.max()))
        return Look("number", comma=bool(comma), low=ends[0], high=ends[1], codes=codes, rare=rare)
    return Look("text", codes=codes, rare=rare)


def _codes(texts: pd.Series) -> tuple[tuple[str, ...], int]:
    counts = texts.value_counts()
    if len(counts) > MOST_CODES:
        return (), 0
    shown = [
        str(text)
        for text, rows in counts.items()
        if rows >= FEWEST_ROWS and _CODE.fullmatch(str(text))
    ]
    return tuple(shown), len(counts) - len(shown)


def _dates(texts: pd.Series) -> Look | None:
    """Look of a column of dates, None where it is something else."""
    if texts.str.fullmatch(_ISO).all():
        return Look("date")
    if (moment := _moment(texts)) is not None:
        return moment
    for clock, letters in _CLOCKS.items():
        if clock and texts.str.fullmatch(_ISO + clock).all():
            return Look("date", "%Y-%m-%d" + letters)
        if not texts.str.fullmatch(_DAY + clock).all():
            continue
        parts = texts.str.extract("^" + _DAY)
        marks = parts[1].unique()
        if len(marks) > 1:
            return Look("date", doubt="dates are written in more than one way")
        if (parts[3].str.len() == 2).any():
            return Look("date", doubt="years have two digits, which leaves the century open")
        first, second = parts[0].astype(int).max() > 12, parts[2].astype(int).max() > 12
        mark = marks[0]
        if first and not second:
            return Look("date", f"%d{mark}%m{mark}%Y{letters}")
        if second and not first:
            return Look("date", f"%m{mark}%d{mark}%Y{letters}")
        if first and second:
            return Look("date", doubt="days come before months in some cells and after in others")
        ways = f"%d{mark}%m{mark}%Y{letters} or %m{mark}%d{mark}%Y{letters}"
        return Look("date", doubt=f"every cell can be read as {ways}")
    return None


def _moment(texts: pd.Series) -> Look | None:
    """Look of a column of moments as computers write them, None where it is something else."""
    if not texts.str.fullmatch(_MOMENT).all():
        return None
    parts = texts.str.extract(f"^{_MOMENT}$")
    between, seconds, fraction, space, offset = (parts[name] for name in parts)
    uneven = any(part.notna().any() and part.isna().any() for part in (seconds, fraction, offset))
    if uneven or len(set(between)) > 1 or len(set(space)) > 1:
        return Look("date", doubt="moments are written in more than one way")
    letters = f"%Y-%m-%d{between.iloc[0]}%H:%M" + ("" if seconds.isna().all() else ":%S")
    letters += "" if fraction.isna().all() else ".%f"
    letters += "" if offset.isna().all() else f"{space.iloc[0]}%z"
    return Look("date", letters)
