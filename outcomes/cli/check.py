"""``outcomes check``: say what was read, rejected and is missing."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command, day


def add(commands: Commands) -> None:
    """Add the command ``check`` to a parser."""
    parser = add_command(commands, "check", run, "say what was read, rejected and is missing")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument(
        "--as-of", type=day, default=None, metavar="DATE", help="read nothing later than this"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.io import keep_rejects, load
    from outcomes.report.check import describe

    loaded = load(options.data, as_of=options.as_of or None)
    print(describe(loaded))
    if not keep_rejects(loaded, options.data):
        print("\nrejects.csv is the list of the import and stays; import again to list these rows.")
    return DONE
