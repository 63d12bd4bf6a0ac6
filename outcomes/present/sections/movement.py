"""Neck movement: six directions, degrees first."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.figures.movement import movement_rows, plot_movement
from outcomes.present.labels import group_label, outcome_label
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of, split_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_WANTED = (182, 84, 42, 364, 56, 28, 14, 728, 1092)
_WANTED_SPLIT = (364, 182, 728, 546, 1092)
_SIDES = {"rom_rotation": "rotation", "rom_lateral_flexion": "side bending"}


def neck_movement(release: Release, name: str) -> Section:
    """Show how far the neck moves at the start and at a follow-up time.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_rom_change`, with or without a grouping.

    Returns
    -------
    Section
        A figure and a table; for everyone together with percentages, the share beyond measurement
        error and the difference between the sides.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    split = split_of(result)
    what = "neck movement by how often patients come" if split else "neck movement"
    missing = absent(result, what)
    if missing:
        return missing
    day = follow_up_day(result)
    if day is None:
        reason = "No movement was measured in enough patients at the start and again later."
        return Section([Prose([f"Left out: {what}. {reason}"], kind="absent")])
    figure = plot_movement(result, day, release.registry)
    if split:
        return Section([figure, movement_split_table(result, day, release.registry)])
    return Section([figure, movement_table(result, day, release.registry), *_sides(result, day)])


def follow_up_day(result: AnalysisResult) -> int | None:
    """Choose the follow-up time to show: six months, or a year in a split by cadence, if it can be.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_rom_change`.

    Returns
    -------
    int or None
        Target day; None where no movement has a mean at the start and later.
    """
    wanted = _WANTED_SPLIT if split_of(result) == "cadence" else _WANTED
    counts = {day: len(movement_rows(result, day)) for day in wanted}
    most = max(counts.values())
    return next((day for day in wanted if counts[day] == most), None) if most else None


def movement_table(result: AnalysisResult, day: int, registry: InstrumentRegistry) -> Table:
    """Tabulate change, percentage and share beyond measurement error of each movement.

    Parameters
    ----------
    result : AnalysisResult
        Everyone together.
    day : int
        Follow-up time.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a movement.
    """
    changes = lookup(rows_of(result, "change", day=day), "outcome")
    percents = lookup(rows_of(result, "percent_change", day=day), "outcome")
    beyond = lookup(rows_of(result, "beyond_mdc95", day=day), "outcome")
    rows = []
    for row in records(movement_rows(result, day)):
        code = row["outcome"]
        rows.append(
            (
                outcome_label(code, registry),
                f"{write.score(row['start'])}°",
                f"{write.score(row['estimate'])}°",
                cells.change(changes.get((code,)), 1, "°"),
                cells.change(percents.get((code,)), 0, "%"),
                cells.share(beyond.get((code,))),
            )
        )
    when = write.follow_up(day)
    name = interval_of(result)
    return Table(
        f"Neck movement at the start and at {when}",
        (
            "Movement",
            "Start",
            when.capitalize(),
            f"Change ({name})",
            f"In percent ({name})",
            "Beyond error",
        ),
        rows,
        (
            "In percent: the mean change of the mean at the start. Beyond error: patients whose "
            "gain is larger than measuring twice would show without any change (MDC95), of those "
            "measured both times.",
            *notes_of(result),
        ),
    )


def movement_split_table(result: AnalysisResult, day: int, registry: InstrumentRegistry) -> Table:
    """Tabulate the change of each movement in each group.

    Parameters
    ----------
    result : AnalysisResult
        With a grouping.
    day : int
        Follow-up time.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a movement and a column a group: change in degrees with its interval, and how many
        were measured of those who could have been.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    beside = beside_cadence(result)
    group_by = split_of(result)
    changes = lookup(rows_of(result, "change", day=day), "outcome", "group")
    groups = list(dict.fromkeys(group for _, group in changes))
    rows = []
    for code in dict.fromkeys(code for code, _ in changes):
        found = [changes.get((code, group)) for group in groups]
        shown = [f"{cells.change(row, 1, '°')}\n{cells.answered(row)}" for row in found]
        rows.append((outcome_label(code, registry), *shown))
    return Table(
        f"Change of neck movement at {write.follow_up(day)} ({interval_of(result)}), "
        "measured of could have been",
        ("Movement", *(group_label(group_by, group) for group in groups)),
        rows,
        (*beside[:1], *notes_of(result, without=beside)),
    )


def _sides(result: AnalysisResult, day: int) -> list[Prose]:
    """Say how far the two sides are apart, in a sentence a pair of movements."""
    said = []
    gaps = lookup(rows_of(result, "asymmetry"), "outcome", "day")
    for code, name in _SIDES.items():
        before, after = gaps.get((code, 0)), gaps.get((code, day))
        if before is None or after is None or {before["status"], after["status"]} != {"ok"}:
            continue
        said.append(
            f"Left and right {name} differed by {_gap(before)} at the start and by {_gap(after)} "
            f"at {write.follow_up(day)}."
        )
    return [Prose(said)] if said else []


def _gap(row: Row) -> str:
    limits = write.interval(row["conf_low"], row["conf_high"])
    counted = write.count(row["n_patients"], "patient")
    name = write.confidence(row["conf_level"])
    return f"{write.score(row['estimate'])}° on average ({name} {limits}, {counted})"
