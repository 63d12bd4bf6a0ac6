"""``outcomes refresh``: bring a data set and its reports up to date, as a job at night does."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, PROBLEM, Commands, add_command


def add(commands: Commands) -> None:
    """Add the command ``refresh`` to a parser."""
    parser = add_command(
        commands, "refresh", run, "make the import and reports of a folder again, as set up"
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with refresh.toml")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.report.progress import Progress
    from outcomes.report.refresh import refresh

    with Progress("Refresh") as progress:
        done = refresh(options.data, say=progress.say, on_step=progress.step)
    print("\n".join(done.lines))
    return PROBLEM if done.failed else DONE
