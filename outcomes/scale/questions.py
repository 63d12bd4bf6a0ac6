"""Questions that can be asked of a data set in parts, each as its analysis answers it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from outcomes.analyses.clinic_benchmark import estimate as benchmark
from outcomes.analyses.clinic_benchmark.spec import ClinicBenchmarkSpec
from outcomes.analyses.groups import Members, members
from outcomes.analyses.pain_trajectory import (
    PainTrajectorySpec,
    conclude_pain,
    count_pain,
    sum_pain,
)
from outcomes.analyses.pain_trajectory import fill_in as fill_in_pain
from outcomes.analyses.trends import estimate as trends
from outcomes.analyses.trends.spec import TrendsSpec
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
    spec = fill_in_pain(tables, spec or PainTrajectorySpec())
    if not spec.timing:
        counted: TimingCounts = yield partial(_given_in_pain, spec=spec)
        spec = replace(spec, timing=_chosen(tables, counted))
    counts = yield partial(count_pain, spec=spec)
    sums = yield partial(sum_pain, spec=spec, counts=counts)
    return conclude_pain(tables, spec, counts, sums)


def clinic_comparison(tables: Tables, spec: ClinicBenchmarkSpec | None = None) -> Question:
    """Ask what `estimate_clinic_benchmark` answers.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings.
    spec : ClinicBenchmarkSpec, optional
        Choices.

    Yields
    ------
    callable
        Counts how scores were given, then takes the outcome and start of every patient.

    Returns
    -------
    AnalysisResult
        That of the whole data set in memory.
    """
    spec = benchmark.fill_in(tables, spec or ClinicBenchmarkSpec())
    if not spec.timing:
        counted: TimingCounts = yield partial(_given_in_comparison, spec=spec)
        spec = replace(spec, timing=_chosen(tables, counted))
    gathered = yield partial(benchmark.gather_benchmark, spec=spec)
    return benchmark.conclude_benchmark(tables, spec, gathered)


def trend_charts(tables: Tables, spec: TrendsSpec | None = None) -> Question:
    """Ask what `estimate_trends` answers.

    Parameters
    ----------
    tables : Tables
        Any part of the data set, for its settings.
    spec : TrendsSpec, optional
        Choices.

    Yields
    ------
    callable
        Counts how scores were given, then takes outcomes and starts, and counts sessions by month.

    Returns
    -------
    AnalysisResult
        That of the whole data set in memory.
    """
    spec = trends.fill_in(tables, spec or TrendsSpec())
    if not spec.timing:
        counted: TimingCounts = yield partial(_given_in_trends, spec=spec)
        spec = replace(spec, timing=_chosen(tables, counted))
    records = yield partial(trends.gather_trends, spec=spec)
    return trends.conclude_trends(tables, spec, records)


def _chosen(tables: Tables, counted: TimingCounts) -> str:
    return counted.choose(tables.settings.cut_points).timing


def _given_in_pain(tables: Tables, spec: PainTrajectorySpec) -> TimingCounts:
    return _given(tables, members(tables, spec.group_by, spec.landmark or 0), spec.instrument)


def _given_in_comparison(tables: Tables, spec: ClinicBenchmarkSpec) -> TimingCounts:
    return _given(tables, benchmark.grouped(tables, spec.unit), spec.instrument)


def _given_in_trends(tables: Tables, spec: TrendsSpec) -> TimingCounts:
    return _given(tables, members(tables, spec.unit, 0), spec.instrument)


def _given(tables: Tables, people: Members, code: str) -> TimingCounts:
    """Count how the scores of the patients of an analysis were given."""
    cuts = tables.settings.cut_points
    return count_timing(tables.assessments, people.start, code, cuts, tables.as_of)
