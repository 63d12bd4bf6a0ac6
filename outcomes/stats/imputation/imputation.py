"""Imputation of a continuous outcome over visits: at random, by reference, and shifted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.bootstrap import draw
from outcomes.stats.inference import inference_table
from outcomes.stats.jackknife import jackknife

from .analysis import Analysed
from .model import build_model
from .panel import build_panel
from .rubin import pool
from .strategies import choose
from .tipping import Delta, TippingPoint, crossing, shifts_of

Floats = NDArray[np.float64]
Analysis = Callable[[pd.DataFrame], Analysed]
Progress = Callable[[int, int], None]


class Imputation:
    """Fill in outcomes that are missing over visits, under a stated assumption.

    Parameters
    ----------
    formula : str
        Mean of the outcome for the imputation model, such as
        ``"score ~ arm * visit + baseline * visit"``; covariates must be known in every row.
    data : DataFrame
        One row for every subject and visit, the outcome missing where it was not seen.
    subject, visit, group : str
        Columns; the group of a subject does not change.
    reference : object
        Group that serves as reference.
    strategy : str or mapping of group to str
        ``mar``, ``jump-to-reference``, ``copy-reference``, ``copy-increments`` or
        ``last-mean-carried``; one for all groups but the reference, or one for each group. The
        reference group itself is always at random.
    event : str, optional
        Column with the visit from which the strategy applies (such as the first after stopping),
        one value a subject, missing for none. Outcomes seen from then on are set aside and imputed
        where the strategy is not ``mar``. Unless given it is the first visit after the last
        outcome.
    covariance : str
        Structure of the imputation model, as for `fit_mmrm`.
    covariance_by_group : bool
        A covariance for each group.
    reml : bool
        Restricted maximum likelihood.

    Attributes
    ----------
    panel : Panel
        Subjects by visits, with the holes.
    model : ImputationModel
        The imputation model.
    notes : tuple of str
        What a reader must know: how many outcomes are imputed or were set aside.

    Raises
    ------
    EstimationError
        For rows that are lacking or repeated, unknown groups or strategies, or a model that cannot
        be fitted.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with protocol deviation.
    J Biopharm Stat 2013;23:1352–1371. Wolbers M, Noci A, Delmar P, et al. Standard and
    reference-based conditional mean imputation. Pharm Stat 2022;21:1246–1257.
    """

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        *,
        subject: str,
        visit: str,
        group: str,
        reference: object,
        strategy: str | Mapping[object, str] = "mar",
        event: str | None = None,
        covariance: str = "unstructured",
        covariance_by_group: bool = False,
        reml: bool = True,
    ) -> None:
        outcome = formula.split("~")[0].strip()
        if group not in data.columns:
            raise EstimationError(f"The data have no column {group}.", "Check the names.")
        names = list(pd.unique(data[group].dropna()))
        chosen = choose(strategy, names, reference)
        self.panel = build_panel(
            data,
            outcome=outcome,
            subject=subject,
            visit=visit,
            group=group,
            event=event,
            set_aside={name for name in names if chosen[name] != "mar"},
        )
        self.model = build_model(
            formula,
            self.panel,
            outcome=outcome,
            subject=subject,
            visit=visit,
            group=group,
            reference=reference,
            strategy=chosen,
            structure=covariance,
            by_group=covariance_by_group,
            reml=reml,
        )
        self.outcome, self.subject = outcome, subject
        n, T = self.panel.outcome.shape
        holes = int(self.panel.missing.sum())
        notes = [f"{holes} of {n * T} outcomes are imputed."]
        if self.panel.n_set_aside:
            notes.append(
                f"{self.panel.n_set_aside} outcomes seen after the event were set aside and are "
                "imputed."
            )
        self.notes = tuple(notes)

    @property
    def n_subjects(self) -> int:
        """Subjects, in the order in which they first appear in the data."""
        return len(self.panel.group)

    def complete(self, delta: Delta | None = None) -> pd.DataFrame:
        """Fill every hole with its conditional mean.

        Parameters
        ----------
        delta : mapping of group to float or sequence, optional
            What is added to values imputed from the event on: one number for all visits, or one for
            the first, second, … visit from the event.

        Returns
        -------
        DataFrame
            All rows, sorted by subject and visit. For point estimates that are linear in the
            outcome; its spread is too small to take a standard error from.
        """
        parameters, _ = self.model.fit()
        return self._frame(self.model.impute(parameters) + shifts_of(self.panel, delta))

    def draws(
        self, imputations: int, *, seed: int = 20260101, on_step: Progress | None = None
    ) -> list[Floats]:
        """Draw completed outcomes.

        Parameters
        ----------
        imputations : int
            Number of draws.
        seed : int
            Seed; draw m has streams of its own.
        on_step : callable, optional
            Called with (done, total) after each draw.

        Returns
        -------
        list of ndarray of float, shape (n, T)
            Completed outcomes, without a shift.

        Raises
        ------
        EstimationError
            If the model cannot be fitted on more than one resample in five.

        Notes
        -----
        Approximate Bayesian: parameters are those of a fit to a resample of subjects within groups,
        then the missing values are drawn given what was observed and these parameters. A resample
        that cannot be fitted is drawn anew.
        """
        found: list[Floats] = []
        tried = 0
        while len(found) < imputations:
            if tried - len(found) > max(5, imputations // 5):
                raise EstimationError(
                    f"{tried - len(found)} of {tried} resamples could not be fitted.",
                    "Simplify the imputation model: fewer covariates, or a structured covariance.",
                )
            counts = draw(self.n_subjects, seed, tried, self.panel.group)
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(tried, 1)))
            tried += 1
            try:
                parameters, _ = self.model.fit(counts)
            except EstimationError:
                continue
            found.append(self.model.impute(parameters, rng))
            if on_step is not None:
                on_step(len(found), imputations)
        return found

    def multiple(
        self,
        analysis: Analysis,
        *,
        imputations: int = 100,
        seed: int = 20260101,
        delta: Delta | None = None,
        level: float = 0.95,
        on_step: Progress | None = None,
    ) -> pd.DataFrame:
        """Multiple imputation, pooled by Rubin's rules.

        Parameters
        ----------
        analysis : callable
            Takes a completed frame, returns `Analysed`; such as `Ancova`.
        imputations, seed, on_step
            As for `draws`.
        delta : mapping, optional
            As for `complete`.
        level : float
            Confidence level.

        Returns
        -------
        DataFrame
            As `pool`. Under a reference-based strategy its standard error is that of information
            anchoring (about as under MAR), larger than the spread in repeated samples.
        """
        drawn = self.draws(imputations, seed=seed, on_step=on_step)
        return self._pooled(drawn, analysis, delta, level)

    def conditional_mean(
        self,
        analysis: Analysis,
        *,
        delta: Delta | None = None,
        groups: int | None = None,
        seed: int = 20260101,
        level: float = 0.95,
        on_step: Progress | None = None,
    ) -> pd.DataFrame:
        """Conditional mean imputation with a jackknife standard error.

        Parameters
        ----------
        analysis : callable
            As for `multiple`; only its estimates are used, and they must be linear in the outcome.
        delta : mapping, optional
            As for `complete`.
        groups : int, optional
            Leave out this many random groups of subjects instead of each subject.
        seed : int
            Deals subjects out to groups.
        level : float
            Confidence level.
        on_step : callable, optional
            Called with (done, total) after each refit.

        Returns
        -------
        DataFrame
            term, estimate, std_error, df (infinite), t, p_value, conf_low, conf_high. No chance in
            it: the same numbers every time. The standard error is that in repeated samples if the
            assumption holds.

        Notes
        -----
        The imputation model is refitted and everything imputed and analysed anew without each
        subject.
        """
        return self._jackknifed(analysis, [delta], groups, seed, level, on_step)[0]

    def tipping_point(
        self,
        analysis: Analysis,
        term: str,
        group: object,
        deltas: Sequence[float],
        *,
        method: str = "conditional-mean",
        imputations: int = 100,
        groups: int | None = None,
        seed: int = 20260101,
        level: float = 0.95,
        on_step: Progress | None = None,
    ) -> TippingPoint:
        """Shift what was imputed until the conclusion changes.

        Parameters
        ----------
        analysis : callable
            As for `multiple`.
        term : str
            The estimate that the conclusion is about.
        group : object
            Group whose imputed outcomes are shifted.
        deltas : sequence of float
            Shifts to try, in the unit of the outcome, in the order in which they get worse.
        method : {"conditional-mean", "multiple"}
            Which imputation; the same draws serve all shifts.
        imputations, groups, seed, level, on_step
            As for `multiple` and `conditional_mean`.

        Returns
        -------
        TippingPoint
            Estimates at each shift, and where the confidence limit next to 0 reaches 0.
        """
        if method not in ("conditional-mean", "multiple"):
            raise EstimationError(
                f"Unknown method {method!r}.", "Use 'conditional-mean' or 'multiple'."
            )
        shifts: list[Delta | None] = [{group: float(delta)} for delta in deltas]
        if method == "multiple":
            drawn = self.draws(imputations, seed=seed, on_step=on_step)
            tables = [self._pooled(drawn, analysis, shift, level) for shift in shifts]
        else:
            tables = self._jackknifed(analysis, shifts, groups, seed, level, on_step)
        rows = pd.concat(
            [table.assign(delta=float(d)) for d, table in zip(deltas, tables, strict=True)],
            ignore_index=True,
        )
        if term not in set(rows["term"]):
            raise EstimationError(
                f"The analysis gives no term {term!r}.",
                f"Use one of {', '.join(dict.fromkeys(rows['term']))}.",
            )
        kept = rows[rows["term"] == term].reset_index(drop=True)
        columns = ["delta", "term", "estimate", "std_error", "df", "t", "p_value"]
        return TippingPoint(kept[[*columns, "conf_low", "conf_high"]], crossing(kept))

    def _pooled(
        self, drawn: list[Floats], analysis: Analysis, delta: Delta | None, level: float
    ) -> pd.DataFrame:
        shift = shifts_of(self.panel, delta)
        each = [analysis(self._frame(y + shift)) for y in drawn]
        return pool(
            [one.estimate for one in each],
            [one.std_error for one in each],
            df=each[0].df,
            terms=each[0].terms,
            level=level,
        )

    def _jackknifed(
        self,
        analysis: Analysis,
        deltas: Sequence[Delta | None],
        groups: int | None,
        seed: int,
        level: float,
        on_step: Progress | None,
    ) -> list[pd.DataFrame]:
        shifts = [shifts_of(self.panel, delta) for delta in deltas]
        T = self.panel.outcome.shape[1]
        terms: list[str] = []

        def statistic(counts: NDArray[np.int64]) -> Floats:
            parameters, _ = self.model.fit(counts)
            y = self.model.impute(parameters)
            kept = np.repeat(counts > 0, T)
            found = [analysis(self._frame(y + shift)[kept]) for shift in shifts]
            terms[:] = found[0].terms
            return np.concatenate([one.estimate for one in found])

        spread = jackknife(
            statistic, self.n_subjects, groups=groups, seed=seed, workers=1, on_step=on_step
        )
        k = len(terms)
        return [
            inference_table(
                terms,
                spread.point[d * k : (d + 1) * k],
                spread.std_error[d * k : (d + 1) * k],
                np.full(k, np.inf),
                level,
            )
            for d in range(len(deltas))
        ]

    def _frame(self, y: Floats) -> pd.DataFrame:
        return self.panel.frame.assign(**{self.outcome: y.ravel()})
