"""How often a funnel flags units that are like the others, or finds one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from outcomes.stats.funnel.dispersion import Dispersion, reference

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
LEVELS = (0.95, 0.998)
_BATCH = 500


@dataclass(frozen=True)
class Alarms:
    """Shares of simulated funnels in which units lay outside the limits.

    Parameters
    ----------
    by_unit : ndarray of float, shape (2, C)
        Share of funnels with the unit outside its 95 % and its 99.8 % limits.
    any_unit : ndarray of float, shape (2,)
        Share of funnels with at least one unit outside.
    replicates : int
        Funnels simulated.
    """

    by_unit: Floats
    any_unit: Floats
    replicates: int

    @property
    def table(self) -> pd.DataFrame:
        """Level, mean share of units outside, share of funnels with any, and the latter's error."""
        spread = np.sqrt(self.any_unit * (1 - self.any_unit) / self.replicates)
        return pd.DataFrame(
            {
                "level": LEVELS,
                "share_of_units": self.by_unit.mean(axis=1),
                "any_unit": self.any_unit,
                "mc_error": spread,
            }
        )


def critical_values(df: float) -> Floats:
    """Deviates at the 95 % and the 99.8 % limit.

    Parameters
    ----------
    df : float
        Degrees of freedom; infinity for normal limits (1.960 and 3.090).

    Returns
    -------
    ndarray of float, shape (2,)
        Upper quantiles of |t|.
    """
    tails = (1 - np.array(LEVELS)) / 2
    # scipy's t at infinite df is the normal distribution.
    return np.asarray(stats.t.isf(tails, df))


def simulate_alarms(
    draw: Draw,
    outside: Callable[[Floats], NDArray[np.bool_]],
    *,
    replicates: int = 2000,
    seed: int = 20260101,
    on_step: Callable[[int, int], None] | None = None,
) -> Alarms:
    """Simulate funnels and count the units outside.

    Parameters
    ----------
    draw : callable
        Takes a generator and R, gives R × C values.
    outside : callable
        Takes R × C values, gives 2 × R × C: outside the 95 % and the 99.8 % limits.
    replicates : int
        Number of funnels.
    seed : int
        Seed.
    on_step : callable, optional
        Called with (done, total).

    Returns
    -------
    Alarms
        Shares.
    """
    rng = np.random.default_rng(seed)
    flags = []
    for start in range(0, replicates, _BATCH):
        size = min(_BATCH, replicates - start)
        flags.append(outside(draw(rng, size)))
        if on_step is not None:
            on_step(start + size, replicates)
    found = np.concatenate(flags, axis=1)
    return Alarms(found.mean(axis=1), found.any(axis=2).mean(axis=1), replicates)


def mean_alarms(
    std_error: ArrayLike,
    tau: float,
    dispersion: Dispersion = "leave_one_out",
    *,
    shift: ArrayLike = 0.0,
    target: float | None = None,
    replicates: int = 2000,
    seed: int = 20260101,
    on_step: Callable[[int, int], None] | None = None,
) -> Alarms:
    """Simulate funnels of means: false alarms, and power for units that are shifted.

    Parameters
    ----------
    std_error : array_like, shape (C,)
        Sampling standard errors of the units.
    tau : float
        True standard deviation between units.
    dispersion : str
        As for `dispersion.reference`.
    shift : array_like, shape () or (C,)
        True shift of each unit; where it is not 0, `Alarms.by_unit` is the power.
    target : float, optional
        External target; the true mean is then at it.
    replicates, seed, on_step
        As for `simulate_alarms`.

    Returns
    -------
    Alarms
        Shares of units outside.

    Notes
    -----
    Values are N(target + shift, τ² + s²). Standard errors are taken as known.

    References
    ----------
    Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical methods. Stat
    Med 2019;38:2074–2102.
    """
    s = np.asarray(std_error, float)
    centre = (0.0 if target is None else target) + np.asarray(shift, float)

    def draw(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(centre + rng.normal(size=(size, len(s))) * np.sqrt(tau**2 + s**2))

    def outside(values: Floats) -> NDArray[np.bool_]:
        found = reference(values, s, dispersion, target=target)
        deviate = np.abs(values - found.centre) / found.spread
        return np.asarray(deviate > critical_values(found.df)[:, None, None])

    return simulate_alarms(draw, outside, replicates=replicates, seed=seed, on_step=on_step)
