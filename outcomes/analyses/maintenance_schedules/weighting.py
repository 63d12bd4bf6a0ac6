"""Weight models of a grid, refitted for every resample, and the clones they weight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from outcomes.analyses.maintenance_schedules.grid import Floats, Ints, ScheduleGrid
from outcomes.stats.strategies import Followed, follow, weights_of_chance
from outcomes.stats.weights import Decision, WeightFit, WeightModels

LAST = "last + last_1 + last_2"
LATE = "late + late_1 + late_2"


@dataclass(frozen=True)
class Fitted:
    """Weights of all clones from one fit.

    Parameters
    ----------
    clones : dict of str to Followed
        Clones of each strategy.
    weights : dict of str to ndarray of float, shape (n, K)
        Weights for schedule and staying, before answering.
    staying : ndarray of float, shape (n, K)
        Probability of being in care given the history; 1 in the first block.
    answering : dict of str to ndarray of float, shape (n, K)
        1/P(answered) for each response, 0 where there is no answer.
    agreeing : dict of str to ndarray of float, shape (n, K)
        Probability that the next code agrees with the strategy.
    fit : WeightFit
        The models.
    """

    clones: dict[str, Followed]
    weights: dict[str, Floats]
    staying: Floats
    answering: dict[str, Floats]
    agreeing: dict[str, Floats]
    fit: WeightFit


class ScheduleWeights:
    """Models of schedule, staying and answering for one grid.

    Parameters
    ----------
    grid : ScheduleGrid
        Patients by blocks.
    responses : dict of str to ndarray of bool, shape (n, K)
        Whether each outcome was answered in each block.
    asked : dict of str to ndarray of bool, shape (n, K)
        Where it was asked for; in care everywhere unless given.
    grace : int
        Blocks in a row off a strategy that are allowed.

    Notes
    -----
    Schedule: multinomial on the last score (bent at low and high pain), its trend and age, the
    schedule before, the block and the confounders. Staying: logistic on the last score, schedule
    before, block and confounders but the clinic, as few leave. Answering: logistic on the last
    score before the answer, whether there was a session in the week before, schedule, block by
    block, and confounders. All blocks are pooled, and patients off every strategy help to fit too.
    """

    def __init__(
        self,
        grid: ScheduleGrid,
        responses: dict[str, NDArray[np.bool_]],
        asked: dict[str, NDArray[np.bool_]] | None = None,
        grace: int = 0,
    ) -> None:
        self.grid, self.grace = grid, grace
        self._made: dict[tuple[int, bool], dict[str, Followed]] = {}
        rows = np.flatnonzero(grid.at_risk.ravel())
        self.subject, self.block = np.divmod(rows, grid.blocks)
        frame = grid.frame.iloc[rows].reset_index(drop=True)
        frame["code"] = frame["code"].astype("category")
        few = [term for term in grid.terms if term != "C(clinic_)"]
        decisions = []
        if frame.loc[frame["later"], "left"].nunique() > 1:
            history = [LAST, "C(previous)", "block", *few]
            decisions.append(
                Decision("staying", "left", " + ".join(history), None, keep=0, at_risk="later")
            )
        history = [LAST, "rising", "age_of_score", "C(previous)", "block", *grid.terms]
        history += grid.schedule_terms
        decisions.append(Decision("schedule", "code", " + ".join(history), None, at_risk="in_care"))
        for name, answered in responses.items():
            frame[name] = answered.ravel()[rows].astype(int)
            where = (asked or {}).get(name, grid.in_care) & grid.in_care
            frame[f"{name}_asked"] = where.ravel()[rows]
            levels = frame.loc[frame[f"{name}_asked"], name].nunique()
            if levels > 1:
                history = [LATE, "seen", "C(code)", "C(block)", *grid.terms]
                decisions.append(
                    Decision(
                        name,
                        name,
                        " + ".join(history),
                        None,
                        keep=1,
                        at_risk=f"{name}_asked",
                        cumulative=False,
                    )
                )
        self.responses = responses
        self.models = WeightModels(frame, decisions, subject="subject", period="block")

    def fit(self, counts: Floats | Ints | None = None, start: WeightFit | None = None) -> WeightFit:
        """Fit all models.

        Parameters
        ----------
        counts : ndarray, shape (n,), optional
            How often each patient counts.
        start : WeightFit, optional
            A fit to start from.

        Returns
        -------
        WeightFit
            Fitted probabilities.
        """
        return self.models.fit(counts, start)

    def weigh(self, fit: WeightFit) -> Fitted:
        """Weight the clones of every strategy.

        Parameters
        ----------
        fit : WeightFit
            Fit of these models.

        Returns
        -------
        Fitted
            Weights of the clones.
        """
        grid = self.grid
        chance = self._square(fit.probabilities["schedule"])
        staying = np.ones((grid.n, grid.blocks))
        if "staying" in fit.probabilities:
            stay = self._square(fit.probabilities["staying"][:, [0]])[:, :, 0]
            staying = np.where(np.isnan(stay), 1.0, stay)
        agreeing = {
            name: chance[:, :, list(allowed)].sum(axis=2) for name, allowed in grid.followed.items()
        }
        answering = {}
        for name, answered in self.responses.items():
            inverse = np.ones((grid.n, grid.blocks))
            if name in fit.probabilities:
                p = self._square(fit.probabilities[name][:, [-1]])[:, :, 0]
                inverse = np.divide(1.0, p, out=np.zeros_like(p), where=p > 0)
            answering[name] = np.where(answered, np.nan_to_num(inverse), 0.0)
        return self.bind(Fitted({}, {}, staying, answering, agreeing, fit))

    def bind(self, fitted: Fitted, *, grace: int | None = None, first_only: bool = False) -> Fitted:
        """Weight other clones by the same chances.

        Parameters
        ----------
        fitted : Fitted
            Chances of one fit.
        grace : int, optional
            Blocks of grace, those of the object unless given.
        first_only : bool
            Bind the clones in the first block only: who began what, whatever followed.

        Returns
        -------
        Fitted
            Weights of these clones.
        """
        clones = self._clones(self.grace if grace is None else grace, first_only)
        weights = {
            name: weights_of_chance(clones[name], fitted.agreeing[name], fitted.staying)
            for name in clones
        }
        return replace(fitted, clones=clones, weights=weights)

    def _clones(self, grace: int, first_only: bool) -> dict[str, Followed]:
        """Clones of every strategy; the same in every resample, so they are made once."""
        key = grace, first_only
        if key not in self._made:
            self._made[key] = {
                name: follow(
                    self.grid.codes, allowed, grace=grace, periods=1 if first_only else None
                )
                for name, allowed in self.grid.followed.items()
            }
        return self._made[key]

    def _square(self, rows: Floats) -> Floats:
        out = np.full((self.grid.n, self.grid.blocks, rows.shape[1]), np.nan)
        out[self.subject, self.block] = rows
        return out
