"""The command line: ``outcomes report``, ``check``, ``import``, ``simulate`` and ``lab``.

Only the parser is built here; each command imports what it needs when it runs, so that asking for
help does not wait for libraries.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import FrameType

from outcomes import __version__
from outcomes.errors import OutcomesError

DONE, PROBLEM = 0, 1


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
        return PROBLEM
    except OSError as error:
        print(
            f"outcomes: {error.strerror or type(error).__name__}: {error.filename or ''}",
            file=sys.stderr,
        )
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
    _add_report(_command(commands, "report", _report, "make reports and an index over them"))
    _add_check(_command(commands, "check", _check, "say what was read, rejected and is missing"))
    imports = _command(commands, "import", None, "bring records of another form in")
    kinds = imports.add_subparsers(
        title="kinds of source", metavar="KIND", dest="kind", required=True
    )
    _add_import(_command(kinds, "csv", _import, "CSV files of any layout"))
    _add_import(_command(kinds, "excel", _import, "Excel workbooks of any layout"))
    _add_import(_command(kinds, "parquet", _import, "Parquet files of any layout"), drafts=False)
    _add_export(_command(commands, "export", _export, "write records for other programs"))
    _add_kit(_command(commands, "kit", _kit, "write what a clinic needs to start recording"))
    _add_simulate(_command(commands, "simulate", _simulate, "make synthetic records"))
    _add_lab(_command(commands, "lab", _lab, "open JupyterLab with the notebooks"))
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int] | None,
    purpose: str,
) -> argparse.ArgumentParser:
    sentence = f"{purpose[0].upper()}{purpose[1:]}."
    parser = commands.add_parser(name, help=purpose, description=sentence)
    if run is not None:
        parser.set_defaults(run=run)
    return parser


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("write the date as YYYY-MM-DD") from None


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument(
        "--for", dest="reader", default="manager", metavar="WHOM", help="manager (default) or all"
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
        "--as-of", type=_day, default=None, metavar="DATE", help="read nothing later than this"
    )
    parser.add_argument("--audience", choices=("inside", "outside"), default="inside")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="./reports unless given"
    )
    parser.add_argument("--pdf", action=argparse.BooleanOptionalAction, default=True)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument(
        "--as-of", type=_day, default=None, metavar="DATE", help="read nothing later than this"
    )


def _add_import(parser: argparse.ArgumentParser, *, drafts: bool = True) -> None:
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE", help="files or folders")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="TOML mapping")
    parser.add_argument("--out", type=Path, metavar="DATA", help="data set to make")
    parser.add_argument("--check", action="store_true", help="only say what would be done")
    if drafts:
        parser.add_argument(
            "--draft-mapping", action="store_true",
            help="propose a mapping from headers and values; written to --mapping, else shown",
        )  # fmt: skip


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind", choices=("adam", "csv", "excel", "parquet"),
        help="analysis data as ADaM has it, or the tables themselves",
    )  # fmt: skip
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--pseudonyms", type=Path, metavar="KEY", help="replace ids, by the key in this file"
    )
    parser.add_argument("--new-key", action="store_true", help="make that key first")
    parser.add_argument(
        "--shift-dates", action="store_true", help="shift all dates of a patient by some days"
    )


def _add_kit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4")
    parser.add_argument("--pdf", action=argparse.BooleanOptionalAction, default=True)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patients", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, required=True, metavar="S")
    parser.add_argument("--clinics", type=int, metavar="N")
    parser.add_argument("--years", type=float, metavar="Y")
    parser.add_argument("--scenario", default="effect", metavar="NAME")
    parser.add_argument("--out", type=Path, required=True, metavar="DATA")


def _add_lab(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="the sample unless given"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def _report(options: argparse.Namespace) -> int:
    from outcomes.report.make import ReportOrder, make_reports
    from outcomes.report.period import read_period
    from outcomes.report.places import readers, sample_folder
    from outcomes.report.progress import Progress
    from outcomes.report.usage import UsageError

    known = readers()
    if options.reader not in (*known, "all"):
        raise UsageError(
            f"There is no report for {options.reader!r}.", f"Use {', '.join(known)} or all."
        )
    order = ReportOrder(
        data=options.data or sample_folder(),
        out=options.out,
        readers=known if options.reader == "all" else (options.reader,),
        clinic=options.clinic,
        therapist=options.therapist,
        period=read_period(options.period) if options.period else None,
        compare=options.compare,
        as_of=options.as_of or "",
        audience=options.audience,
        paper=options.paper,
        pdf=options.pdf,
    )
    with Progress("Reports") as progress:
        index = make_reports(order, say=progress.say, on_step=progress.step)
    print(index)
    return DONE


def _check(options: argparse.Namespace) -> int:
    from outcomes.io import keep_rejects, load
    from outcomes.report.check import describe

    loaded = load(options.data, as_of=options.as_of or None)
    print(describe(loaded))
    if not keep_rejects(loaded, options.data):
        print("\nrejects.csv is the list of the import and stays; import again to list these rows.")
    return DONE


def _import(options: argparse.Namespace) -> int:
    from outcomes.io import import_csv, import_excel, import_parquet
    from outcomes.report.usage import UsageError

    if getattr(options, "draft_mapping", False):
        return _draft(options)
    if options.mapping is None or options.out is None:
        raise UsageError(
            "An import needs --mapping FILE and --out DATA.",
            "Let --draft-mapping propose a mapping if there is none yet.",
        )
    readers = {"csv": import_csv, "excel": import_excel, "parquet": import_parquet}
    read = readers[options.kind]
    print(read(options.sources, options.mapping, options.out, check=options.check))
    return DONE


def _draft(options: argparse.Namespace) -> int:
    from outcomes.io.draft import draft_mapping
    from outcomes.report.usage import UsageError

    if options.mapping is not None and options.mapping.exists():
        raise UsageError(f"{options.mapping} is there already.", "Name another file for the draft.")
    text = draft_mapping(options.sources)
    if options.mapping is None:
        print(text, end="")
    else:
        options.mapping.write_text(text, encoding="utf-8", newline="\n")
        print(options.mapping)
    return DONE


def _export(options: argparse.Namespace) -> int:
    from outcomes.export import Pseudonyms, export_data, make_key, read_key
    from outcomes.report.usage import UsageError

    key = options.pseudonyms
    if key is None and (options.new_key or options.shift_dates):
        raise UsageError("A key is needed for that.", "Name its file with --pseudonyms KEY.")
    folders = (options.data, options.out)
    if options.new_key:
        make_key(key, away_from=folders)
    secret = None if key is None else read_key(key, away_from=folders)
    pseudonyms = Pseudonyms(secret, shift=options.shift_dates)
    rows = export_data(options.data, options.out, options.kind, pseudonyms=pseudonyms)
    print("\n".join(f"{name}: {count:,} rows" for name, count in rows.items()))
    print(f"{options.out}: {'pseudonymised' if secret else 'with ids as recorded'}")
    return DONE


def _kit(options: argparse.Namespace) -> int:
    from outcomes.report.kit import make_kit

    for path in make_kit(options.out, paper=options.paper, pdf=options.pdf, say=_warn):
        print(path)
    return DONE


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


def _simulate(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from outcomes.report.progress import Progress
    from outcomes.report.usage import UsageError
    from outcomes.simulate import SCENARIOS, write_simulation

    if options.scenario not in SCENARIOS:
        raise UsageError(
            f"There is no scenario {options.scenario!r}.", f"Use one of {', '.join(SCENARIOS)}."
        )
    spec = replace(SCENARIOS[options.scenario], patients=options.patients, seed=options.seed)
    if options.clinics is not None:
        spec = replace(spec, clinics=options.clinics)
    if options.years is not None:
        spec = replace(spec, years=options.years)
    with Progress("Simulation") as progress:
        write_simulation(spec, options.out, on_step=progress.step)
    print(options.out)
    return DONE


def _lab(options: argparse.Namespace) -> int:
    from outcomes.report.lab import WORK_FOLDER, run_lab, set_up_notebooks
    from outcomes.report.places import sample_folder

    work = Path(WORK_FOLDER)
    made, kept = set_up_notebooks(options.data or sample_folder(), work)
    for path in made:
        print(f"{path} is set to the data.", file=sys.stderr)
    for path in kept:
        print(f"{path} was there and is left as it is.", file=sys.stderr)
    return DONE if run_lab(work, browser=not options.no_browser) == 0 else PROBLEM


if __name__ == "__main__":
    sys.exit(main())
