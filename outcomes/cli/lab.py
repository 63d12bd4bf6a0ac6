"""``outcomes lab``: open JupyterLab with the notebooks, or the app."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, PROBLEM, Commands, add_command, warn


def add(commands: Commands) -> None:
    """Add the command ``lab`` to a parser."""
    parser = add_command(commands, "lab", run, "open JupyterLab with the notebooks, or the app")
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument("--app", action="store_true", help="the app without code instead")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.report.lab import run_app, run_lab, set_up_notebooks, work_folder
    from outcomes.report.places import sample_folder

    data = options.data or sample_folder()
    if options.app:
        return DONE if run_app(data, browser=not options.no_browser) == 0 else PROBLEM
    work = work_folder(data)
    made, kept = set_up_notebooks(data, work)
    for path in made:
        warn(f"{path} is set to the data.")
    for path in kept:
        warn(f"{path} was there and is left as it is.")
    return DONE if run_lab(work, browser=not options.no_browser) == 0 else PROBLEM
