"""Centre, limits, points beyond them and runs, part by part, for one series or a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.stats.control_charts.limits import (
    Kind,
    Process,
    limits_of,
    prediction_factor,
    process,
)
from outcomes.stats.control_charts.runs import Runs, find_runs, run_line

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """How a chart is drawn, whatever its values.

    Parameters
    ----------
    kind : str
        Kind of chart.
    size : ndarray of float, shape (T,)
        Denominators, 1 where the kind has none.
    part : ndarray of int, shape (T,)
        Number of the part a period belongs to, from 0; each has its own centre and limits.
    baseline : ndarray of bool, shape (T,)
        Periods that centre and limits are taken from.
    prediction : bool
        Widen limits for their being estimated.
    screened : bool
        Leave very large moving ranges out of sigma.
    """

    kind: Kind
    size: Floats
    part: NDArray[np.int64]
    baseline: NDArray[np.bool_]
    prediction: bool
    screened: bool

    @property
    def parts(self) -> range:
        """Numbers of the parts."""
        return range(int(self.part.max()) + 1)

    @property
    def frozen(self) -> bool:
        """Whether limits come from some of the periods only."""
        return not bool(self.baseline.all())


@dataclass(frozen=True)
class Judgement:
    """What a chart says.

    Parameters
    ----------
    plotted, centre, sigma : ndarray of float, shape (..., T)
        Values on the chart, centre line and standard deviation.
    low, high : ndarray of float, shape (..., T)
        Limits at three standard deviations.
    low_inner, high_inner : ndarray of float, shape (..., T)
        Limits at two.
    beyond : ndarray of int, shape (..., T)
        1 above the upper limit, −1 below the lower, else 0.
    runs : tuple of Runs
        Runs of each part.
    middles : tuple of ndarray of float, shape (..., 1)
        Line of each part about which its runs are counted.
    processes : tuple of Process
        Estimates of each part.
    """

    plotted: Floats
    centre: Floats
    sigma: Floats
    low: Floats
    high: Floats
    low_inner: Floats
    high_inner: Floats
    beyond: NDArray[np.int64]
    runs: tuple[Runs, ...]
    middles: tuple[Floats, ...]
    processes: tuple[Process, ...]


def judge(layout: Layout, values: Floats) -> Judgement:
    """Draw a chart, or many.

    Parameters
    ----------
    layout : Layout
        How.
    values : ndarray of float, shape (..., T)
        Measurements, or events per denominator; NaN at gaps.

    Returns
    -------
    Judgement
        Lines, points beyond limits and runs.
    """
    lines = {
        name: np.full(values.shape, np.nan)
        for name in ("plotted", "centre", "sigma", "low", "high", "low_inner", "high_inner")
    }
    runs, middles, processes = [], [], []
    for number in layout.parts:
        here = layout.part == number
        found = process(
            layout.kind,
            values[..., here],
            layout.size[here],
            layout.baseline[here],
            layout.screened,
        )
        outer, inner = 3.0, 2.0
        if layout.prediction:
            points = int(np.isfinite(values[..., here & layout.baseline]).sum(axis=-1).min())
            outer, inner = (prediction_factor(points, factor) for factor in (outer, inner))
        low, high = limits_of(layout.kind, found, outer)
        low_inner, high_inner = limits_of(layout.kind, found, inner)
        for name, line in (
            ("plotted", found.plotted),
            ("centre", found.centre),
            ("sigma", found.sigma),
            ("low", low),
            ("high", high),
            ("low_inner", low_inner),
            ("high_inner", high_inner),
        ):
            lines[name][..., here] = line
        middle = run_line(found.plotted, found.centre, layout.baseline[here])
        middles.append(middle)
        runs.append(find_runs(found.plotted, middle))
        processes.append(found)
    above, below = lines["plotted"] > lines["high"], lines["plotted"] < lines["low"]
    beyond = above.astype(np.int64) - below.astype(np.int64)
    return Judgement(
        **lines, beyond=beyond, runs=tuple(runs), middles=tuple(middles), processes=tuple(processes)
    )
