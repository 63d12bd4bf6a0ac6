"""What the commands share: exit codes, how one is added, how a day is read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date

DONE, PROBLEM = 0, 1

Commands = argparse._SubParsersAction


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int] | None,
    purpose: str,
) -> argparse.ArgumentParser:
    """Add a command to a parser.

    Parameters
    ----------
    commands : argparse action
        The commands so far.
    name : str
        Word to give on the command line.
    run : callable, optional
        Runs it and returns the exit code; None for a command that has commands of its own.
    purpose : str
        What it does, beginning small, without a full stop.

    Returns
    -------
    argparse.ArgumentParser
        For the arguments of the command.
    """
    sentence = f"{purpose[0].upper()}{purpose[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=sentence)
    if run is not None:
        parser.set_defaults(run=run)
    return parser


def day(text: str) -> str:
    """Read an argument that is a date.

    Parameters
    ----------
    text : str
        As given.

    Returns
    -------
    str
        ISO date.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is no date.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("write the date as YYYY-MM-DD") from None


def warn(line: str) -> None:
    """Say something to the person who waits, apart from the result.

    Parameters
    ----------
    line : str
        One line.
    """
    print(line, file=sys.stderr)
