"""Funnels: how often a unit like the others is flagged, and how often one that is not."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomes.stats.case_mix import fit_case_mix
from outcomes.stats.funnel import (
    Dispersion,
    best_predictions,
    funnel_of_means,
    funnel_of_proportions,
    posterior,
    reference,
)
from outcomes.stats.funnel.alarms import critical_values

from .interval_censored import table

SEED = 130
TAU, SD = 0.25, 2.0


def sizes(rng: np.random.Generator, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """Log-uniform numbers of subjects."""
    return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), shape)))


def alarms_of_means(replicates: int, units: int, low: int, high: int) -> pd.DataFrame:
    """False alarms with no unit out of line, and power for one a full point off."""
    rng = np.random.default_rng([SEED, units])
    error = SD / np.sqrt(sizes(rng, (replicates, units), low, high))
    calm = rng.normal(size=error.shape) * np.sqrt(TAU**2 + error**2)
    shifted = calm + np.eye(units)[0]
    rows = []
    for method in get_args(Dispersion):
        outside = []
        for values in (calm, shifted):
            found = reference(values, error, method)
            deviate = np.abs(values - found.centre) / found.spread
            outside.append(deviate > critical_values(found.df)[:, None, None])
        false, true = outside
        rows.append(
            {
                "units": units,
                "method": method,
                "beyond 95 %": false[0].mean(),
                "beyond 99.8 %": false[1].mean(),
                "any beyond 99.8 %": false[1].any(axis=1).mean(),
                "power at 99.8 %": true[1][:, 0].mean(),
            }
        )
    return pd.DataFrame(rows)


def alarms_of_proportions(replicates: int) -> pd.DataFrame:
    """False alarms of proportions, 12 units, by size and scale; true proportions vary a little."""
    rows = []
    for low, high in ((8, 30), (40, 200)):
        n = np.round(sizes(np.random.default_rng([SEED, low]), (12,), low, high))
        for limits, spread in (("proportion", 0.08), ("arcsine", 0.08), ("exact", 0.0)):
            funnel = funnel_of_proportions(
                range(12),
                np.round(0.3 * n),
                n,
                limits=limits,  # type: ignore[arg-type]
                dispersion="none" if limits == "exact" else "leave_one_out",
            )
            found = funnel.false_alarms(tau=spread, replicates=replicates, seed=SEED)
            rows.append(
                {
                    "subjects": f"{low}–{high}",
                    "limits": limits,
                    "spread between units (on the scale)": spread,
                    "beyond 95 %": found.by_unit[0].mean(),
                    "beyond 99.8 %": found.by_unit[1].mean(),
                }
            )
    return pd.DataFrame(rows)


def from_subjects(replicates: int, units: int) -> pd.DataFrame:
    """The whole way: subjects, a case-mix model, observed minus expected, the funnel."""
    rng = np.random.default_rng([SEED, 7, units])
    flagged: dict[str, list[np.ndarray]] = {"mean": [], "proportion": []}
    for _ in range(replicates):
        n = np.round(sizes(rng, (units,), 20, 400)).astype(int)
        unit = np.repeat(np.arange(units), n)
        severity = rng.normal(size=len(unit)) + 0.4 * rng.normal(size=units)[unit]
        level = TAU * rng.normal(size=units)
        y = 5 + severity + level[unit] + SD * rng.normal(size=len(unit))
        yes = rng.uniform(size=len(unit)) < expit(-0.5 - 0.6 * severity - 0.6 * level[unit])
        data = pd.DataFrame({"unit": unit, "x": severity, "y": y, "yes": yes.astype(int)})
        mix = fit_case_mix("y ~ x", data, unit="unit")
        of = mix.units()
        means = funnel_of_means(of["unit"], of["difference"], of["n"], sd=mix.sd)
        odds = fit_case_mix("yes ~ x", data, unit="unit", kind="logistic").units()
        count = odds["n"]
        shares = funnel_of_proportions(
            odds["unit"],
            odds["observed"] * count,
            count,
            expected=odds["expected"] * count,
            variance=(odds["std_error"] * count) ** 2,
        )
        for name, funnel in (("mean", means), ("proportion", shares)):
            deviate = np.abs(funnel.units["deviate"].to_numpy())
            flagged[name].append(deviate > critical_values(funnel.reference.df)[:, None])
    rows = []
    for name, found in flagged.items():
        share = np.mean(found, axis=(0, 2))
        spread = np.std(np.mean(found, axis=2), axis=0) / np.sqrt(replicates)
        rows.append(
            {
                "units": units,
                "funnel": name,
                "beyond 95 %": share[0],
                "mc_error": spread[0],
                "beyond 99.8 %": share[1],
                "mc_error ": spread[1],
            }
        )
    return pd.DataFrame(rows)


def shrunken_coverage(replicates: int) -> pd.DataFrame:
    """Coverage of 95 % intervals of true values, and squared error against unshrunken values."""
    rows = []
    for units, tau in ((8, 0.0), (8, 0.1), (8, 0.25), (8, 0.5), (40, 0.25)):
        rng = np.random.default_rng([SEED, units, int(100 * tau)])
        cover, error = np.zeros(2), np.zeros(3)
        for _ in range(replicates):
            s = SD / np.sqrt(sizes(rng, (units,), 40, 200))
            true = tau * rng.normal(size=units)
            y = true + s * rng.normal(size=units)
            both = (posterior(y, s), best_predictions(y, s))
            cover += [np.mean((f.low <= true) & (true <= f.high)) for f in both]
            error += [np.mean((e - true) ** 2) for e in (both[0].estimate, both[1].estimate, y)]
        cover, error = cover / replicates, np.sqrt(error / replicates)
        rows.append(
            {
                "units": units,
                "true spread": tau,
                "coverage, posterior": cover[0],
                "coverage, plug-in": cover[1],
                "error, posterior": error[0],
                "error, plug-in": error[1],
                "error, as observed": error[2],
            }
        )
    return pd.DataFrame(rows)


def section() -> str:
    """Run the validation and write it up."""
    means = pd.concat(
        [
            alarms_of_means(2000, 40, 20, 400),
            alarms_of_means(4000, 20, 20, 400),
            alarms_of_means(4000, 8, 40, 200),
        ]
    )
    whole = pd.concat([from_subjects(400, 40), from_subjects(800, 12), from_subjects(800, 8)])
    return f"""## Funnels

{dt.date.today().isoformat()}, seed {SEED}. Units differ by a standard deviation of {TAU}, subjects
within a unit by {SD:.0f}; sizes log-uniform (20 to 400 with 20 and 40 units, 40 to 200 with 8). No
unit is out of line; for the power one is a full point off. Bands for leave-one-out with 40 units:
4–6 % beyond 95 %, at most .4 % beyond 99.8 %. With few units or little real difference fewer are
flagged, because a variance is never estimated below 0. 2,000 funnels of 40 units, 4,000 of 20 and
of 8 (error of a share of units at 95 %: .001).

{table(means)}

The whole way from subjects: a case-mix model with effects of units, observed minus expected,
leave-one-out limits (400 data sets of 40 units, 800 of 12 and of 8):

{table(whole)}

Proportions about 30 %, 12 units, 4,000 funnels, without case-mix. Exact limits are for units that
differ by chance only and are tried on such units:

{table(alarms_of_proportions(4000))}

Shrunken estimates, 1,000 replicates, sizes 40 to 200 (error of a coverage: .003 to .007). The
plug-in takes the variance between units as known:

{table(shrunken_coverage(1000))}
"""
