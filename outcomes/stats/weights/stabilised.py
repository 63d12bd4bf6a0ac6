"""Inverse probability weights over a sequence of decisions: treatment, staying, answering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

from .choice import ChoiceFit, ChoiceModel
from .columns import columns_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Decision:
    """One thing that happens at a decision point and is modelled over all points together.

    Parameters
    ----------
    name : str
        What to call it, such as ``treatment``, ``censoring`` or ``response``.
    outcome : str
        Column with what happened: two or more levels.
    denominator : str
        Right-hand side of the model for what happened given the history, such as
        ``"last_score + previous + C(period)"``.
    numerator : str, optional
        Right-hand side of the model that stabilises; must hold nothing that the decision could be
        confounded by unless the outcome model holds it too. None leaves the weights unstabilised.
    keep : object, optional
        Level that a subject must have for the row to count; others get weight 0. All levels count
        unless given.
    at_risk : str, optional
        Boolean column: rows in which the decision was taken. All rows unless given; elsewhere the
        factor is 1.
    cumulative : bool
        Multiply over the periods of a subject up to the row (treatment, staying), or apply to the
        row alone (answering at that time).
    """

    name: str
    outcome: str
    denominator: str
    numerator: str | None = "1"
    keep: object | None = None
    at_risk: str | None = None
    cumulative: bool = True


@dataclass(frozen=True)
class WeightFit:
    """Weights of each row, and the models they came from.

    Parameters
    ----------
    weights : ndarray of float, shape (n,)
        Product of all factors, in the order of the data; 0 where a decision was not kept.
    factors : dict of str to ndarray of float
        Factor of each decision in each row, not yet multiplied over periods.
    probabilities : dict of str to ndarray of float, shape (n, K)
        Fitted probability of each level given the history; NaN where not at risk.
    levels : dict of str to tuple of str
        Names of the K levels.
    observed : ndarray of float, shape (n,)
        Smallest denominator of the row over its decisions: the probability of what happened.
    denominators, numerators : dict of str to ChoiceFit
        The fits, to read and to start refits from.
    notes : tuple of str
        What a reader must know: models that did not converge.
    """

    weights: Floats
    factors: dict[str, Floats]
    probabilities: dict[str, Floats]
    levels: dict[str, tuple[str, ...]]
    observed: Floats
    denominators: dict[str, ChoiceFit]
    numerators: dict[str, ChoiceFit]
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Describe the weights as plain text.

        Returns
        -------
        str
            Rows, mean, largest weight, smallest probability, notes.
        """
        used = self.weights[self.weights > 0]
        lines = [
            f"{len(used)} of {len(self.weights)} rows count.",
            f"Mean weight {used.mean():.4g}, largest {used.max():.4g}; "
            f"smallest probability {np.nanmin(self.observed):.3g}.",
        ]
        for name, fit in self.denominators.items():
            lines.append(f"{name}: {', '.join(fit.levels)}; {len(fit.names)} columns.")
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"


@dataclass(frozen=True)
class _Prepared:
    decision: Decision
    rows: Ints
    kept: NDArray[np.bool_]
    denominator: ChoiceModel
    numerator: ChoiceModel | None


class WeightModels:
    """Weight models with their matrices built once, to be refitted on resamples.

    Parameters
    ----------
    data : DataFrame
        One row per subject and period, for every period in which the subject was still under
        observation.
    decisions : sequence of Decision
        The decisions of a period in the order in which they are taken.
    subject, period : str
        Columns; a subject has a period at most once. Periods are multiplied over in their order.
    penalty : float
        Ridge that keeps coefficients finite when a level was always or never chosen (see
        `ChoiceModel`).

    Raises
    ------
    EstimationError
        For absent columns, missing values, repeated subject-periods, a decision with one level, or
        a rank-deficient design.

    Notes
    -----
    Row i of subject s in period t gets Π_d Π_{u ≤ t} P_num(what happened)/P_den(what happened) over
    cumulative decisions d, times the factors of the others in t alone. With every confounder in the
    denominators, correct models, and every probability above 0, weighted means estimate what would
    have been seen had everyone kept to the levels asked for.

    References
    ----------
    Robins JM, Hernán MA, Brumback B. Marginal structural models and causal inference in
    epidemiology. Epidemiology 2000;11:550–560. Cole SR, Hernán MA. Constructing inverse probability
    weights for marginal structural models. Am J Epidemiol 2008;168:656–664.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        decisions: Sequence[Decision],
        *,
        subject: str,
        period: str,
        penalty: float = 1e-4,
    ) -> None:
        _require(data, decisions, subject, period)
        frame = data.reset_index(drop=True)
        self.unit, self.subjects = pd.factorize(frame[subject])
        order = np.lexsort((pd.factorize(frame[period], sort=True)[0], self.unit))
        unit = self.unit[order]
        fresh = np.flatnonzero(np.concatenate([[True], unit[1:] != unit[:-1]]))
        place = np.arange(len(unit)) - np.repeat(fresh, np.diff(np.append(fresh, len(unit))))
        # Rows of the first, second, … period of their subject, so that products run over periods.
        by_place = np.argsort(place, kind="stable")
        ends = np.cumsum(np.bincount(place))[:-1]
        self._waves = np.split(order[by_place], ends)
        self.parts = [_prepare(frame, decision, penalty) for decision in decisions]

    @property
    def n_subjects(self) -> int:
        """Independent subjects, in the order in which they first appear in the data."""
        return len(self.subjects)

    def fit(self, counts: ArrayLike | None = None, start: WeightFit | None = None) -> WeightFit:
        """Fit every model and multiply the weights.

        Parameters
        ----------
        counts : array_like of float, shape (n_subjects,), optional
            How often each subject counts, as a bootstrap draws them; 1 unless given.
        start : WeightFit, optional
            An earlier fit of these models, which makes the refit quicker and changes no number by
            more than 1e-5 standard errors.

        Returns
        -------
        WeightFit
            Weights for every row, also of subjects that count 0 times.
        """
        each = None if counts is None else np.asarray(counts, dtype=float)[self.unit]
        n = len(self.unit)
        factors, probabilities, levels = {}, {}, {}
        denominators, numerators = {}, {}
        observed = np.full(n, np.nan)
        notes = []
        for part in self.parts:
            name, model = part.decision.name, part.denominator
            w = None if each is None else each[part.rows]
            fit = model.fit(w, start.denominators[name] if start else None)
            share = model.probabilities(fit)
            happened = np.arange(len(part.rows)), model.outcome
            below = share[happened]
            above = np.ones(len(part.rows))
            if part.numerator is not None:
                top = part.numerator.fit(w, start.numerators[name] if start else None)
                above = part.numerator.probabilities(top)[happened]
                numerators[name] = top
            factor = np.ones(n)
            factor[part.rows] = np.divide(
                above, below, out=np.zeros(len(part.rows)), where=part.kept
            )
            every = np.full((n, share.shape[1]), np.nan)
            every[part.rows] = share
            observed[part.rows] = np.fmin(observed[part.rows], below)
            factors[name], probabilities[name] = factor, every
            levels[name], denominators[name] = model.levels, fit
            for which in [fit, *([numerators[name]] if name in numerators else [])]:
                if not which.converged:
                    notes.append(f"The {name} model did not converge in {which.iterations} passes.")
        return WeightFit(
            weights=self._multiply(factors),
            factors=factors,
            probabilities=probabilities,
            levels=levels,
            observed=observed,
            denominators=denominators,
            numerators=numerators,
            notes=tuple(notes),
        )

    def coefficients(self, fit: WeightFit) -> pd.DataFrame:
        """Coefficients of the denominators.

        Parameters
        ----------
        fit : WeightFit
            A fit of these models to the data as they are.

        Returns
        -------
        DataFrame
            decision, then the columns of `ChoiceModel.table`.
        """
        tables = []
        for part in self.parts:
            table = part.denominator.table(fit.denominators[part.decision.name])
            table.insert(0, "decision", part.decision.name)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def _multiply(self, factors: dict[str, Floats]) -> Floats:
        now = np.ones(len(self.unit))
        running = np.ones(len(self.unit))
        for part in self.parts:
            target = running if part.decision.cumulative else now
            target *= factors[part.decision.name]
        before = np.ones(self.n_subjects)
        for wave in self._waves:
            before[self.unit[wave]] *= running[wave]
            running[wave] = before[self.unit[wave]]
        return running * now


def _require(data: pd.DataFrame, decisions: Sequence[Decision], subject: str, period: str) -> None:
    wanted = [subject, period, *(d.outcome for d in decisions)]
    wanted += [d.at_risk for d in decisions if d.at_risk is not None]
    absent = [name for name in dict.fromkeys(wanted) if name not in data.columns]
    if absent:
        raise EstimationError(f"The data have no column {', '.join(absent)}.", "Check the names.")
    missing = [name for name in (subject, period) if data[name].isna().any()]
    if missing:
        raise EstimationError(
            f"Column {', '.join(missing)} has missing values.", "Leave those rows out."
        )
    repeated = int(data.duplicated([subject, period]).sum())
    if repeated:
        raise EstimationError(
            f"{repeated} rows repeat a subject and period.",
            "Keep one row per subject and period; give clones an identifier of their own.",
        )
    names = [d.name for d in decisions]
    if not names or len(set(names)) < len(names):
        raise EstimationError(
            "Decisions need names of their own, and at least one is needed.", "Name each decision."
        )


def _prepare(frame: pd.DataFrame, decision: Decision, penalty: float) -> _Prepared:
    if decision.at_risk is None:
        rows = np.arange(len(frame))
    else:
        unknown = int(frame[decision.at_risk].isna().sum())
        if unknown:
            raise EstimationError(
                f"{decision.at_risk} is missing in {unknown} rows.", "Say true or false in each."
            )
        rows = np.flatnonzero(frame[decision.at_risk].to_numpy(dtype=bool))
    part = frame.iloc[rows]
    happened = part[decision.outcome]
    if happened.isna().any():
        raise EstimationError(
            f"{decision.outcome} is missing in {int(happened.isna().sum())} rows at risk.",
            "Fill it in, or mark those rows as not at risk.",
        )
    codes, found = pd.factorize(happened, sort=True)
    levels = tuple(str(level) for level in found)
    kept = np.ones(len(rows), dtype=bool)
    if decision.keep is not None:
        kept = (happened == decision.keep).to_numpy(dtype=bool)
        if not kept.any():
            raise EstimationError(
                f"Nobody has {decision.outcome} = {decision.keep}.",
                f"The levels are {', '.join(levels)}.",
            )

    def model(formula: str) -> ChoiceModel:
        try:
            columns = columns_of(formula, part)
        except EstimationError as error:
            raise EstimationError(
                f"The {decision.name} model: {error.problem}", error.remedy
            ) from error
        return ChoiceModel(columns, codes.astype(np.int64), levels, penalty)

    numerator = None if decision.numerator is None else model(decision.numerator)
    return _Prepared(decision, rows, kept, model(decision.denominator), numerator)
