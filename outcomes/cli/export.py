"""``outcomes export``: write records for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command


def add(commands: Commands) -> None:
    """Add the command ``export`` to a parser."""
    parser = add_command(commands, "export", run, "write records for other programs")
    parser.add_argument(
        "kind", choices=("adam", "csv", "excel", "fhir", "parquet"),
        help="analysis data as ADaM has it, scores as FHIR Observations, or the tables themselves",
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


def run(options: argparse.Namespace) -> int:
    """Run the command."""
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
