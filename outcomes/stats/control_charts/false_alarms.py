"""How often a chart speaks up when nothing has changed: its own simulated false-alarm rate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.stats.control_charts.autocorrelation import phi_estimate
from outcomes.stats.control_charts.chart import ControlChart
from outcomes.stats.control_charts.judge import Layout, judge
from outcomes.stats.control_charts.limits import COUNTS, PROPORTIONS

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
_BATCH = 500


def false_alarms(
    chart: ControlChart,
    *,
    phi: float | None = None,
    replicates: int = 2000,
    seed: int = 20260101,
    on_step: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Simulate this chart for a process that does not change.

    Parameters
    ----------
    chart : ControlChart
        Its kind, periods, gaps, denominators, parts and baseline are kept.
    phi : float, optional
        True autocorrelation of measurements; as estimated from the baseline of the chart (0 if that
        is negative) unless given. Not used for `p` and `u` charts.
    replicates, seed : int
        Number of charts and seed.
    on_step : callable, optional
        Called with (done, total).

    Returns
    -------
    pandas.DataFrame
        As `simulate_charts`.

    Notes
    -----
    Measurements are normal with autocorrelation φ. Events are binomial or Poisson about the centre
    of each part; where a primed chart found more spread than that, the underlying proportion or
    rate varies from period to period by as much as it takes. Limits are estimated again in each
    replicate, as they were for the chart.

    References
    ----------
    Wittenberg P. Modeling the patient mix for risk-adjusted CUSUM charts. Stat Methods Med Res
    2022;31:779–800 (false alarms that in-control assumptions hide).
    """
    layout = chart.layout
    gaps = chart.points["value"].isna().to_numpy()
    if layout.kind in COUNTS:
        draw = _counts(chart)
    else:
        values = chart.points["value"].to_numpy(float)
        known = np.where(layout.baseline & (layout.part == layout.part.max()), values, np.nan)
        found = max(0.0, float(phi_estimate(known)[..., 0])) if phi is None else phi
        draw = autoregressive(len(gaps), found)

    def with_gaps(rng: np.random.Generator, size: int) -> Floats:
        return np.where(gaps, np.nan, draw(rng, size))

    return simulate_charts(layout, with_gaps, replicates=replicates, seed=seed, on_step=on_step)


def simulate_charts(
    layout: Layout,
    draw: Draw,
    *,
    replicates: int = 2000,
    seed: int = 20260101,
    on_step: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Simulate charts and count those on which a rule speaks up.

    Parameters
    ----------
    layout : Layout
        How the chart is drawn.
    draw : callable
        Takes a generator and R, gives R × T values (events per denominator for counts).
    replicates, seed : int
        Number of charts and seed.
    on_step : callable, optional
        Called with (done, total).

    Returns
    -------
    pandas.DataFrame
        rule (``limits``, ``shift``, ``crossings``, ``any``), share of charts on which it spoke, and
        mc_error. With a frozen baseline only points after it count for ``limits``.
    """
    rng = np.random.default_rng(seed)
    judged = ~layout.baseline if layout.frozen else np.ones(len(layout.part), dtype=bool)
    spoke = np.zeros(4)
    for start in range(0, replicates, _BATCH):
        size = min(_BATCH, replicates - start)
        found = judge(layout, draw(rng, size))
        limits = (found.beyond[..., judged] != 0).any(axis=-1)
        shift = np.any([runs.shift for runs in found.runs], axis=0)
        crossings = np.any([runs.few_crossings for runs in found.runs], axis=0)
        spoke += [part.sum() for part in (limits, shift, crossings, limits | shift | crossings)]
        if on_step is not None:
            on_step(start + size, replicates)
    share = spoke / replicates
    return pd.DataFrame(
        {
            "rule": ["limits", "shift", "crossings", "any"],
            "share": share,
            "mc_error": np.sqrt(share * (1 - share) / replicates),
        }
    )


def autoregressive(periods: int, phi: float) -> Draw:
    """Make a generator of stationary normal series.

    Parameters
    ----------
    periods : int
        Length T.
    phi : float
        Correlation of neighbours, between −1 and 1.

    Returns
    -------
    callable
        Takes a generator and R, gives R × T values of mean 0 and variance 1.
    """

    def draw(rng: np.random.Generator, size: int) -> Floats:
        series = rng.normal(size=(size, periods))
        fresh = np.sqrt(1 - phi**2)
        for t in range(1, periods):
            series[:, t] = phi * series[:, t - 1] + fresh * series[:, t]
        return series

    return draw


def _counts(chart: ControlChart) -> Draw:
    """Events per denominator about the centre of each part."""
    layout = chart.layout
    size = np.nan_to_num(layout.size, nan=1.0)
    centre = chart.points["centre"].to_numpy(float)
    spread = chart.parts["spread"].to_numpy()[layout.part]
    by_chance = centre * (1 - centre if layout.kind in PROPORTIONS else 1.0) / size
    extra = np.sqrt(np.maximum(0.0, spread**2 - 1) * by_chance)

    def draw(rng: np.random.Generator, count: int) -> Floats:
        level = np.maximum(0.0, centre + extra * rng.normal(size=(count, len(centre))))
        if layout.kind in PROPORTIONS:
            whole = np.round(size).astype(np.int64)
            drawn = rng.binomial(whole, np.minimum(1.0, level))
            return np.asarray(drawn / np.maximum(whole, 1))
        return np.asarray(rng.poisson(level * size) / size)

    return draw
