"""Counts for outside: rounded, and found again in sentences."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def nearest(counts: pd.Series, step: int) -> pd.Series:
    """Round counts.

    Parameters
    ----------
    counts : Series
        Numbers of people.
    step : int
        Multiple to round to.

    Returns
    -------
    Series of float
        Halves go up; missing stays missing.
    """
    return np.floor(pd.to_numeric(counts) / step + 0.5) * step


def rounded(frame: pd.DataFrame, step: int) -> pd.DataFrame:
    """Round all counts of a frame.

    Parameters
    ----------
    frame : DataFrame
        Counts are in columns named ``n_`` and more, or more and ``_n``.
    step : int
        Multiple to round to.

    Returns
    -------
    DataFrame
        A copy.
    """
    frame = frame.copy()
    for column in frame.columns:
        if str(column).startswith("n_") or str(column).endswith("_n"):
            frame[column] = nearest(frame[column], step)
    return frame


def tells(text: str) -> bool:
    """Say whether a sentence may hold a count of people.

    Parameters
    ----------
    text : str
        A note.

    Returns
    -------
    bool
        True if it may.
    """
    return bool(
        re.search(r"\d[\d,]*\s+(?:of\s+\d|\w*\s*(?:patients?|people|persons?|answer))", text)
    )
