"""Share with a return of pain by week, had nobody gone back to scheduled sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.bootstrap import Bootstrap, bootstrap
from outcomes.stats.interval_censored import fit_turnbull
from outcomes.stats.weights import Decision, WeightFit, WeightModels

Floats = NDArray[np.float64]
INFORMATIVE = 5.99
"""Twice the gain in log-likelihood from which the last score foretells restarting (5 %, 2 df)."""


class RestartWeights:
    """Weights for going back to scheduled sessions, refitted in resamples.

    Parameters
    ----------
    weeks : DataFrame
        As made by `derive_restarts`, every row with a last score.
    left, right : ndarray of float, shape (n,)
        Brackets of the return, in weeks.
    followed : ndarray of float, shape (n,)
        Weeks until scheduled care began again, infinite where it did not within the records.
    scale : float
        Points of the instrument that stand for one tenth of its range.

    Notes
    -----
    For a week t each patient whose state at t is known (returned before, or not restarted by then)
    counts with Π 1/P(no restart in the week | last score, its age, week) up to t or the return; who
    restarted before t without a return counts 0. The nonparametric maximum likelihood with these
    weights estimates the share with a return by t had nobody restarted, if restarting depends on
    recorded scores only.

    References
    ----------
    Robins JM, Finkelstein DM. Correcting for noncompliance and dependent censoring in an AIDS
    clinical trial with inverse probability of censoring weighted log-rank tests. Biometrics
    2000;56:779–788.
    """

    def __init__(
        self, weeks: pd.DataFrame, left: Floats, right: Floats, followed: Floats, scale: float
    ) -> None:
        self.left, self.right, self.followed = left, right, followed
        frame = weeks.assign(
            last=weeks["last"] / scale,
            high=(weeks["last"] / scale - 3).clip(lower=0),
            age=np.log1p(weeks["age"]),
            month=np.minimum((weeks["week"] - 1) // 4, 6).astype(str),
            turn=((weeks["week"] - 1) % 4).astype(str),
        )
        without = "age + C(month) + C(turn)"
        self.models = self._models(frame, f"last + high + {without}")
        self.whole = self.models.fit()
        plain = self._models(frame, without).fit()
        self.gain = 2 * (
            self.whole.denominators["restarting"].log_likelihood
            - plain.denominators["restarting"].log_likelihood
        )
        self.row_week = weeks["week"].to_numpy()
        # Patients without a row had no week at risk and keep the weight 1.
        self.subject = np.asarray(self.models.subjects)[self.models.unit]

    @staticmethod
    def _models(frame: pd.DataFrame, formula: str) -> WeightModels:
        decision = Decision("restarting", "restarted", formula, None, keep=0)
        return WeightModels(frame, [decision], subject="subject", period="week")

    @property
    def informative(self) -> bool:
        """Whether going back follows the last score."""
        return self.gain > INFORMATIVE

    def weights(self, fit: WeightFit, t: float) -> Floats:
        """Weights of the patients for what happened by a week.

        Parameters
        ----------
        fit : WeightFit
            Fit of the models.
        t : float
            Week.

        Returns
        -------
        ndarray of float, shape (n,)
            0 for who went back before without a return.
        """
        n = len(self.left)
        chance = fit.probabilities["restarting"][:, 0]
        upto = np.minimum(self.right, t)[self.subject]
        log = np.where(self.row_week <= np.ceil(upto), np.log(chance), 0.0)
        stayed = np.exp(-np.bincount(self.subject, log, minlength=n))
        known = (self.right <= t) | (self.followed >= t)
        return np.where(known, stayed, 0.0)

    def estimates(
        self, fit: WeightFit, at: Sequence[float], horizon: float, counts: Floats | None = None
    ) -> Floats:
        """Shares with a return, and mean weeks free of it.

        Parameters
        ----------
        fit : WeightFit
            Fit of the models.
        at : sequence of float
            Weeks.
        horizon : float
            Weeks up to which time free of return is counted.
        counts : ndarray of float, shape (n,), optional
            How often each patient counts.

        Returns
        -------
        ndarray of float
            F at each week, then the mean; missing where the data do not reach.
        """
        each = np.ones(len(self.left)) if counts is None else counts
        found: list[float] = []
        for t in (*at, horizon):
            w = self.weights(fit, t) * each
            rows = w > 0
            if not rows.any():
                raise EstimationError(
                    f"Nobody is left whose state at week {t:g} is known.", "Choose earlier weeks."
                )
            turnbull = fit_turnbull(self.left[rows], self.right[rows], w[rows])
            last = len(found) == len(at)
            value = turnbull.rmst(horizon)["estimate"] if last else turnbull.cdf(t)["estimate"][0]
            found.append(float(value))
        return np.array(found)

    def resample(
        self,
        at: Sequence[float],
        horizon: float,
        replicates: int,
        seed: int,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Bootstrap:
        """Refit everything on resamples of patients.

        Parameters
        ----------
        at, horizon
            As for `estimates`.
        replicates, seed, on_step
            As for `bootstrap`.

        Returns
        -------
        Bootstrap
            In the order of `estimates`.
        """
        own = np.asarray(self.models.subjects)

        def statistic(drawn: NDArray[np.int64]) -> Floats:
            counts = drawn.astype(float)
            fit = self.models.fit(counts[own], self.whole)
            return self.estimates(fit, at, horizon, counts)

        return bootstrap(
            statistic, len(self.left), replicates=replicates, seed=seed, on_step=on_step
        )
