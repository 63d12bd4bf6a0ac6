"""The course of one instrument over the analysis windows: counts, model, rows and curve.

Shared by the questions that follow a score over time, so that they count and refuse alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from outcomes.analyses.course_sums import (
    START,
    CourseCounts,
    CourseSums,
    ModelledWindows,
    choose_windows,
    count_course,
    sum_course,
)
from outcomes.analyses.groups import CADENCE, ONSET, Members
from outcomes.analyses.notes import gather, label
from outcomes.analyses.observed import means_of_sums
from outcomes.analyses.scores import WindowScores
from outcomes.analyses.window_means import (
    ModelChoices,
    WindowMeans,
    fit_means,
    parallel_test,
)
from outcomes.errors import EstimationError

CURVE_COLUMNS = [
    "outcome",
    "group_by",
    "group",
    "window",
    "series",
    "estimate",
    "conf_low",
    "conf_high",
    "n_eligible",
    "n_patients",
    "start_level",
    "start_level_n",
]


@dataclass(frozen=True)
class Trajectory:
    """Scores of one instrument with the models fitted to them.

    Parameters
    ----------
    scores : WindowScores
        What was asked, and the answers where they are at hand.
    counts : CourseCounts
        How many answered.
    sums : CourseSums
        Sums over the answers.
    chosen : ModelledWindows
        Windows that have a mean.
    models : dict of str to WindowMeans
        The model of each group that has one.
    failures : dict of str to str
        Why a group whose answers were enough has none all the same.
    grid : DataFrame
        All combinations of group and window: group, window, n_eligible (at risk), n_patients
        (of these, answered), n_assessments (all answers, those in windows still open among them).
    group_by : str
        Grouping of the members.
    first_shown : int
        First window on the curve: the landmark in a split by cadence, else day 0.
    choices : ModelChoices
        Choices about the model.
    """

    scores: WindowScores
    counts: CourseCounts
    sums: CourseSums
    chosen: ModelledWindows
    models: dict[str, WindowMeans]
    failures: dict[str, str]
    grid: pd.DataFrame
    group_by: str
    first_shown: int
    choices: ModelChoices

    def rows(self, term: str) -> pd.DataFrame:
        """Estimate one term for every group and window.

        Parameters
        ----------
        term : {"mean", "change", "percent_change"}
            Mean, change from day 0 in the unit of the instrument, or that change in percent of the
            model's mean at day 0.

        Returns
        -------
        DataFrame
            Columns of an estimate (without estimand) and window. Refused rows say how many answers
            there were and how many are needed.
        """
        grid = self.grid
        if term != "mean":
            grid = grid[grid["window"] > START].reset_index(drop=True)
        rows = grid.assign(
            outcome=self.scores.instrument.code,
            group_by=self.group_by,
            landmark="day " + grid["window"].astype(str),
            term=term,
            conf_level=self.choices.conf_level,
            unit="%" if term == "percent_change" else self.scores.instrument.unit,
            method="MMRM",
            status="refused",
            note=self._shortfall(grid),
        )
        estimated = [self._estimates(rows[rows["group"] == group], term) for group in self.models]
        found = pd.concat([frame for frame in estimated if len(frame)] or [pd.DataFrame()])
        rows = rows.join(found.drop(columns=["method", "note"], errors="ignore"))
        if len(found):
            rows.loc[found.index, "status"] = "ok"
            rows.loc[found.index, ["method", "note"]] = found[["method", "note"]]
        return rows

    def _estimates(self, rows: pd.DataFrame, term: str) -> pd.DataFrame:
        """Estimates of one group for the rows its model has, on their index."""
        model = self.models[rows["group"].iloc[0]]
        usable = rows["window"].isin(model.windows)
        if term != "mean" and START not in model.windows:
            usable &= False
        rows = rows[usable]
        if rows.empty:
            return pd.DataFrame()
        estimate = {
            "mean": model.means,
            "change": model.changes,
            "percent_change": model.percents,
        }[term]
        found = estimate(rows["window"].tolist()).set_axis(rows.index)
        if term == "mean":
            # Nobody asks whether a mean score is zero.
            found = found.drop(columns="p_value")
        return found.assign(method=model.method, note=" ".join(model.warnings))

    def parallel_row(self) -> pd.DataFrame:
        """Test that the groups change alike: one row, or none where there is nothing to test."""
        row = {
            "outcome": self.scores.instrument.code,
            "group_by": self.group_by,
            "term": "change_interaction",
            "unit": "F",
        }
        if self.sums.together is None:
            return pd.DataFrame()
        scarcest = min(
            self.counts.scarcest_pair(group, self.chosen.shared) for group in self.chosen.compared
        )
        try:
            test = parallel_test(self.sums.together, scarcest, self.choices)
        except EstimationError as error:
            return pd.DataFrame([{**row, "status": "refused", "note": error.problem}])
        freedom = f"F with {test['num_df'].iloc[0]:.0f} and {test['den_df'].iloc[0]:.0f} df"
        return pd.DataFrame(
            {
                **row,
                "estimate": test["f"],
                "df": test["den_df"],
                "p_value": test["p_value"],
                "n_patients": self.counts.answering,
                "n_assessments": self.counts.cells["answered"].sum(),
                "method": "MMRM, joint test of group × window",
                "note": freedom,
            }
        )

    def curve(self) -> pd.DataFrame:
        """Model's means, means of those who answered and of completers, ready to plot."""
        means = self.rows("mean").assign(series="model")
        level = self.choices.conf_level
        observed = means_of_sums(self.sums.observed, self.sums.centre, level)
        completers = means_of_sums(self.sums.completers, self.sums.centre, level)
        parts = [means[means["status"] == "ok"]]
        for series, table in (("answering", observed), ("completers", completers)):
            eligible = self.grid[["group", "window", "n_eligible"]]
            parts.append(
                table.merge(eligible, on=["group", "window"]).assign(
                    series=series,
                    outcome=self.scores.instrument.code,
                    group_by=self.group_by,
                )
            )
        whole = pd.concat(parts, ignore_index=True)
        enough = whole["n_assessments"].fillna(whole["n_patients"]) >= self.choices.min_answers
        shown = enough & (whole["window"] >= self.first_shown)
        at_start = observed[observed["window"] == START].set_index("group")
        whole["start_level"] = whole["group"].map(at_start["estimate"]).astype("float64")
        whole["start_level_n"] = (
            whole["group"].map(at_start["n_patients"]).astype("float64").fillna(0)
        )
        return whole.loc[shown, CURVE_COLUMNS].reset_index(drop=True)

    @property
    def steps(self) -> list[tuple[str, str, int, int]]:
        """Patients with at least one answer, for `exclusions_frame`."""
        return [self.scores.step(self.counts.everyone, self.counts.answering)]

    @property
    def diagnostics(self) -> dict[str, Any]:
        """Facts about the fit and the timing of the answers."""
        facts: dict[str, Any] = {
            "timing": self.scores.timing,
            "near_session": self.counts.near_session,
        }
        facts["models"] = pd.DataFrame(
            [
                {
                    "group": group,
                    "n_patients": model.n_patients,
                    "covariance": model.covariance,
                    "inference": model.inference,
                    "converged": model.fit.converged,
                    "warnings": " ".join(model.warnings),
                }
                for group, model in self.models.items()
            ],
            columns=["group", "n_patients", "covariance", "inference", "converged", "warnings"],
        )
        return facts

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: windows left out, and how the fit went, in plain words."""
        said = [(group, note) for group, model in self.models.items() for note in model.notes]
        everyone = self.grid["group"].unique().tolist()
        return (self.left_out, *gather([*said, *self.failures.items()], everyone))

    @property
    def left_out(self) -> str:
        """Windows reached without enough answers, as a sentence; empty where there is none."""
        few = self.grid["n_assessments"] < self.choices.min_answers
        few &= self.grid["n_eligible"] > 0
        short = self.grid[few & (self.grid["window"] >= self.first_shown)]
        if short.empty:
            return ""
        n_groups = self.grid["group"].nunique()
        places = []
        for window, groups in short.groupby("window")["group"]:
            names = ", ".join(label(str(group)) for group in groups)
            places.append(f"day {window}" if len(groups) == n_groups else f"day {window} ({names})")
        return (
            f"Left out because fewer than {self.choices.min_answers} patients answered: "
            f"{'; '.join(places)}."
        )

    def _shortfall(self, grid: pd.DataFrame) -> pd.Series:
        """Why a row has no estimate."""
        need = self.choices.min_answers
        start = grid["group"].map(
            self.grid[self.grid["window"] == START].set_index("group")["n_patients"]
        )
        here = grid["n_assessments"].astype(int).astype(str)
        at_start = start.fillna(0).astype(int).astype(str)
        few = here + f" patients answered; at least {need} are needed"
        no_start = at_start + f" patients have a baseline; at least {need} are needed"
        alone = "no other window has enough answers to follow a course"
        few = few.where(grid["n_eligible"] > 0, "no patient has come this far yet")
        why = pd.Series(
            [self.failures.get(group, alone) for group in grid["group"]], index=grid.index
        )
        return few.where(grid["n_assessments"] < need, no_start.where(start < need, why))


def follow(
    scores: WindowScores, people: Members, group_by: str, landmark: int, choices: ModelChoices
) -> Trajectory:
    """Fit the course of one instrument.

    Parameters
    ----------
    scores : WindowScores
        Answers by patient and window.
    people : Members
        Patients and groups.
    group_by : str
        Grouping of `people`.
    landmark : int
        Day at which cadence was taken; the curve of a split by cadence starts there.
    choices : ModelChoices
        Choices about the model.

    Returns
    -------
    Trajectory
        Counts, and the model where there are enough answers.

    Notes
    -----
    A group that no model can be fitted to gets refused rows with the reason; the others stay.
    Windows before the landmark stay in the model of a split by cadence: they lie before the
    landmark, and they say something about answers that are missing after it.
    """
    counts = count_course(scores)
    chosen = choose_windows(counts, choices.min_answers)
    sums = sum_course(scores, chosen, compare=group_by == ONSET)
    return conclude(scores, counts, sums, people.order, group_by, landmark, choices)


def conclude(
    scores: WindowScores,
    counts: CourseCounts,
    sums: CourseSums,
    order: tuple[str, ...],
    group_by: str,
    landmark: int,
    choices: ModelChoices,
) -> Trajectory:
    """Fit the course of one instrument to sums over its answers.

    Parameters
    ----------
    scores : WindowScores
        What was asked; its answers are not looked at.
    counts : CourseCounts
        Counts over all patients.
    sums : CourseSums
        Sums over all patients, over the windows that `choose_windows` finds in `counts`.
    order : tuple of str
        Groups, in the order they are shown.
    group_by, landmark, choices
        As for `follow`.

    Returns
    -------
    Trajectory
        As `follow` gives it.
    """
    chosen = choose_windows(counts, choices.min_answers)
    first_shown = landmark if group_by == CADENCE else START
    shown = [day for day in scores.windows if day >= first_shown or day == START]
    index = pd.MultiIndex.from_product([order, shown], names=["group", "window"])
    grid = counts.cells.reindex(index, fill_value=0).astype("int64").reset_index()
    grid.columns = pd.Index(["group", "window", "n_eligible", "n_patients", "n_assessments"])
    models: dict[str, WindowMeans] = {}
    failures: dict[str, str] = {}
    for group, windows in chosen.by_group.items():
        scarcest = counts.scarcest_pair(group, windows)
        try:
            models[group] = fit_means(sums.models[group], windows, scarcest, choices)
        except EstimationError as error:
            failures[group] = error.problem
    return Trajectory(
        scores, counts, sums, chosen, models, failures, grid, group_by, first_shown, choices
    )
