"""The course of a score, asked of a data set in parts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from outcomes.analyses.groups import members
from outcomes.analyses.pain_trajectory import (
    PainTrajectorySpec,
    conclude_pain,
    count_pain,
    fill_in,
    sum_pain,
)
from outcomes.derive.windows import TimingCounts, count_timing
from outcomes.scale.rounds import Question
from outcomes.tables import Tables


def pain_course(tables: Tables, spec: PainTrajectorySpec | None = None) -> Question:
    """Ask what `estimate_pain_trajectory` answers.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings.
    spec : PainTrajectorySpec, optional
        Choices.

    Yields
    ------
    callable
        Counts how scores were given, then how many answered in each window, then sums over the
        windows that have enough answers.

    Returns
    -------
    AnalysisResult
        That of the whole data set in memory.
    """
    spec = fill_in(tables, spec or PainTrajectorySpec())
    if not spec.timing:
        counted: TimingCounts = yield partial(given, spec=spec)
        spec = replace(spec, timing=counted.choose(tables.settings.cut_points).timing)
    counts = yield partial(count_pain, spec=spec)
    sums = yield partial(sum_pain, spec=spec, counts=counts)
    return conclude_pain(tables, spec, counts, sums)


def given(tables: Tables, spec: PainTrajectorySpec) -> TimingCounts:
    """Count how the scores of the patients of an analysis were given.

    Parameters
    ----------
    tables : Tables
        A part of the data set.
    spec : PainTrajectorySpec
        Choices, filled in.

    Returns
    -------
    TimingCounts
        To be added to those of other parts.
    """
    people = members(tables, spec.group_by, spec.landmark or 0)
    cuts = tables.settings.cut_points
    return count_timing(tables.assessments, people.start, spec.instrument, cuts, tables.as_of)
