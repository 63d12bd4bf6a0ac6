"""A chart of one series, its own rate of false alarms, and the sum that finds slow drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from outcomes.analyses.trends.series import is_share
from outcomes.analyses.trends.spec import ADVERSE, BETTER, DIFFERENCE, TrendsSpec
from outcomes.errors import EstimationError
from outcomes.stats.control_charts import (
    Autocorrelation,
    ControlChart,
    Kind,
    autoregressive,
    chart_individuals,
    control_chart,
    cusum_false_alarms,
    cusum_threshold,
    false_alarms,
    find_autocorrelation,
    risk_adjusted_cusum,
    simulate_charts,
)
from outcomes.stats.control_charts.judge import Layout

REPLICATES = 2000
# Spread between periods beyond that of chance, from which limits of counts are widened by it.
_SPREAD_THAT_MATTERS = 1.3


@dataclass(frozen=True)
class Charted:
    """A chart and what is to be printed beside it.

    Parameters
    ----------
    chart : ControlChart
        The chart.
    alarms : dict of str to float
        Share of such charts on which ``limits``, or ``any`` rule, speaks without cause.
    autocorrelation : Autocorrelation or None
        Of neighbouring periods; None where it could not be tested.
    drift : DataFrame or None
        Of the cumulative sum, one row a period: higher, lower, signal; None where there is none.
    drift_threshold, drift_alarm : float
        Its threshold, and the share of such series in which it signals without cause.
    """

    chart: ControlChart
    alarms: dict[str, float]
    autocorrelation: Autocorrelation | None
    drift: pd.DataFrame | None
    drift_threshold: float
    drift_alarm: float


def draw_chart(
    series: pd.DataFrame, measure: str, spec: TrendsSpec, sd: float = float("nan")
) -> Charted:
    """Chart one series.

    Parameters
    ----------
    series : DataFrame
        One row a period in order of time: period, value, events, n.
    measure : str
        What is charted.
    spec : TrendsSpec
        Choices.
    sd : float
        Standard deviation of a patient about expectation, for the sum of differences.

    Returns
    -------
    Charted
        The chart, its false alarms, autocorrelation and drift.

    Raises
    ------
    EstimationError
        If there are too few periods with a value, in all or in a part, or all or nearly all are the
        same.

    Notes
    -----
    Differences: individuals, or residuals where neighbouring periods are alike and there are enough
    of them to tell. Shares: p chart,
    events per session: u chart; with the spread that periods show among themselves (p′, u′) where
    that is above 1.3 times that of chance. Frozen limits are widened for being estimated.
    """
    value = series["value"].to_numpy(dtype="float64")
    known = int(np.isfinite(value).sum())
    if known < spec.min_periods:
        raise EstimationError(
            f"Limits need {spec.min_periods} periods with enough patients; there are {known}."
            if known
            else "No period has enough patients to be charted.",
            f"Wait for {spec.min_periods}.",
        )
    if np.nanmin(value) == np.nanmax(value):
        raise EstimationError("All periods have the same value.", "There is nothing to chart.")
    periods = pd.PeriodIndex(series["period"])
    starts, freeze = spec.starts(periods), _baseline(value, spec.freeze)
    choices: dict[str, object] = {
        "periods": [str(each) for each in periods],
        "better": BETTER[measure],
        "target": dict(spec.targets).get(measure),
        "freeze": freeze,
        "prediction": freeze is not None,
    }
    if measure == DIFFERENCE:
        tellable = int(np.isfinite(value[:freeze]).sum()) >= spec.min_for_residuals
        chart = (
            chart_individuals(value, **choices)  # type: ignore[arg-type]
            if tellable and not starts
            else control_chart(value, "individuals", rebase=starts, **choices)  # type: ignore[arg-type]
        )
    else:
        chart = _chart_of_counts(series, measure, starts, choices)
    if not (chart.parts["sigma"] > 0).all():
        raise EstimationError(
            "Most neighbouring periods have the same value, so there is no band to draw.",
            "Look at the values themselves.",
        )
    judged = chart.layout.baseline & (chart.layout.part == chart.layout.part.max())
    alike: Autocorrelation | None
    try:
        alike = find_autocorrelation(np.where(judged, value, np.nan))
    except EstimationError:
        alike = None
    drift, threshold, alarm = None, float("nan"), float("nan")
    if measure == DIFFERENCE and np.isfinite(sd) and sd > 0 and not starts:
        drift, threshold, alarm = _drift(value, series["n"].to_numpy(float), sd, judged, spec)
    return Charted(chart, alarm_rates(chart), alike, drift, threshold, alarm)


def alarm_rates(chart: ControlChart) -> dict[str, float]:
    """Give the share of such charts on which a rule speaks without cause.

    Parameters
    ----------
    chart : ControlChart
        A chart.

    Returns
    -------
    dict of str to float
        For ``limits``, ``shift``, ``crossings`` and ``any``.

    Notes
    -----
    Simulated with a fixed seed. Charts of measurements with one shape (periods, gaps, parts,
    baseline, autocorrelation in steps of 0.05) share one simulation; those of counts depend on
    their denominators and are simulated each for themselves.
    """
    layout = chart.layout
    if layout.kind in ("p", "p_prime", "u", "u_prime"):
        table = false_alarms(chart, replicates=REPLICATES)
        return dict(zip(table["rule"], table["share"], strict=True))
    phi = max(0.0, float(chart.parts["phi"].iloc[-1])) if layout.kind == "residual" else 0.0
    return dict(
        _rates(
            layout.kind,
            tuple(int(each) for each in layout.part),
            tuple(bool(each) for each in layout.baseline),
            tuple(bool(each) for each in chart.points["value"].isna()),
            layout.prediction,
            layout.screened,
            round(20 * phi) / 20,
        )
    )


@lru_cache(maxsize=512)
def _rates(
    kind: Kind,
    part: tuple[int, ...],
    baseline: tuple[bool, ...],
    gaps: tuple[bool, ...],
    prediction: bool,
    screened: bool,
    phi: float,
) -> tuple[tuple[str, float], ...]:
    """Simulate the false alarms of charts of measurements of one shape."""
    layout = Layout(
        kind, np.ones(len(part)), np.array(part), np.array(baseline), prediction, screened
    )
    draw, empty = autoregressive(len(part), phi), np.array(gaps)
    table = simulate_charts(
        layout, lambda rng, size: np.where(empty, np.nan, draw(rng, size)), replicates=REPLICATES
    )
    return tuple(zip(table["rule"], table["share"], strict=True))


def _baseline(value: np.ndarray, freeze: int | None) -> int | None:
    """Periods that hold the first so many values; none where all are in the baseline."""
    if freeze is None:
        return None
    known = np.flatnonzero(np.isfinite(value))
    return None if freeze >= len(known) else int(known[freeze - 1]) + 1


def _chart_of_counts(
    series: pd.DataFrame, measure: str, starts: list[int], choices: dict[str, object]
) -> ControlChart:
    """Chart shares or rates, with the spread of the periods where chance does not explain it."""
    gap = series["value"].isna().to_numpy()
    events = np.where(gap, np.nan, series["events"].to_numpy(dtype="float64"))
    size = np.where(gap, np.nan, series["n"].to_numpy(dtype="float64"))
    events, size = np.nan_to_num(events), np.nan_to_num(size)
    plain: Kind = "p" if is_share(measure) else "u"
    primed: Kind = "p_prime" if is_share(measure) else "u_prime"
    wide = control_chart(events, primed, denominators=size, rebase=starts, **choices)  # type: ignore[arg-type]
    if wide.parts["spread"].iloc[-1] > _SPREAD_THAT_MATTERS:
        return wide
    return control_chart(events, plain, denominators=size, rebase=starts, **choices)  # type: ignore[arg-type]


def _drift(
    value: np.ndarray, n: np.ndarray, sd: float, judged: np.ndarray, spec: TrendsSpec
) -> tuple[pd.DataFrame, float, float]:
    """Cumulative sums of differences about the mean of the baseline."""
    gap = np.isnan(value)
    error = np.where(gap, np.nan, sd / np.sqrt(np.where(n > 0, n, np.nan)))
    used = judged & ~gap
    centre = float(np.average(value[used], weights=n[used]))
    score = np.where(gap, np.nan, (value - centre) / error)
    # Where periods differ by more than their patients explain, the scores are scaled to that.
    spread = max(1.0, float(control_chart(score, "individuals").parts["sigma"].iloc[-1]))
    threshold = cusum_threshold(spec.run_length, replicates=REPLICATES // 2)
    sums = risk_adjusted_cusum(
        np.where(gap, np.nan, value - centre), error * spread, threshold=threshold
    )
    alarm = cusum_false_alarms(error, threshold, baseline=judged, replicates=REPLICATES)
    return sums, threshold, alarm


def unit_of(measure: str, unit: str) -> str:
    """Name the unit of a measure.

    Parameters
    ----------
    measure : str
        The measure.
    unit : str
        Unit of the instrument.

    Returns
    -------
    str
        Such as ``share``.
    """
    if measure == ADVERSE:
        return "events per session"
    return "share" if is_share(measure) else unit
