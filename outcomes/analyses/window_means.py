"""Means by analysis window of one group from repeated scores, and contrasts between them.

The model is a mean for every window with a covariance over the windows (MMRM). Day 0 is a response
like any other, so a patient with a baseline and nothing else still counts, and scores that are
missing because of scores that were recorded do not bend the means.

Each group has a model of its own. Its numbers are then the same whoever else is in the analysis, a
clinic's own report and the report over all clinics agree, and no group borrows another's spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from outcomes.analyses.course_sums import START, summarise_means
from outcomes.errors import EstimationError
from outcomes.stats.intervals import t_interval
from outcomes.stats.mmrm import MmrmResult, MmrmStatistics, fit_mmrm
from outcomes.stats.mmrm.inference import Df, Vcov

# From the fewest assumptions to the most; the reason for every step down is kept and shown.
LADDER = ("unstructured", "heterogeneous-toeplitz", "heterogeneous-compound-symmetry")
LAST_RESORT = "compound-symmetry"
# A covariance of two windows is not estimated from fewer people. With 10 to 20 shared patients and
# twelve windows the unstructured fit was seen to run to the edge of the parameter space.
PAIR_MINIMUM = 30
Inference = Literal["observed", "kenward-roger"]
# Degrees of freedom and covariance to ask a fit for. Kenward-Roger as linear in the covariance: the
# other convention gives standard errors below those of a paired comparison without any gap.
ASKED: dict[Inference, tuple[Df, Vcov]] = {
    "observed": ("satterthwaite", "observed"),
    "kenward-roger": ("kenward-roger-linear", "model"),
}
METHODS = {
    "observed": "observed information, Satterthwaite degrees of freedom",
    "kenward-roger": "Kenward–Roger",
}
SIMPLER = (
    "A simpler statistical model was used than planned: few patients answered at some pairs of "
    "times, or the planned model could not be fitted."
)
UNSETTLED = "The statistical model did not settle on an answer, so its numbers are not relied on."


@dataclass(frozen=True)
class ModelChoices:
    """Choices about the model, with their defaults.

    Parameters
    ----------
    covariance : str
        Structure to begin with.
    inference : {"observed", "kenward-roger"}
        observed: standard errors from the observed information of means and covariance together,
        Satterthwaite's degrees of freedom; kenward-roger: the small-sample method for visits
        missing completely at random. The record docs/decisions/0007 shows why the former.
    min_answers : int
        Answers that a window needs for its mean to be estimated.
    conf_level : float
        Confidence level.
    """

    covariance: str = "unstructured"
    inference: Inference = "observed"
    min_answers: int = 10
    conf_level: float = 0.95


@dataclass(frozen=True)
class WindowMeans:
    """A fitted model of means by window.

    Parameters
    ----------
    windows : tuple of int
        Windows that have a mean, in order of time and of the coefficients.
    n_patients : int
        Patients in the model.
    covariance : str
        Structure that was fitted.
    inference : str
        As in `ModelChoices`.
    warnings : tuple of str
        Steps down the ladder and convergence, in the words of the method; `notes` is for readers.
    fit : MmrmResult
        The fitted model.
    conf_level : float
        Confidence level.
    asked : str
        Structure that was asked for.
    """

    windows: tuple[int, ...]
    n_patients: int
    covariance: str
    inference: Inference
    warnings: tuple[str, ...]
    fit: MmrmResult
    conf_level: float
    asked: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know about the fit, without the words of the method."""
        said = []
        if self.covariance != self.asked:
            said.append(SIMPLER)
        if not self.fit.converged:
            said.append(UNSETTLED)
        return tuple(said)

    @property
    def method(self) -> str:
        """Name of the method with its structure and degrees of freedom."""
        structure = self.covariance.replace("-", " ")
        return f"MMRM, {structure} covariance, {METHODS[self.inference]}"

    def means(self, windows: Sequence[int]) -> pd.DataFrame:
        """Estimate the mean of each window.

        Parameters
        ----------
        windows : sequence of int
            Windows, all of the model.

        Returns
        -------
        DataFrame
            One row a window: estimate, std_error, df, conf_low, conf_high, p_value (of zero).
        """
        return self._linear([{window: 1.0} for window in windows])

    def changes(self, windows: Sequence[int]) -> pd.DataFrame:
        """Estimate each window's mean minus that of day 0; columns as for `means`."""
        return self._linear([{window: 1.0, START: -1.0} for window in windows])

    def percents(self, windows: Sequence[int]) -> pd.DataFrame:
        """Estimate each window's mean change in percent of the mean at day 0.

        Parameters
        ----------
        windows : sequence of int
            Windows, all of the model.

        Returns
        -------
        DataFrame
            As for `means`, in percent, without p_value: that no percentage changed is the same
            question as that nothing changed.

        Notes
        -----
        100 (m_w / m_0 − 1) of model means, never a mean of percentages. The standard error is that
        of its linear approximation 100 (m_w − (m_w/m_0) m_0) / m_0 (delta method).
        """
        level = self.means([START, *windows])["estimate"].to_numpy()
        first, later = level[0], level[1:]
        table = self._linear(
            [
                {window: 100.0 / first, START: -100.0 * mean / first**2}
                for window, mean in zip(windows, later, strict=True)
            ]
        )
        estimate = 100.0 * (later / first - 1.0)
        low, high = t_interval(estimate, table["std_error"], table["df"], self.conf_level)
        table = table.drop(columns="p_value")
        return table.assign(estimate=estimate, conf_low=low, conf_high=high)

    def _linear(self, weights: Sequence[Mapping[int, float]]) -> pd.DataFrame:
        place = {window: position for position, window in enumerate(self.windows)}
        matrix = np.zeros((len(weights), len(self.windows)))
        for row, mapping in enumerate(weights):
            for window, weight in mapping.items():
                matrix[row, place[window]] += weight
        table = self.fit.contrast(matrix, *ASKED[self.inference], level=self.conf_level)
        columns = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
        return table[columns].reset_index(drop=True)


def fit_window_means(answers: pd.DataFrame, choices: ModelChoices) -> WindowMeans | None:
    """Fit means by window for one group from its answers.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, window, value.
    choices : ModelChoices
        Choices about the model.

    Returns
    -------
    WindowMeans or None
        None where fewer than two windows have enough answers.

    Raises
    ------
    EstimationError
        If not even compound symmetry can be fitted.

    Notes
    -----
    As `fit_means`, of the sums of these answers.
    """
    enough = answers.groupby("window")["value"].transform("size") >= choices.min_answers
    data = answers[enough]
    windows = tuple(sorted(int(window) for window in data["window"].unique()))
    if len(windows) < 2:
        return None
    seen = pd.crosstab(data["patient_id"], data["window"]).to_numpy()
    return fit_means(summarise_means(data, windows), windows, int((seen.T @ seen).min()), choices)


def fit_means(
    sums: MmrmStatistics, windows: tuple[int, ...], scarcest: int, choices: ModelChoices
) -> WindowMeans:
    """Fit means by window for one group.

    Parameters
    ----------
    sums : MmrmStatistics
        As made by `summarise_means`.
    windows : tuple of int
        Windows of the sums.
    scarcest : int
        Smallest number of patients who answered in both of two windows.
    choices : ModelChoices
        Choices about the model.

    Returns
    -------
    WindowMeans
        The fit.

    Raises
    ------
    EstimationError
        If not even compound symmetry can be fitted.

    Notes
    -----
    y_it = mu_t + e_it with e_i ~ N(0, Sigma) over windows, by restricted maximum likelihood. A
    window with fewer than `min_answers` answers has no mean and its answers are not used. Sigma is
    unstructured where every two windows share at least `PAIR_MINIMUM` patients; otherwise, and when
    a fit does not converge, the next simpler structure of `LADDER` is taken and the reason kept in
    `warnings`. Missing answers are taken as missing at random given the answers in the model.

    References
    ----------
    Mallinckrodt CH, Clark WS, David SR. Accounting for dropout bias using mixed-effects models.
    J Biopharm Stat 2001;11:9–21.
    """
    fit, covariance, warnings = _descend(sums, scarcest, choices.covariance)
    return WindowMeans(
        windows,
        int(sums.n_subjects.sum()),
        covariance,
        choices.inference,
        tuple(warnings),
        fit,
        choices.conf_level,
        choices.covariance,
    )


def parallel_test(sums: MmrmStatistics, scarcest: int, choices: ModelChoices) -> pd.DataFrame:
    """Test whether groups change alike from day 0 over the windows that all of them have.

    Parameters
    ----------
    sums : MmrmStatistics
        Of ``value ~ window * group`` with a covariance for each group.
    scarcest : int
        Smallest number of patients of a group who answered in both of two windows.
    choices : ModelChoices
        Choices about the model.

    Returns
    -------
    DataFrame
        One row: f, num_df, den_df, p_value.

    Raises
    ------
    EstimationError
        If no covariance structure can be fitted.

    Notes
    -----
    One model for all groups, each with a covariance of its own, and an F test of
    (mu_gt − mu_g0) − (mu_1t − mu_10) = 0 for all groups g and windows t.
    """
    fit, _, _ = _descend(sums, scarcest, choices.covariance)
    return fit.test("window:group", *ASKED[choices.inference])


def _descend(sums: MmrmStatistics, scarcest: int, first: str) -> tuple[MmrmResult, str, list[str]]:
    """Fit the first structure of the ladder that the data carry."""
    warnings = []
    ladder = [first, *LADDER[LADDER.index(first) + 1 :]] if first in LADDER else [first]
    for structure in [*ladder, LAST_RESORT]:
        name = structure.replace("-", " ")
        if structure == "unstructured" and scarcest < PAIR_MINIMUM:
            warnings.append(
                f"Some two windows share fewer than {PAIR_MINIMUM} patients, too few for an "
                f"{name} covariance; a simpler one was used."
            )
            continue
        try:
            fit = fit_mmrm(sums, covariance=structure)
        except EstimationError as error:
            if structure == LAST_RESORT:
                raise
            warnings.append(f"The {name} covariance could not be fitted: {error.problem}")
            continue
        if fit.converged or structure == LAST_RESORT:
            return fit, structure, [*warnings, *fit.problems]
        warnings.append(f"The fit with {name} covariance did not converge.")
    raise AssertionError("the last resort either returns or raises")
