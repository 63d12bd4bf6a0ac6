"""From records to a comparison that is ready to be fitted, or the reason why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.grid import ScheduleGrid, make_grid
from outcomes.analyses.maintenance_schedules.measured import Measured, measure
from outcomes.analyses.maintenance_schedules.spec import (
    Horizon,
    MaintenanceSchedulesSpec,
    settled_spec,
)
from outcomes.analyses.start_values import start_values
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.blocks import derive_blocks
from outcomes.derive.decisions import ELIGIBLE, derive_decisions
from outcomes.derive.episode import derive_start
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.tables import Tables

# Confounders that are worked out from other columns.
DERIVED = ("age", "onset", "clinic", "therapist_id")


@dataclass(frozen=True)
class Prepared:
    """One horizon ready to be compared.

    Parameters
    ----------
    decisions : DataFrame
        As made by `derive_decisions`.
    grid : ScheduleGrid
        Patients by blocks.
    blocks, patients : DataFrame
        What the grid was made of.
    measured : Measured
        Outcomes.
    comparison : Comparison
        With models built.
    """

    decisions: pd.DataFrame
    grid: ScheduleGrid
    blocks: pd.DataFrame
    patients: pd.DataFrame
    measured: Measured
    comparison: Comparison


@dataclass(frozen=True)
class NotReady:
    """One horizon that cannot be compared.

    Parameters
    ----------
    reason : str
        Why not, as a sentence.
    decisions : DataFrame
        As made by `derive_decisions`: who was eligible, and who was left out for what.
    """

    reason: str
    decisions: pd.DataFrame


def prepare(
    tables: Tables,
    patients: pd.DataFrame,
    spec: MaintenanceSchedulesSpec,
    horizon: Horizon,
    instrument: Instrument,
    planned: bool,
    *,
    all_outcomes: bool,
    blind: bool = False,
) -> Prepared | NotReady:
    """Lay out one horizon: eligible patients, grid, outcomes and models.

    Parameters
    ----------
    tables : Tables
        The data set.
    patients : DataFrame
        As made by `known_at_start`.
    spec : MaintenanceSchedulesSpec
        Choices, with instrument and grace filled in.
    horizon : Horizon
        Weeks compared.
    instrument : Instrument
        The pain instrument.
    planned : bool
        Whether plans tell who followed what.
    all_outcomes : bool
        As for `measure`.
    blind : bool
        Keep of the answers only that they were given, and estimate nothing.

    Returns
    -------
    Prepared or NotReady
        Ready to be compared; or why it cannot be.
    """
    decisions = derive_decisions(
        tables,
        spec.instrument,
        blocks=horizon.last,
        wait=spec.wait,
        recent=spec.recent,
        use_plans=planned,
        weekly=any(s.every is not None and s.every[0] <= 7 <= s.every[1] for s in spec.strategies),
    )
    eligible = int((decisions["status"] == ELIGIBLE).sum())
    if eligible < spec.min_ess:
        left = decisions.loc[decisions["status"] != ELIGIBLE, "status"].value_counts()
        most = f" Most were left out for: {left.index[0]} ({left.iloc[0]})." if len(left) else ""
        return NotReady(
            f"{eligible} patients are eligible for {horizon.name}; at least {spec.min_ess:.0f} "
            f"effective patients are needed in every schedule.{most}",
            decisions,
        )
    blocks = derive_blocks(tables, decisions, spec.instrument, horizon.last)
    if blocks["answer"].isna().all():
        return NotReady(
            f"No {instrument.label} was answered at home in {horizon.name}. Scores before sessions "
            "are seen of those who came only: with them the schedule without sessions is not "
            "identified. Ask for a score at home every four weeks.",
            decisions,
        )
    if blind:
        blocks["answer"] = blocks["answer"].where(blocks["answer"].isna(), 0.0)
        blocks["visit_score"] = np.nan
    grid = make_grid(blocks, patients, instrument, spec, planned)
    measured = measure(tables, grid, instrument, spec, horizon, all_outcomes=all_outcomes)
    try:
        comparison = Comparison(
            grid,
            measured.outcomes,
            measured.responses,
            measured.asked,
            grace=(spec.grace or 0) if planned else 0,
        )
        if blind:
            comparison.models.weigh(comparison.whole.fit)
        else:
            comparison.vector(comparison.whole.fit)
    except EstimationError as error:
        return NotReady(f"{horizon.name}: {error.problem} {error.remedy}", decisions)
    return Prepared(decisions, grid, blocks, patients, measured, comparison)


def settle(
    tables: Tables, spec: MaintenanceSchedulesSpec | None
) -> tuple[MaintenanceSchedulesSpec, bool]:
    """Fill in what a data set decides of the choices.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec or None
        Choices; None takes those of the settings.

    Returns
    -------
    spec : MaintenanceSchedulesSpec
        With instrument and grace.
    planned : bool
        Whether plans tell who followed what.
    """
    spec = spec or settled_spec(tables.settings)
    planned = spec.use_plans and tables.plans is not None and len(tables.plans) > 0
    grace = spec.grace if spec.grace is not None else (0 if planned else 1)
    instrument = spec.instrument or tables.settings.pain_instrument
    return replace(spec, instrument=instrument, grace=grace), planned


def known_at_start(tables: Tables, spec: MaintenanceSchedulesSpec) -> pd.DataFrame:
    """Collect the baseline and those confounders that the data set has.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec
        Names of the confounders.

    Returns
    -------
    DataFrame
        One row a patient: patient_id, baseline, clinic, and a column for each confounder there is.
    """
    there = {*DERIVED, *tables.patients.columns}
    if tables.covariates is not None:
        there |= set(tables.covariates["name"])
    # Clinics are resampled whole where there are many, adjusted for or not.
    names = dict.fromkeys((*spec.confounders, "clinic"))
    found = start_values(tables, [name for name in names if name in there])
    cuts = tables.settings.cut_points
    start = derive_start(tables.patients, tables.sessions, cuts)
    baseline = derive_baseline(tables.assessments, start, spec.instrument, cuts)
    return found.merge(baseline[["patient_id", "baseline"]], on="patient_id", how="left")


def with_range(tables: Tables, code: str) -> Instrument:
    """Look up the pain instrument.

    Parameters
    ----------
    tables : Tables
        The data set.
    code : str
        Code of the instrument.

    Returns
    -------
    Instrument
        One with a smallest and a largest value.

    Raises
    ------
    EstimationError
        If it has none: histories are modelled in tenths of the range.
    """
    instrument = tables.registry.get(code)
    if instrument.minimum is None or instrument.maximum is None:
        raise EstimationError(
            f"{instrument.label} has no range.", "Compare schedules on a pain score with one."
        )
    return instrument
