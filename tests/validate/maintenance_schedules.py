"""Comparison of schedules: bias, the naive estimators' bias, coverage, type I, refusals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec
from outcomes.analyses.maintenance_schedules.compare import (
    CLONES,
    SEQUENTIAL,
    Comparison,
)
from outcomes.analyses.maintenance_schedules.naive import naive_estimates
from outcomes.analyses.maintenance_schedules.prepare import Prepared, known_at_start, prepare
from outcomes.analyses.maintenance_schedules.rows import support
from outcomes.analyses.maintenance_schedules.unmeasured import ONE_SIDED
from outcomes.analyses.maintenance_schedules.visits import visit_means
from outcomes.settings import CutPoints
from outcomes.simulate import SCENARIOS, LatentCohort, SimulationSpec, simulate
from outcomes.stats.bootstrap import bootstrap
from outcomes.stats.strategies import difference, leverage_of_difference

from ._schedules import comparison_of, own_means, replicates, truth
from .interval_censored import table

SEED = 40_000
SPEC = MaintenanceSchedulesSpec()
PAIRS = SPEC.contrasts
RESAMPLES = 60
STRATEGIES = [strategy.name for strategy in SPEC.strategies]


def scenario(name: str, patients: int, blocks: int, seed: int = SEED) -> SimulationSpec:
    """A scenario of the generator at some size."""
    return replace(SCENARIOS[name], patients=patients, blocks=blocks, seed=seed)


def differences(means: dict[str, float]) -> list[float]:
    """Contrasts of the means of the strategies."""
    return [means[a] - means[b] for a, b in PAIRS]


def estimates(latent: LatentCohort, first: int) -> dict[str, Any]:
    """All contrasts of a cohort, with standard errors, the naive ones, and the same patients'."""
    comparison = comparison_of(latent, first)
    row = _estimates(comparison)
    own = differences(own_means(latent, first))
    return row | {f"own|{j}": d for j, d in enumerate(own)}


def _estimates(comparison: Comparison) -> dict[str, Any]:
    fitted, outcome = comparison.whole, comparison.outcomes[0]
    vector = comparison.vector(fitted.fit)
    by_row = {row: float(value) for row, value in zip(comparison.rows, vector, strict=True)}
    row: dict[str, Any] = {}
    for method in (CLONES, SEQUENTIAL):
        means = {s: by_row[method, outcome.name, s] for s in comparison.strategies}
        row |= {f"{method}|{j}": d for j, d in enumerate(differences(means))}
    arms = {s: comparison.arm(fitted, outcome, s) for s in comparison.strategies}
    for j, (a, b) in enumerate(PAIRS):
        _, row[f"se|{j}"], row[f"df|{j}"] = difference(arms[a], arms[b])
    row |= {f"ess|{s}": arm.ess for s, arm in arms.items()}
    naive = naive_estimates(comparison.grid, outcome, fitted, CutPoints())
    for name, part in naive.groupby("estimator"):
        found = differences(part.set_index("strategy")["mean"].to_dict())
        row |= {f"{name}|{j}": d for j, d in enumerate(found)}
    return row


def with_bootstrap(latent: LatentCohort, first: int, resamples: int) -> dict[str, Any]:
    """Standard errors of a bootstrap that refits the weights, and the factor for leverage.

    Run apart from the estimates of the same cohorts, and without the second estimator, as it takes
    most of the time.
    """
    comparison = comparison_of(latent, first)
    outcome, models, start = comparison.outcomes[0], comparison.models, comparison.whole.fit

    def statistic(drawn: np.ndarray) -> np.ndarray:
        counts = drawn.astype(float)
        fitted = models.weigh(models.fit(counts, start))
        means = {s: comparison.arm(fitted, outcome, s, counts).estimate for s in STRATEGIES}
        return np.array(differences(means))

    arms = {s: comparison.arm(comparison.whole, outcome, s) for s in STRATEGIES}
    row: dict[str, Any] = {}
    for j, (a, b) in enumerate(PAIRS):
        row[f"leverage|{j}"] = leverage_of_difference(arms[a], arms[b])
    if resamples:
        draws = bootstrap(
            statistic, comparison.grid.n, replicates=resamples, seed=latent.spec.seed, workers=1
        )
        row |= {f"boot|{j}": float(error) for j, error in enumerate(draws.std_error)}
    return row


def bias(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean difference of each estimator from what the same patients would have had."""
    names = [key[:-2] for key in runs.columns if key.endswith("|0")]
    rows = []
    for name in names:
        if name in ("se", "df", "own") or name.startswith("boot"):
            continue
        row: dict[str, Any] = {"estimator": name}
        for j, (a, b) in enumerate(PAIRS):
            error = runs[f"{name}|{j}"] - runs[f"own|{j}"]
            spread = error.std(ddof=1) / np.sqrt(len(error))
            row[f"{a} − {b}"] = f"{error.mean():+.3f} ({spread:.3f})"
        rows.append(row)
    return pd.DataFrame(rows)


def shipped(runs: pd.DataFrame, j: int) -> pd.Series:
    """Standard error that the result prints: of the bootstrap, with leverage."""
    return runs[f"boot|{j}"] * runs[f"leverage|{j}"]


def coverage(runs: pd.DataFrame, target: dict[str, float]) -> pd.DataFrame:
    """Coverage of 95 % intervals of the weighted contrasts."""
    rows = []
    for j, (pair, d) in enumerate(zip(PAIRS, differences(target), strict=True)):
        error = np.abs(runs[f"{CLONES}|{j}"] - d)
        t = stats.t.isf(0.025, runs[f"df|{j}"])
        kinds = {"weights known, t": t * runs[f"se|{j}"]}
        row: dict[str, Any] = {
            "contrast": f"{pair[0]} − {pair[1]}",
            "sd": f"{(runs[f'{CLONES}|{j}'] - d).std(ddof=1):.3f}",
            "mean df": f"{runs[f'df|{j}'].mean():.0f}",
            "mean se, weights known": f"{runs[f'se|{j}'].mean():.3f}",
        }
        if f"boot|{j}" in runs:
            error_shipped = shipped(runs, j)
            kinds |= {
                "bootstrap, normal": 1.959964 * runs[f"boot|{j}"],
                "wider of both, t": t * np.maximum(runs[f"se|{j}"], runs[f"boot|{j}"]),
                "bootstrap with leverage, t (printed)": t * error_shipped,
            }
            row["mean se, printed"] = f"{error_shipped.mean():.3f}"
        rows.append(row | {kind: f"{(error < half).mean():.3f}" for kind, half in kinds.items()})
    return pd.DataFrame(rows)


def type_one(runs: pd.DataFrame) -> pd.DataFrame:
    """Share of replicates without an effect in which a test at 5 % speaks of one."""
    rows = []
    for j, (a, b) in enumerate(PAIRS):
        error = {"weights known": runs[f"se|{j}"]}
        if f"boot|{j}" in runs:
            error["printed"] = shipped(runs, j)
        found = {
            name: (np.abs(runs[f"{CLONES}|{j}"] / se) > stats.t.isf(0.025, runs[f"df|{j}"])).mean()
            for name, se in error.items()
        }
        shares = {f"type I, {name}": f"{100 * share:.1f} %" for name, share in found.items()}
        rows.append({"contrast": f"{a} − {b}"} | shares)
    return pd.DataFrame(rows)


def reported(runs: pd.DataFrame) -> pd.DataFrame:
    """How often each contrast is refused for too few patients, and the coverage of the others."""
    rows = []
    for a, b in PAIRS:
        least = np.minimum(runs[f"ess|{a}"], runs[f"ess|{b}"])
        rows.append({"contrast": f"{a} − {b}", "refused": f"{(least < SPEC.min_ess).mean():.3f}"})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Runs:
    """Replicates of one setting.

    `estimates` holds all, `resampled` the first ones with the errors of a bootstrap beside.
    """

    estimates: pd.DataFrame
    resampled: pd.DataFrame
    target: dict[str, float]


def long_run(name: str, total: int, resampled: int = 0) -> Runs:
    """Months 10–12 of 8,000 patients: the hard case, with few effective patients."""
    return run_of(name, 8_000, 13, 11, total, resampled)


def short_run(name: str, patients: int, total: int, resampled: int = 0) -> Runs:
    """Weeks 13–24, the primary horizon."""
    return run_of(name, patients, 6, 4, total, resampled)


def run_of(name: str, patients: int, blocks: int, first: int, total: int, resampled: int) -> Runs:
    """Estimates of cohorts, the bootstrap of the first of them, and the truth."""
    spec = scenario(name, patients, blocks)
    kept = f"schedules_{name}_{blocks}_{patients}"
    found = replicates(kept, spec, total, lambda c: estimates(c, first))
    errors = replicates(
        f"{kept}_boot_{RESAMPLES}", spec, resampled, lambda c: with_bootstrap(c, first, RESAMPLES)
    )
    both = pd.concat([found.head(len(errors)), errors], axis=1)
    return Runs(found, both, truth(replace(spec, seed=SEED - 1), first))


def refusals(total: int) -> pd.DataFrame:
    """Effective patients under stress of positivity, and whether each schedule is refused."""

    def one(latent: LatentCohort) -> dict[str, Any]:
        comparison = comparison_of(latent, 11)
        fitted, outcome = comparison.whole, comparison.outcomes[0]
        row: dict[str, Any] = {}
        for s in comparison.strategies:
            ess = comparison.arm(fitted, outcome, s).ess
            without = comparison.without_chance(fitted, s, SPEC.min_chance)
            refused = support(s, ess, comparison.grid.n, SPEC, without).refused
            row |= {f"{s}|ess": ess, f"{s}|without": without, f"{s}|refused": int(refused)}
        return row

    spec = scenario("positivity_stress", 3_000, 13)
    runs = replicates("schedules_positivity", spec, total, one)
    refused = {s.name: runs[f"{s.name}|refused"] == 1 for s in SPEC.strategies}
    rows = []
    for a, b in PAIRS:
        rows.append(
            {
                "contrast": f"{a} − {b}",
                "mean ess": " / ".join(f"{runs[f'{s}|ess'].mean():.0f}" for s in (a, b)),
                "hardly a chance": " / ".join(
                    f"{100 * runs[f'{s}|without'].mean():.0f} %" for s in (a, b)
                ),
                "refused": f"{(refused[a] | refused[b]).mean():.3f}",
            }
        )
    return pd.DataFrame(rows)


def from_visits(spec: SimulationSpec) -> dict[str, Any]:
    """Pain on demand from visits alone and from home, and whether the panel would speak up."""
    tables = simulate(spec, truth=False).tables()
    choices = replace(SPEC, instrument="nrs_pain", grace=0)
    known, instrument = known_at_start(tables, choices), tables.registry.get("nrs_pain")
    weeks = choices.horizons[0]
    prepared = prepare(tables, known, choices, weeks, instrument, True, all_outcomes=False)
    assert isinstance(prepared, Prepared)
    seen = visit_means(tables, prepared, choices)["on_demand"]
    comparison = prepared.comparison
    home = comparison.arm(comparison.whole, comparison.outcomes[0], "on_demand")
    by, spread, _ = difference(seen, home)
    return {
        "seen": seen.estimate,
        "home": home.estimate,
        "flag": int(by > ONE_SIDED * spread),
    }


def visits_flagged(total: int) -> pd.DataFrame:
    """How often visits are said not to be at random, from whole records of 4,000 patients."""
    rows = []
    for name, kind in (("vnar", "not at random"), ("effect", "at random")):
        spec = replace(SCENARIOS[name], patients=4_000, years=2.0, seed=SEED)

        def one(latent: LatentCohort, spec: SimulationSpec = spec) -> dict[str, Any]:
            return from_visits(replace(spec, seed=latent.spec.seed))

        # The cohort is simulated again as records; the arrays given only carry the seed.
        small = replace(spec, patients=10, blocks=1)
        runs = replicates(f"schedules_visits_{name}", small, total, one)
        rows.append(
            {
                "visits": kind,
                "pain at visits, weighted": f"{runs['seen'].mean():.2f}",
                "pain answered at home": f"{runs['home'].mean():.2f}",
                "flagged": f"{runs['flag'].mean():.2f}",
            }
        )
    return pd.DataFrame(rows)


WRONG = {
    "as specified": {},
    "what is known at the start left out": {"confounders": ()},
    "last score as a straight line": {"zero": ("last_1", "last_2", "late_1", "late_2")},
    "last score left out": {"zero": ("last", "last_1", "last_2", "rising")},
    "scores with heavy-tailed error": {"noise": 1.0},
}


def wrong_weights(total: int) -> pd.DataFrame:
    """Bias of the primary weeks when the models of the weights are wrong."""

    def one(latent: LatentCohort) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, wrong in WRONG.items():
            spec = replace(SPEC, confounders=wrong.get("confounders", SPEC.confounders))
            comparison = comparison_of(
                latent, 4, spec, zero=wrong.get("zero", ()), noise=wrong.get("noise", 0.0)
            )
            vector = comparison.vector(comparison.whole.fit)
            at = dict(zip(comparison.rows, vector, strict=True))
            for method in (CLONES, SEQUENTIAL):
                means = {s: float(at[method, "nrs_pain", s]) for s in comparison.strategies}
                row |= {f"{name}, {method}|{j}": d for j, d in enumerate(differences(means))}
        own = differences(own_means(latent, 4))
        return row | {f"own|{j}": d for j, d in enumerate(own)}

    spec = scenario("effect", 3_000, 6)
    return bias(replicates("schedules_wrong_weights", spec, total, one))


def section() -> str:
    """Run the validation and write it up."""
    return write_up(
        long=150, long_resampled=150, short=400, null_resampled=400, stress=50, visits=20, wrong=100
    )


def write_up(
    long: int,
    long_resampled: int,
    short: int,
    null_resampled: int,
    stress: int,
    visits: int,
    wrong: int,
) -> str:
    """Write up so many replicates of each part; those kept from an earlier run are used."""
    parts = [
        f"""## Comparison of maintenance schedules

{dt.date.today().isoformat()}, seed {SEED} and on. Cohorts of the generator, blocks laid out
from its arrays. Bias is the mean difference from what the same patients would have had, had they
all kept one schedule with the same luck (Monte Carlo error in brackets); coverage is that of the
mean over all clinics there could be. The interval that is printed takes the error of a bootstrap
(here {RESAMPLES} resamples) times the factor for leverage, and t.
"""
    ]
    for name in ("effect", "null"):
        runs = long_run(name, long, long_resampled if name == "effect" else 0)
        parts.append(
            f"Months 10–12, scenario {name}, n = 8,000, {len(runs.estimates)} replicates; "
            f"effective patients {_ess(runs.estimates)}. Bias:\n\n{table(bias(runs.estimates))}\n\n"
            f"Coverage of 95 % intervals (band {_band(len(runs.estimates))}):\n\n"
            f"{table(coverage(runs.estimates, runs.target))}\n"
        )
        if len(runs.resampled):
            parts.append(
                f"The same with the bootstrap, the first {len(runs.resampled)} replicates (band "
                f"{_band(len(runs.resampled))}), and how often a contrast is refused for fewer "
                f"than {SPEC.min_ess:g} effective patients:\n\n"
                f"{table(coverage(runs.resampled, runs.target))}\n\n"
                f"{table(reported(runs.estimates))}\n"
            )
    runs = short_run("effect", 3_000, short, short)
    parts.append(
        f"Weeks 13–24, scenario effect, n = 3,000, {len(runs.estimates)} replicates; "
        f"effective patients {_ess(runs.estimates)}. Bias:\n\n{table(bias(runs.estimates))}\n\n"
        f"Coverage (band {_band(len(runs.resampled))}):\n\n"
        f"{table(coverage(runs.resampled, runs.target))}\n"
    )
    runs = short_run("null", 3_000, short, null_resampled)
    parts.append(
        f"Weeks 13–24, scenario null, n = 3,000, {len(runs.estimates)} replicates, weights taken "
        f"as known (band 2.8–7.2 % for 400):\n\n{table(type_one(runs.estimates))}\n\n"
        f"{table(bias(runs.estimates))}\n"
    )
    if len(runs.resampled):
        low, high = _limits(len(runs.resampled), 0.05)
        parts.append(
            f"The same with the bootstrap, the first {len(runs.resampled)} replicates (band "
            f"{100 * low:.1f}–{100 * high:.1f} %):\n\n{table(type_one(runs.resampled))}\n"
        )
    parts.append(
        "Positivity under stress (stickiness 6, slope 1.2), n = 3,000, months 10–12, "
        f"{stress} replicates:\n\n{table(refusals(stress))}\n"
    )
    parts.append(
        f"Visits not at random, n = 4,000, weeks 13–24, {visits} replicates each; pain on demand, "
        "and the share of replicates in which the panel says so:\n\n"
        f"{table(visits_flagged(visits))}\n"
    )
    parts.append(
        f"Wrong weights, weeks 13–24, n = 3,000, {wrong} replicates. Bias:\n\n"
        f"{table(wrong_weights(wrong))}\n"
    )
    return "\n".join(parts)


def _limits(replicates: int, share: float) -> tuple[float, float]:
    """Where a share may lie by chance, at about 95 %."""
    half = 1.96 * (share * (1 - share) / replicates) ** 0.5
    return max(share - half, 0.0), min(share + half, 1.0)


def _band(replicates: int) -> str:
    low, high = _limits(replicates, 0.95)
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def _ess(runs: pd.DataFrame) -> str:
    return ", ".join(
        f"{key[4:].replace('_', ' ')} {runs[key].mean():.0f}" for key in runs if key[:4] == "ess|"
    )
