"""The funnel: units against what is expected of them, within limits for real differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.stats.funnel.alarms import (
    LEVELS,
    Alarms,
    critical_values,
    simulate_alarms,
)
from outcomes.stats.funnel.detectable import simulated_detectable_difference
from outcomes.stats.funnel.dispersion import Dispersion, Reference, reference
from outcomes.stats.funnel.heterogeneity import paule_mandel, weighted_mean
from outcomes.stats.funnel.limits import binomial_limits
from outcomes.stats.funnel.scales import Scale, from_scale, to_scale

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Funnel:
    """Units compared with what is expected of them.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per unit, in the order given: unit, n, value, expected (mean expectation of a
        subject, for proportions), std_error (of sampling, on the scale), centre, low_95, high_95,
        low_998, high_998, deviate, p_value, position (``inside``, ``below_95``, ``above_95``,
        ``below_998``, ``above_998``), shrunken, shrunken_low, shrunken_high (95 %), reliability,
        detectable (difference that the 99.8 % limits would show with a power of 80 %, on the
        scale). NaN and ``not_compared`` for a unit without a value.
    scale : {"mean", "proportion", "arcsine", "exact"}
        Scale on which limits were computed.
    dispersion : str
        How differences between units are allowed for.
    reference : Reference
        What the compared units were compared with, on the scale.
    tau2_low, tau2_high : float
        95 % limits of the variance between units, on the scale; NaN where it was not estimated.
    sd : float
        Standard deviation of one subject, on the scale: a unit of n has standard error sd/√n.
    target : float, optional
        Value that units were compared with, if not their own mean.
    notes : tuple of str
        What the reader should know.
    """

    units: pd.DataFrame
    scale: Scale
    dispersion: Dispersion
    reference: Reference
    tau2_low: float
    tau2_high: float
    sd: float
    target: float | None
    notes: tuple[str, ...]

    @property
    def tau2(self) -> float:
        """Variance between units, on the scale."""
        return float(self.reference.tau2)

    def curve(self, n: ArrayLike) -> pd.DataFrame:
        """Limits as lines over the number of subjects.

        Parameters
        ----------
        n : array_like
            Numbers of subjects, 1 or more.

        Returns
        -------
        pandas.DataFrame
            n, centre, low_95, high_95, low_998, high_998, unit of the value.

        Notes
        -----
        With leave-one-out every unit has limits of its own. The lines are those of a new unit,
        from the units that are not beyond their 99.8 % limits (all, if fewer than three are left),
        so that the lines nearly always agree with the flags.

        References
        ----------
        Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med
        2005;24:1185–1202.
        """
        grid = np.atleast_1d(np.asarray(n, float))
        found = self.reference
        centre, between = float(found.centre.flat[0]), self.tau2
        if self.scale == "exact":
            return limit_frame(
                {"n": grid, "centre": np.full(len(grid), centre)},
                [binomial_limits(centre, grid, level) for level in LEVELS],
            )
        if self.dispersion == "leave_one_out":
            centre, between = self._new_unit()
        spread = np.sqrt(self.sd**2 / grid * max(1.0, float(found.phi)) + between)
        steps = [k * spread for k in critical_values(found.df)]
        return limit_frame(
            {"n": grid, "centre": np.full(len(grid), float(from_scale(centre, self.scale)))},
            [
                (from_scale(centre - step, self.scale), from_scale(centre + step, self.scale))
                for step in steps
            ],
        )

    def false_alarms(
        self,
        *,
        tau: float | None = None,
        replicates: int = 2000,
        seed: int = 20260101,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Alarms:
        """Simulate this funnel with no unit out of line, and count the units it flags.

        Parameters
        ----------
        tau : float, optional
            True standard deviation between units, on the scale; as estimated unless given.
        replicates, seed, on_step
            As for `alarms.simulate_alarms`.

        Returns
        -------
        Alarms
            Shares of units outside and of funnels with any outside.

        Notes
        -----
        Units keep their standard errors and vary by τ about the centre. Proportions are drawn as
        binomial counts about the unit's expectation, so the steps of small units are in the answer;
        with case-mix their deviations are scaled to the standard error, which is below binomial.

        References
        ----------
        Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical methods.
        Stat Med 2019;38:2074–2102.
        """
        rows = self.units[self.units["position"] != "not_compared"]
        error, size = rows["std_error"].to_numpy(), rows["n"].to_numpy(float)
        expected, whole = rows["expected"].to_numpy(), np.maximum(1, np.round(size)).astype(int)
        between = float(np.sqrt(self.tau2)) if tau is None else tau
        centre = self._centre()
        narrower = error / np.sqrt(expected * (1 - expected) / size)

        def draw(rng: np.random.Generator, count: int) -> Floats:
            level = centre + between * rng.normal(size=(count, len(rows)))
            if self.scale == "mean":
                return np.asarray(level + error * rng.normal(size=level.shape))
            if self.scale == "arcsine":
                return to_scale(
                    rng.binomial(whole, from_scale(level, self.scale)) / whole, "arcsine"
                )
            share = np.clip(expected + level - centre, 0, 1)
            return np.asarray(level + (rng.binomial(whole, share) / whole - share) * narrower)

        def outside(values: Floats) -> NDArray[np.bool_]:
            if self.scale == "exact":
                low, high = (
                    np.array(pair)[:, None, :]
                    for pair in zip(
                        *(binomial_limits(centre, size, level) for level in LEVELS), strict=True
                    )
                )
                return np.asarray((values < low) | (values > high))
            found = reference(values, error, self.dispersion, target=self._target())
            deviate = np.abs(values - found.centre) / found.spread
            return np.asarray(deviate > critical_values(found.df)[:, None, None])

        return simulate_alarms(draw, outside, replicates=replicates, seed=seed, on_step=on_step)

    def simulated_detectable(self, *, replicates: int = 2000, seed: int = 20260101) -> Floats:
        """Give the smallest difference each unit would show, by simulation.

        Parameters
        ----------
        replicates, seed
            As for `detectable.simulated_detectable_difference`.

        Returns
        -------
        ndarray of float
            One difference per row of `units`, on the scale, at the τ² estimated; NaN for a unit not
            compared, and throughout without leave-one-out.
        """
        answer = np.full(len(self.units), np.nan)
        if self.dispersion == "leave_one_out":
            here = (self.units["position"] != "not_compared").to_numpy()
            answer[here] = simulated_detectable_difference(
                self.units["std_error"].to_numpy()[here],
                float(np.sqrt(self.tau2)),
                replicates=replicates,
                seed=seed,
            )
        return answer

    def _target(self) -> float | None:
        """External target on the scale."""
        return None if self.target is None else float(to_scale(self.target, self.scale))

    def _centre(self) -> float:
        """Middle of all units on the scale."""
        if self.dispersion == "leave_one_out":
            return self._new_unit()[0]
        return float(self.reference.centre.flat[0])

    def _new_unit(self) -> tuple[float, float]:
        """Centre and added variance of a unit that is yet to come."""
        rows = self.units[self.units["position"] != "not_compared"]
        usual = rows[~rows["position"].str.endswith("998")]
        rows = usual if len(usual) >= 3 else rows
        value = to_scale(rows["value"].to_numpy(), self.scale)
        variance = rows["std_error"].to_numpy() ** 2
        between = paule_mandel(value, variance)
        mean, error = weighted_mean(value, variance + between)
        return float(mean), float(between + error)


def limit_frame(columns: dict[str, Any], limits: list[tuple[Floats, Floats]]) -> pd.DataFrame:
    """Frame of limits at both levels.

    Parameters
    ----------
    columns : dict
        Columns that come first.
    limits : list of pairs of ndarray
        Lower and upper limits at 95 % and at 99.8 %.

    Returns
    -------
    pandas.DataFrame
        The columns, then low_95, high_95, low_998, high_998.
    """
    (low, high), (lower, higher) = limits
    return pd.DataFrame(
        columns | {"low_95": low, "high_95": high, "low_998": lower, "high_998": higher}
    )
