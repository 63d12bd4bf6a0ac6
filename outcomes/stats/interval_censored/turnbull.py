"""Distribution of a time to an event without a shape: the Turnbull estimate and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import EstimationError

from .npmle import Maximum, innermost, maximise
from .rows import CensoredTimes, Floats, censored_times


@dataclass(frozen=True)
class TurnbullFit:
    """A distribution known up to where mass lies inside the innermost intervals.

    Parameters
    ----------
    left, right : ndarray of float
        Limits of the intervals that hold mass, in order; the last right limit may be infinite.
    mass : ndarray of float
        Probability that the event lies in each; they sum to 1.
    maximum : Maximum
        Log-likelihood and duality gap.
    counts : dict of str to int
        Rows that were exact, left-, interval- and right-censored.
    """

    left: Floats
    right: Floats
    mass: Floats
    maximum: Maximum
    counts: dict[str, int]

    @property
    def log_likelihood(self) -> float:
        """Weighted log-likelihood at the maximum."""
        return self.maximum.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the log-likelihood is within 1e-8 a unit of weight of the largest."""
        return self.maximum.gap < 1e-8

    @property
    def intervals(self) -> pd.DataFrame:
        """Intervals that hold mass: left, right, probability."""
        return pd.DataFrame({"left": self.left, "right": self.right, "probability": self.mass})

    def cdf(self, times: ArrayLike) -> pd.DataFrame:
        """Probability that the event has happened by each time.

        Parameters
        ----------
        times : array_like of float, shape (k,)
            Times, in the unit of the data; not negative.

        Returns
        -------
        DataFrame
            Columns time, estimate, low, high. The likelihood fixes F only outside the intervals
            that hold mass: `low` puts the mass of an interval at its right limit, `high` just after
            its left one, `estimate` spreads it evenly. Inside an interval without an end
            `estimate` is NaN where `low` and `high` differ.
        """
        t = np.atleast_1d(np.asarray(times, dtype=float))
        if np.isnan(t).any() or (t < 0).any():
            raise EstimationError("Times must be numbers, 0 or later.", "Correct the times.")
        low = self._sum(t[:, None] >= self.right)
        high = self._sum((t[:, None] > self.left) | (t[:, None] >= self.right))
        return pd.DataFrame(
            {"time": t, "estimate": self._sum(self._spread(t)), "low": low, "high": high}
        )

    def survival(self, times: ArrayLike) -> pd.DataFrame:
        """Probability that the event has not happened by each time.

        Parameters
        ----------
        times : array_like of float, shape (k,)
            Times, in the unit of the data; not negative.

        Returns
        -------
        DataFrame
            Columns time, estimate, low, high: one minus those of `cdf`, low and high exchanged.
        """
        found = self.cdf(times)
        return pd.DataFrame(
            {
                "time": found["time"],
                "estimate": 1 - found["estimate"],
                "low": 1 - found["high"],
                "high": 1 - found["low"],
            }
        )

    def rmst(self, horizon: float) -> pd.Series:
        """Mean time free of the event up to a horizon.

        Parameters
        ----------
        horizon : float
            Time up to which is counted, positive.

        Returns
        -------
        Series
            estimate, low, high, in the unit of time: the integral of `survival` from 0 to
            `horizon`, with mass spread over its interval, at its left limit, at its right limit.
            `estimate` is NaN if an interval without an end begins before the horizon.
        """
        if not 0 < horizon < np.inf:
            raise EstimationError(
                f"The horizon {horizon} is not a positive time.", "Give a time above 0."
            )
        begin, end = np.minimum(self.left, horizon), np.minimum(self.right, horizon)
        # Over an interval (a, b] that the horizon cuts, min(T, horizon) has a mean of its own.
        width = np.where(np.isfinite(self.right) & (self.right > self.left), self.right - begin, 1)
        part = np.clip((end - begin) / width, 0, 1)
        mean = part * (begin + end) / 2 + (1 - part) * end
        mean = np.where(np.isinf(self.right) & (self.left < horizon), np.nan, mean)
        return pd.Series(
            {
                "estimate": float(self._sum(mean)),
                "low": float(self._sum(begin)),
                "high": float(self._sum(end)),
            }
        )

    def quantile(self, probabilities: ArrayLike) -> pd.DataFrame:
        """Give the times by which given shares have had the event.

        Parameters
        ----------
        probabilities : array_like of float, shape (k,)
            Shares between 0 and 1, both excluded.

        Returns
        -------
        DataFrame
            Columns probability, low, high: the limits of the interval in which the distribution
            function crosses the share. `high` is infinite where it crosses after follow-up ended.
        """
        share = np.atleast_1d(np.asarray(probabilities, dtype=float))
        if not ((share > 0) & (share < 1)).all():
            raise EstimationError("Shares must lie between 0 and 1.", "Use 0.5 for the median.")
        place = np.searchsorted(np.cumsum(self.mass) - 1e-12, share)
        place = np.minimum(place, len(self.mass) - 1)
        return pd.DataFrame(
            {"probability": share, "low": self.left[place], "high": self.right[place]}
        )

    def curve(self) -> pd.DataFrame:
        """Points at which the distribution function changes, ready to plot.

        Returns
        -------
        DataFrame
            Columns time, estimate, low, high as of `cdf`, at 0 and at each finite limit.
        """
        limits = np.concatenate([[0.0], self.left, self.right])
        return self.cdf(np.unique(limits[np.isfinite(limits)]))

    def summary(self) -> str:
        """Describe the fit as plain text.

        Returns
        -------
        str
            Rows by kind, log-likelihood, gap, and the intervals with their mass.
        """
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.counts.items())
        state = "converged" if self.converged else "NOT CONVERGED"
        return (
            f"Turnbull estimate. Rows: {kinds}.\n"
            f"Log-likelihood {self.log_likelihood:.6f}; {state} (gap {self.maximum.gap:.1e}).\n"
            + self.intervals.to_string(index=False, float_format="{:.6g}".format)
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"

    def _spread(self, t: Floats) -> Floats:
        """Share of each interval that lies before each time, mass spread evenly over it."""
        finite = np.isfinite(self.right) & (self.right > self.left)
        width = np.where(finite, self.right - self.left, 1.0)
        share = np.clip((t[:, None] - self.left) / width, 0, 1)
        point = (t[:, None] >= self.right).astype(float)
        endless = np.where(t[:, None] > self.left, np.nan, 0.0)
        return np.where(finite, share, np.where(np.isinf(self.right), endless, point))

    def _sum(self, share: ArrayLike) -> Floats:
        return np.asarray(share, dtype=float) @ self.mass


def fit_turnbull(left: ArrayLike, right: ArrayLike, weight: ArrayLike | None = None) -> TurnbullFit:
    """Nonparametric maximum likelihood of the distribution of a censored time.

    Parameters
    ----------
    left, right : array_like of float, shape (n,)
        The event lies in (left, right]; equal limits mean that it is known exactly, a missing or
        infinite `right` that it was not seen, a missing, −inf or zero `left` that it happened
        before the first look.
    weight : array_like of float, shape (n,), optional
        Weights, such as inverse probabilities of staying uncensored.

    Returns
    -------
    TurnbullFit
        Masses of the intervals, F(t), quantiles and restricted mean, each with its limits.

    Raises
    ------
    EstimationError
        For limits that contradict each other, or no row (see `censored_times`).

    Notes
    -----
    Maximises Σ w_i log(F(right_i) − F(left_i)). Assumes that the times of looking do not depend on
    the time of the event; where people come because of the event, the estimate is too early.
    Rows that miss both limits are refused, never dropped.

    References
    ----------
    Turnbull BW. J R Stat Soc B 1976;38:290–295. Gentleman R, Geyer CJ. Biometrika 1994;81:618–623.
    """
    return turnbull_of(censored_times(left, right, weight))


def turnbull_of(times: CensoredTimes) -> TurnbullFit:
    """Fit rows that were checked before, as a bootstrap does.

    Parameters
    ----------
    times : CensoredTimes
        Limits and weights.

    Returns
    -------
    TurnbullFit
        As `fit_turnbull`.
    """
    cover = innermost(times)
    maximum = maximise(cover)
    held = maximum.mass > 0
    return TurnbullFit(
        left=np.maximum(cover.left[held], 0.0),
        right=cover.right[held],
        mass=maximum.mass[held],
        maximum=maximum,
        counts=times.counts(),
    )
