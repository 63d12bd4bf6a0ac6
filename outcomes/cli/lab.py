"""``outcomes lab``: open JupyterLab with the notebooks."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, PROBLEM, Commands, add_command, warn


def add(commands: Commands) -> None:
    """Add the command ``lab`` to a parser."""
    parser = add_command(commands, "lab", run, "open JupyterLab with the notebooks")
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.report.lab import WORK_FOLDER, run_lab, set_up_notebooks
    from outcomes.report.places import sample_folder

    work = Path(WORK_FOLDER)
    made, kept = set_up_notebooks(options.data or sample_folder(), work)
    for path in made:
        warn(f"{path} is set to the data.")
    for path in kept:
        warn(f"{path} was there and is left as it is.")
    return DONE if run_lab(work, browser=not options.no_browser) == 0 else PROBLEM
