"""``outcomes report``: make reports and an index over them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from outcomes.cli.command import DONE, PROBLEM, Commands, add_command, day, warn

NETWORK = "network"


def add(commands: Commands) -> None:
    """Add the command ``report`` to a parser."""
    parser = add_command(commands, "report", run, "make reports and an index over them")
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument(
        "--for",
        dest="reader",
        default="manager",
        metavar="WHOM",
        help="manager (default), researcher, therapist, all, or network: very many patients, "
        "read in parts",
    )
    parser.add_argument(
        "--clinic", default="", metavar="NAME|all",
        help="one clinic; or all: everyone together, then each clinic; together unless given",
    )  # fmt: skip
    parser.add_argument("--therapist", default="", metavar="ID", help="patients of one therapist")
    parser.add_argument(
        "--period", default="", metavar="2026Q3", help="2026Q3, 2026-07 or 2026; last whole quarter"
    )
    parser.add_argument(
        "--compare", choices=("previous", "year"), default="previous",
        help="the period before, or the same one a year earlier",
    )  # fmt: skip
    parser.add_argument(
        "--as-of", type=day, default=None, metavar="DATE", help="read nothing later than this"
    )
    parser.add_argument("--audience", choices=("inside", "outside"), default="inside")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="./reports unless given"
    )
    parser.add_argument(
        "--names", type=Path, metavar="FILE",
        help="CSV with id and name: the pages with names, on this screen only, until Ctrl-C",
    )  # fmt: skip
    parser.add_argument(
        "--scheduler", default="", metavar="ADDRESS",
        help="report over the whole network on a Dask cluster, such as tcp://host:8786",
    )  # fmt: skip
    parser.add_argument("--pdf", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--word", action=argparse.BooleanOptionalAction, default=False,
        help="text and tables as Word documents too",
    )  # fmt: skip
    parser.add_argument(
        "--verify", type=Path, metavar="FOLDER",
        help="make the report in this folder again from the records as they are now, and say "
        "whether every number is the same",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.report.make import ReportOrder, make_reports
    from outcomes.report.period import read_period
    from outcomes.report.places import INSIDE_ONLY, readers, sample_folder
    from outcomes.report.progress import Progress
    from outcomes.report.usage import UsageError

    if options.verify:
        return _verify(options)
    if _is_network(options):
        return _network(options)
    known = readers()
    if options.reader not in (*known, "all"):
        raise UsageError(
            f"There is no report for {options.reader!r}.", f"Use {', '.join(known)} or all."
        )
    outside = options.audience == "outside"
    names = _names(options) if options.names else {}
    everyone = tuple(each for each in known if not (outside and each in INSIDE_ONLY))
    order = ReportOrder(
        data=options.data or sample_folder(),
        out=options.out,
        readers=everyone if options.reader == "all" else (options.reader,),
        clinic=options.clinic,
        therapist=options.therapist,
        period=read_period(options.period) if options.period else None,
        compare=options.compare,
        as_of=options.as_of or "",
        audience=options.audience,
        paper=options.paper,
        pdf=options.pdf,
        word=options.word,
    )
    pages: dict[str, str] = {}
    with Progress("Reports") as progress:
        index = make_reports(
            order, say=progress.say, on_step=progress.step, on_page=pages.__setitem__
        )
    print(index)
    if names:
        _show(pages, names)
    return DONE


def _verify(options: argparse.Namespace) -> int:
    """Make a locked report again and say what is not as it was."""
    from outcomes.report.lock import SAME_NUMBERS
    from outcomes.report.make import verify_report
    from outcomes.report.places import sample_folder
    from outcomes.report.progress import Progress

    data = options.data or sample_folder()
    with Progress("Report") as progress:
        found = verify_report(options.verify, data, say=progress.say, on_step=progress.step)
    print("\n".join(found) if found else "The same to the digit: records, choices, versions, page.")
    return DONE if not found or found[-1] == SAME_NUMBERS else PROBLEM


def _is_network(options: argparse.Namespace) -> bool:
    """Whether the report is over a whole network: asked for, or the manager's of very many."""
    from outcomes.report.usage import UsageError

    asked = bool(options.scheduler) or options.reader == NETWORK
    one = options.clinic or options.therapist or options.names or options.period
    if asked and (one or options.reader not in (NETWORK, "manager")):
        raise UsageError(
            "A report over a whole network is about all patients up to a day.",
            "Leave out --clinic, --therapist, --period and --names, or report without --scheduler.",
        )
    if asked or one or options.reader != "manager" or options.data is None:
        return asked
    from outcomes.report.network import is_network

    return is_network(options.data)


def _network(options: argparse.Namespace) -> int:
    from outcomes.report.network import NetworkOrder, make_network_report
    from outcomes.report.places import sample_folder
    from outcomes.report.progress import Progress

    order = NetworkOrder(
        data=options.data or sample_folder(),
        out=options.out,
        as_of=options.as_of or "",
        audience=options.audience,
        paper=options.paper,
        pdf=options.pdf,
        scheduler=options.scheduler,
    )
    with Progress("Report") as progress:
        print(make_network_report(order, say=progress.say, on_step=progress.step))
    return DONE


def _names(options: argparse.Namespace) -> dict[str, str]:
    """Read the names before the work is done; they never go with what is made for outside."""
    from outcomes.report.on_screen import read_names
    from outcomes.report.usage import UsageError

    if options.audience == "outside":
        raise UsageError("Names stay inside the clinic.", "Leave out --names, or --audience.")
    return read_names(options.names)


def _show(pages: dict[str, str], names: dict[str, str]) -> None:
    """Show the pages with names until somebody ends it."""
    import contextlib
    import webbrowser

    from outcomes.report.on_screen import NamedPages

    with NamedPages(pages, names) as shown:
        warn("With names, on this screen only, until you press Ctrl-C:")
        print(shown.address, flush=True)
        if sys.stdout.isatty():
            webbrowser.open(shown.address)
        with contextlib.suppress(KeyboardInterrupt):
            shown.serve()
