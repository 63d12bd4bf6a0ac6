"""Sums over partitions: the same to the last digit wherever they are made."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outcomes.errors import EstimationError, OutcomesError
from outcomes.io import PartitionedData, open_partitions
from outcomes.scale import add_up
from outcomes.simulate import SimulationSpec, cohort
from outcomes.simulate.cohort import stream_latent
from outcomes.simulate.records import keep_records
from outcomes.simulate.write import write_parts
from tests.partition_sums import Totals, failing, totals, totals_after_a_death


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PartitionedData:
    """Sixty patients in eight partitions."""
    spec = SimulationSpec(patients=60, seed=4, clinics=2, years=1.0).covering_calendar()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort, "PARTITION", 8)
        parts = [keep_records(latent) for latent in stream_latent(spec)]
    folder = tmp_path_factory.mktemp("parts")
    write_parts(parts, dict, folder, "parquet")
    opened = open_partitions(folder)
    assert opened is not None
    return opened


@pytest.fixture(scope="module")
def expected(data: PartitionedData) -> Totals:
    one = [totals(data.read(number)) for number in range(data.count)]
    total = one[0]
    for sums in one[1:]:
        total = total + sums
    return total


def test_in_this_process(data: PartitionedData, expected: Totals) -> None:
    told: list[tuple[int, int]] = []
    found = add_up(data, totals, workers=1, on_step=lambda done, of: told.append((done, of)))
    assert found == expected
    assert found.patients == 60
    assert told == [(number, 8) for number in range(1, 9)]


def test_in_two_processes(data: PartitionedData, expected: Totals) -> None:
    assert add_up(data, totals, workers=2, only=["assessments"]) == expected


def test_what_the_work_raises_arrives(data: PartitionedData) -> None:
    for workers in (1, 2):
        with pytest.raises(EstimationError, match="Nothing can be had"):
            add_up(data, failing, workers=workers)


def test_a_worker_that_dies_here_is_told_of(data: PartitionedData, tmp_path: Path) -> None:
    with pytest.raises(OutcomesError, match="ended before its time"):
        add_up(data, partial(totals_after_a_death, once=tmp_path / "died"), workers=2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="needs Dask (the extra scale)")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as running:
        yield running


def test_on_two_workers_of_a_cluster(data: PartitionedData, expected: Totals, cluster: Any) -> None:
    assert add_up(data, totals, scheduler=cluster.scheduler_address) == expected


def test_a_worker_killed_in_the_middle_changes_nothing(
    data: PartitionedData, expected: Totals, cluster: Any, tmp_path: Path
) -> None:
    killing = partial(totals_after_a_death, once=tmp_path / "died")
    assert add_up(data, killing, scheduler=cluster.scheduler_address) == expected
    assert (tmp_path / "died").exists()


def test_a_cluster_that_is_not_there(
    data: PartitionedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutcomesError, match="scheduler cannot be reached"):
        add_up(data, totals, scheduler="no such address")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(OutcomesError, match="Dask is not installed"):
        add_up(data, totals, scheduler="tcp://127.0.0.1:8786")
