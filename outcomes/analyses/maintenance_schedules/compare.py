"""Two estimators of every schedule's mean, made to be refitted in every resample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from outcomes.analyses.maintenance_schedules.grid import Floats, ScheduleGrid
from outcomes.analyses.maintenance_schedules.weighting import Fitted, ScheduleWeights
from outcomes.stats.bootstrap import Bootstrap, bootstrap
from outcomes.stats.strategies import (
    PeriodMean,
    nobody,
    period_estimates,
    period_mean,
    sequential_mean,
)
from outcomes.stats.weights import WeightFit, truncate

CLONES, SEQUENTIAL, FIRST_PLAN = "clone–censor–weight", "sequential regression", "first plan"
MANY_CLINICS = 30


@dataclass(frozen=True)
class Outcome:
    """What is compared: values in some blocks, and who answered there.

    Parameters
    ----------
    name : str
        Instrument code or name of the outcome.
    label, unit : str
        For people.
    y : ndarray of float, shape (n, B)
        Values, missing where not answered.
    periods : tuple of int
        Blocks, from 0.
    response : str
        Name of the response that the weights for answering are of.
    note : str
        What a reader must know.
    """

    name: str
    label: str
    unit: str
    y: Floats
    periods: tuple[int, ...]
    response: str
    note: str = ""


@dataclass(frozen=True)
class _Alike:
    """Outcomes of the same blocks and answers: places, values (m, n, B), 1 where known."""

    response: str
    periods: list[int]
    at: list[int]
    values: Floats
    known: Floats


class Comparison:
    """All strategies on all outcomes of one grid.

    Parameters
    ----------
    grid : ScheduleGrid
        Patients by blocks.
    outcomes : sequence of Outcome
        The first is the primary one; only it has the second estimator and the first-plan contrast.
    responses, asked : dict of str to ndarray of bool, shape (n, K)
        As for `ScheduleWeights`.
    grace : int
        Blocks in a row off a strategy that are allowed.
    truncation : float, optional
        Quantile that weights are truncated at, within blocks.
    """

    def __init__(
        self,
        grid: ScheduleGrid,
        outcomes: Sequence[Outcome],
        responses: dict[str, NDArray[np.bool_]],
        asked: dict[str, NDArray[np.bool_]] | None = None,
        *,
        grace: int = 0,
        truncation: float | None = None,
    ) -> None:
        self.grid, self.outcomes, self.truncation = grid, tuple(outcomes), truncation
        self.models = ScheduleWeights(grid, responses, asked, grace)
        self.strategies = tuple(grid.followed)

    @cached_property
    def whole(self) -> Fitted:
        """Weights of the data as they are."""
        return self.models.weigh(self.models.fit())

    def arm(
        self, fitted: Fitted, outcome: Outcome, strategy: str, counts: Floats | None = None
    ) -> PeriodMean:
        """Weighted mean of one strategy.

        Parameters
        ----------
        fitted : Fitted
            Weights.
        outcome : Outcome
            What to average.
        strategy : str
            Name of the strategy.
        counts : ndarray of float, shape (n,), optional
            How often each patient counts.

        Returns
        -------
        PeriodMean
            Mean over the blocks of the outcome; of nobody where a block has none.
        """
        w = self.outcome_weights(fitted, outcome, strategy, counts)
        if not (w > 0).any(axis=0).all():
            return nobody(len(w))
        return period_mean(outcome.y, w)

    def outcome_weights(
        self, fitted: Fitted, outcome: Outcome, strategy: str, counts: Floats | None = None
    ) -> Floats:
        """Weights of the answers of one strategy.

        Parameters
        ----------
        fitted, outcome, strategy, counts
            As for `arm`.

        Returns
        -------
        ndarray of float, shape (n, B)
            Products for schedule, staying and answering, and counts.
        """
        blocks = list(outcome.periods)
        w = fitted.weights[strategy][:, blocks] * fitted.answering[outcome.response][:, blocks]
        if self.truncation is not None:
            w = np.column_stack([truncate(column, self.truncation) for column in w.T])
        return np.where(np.isnan(outcome.y), 0.0, w if counts is None else w * counts[:, None])

    def without_chance(self, fitted: Fitted, strategy: str, chance: float) -> float:
        """Share of patients who could hardly have kept to a strategy.

        Parameters
        ----------
        fitted : Fitted
            Weights.
        strategy : str
            Name of the strategy.
        chance : float
            What counts as hardly.

        Returns
        -------
        float
            Largest share over the blocks of those on the strategy, weighted to stand for everyone,
            whose probability of keeping to it through the block was smaller.

        References
        ----------
        Petersen ML, Porter KE, Gruber S, Wang Y, van der Laan MJ. Diagnosing and responding to
        violations in the positivity assumption. Stat Methods Med Res 2012;21:31–54.
        """
        clones, last = fitted.clones[strategy], self.outcomes[0].periods[-1] + 1
        before = np.ones((self.grid.n, self.grid.blocks))
        before[:, 1:] = fitted.weights[strategy][:, :-1]
        here = np.where(clones.bound & self.grid.in_care, before, 0.0)[:, :last]
        hardly = np.where(fitted.agreeing[strategy][:, :last] < chance, here, 0.0)
        total = here.sum(axis=0)
        return float(np.divide(hardly.sum(axis=0), total, where=total > 0, out=total * 0).max())

    def second(self, fitted: Fitted, strategy: str, counts: Floats | None = None) -> float:
        """Mean of the primary outcome of one strategy by sequential regression.

        Parameters
        ----------
        fitted, strategy, counts
            As for `arm`.

        Returns
        -------
        float
            Mean over the blocks of the outcome; missing where nobody is left in one.
        """
        outcome = self.outcomes[0]
        blocks = list(outcome.periods)
        answering = np.where(
            np.isnan(outcome.y), 0.0, fitted.answering[outcome.response][:, blocks]
        )
        w = fitted.weights[strategy][:, blocks] * answering
        if counts is not None:
            w = w * counts[:, None]
        if not (w > 0).any(axis=0).all():
            return float("nan")
        return sequential_mean(
            outcome.y,
            blocks,
            fitted.clones[strategy].kept,
            self.grid.at_risk,
            fitted.weights[strategy],
            answering,
            self._history,
            counts,
        )

    @cached_property
    def _history(self) -> Floats:
        """History of each block in one piece, shape (K, n, p)."""
        return np.ascontiguousarray(self.grid.history.transpose(1, 0, 2))

    @cached_property
    def _alike(self) -> list[_Alike]:
        """Outcomes that share their weights, to be averaged together."""
        found: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for j, outcome in enumerate(self.outcomes):
            found.setdefault((outcome.response, outcome.periods), []).append(j)
        alike = []
        for (response, periods), at in found.items():
            y = np.stack([self.outcomes[j].y for j in at])
            known = ~np.isnan(y)
            alike.append(
                _Alike(response, list(periods), at, np.where(known, y, 0.0), known.astype(float))
            )
        return alike

    def _means(
        self, fitted: Fitted, strategy: str, counts: Floats | None, alike: list[_Alike]
    ) -> Floats:
        """Means of all outcomes of one strategy, as `arm` estimates them."""
        found = np.full(len(self.outcomes), np.nan)
        for some in alike:
            w = fitted.weights[strategy][:, some.periods]
            w = w * fitted.answering[some.response][:, some.periods]
            if self.truncation is not None:
                w = np.column_stack([truncate(column, self.truncation) for column in w.T])
            if counts is not None:
                w = w * counts[:, None]
            found[some.at] = period_estimates(some.values, some.known, w)
        return found

    def vector(self, fit: WeightFit, counts: Floats | None = None) -> Floats:
        """All estimates of one fit, in the order of `rows`.

        Parameters
        ----------
        fit : WeightFit
            Fit of the models.
        counts : ndarray of float, shape (n,), optional
            How often each patient counts.

        Returns
        -------
        ndarray of float
            Means of all outcomes and strategies, of the second estimator, and by first plan.
        """
        fitted = self.models.weigh(fit)
        begun = self.models.bind(fitted, first_only=True)
        means = [self._means(fitted, strategy, counts, self._alike) for strategy in self.strategies]
        second = [self.second(fitted, strategy, counts) for strategy in self.strategies]
        # The primary outcome is the first, and so are those that share its weights.
        first = [self._means(begun, s, counts, self._alike[:1])[0] for s in self.strategies]
        return np.concatenate([np.stack(means, axis=1).ravel(), second, first])

    @property
    def by_clinic(self) -> bool:
        """Whether there are enough clinics to resample them whole."""
        return self.grid.clinics >= MANY_CLINICS

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Method, outcome and strategy of each element of `vector`."""
        first = self.outcomes[0].name
        return [
            *((CLONES, o.name, s) for o in self.outcomes for s in self.strategies),
            *((SEQUENTIAL, first, s) for s in self.strategies),
            *((FIRST_PLAN, first, s) for s in self.strategies),
        ]

    def resample(
        self,
        replicates: int,
        seed: int,
        on_step: Callable[[int, int], None] | None = None,
        workers: int | None = None,
    ) -> Bootstrap:
        """Refit everything on resamples of patients, or of clinics where there are at least 30.

        Parameters
        ----------
        replicates, seed
            Number of resamples, and their seed.
        on_step : callable, optional
            Told (done, total) after each.
        workers : int, optional
            Threads.

        Returns
        -------
        Bootstrap
            Estimates in the order of `rows`.
        """
        cluster, by_clinic, start = self.grid.cluster, self.by_clinic, self.whole.fit

        def statistic(drawn: NDArray[np.int64]) -> Floats:
            counts = (drawn[cluster] if by_clinic else drawn).astype(float)
            return self.vector(self.models.fit(counts, start), counts)

        units = int(cluster.max()) + 1 if by_clinic else self.grid.n
        return bootstrap(
            statistic, units, replicates=replicates, seed=seed, workers=workers, on_step=on_step
        )
