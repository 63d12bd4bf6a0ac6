"""``outcomes plan``: say what can be answered now, and when the rest can be."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command, day


def add(commands: Commands) -> None:
    """Add the command ``plan`` to a parser."""
    parser = add_command(
        commands, "plan", run, "say what can be answered now, and when the rest can be"
    )
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument(
        "--as-of", type=day, default=None, metavar="DATE", help="read nothing later than this"
    )
    parser.add_argument(
        "--register", type=Path, metavar="DIR",
        help="put the choices on record there, for the comparison to come",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.analyses.maintenance_schedules import settled_spec
    from outcomes.io import read_tables
    from outcomes.report.comparison.protocol import PROTOCOL_FILE, chosen, register
    from outcomes.report.places import sample_folder
    from outcomes.report.plan import describe_plan
    from outcomes.settings import read_settings

    data = options.data or sample_folder()
    if options.register is not None:
        settings = read_settings(data)
        register(options.register, chosen(settled_spec(settings), settings))
    print(describe_plan(read_tables(data, as_of=options.as_of)))
    if options.register is not None:
        print(f"\nOn record: {options.register / PROTOCOL_FILE}")
    return DONE
