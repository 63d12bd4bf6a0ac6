"""What is compared: pain in its forms, headache days and movements, with who answered where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Outcome
from outcomes.analyses.maintenance_schedules.grid import Flags, Floats, ScheduleGrid
from outcomes.analyses.maintenance_schedules.spec import Horizon, MaintenanceSchedulesSpec
from outcomes.derive.headache_days import derive_headache_days
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_numbers
from outcomes.derive.responder import derive_responder
from outcomes.instruments import Instrument
from outcomes.tables import Tables

HOME = "answered"
HEADACHE_DAYS = "headache_days"
MOVEMENTS = tuple(
    f"rom_{name}"
    for name in (
        "flexion",
        "extension",
        "left_lateral_flexion",
        "right_lateral_flexion",
        "left_rotation",
        "right_rotation",
    )
)
AT_VISITS = "measured at sessions only; who was not seen is weighted for by what was recorded"


@dataclass(frozen=True)
class Measured:
    """Outcomes of one horizon.

    Parameters
    ----------
    outcomes : tuple of Outcome
        The primary one first.
    responses, asked : dict of str to ndarray of bool, shape (n, K)
        As for `ScheduleWeights`.
    left_out : tuple of str
        Outcomes that could not be compared, each with the reason.
    """

    outcomes: tuple[Outcome, ...]
    responses: dict[str, Flags]
    asked: dict[str, Flags]
    left_out: tuple[str, ...]


def measure(
    tables: Tables,
    grid: ScheduleGrid,
    instrument: Instrument,
    spec: MaintenanceSchedulesSpec,
    horizon: Horizon,
    *,
    all_outcomes: bool,
) -> Measured:
    """Collect the outcomes of one horizon.

    Parameters
    ----------
    tables : Tables
        The data set.
    grid : ScheduleGrid
        Patients by blocks.
    instrument : Instrument
        The pain instrument.
    spec : MaintenanceSchedulesSpec
        Which outcomes.
    horizon : Horizon
        Which blocks.
    all_outcomes : bool
        False takes mean pain and the share in the state only.

    Returns
    -------
    Measured
        Mean pain first.

    Notes
    -----
    Shares are of answers, averaged over the blocks as the mean is: a patient who did not answer is
    weighted for and never counted as a failure. Headache days are those of the whole horizon, of
    patients with a headache type (all patients where none is recorded), where at least 14 days were
    filled in. A movement is the last one measured before a session of the horizon.
    """
    blocks = list(range(horizon.first - 1, horizon.last))
    answer = grid.square("answer")
    responses: dict[str, Flags] = {HOME: ~np.isnan(answer) & grid.in_care}
    asked: dict[str, Flags] = {}
    pain = np.where(responses[HOME], answer, np.nan)[:, blocks]
    periods = tuple(blocks)
    unit = instrument.unit
    outcomes = [Outcome(instrument.code, instrument.label, unit, pain, periods, HOME)]
    thresholds = (spec.state, *spec.responders) if all_outcomes else (spec.state,)
    left_out: list[str] = []
    for name in thresholds:
        if name not in instrument.thresholds:
            left_out.append(
                f"Share by {name.replace('_', ' ')}: {instrument.label} has no such "
                "threshold; name others in the spec"
            )
            continue
        threshold = instrument.threshold(name)
        share = _shares(grid, pain, periods, instrument, name)
        label = f"share with {threshold.label}"
        outcomes.append(Outcome(f"{instrument.code}:{name}", label, "share", share, periods, HOME))
    if all_outcomes:
        extra: list[tuple[str, str, str, Floats, Flags, str]] = []
        if spec.headache_days:
            extra.append(_headaches(tables, grid, blocks))
        if spec.movements:
            extra += [_movement(tables, grid, blocks, code) for code in MOVEMENTS]
        for code, label, kind, values, whom, note in extra:
            there = ~np.isnan(values) & grid.in_care[:, blocks[-1]] & whom
            if there.sum() < spec.min_ess:
                left_out.append(f"{label}: recorded of {int(there.sum())} patients in these weeks")
                continue
            response = _response(responses, asked, code, there, whom, grid, blocks[-1])
            y = np.where(there, values, np.nan)[:, None]
            outcomes.append(Outcome(code, label, kind, y, (blocks[-1],), response, note))
    return Measured(tuple(outcomes), responses, asked, tuple(left_out))


def _shares(
    grid: ScheduleGrid, pain: Floats, periods: tuple[int, ...], instrument: Instrument, name: str
) -> Floats:
    """1 for an answer that reached a threshold, 0 for one that did not, else missing."""
    n, b = pain.shape
    baseline = np.full(n, np.nan)
    if "baseline_known" in grid.frame:
        baseline = grid.square("baseline_known")[:, 0]
    said = derive_responder(
        pd.Series(np.repeat(baseline, b)),
        pd.Series(pain.ravel()),
        instrument,
        instrument.threshold(name),
    )
    found = said.map({"yes": 1.0, "no": 0.0, "missing": np.nan}).to_numpy(dtype=float)
    return np.where(np.isnan(pain), np.nan, found.reshape(n, b))


def _response(
    responses: dict[str, Flags],
    asked: dict[str, Flags],
    code: str,
    there: Flags,
    whom: Flags,
    grid: ScheduleGrid,
    block: int,
) -> str:
    """Name of a response with these answers; the same answers share one model."""
    answered = np.zeros((grid.n, grid.blocks), dtype=bool)
    answered[:, block] = there
    where = np.zeros_like(answered)
    where[:, block] = whom
    for name, known in responses.items():
        if name in asked and (known == answered).all() and (asked[name] == where).all():
            return name
    responses[f"answered_{code}"], asked[f"answered_{code}"] = answered, where
    return f"answered_{code}"


def _first(grid: ScheduleGrid, column: str, block: int) -> pd.Series:
    """Take a column in one block."""
    rows = grid.frame["block"] == block + 1
    return grid.frame.loc[rows, column].reset_index(drop=True)


def _headaches(
    tables: Tables, grid: ScheduleGrid, blocks: list[int]
) -> tuple[str, str, str, Floats, Flags, str]:
    """Headache days per 28 days over the horizon, and who has headaches."""
    ids = _first(grid, "patient_id", 0)
    spans = pd.DataFrame(
        {
            "patient_id": ids,
            "span": "horizon",
            "first": _first(grid, "decision", blocks[0]) + pd.Timedelta(days=1),
            "last": _first(grid, "until", blocks[-1]),
        }
    )
    found = derive_headache_days(
        tables.headache_diary, tables.headache_periods, spans, tables.settings.cut_points
    )
    kinds = tables.patients.set_index("patient_id")["headache_type"].reindex(ids)
    whom = (kinds.notna() & (kinds != "none")).to_numpy()
    whom = whom if whom.any() else np.ones(grid.n, dtype=bool)
    label = "headache days per 28 days"
    return HEADACHE_DAYS, label, "days per 28", found["per_28"].to_numpy(dtype=float), whom, ""


def _movement(
    tables: Tables, grid: ScheduleGrid, blocks: list[int], code: str
) -> tuple[str, str, str, Floats, Flags, str]:
    """Last measurement of a movement in the horizon."""
    events = score_events(tables.assessments, _first(grid, "patient_id", 0), code, ("pre",))
    place = np.arange(grid.n)
    begin = day_numbers(_first(grid, "decision", blocks[0]))
    found = events.last(place, day_numbers(_first(grid, "until", blocks[-1])))
    inside = np.nan_to_num(events.day(found), nan=-1e9) > begin
    values = np.where(inside, events.value(found), np.nan)
    instrument = tables.registry.get(code)
    whom = np.ones(grid.n, dtype=bool)
    return code, instrument.label, instrument.unit, values, whom, AT_VISITS
