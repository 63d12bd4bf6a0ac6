"""From what was recorded to a series on a chart: gaps, denominators, parts and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError
from outcomes.stats.control_charts.judge import Layout
from outcomes.stats.control_charts.limits import COUNTS, Kind

Floats = NDArray[np.float64]


def every_period(values: pd.Series) -> pd.Series:
    """Put gaps where periods are missing.

    Parameters
    ----------
    values : pandas.Series
        Values by a PeriodIndex, each period at most once, in any order.

    Returns
    -------
    pandas.Series
        From the first to the last period without a hole, NaN where there was none.

    Raises
    ------
    EstimationError
        If the index is not of periods or a period comes twice.
    """
    if not isinstance(values.index, pd.PeriodIndex) or values.index.has_duplicates:
        raise EstimationError(
            "The values are not indexed by periods that come once each.",
            "Group by month (to_period('M')) first.",
        )
    if values.empty:
        return values.astype(float)
    first, last = values.index.min(), values.index.max()
    return values.astype(float).reindex(pd.period_range(first, last, freq=values.index.freq))


def read_series(
    values: ArrayLike, kind: Kind, denominators: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Check values and denominators, and make gaps NaN.

    Parameters
    ----------
    values : array_like, shape (T,)
        Measurements, or events.
    kind : str
        Kind of chart.
    denominators : array_like, shape (T,), optional
        Denominators of events.

    Returns
    -------
    values, denominators : ndarray of float, shape (T,)
        Measurements or events per denominator; denominators, 1 where the kind has none.

    Raises
    ------
    EstimationError
        For an unknown kind, infinite values, or counts that do not fit.
    """
    y = np.array(values, dtype=float)
    if kind not in get_args(Kind):
        raise EstimationError(
            f"Unknown chart {kind!r}.", f"Use one of {', '.join(get_args(Kind))}."
        )
    if y.ndim != 1 or np.isinf(y).any():
        raise EstimationError(
            "The values are not one finite number per period.", "Give a series, NaN at gaps."
        )
    if (denominators is None) == (kind in COUNTS):
        raise EstimationError(
            f"A chart of kind {kind!r} {'needs' if kind in COUNTS else 'takes no'} denominators.",
            "Use p or u for events per denominator, individuals for measurements.",
        )
    if denominators is None:
        return y, np.ones(len(y))
    size = np.array(denominators, dtype=float)
    if size.shape != y.shape or np.any(size < 0) or np.any(y < 0):
        raise EstimationError(
            "Events or denominators are negative or of different length.",
            "Give one number of each per period.",
        )
    if kind in ("p", "p_prime") and np.any(y > size):
        raise EstimationError(
            "A period has more events than its denominator.", "Use a u chart for rates."
        )
    size = np.where(size > 0, size, np.nan)
    return y / size, size


def lay_out(
    y: Floats,
    size: Floats,
    kind: Kind,
    rebase: Sequence[int],
    freeze: int | None,
    prediction: bool,
    screened: bool,
) -> Layout:
    """Divide a series into parts and say what limits are taken from.

    Parameters
    ----------
    y, size : ndarray of float, shape (T,)
        Values and denominators.
    kind : str
        Kind of chart.
    rebase, freeze, prediction, screened
        As for `chart.control_chart`.

    Returns
    -------
    Layout
        Parts and baseline.

    Raises
    ------
    EstimationError
        If the choices exclude each other or a part has fewer than two values.
    """
    starts = sorted(rebase)
    if freeze is not None and starts:
        raise EstimationError(
            "Limits are frozen and rebased at once.", "Freeze a baseline, or rebase: not both."
        )
    if prediction and freeze is None:
        raise EstimationError(
            "Limits can predict only what they were not taken from.", "Give freeze=."
        )
    if any(not 0 < start < len(y) for start in starts) or len(set(starts)) < len(starts):
        raise EstimationError(
            "A new part begins before the first or after the last period, or twice.",
            f"Give positions between 1 and {len(y) - 1}.",
        )
    part = np.searchsorted(np.array(starts, dtype=np.int64), np.arange(len(y)), side="right")
    baseline = np.arange(len(y)) < (len(y) if freeze is None else freeze)
    layout = Layout(kind, size, part.astype(np.int64), baseline, prediction, screened)
    if not len(y) or any(
        np.isfinite(y[(part == number) & baseline]).sum() < 2 for number in layout.parts
    ):
        raise EstimationError(
            "A part or baseline has fewer than two periods with a value.",
            "Wait for more periods, or move the places where parts begin.",
        )
    return layout
