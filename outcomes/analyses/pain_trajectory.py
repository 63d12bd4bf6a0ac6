"""How pain, or any other score, goes on average from the start of care to three years.

``curve`` holds, for each group, window and series:

==========================  ===================================================================
outcome                     instrument code
group_by, group             grouping and group; both empty for everyone together
window                      target day from the start of care (int)
series                      ``model``: the model's mean, for all patients of the group;
                            ``answering``: mean of those who answered in that window;
                            ``completers``: the same of those who also answered at day 0 and in
                            the group's last window, at all windows they answered
estimate                    mean, in the unit of the instrument
conf_low, conf_high         its confidence interval
n_eligible                  patients at risk: for whom the window is over at the as-of date
n_patients                  those of them who answered in it
start_level, start_level_n  the group's mean of this instrument at day 0, in its unit, and the
                            number it is of
start_pain, start_pain_n    the group's mean pain at the start of care and the number it is of,
                            whatever the instrument of the curve
==========================  ===================================================================

``estimates`` holds for each group and window the terms ``mean`` and ``change`` (from day 0), and
``change_interaction`` (an F test that groups change alike) for a split by onset. Answers in windows
that are still open are in the model and in ``n_assessments``, not in ``n_patients``. ``landmark``
is ``day N``. In a split by cadence windows before the landmark are left out, except the start.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd

from outcomes.analyses.adding import add_known
from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.course_sums import (
    CourseCounts,
    CourseSums,
    choose_windows,
    count_course,
    sum_course,
)
from outcomes.analyses.estimand import describe, intercurrent, population, strategies
from outcomes.analyses.groups import ONSET, MemberCounts, Members, count_members, members
from outcomes.analyses.scores import WindowScores, window_scores
from outcomes.analyses.trajectory import conclude
from outcomes.analyses.window_means import ModelChoices
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "pain_trajectory"


@dataclass(frozen=True)
class PainTrajectorySpec:
    """Choices of a trajectory.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    group_by : {"", "onset", "cadence", "clinic"}
        Curves apart by this; empty for everyone together.
    windows : tuple of int
        Target days; empty for all analysis windows of the settings.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings.
    timing : {"", "remote", "pre"}
        Scores to analyse; empty for remote where enough answer at home, else pre.
    model : ModelChoices
        Choices about the model.
    """

    instrument: str = ""
    group_by: str = ""
    windows: tuple[int, ...] = ()
    landmark: int | None = None
    timing: str = ""
    model: ModelChoices = field(default_factory=ModelChoices)


def estimate_pain_trajectory(
    tables: Tables, spec: PainTrajectorySpec | None = None
) -> AnalysisResult:
    """Estimate mean scores by analysis window and their change from the start of care.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PainTrajectorySpec, optional
        Choices; the defaults are pain, everyone together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where there is nothing to analyse. The
        spec of the result has every choice filled in.

    Raises
    ------
    EstimationError
        For an unknown grouping, timing or window.

    Notes
    -----
    See `fit_means` for the model. Means describe all patients of a group, on the assumption
    that scores are missing at random given the scores recorded; ``answering`` and ``completers``
    stand beside them to show what that assumption changes. No comparison between cadences is
    estimated, because none of these means is a comparison of like with like.
    """
    spec = fill_in(tables, spec or PainTrajectorySpec())
    people, scores = _read(tables, spec)
    counts = _count(tables, spec, people, scores)
    if scores is None or counts.course is None:
        return conclude_pain(tables, spec, counts, None)
    spec = replace(spec, timing=scores.timing)
    chosen = choose_windows(counts.course, spec.model.min_answers)
    sums = sum_course(scores, chosen, compare=spec.group_by == ONSET)
    return conclude_pain(tables, spec, counts, sums)


@dataclass(frozen=True)
class PainCounts:
    """What is counted before anything is fitted, of any number of patients.

    Parameters
    ----------
    people : MemberCounts
        Patients by group, and who was left out.
    course : CourseCounts or None
        Answers by group and window; None where there is not one score.
    scores, after_session : int
        Scores of the instrument, and those of them given after a session.
    """

    people: MemberCounts
    course: CourseCounts | None
    scores: int
    after_session: int

    def __add__(self, other: PainCounts) -> PainCounts:
        """Add the counts of other patients, made with the same choices."""
        return PainCounts(
            self.people + other.people,
            add_known(self.course, other.course),
            self.scores + other.scores,
            self.after_session + other.after_session,
        )


def fill_in(tables: Tables, spec: PainTrajectorySpec) -> PainTrajectorySpec:
    """Fill in what the settings say where a spec leaves it open.

    Parameters
    ----------
    tables : Tables
        Any part of the data set.
    spec : PainTrajectorySpec
        Choices.

    Returns
    -------
    PainTrajectorySpec
        With instrument and landmark.
    """
    cuts = tables.settings.cut_points
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    code = spec.instrument or tables.settings.pain_instrument
    return replace(spec, instrument=code, landmark=landmark)


def count_pain(tables: Tables, spec: PainTrajectorySpec) -> PainCounts:
    """Count patients and answers of a part of a data set.

    Parameters
    ----------
    tables : Tables
        The part.
    spec : PainTrajectorySpec
        Choices, filled in, with a timing.

    Returns
    -------
    PainCounts
        To be added to those of other parts.

    Raises
    ------
    EstimationError
        As for `estimate_pain_trajectory`.
    """
    people, scores = _read(tables, spec)
    return _count(tables, spec, people, scores)


def sum_pain(tables: Tables, spec: PainTrajectorySpec, counts: PainCounts) -> CourseSums | None:
    """Sum the answers of a part of a data set.

    Parameters
    ----------
    tables : Tables
        The part.
    spec : PainTrajectorySpec
        As for `count_pain`.
    counts : PainCounts
        The counts of all parts.

    Returns
    -------
    CourseSums or None
        To be added to those of other parts; None where the part has no score.
    """
    _, scores = _read(tables, spec)
    if scores is None or counts.course is None:
        return None
    chosen = choose_windows(counts.course, spec.model.min_answers)
    return sum_course(scores, chosen, compare=spec.group_by == ONSET)


def conclude_pain(
    tables: Tables, spec: PainTrajectorySpec, counts: PainCounts, sums: CourseSums | None
) -> AnalysisResult:
    """Make the result of counts and sums over all patients.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings.
    spec : PainTrajectorySpec
        Choices, filled in.
    counts : PainCounts
        The counts of all parts.
    sums : CourseSums or None
        The sums of all parts.

    Returns
    -------
    AnalysisResult
        As `estimate_pain_trajectory` gives it.
    """
    code, landmark, cuts = spec.instrument, spec.landmark or 0, tables.settings.cut_points
    instrument = tables.registry.get(code)
    if counts.course is None or sums is None or not counts.course.answering:
        reason = f"There is no score of {instrument.label} of a patient in this analysis."
        if counts.scores and counts.after_session == counts.scores:
            reason = (
                f"All scores of {instrument.label} were given after a session, and these are never "
                "used."
            )
        return refuse(
            QUESTION, spec, tables, counts.people, reason, group_by=spec.group_by, outcome=code
        )
    scores = WindowScores.without_answers(instrument, spec.timing, counts.course.windows)
    spec = replace(spec, windows=scores.windows)
    course = conclude(
        scores, counts.course, sums, counts.people.order, spec.group_by, landmark, spec.model
    )
    rows = [course.rows("mean"), course.rows("change")]
    if spec.group_by == ONSET:
        rows.append(course.parallel_row())
    return assemble(
        QUESTION,
        spec,
        tables,
        counts.people,
        pd.concat(rows, ignore_index=True).drop(columns="window"),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=scores.described,
            intercurrent=intercurrent(cuts),
            summary="mean in each analysis window, and its change from day 0",
        ),
        curve=course.curve(),
        steps=course.steps,
        diagnostics=course.diagnostics,
        notes=course.notes,
    )


def _read(tables: Tables, spec: PainTrajectorySpec) -> tuple[Members, WindowScores | None]:
    people = members(tables, spec.group_by, spec.landmark or 0)
    return people, window_scores(tables, people, spec.instrument, spec.timing, spec.windows)


def _count(
    tables: Tables, spec: PainTrajectorySpec, people: Members, scores: WindowScores | None
) -> PainCounts:
    timing = pd.Series(dtype="str")
    if tables.assessments is not None:
        given = tables.assessments
        timing = given.loc[given["instrument"] == spec.instrument, "timing"]
    return PainCounts(
        count_members(tables, people, spec.group_by),
        None if scores is None else count_course(scores),
        len(timing),
        int((timing == "post").sum()),
    )
