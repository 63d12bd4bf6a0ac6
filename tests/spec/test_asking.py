"""Questions asked of a data set in parts give what they give of the whole in memory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomes.analyses import (
    ClinicBenchmarkSpec,
    PainTrajectorySpec,
    TrendsSpec,
    estimate_clinic_benchmark,
    estimate_pain_trajectory,
    estimate_trends,
)
from outcomes.errors import EstimationError
from outcomes.io import PartitionedData, open_partitions, read_tables
from outcomes.results import AnalysisResult
from outcomes.scale import ask, clinic_comparison, pain_course, trend_charts
from outcomes.simulate import SimulationSpec, cohort
from outcomes.simulate.cohort import stream_latent
from outcomes.simulate.records import keep_records
from outcomes.simulate.write import write_parts

SPECS = {
    "everyone": PainTrajectorySpec(),
    "onset": PainTrajectorySpec(group_by="onset"),
    "cadence": PainTrajectorySpec(group_by="cadence"),
    "clinic": PainTrajectorySpec(group_by="clinic", windows=(28, 84)),
    "disability": PainTrajectorySpec(instrument="ndi", timing="pre"),
    "never asked": PainTrajectorySpec(instrument="hit6"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five hundred patients in four partitions, the last a small one."""
    spec = SimulationSpec(patients=500, seed=11, clinics=3, years=2.0).covering_calendar()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort, "PARTITION", 160)
        parts = [keep_records(latent) for latent in stream_latent(spec)]
    place = tmp_path_factory.mktemp("parts")
    write_parts(parts, dict, place, "parquet")
    return place


def opened(folder: Path, as_of: str | None = None) -> PartitionedData:
    data = open_partitions(folder, as_of=as_of)
    assert data is not None
    return data


def assert_same(found: AnalysisResult, expected: AnalysisResult) -> None:
    pd.testing.assert_frame_equal(found.estimates, expected.estimates, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(found.exclusions, expected.exclusions)
    assert found.notes == expected.notes
    assert found.estimand == expected.estimand
    assert found.spec == expected.spec
    assert (found.curve is None) == (expected.curve is None)
    if found.curve is not None and expected.curve is not None:
        pd.testing.assert_frame_equal(found.curve, expected.curve, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("as_of", "names"), [(None, list(SPECS)), ("2025-12-31", ["everyone", "cadence"])]
)
def test_courses_of_parts_are_those_of_the_whole(
    folder: Path, as_of: str | None, names: list[str]
) -> None:
    data, whole = opened(folder, as_of), read_tables(folder, as_of=as_of)
    specs = {name: SPECS[name] for name in names}
    told: list[tuple[int, int]] = []
    found = ask(
        data,
        {name: pain_course(data.without_rows(), spec) for name, spec in specs.items()},
        only=("sessions", "assessments"),
        workers=1,
        on_step=lambda done, count: told.append((done, count)),
    )
    assert list(found) == names
    assert told[-1] == (3 * data.count, 3 * data.count)
    for name, spec in specs.items():
        assert_same(found[name], estimate_pain_trajectory(whole, spec))
    statuses = found[names[0]].estimates["status"]
    assert (statuses == "ok").any()


def test_comparison_and_trends_of_parts_are_those_of_the_whole(folder: Path) -> None:
    data, whole = opened(folder), read_tables(folder)
    empty = data.without_rows()
    comparing = ClinicBenchmarkSpec(min_clinics=3, replicates=200)
    by_clinic = TrendsSpec(unit="clinic", every="Q", measures=("difference", "no_show"))
    found = ask(
        data,
        {
            "comparison": clinic_comparison(empty, comparing),
            "trends": trend_charts(empty),
            "trends by clinic": trend_charts(empty, by_clinic),
        },
        workers=1,
    )
    assert_same(found["comparison"], estimate_clinic_benchmark(whole, comparing))
    assert_same(found["trends"], estimate_trends(whole))
    assert_same(found["trends by clinic"], estimate_trends(whole, by_clinic))
    for result in found.values():
        assert (result.estimates["status"] == "ok").any()


def test_a_question_that_cannot_be_asked_is_refused(folder: Path) -> None:
    data = opened(folder)
    with pytest.raises(EstimationError, match="no grouping"):
        ask(
            data,
            {"x": pain_course(data.without_rows(), PainTrajectorySpec(group_by="moon"))},
            workers=1,
        )
