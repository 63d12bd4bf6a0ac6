"""``outcomes export``: write records for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from outcomes.cli.command import DONE, Commands, add_command, day

if TYPE_CHECKING:
    from outcomes.export import Pseudonyms


def add(commands: Commands) -> None:
    """Add the command ``export`` to a parser."""
    parser = add_command(commands, "export", run, "write records for other programs")
    parser.add_argument(
        "kind", choices=("adam", "comparison", "csv", "excel", "fhir", "parquet"),
        help="analysis data as ADaM has it, the comparison of maintenance schedules with all that "
        "belongs to it, scores as FHIR Observations, or the tables themselves",
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
    compared = parser.add_argument_group("comparison only")
    compared.add_argument("--audience", choices=("inside", "outside"), default="inside")
    compared.add_argument("--bootstraps", type=int, metavar="N", help="resamples, 500 unless given")
    compared.add_argument("--seed", type=int, metavar="S", help="seed of the resamples")
    compared.add_argument(
        "--amend", default="", metavar="REASON", help="why choices differ from those on record"
    )
    compared.add_argument(
        "--as-of", type=day, default=None, metavar="DATE", help="read nothing later than this"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.export import Pseudonyms, export_data, make_key, read_key
    from outcomes.report.usage import UsageError

    own = (options.bootstraps, options.seed, options.amend or None, options.as_of or None)
    if options.kind != "comparison" and (any(own) or options.audience == "outside"):
        raise UsageError(
            "Audience, bootstraps, seed, amend and as-of belong to a comparison.", "Leave them out."
        )
    key = options.pseudonyms
    if key is None and (options.new_key or options.shift_dates):
        raise UsageError("A key is needed for that.", "Name its file with --pseudonyms KEY.")
    folders = (options.data, options.out)
    if options.new_key:
        make_key(key, away_from=folders)
    secret = None if key is None else read_key(key, away_from=folders)
    pseudonyms = Pseudonyms(secret, shift=options.shift_dates)
    if options.kind == "comparison":
        return _compare(options, pseudonyms)
    rows = export_data(options.data, options.out, options.kind, pseudonyms=pseudonyms)
    print("\n".join(f"{name}: {count:,} rows" for name, count in rows.items()))
    print(f"{options.out}: {'pseudonymised' if secret else 'with ids as recorded'}")
    return DONE


def _compare(options: argparse.Namespace, pseudonyms: Pseudonyms) -> int:
    from outcomes.report.comparison import ComparisonOrder, make_comparison
    from outcomes.report.progress import Progress
    from outcomes.report.usage import UsageError

    if options.bootstraps is not None and options.bootstraps != 0 and options.bootstraps < 20:
        raise UsageError("An interval needs 20 resamples or more.", "Use 500, or 0 for none.")
    order = ComparisonOrder(
        data=options.data,
        out=options.out,
        audience=options.audience,
        bootstraps=options.bootstraps,
        seed=options.seed,
        amend=options.amend,
        pseudonyms=pseudonyms,
        as_of=options.as_of or "",
    )
    with Progress("Comparison") as progress:
        files = make_comparison(order, say=progress.say, on_step=progress.step)
    print("\n".join(str(path) for path in files))
    return DONE
