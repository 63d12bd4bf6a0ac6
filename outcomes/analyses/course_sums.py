"""What the course of a score needs to know of the answers: counts first, then sums.

Both can be added over sources that have no patient in common, so a course over millions of patients
is made of the sums of its parts. Counts decide which windows have a mean; sums are then taken over
those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.adding import add_known
from outcomes.analyses.observed import completers_of, sum_answers
from outcomes.analyses.scores import WindowScores
from outcomes.stats.mmrm import MmrmStatistics

START = 0
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class CourseCounts:
    """How many answered, by group and window.

    Parameters
    ----------
    cells : DataFrame
        By (group, window): at_risk (the window is over), counted (of these, answered), answered
        (all answers, those in windows that are still open among them).
    pairs : dict of str to ndarray of int, shape (W, W)
        Patients of each group who answered in both of two windows.
    windows : tuple of int
        Target days, in the order of `pairs`.
    everyone, answering : int
        Patients, and those of them with an answer in any window.
    near_session : int
        Windows left empty because the only score fell within the hours after a session.
    """

    cells: pd.DataFrame
    pairs: Mapping[str, Pairs]
    windows: tuple[int, ...]
    everyone: int
    answering: int
    near_session: int

    def __add__(self, other: CourseCounts) -> CourseCounts:
        """Add the counts of other patients."""
        pairs = {group: count.copy() for group, count in self.pairs.items()}
        for group, count in other.pairs.items():
            pairs[group] = pairs[group] + count if group in pairs else count
        return CourseCounts(
            self.cells.add(other.cells, fill_value=0).astype("int64"),
            pairs,
            self.windows,
            self.everyone + other.everyone,
            self.answering + other.answering,
            self.near_session + other.near_session,
        )

    def scarcest_pair(self, group: str, windows: tuple[int, ...]) -> int:
        """Smallest number of patients of a group who answered in both of two windows.

        Parameters
        ----------
        group : str
            The group.
        windows : tuple of int
            Windows to look at.

        Returns
        -------
        int
            Over all pairs, a window with itself among them.
        """
        places = [self.windows.index(window) for window in windows]
        return int(self.pairs[group][np.ix_(places, places)].min())


def count_course(scores: WindowScores) -> CourseCounts:
    """Count the answers by group and window.

    Parameters
    ----------
    scores : WindowScores
        Answers by patient and window.

    Returns
    -------
    CourseCounts
        The counts.
    """
    frame = scores.frame
    marks = pd.DataFrame(
        {
            "group": frame["group"],
            "window": frame["window"],
            "at_risk": frame["at_risk"],
            "counted": frame["at_risk"] & frame["answered"],
            "answered": frame["answered"],
        }
    )
    cells = marks.groupby(["group", "window"]).sum().astype("int64")
    pairs = {}
    for group, part in frame.groupby("group"):
        row, patients = pd.factorize(part["patient_id"])
        seen = np.zeros((len(patients), len(scores.windows)))
        column = pd.Index(scores.windows).get_indexer(pd.Index(part["window"]))
        seen[row, column] = part["answered"].to_numpy(dtype="float64")
        pairs[str(group)] = (seen.T @ seen).astype(np.int64)
    everyone = frame["patient_id"].nunique()
    answering = scores.answers["patient_id"].nunique()
    return CourseCounts(cells, pairs, scores.windows, everyone, answering, scores.near_session)


@dataclass(frozen=True)
class ModelledWindows:
    """Windows that have a mean.

    Parameters
    ----------
    by_group : mapping of str to tuple of int
        Windows with enough answers, of each group that has at least two of them.
    shared : tuple of int
        Windows with enough answers in every group that has them at the start; empty where groups
        cannot be compared.
    compared : tuple of str
        Those groups.
    """

    by_group: Mapping[str, tuple[int, ...]]
    shared: tuple[int, ...]
    compared: tuple[str, ...]


def choose_windows(counts: CourseCounts, min_answers: int) -> ModelledWindows:
    """Find the windows with enough answers.

    Parameters
    ----------
    counts : CourseCounts
        Counts over all patients.
    min_answers : int
        Answers that a window needs.

    Returns
    -------
    ModelledWindows
        By group, and those that groups have in common.
    """
    held = {
        str(group): tuple(
            int(window) for window in part.index.get_level_values("window")[part >= min_answers]
        )
        for group, part in counts.cells["answered"].groupby(level="group")
    }
    compared = tuple(group for group, windows in held.items() if START in windows)
    common = set.intersection(*(set(held[group]) for group in compared)) if compared else set()
    shared = tuple(sorted(common)) if len(compared) > 1 and len(common) > 1 else ()
    by_group = {group: windows for group, windows in held.items() if len(windows) > 1}
    return ModelledWindows(by_group, shared, compared if shared else ())


@dataclass(frozen=True)
class CourseSums:
    """Sums over the answers, by group.

    Parameters
    ----------
    observed, completers : DataFrame
        By (group, window), over answers in windows that are over: n, total, squares, the last two
        of the distance from `centre`. `completers` is of patients who also answered at day 0 and in
        the last window that their group has a mean for.
    models : mapping of str to MmrmStatistics
        Of each group, over the windows that have a mean.
    together : MmrmStatistics or None
        Of all groups that can be compared, over the windows they share.
    centre : float
        What was subtracted from a score before it was summed, for precision.
    """

    observed: pd.DataFrame
    completers: pd.DataFrame
    models: Mapping[str, MmrmStatistics]
    together: MmrmStatistics | None
    centre: float

    def __add__(self, other: CourseSums) -> CourseSums:
        """Add the sums of other patients."""
        models = dict(self.models)
        for group, sums in other.models.items():
            models[group] = models[group] + sums if group in models else sums
        return CourseSums(
            self.observed.add(other.observed, fill_value=0.0),
            self.completers.add(other.completers, fill_value=0.0),
            models,
            add_known(self.together, other.together),
            self.centre,
        )


def sum_course(scores: WindowScores, chosen: ModelledWindows, *, compare: bool) -> CourseSums:
    """Sum the answers in the windows that have a mean.

    Parameters
    ----------
    scores : WindowScores
        Answers by patient and window.
    chosen : ModelledWindows
        The windows, chosen by the counts over all patients.
    compare : bool
        Whether to make the sums over all groups together, too.

    Returns
    -------
    CourseSums
        The sums.
    """
    answers, closed = scores.answers, scores.closed
    centre = float(scores.instrument.minimum or 0.0)
    last = {group: max(windows) for group, windows in chosen.by_group.items()}
    models = {}
    for group, part in answers.groupby("group"):
        windows = chosen.by_group.get(str(group), ())
        part = part[part["window"].isin(windows)]
        if len(part):
            models[str(group)] = summarise_means(part, windows)
    together = None
    if compare and chosen.shared:
        part = answers[
            answers["group"].isin(chosen.compared) & answers["window"].isin(chosen.shared)
        ]
        if len(part):
            together = _summarise_groups(part, chosen)
    return CourseSums(
        sum_answers(closed, centre),
        sum_answers(completers_of(closed, last), centre),
        models,
        together,
        centre,
    )


def summarise_means(answers: pd.DataFrame, windows: tuple[int, ...]) -> MmrmStatistics:
    """Sum what a model with a mean for every window needs.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, window, value.
    windows : tuple of int
        All windows of the model; each answer is in one of them.

    Returns
    -------
    MmrmStatistics
        Sums by pattern of windows.
    """
    return MmrmStatistics.from_frame(
        "value ~ 0 + window",
        answers[["patient_id", "value"]].assign(window=_ordered(answers["window"], windows)),
        subject="patient_id",
        visit="window",
    )


def _summarise_groups(answers: pd.DataFrame, chosen: ModelledWindows) -> MmrmStatistics:
    return MmrmStatistics.from_frame(
        "value ~ window * group",
        answers[["patient_id", "value"]].assign(
            window=_ordered(answers["window"], chosen.shared),
            group=pd.Categorical(answers["group"], categories=list(chosen.compared)),
        ),
        subject="patient_id",
        visit="window",
        group="group",
    )


def _ordered(window: pd.Series, windows: tuple[int, ...]) -> pd.Categorical:
    return pd.Categorical(window, categories=sorted(windows), ordered=True)
