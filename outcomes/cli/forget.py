"""``outcomes forget``: take a person out of a data set, and say where else the person may be."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, PROBLEM, Commands, add_command


def add(commands: Commands) -> None:
    """Add the command ``forget`` to a parser."""
    parser = add_command(commands, "forget", run, "take a person out of a data set")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("patient_id", metavar="ID", help="id of the person in that data set")
    parser.add_argument(
        "--reports", type=Path, action="append", metavar="DIR",
        help="folder of reports made before, to name those that knew the person; may be repeated; "
        "./reports and those of refresh.toml unless given",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.io.forget import forget_person
    from outcomes.report.knew import reports_that_knew

    done = forget_person(options.data, options.patient_id)
    for name, rows in done.rows.items():
        print(f"{name}: {rows:,} {'row' if rows == 1 else 'rows'} removed")
    print(f"{done.looked_through:,} files of the folder were looked through for the id.")
    if not done.still_in and not done.unread:
        print("It is in none of them.")
    for name in done.still_in:
        print(f"It still stands in {name}: see whether it means the person, and remove it there.")
    for name in done.unread:
        print(f"{name} can't be looked into: see for yourself.")
    if done.sources:
        print(
            f"The sources still hold the person: {', '.join(done.sources)}. Imports into this "
            "folder will pass over the person's rows; delete them in the source too."
        )
    for path, names in reports_that_knew(options.data, options.patient_id, options.reports):
        how = "shows the id" if names else "counts the person"
        print(f"A report made before {how}: {path}. Make it again or delete it.")
    print("Copies elsewhere, such as backups and exports, are not known here.")
    return PROBLEM if done.still_in or done.unread else DONE
