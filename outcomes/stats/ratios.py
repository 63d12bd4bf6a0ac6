"""Ratios of two totals over the same subjects, whose parts go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import EstimationError
from outcomes.stats.intervals import t_interval


def ratio_of_totals(
    top: ArrayLike, bottom: ArrayLike, group: ArrayLike, level: float = 0.95
) -> pd.DataFrame:
    """Ratio Σ top / Σ bottom in each group, with an interval that knows what goes together.

    Parameters
    ----------
    top, bottom : array_like of float, shape (n,)
        Amounts of each subject, in any units; subjects must be independent.
    group : array_like, shape (n,)
        Group of each subject.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    DataFrame
        Indexed by group: estimate (unit of top per unit of bottom), std_error, conf_low,
        conf_high, df, top, bottom (totals), n (subjects). The estimate is missing where the
        total below is 0, the rest also with fewer than two subjects.

    Raises
    ------
    EstimationError
        If an amount is missing or the arrays differ in length.

    Notes
    -----
    r = Σ t / Σ b. Variance n / (n − 1) · Σ (t − r b)² / (Σ b)² (linearisation), interval
    r ± t(n − 1) · error. For few subjects, or a total below near 0, resample instead.

    References
    ----------
    Cochran WG. Sampling techniques. 3rd ed. Wiley 1977, section 6.4.
    """
    frame = pd.DataFrame(
        {
            "top": np.asarray(top, dtype=float),
            "bottom": np.asarray(bottom, dtype=float),
            "group": np.asarray(group, dtype=object),
        }
    )
    if frame[["top", "bottom"]].isna().any(axis=None):
        raise EstimationError("An amount is missing.", "Leave such subjects out, and say so.")
    grouped = frame.groupby("group")
    sums = grouped[["top", "bottom"]].sum()
    n = grouped.size()
    ratio = sums["top"] / sums["bottom"].where(sums["bottom"] != 0)
    left = frame["top"] - frame["group"].map(ratio).astype(float) * frame["bottom"]
    squares = (left**2).groupby(frame["group"]).sum(min_count=1)
    error = np.sqrt(n / (n - 1).where(n > 1) * squares) / sums["bottom"].abs()
    error = error.where(ratio.notna())
    low, high = t_interval(ratio, error, n - 1, level)
    return pd.DataFrame(
        {
            "estimate": ratio,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "df": n - 1,
            "top": sums["top"],
            "bottom": sums["bottom"],
            "n": n,
        }
    )
