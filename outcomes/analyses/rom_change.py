"""How far the neck moves, in six directions, and how much farther than at the start.

``curve`` has the columns of `pain_trajectory`, with the movement in ``outcome`` and degrees in
``estimate``.

``estimates`` holds, for each movement, group and window (``landmark`` is ``day N``):

===================  ==========================================================================
term                 meaning
===================  ==========================================================================
mean                 model's mean, degrees
change               mean change from day 0, degrees; p adjusted over the movements (Holm)
percent_change       that change in percent of the model's mean at day 0; refused where that mean
                     is under twice the MDC95
beyond_mdc95         share of patients whose gain is larger than measurement error; n_events of
                     n_patients
===================  ==========================================================================

and for ``rom_rotation`` and ``rom_lateral_flexion`` (right against left), day 0 included:

===================  ==========================================================================
asymmetry            mean difference between the sides regardless of direction, degrees
asymmetric           share of patients whose sides differ by more than measurement error
===================  ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, intercurrent, population, strategies
from outcomes.analyses.groups import Members, members
from outcomes.analyses.notes import gather
from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.analyses.scores import WindowScores, window_scores
from outcomes.analyses.trajectory import Trajectory, follow
from outcomes.analyses.window_means import START, ModelChoices
from outcomes.results import AnalysisResult
from outcomes.stats.multiplicity import holm
from outcomes.tables import Tables

QUESTION = "rom_change"
MOVEMENTS = (
    "rom_flexion",
    "rom_extension",
    "rom_left_lateral_flexion",
    "rom_right_lateral_flexion",
    "rom_left_rotation",
    "rom_right_rotation",
)
KEYS = ["group", "window"]
# A difference of exactly the measurement error may exceed it by an error of the last digit.
ROUNDING = 1e-9
SIDES = {
    "rom_lateral_flexion": ("rom_left_lateral_flexion", "rom_right_lateral_flexion"),
    "rom_rotation": ("rom_left_rotation", "rom_right_rotation"),
}


@dataclass(frozen=True)
class RomChangeSpec:
    """Choices about range of motion.

    Parameters
    ----------
    movements : tuple of str
        Instrument codes; p values are adjusted over as many.
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart by this; empty for everyone together.
    windows : tuple of int
        Target days; empty for all analysis windows of the settings.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings.
    timing : {"", "remote", "pre"}
        Measurements to analyse; empty to let the first movement decide.
    device : str
        Only measurements with this device; empty for all, with a note where there are several.
    percent_needs : float
        A percentage is refused where the mean at the start is under this many times the MDC95.
    model : ModelChoices
        Choices about the model.
    """

    movements: tuple[str, ...] = MOVEMENTS
    group_by: str = ""
    windows: tuple[int, ...] = ()
    landmark: int | None = None
    timing: str = ""
    device: str = ""
    percent_needs: float = 2.0
    model: ModelChoices = field(default_factory=ModelChoices)


def estimate_rom_change(tables: Tables, spec: RomChangeSpec | None = None) -> AnalysisResult:
    """Estimate range of motion by movement and its change from the start of care.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : RomChangeSpec, optional
        Choices; the defaults are six movements, everyone together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes. A movement that was never measured has a refused
        row.

    Raises
    ------
    EstimationError
        For an unknown grouping, timing or window.

    Notes
    -----
    Means and changes come from the model of `fit_means`, a movement at a time. Percentages
    are computed from its means only: a mean of individual percentages depends on how low people
    start and is the least efficient of all analyses. Shares are of patients measured at the
    start and in the window, with Wilson intervals; who was not measured is not "unchanged".

    References
    ----------
    Vickers AJ. The use of percentage change from baseline as an outcome in a controlled trial is
    statistically inefficient. BMC Med Res Methodol 2001;1:6. Fletcher JP, Bandy WD. Intrarater
    reliability of CROM measurement. J Orthop Sports Phys Ther 2008;38:640–645.
    """
    spec = spec or RomChangeSpec()
    cuts = tables.settings.cut_points
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    spec = replace(spec, landmark=landmark)
    people = members(tables, spec.group_by, landmark)
    measured, device_note = _of_device(tables, spec)
    scores = _measurements(measured, people, spec)
    if not scores:
        reason = "No range of motion of a patient in this analysis was measured."
        return refuse(QUESTION, spec, tables, people, reason, group_by=spec.group_by)
    first = next(iter(scores.values()))
    spec = replace(spec, timing=first.timing, windows=first.windows)
    courses = {
        code: follow(each, people, spec.group_by, landmark, spec.model)
        for code, each in scores.items()
    }
    rows = [_movement_rows(course, spec) for course in courses.values()]
    rows += [_asymmetry_rows(name, courses, spec) for name in SIDES]
    rows.append(_never_measured(spec, courses))
    curves = [course.curve() for course in courses.values()]
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        _adjust(pd.concat(rows, ignore_index=True)).drop(columns="window"),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=first.described.replace(first.instrument.label, "active range of motion", 1),
            intercurrent=intercurrent(cuts),
            summary=(
                "mean degrees of each movement in each analysis window, and their change from day 0"
            ),
        ),
        curve=pd.concat(curves, ignore_index=True),
        steps=[step for each in scores.values() for step in each.steps],
        diagnostics={
            "timing": spec.timing,
            "models": pd.concat(
                [
                    course.diagnostics["models"].assign(outcome=code)
                    for code, course in courses.items()
                ],
                ignore_index=True,
            ),
        },
        notes=(device_note, *_notes(courses)),
    )


def _measurements(tables: Tables, people: Members, spec: RomChangeSpec) -> dict[str, WindowScores]:
    """Measurements of each movement that there is, in the windows in which any was measured."""
    scores = {}
    timing = spec.timing
    for code in spec.movements:
        found = window_scores(tables, people, code, timing, spec.windows)
        if found is not None and len(found.answers):
            scores[code] = found
            timing = found.timing
    used = {day for each in scores.values() for day in each.answers["window"]}
    # Movements are measured at a few visits only; the other windows were never meant to hold any.
    return {
        code: each.within(tuple(day for day in each.windows if day in used or day == START))
        for code, each in scores.items()
    }


def _notes(courses: dict[str, Trajectory]) -> tuple[str, ...]:
    """Gather the notes of all movements."""
    names = {code: course.scores.instrument.label for code, course in courses.items()}
    said = [(names[code], note) for code, course in courses.items() for note in course.notes]
    return gather(said, names.values())


def _of_device(tables: Tables, spec: RomChangeSpec) -> tuple[Tables, str]:
    """Keep the measurements of one device, or say that several are mixed."""
    if tables.assessments is None:
        return tables, ""
    rom = tables.assessments["instrument"].isin(spec.movements)
    if spec.device:
        kept = ~rom | (tables.assessments["device"] == spec.device)
        return replace(tables, assessments=tables.assessments[kept]), ""
    devices = sorted(tables.assessments.loc[rom, "device"].dropna().unique())
    if len(devices) < 2:
        return tables, ""
    return tables, (
        f"Measured with {len(devices)} devices ({', '.join(devices)}), which do not read alike; "
        "a change between devices is not a change of the neck."
    )


def _movement_rows(course: Trajectory, spec: RomChangeSpec) -> pd.DataFrame:
    percent = course.rows("percent_change")
    floor = course.scores.instrument.mdc95
    if floor is None:
        return pd.concat([course.rows("mean"), course.rows("change"), percent])
    start = {
        group: float(model.means([START])["estimate"].iloc[0])
        for group, model in course.models.items()
        if START in model.windows
    }
    low = percent["group"].map(start).astype("float64") < spec.percent_needs * floor
    refused = low & (percent["status"] == "ok")
    percent.loc[refused, ["estimate", "std_error", "df", "conf_low", "conf_high"]] = np.nan
    percent.loc[refused, "status"] = "refused"
    percent.loc[refused, "note"] = (
        f"the mean at the start is under {spec.percent_needs:g} times the MDC95 of {floor:g} "
        "degrees, so a percentage would mostly show measurement error"
    )
    shares = _beyond_error(course, floor, spec)
    parts = [course.rows("mean"), course.rows("change"), percent, shares]
    # without a later measurement three of them are empty, and empty columns have no type to join
    return pd.concat([part for part in parts if len(part)])


def _beyond_error(course: Trajectory, floor: float, spec: RomChangeSpec) -> pd.DataFrame:
    """Share of patients whose gain is larger than measurement error, by group and window."""
    answers = course.scores.closed
    start = answers[answers["window"] == START].set_index("patient_id")["value"]
    later = answers[answers["window"] > START]
    before = later["patient_id"].map(start).astype("float64")
    gain = course.scores.instrument.improvement(before, later["value"])
    both = later[gain.notna()].assign(event=gain[gain.notna()] > floor + ROUNDING)
    grid = _plain(course.grid[course.grid["window"] > START], spec)
    rows = share_rows(both, grid, KEYS, spec.model.min_answers, spec.model.conf_level)
    return rows.assign(
        outcome=course.scores.instrument.code,
        term="beyond_mdc95",
        n_assessments=2 * rows["n_patients"],
        method=f"share of those measured both times who gained over {floor:g} degrees, Wilson",
    )


def _asymmetry_rows(name: str, courses: dict[str, Trajectory], spec: RomChangeSpec) -> pd.DataFrame:
    """Difference between the sides, by group and window."""
    left, right = SIDES[name]
    if left not in courses or right not in courses:
        return pd.DataFrame()
    columns = ["patient_id", *KEYS, "value"]
    sides = (
        courses[left]
        .scores.closed[columns]
        .merge(
            courses[right].scores.closed[columns],
            on=["patient_id", *KEYS],
            suffixes=("_left", "_right"),
        )
    )
    gap = (sides["value_right"] - sides["value_left"]).abs()
    grid = _plain(courses[left].grid, spec)
    minimum, level = spec.model.min_answers, spec.model.conf_level
    means = mean_rows(sides.assign(value=gap), grid, KEYS, minimum, level)
    rows = [
        means.assign(
            outcome=name,
            term="asymmetry",
            n_assessments=2 * means["n_patients"],
            unit="degrees",
            method="mean difference between the sides of those measured on both",
        )
    ]
    floor = courses[left].scores.instrument.mdc95
    if floor is not None:
        shares = share_rows(sides.assign(event=gap > floor + ROUNDING), grid, KEYS, minimum, level)
        method = (
            f"share of those measured on both sides with over {floor:g} degrees between, Wilson"
        )
        rows.append(
            shares.assign(
                outcome=name,
                term="asymmetric",
                n_assessments=2 * shares["n_patients"],
                method=method,
            )
        )
    return pd.concat(rows)


def _plain(grid: pd.DataFrame, spec: RomChangeSpec) -> pd.DataFrame:
    """Cells with the columns that every row of a result has."""
    return grid[[*KEYS, "n_eligible"]].assign(
        group_by=spec.group_by, landmark="day " + grid["window"].astype(str)
    )


def _never_measured(spec: RomChangeSpec, courses: dict[str, Trajectory]) -> pd.DataFrame:
    absent = [code for code in spec.movements if code not in courses]
    return pd.DataFrame(
        {
            "outcome": absent,
            "group_by": spec.group_by,
            "status": "refused",
            "note": "this movement was not measured",
        }
    )


def _adjust(rows: pd.DataFrame) -> pd.DataFrame:
    """Holm's p over the movements, within each group and window."""
    if "p_value" not in rows:  # no movement has a model
        return rows
    tested = (rows["term"] == "change") & rows["p_value"].notna()
    adjusted = rows[tested].groupby(KEYS)["p_value"].transform(_family)
    rows.loc[adjusted.index, "p_value"] = adjusted
    size = rows[tested].groupby(KEYS)["p_value"].transform("size")
    rows.loc[size.index, "method"] += ", p adjusted over " + size.astype(str) + " movements (Holm)"
    return rows


def _family(p_values: pd.Series) -> pd.Series:
    return pd.Series(holm(p_values), index=p_values.index)
