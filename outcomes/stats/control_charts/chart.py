"""Control charts: what a stable process would do, and where this one does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError
from outcomes.stats.control_charts.autocorrelation import find_autocorrelation
from outcomes.stats.control_charts.judge import Judgement, Layout, judge
from outcomes.stats.control_charts.limits import COUNTS, Kind
from outcomes.stats.control_charts.runs import shifted_points
from outcomes.stats.control_charts.series import lay_out, read_series

Better = Literal["higher", "lower"]
# Below this many baseline points limits are provisional; from 36 on estimating them costs little.
_FEW_POINTS, _ENOUGH_POINTS = 12, 36
# Autocorrelation beyond which an individuals chart misleads and residuals are charted.
PHI_THAT_MATTERS = 0.2


@dataclass(frozen=True)
class ControlChart:
    """A control chart of one series.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per period: period, value (NaN at a gap), denominator, plotted, centre, low, high (3
        sigma), low_inner, high_inner (2 sigma), part (from 1), baseline, beyond (1, −1 or 0), shift
        (in a run that is too long), reading (``better``, ``worse`` or empty).
    parts : pandas.DataFrame
        One row per part: part, n, n_useful, centre, sigma (mean over periods), phi, spread,
        longest_run, longest_run_limit, crossings, crossings_limit, shift, few_crossings, n_beyond,
        signal.
    layout : Layout
        How the chart is drawn.
    better : {"higher", "lower"}, optional
        Which direction is good.
    target : float, optional
        Value aimed at.
    notes : tuple of str
        What the reader should know.
    """

    points: pd.DataFrame
    parts: pd.DataFrame
    layout: Layout
    better: Better | None
    target: float | None
    notes: tuple[str, ...]

    @property
    def signal(self) -> bool:
        """Whether any rule says that the process is not stable."""
        return bool(self.parts["signal"].any())

    @property
    def assurance(self) -> str:
        """Whether the last part can be trusted to meet the target, as things are.

        ``always``, ``never`` or ``sometimes``; empty without a target, a direction or limits.
        """
        last = self.points[self.points["part"] == self.points["part"].max()]
        if self.target is None or self.better is None or last["low"].isna().all():
            return ""
        over, under = last["low"].min() > self.target, last["high"].max() < self.target
        if self.better == "lower":
            over, under = under, over
        return "always" if over else "never" if under else "sometimes"


def control_chart(
    values: ArrayLike,
    kind: Kind = "individuals",
    *,
    denominators: ArrayLike | None = None,
    periods: Sequence[object] | pd.Index | None = None,
    rebase: Sequence[int] = (),
    freeze: int | None = None,
    better: Better | None = None,
    target: float | None = None,
    prediction: bool = False,
    screened: bool = True,
) -> ControlChart:
    """Chart a series.

    Parameters
    ----------
    values : array_like, shape (T,)
        One value per period in order of time; for `p` and `u` charts the number of events. NaN, or
        a denominator of 0 or NaN, is a gap: never a 0.
    kind : str
        individuals, moving_range (of individuals), residual (individuals after taking out what the
        period before predicts), run (median, no limits), p, p_prime (proportions), u, u_prime
        (rates). The primed ones estimate their own spread.
    denominators : array_like, shape (T,), optional
        Subjects or exposure per period, for `p` and `u`.
    periods : sequence, optional
        Labels of the periods, all of them; numbered from 1 unless given. `every_period` makes them.
    rebase : sequence of int
        Positions (from 0) at which a new part with its own centre and limits begins.
    freeze : int, optional
        Take centre and limits from the first so many periods and judge the rest by them.
    better : {"higher", "lower"}, optional
        Which direction is good; without it signals are not called better or worse.
    target : float, optional
        Value aimed at.
    prediction : bool
        With `freeze`: widen the limits for their being estimated (`prediction_factor`).
    screened : bool
        Leave moving ranges above their own limit out of sigma, as R's qicharts2 does.

    Returns
    -------
    ControlChart
        Points with lines and flags, and a summary of each part.

    Raises
    ------
    EstimationError
        If a part (or the frozen baseline) has fewer than two values, counts do not fit, or the
        choices exclude each other.

    Notes
    -----
    Rules: a point beyond 3 sigma; a run longer than round(log₂ n) + 3; fewer crossings of the
    centre than chance explains (`runs.find_runs`). `false_alarms` says how often they speak up
    without cause on this very chart. Rebase only for a known change of the process, never because
    a rule spoke.

    References
    ----------
    Benneyan JC, Lloyd RC, Plsek PE. Statistical process control as a tool for research and
    healthcare improvement. Qual Saf Health Care 2003;12:458–464.
    """
    y, size = read_series(values, kind, denominators)
    labels = pd.Index(range(1, len(y) + 1) if periods is None else periods)
    if len(labels) != len(y) or labels.has_duplicates:
        raise EstimationError(
            f"There are {len(y)} values and {labels.nunique()} different periods.",
            "Give one label for each value.",
        )
    layout = lay_out(y, size, kind, rebase, freeze, prediction, screened)
    found = judge(layout, y)
    points = pd.DataFrame(
        {
            "period": labels,
            "value": y,
            "denominator": size if kind in COUNTS else np.nan,
            "plotted": found.plotted,
            "centre": found.centre,
            "low": found.low,
            "high": found.high,
            "low_inner": found.low_inner,
            "high_inner": found.high_inner,
            "part": layout.part + 1,
            "baseline": layout.baseline,
            "beyond": found.beyond,
            "shift": np.concatenate(
                [
                    shifted_points(found.plotted[layout.part == number], float(middle[..., 0]))
                    for number, middle in enumerate(found.middles)
                ]
            ),
        }
    )
    points["reading"] = _readings(points, better)
    return ControlChart(
        points, _summary(layout, found), layout, better, target, _notes(layout, y, kind)
    )


def chart_individuals(
    values: ArrayLike,
    *,
    periods: Sequence[object] | pd.Index | None = None,
    freeze: int | None = None,
    better: Better | None = None,
    target: float | None = None,
    prediction: bool = False,
) -> ControlChart:
    """Chart a series of means, by residuals where a period resembles the one before.

    Parameters
    ----------
    values : array_like, shape (T,)
        One value per period; NaN is a gap.
    periods, freeze, better, target, prediction
        As for `control_chart`.

    Returns
    -------
    ControlChart
        Of kind ``individuals``, or ``residual`` where the autocorrelation of the baseline
        (corrected for bias) is above 0.2; a note says so.

    Raises
    ------
    EstimationError
        As `control_chart`.

    Notes
    -----
    An individuals chart takes its sigma from neighbours. Where these are alike, sigma is too small
    and points lie beyond the limits without cause. The rule goes by the estimate, not by its p
    value: with a few dozen periods a test misses correlations that do harm.

    References
    ----------
    Alwan LC, Roberts HV. Time-series modeling for statistical process control. J Bus Econ Stat
    1988;6:87–95.
    """
    chosen: Kind = "individuals"
    notes: tuple[str, ...] = ()
    try:
        found = find_autocorrelation(np.asarray(values, float)[:freeze])
    except EstimationError as problem:
        notes = (f"Autocorrelation not tested: {problem.problem}",)
    else:
        if found.phi > PHI_THAT_MATTERS:
            chosen = "residual"
            notes = (
                f"Neighbouring periods are alike (autocorrelation {found.phi:.2f}): the chart "
                "shows each value less what the one before predicts.",
            )
    chart = control_chart(
        values,
        chosen,
        periods=periods,
        freeze=freeze,
        better=better,
        target=target,
        prediction=prediction,
    )
    return replace(chart, notes=(*notes, *chart.notes))


def _summary(layout: Layout, found: Judgement) -> pd.DataFrame:
    """One row per part."""
    rows = []
    for number, (runs, each) in enumerate(zip(found.runs, found.processes, strict=True)):
        here = layout.part == number
        n_beyond = int(np.abs(found.beyond[here]).sum())
        sigma = found.sigma[here]
        rows.append(
            {
                "part": number + 1,
                "n": int(np.isfinite(found.plotted[here]).sum()),
                "n_useful": int(runs.useful),
                "centre": float(each.centre[..., 0]),
                "sigma": float(np.nanmean(sigma)) if np.isfinite(sigma).any() else np.nan,
                "phi": float(each.phi[..., 0]),
                "spread": float(each.spread[..., 0]),
                "longest_run": int(runs.longest),
                "longest_run_limit": int(runs.longest_limit),
                "crossings": int(runs.crossings),
                "crossings_limit": int(runs.crossings_limit),
                "shift": bool(runs.shift),
                "few_crossings": bool(runs.few_crossings),
                "n_beyond": n_beyond,
                "signal": bool(runs.shift | runs.few_crossings) or n_beyond > 0,
            }
        )
    return pd.DataFrame(rows)


def _readings(points: pd.DataFrame, better: Better | None) -> list[str]:
    """Say whether a flagged point is good news."""
    if better is None:
        return [""] * len(points)
    flagged = points["shift"] | (points["beyond"] != 0)
    side = pd.Series(np.sign(points["plotted"] - points["centre"])).where(flagged, 0)
    good = 1 if better == "higher" else -1
    return list(side.map({good: "better", -good: "worse"}).fillna(""))


def _gap_words(gaps: int) -> str:
    if gaps == 1:
        return "One period without a value is left as a gap."
    return f"{gaps} periods without a value are left as gaps."


def _notes(layout: Layout, y: NDArray[np.float64], kind: Kind) -> tuple[str, ...]:
    """Gaps, and baselines too short to be trusted."""
    notes: tuple[str, ...] = ()
    gaps = int(np.isnan(y).sum())
    if gaps:
        notes += (_gap_words(gaps),)
    points = min(
        int(np.isfinite(y[(layout.part == n) & layout.baseline]).sum()) for n in layout.parts
    )
    if kind == "run":
        return notes
    if points < _FEW_POINTS:
        notes += (f"Limits from {points} periods are provisional.",)
    elif points < _ENOUGH_POINTS and layout.frozen and not layout.prediction:
        notes += (
            f"Limits from {points} periods give more false alarms than 3 sigma promise: "
            "see the simulated rate.",
        )
    return notes
