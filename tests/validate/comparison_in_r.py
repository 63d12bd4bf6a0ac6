"""The exported comparison computed again in R, where R is installed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from outcomes.io import write_tables
from outcomes.report.comparison import ComparisonOrder, make_comparison
from outcomes.simulate import SCENARIOS, simulate

from .interval_censored import table

SEED = 4_400


def in_r(folder: Path) -> dict[str, float]:
    """Run the script of an export; it stops with an error if the number differs by 1e-6."""
    ran = subprocess.run(
        ["Rscript", "primary.R"], cwd=folder, capture_output=True, text=True, check=True
    )
    found = re.search(r"difference (\S+), .* known (\S+), df (\S+)", ran.stdout)
    assert found is not None, ran.stdout
    return dict(zip(("estimate", "std_error", "df"), map(float, found.groups()), strict=True))


def compared(seed: int) -> dict[str, object]:
    """A cohort exported and computed again."""
    spec = replace(SCENARIOS["effect"], patients=4_000, seed=seed, years=1.5)
    with TemporaryDirectory() as place:
        data, out = Path(place) / "data", Path(place) / "out"
        write_tables(simulate(spec, truth=False).tables(), data, format="parquet")
        make_comparison(ComparisonOrder(data, out, bootstraps=0), say=lambda line: None)
        ours = pd.read_csv(out / "primary_number.csv").iloc[0]
        theirs = in_r(out)
    return {
        "seed": str(seed),
        "difference": f"{ours['estimate']:.8f}",
        "in R": f"{theirs['estimate']:.8f}",
        "standard error": f"{ours['std_error_weights_known']:.8f}",
        "in R ": f"{theirs['std_error']:.8f}",
        "df": f"{ours['df']:.3f}",
        "in R  ": f"{theirs['df']:.3f}",
    }


def section() -> str:
    """Run the validation and write it up."""
    head = "## The comparison of schedules in R\n\n"
    if shutil.which("Rscript") is None:
        return head + f"{dt.date.today().isoformat()}. Not run: Rscript is not installed."
    rows = pd.DataFrame([compared(SEED + number) for number in range(3)])
    return (
        f"{head}{dt.date.today().isoformat()}, seed {SEED} and on. `outcomes export comparison` "
        "writes the analysis frame,\nthe weights and a script in base R. Primary difference, "
        "standard error with the weights known and its\ndegrees of freedom, from 4,000 patients "
        f"each (must agree within 1e-6):\n\n{table(rows)}"
    )
