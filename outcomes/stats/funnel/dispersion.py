"""Where a unit would lie if it were one of the others: centre, spread and degrees of freedom.

Five ways to allow for units that differ more than chance, each for a batch of funnels at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError
from outcomes.stats.funnel.heterogeneity import moment_variance, paule_mandel, weighted_mean
from outcomes.stats.funnel.limits import winsorise

Floats = NDArray[np.float64]
Dispersion = Literal["leave_one_out", "additive", "additive_winsorised", "multiplicative", "none"]
# Numbers held at once while units are left out in turn (8 bytes each, a few arrays).
_BLOCK = 1_000_000


@dataclass(frozen=True)
class Reference:
    """What each unit is compared with.

    Parameters
    ----------
    centre : ndarray of float, shape (..., C)
        Expected value of the unit.
    spread : ndarray of float, shape (..., C)
        Standard deviation of the unit about it: sampling error, differences between units, and
        error of the centre.
    df : float
        Degrees of freedom of (value − centre)/spread; infinity for a normal reference.
    tau2 : ndarray of float, shape (...,)
        Variance between all units; 0 for `none` and `multiplicative`.
    phi : ndarray of float, shape (...,)
        Factor on the sampling variance; 1 except for `multiplicative`.
    """

    centre: Floats
    spread: Floats
    df: float
    tau2: Floats
    phi: Floats


def reference(
    value: ArrayLike,
    std_error: ArrayLike,
    dispersion: Dispersion = "leave_one_out",
    *,
    target: float | None = None,
    winsorised: float = 0.1,
) -> Reference:
    """Say where each unit would lie by chance and by how much units differ anyway.

    Parameters
    ----------
    value : array_like, shape (..., C)
        Values of C units, on a scale where errors are about normal.
    std_error : array_like, shape (..., C)
        Their sampling standard errors, above 0.
    dispersion : {"leave_one_out", "additive", "additive_winsorised", "multiplicative", "none"}
        How differences between units are allowed for, see Notes.
    target : float, optional
        External value to compare with; the weighted mean of the units unless given.
    winsorised : float
        Share of deviates pulled in at each end, for the two methods that do so.

    Returns
    -------
    Reference
        Centre, spread and degrees of freedom.

    Raises
    ------
    EstimationError
        For an unknown method, too few units, a standard error of 0, or a target given to
        `leave_one_out`.

    Notes
    -----
    leave_one_out: mean μ and variance τ² (Paule–Mandel) of the *other* units; spread
    √(s² + τ² + var μ); t with C − 2 degrees of freedom. An outlying unit cannot widen its own
    limits. This is the externally studentised residual of random-effects meta-analysis.

    additive: τ² by moments from all units, spread √(s² + τ²), normal. additive_winsorised: the
    same from winsorised deviates. multiplicative: φ, the mean of squared winsorised deviates;
    spread s·√max(1, φ), normal. none: spread s, normal.

    Values and standard errors must be complete: leave units without either out before.

    References
    ----------
    Spiegelhalter DJ. Handling over-dispersion of performance indicators. Qual Saf Health Care
    2005;14:347–351. Viechtbauer W, Cheung MW-L. Outlier and influence diagnostics for
    meta-analysis. Res Synth Methods 2010;1:112–125.
    """
    y, s = np.broadcast_arrays(np.asarray(value, float), np.asarray(std_error, float))
    if dispersion not in get_args(Dispersion):
        raise EstimationError(
            f"Unknown dispersion {dispersion!r}.", f"Use one of {', '.join(get_args(Dispersion))}."
        )
    if not (np.isfinite(y).all() and np.isfinite(s).all() and (s > 0).all()):
        raise EstimationError(
            "A unit has no value, or a standard error that is missing or 0.",
            "Leave such units out of the comparison and count them.",
        )
    if dispersion == "leave_one_out":
        if target is not None:
            raise EstimationError(
                "Leaving one out compares a unit with the others, not with a target.",
                "Drop target=, or use dispersion='additive'.",
            )
        return _leave_one_out(y, s)
    least = 1 if target is not None and dispersion == "none" else 2
    if y.shape[-1] < least:
        raise EstimationError(
            f"{y.shape[-1]} unit(s) cannot be compared by {dispersion!r}.",
            "Compare more units, or give target= with dispersion='none'.",
        )
    centre = weighted_mean(y, s**2)[0] if target is None else np.full(y.shape[:-1], float(target))
    deviate = (y - centre[..., None]) / s
    phi, tau2 = np.ones(y.shape[:-1]), np.zeros(y.shape[:-1])
    if dispersion in ("multiplicative", "additive_winsorised"):
        deviate = winsorise(deviate, winsorised)
    if dispersion == "multiplicative":
        phi = np.mean(deviate**2, axis=-1)
    elif dispersion != "none":
        tau2 = moment_variance((deviate**2).sum(axis=-1), s**2)
        if target is None:
            centre = weighted_mean(y, s**2 + tau2[..., None])[0]
    spread = np.sqrt(s**2 * np.maximum(1.0, phi)[..., None] + tau2[..., None])
    return Reference(np.broadcast_to(centre[..., None], y.shape), spread, np.inf, tau2, phi)


def _leave_one_out(y: Floats, s: Floats) -> Reference:
    """Compare every unit with the mean and variance of the others."""
    units = y.shape[-1]
    if units < 3:
        raise EstimationError(
            f"{units} unit(s) are too few to say how much units differ.",
            "Compare three or more units, or use dispersion='none'.",
        )
    flat_y, flat_v = y.reshape(-1, 1, units), (s**2).reshape(-1, 1, units)
    away = np.where(np.eye(units, dtype=bool), np.inf, 0.0)
    centre, extra = np.empty((2, len(flat_y), units))
    step = max(1, _BLOCK // units**2)
    for start in range(0, len(flat_y), step):
        rows = slice(start, start + step)
        others = flat_v[rows] + away
        tau2 = paule_mandel(flat_y[rows], others)
        mean, variance = weighted_mean(flat_y[rows], others + tau2[..., None])
        centre[rows], extra[rows] = mean, tau2 + variance
    spread = np.sqrt(s**2 + extra.reshape(y.shape))
    everyone = paule_mandel(y, s**2)
    return Reference(
        centre.reshape(y.shape), spread, float(units - 2), everyone, np.ones(y.shape[:-1])
    )
