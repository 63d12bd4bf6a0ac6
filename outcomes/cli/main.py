"""The command line: one module a command.

Only the parser is built here; each command imports what it needs when it runs, so that asking for
help does not wait for libraries.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from outcomes import __version__
from outcomes.cli import check, export, forget, imports, kit, lab, plan, refresh, report, simulate
from outcomes.cli.command import PROBLEM
from outcomes.errors import OutcomesError

# As help lists them: the daily ones first.
_COMMANDS = (report, check, plan, imports, refresh, export, forget, kit, simulate, lab)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        As after ``outcomes`` on a command line; those of this process unless given.

    Returns
    -------
    int
        0 when done, 1 for a problem of data or estimation, 2 for wrong use.
    """
    for stream in (sys.stdout, sys.stderr):
        # a console that cannot show a letter of a name shows a mark in its place
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    previous = signal.signal(signal.SIGTERM, _stop)
    try:
        return options.run(options)
    except OutcomesError as error:
        print(f"outcomes: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("outcomes: stopped; what was finished before stays.", file=sys.stderr)
        # Python remembers an interrupt that came while it ran text as code, as dataclasses do when
        # they are made, and would end as if nobody had caught it; running any text clears that
        exec("")
        return PROBLEM
    except BrokenPipeError:
        # whoever read the lines has read enough; nothing more can be said to them
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the system flushes it at the end
        return PROBLEM
    except OSError as error:
        print(
            f"outcomes: {error.strerror or type(error).__name__}: {error.filename or ''}",
            file=sys.stderr,
        )
        return PROBLEM
    except MemoryError:
        print("outcomes: the memory of this computer does not hold it.", file=sys.stderr)
        return PROBLEM
    except Exception as error:
        if os.environ.get("OUTCOMES_DEBUG"):
            raise
        print(
            # its words may hold a patient's value, and logs travel further than data should
            f"outcomes: a fault in the program ({type(error).__name__}). "
            "Set OUTCOMES_DEBUG=1 and run it again to see where.",
            file=sys.stderr,
        )
        return PROBLEM
    finally:
        signal.signal(signal.SIGTERM, previous)


def _stop(number: int, frame: FrameType | None) -> None:
    """Take a request to end like Ctrl-C, so that what is half done is tidied away."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="outcomes",
        description="From the records a clinic keeps to answers that hold up.",
        epilog="Exit code: 0 done, 1 a problem of data or estimation, 2 wrong use.",
    )
    parser.add_argument("--version", action="version", version=f"outcomes {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
