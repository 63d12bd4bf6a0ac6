"""Who is compared: the flow, and what patients were like by the plan they began with."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.schedules.flow import plot_flow
from outcomes.present.labels import group_label, outcome_label, strategy_label
from outcomes.present.rows import Row, lookup, records
from outcomes.present.schedules import frame_of, weeks_of
from outcomes.present.sections.section import Section, absent
from outcomes.present.tables import Prose, Table


def schedule_flow(release: Release, name: str) -> Section:
    """Show eligibility and what became of the clones.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        The flow chart and a table of the clones block by block; where the comparison was refused,
        a flow chart of eligibility alone.
    """
    result = release[name]
    flow = frame_of(result, "flow")
    if flow.empty:
        said = Prose(["There are no clones to follow, as nothing was compared."], kind="absent")
        last = result.spec.horizons[0].last
        return Section([said, plot_flow(result, last)] if len(result.exclusions) else [said])
    last = result.spec.horizons[0].last
    shown = flow[flow["block"] <= last]
    rows = [
        (
            f"{strategy_label(row['strategy'])}, wk {weeks_of(row['block'])}",
            *(
                _count(row[column])
                for column in ("on_strategy", "left_strategy", "left_care", "kept", "answered")
            ),
        )
        for row in records(shown)
    ]
    columns = ("Schedule and weeks", "Under it", "Changed", "Left care", "Kept to it", "Answered")
    note = (
        "Under it: clones at the beginning of the block. Changed: their plan or their sessions no "
        "longer agreed with the schedule. Answered: at home in the block, of those who kept to it."
    )
    return Section(
        [plot_flow(result, last), Table("Clones block by block", columns, rows, (note,))]
    )


def _count(value: float) -> str:
    return write.number(value) if value == value else "few"


def first_plan_table(release: Release, name: str) -> Section:
    """Tabulate what patients were like by first plan, with standardised differences (table 1).

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `describe_first_plans`.

    Returns
    -------
    Section
        Means and shares before any weight; a line where there is nothing to set side by side.
    """
    result = release[name]
    missing = absent(result, "patients by first plan")
    if missing:
        return missing
    estimates = result.estimates
    described = estimates[estimates["term"].isin(["baseline_characteristic", "baseline_share"])]
    plans = list(dict.fromkeys(described["landmark"]))
    means = lookup(estimates[estimates["term"] == "baseline_characteristic"], "outcome", "landmark")
    spreads = lookup(estimates[estimates["term"] == "baseline_sd"], "outcome", "landmark")
    gaps = lookup(estimates[estimates["term"] == "not_recorded"], "outcome", "landmark")
    shares = lookup(
        estimates[estimates["term"] == "baseline_share"], "outcome", "group", "landmark"
    )
    smd = estimates[(estimates["term"] == "smd") & (estimates["status"] == "ok")]
    rows: list[tuple[str, ...]] = []
    for outcome in dict.fromkeys(described["outcome"]):
        label = outcome_label(outcome, release.registry)
        off = smd.loc[smd["outcome"] == outcome, "estimate"].abs().max()
        largest = write.score(off, 2)
        levels = list(dict.fromkeys(group for code, group, _ in shares if code == outcome))
        if not levels:
            found = [
                _mean_sd(means.get((outcome, plan)), spreads.get((outcome, plan))) for plan in plans
            ]
            rows.append((f"{label}, mean (SD)", *found, largest))
        for position, level in enumerate(levels):
            found = [cells.share(shares.get((outcome, level, plan))) for plan in plans]
            named = group_label(outcome, level)
            named = named[:1].upper() + named[1:]
            rows.append((f"{label}: {named}", *found, "" if position else largest))
        if any((outcome, plan) in gaps for plan in plans):
            found = [
                cells.share(gaps[outcome, plan]) if (outcome, plan) in gaps else "0"
                for plan in plans
            ]
            rows.append((f"{label}: not recorded", *found, ""))
    sizes = estimates.groupby("landmark")["n_eligible"].max()
    heads = [
        f"{strategy_label(plan)} (n\u00a0=\u00a0{_count(float(sizes[plan]))})" for plan in plans
    ]
    named_by = (
        "by the plan recorded first" if result.diagnostics.get("planned") else "by first sessions"
    )
    return Section(
        [
            Table(
                f"Patients at the decision, {named_by}",
                ("Characteristic", *heads, "SMD"),
                rows,
                (
                    "Before any weight. Means and shares are of those with a value. SMD: the "
                    "largest standardised difference between two of the schedules compared; over "
                    "0.1 patients who began them differed, which is what the weights are for.",
                ),
            )
        ]
    )


def _mean_sd(mean: Row | None, spread: Row | None) -> str:
    level = cells.mean(mean)
    if mean is None or spread is None or mean["status"] != "ok" or spread["status"] != "ok":
        return level
    return f"{level} ({write.score(spread['estimate'])})"
