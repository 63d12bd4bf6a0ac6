"""``outcomes simulate``: make synthetic records."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command


def add(commands: Commands) -> None:
    """Add the command ``simulate`` to a parser."""
    parser = add_command(commands, "simulate", run, "make synthetic records")
    parser.add_argument("--patients", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, required=True, metavar="S")
    parser.add_argument("--clinics", type=int, metavar="N")
    parser.add_argument("--years", type=float, metavar="Y")
    parser.add_argument("--scenario", default="effect", metavar="NAME")
    parser.add_argument("--out", type=Path, required=True, metavar="DATA")
    parser.add_argument(
        "--format", choices=("csv", "parquet"), default="csv",
        help="Parquet is cut by patient, for very many of them",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from dataclasses import replace

    from outcomes.report.progress import Progress
    from outcomes.report.usage import UsageError
    from outcomes.simulate import SCENARIOS, write_simulation

    if options.scenario not in SCENARIOS:
        raise UsageError(
            f"There is no scenario {options.scenario!r}.", f"Use one of {', '.join(SCENARIOS)}."
        )
    spec = replace(SCENARIOS[options.scenario], patients=options.patients, seed=options.seed)
    if options.clinics is not None:
        spec = replace(spec, clinics=options.clinics)
    if options.years is not None:
        spec = replace(spec, years=options.years)
    with Progress("Simulation") as progress:
        write_simulation(spec, options.out, options.format, on_step=progress.step)
    print(options.out)
    return DONE
