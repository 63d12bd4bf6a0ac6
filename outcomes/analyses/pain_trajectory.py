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

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, intercurrent, population, strategies
from outcomes.analyses.groups import members
from outcomes.analyses.scores import window_scores
from outcomes.analyses.trajectory import follow
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
    See `fit_window_means` for the model. Means describe all patients of a group, on the assumption
    that scores are missing at random given the scores recorded; ``answering`` and ``completers``
    stand beside them to show what that assumption changes. No comparison between cadences is
    estimated, because none of these means is a comparison of like with like.
    """
    spec = spec or PainTrajectorySpec()
    cuts = tables.settings.cut_points
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    code = spec.instrument or tables.settings.pain_instrument
    spec = replace(spec, instrument=code, landmark=landmark)
    people = members(tables, spec.group_by, landmark)
    scores = window_scores(tables, people, code, spec.timing, spec.windows)
    if scores is None or scores.answers.empty:
        label = tables.registry.get(code).label
        reason = f"There is no score of {label} of a patient in this analysis."
        if _only_after_sessions(tables, code):
            reason = f"All scores of {label} were given after a session, and these are never used."
        return refuse(QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=code)
    spec = replace(spec, timing=scores.timing, windows=scores.windows)
    course = follow(scores, people, spec.group_by, landmark, spec.model)
    rows = [course.rows("mean"), course.rows("change")]
    if spec.group_by == "onset":
        rows.append(course.parallel_row())
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
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


def _only_after_sessions(tables: Tables, code: str) -> bool:
    """Whether there are scores of an instrument, and all of them followed a session."""
    if tables.assessments is None:
        return False
    timing = tables.assessments.loc[tables.assessments["instrument"] == code, "timing"]
    return bool(len(timing)) and bool((timing == "post").all())
