"""Control charts against R's qicharts2, and sums against published run lengths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.control_charts import (
    ControlChart,
    control_chart,
    mean_run_length,
    risk_adjusted_cusum,
    run_limits,
)

# 15 digits are given and everything is a closed form.
TOLERANCE = 1e-12
LINES = {
    "centre": "cl",
    "low": "lcl",
    "high": "ucl",
    "low_inner": "lcl.95",
    "high_inner": "ucl.95",
}
SUMMARY = {
    "n": "n.useful",
    "longest_run": "longest.run",
    "longest_run_limit": "longest.run.max",
    "crossings": "n.crossings",
    "crossings_limit": "n.crossings.min",
    "n_beyond": "sigma.signal",
    "centre": "CL",
}


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "golden" / "g_spc.json").read_text())
    return found["results"]


def chart_of(name: str, results: dict[str, Any]) -> ControlChart:
    """Draw the same chart from the same numbers."""
    inputs, data = results["inputs"], pd.DataFrame(results[name]["data"])
    measured = inputs["pain"]
    counts = {"denominators": inputs["p_den"]}
    bacteria = {"denominators": data["n"].to_numpy(float)} if data["n"].notna().all() else {}
    charts = {
        "I_pain": lambda: control_chart(measured),
        "MR_pain": lambda: control_chart(measured, "moving_range"),
        "I_pain_freeze18": lambda: control_chart(measured, freeze=18),
        "I_pain_part18": lambda: control_chart(measured, rebase=[18]),
        "run_pain": lambda: control_chart(measured, "run"),
        "p": lambda: control_chart(inputs["p_num"], "p", **counts),
        "pp_prime": lambda: control_chart(inputs["p_num"], "p_prime", **counts),
        # A count chart is a rate chart with a denominator of 1.
        "p_cdi_u": lambda: control_chart(data["y.sum"], "u", denominators=np.ones(len(data))),
        "u_bac": lambda: control_chart(data["y.sum"], "u", **bacteria),
        "up_bac": lambda: control_chart(data["y.sum"], "u_prime", **bacteria),
    }
    return charts[name]()


NAMES = (
    *("I_pain", "MR_pain", "I_pain_freeze18", "I_pain_part18", "run_pain"),
    *("p", "pp_prime", "p_cdi_u", "u_bac", "up_bac"),
)


@pytest.mark.parametrize("name", NAMES)
def test_lines_and_points(golden: dict[str, Any], name: str) -> None:
    ours, theirs = chart_of(name, golden).points, pd.DataFrame(golden[name]["data"])
    np.testing.assert_allclose(ours["plotted"], theirs["y"].astype(float), atol=TOLERANCE)
    for line, their in LINES.items():
        np.testing.assert_allclose(ours[line], theirs[their].astype(float), atol=TOLERANCE)
    assert ((ours["beyond"] != 0) == theirs["sigma.signal"]).all()
    assert (ours["part"] == theirs["part"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_runs(golden: dict[str, Any], name: str) -> None:
    ours, theirs = chart_of(name, golden).parts, pd.DataFrame(golden[name]["summary"])
    for column, their in SUMMARY.items():
        # qicharts2 counts useful points; no point of these charts lies on its centre line.
        np.testing.assert_allclose(ours[column], theirs[their], atol=TOLERANCE)
    assert (ours["n"] == ours["n_useful"]).all()
    assert ((ours["shift"] | ours["few_crossings"]) == (theirs["runs.signal"] == 1)).all()


def test_run_limits_published() -> None:
    # Anhoj J, Olesen AV. PLoS ONE 2014;9:e113825, table 1: useful points, longest run, crossings.
    n = np.array([10, 11, 12, 16, 20, 24, 30, 40, 50, 60])
    longest, crossings = run_limits(n)
    assert longest.tolist() == [6, 6, 7, 7, 7, 8, 8, 8, 9, 9]
    assert crossings.tolist() == [2, 2, 3, 4, 6, 8, 10, 14, 19, 23]


@pytest.mark.parametrize(
    ("threshold", "true_shift", "published"),
    # One side with k = 0.5, start at 0. Two-sided run lengths are 168 and 465, with a shift of one
    # standard deviation 8.38 and 10.4: Montgomery DC. Introduction to statistical quality control.
    # 6th ed. Wiley 2009, table 9.3. One side alone runs twice as long while nothing has changed.
    [(4.0, 0.0, 336.0), (5.0, 0.0, 930.0), (4.0, 1.0, 8.38), (5.0, 1.0, 10.4)],
)
def test_run_lengths_published(threshold: float, true_shift: float, published: float) -> None:
    mean, error = mean_run_length(threshold, true_shift=true_shift, replicates=1500)
    assert mean == pytest.approx(published, abs=3 * error + 0.005 * published)


def test_sums_published() -> None:
    # Montgomery 2009, table 9.1 and example 9.1: target 10, standard deviation 1, k = 0.5, h = 5;
    # the upper sum first passes 5 at sample 29.
    x = [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34]
    x += [9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84]
    x += [10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52]
    found = risk_adjusted_cusum(np.array(x) - 10, 1.0, threshold=5.0, reset=False)
    assert np.flatnonzero(found["signal"]).tolist() == [28, 29]
    np.testing.assert_allclose(found["higher"].iloc[[22, 28, 29]], [1.79, 5.28, 5.30], atol=0.005)
    assert found["lower"].iloc[1] == pytest.approx(1.56, abs=0.005)
