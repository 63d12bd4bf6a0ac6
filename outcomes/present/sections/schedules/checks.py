"""Diagnostics: support, balance, overlap, and what failed."""

from __future__ import annotations

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.schedules.checks import LIMIT, plot_love, plot_overlap
from outcomes.present.labels import strategy_label
from outcomes.present.rows import records
from outcomes.present.schedules import frame_of, weeks_of
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Part, Section
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult


def schedule_checks(release: Release, name: str) -> Section:
    """Show whether the weights did their work.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.

    Returns
    -------
    Section
        What passed and failed, support by block, the love plot and the overlap; for outside without
        what would tell of one person.
    """
    result = release[name]
    support = frame_of(result, "support")
    if support.empty:
        said = "There is nothing to check, as nothing was compared."
        return Section([Prose([said], kind="absent")])
    last = result.spec.horizons[0].last
    parts: list[Part] = [Prose(_verdict(result, last), listed=True)]
    parts.append(_support_table(result, support[support["block"] <= last]))
    if len(frame_of(result, "balance")):
        parts.append(plot_love(result, last))
    if len(frame_of(result, "overlap")):
        parts.append(plot_overlap(result, last))
    return Section(parts)


def _verdict(result: AnalysisResult, last: int) -> list[str]:
    """Say for each check whether it passed."""
    balance, support = frame_of(result, "balance"), frame_of(result, "support")
    said = []
    pain = balance[(balance["covariate"] == "last pain") & (balance["block"] <= last)]
    if pain["smd"].notna().any():
        off = float(pain["smd"].abs().max())
        word = "passed" if off <= LIMIT else "failed"
        said.append(
            f"Balance of last pain in every block: {word}; at most {write.score(off, 2)} standard "
            f"deviations (limit {LIMIT:g})."
        )
    sums = support.loc[support["block"] <= last, "sum_over_n"]
    if sums.notna().any():
        failed = any("sum to" in text for text in result.diagnostics.get("failures", ()))
        said.append(
            f"Weights sum to the patients they stand for: {'failed' if failed else 'passed'}; "
            f"{write.score(sums.min(), 2)} to {write.score(sums.max(), 2)} of them (wanted: 1)."
        )
    if "ess" in support:
        spec = result.spec
        least = support[support["block"] <= last].groupby("strategy", sort=False)["ess"].min()
        levels = [f"{strategy_label(str(s)).lower()} {write.number(n)}" for s, n in least.items()]
        worst = least.min()
        word = (
            "failed"
            if worst < spec.min_ess
            else ("passed with a warning" if worst < spec.warn_ess else "passed")
        )
        said.append(
            f"Effective patients: {word}; {write.listing(levels)} in the thinnest block (refused "
            f"under {spec.min_ess:g}, warned under {spec.warn_ess:g})."
        )
    without = result.diagnostics.get("without_chance")
    if isinstance(without, dict) and without:
        spec = result.spec
        worst = max(without.values())
        word = "failed" if worst > spec.max_without else "passed"
        said.append(
            f"Some chance of every schedule: {word}; at most {100 * worst:.1f} % of patients had "
            f"less than {100 * spec.min_chance:g} % chance of keeping to one in some block (limit "
            f"{100 * spec.max_without:g} %)."
        )
    if not result.diagnostics.get("causal_wording", False):
        said.append(
            "Not everything that is asked for passed, so nothing on these pages is worded as an "
            "effect."
        )
    return said or ["How the checks came out is withheld: it would tell how many patients."]


def _support_table(result: AnalysisResult, support: pd.DataFrame) -> Table:
    columns = {
        "n_weighted": ("Answered", write.number),
        "sum_over_n": ("Sum of weights / n", lambda value: write.score(value, 2)),
        "max": ("Largest weight", write.score),
        "ess": ("Effective patients", write.number),
        "smallest_probability": (
            "Smallest probability",
            lambda value: write.score(value, 3),
        ),
    }
    there = {name: how for name, how in columns.items() if name in support}
    rows = [
        (
            f"{strategy_label(row['strategy'])}, wk {weeks_of(row['block'])}",
            *(how(row[name]) if pd.notna(row[name]) else "few" for name, (_, how) in there.items()),
        )
        for row in records(support)
    ]
    notes = [
        "Answered: clones that kept to the schedule and answered at home in the block. Effective "
        "patients: how many unweighted ones would give an interval as narrow. Smallest "
        "probability: of going on with the schedule, among those under it.",
    ]
    notes += [told(note) for note in result.diagnostics.get("failures", ())]
    return Table(
        "Support of each schedule, block by block",
        ("Schedule and weeks", *(label for label, _ in there.values())),
        rows,
        notes,
    )
