"""Whether the weights did their work: flow, support, balance, overlap, and what failed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.compare import Comparison
from outcomes.analyses.maintenance_schedules.grid import ScheduleGrid
from outcomes.stats.weights import standardised_differences, weight_table

BALANCE = 0.1
TOTALS = (0.85, 1.15)
BINS = np.linspace(0, 1, 11)


def clone_flow(comparison: Comparison) -> pd.DataFrame:
    """Count what became of the clones of every strategy.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.

    Returns
    -------
    DataFrame
        strategy, block, on_strategy (at the start), left_care, left_strategy, kept, answered: all
        numbers of patients; share_following (kept of all eligible).
    """
    grid, fitted = comparison.grid, comparison.whole
    response = comparison.models.responses[comparison.outcomes[0].response]
    rows = []
    for s in comparison.strategies:
        clones = fitted.clones[s]
        risk = clones.at_risk() & grid.at_risk
        for block in range(grid.blocks):
            begun, kept = risk[:, block], clones.kept[:, block]
            rows.append(
                {
                    "strategy": s,
                    "block": block + 1,
                    "on_strategy": int(begun.sum()),
                    "left_care": int((begun & ~grid.in_care[:, block]).sum()),
                    "left_strategy": int((begun & grid.in_care[:, block] & ~kept).sum()),
                    "kept": int(kept.sum()),
                    "answered": int((kept & response[:, block]).sum()),
                    "share_following": float(kept.mean()),
                }
            )
    return pd.DataFrame(rows)


def support_table(comparison: Comparison) -> pd.DataFrame:
    """Describe the weights of answers in every block.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.

    Returns
    -------
    DataFrame
        strategy, block and the columns of `weight_table`: n, n_weighted, sum_over_n (near 1), mean,
        max, q99, ess, smallest_probability (of agreeing with the strategy, of those on it).
    """
    grid, fitted = comparison.grid, comparison.whole
    answering = fitted.answering[comparison.outcomes[0].response]
    parts = []
    block = np.tile(np.arange(1, grid.blocks + 1), grid.n)
    for s in comparison.strategies:
        clones = fitted.clones[s]
        chance = np.where(clones.at_risk() & clones.bound, fitted.agreeing[s], np.nan)
        by = pd.DataFrame({"strategy": s, "block": block})
        parts.append(weight_table((fitted.weights[s] * answering).ravel(), by, chance.ravel()))
    return pd.concat(parts, ignore_index=True)


def balance_table(comparison: Comparison) -> pd.DataFrame:
    """Compare those who kept to a strategy through a block with those it began with.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.

    Returns
    -------
    DataFrame
        strategy, block and the columns of `standardised_differences`, for last pain, its trend and
        age, and the confounders; smd (weighted) and smd_unweighted, to plot as a love plot.
    """
    grid, fitted = comparison.grid, comparison.whole
    names = {"last": "last pain", "rising": "trend", "age_of_score": "age of score (log)"}
    names |= _confounders(grid)
    parts = []
    for s in comparison.strategies:
        before = np.ones((grid.n, grid.blocks))
        before[:, 1:] = fitted.weights[s][:, :-1]
        rows = (fitted.clones[s].at_risk() & grid.at_risk).ravel()
        frame = grid.frame[rows]
        table = standardised_differences(
            frame[list(names)].rename(columns=names),
            fitted.weights[s].ravel()[rows],
            before.ravel()[rows],
            by=pd.DataFrame({"strategy": s, "block": frame["block"].to_numpy()}),
        )
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _confounders(grid: ScheduleGrid) -> dict[str, str]:
    """Columns of what is known at the start, and their names for people."""
    columns = [term.removeprefix("C(").removesuffix(")") for term in grid.terms]
    return {column: column.removesuffix("_") for column in columns}


def overlap_table(comparison: Comparison) -> pd.DataFrame:
    """Count clones by their probability of staying on the strategy.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.

    Returns
    -------
    DataFrame
        strategy, block, low, high (of the bin), kept and left (numbers of clones).
    """
    grid, fitted = comparison.grid, comparison.whole
    rows = []
    for s in comparison.strategies:
        clones = fitted.clones[s]
        risk = clones.at_risk() & clones.bound & grid.in_care
        for block in range(grid.blocks):
            at = risk[:, block]
            p, kept = fitted.agreeing[s][at, block], clones.kept[at, block]
            inside, _ = np.histogram(p[kept], BINS)
            outside, _ = np.histogram(p[~kept], BINS)
            rows += [
                {
                    "strategy": s,
                    "block": block + 1,
                    "low": BINS[j],
                    "high": BINS[j + 1],
                    "kept": int(inside[j]),
                    "left": int(outside[j]),
                }
                for j in range(len(inside))
            ]
    return pd.DataFrame(rows)


def characteristics(comparison: Comparison) -> pd.DataFrame:
    """Describe eligible patients by the plan they began with.

    Parameters
    ----------
    comparison : Comparison
        Fitted comparison.

    Returns
    -------
    DataFrame
        first_plan (strategy, or other), characteristic, level, n, value (mean of a number, share of
        a level), sd (of a number), smd (from all eligible patients, in standard deviations).
    """
    grid = comparison.grid
    frame = grid.frame[grid.frame["block"] == 1].reset_index(drop=True)
    names = {"last": "pain at the decision"} | _confounders(grid)
    covariates = frame[list(names)].rename(columns=names)
    everyone = np.ones(grid.n)
    parts = []
    groups = {s: np.isin(grid.codes[:, 0], codes) for s, codes in grid.allowed.items()}
    groups["other"] = ~np.any(list(groups.values()), axis=0)
    for name, who in groups.items():
        if not who.any():
            continue
        table = standardised_differences(covariates, who.astype(float), everyone)
        table["value"] = table["mean"]
        numeric = covariates[who].select_dtypes("number").std()
        table["sd"] = table["covariate"].map(numeric)
        table["first_plan"], table["n"] = name, int(who.sum())
        parts.append(table.rename(columns={"covariate": "characteristic"}))
    columns = ["first_plan", "characteristic", "level", "n", "value", "sd", "smd"]
    return pd.concat(parts, ignore_index=True)[columns]


def failures(support: pd.DataFrame, balance: pd.DataFrame, last_block: int) -> tuple[str, ...]:
    """Say which diagnostics failed, up to the last block that is compared.

    Parameters
    ----------
    support, balance : DataFrame
        As made by `support_table` and `balance_table`.
    last_block : int
        Blocks after it do not count.

    Returns
    -------
    tuple of str
        Sentences; empty when all passed.
    """
    said = []
    blocks = balance[(balance["block"] <= last_block) & (balance["covariate"] == "last pain")]
    off = blocks[blocks["smd"].abs() > BALANCE].sort_values("smd", key=np.abs)
    if len(off):
        strategy, block, smd = (off[name].iloc[-1] for name in ("strategy", "block", "smd"))
        said.append(
            f"Last pain is not balanced: {strategy.replace('_', ' ')}, block {block}, differs by "
            f"{smd:.2f} standard deviations."
        )
    weights = support[support["block"] <= last_block]
    off = weights[~weights["sum_over_n"].between(*TOTALS)].sort_values("sum_over_n")
    if len(off):
        strategy, block, total = (
            off[name].iloc[-1] for name in ("strategy", "block", "sum_over_n")
        )
        said.append(
            f"Weights of {strategy.replace('_', ' ')} in block {block} sum to {total:.2f} of the "
            "patients they stand for, and not to 1."
        )
    return tuple(said)
