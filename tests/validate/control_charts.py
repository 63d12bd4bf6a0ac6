"""Control charts: how often they speak up when nothing changed, and how soon when it did."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from outcomes.stats.control_charts import (
    autoregressive,
    chart_individuals,
    control_chart,
    cusum_threshold,
    false_alarms,
    mean_run_length,
    simulate_charts,
)

from .interval_censored import table

SEED = 131
PHIS = (0.0, 0.3, 0.5, 0.7)


def frozen_rates(replicates: int) -> pd.DataFrame:
    """Share of charts with a point beyond limits in the 24 periods after the baseline."""
    rows = []
    ways: list[tuple[str, int, dict[str, bool]]] = [
        ("individuals", 24, {"screened": False}),
        ("individuals", 24, {}),
        ("individuals", 36, {}),
        ("individuals", 24, {"prediction": True}),
        ("residual", 24, {"screened": False}),
        ("residual", 24, {"prediction": True}),
    ]
    for kind, points, how in ways:
        layout = control_chart(np.arange(points + 24) % 2, kind, freeze=points, **how).layout  # type: ignore[arg-type]
        row: dict[str, object] = {
            "chart": kind,
            "baseline": points,
            "large ranges left out": how.get("screened", True),
            "limits widened": how.get("prediction", False),
        }
        for phi in PHIS:
            draw = autoregressive(points + 24, phi)
            found = simulate_charts(layout, draw, replicates=replicates, seed=SEED)
            row[f"φ {phi}"] = float(found["share"].iloc[0])
        rows.append(row)
    return pd.DataFrame(rows)


def chosen_rates(replicates: int, points: int) -> pd.DataFrame:
    """The chart that `chart_individuals` takes: how often which, and how often it is wrong."""
    rows = []
    for phi in PHIS:
        series = autoregressive(points + 24, phi)(np.random.default_rng([SEED, points]), replicates)
        charts = [chart_individuals(row, freeze=points, prediction=True) for row in series]
        beyond = [bool((c.points["beyond"].iloc[points:] != 0).any()) for c in charts]
        rows.append(
            {
                "baseline": points,
                "φ": phi,
                "residual chart": float(np.mean([c.layout.kind == "residual" for c in charts])),
                "beyond limits": float(np.mean(beyond)),
            }
        )
    return pd.DataFrame(rows)


def run_rules(replicates: int) -> pd.DataFrame:
    """Share of run charts on which a rule speaks, about a median that is estimated."""
    rows = []
    for points in (12, 24, 36, 60):
        layout = control_chart(np.arange(points) % 2, "run").layout
        found = simulate_charts(
            layout, autoregressive(points, 0.0), replicates=replicates, seed=SEED
        ).set_index("rule")["share"]
        rows.append({"points": points, **found[["shift", "crossings", "any"]].to_dict()})
    return pd.DataFrame(rows)


def printed_rates(charts: int, replicates: int) -> pd.DataFrame:
    """What charts of counts print about themselves, against what fresh series do."""
    rng = np.random.default_rng(SEED)
    rows = []
    for kind, level, low, high in (
        ("p", 0.3, 10, 40),
        ("p", 0.3, 40, 120),
        ("p_prime", 0.3, 40, 120),
        ("u", 0.05, 40, 200),
        ("u_prime", 0.05, 40, 200),
    ):
        n = rng.integers(low, high, 24)
        drawn = rng.binomial if kind[0] == "p" else lambda m, rate: rng.poisson(m * rate)

        def chart() -> object:
            return control_chart(drawn(n, level), kind, denominators=n)  # type: ignore[arg-type]  # noqa: B023

        printed = [
            false_alarms(chart(), replicates=replicates).iloc[0]["share"]  # type: ignore[arg-type]
            for _ in range(20)
        ]
        fresh = [bool((chart().points["beyond"] != 0).any()) for _ in range(charts)]  # type: ignore[attr-defined]
        seen = float(np.mean(fresh))
        rows.append(
            {
                "chart": kind,
                "level": level,
                "denominators": f"{low}–{high}",
                "printed (mean of 20 charts)": float(np.mean(printed)),
                "seen": seen,
                "mc_error": float(np.sqrt(seen * (1 - seen) / charts)),
            }
        )
    return pd.DataFrame(rows)


def sums() -> pd.DataFrame:
    """Thresholds for a run length, the run length they give, and how soon a shift is found."""
    rows = []
    for run_length in (100.0, 200.0, 500.0):
        for shift in (0.5, 1.0):
            h = cusum_threshold(run_length, shift=shift)
            calm, error = mean_run_length(h, shift=shift, replicates=4000, seed=SEED)
            row: dict[str, object] = {
                "wanted": run_length,
                "made for": shift,
                "h": h,
                "run length": calm,
                "mc_error": error,
            }
            for true in (0.5, 1.0):
                found = mean_run_length(h, shift=shift, true_shift=true, replicates=4000, seed=SEED)
                row[f"until a shift of {true}"] = found[0]
            rows.append(row)
    return pd.DataFrame(rows)


def section() -> str:
    """Run the validation and write it up."""
    chosen = pd.concat([chosen_rates(1000, 24), chosen_rates(1000, 36)])
    return f"""## Control charts

{dt.date.today().isoformat()}, seed {SEED}. Normal series with correlation φ of neighbours and
nothing that changes. Share of charts with a point beyond the limits in the 24 periods after the
baseline; limits that were known would give .063 at φ = 0. 4,000 charts (error: .004 to .008).

{table(frozen_rates(4000))}

The chart chosen by the estimated autocorrelation (residuals above .2), limits widened, 1,000 series
(error: .007 to .016):

{table(chosen)}

Rules about runs on run charts, 4,000 charts (error: .002 to .004):

{table(run_rules(4000))}

Charts of counts over 24 periods, limits from all of them; what a chart prints about itself and what
2,000 fresh charts do:

{table(printed_rates(2000, 2000))}

Cumulative sums on one side, normal scores; thresholds from 2,000 runs, checked on 4,000 others:

{table(sums())}
"""
