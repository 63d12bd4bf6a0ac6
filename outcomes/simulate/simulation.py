"""From a spec to a data set: in memory, or streamed to disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes.schema import SCHEMAS
from outcomes.simulate.cohort import LatentCohort, partitions, stream_latent
from outcomes.simulate.records import keep_records
from outcomes.simulate.spec import SimulationSpec
from outcomes.simulate.truth import find_truth
from outcomes.simulate.write import Step, write_parts
from outcomes.tables import Tables


@dataclass(frozen=True)
class Cohort:
    """A simulated data set with what is true of it.

    Parameters
    ----------
    spec : SimulationSpec
        What was simulated, with the number of blocks that were run.
    frames : mapping of str to DataFrame
        Tables of the contract by name, without optional columns that a clinic did not keep.
    truth : mapping
        Content of ``truth.json``, see `find_truth`; empty when it was not asked for.
    latent : tuple of LatentCohort
        True pain, plans and strategies, a partition each; in the order of no table.
    """

    spec: SimulationSpec
    frames: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]
    latent: tuple[LatentCohort, ...]

    def tables(self) -> Tables:
        """Put the frames together as a data set in memory.

        Returns
        -------
        Tables
            As if read from disk, marked as synthetic.
        """
        full: dict[str, pd.DataFrame] = {}
        absent: list[str] = []
        for name, schema in SCHEMAS.items():
            if name not in self.frames:
                absent.append(name)
                continue
            frame = self.frames[name].copy()
            for column in schema.columns:
                if column.name not in frame:
                    absent.append(f"{name}.{column.name}")
                    frame[column.name] = pd.Series([None] * len(frame), dtype=column.dtype)
            full[name] = frame[list(schema.names)]
        return Tables(
            full["patients"],
            pd.Timestamp(self.spec.as_of),
            sessions=full.get("sessions"),
            assessments=full.get("assessments"),
            headache_diary=full.get("headache_diary"),
            plans=full.get("plans"),
            adverse_events=full.get("adverse_events"),
            trigger_points=full.get("trigger_points"),
            exercises=full.get("exercises"),
            covariates=full.get("covariates"),
            source=f"simulated, {self.spec.scenario}",
            synthetic=True,
            absent=tuple(absent),
        )


def simulate(spec: SimulationSpec, *, truth: bool = True) -> Cohort:
    """Simulate a data set in memory.

    Parameters
    ----------
    spec : SimulationSpec
        What to simulate. Its `blocks` are set so that the calendar is covered.
    truth : bool
        False leaves out the true effects, which take several seconds to find.

    Returns
    -------
    Cohort
        Tables, truth and the latent course.
    """
    long = spec.covering_calendar()
    latent = tuple(stream_latent(long))
    kept = [keep_records(part) for part in latent]
    frames = {name: pd.concat([part[name] for part in kept], ignore_index=True) for name in kept[0]}
    return Cohort(long, frames, find_truth(long) if truth else {}, latent)


def write_cohort(cohort: Cohort, folder: Path | str, format: str = "csv") -> None:
    """Write a simulated data set and its ``truth.json``; nothing latent goes with them.

    Parameters
    ----------
    cohort : Cohort
        The data set.
    folder : Path or str
        Where to; made if it is not there. An earlier simulation in it is replaced.
    format : {"csv", "parquet"}
        Kind of the files.

    Raises
    ------
    DataContractError
        If the folder holds records that were not simulated, or can't be written to.
    """
    write_parts([cohort.frames], lambda: cohort.truth, Path(folder), format)


def write_simulation(
    spec: SimulationSpec, folder: Path | str, format: str = "csv", *, on_step: Step | None = None
) -> None:
    """Simulate straight to disk, a partition at a time: the same files in bounded memory.

    Parameters
    ----------
    spec : SimulationSpec
        What to simulate; any number of patients.
    folder : Path or str
        Where to; made if it is not there. An earlier simulation in it is replaced.
    format : {"csv", "parquet"}
        Kind of the files.
    on_step : callable, optional
        Told how many partitions are done, and of how many. The truth is one more.

    Raises
    ------
    DataContractError
        If the folder holds records that were not simulated, or can't be written to.
    """
    long = spec.covering_calendar()
    total = partitions(long) + 1
    tell = on_step or (lambda done, total: None)

    def parts() -> Iterator[dict[str, pd.DataFrame]]:
        for done, latent in enumerate(stream_latent(long)):
            tell(done, total)
            yield keep_records(latent)
        tell(total - 1, total)

    write_parts(parts(), lambda: find_truth(long), Path(folder), format)
    tell(total, total)
