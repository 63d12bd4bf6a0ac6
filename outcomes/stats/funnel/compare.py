"""Build funnels: of means, and of proportions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.errors import EstimationError
from outcomes.stats.funnel.alarms import LEVELS, critical_values
from outcomes.stats.funnel.detectable import detectable_difference
from outcomes.stats.funnel.dispersion import Dispersion, Reference, reference
from outcomes.stats.funnel.funnel import Funnel, limit_frame
from outcomes.stats.funnel.heterogeneity import paule_mandel, variance_interval
from outcomes.stats.funnel.limits import binomial_limits
from outcomes.stats.funnel.scales import Scale, from_scale, to_scale
from outcomes.stats.funnel.shrinkage import posterior, reliability

Floats = NDArray[np.float64]
# Expected counts below this make normal limits of a proportion doubtful.
_FEW_EXPECTED = 5


def funnel_of_means(
    unit: ArrayLike,
    value: ArrayLike,
    n: ArrayLike,
    *,
    sd: ArrayLike,
    dispersion: Dispersion = "leave_one_out",
    target: float | None = None,
) -> Funnel:
    """Compare means of units, such as observed minus expected.

    Parameters
    ----------
    unit : array_like, shape (C,)
        Names of the units, each once.
    value : array_like, shape (C,)
        Mean of each unit; NaN where there is none.
    n : array_like, shape (C,)
        Subjects (or effective subjects) behind each mean.
    sd : array_like, shape () or (C,)
        Standard deviation of a subject within units, same unit as the value: one number for all, as
        funnels have it, or one per unit.
    dispersion : {"leave_one_out", "additive", "additive_winsorised", "multiplicative", "none"}
        How differences between units are allowed for, see `dispersion.reference`.
    target : float, optional
        External value to compare with.

    Returns
    -------
    Funnel
        Units with limits, flags, shrunken estimates, reliability and detectable difference.

    Raises
    ------
    EstimationError
        If a unit is named twice, a standard deviation is not positive, or too few units have a
        value.

    Notes
    -----
    Standard error sd/√n; limits centre ± t · spread. Units without a value or a subject stay in the
    table as ``not_compared`` and take no part in any estimate.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202.
    """
    frame = _frame(unit, value, n).assign(expected=np.nan)
    one = np.broadcast_to(np.asarray(sd, float), len(frame))
    known = (frame["value"].notna() & (frame["n"] > 0)).to_numpy()
    if not (np.isfinite(one[known]).all() and (one[known] > 0).all()):
        raise EstimationError(
            "A standard deviation is missing, 0 or negative.",
            "Give the standard deviation of subjects within units.",
        )
    error = one[known] / np.sqrt(frame["n"].to_numpy()[known])
    common = float(np.sqrt(np.average(one[known] ** 2))) if known.any() else np.nan
    return _assemble(frame, known, error, common, "mean", dispersion, target, ())


def funnel_of_proportions(
    unit: ArrayLike,
    events: ArrayLike,
    n: ArrayLike,
    *,
    expected: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    limits: Literal["proportion", "arcsine", "exact"] = "proportion",
    dispersion: Dispersion = "leave_one_out",
    target: float | None = None,
) -> Funnel:
    """Compare proportions of units.

    Parameters
    ----------
    unit : array_like, shape (C,)
        Names of the units, each once.
    events : array_like, shape (C,)
        Subjects with the event; NaN where unknown.
    n : array_like, shape (C,)
        Subjects of each unit.
    expected : array_like, shape (C,), optional
        Expected number with the event, from a case-mix model; n times the overall proportion unless
        given.
    variance : array_like, shape (C,), optional
        Variance of the number with the event, Σ e(1 − e) over the subjects of a unit; from the mean
        expectation of the unit unless given.
    limits : {"proportion", "arcsine", "exact"}
        proportion: normal limits of the proportion; arcsine: normal limits of arcsin √p, kinder to
        small units; exact: binomial limits. The last two take no case-mix, and exact limits no
        over-dispersion.
    dispersion : {"leave_one_out", "additive", "additive_winsorised", "multiplicative", "none"}
        How differences between units are allowed for, see `dispersion.reference`.
    target : float, optional
        External proportion to compare with.

    Returns
    -------
    Funnel
        As `funnel_of_means`; `value` is the proportion, or with case-mix the overall proportion
        plus (events − expected)/n.

    Raises
    ------
    EstimationError
        If counts do not fit each other, the overall proportion is 0 or 1, or the choices exclude
        each other.

    Notes
    -----
    Standard errors are those under the expectation, √(p₀(1 − p₀)/n), not from the unit's own
    proportion: that would give a unit of none no error at all.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
    2005;24:1185–1202.
    """
    count, size = np.asarray(events, float), np.asarray(n, float)
    if np.any((count < 0) | (count > size)):
        raise EstimationError(
            "A unit has more events than subjects, or fewer than none.",
            "Count subjects, not occurrences.",
        )
    if limits != "proportion" and expected is not None:
        raise EstimationError(
            f"Limits {limits!r} take no expected counts.", "Use limits='proportion'."
        )
    if limits == "exact" and dispersion != "none":
        raise EstimationError(
            "Exact limits allow for no over-dispersion.",
            "Use dispersion='none', or limits='arcsine'.",
        )
    known = np.isfinite(count) & (size > 0)
    total = size[known].sum()
    overall = (count[known].sum() / total if total else np.nan) if target is None else target
    if not 0 < overall < 1:
        raise EstimationError(
            "The overall proportion is 0, 1 or unknown: no unit can differ by chance.",
            "Choose a threshold that some subjects reach and some do not.",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.full(len(size), overall) if expected is None else np.asarray(expected) / size
        value = count / size if expected is None else overall + count / size - mean
        spread = size * mean * (1 - mean) if variance is None else np.asarray(variance, float)
        error = 0.5 / np.sqrt(size) if limits == "arcsine" else np.sqrt(spread) / size
    frame = _frame(unit, value, size).assign(expected=mean)
    few = int(np.sum(size[known] * min(overall, 1 - overall) < _FEW_EXPECTED))
    notes = (
        (
            f"{few} unit(s) expect fewer than {_FEW_EXPECTED} with or without the event: normal "
            "limits are rough there.",
        )
        if few and limits == "proportion"
        else ()
    )
    one = 0.5 if limits == "arcsine" else float(np.sqrt(overall * (1 - overall)))
    centre = overall if dispersion != "leave_one_out" else target
    return _assemble(frame, known, error[known], one, limits, dispersion, centre, notes)


def _frame(unit: ArrayLike, value: ArrayLike, n: ArrayLike) -> pd.DataFrame:
    """Names, sizes and values, checked to be of one length and each unit once."""
    names = pd.Series(np.asarray(unit))
    if names.duplicated().any():
        raise EstimationError(
            f"{int(names.duplicated().sum())} unit(s) come twice.", "Give one row per unit."
        )
    return pd.DataFrame(
        {"unit": names, "n": np.asarray(n, float), "value": np.asarray(value, float)}
    )


def _assemble(
    frame: pd.DataFrame,
    known: NDArray[np.bool_],
    error: Floats,
    sd: float,
    scale: Scale,
    dispersion: Dispersion,
    target: float | None,
    notes: tuple[str, ...],
) -> Funnel:
    """Compare the units that have a value and put the others beside them."""
    value = frame["value"].to_numpy()[known]
    scaled = to_scale(value, scale)
    aim = None if target is None else float(to_scale(target, scale))
    found = reference(scaled, error, dispersion, target=aim)
    crossing = critical_values(found.df)
    if scale == "exact":
        sizes = frame["n"].to_numpy()[known]
        bounds = [binomial_limits(found.centre, sizes, level) for level in LEVELS]
    else:
        bounds = [
            (
                from_scale(found.centre - k * found.spread, scale),
                from_scale(found.centre + k * found.spread, scale),
            )
            for k in crossing
        ]
    deviate = (scaled - found.centre) / found.spread
    table = limit_frame(
        {"std_error": error, "centre": from_scale(found.centre, scale)}, bounds
    ).assign(
        deviate=deviate,
        p_value=2 * stats.t.sf(np.abs(deviate), found.df),
        position=_positions(value, deviate, crossing, bounds, scale),
        **_true_values(scaled, error, scale),
        detectable=_detectable(found, dispersion, scale),
    )
    table.index = frame.index[known]
    units = frame.join(table)
    units["position"] = units["position"].fillna("not_compared")
    several = len(scaled) > 1
    low, high = variance_interval(scaled, error**2) if several else (np.nan, np.nan)
    absent = int((~known).sum())
    if absent:
        notes += (f"{absent} unit(s) have no value and are not compared.",)
    return Funnel(units, scale, dispersion, found, low, high, sd, target, notes)


def _positions(
    value: Floats,
    deviate: Floats,
    crossing: Floats,
    bounds: list[tuple[Floats, Floats]],
    scale: Scale,
) -> list[str]:
    """Where each unit lies; by its deviate, which unlike a clipped limit is never rounded."""
    answer = np.full(len(value), "inside", dtype=object)
    for name, k, (low, high) in zip(("95", "998"), crossing, bounds, strict=True):
        below, above = deviate < -k, deviate > k
        if scale == "exact":
            below, above = value < low, value > high
        answer[below], answer[above] = f"below_{name}", f"above_{name}"
    return list(answer)


def _true_values(scaled: Floats, error: Floats, scale: Scale) -> dict[str, Floats]:
    """Shrunken estimates and reliability; NaN where too few units say how much units differ."""
    if len(scaled) < 3:
        nothing = np.full(len(scaled), np.nan)
        names = ("shrunken", "shrunken_low", "shrunken_high", "reliability")
        return dict.fromkeys(names, nothing)
    drawn = posterior(scaled, error)
    return {
        "shrunken": from_scale(drawn.estimate, scale),
        "shrunken_low": from_scale(drawn.low, scale),
        "shrunken_high": from_scale(drawn.high, scale),
        "reliability": reliability(error, float(paule_mandel(scaled, error**2))),
    }


def _detectable(found: Reference, dispersion: Dispersion, scale: Scale) -> Floats:
    """Give the detectable difference where a formula holds."""
    if dispersion not in ("leave_one_out", "none") or scale == "exact":
        return np.full(found.spread.shape, np.nan)
    return detectable_difference(found.spread, found.df)
