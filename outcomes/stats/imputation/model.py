"""The imputation model: a mixed model for repeated measures, refitted on any resample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.mmrm import MmrmResult, fit_mmrm
from outcomes.stats.mmrm.design import Design, coded_frame
from outcomes.stats.mmrm.rows import Rows, read_rows
from outcomes.stats.mmrm.statistics import summarise

from .panel import Panel
from .strategies import Strategy, covariance, means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Parameters:
    """Means under each subject's strategy, and covariances of the groups.

    Parameters
    ----------
    mean : ndarray of float, shape (n, T)
        Mean of each subject at each visit under the strategy of its group.
    sigma : ndarray of float, shape (G, T, T)
        Covariance over visits of each group.
    """

    mean: Floats
    sigma: Floats


@dataclass(frozen=True)
class ImputationModel:
    """A mixed model with its rows and designs at hand.

    Parameters
    ----------
    panel : Panel
        Subjects by visits.
    rows : Rows
        Observed rows that the model is fitted to.
    member : ndarray of int, shape (m,)
        Subject of the panel of each subject in `rows`.
    own, reference : ndarray of float, shape (n, T, p)
        Designs of all subject-visits, in the own group and in the reference.
    strategy : mapping of group to strategy
        What holds after the event.
    reference_code : int
        Code of the reference group.
    by_group : bool
        Whether each group has a covariance of its own.
    structure : str
        Covariance structure.
    reml : bool
        Restricted maximum likelihood.
    """

    panel: Panel
    rows: Rows
    member: Ints
    own: Floats
    reference: Floats
    strategy: Mapping[object, Strategy]
    reference_code: int
    by_group: bool
    structure: str
    reml: bool

    def fit(self, counts: Ints | None = None) -> tuple[Parameters, MmrmResult]:
        """Fit the model to the subjects as often as they count.

        Parameters
        ----------
        counts : ndarray of int, shape (n,), optional
            How often each subject of the panel counts; once unless given.

        Returns
        -------
        parameters : Parameters
            Means of all subjects under their strategy, covariances of the groups.
        fit : MmrmResult
            The fit itself.

        Raises
        ------
        EstimationError
            If the model cannot be fitted or did not converge.

        Notes
        -----
        Sums over subjects add up, so a subject drawn k times is in the sums of k selections.
        """
        if counts is None:
            statistics = summarise(self.rows)
        else:
            drawn = counts[self.member]
            if not (drawn > 0).any():
                raise EstimationError("A resample has no observed outcome.", "Draw more subjects.")
            statistics = summarise(self.rows.select(drawn > 0))
            for k in range(2, int(drawn.max()) + 1):
                statistics = statistics + summarise(self.rows.select(drawn >= k))
        fit = fit_mmrm(statistics, covariance=self.structure, reml=self.reml)
        if not fit.converged:
            raise EstimationError(
                f"The imputation model did not converge: {'; '.join(fit.problems)}.",
                "Use a simpler covariance, such as 'heterogeneous-toeplitz', or fewer covariates.",
            )
        return self._parameters(fit), fit

    def _parameters(self, fit: MmrmResult) -> Parameters:
        beta = fit.fitted.beta
        own, reference = self.own @ beta, self.reference @ beta
        mean = own.copy()
        for code, name in enumerate(self.panel.groups):
            here = self.panel.group == code
            mean[here] = means(
                self.strategy[name], own[here], reference[here], self.panel.event[here]
            )
        found = fit.covariance
        if isinstance(found, dict):
            sigma = np.stack([found[name].to_numpy() for name in self.panel.groups])
        else:
            sigma = np.repeat(found.to_numpy()[None], len(self.panel.groups), axis=0)
        return Parameters(mean, sigma)

    def impute(self, parameters: Parameters, rng: np.random.Generator | None = None) -> Floats:
        """Fill the holes.

        Parameters
        ----------
        parameters : Parameters
            Means and covariances.
        rng : Generator, optional
            Draws from the conditional distribution; its mean is taken unless given.

        Returns
        -------
        ndarray of float, shape (n, T)
            Outcomes, observed ones as they were.

        Notes
        -----
        Given what was observed, the missing values of a subject are normal with mean
        μ_m + Σ_mo Σ_oo⁻¹ (y_o − μ_o) and covariance Σ_mm − Σ_mo Σ_oo⁻¹ Σ_om, where μ and Σ are
        those of its strategy. Subjects with the same holes and covariance are filled at once.
        """
        panel = self.panel
        missing = panel.missing
        y = panel.outcome.copy()
        noise = np.zeros_like(y) if rng is None else rng.standard_normal(y.shape)
        kind = np.column_stack([missing, panel.group, self._event_of_covariance()])
        patterns, member = np.unique(kind, axis=0, return_inverse=True)
        member = member.ravel()
        T = y.shape[1]
        for r, pattern in enumerate(patterns):
            holes = pattern[:T].astype(bool)
            if not holes.any():
                continue
            code = int(pattern[T])
            sigma = covariance(
                self.strategy[panel.groups[code]],
                parameters.sigma[code],
                parameters.sigma[self.reference_code if self.by_group else code],
                int(pattern[T + 1]),
            )
            here = np.flatnonzero(member == r)
            seen = ~holes
            slope = np.linalg.solve(sigma[np.ix_(seen, seen)], sigma[np.ix_(seen, holes)])
            away = y[np.ix_(here, seen)] - parameters.mean[np.ix_(here, seen)]
            rest = sigma[np.ix_(holes, holes)] - sigma[np.ix_(holes, seen)] @ slope
            root = np.linalg.cholesky((rest + rest.T) / 2)
            filled = parameters.mean[np.ix_(here, holes)] + away @ slope
            y[np.ix_(here, holes)] = filled + noise[np.ix_(here, holes)] @ root.T
        return y

    def _event_of_covariance(self) -> Ints:
        """Events matter for the covariance only where groups have their own."""
        T = self.panel.outcome.shape[1]
        return self.panel.event if self.by_group else np.full(len(self.panel.event), T)


def build_model(
    formula: str,
    panel: Panel,
    *,
    outcome: str,
    subject: str,
    visit: str,
    group: str,
    reference: object,
    strategy: Mapping[object, Strategy],
    structure: str,
    by_group: bool,
    reml: bool,
) -> ImputationModel:
    """Read the rows and build the designs.

    Parameters
    ----------
    formula : str
        As for `fit_mmrm`.
    panel : Panel
        Subjects by visits.
    outcome, subject, visit, group : str
        Columns.
    reference : object
        Name of the reference group.
    strategy : mapping of group to strategy
        For every group.
    structure : str
        Covariance structure.
    by_group, reml : bool
        A covariance for each group; restricted maximum likelihood.

    Returns
    -------
    ImputationModel
        Ready to be fitted.

    Raises
    ------
    EstimationError
        As `fit_mmrm`, or if covariates are missing or the group is not in the model.
    """
    frame = panel.frame.assign(**{outcome: panel.outcome.ravel()})
    rows = read_rows(
        formula,
        frame,
        subject=subject,
        visit=visit,
        group=group if by_group else None,
        weights=None,
    )
    variables = rows.design.variables
    gaps = [name for name in variables if frame[name].isna().any()]
    if gaps:
        raise EstimationError(
            f"{', '.join(gaps)} has missing values.",
            "Covariates of the imputation model must be known in every row; fill them in.",
        )
    needs = any(strategy[name] != "mar" for name in panel.groups if name != reference)
    if needs and group not in variables:
        raise EstimationError(
            f"{group} is not in the imputation model, so no reference can be told from it.",
            f"Put {group} and its interaction with {visit} into the formula.",
        )
    place = pd.Index(frame[subject].to_numpy().reshape(panel.outcome.shape)[:, 0])
    T = panel.outcome.shape[1]
    names = rows.design.names
    own = _design(rows.design, frame).reshape(-1, T, len(names))
    moved = _design(rows.design, frame.assign(**{group: _constant(frame[group], reference)}))
    return ImputationModel(
        panel=panel,
        rows=rows,
        member=place.get_indexer(pd.Index(rows.subjects)).astype(np.int64),
        own=own,
        reference=moved.reshape(-1, T, len(names)),
        strategy=strategy,
        reference_code=panel.groups.index(reference),
        by_group=by_group,
        structure=structure,
        reml=reml,
    )


def _constant(column: pd.Series, value: object) -> pd.Series:
    """Set a column to one of its values, of the same type."""
    like = column.iloc[[int(np.flatnonzero((column == value).to_numpy())[0])] * len(column)]
    return pd.Series(like.array, index=column.index)


def _design(design: Design, frame: pd.DataFrame) -> Floats:
    """Design rows of a frame, coded as the fit's."""
    values = {}
    for name, variable in design.variables.items():
        if not variable.is_factor:
            values[name] = frame[name].to_numpy(dtype=float)
            continue
        position = {level: k for k, level in enumerate(variable.levels)}
        codes = frame[name].map(position)
        if codes.isna().any():
            raise EstimationError(
                f"{name} has levels with no observed outcome.", "Merge them with others."
            )
        values[name] = variable.values(codes.to_numpy(dtype=np.int64))
    return design.matrix(coded_frame(design.variables, values))
