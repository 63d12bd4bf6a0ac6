"""``outcomes kit``: write what a clinic needs to start recording."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command, warn


def add(commands: Commands) -> None:
    """Add the command ``kit`` to a parser."""
    parser = add_command(commands, "kit", run, "write what a clinic needs to start recording")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4")
    parser.add_argument("--pdf", action=argparse.BooleanOptionalAction, default=True)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.report.kit import make_kit

    for path in make_kit(options.out, paper=options.paper, pdf=options.pdf, say=warn):
        print(path)
    return DONE
